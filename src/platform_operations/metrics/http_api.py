"""Asking a Prometheus-compatible server: fixed endpoints, bounded answers, one owner of retries.

Credentials come from the environment alone: PROMETHEUS_TOKEN for a bearer token, or PROMETHEUS_USERNAME and
PROMETHEUS_PASSWORD; PROMETHEUS_TENANT is sent as X-Scope-OrgID, which Mimir, Loki's kin and Thanos read.
They are sent to the host that the user named and to no other: a redirect elsewhere is refused.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from urllib.parse import urljoin, urlsplit
from weakref import finalize

from platform_operations.errors import InputError

if TYPE_CHECKING:
    import httpx2
    from tenacity import RetryCallState

_ENDPOINT = re.compile(r"query|query_range|labels|label/[a-zA-Z_][a-zA-Z0-9_]{0,200}/values", re.ASCII)
Parameters: TypeAlias = Mapping[str, str]

LARGEST_ANSWER = 64 * 1024 * 1024
LONGEST_REQUEST = 120.0
CONNECT_TIMEOUT, READ_TIMEOUT = 10.0, 60.0
ATTEMPTS = 4
LONGEST_WAIT = 30.0
_REDIRECTS = 3
_POST_FROM = 2000
_MOST_WARNINGS = 50
_PASSING = frozenset({429, 502, 503, 504})
_REDIRECTED = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server understood and said no: the query is at fault, not the source."""

    reason: str


class _PassingError(Exception):
    """Worth another attempt; `after` is how many seconds the server asked to wait."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class HttpApi:
    """The HTTP API below a base URL, such as https://prometheus.example or https://mimir.example/prometheus."""

    def __init__(
        self,
        base: str,
        environment: Mapping[str, str],
        *,
        wait: Callable[[float], None] = sleep,
        longest_request: float = LONGEST_REQUEST,
    ) -> None:
        import httpx2

        self.base = _checked(base)
        self.warnings: dict[str, None] = {}
        self._wait = wait
        self._longest_request = longest_request
        self._client = httpx2.Client(
            headers=_headers(environment),
            auth=_basic(environment),
            timeout=httpx2.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT),
            follow_redirects=False,
        )
        finalize(self, self._client.close)

    def ask(self, endpoint: str, parameters: Parameters) -> Any | Refusal:
        """The `data` of an answer of one of the reading endpoints.

        Refusal where the query is at fault, InputError where the source is.
        """
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

        if _ENDPOINT.fullmatch(endpoint) is None:
            raise ValueError(f"{endpoint!r} is no endpoint that may be asked")
        retrying = Retrying(
            retry=retry_if_exception_type(_PassingError),
            stop=stop_after_attempt(ATTEMPTS),
            wait=_pause,
            sleep=self._wait,
            reraise=True,
        )
        try:
            return retrying(self._once, endpoint, parameters)
        except _PassingError as error:
            raise InputError(f"metrics {self.base}: {error} ({ATTEMPTS} attempts)") from None

    def _once(self, endpoint: str, parameters: Parameters) -> Any | Refusal:
        import httpx2

        try:
            status, body, after = self._fetched(f"{self.base}/api/v1/{endpoint}", parameters)
        except (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError) as error:
            raise _PassingError(f"no answer ({type(error).__name__}: {str(error)[:200]})") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise InputError(f"metrics {self.base}: {str(error)[:200]}") from None
        if status in _PASSING:
            raise _PassingError(f"HTTP {status}", after)
        return self._read(status, body)

    def _fetched(self, url: str, parameters: Parameters) -> tuple[int, bytes, float | None]:
        deadline = monotonic() + self._longest_request
        for _ in range(_REDIRECTS + 1):
            with self._client.stream(**_request(url, parameters)) as response:
                if response.status_code in _REDIRECTED:
                    url = self._followed(url, response.headers.get("location", ""))
                    continue
                return response.status_code, self._body(response, deadline), _seconds(response.headers)
        raise InputError(f"metrics {self.base}: more than {_REDIRECTS} redirects")

    def _followed(self, url: str, location: str) -> str:
        target = urljoin(url, location).split("?")[0]
        if not location or urlsplit(target)[:2] != urlsplit(url)[:2]:
            raise InputError(
                f"metrics {self.base} redirects to another host, {target[:200]!r}; name that if it is right"
            )
        return target

    def _body(self, response: "httpx2.Response", deadline: float) -> bytes:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise InputError(f"metrics {self.base}: the answer is compressed although that was not asked for")
        body = bytearray()
        for part in response.iter_bytes():
            body += part
            if len(body) > LARGEST_ANSWER:
                most = f"{LARGEST_ANSWER >> 20} MiB"
                raise InputError(
                    f"metrics {self.base}: an answer is larger than {most}; ask for fewer series"
                )
            if monotonic() > deadline:
                raise InputError(
                    f"metrics {self.base}: an answer took longer than {self._longest_request:g} s"
                )
        return bytes(body)

    def _read(self, status: int, body: bytes) -> Any | Refusal:
        try:
            answer: Any = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            shown = body[:80].decode("utf-8", "replace")
            what = f"HTTP {status} is not an answer of the Prometheus API"
            raise InputError(f"metrics {self.base}: {what}: {shown!r}")
        return self._judged(status, cast("dict[str, Any]", answer))

    def _judged(self, status: int, answer: dict[str, Any]) -> Any | Refusal:
        for word in ("warnings", "infos"):
            told: Any = answer.get(word)
            for text in cast("list[Any]", told) if isinstance(told, list) else ():
                if len(self.warnings) < _MOST_WARNINGS:
                    self.warnings.setdefault(str(text)[:500])
        if answer.get("status") == "success" and status == 200:
            return answer.get("data")
        kind = answer.get("errorType") or f"HTTP {status}"
        reason = f"{kind}: {answer.get('error') or 'no reason given'}"[:500]
        if status in (400, 422):
            return Refusal(reason)
        hint = ""
        if status in (401, 403):
            hint = "; set PROMETHEUS_TOKEN, or PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD"
        raise InputError(f"metrics {self.base}: HTTP {status} ({reason}){hint}")


