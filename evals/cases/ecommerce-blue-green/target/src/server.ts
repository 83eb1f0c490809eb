import Fastify from "fastify";
import { register, requests } from "./metrics.js";
import { placeOrder } from "./orders.js";

const app = Fastify({ logger: { level: "info" } });

app.addHook("onResponse", async (request, reply) => {
  requests.inc({ route: request.routeOptions.url ?? "unknown", code: String(reply.statusCode) });
});

app.get("/healthz", async () => ({ status: "ok", revision: process.env.REVISION ?? "unknown" }));
app.get("/metrics", async (_request, reply) => reply.type(register.contentType).send(await register.metrics()));
app.post("/orders", async (request, reply) => reply.code(201).send(await placeOrder(request.body)));

await app.listen({ host: "0.0.0.0", port: 8080 });
