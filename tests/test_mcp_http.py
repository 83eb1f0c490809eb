"""Over HTTP: only programs and pages of this machine are answered, and nobody is waited for."""

import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest
from tests.mcp_sessions import HELLO, ROOT

from platform_operations.errors import InputError
from platform_operations.mcp_server import serve


def test_only_this_machine_can_be_served() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.com", ""):
        with pytest.raises(InputError, match="is not this machine"):
            serve(transport="http", host=host)


SERVE = "from platform_operations.mcp_server import serve; serve([{root!r}], transport='http', port=0)"


@pytest.fixture(scope="module")
def address() -> Generator[tuple[str, int]]:
    with http_server() as address:
        yield address


@contextmanager
def http_server(before: str = "") -> Generator[tuple[str, int]]:
    """Give the address of a server over HTTP, a process of its own."""
    code = before + SERVE.format(root=str(ROOT / "examples"))
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        told = next(line for line in process.stderr if "serving" in line)
        host, _, port = told.rpartition("/mcp")[0].rpartition("//")[2].rpartition(":")
        try:
            yield host, int(port)
        finally:
            process.terminate()
            process.wait(timeout=20)


def posted(address: tuple[str, int], body: bytes, **headers: str) -> tuple[int, str]:
    connection = HTTPConnection(*address, timeout=20)
    given = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request("POST", "/mcp", body, given)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (BrokenPipeError, ConnectionResetError):
        return 413, ""  # the server hung up in the middle of a body that it had refused
    finally:
        connection.close()


def test_over_http_a_client_on_this_machine_is_served(address: tuple[str, int]) -> None:
    status, text = posted(address, HELLO)

    assert status == 200
    assert '"platform-operations"' in text


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "evil.example:8000"}, 421),
        ({"Host": "127.0.0.1.evil.example:8000"}, 421),
        ({"Host": "localhost:80.evil.example"}, 421),
        ({"Host": "127.0.0.1:80@evil.example"}, 421),
        ({"Host": "0.0.0.0:8000"}, 421),
        ({"Origin": "http://localhost:80.evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:80@evil.example"}, 403),
        ({"Origin": "https://localhost:8000"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost.evil.example:80"}, 403),
        ({"Origin": "null"}, 403),
        ({"Content_Type": "text/plain"}, 400),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 400),
    ],
)
def test_a_web_page_elsewhere_gets_no_answer(
    address: tuple[str, int], headers: dict[str, str], expected: int
) -> None:
    status, text = posted(address, HELLO, **headers)

    assert status == expected
    assert "platform-operations" not in text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000"])
def test_every_name_of_this_machine_will_do(address: tuple[str, int], host: str) -> None:
    assert posted(address, HELLO, Host=host, Origin=f"http://{host}")[0] == 200


def test_two_origins_are_none(address: tuple[str, int]) -> None:
    given = b"Host: localhost\r\nOrigin: http://localhost\r\nOrigin: http://evil.example\r\n"
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(b"POST /mcp HTTP/1.1\r\n" + given + b"Content-Length: 0\r\n\r\n")

        assert connection.recv(100).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize(
    "body",
    [
        b"[" + HELLO + b"]",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe",
        b"\0",
        b"",
        b'{"jsonrpc": "2.0", "id": 1, "method": "\\ud800"}',
        b'{"jsonrpc": "2.0", "id": ' + b"9" * 5_000 + b', "method": "ping"}',
    ],
)
def test_what_is_no_message_is_refused_and_the_server_goes_on(address: tuple[str, int], body: bytes) -> None:
    status, text = posted(address, body)

    assert status == 400
    assert "Traceback" not in text and str(ROOT) not in text
    assert posted(address, HELLO)[0] == 200


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow",
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Accept: application/json, text/event-stream\r\nContent-Length: 1000\r\n\r\n{",
    ],
)
def test_a_request_that_does_not_get_to_its_end_is_not_waited_for(begun: bytes) -> None:
    patched = "import platform_operations.mcp_server.guarding as guarding; guarding.PATIENCE = 0.5; "
    with http_server(patched) as address, socket.create_connection(address, timeout=20) as slow:
        slow.sendall(begun)
        assert posted(address, HELLO)[0] == 200
        while slow.recv(1000):
            pass


def test_a_body_beyond_the_largest_plan_is_refused(address: tuple[str, int]) -> None:
    status, _ = posted(address, b'{"a": "' + b"x" * 7_000_000 + b'"}')

    assert status == 413
