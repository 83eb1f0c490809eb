"""Where orders are kept: in memory on a laptop, in PostgreSQL where DATABASE_URL is set."""

import threading
from typing import Protocol

from psycopg.rows import class_row
from psycopg_pool import ConnectionPool

from checkout.orders import Order


class OrderStore(Protocol):
    def add(self, order: Order) -> None: ...

    def get(self, order_id: str) -> Order | None: ...

    def record_refund(self, order: Order) -> bool:
        """Store the refund of an order; False when it was refunded before."""
        ...

    def close(self) -> None: ...


class MemoryStore:
    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        self._lock = threading.Lock()

    def add(self, order: Order) -> None:
        with self._lock:
            self._orders[order.id] = order

    def get(self, order_id: str) -> Order | None:
        with self._lock:
            return self._orders.get(order_id)

    def record_refund(self, order: Order) -> bool:
        with self._lock:
            if self._orders[order.id].refund_id:
                return False
            self._orders[order.id] = order
            return True

    def close(self) -> None:
        return None


class PostgresStore:
    def __init__(self, url: str) -> None:
        self._pool = ConnectionPool(url, min_size=1, max_size=10, open=True)

    def add(self, order: Order) -> None:
        with self._pool.connection() as connection:
            connection.execute(
                "INSERT INTO orders (id, sku, quantity, amount_cents, currency, payment_id, created_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (
                    order.id,
                    order.sku,
                    order.quantity,
                    order.amount_cents,
                    order.currency,
                    order.payment_id,
                    order.created_at,
                ),
            )

    def get(self, order_id: str) -> Order | None:
        with self._pool.connection() as connection, connection.cursor(row_factory=class_row(Order)) as cursor:
            return cursor.execute(
                "SELECT id::text, sku, quantity, amount_cents, currency, payment_id, created_at,"
                " refund_id, refunded_at FROM orders WHERE id = %s",
                (order_id,),
            ).fetchone()

    def record_refund(self, order: Order) -> bool:
        with self._pool.connection() as connection:
            result = connection.execute(
                "UPDATE orders SET refund_id = %s, refunded_at = %s WHERE id = %s AND refund_id IS NULL",
                (order.refund_id, order.refunded_at, order.id),
            )
            return result.rowcount == 1

    def close(self) -> None:
        self._pool.close()
