"""GitHub's `${{ }}` expressions, as far as the files themselves decide them."""

import re
from collections.abc import Mapping

from platform_operations.assess.ci.jobs import When
from platform_operations.assess.ci.names import environment_kind
from platform_operations.patterns import regex
from platform_operations.repository.yaml_lines import Node

_EXPRESSION = regex(r"\$\{\{(.{0,800}?)\}\}", re.DOTALL)
_LITERAL = regex(r"'([^']{1,60})'")


def filled(text: str, known: Mapping[str, str]) -> str:
    """Return `text` with the expressions replaced that `known` (inputs.x, matrix.x) decides; others stay as they are."""
    if "${{" not in text:
        return text
    return _EXPRESSION.sub(lambda match: _value(match[1], match[0], known), text)


def _value(inner: str, whole: str, known: Mapping[str, str]) -> str:
    name = inner.strip().replace("github.event.inputs.", "inputs.")
    if name in known:
        return " ".join(known[name].split()) if "\n" in known[name] else known[name]
    head, either, rest = name.partition("||")
    if either and head.strip() in known and known[head.strip()]:
        return known[head.strip()]
    if either and head.strip().startswith("inputs.") and f"{head.strip()}?" in known:
        literal = _LITERAL.fullmatch(rest.strip())
        return literal[1] if literal else whole
    return whole


def environment_literals(text: str) -> tuple[str, ...]:
    """Return the environments that an expression chooses among, as its literals name them."""
    expression = _EXPRESSION.search(text)
    if expression is None:
        return ()
    inner = re.sub(r"[=!]=\s*'[^']*'", "", expression[1])
    return tuple(
        dict.fromkeys(word for word in _LITERAL.findall(inner) if environment_kind(word) is not None)
    )


def when_of(condition: str) -> When:
    """Return when a step or job runs: after success, whatever happened, or after a failure."""
    text = condition.replace(" ", "")
    if not text:
        return "success"
    if "success()||failure()" in text or "always()" in text:
        return "always"
    if "!cancelled()" in text and "!failure()" not in text:
        return "always"
    if re.search(r"(?<!!)failure\(\)|(?:outcome|conclusion|result)=='failure'", text):
        return "failure"
    return "success"


def required_needs(condition: str, needs: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split what a job needs into what must have succeeded and what it only waits for, by its condition."""
    if when_of(condition) == "success":
        return needs, ()
    text = condition.replace(" ", "")
    checked = set(re.findall(r"needs\.([\w-]+)\.result=='success'", text))
    if "contains(needs.*.result,'failure')" in text and "!contains(needs.*.result,'failure')" in text:
        return needs, ()
    return tuple(need for need in needs if need in checked), tuple(
        need for need in needs if need not in checked
    )


def words_of(node: Node | None, known: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of a mapping, with what `known` decides filled in."""
    if node is None or node.kind != "map":
        return {}
    return {
        key.text: filled(value.text, known)
        if value.kind == "text"
        else "\n".join(item.text for item in value.items)
        for key, value in node.pairs[:200]
        if (value.kind == "text" and not value.null) or value.kind == "list"
    }


def is_true(node: Node | None) -> bool:
    """Say whether a scalar is literally true."""
    return node is not None and node.text.strip().lower() in {"true", "${{ true }}", "yes", "on"}
