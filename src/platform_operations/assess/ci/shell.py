"""Shell scripts as the simple commands in them. A small honest splitter: it never runs anything and never fails.

It knows quotes, line continuations, comments, `&&`, `||`, `;`, pipes, `$(...)`, here-documents and the words of control
flow. What it cannot know (functions, eval) stays a command that no table recognises.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from platform_operations.patterns import regex

MAX_SCRIPT = 60_000
MAX_COMMANDS = 500
MAX_TEXT = 2_000

_HEREDOC = regex(r"<<-?\s*(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\1")
_LABEL = regex(r"^\(?[\w*?./\"'|$@:+\[\]-]{1,120}\)(?:\s+|$)")
_HELD = regex(r"^([A-Za-z_]\w*)=([\"'])(.{4,1500})\2$", re.DOTALL)
_RECALL = regex(r"^(?:eval\s+)?[\"']?\$\{?([A-Za-z_]\w*)\}?[\"']?$")
_HARMLESS = frozenset({"true", ":", "exit 0", "/bin/true"})
_CLOSERS = frozenset({"fi", "done", "esac", "}", ")", "else", "then", "do", ";;"})
_HEADS = ("for ", "case ", "function ", "select ")


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command as written, on its lines counted from 1.

    `silenced` says what keeps its failure from stopping the script; `folder` is where a `cd` before it led, relative to
    where the script began; `body` is its here-document.
    """

    text: str
    first: int
    last: int
    silenced: str | None = None
    folder: str = ""
    body: str = ""


@dataclass(slots=True)
class _Piece:
    text: str
    first: int
    last: int
    joint: str
    body: str = ""


def commands(script: str, first: int = 1, *, pipefail: bool = True) -> tuple[Command, ...]:
    """Return the simple commands of `script`, whose first line is line `first` of its file.

    `pipefail` says whether a failure before a pipe stops the script unless the script sets it itself.
    """
    pipefail = pipefail or re.search(r"set\s+-[a-z]*o\s+pipefail", script) is not None
    found: list[Command] = []
    held: dict[str, str] = {}
    folder, lenient = "", False
    rechecked = re.search(r"exit\s+[\"']?\$|\$\?", script) is not None
    pieces = list(_pieces(script[:MAX_SCRIPT], first))
    for index, piece in enumerate(pieces):
        text = piece.text
        if text.startswith("set "):
            lenient = _lenient(text, lenient)
            continue
        if text.startswith("cd ") or text.startswith("pushd "):
            folder = _moved(folder, text)
            continue
        if text in {"popd", "cd -", "cd .."}:
            folder = folder.rpartition("/")[0]
            continue
        text = piece.text = _recalled(text, held)
        following = pieces[index + 1] if index + 1 < len(pieces) else None
        silenced, shown = _silenced(piece, following, pipefail)
        if index and pieces[index - 1].joint == "||" and _harmless(text):
            continue
        if lenient and not rechecked:
            silenced = silenced or "set +e"
        found.append(Command(shown[:MAX_TEXT], piece.first, piece.last, silenced, folder, piece.body))
        if len(found) >= MAX_COMMANDS:
            break
    return tuple(found)


def _recalled(text: str, held: dict[str, str]) -> str:
    """Remember `NAME="a command"`; return that command where `eval "$NAME"` or `$NAME` runs it."""
    kept = _HELD.match(text)
    if kept is not None:
        held[kept[1]] = kept[3]
        return text
    recall = _RECALL.match(text)
    return held.get(recall[1], text) if recall is not None else text


def _lenient(text: str, before: bool) -> bool:
    if re.search(r"\+[a-z]*e", text):
        return True
    return False if re.search(r"(?<!\S)-[a-z]*e", text) else before


def _harmless(text: str) -> bool:
    return text in _HARMLESS or text.startswith(("echo ", "printf ", "echo"))


def _silenced(piece: _Piece, following: _Piece | None, pipefail: bool) -> tuple[str | None, str]:
    if piece.joint == "||" and following is not None and _harmless(following.text):
        word = following.text.split(" ", 1)[0] if following.text != "exit 0" else "exit 0"
        return f"|| {word}", f"{piece.text} || {following.text}"
    if piece.joint == "|" and not pipefail and following is not None:
        return f"| {following.text.split(' ', 1)[0]}", piece.text
    return None, piece.text


