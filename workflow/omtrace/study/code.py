"""Which library files a step uses, as one digest: Snakemake itself does not look into imported modules.

The closure follows ``from omtrace... import`` and ``import omtrace...`` lines, wherever in a file they stand.
Plug-ins are found by name at run time, so the caller names those that the plan asks for.
"""

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent
IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(omtrace[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|(?:\\\n|[^\n])*)|import[ \t]+(omtrace[^\n]*))",
    re.MULTILINE,
)
COMMENT = re.compile(r"#[^\n]*")


@cache
def _file_of(module: str) -> Path | None:
    """The file of a module of this package, or None for a name that is no module."""
    path = PACKAGE.joinpath(*module.split(".")[1:])
    if path.with_suffix(".py").is_file():
        return path.with_suffix(".py")
    return path / "__init__.py" if (path / "__init__.py").is_file() else None


@cache
def _content(path: Path) -> bytes:
    return path.read_bytes()


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    """The modules of this package that a file imports, packages included."""
    found: dict[str, None] = {}
    for source, names, plain in IMPORT.findall(COMMENT.sub("", _content(path).decode())):
        wanted = [source] if source else [name.split()[0] for name in plain.split(",") if name.split()]
        wanted += [f"{source}.{n.split()[0]}" for n in names.strip("()").replace("\\", "").split(",") if n.split()]
        for module in wanted:
            parts = module.split(".")
            found.update((name, None) for n in range(len(parts)) if _file_of(name := ".".join(parts[: n + 1])))
    return tuple(found)


def closure(start: Iterable[Path], plugins: Iterable[str] = ()) -> list[Path]:
    """The files that scripts and plug-in modules ("part.name") use, themselves included, sorted."""
    waiting = [*start, *(f for name in plugins if (f := _file_of(f"omtrace.{name}")))]
    seen: dict[Path, None] = {}
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen[path] = None
        waiting += [f for name in imports_of(path) if (f := _file_of(name))]
        if path.name == "__init__.py" and (path.parent / "templates").is_dir():
            seen.update((p, None) for p in (path.parent / "templates").iterdir() if p.is_file())
    return sorted(seen)


def library_digest(start: Iterable[Path], plugins: Iterable[str] = ()) -> str:
    """Hex sha256 over the names and contents of the closure."""
    digest = hashlib.sha256()
    root = PACKAGE.parent.resolve()
    for path in closure(start, plugins):
        digest.update(f"{path.resolve().relative_to(root)}\0".encode() + hashlib.sha256(_content(path)).digest())
    return digest.hexdigest()
