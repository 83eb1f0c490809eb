"""Plans with nothing but SLOs and their standard alerts, and what promtool says of what they become."""

import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from platform_operations.model.artifact import Rendering
from platform_operations.model.evidence import LedgerEntry
from platform_operations.model.plan import Plan, RiskProfile, Target
from platform_operations.model.reliability import Alert, BurnWindow, Runbook, Sli, Slo
from platform_operations.slo.budget import decimal, pairs_for
from platform_operations.slo.durations import duration, seconds

AVAILABILITY = Sli(
    kind="availability",
    source="prometheus",
    good='sum(increase(http_requests_total{job="checkout",code!~"5.."}[$window]))',
    total='sum(increase(http_requests_total{job="checkout"}[$window]))',
)


@dataclass(frozen=True, slots=True)
class Promise:
    """One SLO to render: `hourly` events an hour are what its baseline saw, None when nobody measured."""

    id: str = "checkout-availability"
    objective: str = "99.9"
    window: str = "28d"
    hourly: Fraction | None = None
    sli: Sli = AVAILABILITY

    def slo(self) -> Slo:
        return Slo(
            id=self.id,
            summary=f"{self.id}: {self.objective}% over {self.window}.",
            component="checkout",
            sli=self.sli,
            objective=self.objective,
            window=self.window,
            status="active",
            baseline=f"metric:{self.id}",
        )

    def alerts(self) -> tuple[Alert, ...]:
        pairs = pairs_for(self.objective, seconds(self.window))
        found = (
            Alert(
                id=f"{self.id}-{speed}-burn",
                summary=f"{self.id} burns its budget.",
                component="checkout",
                kind="burn-rate",
                slo=self.id,
                windows=tuple(
                    BurnWindow(
                        long=duration(pair.long), short=duration(pair.short), factor=decimal(pair.factor)
                    )
                    for pair in pairs
                    if pair.pages == (speed == "fast")
                ),
                severity="page" if speed == "fast" else "ticket",
                owner="@acme/payments",
                route="pager",
                runbook="checkout-burning",
            )
            for speed in ("fast", "slow")
        )
        burning = tuple(alert for alert in found if alert.windows)
        return (*burning, *(self.absence(alert) for alert in burning[:1]))

    def absence(self, first: Alert) -> Alert:
        """The alert on the metric being gone, as loud as the first on the budget."""
        own = {"id": f"{self.id}-absent", "summary": f"{self.id} is gone.", "kind": "absence", "windows": ()}
        return first.model_copy(update=own)

    def measured(self) -> tuple[LedgerEntry, ...]:
        if self.hourly is None:
            return ()
        events = decimal(self.hourly * 672)
        return (LedgerEntry(uri=f"metric:{self.id}", total_events=events, samples=672, step="1h"),)


def plan_of(*promises: Promise, alerts: tuple[Alert, ...] = ()) -> Plan:
    """The plan that makes these promises, watched by their standard alerts and by others."""
    return Plan(
        target=Target(name="checkout", risk_profile=RiskProfile(level="high")),
        slos=tuple(promise.slo() for promise in promises),
        alerts=(*(alert for promise in promises for alert in promise.alerts()), *alerts),
        runbooks=(
            Runbook(
                id="checkout-burning",
                summary="Checkout fails.",
                path="runbooks/checkout-burning.md",
                impact="Customers cannot pay.",
                confirm=("curl --fail https://checkout.example/healthz",),
                mitigate=("Roll back",),
                escalate="@acme/platform",
                owner="@acme/payments",
            ),
        ),
        evidence=tuple(row for promise in promises for row in promise.measured()),
    )


def written(rendering: Rendering, folder: Path) -> list[Path]:
    """The behaviour tests of a rendering, written below a folder with everything else."""
    for file in rendering.artifacts:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")
    return sorted(folder.glob("prometheus/tests/*.test.yml"))


def promtool(*arguments: str | Path) -> str:
    """What promtool complains of; empty when it is content."""
    done = subprocess.run(
        ["promtool", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=180
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr
