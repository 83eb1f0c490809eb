import { Counter, collectDefaultMetrics, register } from "prom-client";

collectDefaultMetrics();

export const requests = new Counter({
  name: "storefront_http_requests_total",
  help: "Requests answered, by route and status code.",
  labelNames: ["route", "code"],
});

export { register };