def _request(url: str, parameters: Parameters) -> dict[str, Any]:
    if sum(map(len, parameters.values())) > _POST_FROM:
        return {"method": "POST", "url": url, "data": dict(parameters)}
    return {"method": "GET", "url": url, "params": dict(parameters)}


def _checked(base: str) -> str:
    try:
        parts = urlsplit(base)
        port_known = parts.port is None or parts.port > 0
    except ValueError as error:
        raise InputError(f"metrics URL {base.split('?')[0]!r} cannot be used: {error}") from None
    if "@" in parts.netloc:
        raise InputError(
            "a metrics URL must not carry credentials; set PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD"
        )
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or not port_known:
        raise InputError(f"metrics URL {base!r} is not http(s)://HOST[:PORT][/PREFIX]")
    if parts.query or parts.fragment:
        shown = base.split("?")[0].split("#")[0]
        raise InputError(f"metrics URL {shown!r} must be the base of the API, without ? and #")
    return base.rstrip("/").removesuffix("/api/v1")


def _headers(environment: Mapping[str, str]) -> dict[str, str]:
    headers = {"accept": "application/json", "accept-encoding": "identity"}
    if token := environment.get("PROMETHEUS_TOKEN"):
        headers["authorization"] = f"Bearer {token}"
    if tenant := environment.get("PROMETHEUS_TENANT"):
        headers["x-scope-orgid"] = tenant
    return headers


def _basic(environment: Mapping[str, str]) -> tuple[str, str] | None:
    name = environment.get("PROMETHEUS_USERNAME")
    if not name or environment.get("PROMETHEUS_TOKEN"):
        return None
    return name, environment.get("PROMETHEUS_PASSWORD", "")


def _seconds(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "")
    return min(float(text), LONGEST_WAIT) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _pause(state: "RetryCallState") -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    asked = error.after if isinstance(error, _PassingError) else None
    return asked if asked is not None else min(LONGEST_WAIT, 0.5 * 2 ** (state.attempt_number - 1))
