import logging

from ringbuffer_log import RingBuffer


def test_it_keeps_the_last_lines() -> None:
    handler = RingBuffer(size=2)
    for number in range(3):
        handler.emit(logging.LogRecord("n", 20, "p", 1, str(number), None, None))
    assert list(handler.lines) == ["1", "2"]
