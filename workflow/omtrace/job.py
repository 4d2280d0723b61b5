"""What the script of every rule does around its one call."""

import gc
import marshal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from glob import escape
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, NoReturn

from omtrace.faults import REFUSED, Fault, plain_line
from omtrace.warm_start import hand_over

PACKAGE = Path(__file__).resolve().parent
HEADER = 16  # bytes before the code in a file of byte code
INTERRUPTED = 130  # the exit code of a shell's command after Ctrl-C


@dataclass(frozen=True)
class Job:
    """A job as its script sees it: what Snakemake hands over, the stage's inputs, and the study's folder of results."""

    snakemake: Any

    @cached_property
    def inputs(self) -> Any:
        """The inputs of the stage, from its stage file (``study.stages.StageInputs``)."""
        from omtrace.provenance.stages import read_stage

        return read_stage(self.snakemake.input.stage)

    @property
    def folder(self) -> Path:
        """The study's folder of results, wherever Snakemake keeps it."""
        return Path(self.snakemake.output.listing).parent.parent

    @property
    def home(self) -> Path:
        """The folder that holds results/ and the ledger; stage files are below it, wherever the results are."""
        return Path(self.snakemake.input.stage).parents[3]

    @property
    def place(self) -> Any:
        """Where the results and the stage files of the study are (``lineage.manifest.Place``), for its manifest."""
        from omtrace.model.folders import Folders
        from omtrace.provenance.manifest import Place

        results, stages = self.snakemake.output.manifest, self.snakemake.input.stage
        return Place(Path(results).parent, Path(stages).parent, Folders(**self.inputs.folders))


@contextmanager
def recorded(snakemake: Any) -> Iterator[Job]:
    """Run a job's call, its imports included: a Fault, and what the disk refuses, become lines on stderr and in the
    job's log, and exit code 1, never a traceback; Ctrl-C ends it in silence. The job runs in a process that has the
    libraries, where there is one (see ``warm_start``).

    An output ``listing`` is written here, last: the digest of each file that the job made. Fails if the imported
    package belongs to another checkout, or has byte code that does not match its source.
    """
    log = Path(snakemake.log[0])
    try:
        if (code := hand_over()) is not None:
            sys.exit(code)
        log.parent.mkdir(parents=True, exist_ok=True)
        # A killed job leaves the temporary files of unfinished writes. Snakemake clears only outputs that are folders.
        for path in map(Path, (*snakemake.output, *snakemake.log)):
            for left in path.parent.glob(f".{escape(path.name)}.*.part"):
                left.unlink(missing_ok=True)
        # A job makes many objects, keeps most, and ends soon: Python looks for cycles less often than it would.
        gc.set_threshold(50_000, 20, 100)
        job = Job(snakemake)
        if PACKAGE.parent != Path(snakemake.scriptdir).resolve().parent:
            raise Fault(f"the omtrace package imported is {PACKAGE}, not this checkout's; run make env here")
        yield job
        _refuse_foreign_byte_code()
        _list_outputs(job)
        log.write_text("finished\n", encoding="utf-8")
        sys.stderr.write(f"{snakemake.wildcards.get('study', 'all studies')}: {snakemake.rule} finished\n")
    except Fault as fault:
        _end(fault.lines, log)
    except OSError as error:
        if error.errno not in REFUSED:
            raise
        _end([plain_line(error)], log)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _end(lines: Sequence[str], log: Path) -> NoReturn:
    """End the job with error messages on stderr and, if possible, in the job's log."""
    text = "".join(f"omtrace: {line}\n" for line in lines)
    sys.stderr.write(text)
    with suppress(OSError):  # the disk that is full, say
        log.write_text(text, encoding="utf-8")
    sys.exit(1)


def print_faults(folder: Path, since: float) -> None:
    """Print the faults that jobs of other machines wrote to their logs below ``folder`` after ``since`` (seconds)."""
    for log in sorted(folder.rglob("*.log")):
        if log.stat().st_mtime >= since:
            lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
            sys.stderr.writelines(line for line in lines if line.startswith("omtrace: "))


def _refuse_foreign_byte_code() -> None:
    """The workflow removes the package's byte code before a run, and the package writes none: what is there is new."""
    for path in [Path(file) for module in list(sys.modules.values()) if (file := _source_file(module))]:
        cached = Path(cache_from_source(path))
        if cached.is_file() and not _is_of(cached, path):
            raise Fault(
                f"{cached}: byte code that is not that of {path.name}; it came while this run was going: "
                "run snakemake again, which removes it"
            )


def _source_file(module: Any) -> str:
    file = getattr(module, "__file__", None) or ""
    return file if file.startswith(f"{PACKAGE}/") and file.endswith(".py") else ""


def _is_of(cached: Path, source: Path) -> bool:
    try:
        code = compile(source.read_bytes(), source, "exec", dont_inherit=True)
        return bool(marshal.loads(cached.read_bytes()[HEADER:]) == code)
    except (OSError, ValueError, EOFError, TypeError, SyntaxError):
        return False


def _list_outputs(job: Job) -> None:
    """Write the listing of what the job made, if its rule has one."""
    from omtrace.provenance.listings import listing
    from omtrace.store import write_text

    outputs = dict(job.snakemake.output.items())
    if "listing" in outputs:
        before = [job.snakemake.input.stage, *(path for path in job.snakemake.input if path.endswith(".sha256"))]
        made = [path for name, path in outputs.items() if name != "listing"]
        write_text(outputs["listing"], listing(before, made, job.folder))
