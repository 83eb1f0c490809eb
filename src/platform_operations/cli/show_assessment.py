"""What `assess` prints: one screen of how this ships, what would hurt first and what could not be seen; then all of it."""

from collections import Counter
from collections.abc import Sequence
from shlex import quote

from platform_operations.cli.page import Page, Part
from platform_operations.cli.show_findings import MARK, counted, place_of, tally, write_findings
from platform_operations.cli.show_stages import PAGES, PLACES, weight, write_chains, write_pipelines
from platform_operations.documents import PRACTICES
from platform_operations.model.assessment import Assessment, Fact
from platform_operations.model.delivery import Environment, Stage
from platform_operations.model.evidence import repo_place
from platform_operations.model.finding import Finding
from platform_operations.model.plan import Plan, Target
from platform_operations.model.words import RELEASING
from platform_operations.validate import Verdict

HURTS: tuple[tuple[str, str], ...] = (
    ("staged-verification", "Production is verified first"),
    ("checks-and-rollback", "Health checks, validation, a way back"),
    ("rollback-triggers", "What starts a rollback"),
    ("release-gates", "Checks that can stop a release"),
    ("build-once", "Build once, promote the same bytes"),
    ("symptom-alerts", "Pages are about users"),
    ("actionable-alerts", "Every page has an owner and a runbook"),
    ("observed-slos", "Objectives rest on what was measured"),
    ("workflow", "The rest of the workflow"),
    ("truth", "What the repository says of itself"),
)
"""Constraints in the order in which breaking them reaches users: what lets a bad release through comes first."""

MOST_QUESTIONS = 12
MOST_GATES = 8
MOST_NAMED = 3
MOST_SHOWN = 3

ANSWERS = "answers go under [facts] in platform-ops.toml, or come with --facts FILE"

FIRST_COMPONENTS = 4
FIRST_GAPS = 5
FIRST_UNSEEN = 4
"""How much of each the first screen shows; what follows it shows the rest."""


def write_target(page: Page, target: Target) -> None:
    """Write what is looked at: name, commit, the time that ages are judged by, and the risk."""
    commit = f"commit {target.commit[:12]}" if target.commit else "no commit"
    page.title(target.name, commit, f"as of {target.as_of}" if target.as_of else "age unknown")
    risk = target.risk_profile
    why = f": {', '.join(risk.reasons)}" if risk.reasons else ""
    page.write([("risk ", "dim"), (risk.level, "bold"), (why, "dim")], hang=2)


def show_assessment(assessment: Assessment, today: Verdict, path: str) -> Page:
    """Return the page."""
    page = Page()
    plan = assessment.as_is
    write_target(page, plan.target)
    page.heading("How it ships today", ", ".join(fact.aspect for fact in assessment.about("ci")))
    _write_today(page, assessment)
    gaps = _nearest_first(plan, today.findings)
    _write_first_gaps(page, gaps, seen=not today.questions)
    _write_first_unseen(page, assessment, today)
    _write_gaps(page, gaps)
    _write_unseen(page, assessment, today)
    _write_practices(page, assessment)
    if plan.pipelines:
        page.heading("Stage by stage")
        write_pipelines(page, plan, marks=False)
    page.blank()
    page.write([("Next: ", "dim"), f"platform-ops plan {quote(path)}"])
    return page


