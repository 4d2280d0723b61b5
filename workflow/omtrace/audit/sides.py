"""One of two results that are compared: a folder of results, a checkout with results, or a packet."""

import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from omtrace.audit.backing import Backing
from omtrace.faults import Fault
from omtrace.model.estimate import Estimate, read_estimates
from omtrace.model.register import Export, sha256_of
from omtrace.model.slices import Stage
from omtrace.provenance.listings import FOLDER, read_listing
from omtrace.provenance.manifest import LOCK
from omtrace.provenance.recorded import RESULTS
from omtrace.report.share import NAME as SHARED
from omtrace.report.share import numbers_for
from omtrace.store import read_json


class Ambiguous(Fault):
    """A folder holds the results of several studies, and none was named."""


COMPUTING: tuple[Stage, ...] = (
    "read",
    "validate",
    "derive",
    "analyse",
)  # the stages on which an estimate depends, in their order
SOURCE = ("origin", "address", "citation", "licence")  # columns of the register that a stage may not depend on


def check_run(study: str, root: str | Path = ".") -> None:
    """Raise Fault for a study without estimates, with what makes them."""
    if not (Path(root) / RESULTS / study / "estimates.csv").is_file():
        raise Fault(f"{study}: it has no results yet; run snakemake {study} first")


@dataclass(frozen=True)
class Side:
    """The results of a study at one place.

    Parameters
    ----------
    name
        As it was given.
    study
        The study.
    root
        The folder that holds results/; raw files, lock and plan are looked for below it.
    shelf
        Removes at its end what the side was unpacked into.
    notes
        What is to be said of it: of a revision, how its numbers came about.
    is_of_now
        Whether its run is known to have run on what runs now: of a revision.
    """

    name: str
    study: str
    root: Path
    shelf: ExitStack = field(default_factory=ExitStack, repr=False)
    notes: tuple[str, ...] = ()
    is_of_now: bool = False

    @property
    def folder(self) -> Path:
        """The study's folder of results."""
        return self.root / RESULTS / self.study

    @cached_property
    def numbers(self) -> dict[str, Estimate]:
        """The estimates by id. Raises Fault where they cannot be read."""
        path = self.folder / "estimates.csv"
        if self.is_shared:
            path = self.root / SHARED
        try:
            return {number.id: number for number in read_estimates(path)}
        except (OSError, ValueError) as error:
            raise Fault(
                f"{self.name}: no estimates of {self.study} that can be read ({type(error).__name__})"
            ) from None

    @property
    def is_shared(self) -> bool:
        """Whether its numbers are those of share mode: rounded, small cells held back."""
        return not (self.folder / "estimates.csv").is_file() and (self.root / SHARED).is_file()

    def as_shared(self) -> "Side":
        """The same results as they would leave."""
        shared = replace(self)
        rows = numbers_for(self.study, self.root, share=True).rows
        shared.__dict__["numbers"] = {row.id: row for row in rows}
        return shared

    @cached_property
    def definitions(self) -> dict[str, dict]:
        """The analysis calls by digest."""
        return self._json("definitions.json")

    @cached_property
    def stages(self) -> dict[str, dict]:
        """What each stage was made of beside its input files, by stage, those that a study reads in parts together."""
        stages: dict[str, dict] = {}
        for stage in COMPUTING:
            names = sorted((self.folder / FOLDER).glob("read-*.json" if stage == "read" else f"{stage}.json"))
            parts = [self._json(f"{FOLDER}/{path.name}") for path in names]
            if parts:
                stages[stage] = parts[0]
        return stages

    @cached_property
    def plan(self) -> dict:
        """The plan as plain values, as far as an estimate depends on it."""
        whole: dict[str, object] = {}
        for content in self.stages.values():
            merge(whole, content.get("plan") or {})
        return whole

    @property
    def raw(self) -> dict[int, Export]:
        """The register's rows of the raw files that were read, by number; without their sources, where not recorded."""
        rows = self.stages.get("validate", {}).get("register", [])
        return {row["number"]: Export(**dict.fromkeys(SOURCE, "") | row) for row in rows}

    @cached_property
    def backing(self) -> Backing | None:
        """Row sets, records and cells, where they are all there: not in a packet of releasable files."""
        return Backing(self.study, self.root) if (self.folder / "rowsets.parquet").is_file() else None

    @property
    def is_edited(self) -> bool:
        """Whether the estimates are not those that the stage ``analyse`` wrote."""
        listed = read_listing(self.folder / FOLDER / "analyse.sha256").get("estimates.csv")
        return listed is not None and not self.is_shared and listed != sha256_of(self.folder / "estimates.csv")

    def lock(self) -> str:
        """The text of the lock that the results were made with, "" where it is not here."""
        path = self.root / LOCK
        wanted = self.stages.get("analyse", {}).get("environment", {}).get(LOCK)
        return path.read_text(encoding="utf-8") if path.is_file() and sha256_of(path) == wanted else ""

    def _json(self, name: str) -> dict:
        try:
            content = read_json(self.folder / name)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise Fault(f"{self.name}: {name} cannot be read ({type(error).__name__})") from None
        return content if isinstance(content, dict) else {}


