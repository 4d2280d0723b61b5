"""A figure's SVG as part of a page: text stays text, marks carry the ids of their numbers, nothing runs or loads.

The page's policy admits no style attribute, so declarations become attributes; only known elements and attributes are
taken over, ids that nothing refers to are left out, and coordinates are rounded to a hundredth of a point.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import cycle
from xml.etree import ElementTree

from omtrace.faults import Fault

ELEMENTS = {"svg", "g", "path", "use", "defs", "clipPath", "rect", "text", "tspan", "title", "circle", "line"}
GEOMETRY = {
    "d",
    "x",
    "y",
    "dx",
    "dy",
    "x1",
    "x2",
    "y1",
    "y2",
    "cx",
    "cy",
    "r",
    "width",
    "height",
    "transform",
    "points",
}
LOOK = {
    "fill",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "stroke-opacity",
    "stroke-linejoin",
    "stroke-linecap",
    "stroke-dasharray",
    "stroke-dashoffset",
    "opacity",
    "font-size",
    "font-weight",
    "font-style",
    "text-anchor",
    "clip-path",
}
NUMBER = "number-"  # how the id of a mark begins that shows a number
OFTEN = 4  # times that a shape is drawn, to stand once
DECIMALS = re.compile(r"-?\d+\.\d{3,}")
REFERENCE = re.compile(r"url\(#([\w.-]+)\)")
HREF = "{http://www.w3.org/1999/xlink}href"


def inlined(svg: bytes, name: str, alt: str) -> str:
    """An SVG image as an element of a page.

    Parameters
    ----------
    svg
        The image, as ``figures`` wrote it.
    name
        The figure's name; ids begin with it, so that two figures on one page share none.
    alt
        What the image says, in words.

    Raises
    ------
    Fault
        Where the image is no SVG.
    """
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise Fault(f"figures/{name}.svg: not readable ({error}); run snakemake again") from None
    title = next((child for child in root if _tag(child) == "title"), None)
    if title is not None:
        root.remove(title)  # the page has it in the caption; on the image it would cover the titles of the marks
    view = escape(root.get("viewBox") or f"0 0 {root.get('width', '640')} {root.get('height', '320')}")
    image = _Image(root, f"{name}-")
    nodes = [node for child in root for node in image.nodes(child)]
    inside = "".join(node.text() for node in [*image.shapes(), *nodes])
    return f'<svg class="plot" role="img" aria-label="{escape(alt)}" viewBox="{view}">{inside}</svg>'


@dataclass
class _Node:
    """An element as it is written."""

    tag: str
    attributes: dict[str, str]
    words: str = ""
    children: list["_Node"] = field(default_factory=list)

    def text(self) -> str:
        inside = escape(self.words) + "".join(child.text() for child in self.children)
        opening = "".join(f' {name}="{escape(value)}"' for name, value in self.attributes.items())
        return f"<{self.tag}{opening}>{inside}</{self.tag}>" if inside else f"<{self.tag}{opening}/>"


class _Image:
    """The elements of an image: a shape that is drawn often stands once, what siblings share stands at their group."""

    def __init__(self, root: ElementTree.Element, prefix: str) -> None:
        self.prefix = prefix
        self.wanted = {target for element in root.iter() for target in _targets(element)}
        paths = (element.get("d", "") for element in root.iter() if _tag(element) == "path" and not element.get("id"))
        counts = Counter(shape.text for d in paths if (shape := _shape(d)))
        self.often = {text: f"{prefix}s{at}" for at, (text, n) in enumerate(sorted(counts.items())) if n >= OFTEN}

    def shapes(self) -> list[_Node]:
        """The shapes that are drawn often."""
        paths = [_Node("path", {"id": name, "d": text}) for text, name in self.often.items()]
        return [_Node("defs", {}, children=paths)] if paths else []

    def nodes(self, element: ElementTree.Element) -> list[_Node]:
        """An element with what is in it; of a group that says nothing, what is in it."""
        tag = _tag(element)
        if tag not in ELEMENTS:
            return []
        attributes = dict(self._attributes(element))
        children = [node for child in element for node in self.nodes(child)]
        if tag == "g":
            if not children:
                return []
            if attributes.keys() == {"data-id"} and (merged := self._merged(attributes, children)):
                return merged
            self._raise(attributes, children)
            return [_Node(tag, attributes, children=children)] if attributes else children
        if tag == "defs":
            return [_Node(tag, attributes, children=children)] if children else []
        if tag == "path" and "id" not in attributes and (shape := _shape(element.get("d", ""))):
            if known := self.often.get(shape.text):
                del attributes["d"]
                place = {"href": f"#{known}", "x": shape.x, "y": shape.y}
                clip = attributes.pop("clip-path", "")  # on the shape itself it would be moved with it
                use = _Node("use", place | attributes, children=children)
                return [_Node("g", {"clip-path": clip}, children=[use]) if clip else use]
        words = element.text or "" if tag in ("text", "tspan", "title") else ""
        return [_Node(tag, attributes, words, children)]

    @staticmethod
    def _merged(attributes: dict[str, str], children: list[_Node]) -> list[_Node]:
        """Of a mark of one shape the shape, with the number and the title of its group; none of a mark of several."""
        titles = [child for child in children if child.tag == "title"]
        shapes = [child for child in children if child.tag not in ("title", "defs")]
        if len(shapes) != 1 or shapes[0].tag == "g" or "data-id" in shapes[0].attributes:
            return []
        shapes[0].attributes = attributes | shapes[0].attributes
        shapes[0].children = titles + shapes[0].children
        return [child for child in children if child.tag != "title"]

    @staticmethod
    def _raise(attributes: dict[str, str], children: list[_Node]) -> None:
        """Move what all children of a group say alike to the group."""
        drawn = [child for child in children if child.tag not in ("title", "defs")]
        if len(drawn) < 2:
            return
        for name in sorted(LOOK - attributes.keys() - {"opacity"}):
            values = {child.attributes.get(name, "") for child in drawn}
            if len(values) == 1 and "" not in values:
                attributes[name] = values.pop()
                for child in drawn:
                    del child.attributes[name]

    def _attributes(self, element: ElementTree.Element) -> Iterator[tuple[str, str]]:
        identifier = element.get("id", "")
        if identifier.startswith(NUMBER):
            yield "data-id", identifier.removeprefix(NUMBER)
        elif identifier in self.wanted:
            yield "id", self.prefix + identifier
        declared = [part.split(":", 1) for part in element.get("style", "").split(";") if ":" in part]
        style = {name.strip(): value.strip() for name, value in declared}
        for name, value in {**element.attrib, **style}.items():
            if name in ("href", HREF) and value.startswith("#"):
                yield "href", f"#{self.prefix}{value[1:]}"
            elif name in LOOK:
                yield name, REFERENCE.sub(lambda found: f"url(#{self.prefix}{found[1]})", value)
            elif name == "transform" and value.startswith("rotate(-0 "):
                continue  # not turned
            elif name in GEOMETRY:
                yield name, " ".join(DECIMALS.sub(lambda found: _rounded(float(found[0])), value).split())


@dataclass(frozen=True)
class _Shape:
    """A path from its own first point, and where that lies."""

    text: str
    x: str
    y: str


def _shape(d: str) -> _Shape | None:
    """A path of straight lines and cubic curves as a shape; None for others and for short ones."""
    words = d.split()
    if len(words) < 12 or words[0] != "M" or not set(filter(str.isalpha, words)) <= set("MLCz"):
        return None
    x, y = float(words[1]), float(words[2])
    origin = cycle((x, y))
    moved = [word if word.isalpha() else _rounded(float(word) - next(origin)) for word in words]
    return _Shape(" ".join(moved), _rounded(x), _rounded(y))


def _tag(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _targets(element: ElementTree.Element) -> Iterator[str]:
    """The ids that an element refers to."""
    for value in element.attrib.values():
        yield from REFERENCE.findall(value)
    for name in ("href", HREF):
        if (target := element.get(name, "")).startswith("#"):
            yield target[1:]


def _rounded(number: float) -> str:
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
