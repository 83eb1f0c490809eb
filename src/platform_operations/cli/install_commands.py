"""`platform-ops install` and `doctor`: known to the clients of the project in this folder, and what works here."""

from argparse import Namespace
from pathlib import Path

from platform_operations.cli.page import Page
from platform_operations.install import doctor, install

MARK = {"ok": ("✓", "green"), "missing": ("-", "dim"), "wrong": ("✗", "red")}


def run_install(arguments: Namespace) -> int:
    """Write, or take away, what clients need, and say what became of each file; exit code 1 where one was kept."""
    changes = install(Path.cwd(), arguments.client, remove=arguments.remove, dry_run=arguments.dry_run)
    page = Page()
    for change in changes:
        says, keeps = ("would be ", "would be kept as") if arguments.dry_run else ("", "is")
        backup = f", the old one {keeps} {change.backup}" if change.backup else ""
        why = f": {change.why}" if change.why else ""
        word = f"{says}{change.action}"
        page.row([change.path], [word, (f"{backup}{why}", "dim")], indent=0, width=52)
    page.print()
    return 1 if any(change.action == "kept" for change in changes) else 0


def run_doctor() -> int:
    """Say what works here; exit code 1 where something does not that should."""
    checks = doctor(Path.cwd())
    page = Page()
    for check in checks:
        what = (f"  {check.do}", "dim") if check.status != "ok" and check.do else ""
        page.row([MARK[check.status], f" {check.name}"], [check.said, what], indent=0, width=24)
    page.print()
    return 1 if any(check.status == "wrong" for check in checks) else 0