def merge(whole: dict[str, object], part: Mapping[str, object]) -> None:
    """Add the leaves of nested mappings; those of later stages hold more, never others."""
    for key, value in part.items():
        if isinstance(value, dict) and isinstance(inner := whole.get(key), dict):
            merge(inner, value)
        elif key not in whole or whole[key] in ("", {}, None):
            whole[key] = value


def side_of(name: str, study: str, shelf: ExitStack) -> Side:
    """What a path names: a packet, a study's folder of results, or a folder that holds results/.

    Parameters
    ----------
    name
        The path.
    study
        Which study, where there are several; "": the only one.
    shelf
        Removes at its end what a packet is unpacked into.

    Raises
    ------
    Fault
        For a path that is none of these, or that holds several studies.
    """
    path = Path(name)
    if path.is_file():
        return _of_packet(path, study, shelf)
    if (path / "estimates.csv").is_file():
        return _of_folder(path, study, shelf)
    there = sorted(entry.parent.name for entry in (path / RESULTS).glob("*/estimates.csv"))
    if study in there or len(there) == 1:
        return Side(name, study or there[0], path, shelf)
    if there and study:
        raise Fault(f"{name}: no results of {study}: {', '.join(there)}")
    if there:
        raise Ambiguous(f"{name}: name one with --study: {', '.join(there)}")
    raise Fault(f"{name}: neither a packet nor a folder with results")


def _of_packet(path: Path, study: str, shelf: ExitStack) -> Side:
    root = unpacked(path, shelf)
    there = sorted(entry.parent.name for entry in (root / RESULTS).glob("*/manifest.json"))
    if len(there) != 1 or study not in ("", there[0]):
        raise Fault(f"{path}: holds {', '.join(there) or 'no results'}{f', not {study}' if study else ''}")
    return Side(str(path), there[0], root, shelf)


def _of_folder(path: Path, study: str, shelf: ExitStack) -> Side:
    """A study's folder, in its place below results/ or alone, under whatever name."""
    content = _stage_of(path)
    name = content or path.resolve().name
    if study not in ("", name):
        raise Fault(f"{path}: results of {name}, not of {study}")
    parent = path.resolve().parent
    if parent.name == RESULTS.name and path.resolve().name == name:
        return Side(str(path), name, parent.parent, shelf)
    root = Path(shelf.enter_context(tempfile.TemporaryDirectory(prefix="omtrace-")))
    (root / RESULTS).mkdir()
    (root / RESULTS / name).symlink_to(path.resolve())
    return Side(str(path), name, root, shelf)


def _stage_of(path: Path) -> str:
    """The study that a folder of results says it is of; "" where it does not."""
    try:
        return str(read_json(path / FOLDER / "analyse.json")["study"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def unpacked(path: Path, shelf: ExitStack) -> Path:
    """A packet's files in a temporary folder. Raises Fault for what is no packet, or has names that lead outside."""
    root = Path(shelf.enter_context(tempfile.TemporaryDirectory(prefix="omtrace-")))
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "packet.json" not in names:
                raise Fault(f"{path}: no packet of omtrace release")
            if any(name.startswith("/") or ".." in name.split("/") or "\\" in name for name in names):
                raise Fault(f"{path}: holds a file whose name leads out of it")
            archive.extractall(root)
    except (OSError, zipfile.BadZipFile) as error:
        raise Fault(f"{path}: not a packet that can be read ({type(error).__name__})") from None
    return root
