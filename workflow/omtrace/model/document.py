"""A YAML file of a study as plain values: the one reader of plans, exploratory files and the configuration.

YAML 1.1 reads some plain words as something else than they say: ``no`` is false, ``12:30`` is 750, ``010`` is 8, and
``2024-03-01 12:00`` is a time. Here a plain word is a text, a decimal number, a day such as 2024-03-01, true or
false, or nothing (``~``, ``null``); any other is refused, with its line. What a file can cost is bounded: its bytes,
its depth, and its values once aliases are written out.
"""

import math
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from omtrace.faults import Fault

if TYPE_CHECKING:
    import yaml

BYTES = 1_000_000
DEPTH = 50
VALUES = 50_000  # after aliases are expanded
DIGITS = 40
DOUBTS = 20  # lines reported for one file
WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
DECIMAL = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
FORBIDDEN = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TAGS = "tag:yaml.org,2002:"
MERGE = object()  # what the plain key << stands for


def read_document(path: Path) -> object:
    """The content of a file: dicts, lists, texts, numbers, true and false, None.

    Raises Fault for a file that is missing or unreadable, has a key twice, a word that YAML reads as something else,
    a tag, several documents, or more than a study's file ever holds.
    """
    import yaml

    doubts: list[str] = []
    try:
        value = _Reading(text_of(path), doubts).document()
    except yaml.MarkedYAMLError as error:
        doubts.append(_syntax(error))
    except Fault as fault:
        doubts += fault.lines
    if doubts:
        more = [f"and {len(doubts) - DOUBTS} more of this kind"] if len(doubts) > DOUBTS else []
        raise Fault(*(f"{path}: {doubt}" for doubt in [*doubts[:DOUBTS], *more]))
    return value


def text_of(path: Path) -> str:
    """A file's text. Raises Fault, whose line has no path yet, for content that no study's file has."""
    try:
        if path.exists() and not path.is_file():
            raise Fault("not a file")
        with open(path, "rb") as file:
            content = file.read(BYTES + 1)
    except FileNotFoundError:
        raise Fault("there is no such plan; add it, or take the study out of config/config.yaml") from None
    if len(content) > BYTES:
        raise Fault(f"larger than {BYTES // 1000} kB; a study's file is text that people write")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Fault(f"line {line}: not UTF-8 text; save it as UTF-8") from None
    if wrong := FORBIDDEN.search(text):
        line = text[: wrong.start()].count("\n") + 1
        raise Fault(f"line {line}: the character U+{ord(wrong[0]):04X}, which no YAML holds; delete it")
    return text


