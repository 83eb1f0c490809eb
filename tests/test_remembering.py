"""What readers found is taken again exactly where nothing they were given or read has changed."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

import pytest

from platform_operations.assess import assess
from platform_operations.assess.shipping import Shipping
from platform_operations.repository import (
    InMemoryRepository,
    LocalRepository,
    Remembering,
    Repository,
    all_remembered,
    remembered,
)

FILES = {"a.txt": "one\n", "b.txt": "two\n", "docs/c.txt": "three\n"}
FIXTURES = Path(__file__).parent / "platforms"


class Readers:
    """Readers that count how often they are at work."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def size(self, repository: Repository, path: str) -> tuple[int, ...]:
        """Return the size of a file, in a value of its own."""
        self.calls.append(path)
        return (len(str(repository.read(path))),)

    def sizes(self, repository: Repository, paths: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
        """Return the sizes of files, each read by `size`."""
        self.calls.append("all")
        return tuple(remembered(self.size, repository, path) for path in paths)

    def letters(self, repository: Repository, path: str) -> Iterator[str]:
        """Yield the letters of a file."""
        self.calls.append(path)
        yield from str(repository.read(path))


def again(first: Remembering, files: Mapping[str, str], changed: frozenset[str] = frozenset()) -> Remembering:
    return Remembering(InMemoryRepository(files), first.notes, changed)


def test_a_reader_whose_files_are_the_same_is_not_called_again() -> None:
    readers, first = Readers(), Remembering(InMemoryRepository(FILES))
    before = remembered(readers.size, first, "a.txt")

    after = remembered(readers.size, again(first, FILES, frozenset({"b.txt"})), "a.txt")

    assert after is before
    assert readers.calls == ["a.txt"]


def test_a_reader_of_a_file_that_changed_is_called_again() -> None:
    readers, first = Readers(), Remembering(InMemoryRepository(FILES))
    remembered(readers.size, first, "a.txt")

    after = remembered(
        readers.size, again(first, FILES | {"a.txt": "longer\n"}, frozenset({"a.txt"})), "a.txt"
    )

    assert after == (7,)


def test_a_reader_that_is_given_something_else_is_called_again() -> None:
    readers, first = Readers(), Remembering(InMemoryRepository(FILES))
    remembered(readers.size, first, "a.txt")

    assert remembered(readers.size, again(first, FILES), "docs/c.txt") == (6,)


def test_of_readers_within_a_reader_only_those_are_called_whom_a_change_concerns() -> None:
    readers, first = Readers(), Remembering(InMemoryRepository(FILES))
    paths = tuple(FILES)
    remembered(readers.sizes, first, paths)
    readers.calls.clear()

    changed = again(first, FILES | {"b.txt": "second\n"}, frozenset({"b.txt"}))

    assert remembered(readers.sizes, changed, paths) == ((4,), (7,), (6,))
    assert readers.calls == ["all", "b.txt"]


def test_what_a_reader_within_a_reader_read_counts_for_both_also_where_it_was_remembered() -> None:
    readers, first = Readers(), Remembering(InMemoryRepository(FILES))
    paths = tuple(FILES)
    remembered(readers.sizes, first, paths)
    second = again(first, FILES | {"b.txt": "second\n"}, frozenset({"b.txt"}))
    remembered(readers.sizes, second, paths)

    third = again(second, FILES | {"a.txt": "1\n", "b.txt": "second\n"}, frozenset({"a.txt"}))

    assert remembered(readers.sizes, third, paths) == ((2,), (7,), (6,))


def test_what_is_found_to_be_the_same_is_the_same_object() -> None:
    readers, first = Readers(), Remembering(InMemoryRepository(FILES))
    before = remembered(readers.size, first, "a.txt")

    after = remembered(readers.size, again(first, FILES | {"a.txt": "uno\n"}, frozenset({"a.txt"})), "a.txt")

    assert readers.calls == ["a.txt", "a.txt"]
    assert after is before


def test_what_a_reader_yields_is_there_each_time() -> None:
    readers, first = Readers(), Remembering(InMemoryRepository(FILES))

    assert all_remembered(readers.letters, first, "a.txt") == tuple("one\n")
    assert all_remembered(readers.letters, again(first, FILES), "a.txt") == tuple("one\n")
    assert all_remembered(readers.letters, InMemoryRepository(FILES), "a.txt") == tuple("one\n")
    assert readers.calls == ["a.txt", "a.txt"]


def test_a_view_of_a_repository_remembers_in_it() -> None:
    readers, first = Readers(), Remembering(InMemoryRepository(FILES))
    remembered(readers.size, Shipping(first), "a.txt")

    assert remembered(readers.size, Shipping(again(first, FILES)), "a.txt") == (4,)
    assert readers.calls == ["a.txt"]


def test_a_reader_that_fails_leaves_what_was_remembered_before_it() -> None:
    def failing(repository: Repository) -> None:
        repository.read("a.txt")
        raise LookupError

    readers, first = Readers(), Remembering(InMemoryRepository(FILES))
    remembered(readers.size, first, "b.txt")
    with pytest.raises(LookupError):
        remembered(failing, first)

    assert len(first.notes) == 1


def edited(text: str, other: str, chance: Random) -> str:
    """Return a text with a line more, some less, or some of another file."""
    rows, strange = text.split("\n"), other.split("\n")
    at, of = chance.randrange(len(rows)), chance.randrange(len(strange))
    match chance.randrange(4):
        case 0:
            return f"{text}# {at}\n"
        case 1:
            return "\n".join(rows[:at] + rows[at + 1 :])
        case 2:
            return "\n".join(rows[:at] + strange[of : of + 4] + rows[at:])
        case _:
            return other


@pytest.mark.parametrize("fixture", ["aws", "helm", "kubernetes", "docker", "pulumi", "terraform"])
def test_after_any_edits_a_repository_that_remembers_is_assessed_as_one_that_is_read_anew(
    fixture: str,
) -> None:
    chance = Random(fixture)
    folder = next(place for place in sorted((FIXTURES / fixture).iterdir()) if place.is_dir())
    local = LocalRepository(folder)
    files = {path: text for path in local.paths if isinstance(text := local.read(path), str)}
    files |= {
        ".github/workflows/ci.yml": (
            "on: {push: {branches: [main]}}\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    environment: production\n"
            "    steps:\n      - run: pytest\n      - run: kubectl apply -f k8s\n      - run: curl -f https://example.org/health\n"
        ),
        "docs/rollback.md": "# Rollback\n\n1. run the last deployment again\n",
    }
    remembering = Remembering(InMemoryRepository(files))
    assess(remembering)

    for _ in range(12):
        path = chance.choice(sorted(files))
        files[path] = edited(files[path], files[chance.choice(sorted(files))], chance)
        remembering = Remembering(InMemoryRepository(files), remembering.notes, frozenset({path}))

        assert assess(remembering) == assess(InMemoryRepository(files))
