"""The commands and their options: argparse only, so that `--help` answers at once."""

import re
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from platform_operations import __version__

SUMMARY = "Point it at a repository, get a validated plan for its delivery pipeline and its observability."
EXIT_CODES = """\
exit codes:
  0  done
  1  the plan is invalid, or what --fail-on asked for was found
  2  something that was named cannot be used"""
SOURCES = "an http(s) URL of a Prometheus, an OpenMetrics or CSV file, or a saved metrics.json"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class _Parser(ArgumentParser):
    """Says what is wrong in one line, as every other refusal does."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=RawDescriptionHelpFormatter, allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """End with exit code 2 and one line that names the help."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parse(argv: Sequence[str] | None) -> Namespace:
    """Return the parsed arguments; help, version and misuse raise SystemExit with the exit code."""
    parser = _Parser(
        prog="platform-ops",
        description=SUMMARY,
        epilog=f"{EXIT_CODES}\n\nexamples:\n"
        "  platform-ops assess .                  how this repository ships today, and what would hurt first\n"
        "  platform-ops plan . -o plan            draft, validate and save the plan\n"
        "  platform-ops validate plan/plan.yaml   check it again, wherever it is\n",
    )
    parser.add_argument("--version", action="version", version=f"platform-ops {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, summary: str, *examples: str) -> ArgumentParser:
        shown = "\n".join(f"  platform-ops {name} {example}".rstrip() for example in examples)
        made = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=f"examples:\n{shown}",
        )
        judges = name in {"assess", "plan", "validate", "render", "backtest"}
        when = "judge ages as of this time, such as 2026-11-20T09:00:00Z" if judges else SUPPRESS
        which = "the configuration, instead of the repository's own" if judges else SUPPRESS
        made.add_argument("--as-of", metavar="TIME", type=_instant, help=when)
        made.add_argument("--config", metavar="FILE", help=which)
        return made

    for add in (_assess, _plan, _validate, _render, _backtest, _lookups, _serve, _install):
        add(command)
    return parser.parse_args(argv)


_Declare = Callable[..., ArgumentParser]


def _assess(command: _Declare) -> None:
    made = command(
        "assess",
        "say how a repository ships today, what would hurt first and what could not be seen",
        ".",
        ". --metrics http://localhost:9090 -o today",
        ". --format sarif --fail-on error > platform-ops.sarif",
    )
    _repository(made)
    made.add_argument(
        "-o", "--output", metavar="DIR", help="write assessment.json (and metrics.json of a URL)"
    )
    made.add_argument(
        "--fail-on", choices=("error", "warning"), help="exit 1 on a gap of this severity or worse"
    )
    _format(made, "text", "json", "sarif")


def _plan(command: _Declare) -> None:
    made = command(
        "plan",
        "draft the plan of a repository and validate it",
        ".",
        ". --owner @acme/payments -o plan",
        ". --format interface",
        ". --format markdown > plan.md",
    )
    _repository(made)
    made.add_argument(
        "--drafter",
        choices=("embedded", "claude", "auto"),
        help="who drafts: the rules' own remedies (embedded, the default: no network), Claude, or auto: Claude where a "
        "key is set; your own configuration may choose, a repository's cannot",
    )
    made.add_argument("--model", metavar="ID", help="the model that --drafter claude asks")
    made.add_argument(
        "--effort", choices=("low", "medium", "high", "xhigh", "max"), help="how hard it thinks"
    )
    made.add_argument("--turns", metavar="N", type=int, help="at most so many replies")
    made.add_argument("--tokens", metavar="N", type=int, help="at most so many tokens, all counted")
    made.add_argument("--seconds", metavar="N", type=int, help="at most so long, retries included")
    made.add_argument(
        "--journal", metavar="DIR", help="record requests and replies; what is there costs nothing again"
    )
    made.add_argument(
        "--dry-run",
        action="store_true",
        help="write no file and ask no model; with Claude, show what would be sent",
    )
    made.add_argument("--owner", metavar="NAME", help="who owns what nobody is known to own")
    made.add_argument("-o", "--output", metavar="DIR", help="write plan.yaml, assessment.json and report.md")
    _format(made, "text", "json", "yaml", "markdown", "interface")


def _validate(command: _Declare) -> None:
    made = command(
        "validate",
        "check a plan against the rules and against its evidence",
        "plan/plan.yaml",
        "plan.yaml --repo . --metrics metrics.csv",
        "- --repo . --format json < plan.json",
        "plan.yaml --repo . --fix > fixed.yaml",
    )
    made.add_argument("plan", metavar="PLAN", help="the plan, YAML or JSON; - reads standard input")
    made.add_argument(
        "--repo", metavar="PATH", help="check against this repository (else assessment.json beside the plan)"
    )
    made.add_argument("--metrics", metavar="SRC", help=SOURCES)
    made.add_argument(
        "--fix",
        action="store_true",
        help="apply the rules' remedies; the plan goes to standard output, or to -o",
    )
    made.add_argument(
        "-o", "--output", metavar="FILE", help="with --fix: write the repaired plan here, PLAN included"
    )
    _format(made, "text", "json", "sarif")


