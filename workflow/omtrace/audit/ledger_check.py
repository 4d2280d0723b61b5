"""Is the ledger as it was written? Lines that were changed, put in, taken out or moved are named by their number."""

import os
from pathlib import Path

from omtrace.provenance.ledger import HEAD, LEDGER, START, Content, Entry, Head, parsed, read

LIMIT = "a ledger that was rewritten whole, with its head, is found only by a digest kept elsewhere (--ledger)"


def ledger_faults(root: str | Path = ".") -> list[str]:
    """What is wrong with the ledger, one plain line a fault; nothing where there is none."""
    root = Path(root)
    content = read(root)
    if content.head is None:
        if os.path.lexists(root / HEAD):
            return [f"{HEAD}: not what was written there; lines missing at the end of the ledger cannot be known"]
        if content.lines or content.torn:
            return [f"{HEAD}: missing; lines missing at the end of the ledger cannot be known"]
        return []
    faults = []
    if content.torn:
        number = len(content.lines) + 1
        faults.append(f"line {number}: has no line feed: a write that was cut off, or an edit")
        if number <= content.head.lines:
            content = Content([*content.lines, content.torn + b"\n"], b"", content.head)
    return faults + _Walk(content).faults()


def remarks(root: str | Path = ".") -> list[str]:
    """What is no fault, but worth knowing."""
    content = read(root)
    if content.is_one_ahead():
        return [f"{LEDGER}: {HEAD} does not name the last line yet: a job was ended there; the next line mends it"]
    return []


def holds(digest: str, root: str | Path = ".") -> int:
    """The number of the line with this sha256, 0 when no line has it."""
    content = read(root)
    return next((number for number in range(len(content.lines), 0, -1) if content.digest(number) == digest), 0)


class _Walk:
    """From the last line to the first: each line is vouched for by the digest in the next, the last by the head.

    A line with another digest was changed, unless the line that is wanted stands further up (then what is between was
    put in or moved), or fewer lines are left than there were (then some are missing).
    """

    def __init__(self, content: Content) -> None:
        assert content.head
        head = content.head
        if content.is_one_ahead():
            head = Head(len(content.lines), content.digest(len(content.lines)))
        self.digests = [content.digest(number) for number in range(len(content.lines) + 1)]
        self.entries = [Entry(), *map(parsed, content.lines)]
        self.positions: dict[str, list[int]] = {}
        for number, digest in enumerate(self.digests[1:], 1):
            self.positions.setdefault(digest, []).append(number)
        self.last = head.lines
        self.wanted = head.sha256
        self.number = head.lines  # the line's number when it was written
        self.place = len(content.lines)  # where it stands now
        self.messages: list[str] = []

    def faults(self) -> list[str]:
        """What is wrong, one line a fault, from the first line of the ledger to the last."""
        while self.place:
            position = max((p for p in self.positions.get(self.wanted, ()) if p <= self.place), default=0)
            if position:
                if position < self.place:
                    self._tell(position + 1, self.place, "put in here, or moved")
                self.place = position
                self._go_on(self._named_before())
                continue
            says = self.entries[self.place].get("line")
            if self.place < self.number and says != self.number:
                first = (says if isinstance(says, int) and 0 < says < self.number else self.place) + 1
                self._tell(first, self.number, f"missing; what came before is line {self.place} now")
                self.number, self.wanted = first - 1, self.digests[self.place]
            elif self.place > self.number and says != self.number:
                self._tell(self.place, self.place, "put in here, or moved")
                self.place -= 1
            else:
                self._changed()
        if self.number > 0:
            self._tell(1, self.number, "missing")
        elif self.number < 0:
            self.messages.append(f"{HEAD}: names fewer lines than there are")
        elif self.wanted != START:
            self._tell(1, 1, "not the first line that was written")
        return self.messages[::-1]

    def _named_before(self) -> str:
        """The digest of the line before, as this line has it; a line that is none vouches for nothing."""
        entry = self.entries[self.place]
        if not entry:
            self._tell(self.place, self.place, "cannot be read")
        return entry["previous"] if entry else self.digests[self.place - 1]

    def _changed(self) -> None:
        named = self.entries[self.place].get("previous")
        also = ""
        if self.place > 1 and named != self.digests[self.place - 1]:
            also = f"; what it says of line {self.place - 1} as well"
        if self.place == self.number == self.last:
            also += f" (or {HEAD} was)"
        self._tell(self.place, self.place, f"changed after it was written{also}")
        self._go_on(self.digests[self.place - 1])

    def _go_on(self, wanted: str) -> None:
        self.wanted = wanted
        self.place -= 1
        self.number -= 1

    def _tell(self, first: int, last: int, what: str) -> None:
        where = f"line {first}" if first == last else f"lines {first} to {last}"
        self.messages.append(f"{where}: {what}")
