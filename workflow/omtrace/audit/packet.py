"""One zip file with all that a reviewer needs of a study: ``omtrace release STUDY``.

It holds what the manifest names, as far as the class of a file allows it to leave, and ``verify.py``, which needs the
standard library alone. Built twice, it has the same bytes: names are sorted, and no entry has a time or an owner.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import omtrace
from omtrace.audit import crate, packet_check
from omtrace.audit.backing import Backing, lineage_lines
from omtrace.audit.verify import Difference, verify
from omtrace.classes import RELEASABLE, class_of, gate
from omtrace.faults import Fault
from omtrace.model.register import COLUMNS, sha256_of
from omtrace.plugins import plugin
from omtrace.provenance import ledger
from omtrace.provenance.listings import FOLDER as STAGES
from omtrace.provenance.listings import read_listing
from omtrace.provenance.manifest import code_folder, config_of, head_of, path_of
from omtrace.provenance.recorded import RESULTS, Manifest, folders_recorded, read_manifest
from omtrace.provenance.stages import read_stage
from omtrace.report.exports import of_numbers, written
from omtrace.report.share import numbers_for, shared_files
from omtrace.store import csv_text, write_bytes, zipped

FORMAT = 1
FOLDER = Path("releases")
LINEAGE = "lineage.jsonl"
TABLES = "tables"  # the folder of a packet in which the tables of the report are
MODES = {False: "share mode: no rows, small cells held back", True: "all files, raw data included: confidential"}
BESIDE = ("pyproject.toml", "LICENSE", "envs/pipeline.yaml")  # of the checkout; a manifest does not name them


@dataclass(frozen=True)
class Contents:
    """What leaves: name -> bytes; and the results that stay, by path."""

    files: dict[str, bytes]
    withheld: tuple[str, ...]


def release(
    study: str, to: str | Path = "", everything: bool = False, with_ledger: bool | None = None, root: str | Path = "."
) -> Path:
    """Write the packet of a study.

    Parameters
    ----------
    study
        A study that has run.
    to
        The zip file; "": ``releases/<study>.zip``.
    everything
        Whether confidential results and raw files go in as well; else numbers are those of share mode.
    with_ledger
        Whether the ledger up to the run goes in, which names accounts, machines and all other studies; None: where
        ``everything`` does.
    root
        The folder that holds results/.

    Returns
    -------
    Path
        The zip file.

    Raises
    ------
    Fault
        Where anything that the results rest on is not as the run recorded it, or a releasable file names a unit or
        is made of one that was not checked.
    """
    root = Path(root)
    with_ledger = everything if with_ledger is None else with_ledger
    manifest = read_manifest(study, root)
    refuse_unchecked(study, root)
    contents = _contents(study, manifest, everything, root)
    numbers = numbers_for(study, root, share=not everything)
    tables = of_numbers(numbers)
    files = {**contents.files, f"{TABLES}/{study}.csv": written(plugin("report.exports", "csv", "FORMAT"), tables)}
    lines = lineage_lines(Backing(study, root), numbers.rows, everything)
    files[LINEAGE] = "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines).encode()
    if not everything:
        files |= shared_files(numbers, manifest["register"])
        gate({name: [numbers.source] for name in (f"{TABLES}/{study}.csv", LINEAGE)})
        refuse_units(study, files, root)
    run = _run_line(study, root)
    if with_ledger:
        files[ledger.LEDGER.as_posix()] = b"".join(ledger.read(root).lines[: run["line"]])
    files[packet_check.ITSELF] = Path(packet_check.__file__).read_bytes()
    files[crate.README] = _readme(study, everything).encode()
    story = _story(study, manifest, files, run if with_ledger else {}, root)
    files[crate.PROV] = (json.dumps(crate.prov_json(story), indent=1, ensure_ascii=False) + "\n").encode()
    story.here[crate.PROV] = len(files[crate.PROV])
    files[crate.CRATE] = (json.dumps(crate.crate_json(story), indent=1, ensure_ascii=False) + "\n").encode()
    digest = sha256_of(path_of(study, root))
    index = {
        "format": FORMAT,
        "study": study,
        "version": omtrace.__version__,
        "mode": MODES[everything],
        "manifest": digest,
        "head": head_of({study: digest}),
        "register": manifest["folders"]["register"],
        "ledger": hashlib.sha256(ledger.read(root).lines[run["line"] - 1]).hexdigest(),
        "environment": _environment(run, root),
        "withheld": list(contents.withheld),
        "files": {name: {"sha256": hashlib.sha256(files[name]).hexdigest()} for name in sorted(files)},
    }
    files[packet_check.INDEX] = (json.dumps(index, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
    path = Path(to) if to else root / FOLDER / f"{study}.zip"
    write_bytes(path, zipped(files), confidential=everything)
    return path


def refuse_unchecked(study: str, root: str | Path = ".") -> None:
    """The gate: a file leaves only where everything that it rests on is as it was when it was made.

    Raises Fault, naming each file that is not: a raw file, the plan, the code, the lock, or a result on the way.
    """
    differences: Sequence[Difference] = verify([study], root=root).differences
    if differences:
        lines = [f"  {difference}" for difference in differences[:20]]
        more = [f"  and {len(differences) - 20} more"] if len(differences) > 20 else []
        raise Fault(
            f"{study}: nothing is released, since its results rest on what is not as the run recorded it; put it back, "
            f"or run snakemake {study}:",
            *lines,
            *more,
        )


def refuse_units(study: str, files: Mapping[str, bytes], root: str | Path = ".") -> None:
    """The gate's second half: no releasable table of results has a participant, animal or well for a cell."""
    from omtrace.audit.address import LABELLED
    from omtrace.store import csv_rows

    backing = Backing(study, root)
    datasets = {members.dataset for members in backing.members.values()}
    units = {str(unit) for dataset in datasets for unit in backing.records(dataset)["unit"].unique()}
    faults = []
    for name in sorted(files):
        if name.endswith("/estimates.csv"):
            for row in csv_rows(files[name].decode()):
                texts = {LABELLED.sub(r"\1", row[part]) for part in ("group", "level") if part in row}
                if "contrast" in row:
                    texts.add(row["contrast"])
                if texts & units:
                    number = row.get("id") or row.get("estimate_id")
                    faults.append(f"{name}: {number} of the analysis {row['analysis']} names a single unit")
    if faults:
        raise Fault(f"{study}: nothing is released; --all makes a confidential packet", *faults[:20])


