"""Patterns are compiled late: here every one of them is."""

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, cast

import pytest

import platform_operations
from platform_operations.patterns import LatePattern, regex

PACKAGES = ("assess", "model", "platforms", "repository", "slo", "validate")


def patterns_in(value: object) -> Iterator[LatePattern]:
    if isinstance(value, LatePattern):
        yield value
    elif isinstance(value, Mapping):
        for item in cast("Mapping[Any, object]", value).values():
            yield from patterns_in(item)
    elif isinstance(value, tuple):
        for item in cast("tuple[object, ...]", value):
            yield from patterns_in(item)


def every_pattern() -> dict[str, LatePattern]:
    found: dict[str, LatePattern] = {}
    for module in walk_packages(platform_operations.__path__, "platform_operations."):
        if module.name.split(".")[1] in PACKAGES:
            for name, value in vars(import_module(module.name)).items():
                for at, one in enumerate(patterns_in(value)):
                    found[f"{module.name}.{name}[{at}]"] = one
    return found


def test_every_pattern_of_the_readers_and_rules_compiles() -> None:
    broken: dict[str, str] = {}
    for name, one in every_pattern().items():
        try:
            assert one.groups >= 0
        except re.error as error:
            broken[name] = str(error)

    assert broken == {}
    assert len(every_pattern()) > 300


def test_a_late_pattern_finds_what_a_compiled_one_finds() -> None:
    text = "Deploy to prod, then deploy to staging"

    late = regex(r"deploy to (?P<where>\w+)", re.IGNORECASE)

    assert [match["where"] for match in late.finditer(text)] == ["prod", "staging"]
    assert late.sub("x", text) == "x, then x"
    assert late.pattern == r"deploy to (?P<where>\w+)"
    assert late.fullmatch(text) is None


def test_a_mistake_in_a_pattern_shows_at_its_first_use() -> None:
    late = regex("(unclosed")

    with pytest.raises(re.error, match="missing"):
        late.search("")
