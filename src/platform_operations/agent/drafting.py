"""The architect as a drafter of the flow: from an assessment to a plan, with the model that the settings name."""

import asyncio
from pathlib import Path

from platform_operations.agent.architect import Outcome, architect
from platform_operations.agent.claude import Claude
from platform_operations.agent.journal import Journal
from platform_operations.agent.port import ModelUnavailable, Tell
from platform_operations.agent.progress import cost, counted
from platform_operations.agent.settings import Settings
from platform_operations.errors import InputError
from platform_operations.model.assessment import Assessment
from platform_operations.model.plan import Plan
from platform_operations.toolbox import Target

UNUSABLE = frozenset({"no-credentials", "no-credit", "not-permitted", "no-such-model", "request-refused"})
"""Ends that the user can mend: whoever asked for the model by name is told, and gets no other drafter's plan."""


class ArchitectDrafter:
    """Drafts with Claude; after a call, `outcome` says how it went."""

    def __init__(
        self,
        target: Target,
        settings: Settings,
        *,
        owner: str | None = None,
        metrics: str | None = None,
        journal: Path | None = None,
        explicit: bool = True,
        tell: Tell = lambda _: None,
        note: Tell = lambda _: None,
    ) -> None:
        self._target, self._settings = target, settings
        self._owner, self._metrics, self._journal = owner, metrics, journal
        self._explicit, self._tell, self._note = explicit, tell, note
        self.outcome: Outcome | None = None

    def __call__(self, assessment: Assessment) -> Plan:
        """Return the plan of a run.

        Raises:
            InputError: the model was asked for by name and cannot be used: no key, no credit, no such model.
        """
        try:
            outcome = asyncio.run(self._run(assessment))
        except ModelUnavailable as error:
            raise InputError(str(error)) from None
        trace = outcome.trace
        if self._explicit and trace.stop in UNUSABLE and not trace.verdicts:
            raise InputError(trace.note)
        self.outcome = outcome
        return outcome.plan

    async def _run(self, assessment: Assessment) -> Outcome:
        used = self._settings
        model = Claude(attempts=used.attempts, seconds=used.seconds, base_url=used.base_url)
        try:
            journal = Journal(self._journal, model) if self._journal is not None else None
            if journal is None:
                model.ready()
            return await architect(
                self._target,
                assessment,
                journal or model,
                used,
                owner=self._owner,
                metrics=self._metrics,
                tell=self._tell,
                note=self._note,
            )
        finally:
            await model.close()

    def summary(self) -> str | None:
        """Return one line on the run for the person who pays, None before it."""
        if self.outcome is None:
            return None
        trace, usage, prices = self.outcome.trace, self.outcome.trace.usage, self._settings.prices
        why = f"{trace.stop}: {trace.note}" if trace.note else f"{trace.stop}"
        return (
            f"{self._settings.model}: {counted(trace.turns, 'reply', 'replies')}, {counted(usage.total, 'token')}"
            f" ({usage.cache_read:,} from the cache, {usage.output:,} written){cost(usage, trace.replayed, prices)}, "
            f"{counted(len(trace.verdicts), 'hand-in')}, ended {why}; the plan is by"
            f" {self.outcome.plan.provenance.drafter}"
        )
