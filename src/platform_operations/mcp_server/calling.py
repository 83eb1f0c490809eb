"""From a call to an answer: in a thread, watched, bounded in time and number, redacted."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeAlias, TypeVar, cast

from platform_operations.errors import InputError, PlatformOperationsError
from platform_operations.mcp_server.arguments import checked
from platform_operations.mcp_server.catalogue import Offer
from platform_operations.mcp_server.pages import Document
from platform_operations.mcp_server.tools import Desk
from platform_operations.mcp_server.watch import StoppedError, Watch

logger = logging.getLogger(__name__)

T = TypeVar("T")
Report: TypeAlias = Callable[[float, str], Awaitable[None]]

LONGEST_CALL = 120.0
MOST_RUNNING = 4
MOST_WAITING = 32
EVERY = 0.5
"""Seconds between two reports of progress."""


class Calls:
    """Runs the tools of one server: a few at a time, the others wait their turn, beyond that they are refused."""

    def __init__(self, desk: Desk, longest: float = LONGEST_CALL) -> None:
        self._desk = desk
        self._longest = longest
        self._turns = asyncio.Semaphore(MOST_RUNNING)
        self._open = 0

    async def call(self, offer: Offer, given: dict[str, Any] | None, report: Report) -> tuple[str, Document]:
        """Return what the model reads and the structured content.

        Raises:
            InputError: what the caller can correct, redacted, in one line that says what to do.
        """
        if self._open >= MOST_RUNNING + MOST_WAITING:
            raise InputError(f"busy: {self._open} calls are open; wait for their answers, then call again")
        self._open += 1
        try:
            async with self._turns:
                return await self._bounded(offer, given, report)
        finally:
            self._open -= 1

    async def _bounded(
        self, offer: Offer, given: dict[str, Any] | None, report: Report
    ) -> tuple[str, Document]:
        watch = Watch()
        try:
            async with asyncio.timeout(self._longest):
                return await _reported(in_thread(lambda: self._answered(offer, given, watch)), watch, report)
        except TimeoutError:
            raise InputError(
                f"{offer.name} took longer than {self._longest:g} s ({watch.message}): take a sub-folder as path"
            ) from None
        finally:
            watch.stop()

    def _answered(self, offer: Offer, given: dict[str, Any] | None, watch: Watch) -> tuple[str, Document]:
        from platform_operations.repository import redact

        try:
            found = offer.run()(self._desk, checked(offer.arguments, given), watch)
        except StoppedError:
            raise
        except PlatformOperationsError as error:
            raise InputError(redact(self._without_folders(str(error)))) from None
        except Exception as error:
            logger.exception("%s failed", offer.name)
            raise InputError(
                f"{offer.name} failed ({type(error).__name__}): a defect of platform-ops, not of the arguments; "
                "go on without it, and tell the user to look at the server's log"
            ) from None
        part = found.portion
        structured = {"result": part.document, "truncated": not part.whole, "cursor": part.cursor}
        return redact(found.text), cast("Document", _clean(structured, redact))

    def _without_folders(self, message: str) -> str:
        """Return a message in which the roots have their names: where they lie is nobody's business."""
        for name, folder in sorted(self._desk.roots.folders, key=lambda row: -len(str(row[1]))):
            message = message.replace(str(folder), name)
        return " ".join(message.split())[:1000]


class _Workers:
    """Threads that wait for work and do not keep the process alive; one more is begun when all are at work."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._idle = 0
        self._lock = Lock()

    def begin(self, job: Callable[[], None]) -> None:
        """Have `job`, which raises nothing, done in some thread."""
        with self._lock:
            idle = self._idle > 0
            self._idle -= idle
        if not idle:
            Thread(target=self._work, daemon=True, name="platform-ops tool").start()
        self._jobs.put(job)

    def _work(self) -> None:
        while True:
            self._jobs.get()()
            with self._lock:
                self._idle += 1


_WORKERS = _Workers()


async def in_thread(work: Callable[[], T]) -> T:
    """Return what `work` gives, run in a thread that does not keep the process alive."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(cast("T", result))

    def run() -> None:
        result: T | None = None
        failed: BaseException | None = None
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is awaited
            failed = error
        # A closed loop: nobody waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, failed)

    _WORKERS.begin(run)
    return await done


async def _reported(work: Awaitable[T], watch: Watch, report: Report) -> T:
    """Return what `work` gives, telling now and then where it is."""
    task = asyncio.ensure_future(work)
    try:
        count = 0
        while True:
            done, _ = await asyncio.wait({task}, timeout=EVERY)
            if done:
                return task.result()
            count += 1
            await report(float(count), watch.message)
    finally:
        task.cancel()


def _clean(value: Any, redact: Callable[[str], str]) -> Any:
    """Return a document with every text redacted: no name of a secret stands beside its value in one."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_clean(item, redact) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: _clean(item, redact) for key, item in cast("Document", value).items()}
    return value
