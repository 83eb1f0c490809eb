"""Real servers for tests: on this machine's loopback only, ended by whoever started them."""

import shutil
import socket
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

STARTS_WITHIN = 30


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def running(name: str, port: int, *options: str) -> Generator[str]:
    """The address of a server that answers `/-/ready`; it is gone when the block is left."""
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"needs {name}, not installed here")
    address = f"--web.listen-address=127.0.0.1:{port}"
    with subprocess.Popen(
        [program, *options, address, "--log.level=error"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait(name, port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=STARTS_WITHIN)


def _wait(name: str, port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            listening = probe.connect_ex(("127.0.0.1", port)) == 0
        if listening and b" 200 " in _answer(port):
            return
        time.sleep(0.05)
    pytest.fail(f"{name} did not start within {STARTS_WITHIN} s")


def _answer(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
        probe.sendall(b"GET /-/ready HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return probe.recv(64)


def backfill(folder: Path, lines: Sequence[str]) -> None:
    """Make the data folder of a Prometheus from OpenMetrics lines."""
    history = folder / "history.om"
    history.write_text("\n".join((*lines, "# EOF", "")), encoding="utf-8")
    command = [
        "promtool",
        "tsdb",
        "create-blocks-from",
        "--max-block-duration=768h",
        "--quiet",
        "openmetrics",
    ]
    subprocess.run([*command, history, folder / "data"], check=True, capture_output=True, timeout=120)