def _contents(study: str, manifest: Manifest, everything: bool, root: Path) -> Contents:
    """The files that leave, as the manifest names them, without those whose class keeps them here."""
    folders = folders_recorded(study, root)
    start, code = folders.start(root), code_folder(root)
    places = {"results": root, "raw": start, "plan": start, "environment": code, "code": code}
    files, withheld = {}, []
    for kind, paths in manifest["files"].items():
        for path in paths:
            within = path.removeprefix(f"{RESULTS.as_posix()}/{study}/")
            may_leave = kind != "raw" and (kind != "results" or class_of(within) == RELEASABLE)
            if everything or may_leave:
                place = places.get(kind) or (start if (start / path).is_file() else code)
                files[path] = (place / path).read_bytes()
            else:
                withheld.append(path)
    files |= config_of(study, start)
    files[path_of(study).as_posix()] = path_of(study, root).read_bytes()
    files[folders.register] = csv_text(COLUMNS, [[row[c] for c in COLUMNS] for row in manifest["register"]]).encode()
    files |= {name: (code / name).read_bytes() for name in BESIDE if (code / name).is_file()}
    return Contents(files, tuple(withheld))


def _story(study: str, manifest: Manifest, files: Mapping[str, bytes], run: ledger.Entry, root: Path) -> crate.Story:
    """The run as PROV and the crate tell it. Without the ledger's line, its time is that of the newest raw file."""
    folder = f"{RESULTS.as_posix()}/{study}/"
    listings = {path.stem: read_listing(path) for path in sorted((root / folder / STAGES).glob("*.sha256"))}
    raw = sorted(manifest["files"]["raw"])
    digests = {path: entry["sha256"] for paths in manifest["files"].values() for path, entry in paths.items()}
    digests |= {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    newest = max((str(row["received_on"]) for row in manifest["register"]), default="")
    title = str(read_stage(root / folder / STAGES / "render.json").plan.title)  # type: ignore[union-attr]
    return crate.Story(
        study,
        title,
        omtrace.__version__,
        crate.steps_of(listings, raw, folder),
        digests,
        {name: len(content) for name, content in files.items()},
        str(run.get("time", newest)),
        str(run.get("user", "")),
    )


def _run_line(study: str, root: Path) -> ledger.Entry:
    """The line of the ledger that names the manifest. Raises Fault where there is none."""
    run = ledger.newest_run(study, root)
    if not run:
        raise Fault(f"{ledger.LEDGER}: no line names the manifest of {study}; run snakemake {study}")
    return run


def _environment(run: ledger.Entry, root: Path) -> dict[str, object]:
    """What the run ran on, without the digests of the distributions' own lists."""
    from omtrace.provenance.environment import recorded_environment

    known = recorded_environment(str(run["details"].get("environment")), root)
    installed = {name: entry[0] for name, entry in known.get("distributions", {}).items()}
    parts = ("python", "platform", "processor", "blas", "blas_threads")
    return {**{part: known.get(part) for part in parts if part in known}, "distributions": installed}


def _readme(study: str, everything: bool) -> str:
    held = (
        "It holds raw data and rows of single participants or animals, and is CONFIDENTIAL."
        if everything
        else "It holds no raw data and no rows of single participants or animals, and small cells are held back ([c])."
    )
    numbers = (
        "results/.../estimates.csv   every number; estimates_tidy.csv: a row a contrast or group"
        if everything
        else "shared/   report.html: the report; estimates.csv: every number as it is displayed, or why it is not;\n"
        "                       figures/: each figure that shows no single unit, as SVG, and the values drawn"
    )
    return f"""# The study {study}

Results, plan, code, and how each number came about. {held}

    python verify.py                   checks it (Python 3.8 or newer, no packages)
    omtrace reproduce {study}.zip      runs it again (the environment of omtrace)

What is in it:

    packet.json        every file with its sha256, the head digest, and what the run ran on
    {numbers}
    results/{study}/   definitions.json: the analysis calls; dictionary/: every field; stages/: what each step of
                       the run was made of; manifest.json: the digests of everything, also of what is not in this packet
    prov.json          the run as W3C PROV; ro-crate-metadata.json: as a Workflow Run RO-Crate
    lineage.jsonl      of each number the records behind it, and how many cells of which raw file
    tables/{study}.csv the tables of the report, a row a number, with its id
    config/            config.yaml, of this study alone; the plan; exports.csv: the register of raw files, with their
                       sha256 and source
    envs/              the environment, each package with its hashes
    workflow/          the code
    data/ledger.jsonl  where it is asked for: who ran what and when; each line holds the digest of the line before
"""