def _render(command: _Declare) -> None:
    made = command(
        "render",
        "write the files that a valid plan becomes",
        "plan/plan.yaml -o ops",
        "plan.yaml --repo . -o ops --only prometheus-rules --only promtool-tests",
    )
    made.add_argument("plan", metavar="PLAN", help="the plan, YAML or JSON; - reads standard input")
    made.add_argument(
        "-o", "--output", metavar="DIR", required=True, help="write the files below this folder"
    )
    made.add_argument(
        "--repo", metavar="PATH", help="check against this repository (else assessment.json beside the plan)"
    )
    made.add_argument(
        "--only",
        metavar="KIND",
        nargs="+",
        action="extend",
        default=[],
        help="only these kinds of artifacts (default: all; reference artifacts/KIND says what each is)",
    )
    made.set_defaults(metrics=None)


def _backtest(command: _Declare) -> None:
    made = command(
        "backtest",
        "say how often the alerts of a plan or rule file would have fired",
        "plan/plan.yaml --metrics http://localhost:9090",
        "monitoring/alerts.yml --metrics http://localhost:9090 --days 14",
        "plan.yaml --metrics metrics.csv --format json",
    )
    made.add_argument(
        "file", metavar="PLAN|RULES", help="a plan, or a Prometheus rule file; - reads standard input"
    )
    made.add_argument("--metrics", metavar="SRC", required=True, help=SOURCES)
    made.add_argument(
        "--days", metavar="N", type=int, default=28, help="how far back, 1 to 400 (default: 28)"
    )
    _format(made, "text", "json")


def _lookups(command: _Declare) -> None:
    rules = command("rules", "list the rules, or explain one", "", "alert-without-runbook", "--format json")
    rules.add_argument("rule", metavar="RULE", nargs="?", help="the id of a rule")
    _format(rules, "text", "json")
    pages = command(
        "reference", "read the reference pages", "", "slo-and-alerting", '--search "error budget"'
    )
    pages.add_argument("page", metavar="PAGE", nargs="?", help="a page, or PAGE#SECTION")
    pages.add_argument("--search", metavar="TEXT", help="find the sections that hold these words")
    schema = command("schema", "print the JSON Schema of a document", "plan > plan.schema.json")
    schema.add_argument("document", choices=("plan", "assessment", "findings", "metrics"))


def _serve(command: _Declare) -> None:
    made = command("serve", "serve the tools over MCP", "", "--root ~/code/checkout --root ~/code/search")
    made.add_argument(
        "--root",
        metavar="DIR",
        action="append",
        default=[],
        help="a folder the tools may read (default: this one)",
    )
    made.add_argument("--metrics", metavar="SRC", help=SOURCES)
    made.add_argument("--transport", choices=("stdio", "http"), default="stdio")
    made.add_argument(
        "--port",
        metavar="N",
        type=_port,
        help="with --transport http, on this machine's own address only (default: 8000; 0: a free one)",
    )


def _install(command: _Declare) -> None:
    made = command(
        "install",
        "make skill and server known to the agent clients of the project in this folder",
        "",
        "--client claude-code --client vscode --dry-run",
        "--remove",
    )
    made.add_argument(
        "--client",
        metavar="NAME",
        action="append",
        default=[],
        help="claude-code, codex, cursor, gemini or vscode (default: those the project is used in)",
    )
    made.add_argument("--remove", action="store_true", help="take away what was installed, and only that")
    made.add_argument("--dry-run", action="store_true", help="say what would be done; write nothing")
    command("doctor", "say what works here, and what to do about the rest", "")


def _repository(made: ArgumentParser) -> None:
    made.add_argument("path", metavar="PATH", help="the folder of the repository")
    made.add_argument("--metrics", metavar="SRC", help=SOURCES)
    made.add_argument(
        "--facts",
        metavar="FILE",
        action="append",
        default=[],
        help="what the hosting's API says of environments and branch protection, saved as JSON; - reads standard input",
    )


def _format(made: ArgumentParser, *names: str) -> None:
    made.add_argument("--format", choices=names, default=names[0], help=f"default: {names[0]}")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= 65_535):
        raise ArgumentTypeError(f"{text[:40]!r} is no port: a number from 0 to 65535")
    return int(text[:6])


def _instant(text: str) -> str:
    day = f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text
    if not _INSTANT.fullmatch(day):
        raise ArgumentTypeError(f"{text!r} is no time such as 2026-11-20T09:00:00Z")
    from datetime import datetime

    try:
        datetime.fromisoformat(day)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day that exists") from None
    return day
