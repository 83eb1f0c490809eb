"""Keep the last log lines in memory."""

from collections import deque
from logging import Handler, LogRecord


class RingBuffer(Handler):
    """A handler with a bounded memory."""

    def __init__(self, size: int = 100) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=size)

    def emit(self, record: LogRecord) -> None:
        self.lines.append(self.format(record))
