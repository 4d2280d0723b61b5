"""What records are: their names, their status and the raw cells behind them, but not their numbers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from omtrace.provenance.columns import Column, encoded

if TYPE_CHECKING:
    import numpy
    import pandas

WORD = "<u8"  # what is hashed beside units' names: whole numbers, and first words of digests
DIGEST = 4  # words of a sha256
BATCH = 1 << 14  # records, unless one list has more


class Contents:
    """The content of a dataset's records, each at its place: by parameter, visit and unit.

    ``place`` is indexed by a record's number: (largest number + 1,), -1 for what is no record.
    """

    def __init__(
        self, name: str, units: Sequence[str], columns: Mapping[tuple[str, str], Column], cells: "pandas.DataFrame"
    ) -> None:
        import numpy
        import pyarrow

        of = cells["record"].to_numpy(dtype="int64")  # below 0: cells that records share (``provenance/links``)
        if (of[1:] < of[:-1]).any():
            cells = cells.sort_values("record", kind="stable")
            of = cells["record"].to_numpy(dtype="int64")
        blocks = sorted(columns)
        record = numpy.concatenate([numpy.zeros(0, dtype=numpy.int64), *(columns[key].record for key in blocks)])
        size = 1 + max(record.max(initial=-1), of[-1] if len(of) else -1)
        self.place = numpy.full(size, -1, dtype=numpy.int64)
        self.place[record] = numpy.arange(len(record))
        self.units = pyarrow.array([unit.encode() for unit in units], pyarrow.large_binary())
        statuses = columns[blocks[0]].statuses.tolist() if blocks else []
        self.names = _hashes([(name, *key, status) for key in blocks for status in statuses], DIGEST)
        starts = [columns[key].status + at * len(statuses) for at, key in enumerate(blocks)]
        self.code = numpy.concatenate([numpy.zeros(0, dtype=numpy.int64), *starts])
        self._words(cells, of, size, record)

    def _words(self, cells: "pandas.DataFrame", of: "numpy.ndarray", size: int, record: "numpy.ndarray") -> None:
        """The cells of each record, two words a cell: its key, and its column with its role.

        More words than a digest has give way to their digest: a record that stands in many row sets is not hashed whole
        for each. ``of``: the record of each cell; ``size``: the largest record's number + 1.
        """
        import numpy

        (column, columns), (role, roles) = encoded(cells["column"]), encoded(cells["role"])
        named = _hashes([(one, other) for one in columns for other in roles], 1)[:, 0]
        words = numpy.empty((len(cells), 2), dtype=WORD)
        key = cells["key"].to_numpy(dtype="int64")
        words[:, 0] = key
        words[:, 1] = named.take(column * len(roles) + role)
        start = int(numpy.searchsorted(of, 0))
        rows = numpy.bincount(of[start:], minlength=size)
        first, ends = (start + numpy.cumsum(rows) - rows)[record], (start + numpy.cumsum(rows))[record]
        links = numpy.flatnonzero(key < 0)  # each stands for all cells of a set
        sets = tuple(numpy.searchsorted(of, key[links], side) for side in ("left", "right"))
        extra = numpy.bincount(of[links], sets[1] - sets[0] - 1, size).astype("int64")
        self.count = rows[record] + extra[record]
        self.first, self.size = 2 * first, numpy.minimum(2 * self.count, DIGEST)
        many = numpy.flatnonzero(2 * self.count > DIGEST)
        digests = _digests_of_rows(words, first[many], ends[many], (links, *sets))
        self.first[many] = 2 * len(cells) + DIGEST * numpy.arange(len(many))
        self.words = numpy.concatenate([words.reshape(-1), numpy.frombuffer(digests, dtype=WORD)])

    def digests(self, lists: "Sequence[numpy.ndarray]") -> list[str]:
        """The sha256 of what is at each list of places, in its order: equal lists are hashed once."""
        keys = [places.tobytes() for places in lists]
        once = dict(zip(keys, lists, strict=True))
        hashes = dict(zip(once, self._hashed(list(once.values())), strict=True))
        return [hashes[key] for key in keys]

    def _hashed(self, lists: "list[numpy.ndarray]") -> Iterator[str]:
        batch: list[numpy.ndarray] = []
        held = 0
        for places in lists:
            if batch and held + len(places) > BATCH:
                yield from self._batch(batch)
                batch, held = [], 0
            batch.append(places)
            held += len(places)
        if batch:
            yield from self._batch(batch)

    def _batch(self, lists: "list[numpy.ndarray]") -> Iterator[str]:
        """Hashed of each list: of each record a digest of names and status, the length of its unit's name and its count
        of cells; then the units' names; then the words of the cells.
        """
        import numpy
        import pyarrow

        places = numpy.concatenate(lists)
        ends = numpy.cumsum([0, *map(len, lists)])
        units = self.units.take(pyarrow.array(places % len(self.units)))
        _, starts, text = units.buffers()
        begins = numpy.frombuffer(starts, dtype=numpy.int64)[: len(units) + 1]
        size = self.size[places]
        behind = numpy.append(0, numpy.cumsum(size))
        head = numpy.empty((len(places), DIGEST + 2), dtype=WORD)
        head[:, :DIGEST] = self.names.take(self.code[places], axis=0)
        head[:, DIGEST], head[:, DIGEST + 1] = numpy.diff(begins), self.count[places]
        words = self.words.take(numpy.repeat(self.first[places] - behind[:-1], size) + numpy.arange(behind[-1]))
        parts = [head.reshape(-1).view("u1").data, memoryview(text), words.view("u1").data]
        sizes = ends * (DIGEST + 2) * 8, begins[ends], behind[ends] * 8
        bounds = [list(zip(size[:-1].tolist(), size[1:].tolist(), strict=True)) for size in sizes]
        for span in zip(*bounds, strict=True):
            hashed = sha256()
            for part, (start, end) in zip(parts, span, strict=True):
                hashed.update(part[start:end])
            yield hashed.hexdigest()


def _digests_of_rows(
    words: "numpy.ndarray",
    first: "numpy.ndarray",
    ends: "numpy.ndarray",
    links: "tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]",
) -> bytes:
    """The sha256 of the words of rows, from a first one (n,) to an end (n,), one after the other.

    ``links``: rows (rising) in whose place others stand, from a first one to an end.
    """
    import numpy

    text = words.reshape(-1).view("u1").data
    rows, starts, stops = (part.tolist() for part in links)
    low, high = numpy.searchsorted(links[0], first), numpy.searchsorted(links[0], ends)
    digests = []
    for start, end, a, b in zip(first.tolist(), ends.tolist(), low.tolist(), high.tolist(), strict=True):
        hashed = sha256()
        for link in range(a, b):
            hashed.update(text[16 * start : 16 * rows[link]])
            hashed.update(text[16 * starts[link] : 16 * stops[link]])
            start = rows[link] + 1
        hashed.update(text[16 * start : 16 * end])
        digests.append(hashed.digest())
    return b"".join(digests)


def _hashes(labels: Sequence[tuple[str, ...]], words: int) -> "numpy.ndarray":
    """The first words of the sha256 of several texts each: (n, words)."""
    import numpy

    digests = b"".join(sha256(json.dumps(texts).encode()).digest()[: 8 * words] for texts in labels)
    return numpy.frombuffer(digests, dtype=WORD).reshape(-1, words)
