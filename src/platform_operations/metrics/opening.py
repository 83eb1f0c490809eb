"""From what a user named as metrics to a source of them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TextIO

from platform_operations.errors import InputError
from platform_operations.metrics.csv_file import HEADER, CsvSource
from platform_operations.metrics.openmetrics import OpenMetricsSource
from platform_operations.metrics.prometheus import PrometheusSource
from platform_operations.metrics.snapshot import SnapshotSource
from platform_operations.metrics.source import MetricSource

_HEAD = 4096
_KINDS = (
    "an http(s) URL of a Prometheus, an OpenMetrics text file with timestamps,"
    f" a CSV file with the header {','.join(HEADER)!r}, or a JSON snapshot that `assess -o DIR` saved"
)


def open_source(text: str, *, root: Path | None = None) -> MetricSource:
    """The metric source that `text` names: a URL, or a file recognised by its first line.

    With `root` the name comes from that folder's own configuration, which may point at files inside the
    folder and at nothing else. InputError says what is wrong with it, with the line where one is to blame.
    """
    if text.lower().startswith(("http://", "https://")):
        if root is not None:
            raise InputError(
                f"a repository cannot name a metrics URL ({text.split('?')[0]!r}); give it with --metrics"
            )
        return PrometheusSource.connect(text)
    return _file_source(text, _path(text, root))


def _path(text: str, root: Path | None) -> Path:
    if "://" in text:
        raise InputError(f"metrics {text!r}: only http and https URLs are read")
    try:
        path = (Path(text) if root is None else root / text).resolve()
        if root is not None and not path.is_relative_to(root.resolve()):
            raise InputError(f"metrics file {text!r} is outside the repository that names it")
        if not path.is_file():
            what = (
                "is a folder"
                if path.is_dir()
                else "does not exist"
                if not path.exists()
                else "is no regular file"
            )
            raise InputError(f"metrics file {text!r} {what}; give {_KINDS}")
    except (OSError, ValueError) as error:
        raise InputError(f"metrics file {text!r} cannot be used: {error}") from None
    return path


def _file_source(name: str, path: Path) -> MetricSource:
    def opened() -> AbstractContextManager[TextIO]:
        return _opened(name, path)

    head = _head(name, opened)
    first = next((line.strip() for line in head.splitlines() if line.strip()), "")
    if first.startswith(("{", "[")):
        return SnapshotSource.read(name, opened)
    if first.startswith("#") or _looks_like_sample(first):
        return OpenMetricsSource(name, opened)
    if "," in first:
        return CsvSource(name, opened)
    what = "not recognised by its first line" if first else "empty"
    raise InputError(f"metrics file {name!r} is {what}; give {_KINDS}")


def _looks_like_sample(line: str) -> bool:
    if "{" in line:
        return line.partition("{")[0].replace("_", "a").replace(":", "a").isalnum()
    words = line.split()
    return len(words) in (2, 3) and "," not in line


def _opened(name: str, path: Path) -> AbstractContextManager[TextIO]:
    try:
        return path.open(encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"metrics file {name!r} cannot be read: {error.strerror or error}") from None


def _head(name: str, opened: Callable[[], AbstractContextManager[TextIO]]) -> str:
    try:
        with opened() as file:
            return file.read(_HEAD).removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise InputError(f"metrics file {name!r} is not UTF-8 text; give {_KINDS}") from None
    except OSError as error:
        raise InputError(f"metrics file {name!r} cannot be read: {error}") from None
