"""R's serialised objects, read without R: vectors, lists, data frames and their attributes.

Format: R Internals, section "Serialization Formats" (versions 2 and 3, binary XDR), and the classes of ALTREP that R
3.5 and later write for sequences, for texts of numbers and for wrapped vectors. Code of R is read over and never run.
"""

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy

DEPTH = 200
NA = -(2**31)
NOTHING = {254, 253, 252, 251, 242, 241, 247}  # NULL and the environments that have no content
VECTORS = {10: ">i4", 13: ">i4", 14: ">f8", 15: ">c16", 24: "u1"}
PAIRS = {2, 3, 5, 6, 17, 239, 240}  # pair lists, code, promises: attributes, tag, value, and the rest


class Damaged(ValueError):
    """What is wrong with the bytes."""


@dataclass
class Object:
    """An R object. ``kind``: its type in R's numbers; ``value``: an array, a list, texts (None: NA), or nothing."""

    kind: int
    value: Any = None
    attributes: "dict[str, Object]" = field(default_factory=dict)

    @property
    def classes(self) -> list[str]:
        """What R's class() gives, where it is set."""
        return [text for text in self.texts("class") if text]

    def texts(self, attribute: str) -> list[str | None]:
        """The texts of an attribute; none where it is no vector of texts."""
        found = self.attributes.get(attribute)
        return list(found.value) if found is not None and found.kind == 16 else []

    @property
    def names(self) -> list[str]:
        """The names of its elements."""
        return [text or "" for text in self.texts("names")]


def loaded(content: bytes) -> dict[str, Object]:
    """Name -> object of a file of ``save`` (rda), and "" -> object of one of ``saveRDS``. Raises Damaged."""
    several = content[:5] in (b"RDX2\n", b"RDX3\n")
    try:
        stream = _Stream(content[5:] if several else content)
        whole = stream.item()
    except Damaged:
        raise
    except (struct.error, ArithmeticError, LookupError, ValueError, TypeError, AttributeError, StopIteration):
        raise Damaged("the bytes end, or make no sense") from None
    except (RecursionError, MemoryError):
        raise Damaged("the bytes make no sense") from None
    if not several:
        return {"": whole}
    return dict(whole.value) if whole.kind == 2 else {}


