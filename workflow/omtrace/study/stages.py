"""Stage files: all that the result of a stage depends on beside its input files, as one readable file.

``results/<study>/stages/<stage>.json`` is a declared input of the stage's rule, written while the workflow is read, and
only where its content changes. It holds the part of the plan that the stage may read, the register's rows that it uses,
and the digests of its code and of its environment. A stage reads plan and register from there and from nowhere else, so
that nothing can reach a result that is not in the file. ``diff`` of two of them says why a stage ran again.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from omtrace import store
from omtrace.study.listings import text_of
from omtrace.study.plan import Plan
from omtrace.study.register import Export, RawFile
from omtrace.study.slices import plain, read_slice


@dataclass(frozen=True)
class StageInputs:
    """What a stage gets. ``plan``: its part of the plan; ``register``: the rows of raw files; ``code``,
    ``environment``, ``documents``: path -> sha256 of the library's files, of the lock, and of what a page names;
    ``folders``: where plan, register and raw files lie."""

    study: str
    stage: str
    plan: Plan | None
    register: Sequence[RawFile] = field(default_factory=list)
    code: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        """The content of the stage file. Mappings of the plan keep their order, which results may follow."""
        content = {entry.name: plain(getattr(self, entry.name)) for entry in fields(self)}
        content["register"] = [vars(row) for row in self.register]
        return _laid_out(content, 5) + "\n"

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


def _laid_out(value: Any, levels: int, margin: str = "") -> str:
    """JSON with a line an entry down to some levels, in the order given; what lies deeper stands in one line."""
    if not levels or not value or not isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    inner = margin + " "
    if isinstance(value, list):
        entries = [_laid_out(entry, 0) for entry in value]
    else:
        entries = [f"{json.dumps(name)}: {_laid_out(entry, levels - 1, inner)}" for name, entry in value.items()]
    opening, closing = "[]" if isinstance(value, list) else "{}"
    return f"{opening}\n{inner}" + f",\n{inner}".join(entries) + f"\n{margin}{closing}"


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
