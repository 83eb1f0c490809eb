"""What a user says in platform-ops.toml, or under [tool.platform-ops] of pyproject.toml."""

from platform_operations.model.record import Number, Record
from platform_operations.model.words import EnvironmentKind, RiskLevel, Severity


class IgnoredFinding(Record):
    """A finding that the user accepts, for a reason, until a day (YYYY-MM-DD; None: open).

    `entry` is `section/id`.
    """

    rule: str
    reason: str
    entry: str | None = None
    expires: str | None = None


class Configuration(Record):
    """The user's own words about a repository.

    `metrics` names a file inside the repository; `facts` answers questions by their key SUBJECT#ASPECT;
    `budget_share` is the percentage of an error budget that one failed release may spend.
    """

    name: str | None = None
    risk: RiskLevel | None = None
    budget_share: Number = "10"
    metrics: str | None = None
    owners: tuple[str, ...] = ()
    environments: tuple[tuple[str, EnvironmentKind], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    rules: tuple[tuple[str, Severity], ...] = ()
    ignore: tuple[IgnoredFinding, ...] = ()
