"""SLIs that a repository shows itself: the ratio that one of its own alerts watches."""

import re

from platform_operations.model.plan import Plan
from platform_operations.patterns import regex
from platform_operations.slo.promql import availability_sli
from platform_operations.slo.sli import NamedSli

_JOB = regex(r"\b(?:job|service|app)=\"([A-Za-z0-9][A-Za-z0-9_.-]*)\"")


def slis_of_alerts(plan: Plan) -> tuple[NamedSli, ...]:
    """Return the availability SLIs behind the plan's alerts, one for each job or component, the first that is found."""
    found: dict[str, NamedSli] = {}
    for alert in plan.alerts:
        sli = availability_sli(alert.expression) if alert.expression else None
        if sli is None or sli.total is None:
            continue
        job = _JOB.search(sli.total)
        subject = re.sub(r"[^a-z0-9]+", "-", (job[1] if job else alert.component).lower()).strip("-")
        name = f"{subject}-availability"
        found.setdefault(
            name,
            NamedSli(name, f"availability of {subject}", sli, f"the ratio that alert {alert.id} watches"),
        )
    return tuple(found.values())
