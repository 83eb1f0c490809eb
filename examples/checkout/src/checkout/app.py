"""The HTTP API."""

import json
import logging
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from checkout.metrics import RequestMetrics, metrics
from checkout.orders import InvalidOrder, Order, parse_order
from checkout.payments import GatewayUnavailable, PaymentDeclined, PaymentGateway, SandboxGateway
from checkout.stores import MemoryStore, OrderStore, PostgresStore

MAX_BODY_BYTES = 16_384

log = logging.getLogger("checkout")


def create_app(store: OrderStore | None = None, gateway: PaymentGateway | None = None) -> Starlette:
    database = os.environ.get("DATABASE_URL")
    orders = store or (PostgresStore(database) if database else MemoryStore())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        logging.basicConfig(level=os.environ.get("LOG_LEVEL", "INFO"))
        yield
        orders.close()

    app = Starlette(
        routes=[
            Route("/orders", create_order, methods=["POST"]),
            Route("/orders/{id}", show_order, methods=["GET"]),
            Route("/orders/{id}/refund", refund_order, methods=["POST"]),
            Route("/healthz", healthz, methods=["GET"]),
            Route("/metrics", metrics, methods=["GET"]),
        ],
        middleware=[Middleware(RequestMetrics)],
        lifespan=lifespan,
    )
    app.state.orders = orders
    app.state.gateway = gateway or SandboxGateway()
    return app


async def healthz(_: Request) -> JSONResponse:
    return JSONResponse({"status": "ok", "revision": os.environ.get("REVISION", "dev")})


async def create_order(request: Request) -> JSONResponse:
    try:
        wanted = parse_order(json.loads(await read_body(request)))
    except (InvalidOrder, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        return problem(400, str(error))
    try:
        payment_id = await run_in_threadpool(
            request.app.state.gateway.charge, wanted.card_token, wanted.amount_cents, wanted.currency
        )
    except PaymentDeclined as error:
        return problem(402, str(error))
    except GatewayUnavailable as error:
        log.error("charge failed for %s: %s", wanted.sku, error)
        return problem(502, "payment provider unavailable")
    order = wanted.paid(payment_id)
    await run_in_threadpool(request.app.state.orders.add, order)
    log.info("order %s paid: %d %s", order.id, order.amount_cents, order.currency)
    return JSONResponse(order.to_json(), status_code=201, headers={"Location": f"/orders/{order.id}"})


async def show_order(request: Request) -> JSONResponse:
    order = await find_order(request)
    return JSONResponse(order.to_json()) if order else problem(404, "no such order")


async def refund_order(request: Request) -> JSONResponse:
    order = await find_order(request)
    if order is None:
        return problem(404, "no such order")
    if order.refund_id:
        return problem(409, "already refunded")
    try:
        refund_id = await run_in_threadpool(request.app.state.gateway.refund, order.payment_id)
    except GatewayUnavailable as error:
        log.error("refund of %s failed: %s", order.id, error)
        return problem(502, "payment provider unavailable")
    refunded = order.refunded(refund_id)
    if not await run_in_threadpool(request.app.state.orders.record_refund, refunded):
        return problem(409, "already refunded")
    log.info("order %s refunded", order.id)
    return JSONResponse(refunded.to_json())


async def find_order(request: Request) -> Order | None:
    try:
        order_id = uuid.UUID(request.path_params["id"])
    except ValueError:
        return None
    return await run_in_threadpool(request.app.state.orders.get, str(order_id))


async def read_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise InvalidOrder(f"body larger than {MAX_BODY_BYTES} bytes")
    return body


def problem(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"error": detail}, status_code=status)
