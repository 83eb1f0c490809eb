"""A model made of a list of replies: for tests, evals and demonstrations."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from platform_operations.agent.port import ModelUnavailable, Reply, Request, Tell

Answer: TypeAlias = Reply | Callable[[Request], Reply]


class ScriptedModel:
    """Answers with the given replies in turn; a callable is asked with the request. Past the end it is unavailable."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._answers = tuple(answers)
        self.requests: list[Request] = []

    async def complete(self, request: Request, tell: Tell) -> Reply:
        """Return the next answer."""
        del tell
        self.requests.append(request)
        if len(self.requests) > len(self._answers):
            raise ModelUnavailable("script-ended", "the script has no more answers")
        answer = self._answers[len(self.requests) - 1]
        return answer(request) if callable(answer) else answer
