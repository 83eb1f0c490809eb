from fastapi import FastAPI
from prometheus_client import Counter, make_asgi_app

from pricing.flags import variation

REQUESTS = Counter("pricing_requests_total", "Quotes asked for.", ["outcome"])

app = FastAPI()
app.mount("/metrics", make_asgi_app())


@app.get("/health/ready")
def ready() -> dict[str, str]:
    return {"status": "ready"}


@app.get("/quotes/{sku}")
def quote(sku: str) -> dict[str, str]:
    engine = "dynamic" if variation("dynamic-pricing", False) else "list"
    REQUESTS.labels("ok").inc()
    return {"sku": sku, "engine": engine}
