import pg from "pg";
import { charge } from "./payments.js";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });

export async function placeOrder(body: unknown): Promise<{ id: string }> {
  const order = body as { customer: string; total: number };
  const payment = await charge(order.total, order.customer);
  const rows = await pool.query("insert into orders (customer, total, payment) values ($1, $2, $3) returning id", [
    order.customer,
    order.total,
    payment,
  ]);
  return { id: rows.rows[0].id };
}
