"""For every test: no network, no key, nothing of the user's own configuration; skips name what is missing."""

import ipaddress
import os
import shutil
import socket
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings

# Derandomized: a red run is red for everybody. No deadline and no `too_slow`: the machine may be busy.
settings.register_profile(
    "house",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

REQUIRE_ALL = os.environ.get("PLATFORM_OPS_REQUIRE") == "all"

# What would let the person running the tests, or the machine, change a result.
FOREIGN_PREFIXES = ("ANTHROPIC_", "AWS_", "CLAUDE_", "GIT_", "OTEL_", "PLATFORM_OPS_", "PROMETHEUS_")
PROXIES = {"ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}
LOOKS = {"CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "PY_COLORS"}
# Commits made by tests are the same everywhere, and git reads nobody's configuration.
GIT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{f"GIT_{role}_NAME": "Test" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "test@example.invalid" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_DATE": "2026-01-05T09:00:00+00:00" for role in ("AUTHOR", "COMMITTER")},
}


@pytest.fixture(scope="session", autouse=True)
def neutral_environment(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """Replace the user's environment; what a test sets with `monkeypatch.setenv` comes on top of it."""
    home = str(tmp_path_factory.mktemp("home"))
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.upper() in PROXIES | LOOKS or name.upper().startswith(FOREIGN_PREFIXES):
                patch.delenv(name)
        for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
            patch.setenv(name, home)
        for kind in ("CACHE", "CONFIG", "DATA", "STATE"):
            patch.setenv(f"XDG_{kind}_HOME", str(Path(home, kind.lower())))
        patch.setenv("XDG_CONFIG_DIRS", home)
        for name, value in GIT.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Generator[None]:
    """Fail the test that looks up a name or connects beyond this machine.

    `pytest.fail` raises a BaseException, so code that reads an unreachable network as "unknown" cannot
    swallow it. Processes started by a test are not covered.
    """
    originals = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}
    look_up = socket.getaddrinfo

    def guarded(name: str) -> Callable[..., Any]:
        def call(self: socket.socket, *args: Any) -> Any:
            # The address comes last; a Unix socket's is a path on this machine.
            if self.family in {socket.AF_INET, socket.AF_INET6}:
                _require_local(args[-1][0])
            return originals[name](self, *args)

        return call

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        _require_local(host)
        return look_up(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        for name in originals:
            patch.setattr(socket.socket, name, guarded(name))
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


def _require_local(host: str | bytes | None) -> None:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name in {None, "", "localhost"}:
        return
    try:
        local = ipaddress.ip_address(str(name).partition("%")[0]).is_loopback
    except ValueError:
        local = False
    if not local:
        pytest.fail(f"a test tried to reach {name!r}: unit tests have no network")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked `needs("promtool")` where that program is not on PATH."""
    wanted = [str(tool) for mark in item.iter_markers("needs") for tool in mark.args]
    missing = [tool for tool in wanted if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}, not installed here")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under PLATFORM_OPS_REQUIRE=all a skip is a failure: nothing goes untested unseen."""
    report = yield
    return _required(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Same for a module that skips itself while it is collected, as `pytest.importorskip` does."""
    report = yield
    return _required(report)


def _required(report: Report) -> Report:
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason} (a skip is a failure under PLATFORM_OPS_REQUIRE=all)"
    return report
