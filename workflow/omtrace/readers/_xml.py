"""XML as a tree of elements that know their lines; document types and entities of their own are refused."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from omtrace.faults import Fault
from omtrace.readers._text import LIMIT

DEPTH = 100
ELEMENTS = 5_000_000


@dataclass
class Element:
    """An element: its name without a namespace, its attributes likewise, its own text, and its first and last line."""

    name: str
    attributes: dict[str, str]
    first_line: int
    last_line: int = 0
    text: str = ""
    parts: "list[Element]" = field(default_factory=list)

    def all(self, *names: str) -> "Iterator[Element]":
        """The elements of given names at any depth, in order; none within another of them."""
        for part in self.parts:
            if part.name in names:
                yield part
            else:
                yield from part.all(*names)

    def get(self, attribute: str) -> str:
        """An attribute; "" where there is none."""
        return self.attributes.get(attribute, "")

    def words(self) -> str:
        """All text within, blanks between and around put together."""
        return " ".join("".join([self.text, *(f" {part.words()}" for part in self.parts)]).split())


def tree_of(content: bytes, what: str) -> Element:
    """The root element. Raises Fault for what is no XML, is too large or deep, or declares a type or entities."""
    if len(content) > LIMIT:
        raise Fault(f"more than {LIMIT >> 20} MiB; split the export")
    parser = expat.ParserCreate()
    open_ones: list[Element] = [Element("", {}, 0)]
    count = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        line = parser.CurrentLineNumber
        if count > ELEMENTS or len(open_ones) > DEPTH:
            raise Fault(f"line {line}: more than {ELEMENTS} elements, or {DEPTH} within each other; split the export")
        plain = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        element = Element(name.rpartition(":")[2], plain, line)
        open_ones[-1].parts.append(element)
        open_ones.append(element)

    def end(_: str) -> None:
        open_ones.pop().last_line = parser.CurrentLineNumber

    def text(found: str) -> None:
        open_ones[-1].text += found

    def refused(*_: object) -> None:
        raise Fault(f"line {parser.CurrentLineNumber}: a document type, which {what} does not have; export it again")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, end, text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refused
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise Fault(f"line {error.lineno}: no {what}: {expat.ErrorString(error.code)}; export it again") from None
    except (ValueError, LookupError):
        raise Fault(f"no {what}: its encoding is not known; export it again") from None
    return open_ones[0].parts[0]
