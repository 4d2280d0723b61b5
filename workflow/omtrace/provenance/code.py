"""Which library files a step uses, as one digest: Snakemake itself does not look into imported modules.

The closure follows ``from omtrace... import`` and ``import omtrace...`` lines, wherever in a file they stand.
Plug-ins are found by name at run time, so the caller names those that the plan asks for.
"""

import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
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
def imports_of(path: Path) -> tuple[Path, ...]:
    """The files of this package that a file imports, those of packages included."""
    files: dict[Path, None] = {}
    for source, names, plain in IMPORT.findall(COMMENT.sub("", _content(path).decode())):
        wanted = [source] if source else [name.split()[0] for name in plain.split(",") if name.split()]
        wanted += [f"{source}.{n.split()[0]}" for n in names.strip("()").replace("\\", "").split(",") if n.split()]
        for module in wanted:
            files.update(dict.fromkeys(_files_of(module)))
    return tuple(files)


@cache
def _files_of(module: str) -> tuple[Path, ...]:
    """The files that importing a module runs: its own and those of the packages that it is in."""
    parts = module.split(".")
    return tuple(file for n in range(len(parts)) if (file := _file_of(".".join(parts[: n + 1]))))


def closure(start: Iterable[Path], plugins: Iterable[str] = ()) -> list[Path]:
    """The files that scripts and plug-in modules ("part.name") use, themselves included, sorted."""
    return list(map(Path, _closure(start, plugins)))


def _closure(start: Iterable[Path], plugins: Iterable[str]) -> list[str]:
    named = [_file_of(f"omtrace.{name}") for name in plugins]
    waiting = [str(path) for path in (*start, *named) if path]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += _imported(path)
            seen.update(_templates(path))
    return sorted(seen)


@cache
def _imported(path: str) -> list[str]:
    """The files that a file imports, as texts: a start of the workflow comes by each of them many times, and the
    digest of a Path is slow."""
    return list(map(str, imports_of(Path(path))))


@cache
def _templates(path: str) -> list[str]:
    """The templates and lists of words of the package that a file begins."""
    if not path.endswith("__init__.py"):
        return []
    folders = [Path(path).parent / name for name in ("templates", "lists")]
    return [str(file) for folder in folders if folder.is_dir() for file in folder.iterdir() if file.is_file()]


def code_of(start: Iterable[Path], plugins: Iterable[str] = ()) -> dict[str, str]:
    """Path from the workflow's folder -> hex sha256, of the closure."""
    return {_name(path): _digest(path) for path in _closure(start, plugins)}


@cache
def _name(path: str) -> str:
    return Path(path).relative_to(PACKAGE.parent).as_posix()


@cache
def _digest(path: str) -> str:
    return hashlib.sha256(_content(Path(path))).hexdigest()


def library_digest(start: Iterable[Path], plugins: Iterable[str] = ()) -> str:
    """Hex sha256 over the names and contents of the closure."""
    lines = "".join(f"{digest}  {path}\n" for path, digest in code_of(start, plugins).items())
    return hashlib.sha256(lines.encode()).hexdigest()