def loader() -> "type[yaml.SafeLoader | yaml.CSafeLoader]":
    """The parser written in C, where there is one."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _syntax(error: "yaml.MarkedYAMLError") -> str:
    """What the parser says, on one line."""
    mark = error.problem_mark or error.context_mark
    line = f"line {mark.line + 1}: " if mark else ""
    problem = " ".join(filter(None, (error.context, error.problem)))
    if "cannot start any token" in problem:
        return f"{line}no text without quotes begins so (a tab, @ or `); indent by blanks, or write the text in quotes"
    return f"{line}not readable as YAML: {problem}"


class _Reading:
    """The values of one file, made from the parser's events, which come one by one however deep the file is."""

    def __init__(self, text: str, doubts: list[str]) -> None:
        import yaml

        self.yaml = yaml
        self.events: Iterator[yaml.Event] = yaml.parse(text, Loader=loader())  # type: ignore[no-untyped-call]
        self.doubts = doubts
        self.anchors: dict[str, tuple[object, int] | None] = {}  # None: not complete yet
        self.count = 0

    def document(self) -> object:
        """The value of the one document; None for an empty file."""
        yaml = self.yaml
        value, documents = None, 0
        for event in self.events:
            kind = type(event)
            if kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise Fault(f"{_line(event)}: a second document begins ('---'); a file holds one")
            elif kind not in (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentEndEvent):
                value = self.value(event, 0)
        return value

    def value(self, event: "yaml.Event", depth: int) -> object:
        """The value that begins with an event."""
        yaml, anchor, before = self.yaml, getattr(event, "anchor", None), self.count
        self.take(event, 1)
        kind = type(event)
        if kind is yaml.AliasEvent:
            return self.alias(event)
        if event.tag is not None:
            self.doubts.append(f"{_line(event)}: the tag {_cut(event.tag)}; leave it out, and quote what is a text")
        if anchor is not None:
            self.anchors[anchor] = None
        value: object
        if kind is yaml.ScalarEvent:
            value = self.scalar(event)
        elif depth == DEPTH:
            raise Fault(f"{_line(event)}: nested more than {DEPTH} deep; no study's file is")
        elif kind is yaml.MappingStartEvent:
            value = self.mapping(depth + 1)
        else:
            entries: list[object] = []
            while type(event := next(self.events)) is not yaml.SequenceEndEvent:
                entries.append(self.value(event, depth + 1))
            value = entries
        if anchor is not None:
            self.anchors[anchor] = (value, self.count - before)
        return value

    def take(self, event: "yaml.Event", values: int) -> None:
        """Count values. Raises Fault for more than any study's file holds."""
        self.count += values
        if self.count > VALUES:
            raise Fault(f"{_line(event)}: more than {VALUES} values, once its aliases (*name) are written out")

    def alias(self, event: "yaml.AliasEvent") -> object:
        """A copy of what an alias names."""
        if event.anchor not in self.anchors:
            raise Fault(f"{_line(event)}: *{_cut(event.anchor)}: nothing above is named &{_cut(event.anchor)}")
        named = self.anchors[event.anchor]
        if named is None:
            raise Fault(f"{_line(event)}: *{_cut(event.anchor)} stands within what it names")
        self.take(event, named[1])
        return deepcopy(named[0])

    def mapping(self, depth: int) -> dict[object, object]:
        """A mapping; what << merges comes first, and is overridden by the mapping's own keys."""
        yaml = self.yaml
        own: dict[object, object] = {}
        merged: dict[object, object] = {}
        written = set()
        while type(event := next(self.events)) is not yaml.MappingEndEvent:
            if type(event) is not yaml.ScalarEvent:
                raise Fault(f"{_line(event)}: a key is a single word or text")
            if event.value in written:
                self.doubts.append(f"{_line(event)}: {_cut(event.value)!r} stands twice in one mapping")
            written.add(event.value)
            if event.value == "<<" and event.implicit[0]:
                for more in self.merges(event, depth):
                    merged |= more
                continue
            key = self.value(event, depth)
            own[key] = self.value(next(self.events), depth)
        return merged | own

    def merges(self, key: "yaml.Event", depth: int) -> list[dict[object, object]]:
        """What << names, the last first: the first one has precedence."""
        value = self.value(next(self.events), depth)
        named = value if isinstance(value, list) else [value]
        mappings = [mapping for mapping in named if isinstance(mapping, dict)]
        if len(mappings) < len(named):
            raise Fault(f"{_line(key)}: '<<' takes the alias of a mapping, or a list of them")
        return mappings[::-1]

    def scalar(self, event: "yaml.ScalarEvent") -> object:
        """A text, or what a plain word stands for."""
        if not event.implicit[0]:
            return event.value
        word = plain_word(event.value)
        if word.doubt:
            self.doubts.append(f"{_line(event)}: {word.doubt}")
        return word.value


def _line(event: "yaml.Event") -> str:
    return f"line {event.start_mark.line + 1}"


def _cut(text: str) -> str:
    """A text of the file, as much of it as a message bears."""
    return text if len(text) <= DIGITS else f"{text[:DIGITS]}…"


@dataclass(frozen=True)
class Word:
    """The value of a word without quotes, and what is wrong with it ("": nothing)."""

    value: object
    doubt: str = ""


@lru_cache(maxsize=4096)
def plain_word(written: str) -> Word:
    """What a word without quotes stands for."""
    kind = _kind(written)
    if kind == "null":
        return Word(None)
    if kind == "bool" and written.lower() in ("true", "false"):
        return Word(written.lower() == "true")
    if kind == "int" and WHOLE.fullmatch(written) and len(written) <= DIGITS:
        return Word(int(written))
    if kind == "float" and DECIMAL.fullmatch(written) and len(written) <= DIGITS and math.isfinite(float(written)):
        return Word(float(written))
    if kind == "timestamp" and (day := _day(written)):
        return Word(day)
    if kind not in ("bool", "int", "float", "timestamp", "merge"):
        return Word(written)
    if len(written) > DIGITS:
        doubt = f"{_cut(written)}: a number of {len(written)} characters; write it in quotes if it is a text"
        return Word(written, doubt)
    other = {
        "bool": f" if it is a text, {_read_as(written)} if it is not",
        "int": " if it is a text; numbers are written in decimal digits",
        "float": " if it is a text; numbers are written in decimal digits",
    }.get(kind, "")
    return Word(written, f'{written!r} is read as {_read_as(written)} by YAML; write "{written}" in quotes{other}')


def _day(written: str) -> date | None:
    """A day such as 2024-05-31; None for a point in time, and for a day that there is not."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return day if day.isoformat() == written else None


def _read_as(written: str) -> str:
    """What YAML 1.1 makes of a short plain word."""
    import yaml

    try:
        value = yaml.safe_load(written)
    except (yaml.YAMLError, ValueError, OverflowError):
        return "something else"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "a point in time" if isinstance(value, date) else str(value)


def _kind(written: str) -> str:
    """The tag that YAML 1.1 gives a plain word, without its prefix."""
    import yaml

    return _resolver().resolve(yaml.ScalarNode, written, (True, False)).removeprefix(TAGS)


@cache
def _resolver() -> "yaml.resolver.Resolver":
    import yaml

    return yaml.resolver.Resolver()
