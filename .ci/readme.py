"""Writes the generated parts of README.md anew: `make readme`. With --check: says whether they are as they should be.

The demo runs on a copy of the example outside of git, so that its output names no commit and this page changes only
when what is printed does.
"""

import contextlib
import io
import os
import re
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from platform_operations.cli import main
from platform_operations.deliver.report import CONSTRAINTS
from platform_operations.validate import RULES

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"(?ms)^(<!-- generated: (?P<what>[^\n]*?) -->\n).*?^(<!-- end -->)$")


def printed(command: str) -> str:
    """Return what a command prints, run beside a copy of examples/."""
    here = Path.cwd()
    out = io.StringIO()
    with TemporaryDirectory() as folder, contextlib.redirect_stdout(out):
        shutil.copytree(ROOT / "examples", Path(folder, "examples"))
        os.chdir(folder)
        try:
            code = main(command.split()[1:])
        finally:
            os.chdir(here)
    if code != 0:
        raise SystemExit(f"{command} ended with {code}")
    return f"```console\n$ {command}\n{out.getvalue()}```\n"


def constraints() -> str:
    """Return the table of the eight constraints: where each is checked, by which rules."""
    rows = ["| constraint | checked in `validate/rules/` | by the rules |", "|---|---|---|"]
    for name, says in CONSTRAINTS:
        rules = [rule for rule in RULES if rule.constraint == name]
        places = sorted({rule.check.__module__.rpartition(".")[2] for rule in rules})
        where = ", ".join(
            f"[{place}.py](src/platform_operations/validate/rules/{place}.py)" for place in places
        )
        links = ", ".join(
            f"[{rule.id}](reference/rules/{rule.id}.md)" + ("" if rule.severity == "error" else " (warning)")
            for rule in rules
        )
        rows.append(f"| {says} | {where} | {links} |")
    return "\n".join(rows) + "\n"


def generated(text: str) -> str:
    """Return the page with its generated parts written anew."""

    def block(found: re.Match[str]) -> str:
        what = found["what"]
        body = constraints() if what == "the constraints" else printed(what)
        return f"{found[1]}{body}{found[3]}"

    return BLOCK.sub(block, text)


if __name__ == "__main__":
    before = README.read_text(encoding="utf-8")
    after = generated(before)
    if "--check" in sys.argv:
        sys.exit(0 if before == after else "README.md is not what the program prints: run `make readme`")
    README.write_text(after, encoding="utf-8")
