"""Stage files: all that the result of a stage depends on beside its input files, as one readable file.

``results/<study>/stages/<stage>.json`` is a declared input of the stage's rule, written while the workflow is read, and
only where its content changes. It holds the part of the plan that the stage may read, the register's rows that it uses,
and the digests of its code and of its environment. A stage reads plan and register from there and from nowhere else, so
that nothing can reach a result that is not in the file. ``diff`` of two of them says why a stage ran again.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from json.encoder import encode_basestring
from operator import attrgetter
from pathlib import Path

from omtrace import store
from omtrace.model.plan import Plan
from omtrace.model.register import Export, RawFile
from omtrace.model.slices import plain, read_slice
from omtrace.provenance.listings import text_of

CITING = ("render", "record")  # stages that say where raw files come from and how they are cited


@dataclass(frozen=True)
class StageInputs:
    """What a stage gets. ``plan``: its part of the plan; ``register``: the rows of raw files, in the file without what
    only ``CITING`` stages read; ``code``, ``environment``, ``documents``: path -> sha256 of the library's files, of the
    lock, and of what a page names; ``open_lines``: those of the plan that a person still has to settle; ``folders``:
    where plan, register and raw files lie."""

    study: str
    stage: str
    plan: Plan | None
    register: Sequence[RawFile] = field(default_factory=list)
    code: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)
    open_lines: Sequence[str] = field(default_factory=list)
    folders: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        """The content of the stage file. Mappings of the plan keep their order, which results may follow."""
        names = [entry.name for entry in fields(self)]
        texts = {name: _laid_out(plain(getattr(self, name)), 4, " ") for name in names if name != "register"}
        texts["register"] = self._rows()
        return _lines((f'"{name}": {texts[name]}' for name in names), "{}", "") + "\n"

    def _rows(self) -> str:
        """The rows of the register, a line each."""
        row = WHOLE_ROW if self.stage in CITING else RAW_ROW
        return _lines(map(row, self.register), "[]", " ")

    @property
    def digests(self) -> dict[str, str]:
        """What the report prints: name -> sha256 of plan, environment and code."""
        environment = {f"Environment, {path}": digest for path, digest in self.environment.items()}
        return {**self.documents, **environment, "code": self.code_digest}

    @property
    def code_digest(self) -> str:
        """One sha256 over names and digests of the code."""
        lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(self.code.items()))
        return hashlib.sha256(lines.encode()).hexdigest()


ENCODE = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make an encoder for each value


class RowText:
    """A row of the register as JSON. ``names``: its columns, the number first, then texts."""

    def __init__(self, names: Iterable[str]) -> None:
        self.columns = attrgetter(*names)
        self.form = "{" + ", ".join(f'"{name}": %s' for name in names) + "}"

    def __call__(self, row: RawFile) -> str:
        """The text of one row: a study of many files has them in several stage files, written at each start."""
        number, *texts = self.columns(row)
        return self.form % (number, *map(encode_basestring, texts))


WHOLE_ROW = RowText(Export.__dataclass_fields__)
RAW_ROW = RowText(RawFile.__dataclass_fields__)


def _laid_out(value: object, levels: int, margin: str = "") -> str:
    """JSON with a line an entry down to some levels, in the order given; what lies deeper stands in one line."""
    if not levels or not value or not isinstance(value, (dict, list)):
        return ENCODE(value)
    if isinstance(value, list):
        return _lines(map(ENCODE, value), "[]", margin)
    inner = margin + " "
    entries = (f"{ENCODE(name)}: {_laid_out(entry, levels - 1, inner)}" for name, entry in value.items())
    return _lines(entries, "{}", margin)


def _lines(entries: Iterable[str], brackets: str, margin: str) -> str:
    """Entries of a list or mapping, a line each."""
    text = f",\n{margin} ".join(entries)
    return f"{brackets[0]}\n{margin} {text}\n{margin}{brackets[1]}" if text else brackets


def write_stage(inputs: StageInputs, path: str | Path) -> bool:
    """Write a stage file if its content is another one than before; whether it was."""
    text = inputs.text
    if text_of(path) == text:
        return False
    store.write_text(path, text)
    return True


def read_stage(path: str | Path) -> StageInputs:
    """The inputs of a stage from its file. Rows of the register that say where a file comes from are ``Export``."""
    content = store.read_json(path)
    return StageInputs(
        **{
            **content,
            "plan": read_slice(Plan, content["plan"]) if content["plan"] else None,
            "register": [(Export if "origin" in row else RawFile)(**row) for row in content["register"]],
        }
    )
