const app = require("fastify")({ logger: true });
app.get("/ping", async () => ({ ok: true }));
app.listen({ port: 3000, host: "0.0.0.0" });
