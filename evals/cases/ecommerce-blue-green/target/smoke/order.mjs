// Places an order with the test card and looks it up again. BASE_URL says where.
const base = process.env.BASE_URL;
const placed = await fetch(`${base}/orders`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ customer: "cus_smoke", total: 100 }),
});
if (placed.status !== 201) {
  console.error(`POST /orders answered ${placed.status}`);
  process.exit(1);
}