def _nearest_first(plan: Plan, gaps: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the gaps with those of each rule first that are nearest to the users of the service."""

    def near(row: Finding) -> tuple[int, bool]:
        entry = plan.by_name.get(row.entry or "")
        return weight(plan, entry) if isinstance(entry, Stage) else (0, False)

    order = {rule: place for place, rule in enumerate(dict.fromkeys(row.rule for row in gaps))}
    return tuple(sorted(gaps, key=lambda row: (order[row.rule], near(row))))


def _write_today(page: Page, assessment: Assessment) -> None:
    plan = assessment.as_is
    if not plan.components:
        page.write("Nothing was found here that is built, shipped or run.", indent=2)
    for component in plan.components[:FIRST_COMPONENTS]:
        platforms = (name for name in component.platforms if name != REGISTRIES)
        built = ", ".join((*component.types, *component.languages, *platforms))
        page.row([(component.id, "bold")], [built, (f"  {component.path}", "dim")], width=20)
    if len(plan.components) > FIRST_COMPONENTS:
        rest = [component.id for component in plan.components[FIRST_COMPONENTS:]]
        page.write([_clipped(page, f"and {', '.join(rest)}", 2)], indent=2)
    if not plan.pipelines:
        here = assessment.about("ci")
        none = "No stage could be read: what runs is kept elsewhere." if here else "No pipeline was found."
        page.write([(none, "yellow")], indent=2)
    write_chains(page, plan)
    _write_gates(page, plan)
    releases = Counter(stage.environment for stage in plan.pipeline_stages if stage.kind in RELEASING)
    order = {
        place.id: (PLACES.index(place.kind), place.id == PAGES, -releases[place.id])
        for place in plan.environments
    }
    for place in sorted(plan.environments, key=lambda place: order[place.id])[:2]:
        page.row([(f"{place.id} ", "dim")], _about_place(assessment, place), width=20)
    if plan.alerts or any(set(component.types) - INSTALLED for component in plan.components):
        page.row([("watched by", "dim")], _watched(assessment), width=20)


REGISTRIES = "registries"
"""Where packages are published: a way to reach users, not something that a component runs on."""

INSTALLED = frozenset({"library", "cli", "mobile-app"})
"""Component types that run where nobody here watches them."""


def _watched(assessment: Assessment) -> str:
    """Return what observes this, and how many alerts, SLOs and runbooks there are."""
    plan = assessment.as_is
    outcomes = {fact.aspect: fact.outcome for fact in assessment.about("practices")}
    rows = (
        ("alerts", plan.alerts, "alert"),
        ("slos", plan.slos, "SLO"),
        ("runbooks", plan.runbooks, "runbook"),
    )
    told: list[str] = []
    for aspect, entries, word in rows:
        if entries or outcomes.get(aspect) == "absent":
            told.append(counted(len(entries), word) if entries else f"no {word}")
        else:
            told.append(
                f"{word}s {'that name no component' if outcomes.get(aspect) == 'present' else 'unknown'}"
            )
    tools = ", ".join(fact.aspect for fact in assessment.about("observability") if fact.outcome == "present")
    return f"{tools or 'no tool that is known here'}; {', '.join(told)}"


def _clipped(page: Page, text: str, lines: int, beside: int = 0) -> str:
    """Return a text that fits into so many lines of a page with `beside` columns more, cut where it does not."""
    room = max(40, (page.width - 6) * lines - beside)
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def _write_first_gaps(page: Page, gaps: tuple[Finding, ...], *, seen: bool) -> None:
    page.heading("What would hurt first", tally(gaps))
    if not gaps and seen:
        page.write([("No rule finds anything.", "green")], indent=2)
    elif not gaps:
        page.write(
            [("No rule finds anything in what the repository shows; what it does not show stands next.", "")],
            indent=2,
        )
    order = {constraint: place for place, (constraint, _) in enumerate(HURTS)}
    ranked = sorted(gaps, key=lambda row: (row.severity != "error", order.get(row.constraint, len(order))))
    firsts = list({row.rule: row for row in reversed(ranked)}.values())[::-1]
    firsts.sort(key=lambda row: (row.severity != "error", order.get(row.constraint, len(order))))
    for row in firsts[:FIRST_GAPS]:
        place = place_of(row)
        told = _clipped(page, row.message, 2, beside=len(place) + 2)
        page.write([MARK[row.severity], f" {told}", (f"  {place}", "dim")], indent=2, hang=2)
    if len(firsts) > FIRST_GAPS:
        page.write([(f"and {len(firsts) - FIRST_GAPS} more rules, below", "dim")], indent=2)


def _write_first_unseen(page: Page, assessment: Assessment, today: Verdict) -> None:
    unread = [fact for fact in assessment.facts if _unread(fact)]
    dark: dict[str, list[str]] = {}
    for fact in assessment.about("practices"):
        if fact.outcome == "unknown":
            dark.setdefault(fact.reason or "", []).append(fact.aspect)
    practices = sum(map(len, dark.values()))
    counts = [
        counted(number, word)
        for number, word in (
            (practices, "practice"),
            (len(today.questions), "question"),
            (len(unread), "file"),
        )
        if number
    ]
    page.heading("What could not be seen", ", ".join(counts))
    rows: list[str] = []
    for reason, names in dark.items():
        decides = f"; that may decide {_listed(names, MOST_NAMED)}"
        rows.append(_clipped(page, _plainly(reason), 3, beside=len(decides)) + decides)
    rows += [f"{fact.subject.removeprefix('file:')}: {fact.reason}" for fact in unread]
    asked: dict[str, list[str]] = {}
    for question in today.questions if len(rows) < FIRST_UNSEEN else ():
        asked.setdefault(question.aspect, []).append(question.reason)
    rows += [f"{first}{f'; and {len(rest)} more like it' if rest else ''}" for first, *rest in asked.values()]
    for text in rows[:FIRST_UNSEEN]:
        page.write([("? ", "cyan"), _clipped(page, text, 3)], indent=2, hang=2)
    if len(rows) > FIRST_UNSEEN:
        page.write([(f"and {len(rows) - FIRST_UNSEEN} more, below", "dim")], indent=2)
    if not rows and not today.questions:
        page.write("Nothing: what matters here was read, and nothing points outside.", indent=2)


def _listed(names: Sequence[str], most: int = MOST_GATES) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def _plainly(reason: str) -> str:
    """Return why something could not be seen with its pipeline at the end and commits as short as Git shows them."""
    if reason.startswith("pipelines/") and ": " in reason:
        pipeline, _, why = reason.removeprefix("pipelines/").partition(": ")
        reason = f"{why} (pipeline {pipeline})"
    return " ".join(_short_commit(word) for word in reason.split(" "))


def _short_commit(word: str) -> str:
    head, at, commit = word.rpartition("@")
    whole = len(commit) == 40 and set(commit) <= set("0123456789abcdef")
    return f"{head}{at}{commit[:7]}" if at and whole else word


def _unread(fact: Fact) -> bool:
    return fact.outcome == "unknown" and fact.subject.startswith(("file:", "repository"))


def _write_gates(page: Page, plan: Plan) -> None:
    if not plan.quality_gates:
        if plan.pipelines:
            page.row([("gates", "dim")], [("no check that is known here", "yellow")], width=20)
        return
    firm = sorted({gate.tool for gate in plan.quality_gates if gate.blocking})
    loose = sorted({gate.tool for gate in plan.quality_gates if not gate.blocking} - set(firm))
    parts: list[Part] = [_listed(firm)] if firm else []
    if loose:
        parts.append(("; " if firm else "") + _listed(loose))
        parts.append((" cannot stop a release", "yellow"))
    page.row([("gates", "dim")], parts, width=20)


def _about_place(assessment: Assessment, place: Environment) -> list[Part]:
    plan = assessment.as_is
    how = dict.fromkeys(
        f"{row.kind} with {row.mechanism}"
        for row in plan.deploy_strategy.components
        if row.environment == place.id
    )
    back = dict.fromkeys(row.mechanism for row in plan.rollback_plan if row.environment == place.id)
    parts: list[Part] = [
        place.kind,
        f", {place.url}" if place.url else "",
        "; " + ", ".join(how) if how else "",
    ]
    if place.kind == "production":
        parts.append(
            f"; back with {', '.join(back)}" if back else (f"; {_no_way_back(assessment)}", "yellow")
        )
    return parts


def _no_way_back(assessment: Assessment) -> str:
    fact = assessment.fact("practices", "rollback")
    if fact is not None and fact.outcome == "unknown":
        return "its way back could not be seen"
    if fact is not None and fact.outcome == "present" and fact.evidence:
        return f"no way back of its own, but {_shown(fact)}"
    return "no way back is written down"


def _write_gaps(page: Page, gaps: tuple[Finding, ...]) -> None:
    if gaps:
        page.heading("All gaps", tally(gaps))
    for constraint, says in HURTS:
        rows = [row for row in gaps if row.constraint == constraint]
        if rows:
            page.write([(says, "bold")], indent=2)
            write_findings(page, rows)


def _write_unseen(page: Page, assessment: Assessment, today: Verdict) -> None:
    unread = [fact for fact in assessment.facts if _unread(fact)]
    if today.questions:
        page.heading("Questions", ANSWERS)
    for question in today.questions[:MOST_QUESTIONS]:
        page.write([("? ", "cyan"), question.reason[:1].upper() + question.reason[1:], "."], indent=2, hang=2)
        page.write([("if it is there after all: ", "dim"), f'"{question.key}" = "yes"'], indent=4, hang=2)
    if len(today.questions) > MOST_QUESTIONS:
        page.write([(f"and {len(today.questions) - MOST_QUESTIONS} more questions", "dim")], indent=2)
    asked = {question.key for question in today.questions}
    open_ = [
        f"practices#{fact.aspect}" for fact in assessment.about("practices") if fact.outcome == "unknown"
    ]
    open_ = [f'"{key}"' for key in open_ if key not in asked]
    if open_:
        if not today.questions:
            page.heading("Questions", ANSWERS)
        page.write(
            [("Nobody could see either, and an answer counts: ", "dim"), ", ".join(open_)], indent=2, hang=2
        )
    if len(unread) > FIRST_UNSEEN:
        page.heading("Files that could not be read", counted(len(unread), "file"))
        for fact in unread[:8]:
            page.row([fact.subject.removeprefix("file:")], [fact.reason or ""], width=34)
        if len(unread) > 8:
            page.write([(f"and {len(unread) - 8} more", "dim")], indent=2)


OUTCOMES = {
    "present": ("✓", "green"),
    "absent": ("-", "dim"),
    "unknown": ("?", "cyan"),
    "unsupported": ("-", "dim"),
}


def _write_practices(page: Page, assessment: Assessment) -> None:
    """Write each practice with the lines that show it, or why there are none."""
    facts = {fact.aspect: fact for fact in assessment.about("practices")}
    rows = [facts[name] for name in PRACTICES if name in facts]
    if not rows:
        return
    said = (("present", "there"), ("absent", "not there"), ("unknown", "not to be seen"))
    tallies = [(sum(fact.outcome == outcome for fact in rows), word) for outcome, word in said]
    page.heading("Practices", ", ".join(f"{number} {word}" for number, word in tallies if number))
    first: dict[str, str] = {}
    for fact in rows:
        told = _shown(fact) if fact.outcome == "present" else _plainly(fact.reason or "")
        if fact.outcome == "unknown":
            known = first.setdefault(told, fact.aspect)
            told = told if known == fact.aspect else f"as {known}"
        page.row([OUTCOMES[fact.outcome], f" {fact.aspect}"], [(told, "dim")], width=24)


def _shown(fact: Fact) -> str:
    places = [found for uri in fact.evidence if (found := repo_place(uri))]
    names = list(dict.fromkeys(f"{place.path}:{place.first}" for place in places))
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    how = {"enforced": "enforced: ", "documented": "in prose: "}.get(fact.strength or "", "")
    return f"{how}{', '.join(names[:MOST_SHOWN])}{more}" if names else fact.reason or "the user says so"
