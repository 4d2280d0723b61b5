"""Complaints about a file of a study, each with the line of the key that it is about."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from omtrace.faults import Fault
from omtrace.model.closed import Model, checked
from omtrace.model.document import loader, read_document, text_of

if TYPE_CHECKING:
    import yaml


def checked_file(model: type[Model], content: object, path: Path, *beside: Path) -> Model:
    """A file's content, with what files beside it add, as a model. Raises Fault with every complaint and its line."""
    try:
        return checked(model, content, str(path))
    except Fault as fault:
        raise with_lines(fault.lines, str(path), path, *beside) from None


def with_lines(faults: Iterable[str], where: str, *paths: Path) -> Fault:
    """The same complaints (``where: place: what is wrong``), each with its file and the line at which the place stands.

    The place is looked up in each of the files, and belongs to the one that has more of it; a place that the program
    made, such as the analysis of a family, has no line. The files were read before, and are as they should be.
    """
    trees = [(path, tree) for path in paths if path.is_file() and (tree := _tree(path))]
    lines = []
    for fault in faults:
        place = fault.removeprefix(f"{where}: ")
        places = [(_place(tree, place), path) for path, tree in trees] if place != fault else []
        best, path = max(places, key=lambda pair: pair[0].parts, default=(NOWHERE, Path()))
        lines.append(f"{path}: line {best.line}: {place}" if best.line else fault)
    return Fault(*lines)


def _tree(path: Path) -> "yaml.Node | None":
    """The nodes of a file, which know their lines; None for one that cannot be read."""
    import yaml

    try:
        read_document(path)
        return yaml.compose(text_of(path), Loader=loader())  # type: ignore[no-untyped-call]
    except Fault:
        return None


@dataclass(frozen=True)
class _Place:
    """How many parts of a dotted place stand in a file, and the line of the last of them; zeros: it is not there."""

    parts: int
    line: int


NOWHERE = _Place(0, 0)


def _place(tree: "yaml.Node", place: str) -> _Place:
    best = _along(tree, place)
    if not best.line and place.startswith("analyses."):  # a family becomes an analysis of its name
        return _along(tree, place.replace("analyses.", "families.", 1))
    return best


def _along(tree: "yaml.Node", place: str) -> _Place:
    node, parts, line, rest, ended = tree, 0, 0, place, False
    while step := _step(node, rest):
        line, node = step.line, step.node
        parts, rest = parts + 1, rest[len(step.key) :]
        ended = not rest.startswith(".")
        rest = rest.removeprefix(": " if ended else ".")
    if ended and (quoted := re.match("'(.*?)'", rest)) and (step := _step(node, quoted[1])):
        return _Place(parts + 1, step.line)  # a complaint about a key itself: "tables: 'a/b' is not ..."
    beyond = 0 if ended else rest.partition(": ")[0].count(".")
    return _Place(parts, line) if parts > 1 or not beyond else NOWHERE


@dataclass(frozen=True)
class _Step:
    """The key of a mapping, or the position in a list; its line, and what stands there."""

    key: str
    line: int
    node: "yaml.Node"


def _step(node: "yaml.Node", place: str) -> _Step | None:
    """The step with which a place begins."""
    import yaml

    steps: list[_Step] = []
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "<<":
                named = value.value if isinstance(value, yaml.SequenceNode) else [value]
                steps += [step for one in named if (step := _step(one, place))]
            steps.append(_Step(str(key.value), key.start_mark.line + 1, value))
    elif isinstance(node, yaml.SequenceNode):
        steps = [_Step(str(i), entry.start_mark.line + 1, entry) for i, entry in enumerate(node.value)]
    fitting = [step for step in steps if step.key and re.match(re.escape(step.key) + r"(?:\.|: |\Z)", place)]
    return max(fitting, key=lambda step: len(step.key), default=None)