class _Stream:
    def __init__(self, content: bytes) -> None:
        if content[:2] != b"X\n":
            raise Damaged("not in R's binary format; save it anew with the defaults of save or saveRDS")
        self.content, self.at, self.depth = content, 2, 0
        self.seen: list[Object] = []
        version, _, _ = (self.integer() for _ in range(3))
        self.encoding = self.bytes(self.integer()).decode("ascii", "replace") if version == 3 else ""
        if version not in (2, 3):
            raise Damaged(f"format version {version}; save it anew with version = 3")

    def bytes(self, length: int) -> bytes:
        if length < 0 or self.at + length > len(self.content):
            raise IndexError
        self.at += length
        return self.content[self.at - length : self.at]

    def integer(self) -> int:
        return int(struct.unpack(">i", self.bytes(4))[0])

    def length(self) -> int:
        found = self.integer()
        return (self.integer() << 32) + self.integer() if found == -1 else found

    def item(self) -> Object:
        self.depth += 1
        if self.depth > DEPTH:
            raise Damaged(f"nested more than {DEPTH} deep")
        try:
            flags = self.integer()
            return self._of(flags & 0xFF, flags)
        finally:
            self.depth -= 1

    def _of(self, kind: int, flags: int) -> Object:
        if kind in NOTHING:
            return Object(254)
        if kind == 255:
            return self.seen[(flags >> 8 or self.integer()) - 1]
        if kind == 1:
            self.seen.append(Object(1, self.item().value))
            return self.seen[-1]
        if kind in (248, 249, 250):  # the name of a namespace or a package
            made = self._kept(4)
            self.integer()
            for _ in range(self.integer()):
                self.item()
            return made
        if kind == 4:
            made = self._kept(4)
            self.integer()
            for _ in range(4):
                self.item()
            return made
        if kind in PAIRS:
            return self._pairs(kind, flags)
        if kind == 238:
            return self._alternative()
        if kind == 9:
            return Object(9, self._text(self.integer(), flags >> 12))
        return self._vector(kind, flags)

    def _kept(self, kind: int) -> Object:
        self.seen.append(Object(kind))
        return self.seen[-1]

    def _pairs(self, kind: int, flags: int) -> Object:
        """A pair list: name -> object, read without recursion along its length."""
        made = Object(2 if kind in (2, 239) else 6)
        found: dict[str, Object] = {}
        while True:
            attributes = self.item() if flags & 0x200 else None
            tag = self.item() if flags & 0x400 else None
            name = str(tag.value) if tag is not None and tag.kind == 1 else f"[{len(found)}]"
            found[name] = self.item()
            made.attributes = made.attributes or (pairs_of(attributes) if attributes else {})
            flags = self.integer()
            if flags & 0xFF not in PAIRS:
                self._of(flags & 0xFF, flags)
                made.value = found
                return made

    def _text(self, length: int, gp: int) -> str | None:
        if length == -1:
            return None
        content = self.bytes(length)
        try:
            return content.decode("latin-1" if gp & 4 else "utf-8")
        except UnicodeDecodeError:
            return content.decode("cp1252", "replace")

    def _vector(self, kind: int, flags: int) -> Object:
        if kind == 25:  # S4: attributes alone
            return Object(kind, None, self._attributes(flags))
        length = self.length()
        if kind in VECTORS:
            size = numpy.dtype(VECTORS[kind]).itemsize
            made = Object(kind, numpy.frombuffer(self.bytes(length * size), VECTORS[kind]))
        elif kind == 16:
            texts = [self.item() for _ in range(self._possible(length))]
            if any(text.kind != 9 for text in texts):
                raise Damaged("a text that is none")
            made = Object(kind, [text.value for text in texts])
        elif kind in (19, 20):
            made = Object(kind, [self.item() for _ in range(self._possible(length))])
        else:
            raise Damaged(f"an object of type {kind}, which no data frame holds; save the data frame alone")
        made.attributes = self._attributes(flags)
        return made

    def _possible(self, length: int) -> int:
        """A number of elements, each of 4 bytes at least."""
        if length < 0 or 4 * length > len(self.content) - self.at:
            raise IndexError
        return length

    def _attributes(self, flags: int) -> dict[str, Object]:
        return pairs_of(self.item()) if flags & 0x200 else {}

    def _alternative(self) -> Object:
        """A vector that R keeps in another form: a sequence, texts of numbers, or one that is wrapped."""
        info, state, attributes = self.item(), self.item(), self.item()
        name = str(next(iter(info.value.values())).value)
        if name in ("compact_intseq", "compact_realseq"):
            n, start, step = state.value.tolist()
            kind = 13 if name == "compact_intseq" else 14
            if not 0 <= n <= 10**8:
                raise Damaged("a sequence of impossible length")
            made = Object(kind, numpy.arange(int(n)) * step + start)
        elif name == "deferred_string":
            made = Object(16, [number_text(one) for one in next(iter(state.value.values())).value.tolist()])
        elif name.startswith("wrap_"):
            inner = state.value[0] if isinstance(state.value, list) else next(iter(state.value.values()))
            made = Object(inner.kind, inner.value, inner.attributes)
        else:
            raise Damaged(f"a vector of the class {name}; save it anew after data.frame(lapply(x, identity))")
        made.attributes = {**made.attributes, **pairs_of(attributes)}
        return made


def pairs_of(found: Object) -> "dict[str, Object]":
    """The entries of a pair list; none of anything else."""
    return dict(found.value) if isinstance(found.value, dict) else {}


def number_text(value: float) -> str | None:
    """A number in its shortest text, whole ones without a point; None for what is missing."""
    if value != value or value == NA:
        return None
    return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(value)