def _moved(folder: str, text: str) -> str:
    target = text.split(None, 1)[1].strip().strip("\"'") if " " in text else ""
    if not target or target.startswith(("$", "/", "~", "-")):
        return "" if target.startswith(("$GITHUB_WORKSPACE", "$CI_PROJECT_DIR", "-")) else folder
    parts = [part for part in folder.split("/") if part]
    for part in target.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts[:12])


def _pieces(script: str, first: int) -> Iterator[_Piece]:
    for text, start, end, body in _logical_lines(script, first):
        for part, joint in _split(text):
            cleaned = _clean(part)
            if cleaned:
                yield _Piece(cleaned, start, end, joint, body)


def _logical_lines(script: str, first: int) -> Iterator[tuple[str, int, int, str]]:
    """Yield lines with their continuations and here-documents: text, first line, last line, here-document."""
    lines = script.removesuffix("\n").split("\n")
    index = 0
    while index < len(lines):
        start, text = index, lines[index]
        while index + 1 < len(lines) and (_continues(text) or _open_quote(text)):
            index += 1
            joined = lines[index]
            text = (
                text.rstrip()[:-1].rstrip() + " " + joined.strip()
                if _continues(text)
                else text + "\n" + joined
            )
            if len(text) > 8_000:
                break
        body: list[str] = []
        heredoc = _HEREDOC.search(text)
        end = index
        if heredoc:
            while index + 1 < len(lines):
                index += 1
                if lines[index].strip() == heredoc[2]:
                    break
                body.append(lines[index].strip())
        yield text, first + start, first + max(end, index if heredoc else end), "\n".join(body)
        index += 1


def _continues(text: str) -> bool:
    stripped = text.rstrip()
    if stripped.lstrip().startswith("#"):
        return False
    return stripped.endswith("\\") and not stripped.endswith("\\\\")


def _open_quote(text: str) -> bool:
    if "'" not in text and '"' not in text:
        return False
    quote = ""
    index = 0
    while index < len(text):
        char = text[index]
        if char == "\\" and quote != "'":
            index += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and (index == 0 or text[index - 1] in " \t\n"):
            newline = text.find("\n", index)
            if newline < 0:
                return False
            index = newline
        index += 1
    return bool(quote)


def _split(text: str) -> Iterator[tuple[str, str]]:
    """Yield (part, the joint after it): `&&`, `||`, `|`, `;`, `&` or a line's end."""
    part: list[str] = []
    quote, depth, index = "", 0, 0
    while index < len(text):
        char = text[index]
        if char == "\\" and quote != "'" and index + 1 < len(text):
            part.append(text[index : index + 2])
            index += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and (index == 0 or text[index - 1] in " \t\n;"):
            newline = text.find("\n", index)
            index = len(text) if newline < 0 else newline
            continue
        elif text.startswith(("$(", "${", "$((", "<(", "[["), index):
            depth += 1
            part.append(text[index : index + 2])
            index += 2
            continue
        elif depth and char in ")}]":
            depth -= 1
        elif not depth and char in "&|;\n":
            joint = text[index : index + 2] if text[index : index + 2] in {"&&", "||", "|&", ";;"} else char
            if char == "&" and (joint == "&" and _redirect(text, index)):
                part.append(char)
                index += 1
                continue
            yield "".join(part), joint
            part = []
            index += len(joint)
            continue
        part.append(char)
        index += 1
    yield "".join(part), "\n"


def _redirect(text: str, index: int) -> bool:
    return text[index - 1 : index] in {">", "<"} or text[index + 1 : index + 2] == ">"


def _clean(part: str) -> str:
    text = " ".join(part.split())
    while text:
        if text in _CLOSERS or text.startswith(_HEADS) or text.startswith(("[ ", "[[", "((", "#")):
            return ""
        head, _, rest = text.partition(" ")
        if head in {"if", "then", "else", "elif", "do", "while", "until", "!", "{", "(", "time"}:
            text = rest
            continue
        if head.startswith("(") and len(head) > 1 and not head.startswith("(("):
            text = text[1:]
            continue
        break
    label = _LABEL.match(text)
    if label is not None and text.count(")") > text.count("("):
        text = text[label.end() :]
    if text.endswith(")") and text.count(")") > text.count("("):
        text = text[:-1].rstrip()
    return text
