import structlog
from celery import Celery
from prometheus_client import Counter, start_http_server

log = structlog.get_logger()
app = Celery("invoices", broker="redis://redis:6379/0")
DONE = Counter("invoices_tasks_total", "Invoices rendered, by outcome.", ["outcome"])


@app.on_after_configure.connect
def expose(sender, **kwargs):
    start_http_server(9108)


@app.task(acks_late=True, max_retries=5)
def render(invoice: str) -> str:
    DONE.labels("ok").inc()
    log.info("rendered", invoice=invoice)
    return invoice
