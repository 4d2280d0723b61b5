"""``omtrace remove-study STUDY``: what ``new-study`` did, undone."""

import shutil
from dataclasses import asdict
from pathlib import Path

from omtrace.faults import Fault
from omtrace.intake.config_text import without_study
from omtrace.intake.registration import put_register
from omtrace.model.checkout import refuse_locked
from omtrace.model.folders import CONFIG, folders_of, plan_file, read_registered
from omtrace.model.register import exports_of
from omtrace.provenance.changes import HISTORY
from omtrace.provenance.ledger import append
from omtrace.provenance.recorded import RESULTS
from omtrace.store import write_text

QUERIES = Path("data/queries")


def remove_study(
    study: str, reason: str = "", results: bool = False, raw: bool = False, root: str | Path = "."
) -> list[str]:
    """Take a study out of register, configuration and plans; a line for each thing that was done.

    The ledger's line comes first, and has the rows of the register whole, so that their numbers are never given again.
    A command that was killed is finished by the next one.

    Parameters
    ----------
    study
        A study that has a plan, rows of the register, raw files, results, or a place in the configuration.
    reason
        Kept in the ledger.
    results
        Whether results, logs and the numbers kept of earlier runs are deleted.
    raw
        Whether raw files and queries are deleted.
    root
        The folder that holds results/.

    Raises
    ------
    Fault
        Where a run has the study, or a plan that was removed earlier lies in the way; nothing is changed then.
    """
    root = Path(root)
    refuse_locked(f"{RESULTS.as_posix()}/{study}", root / ".snakemake/locks")
    plan = plan_file(study, root)
    aside = {path: path.with_name(f"{path.name}.removed") for path in (plan, plan.with_suffix("")) if path.exists()}
    if there := [path for path in aside.values() if path.exists()]:
        raise Fault(*(f"{path}: there from an earlier removal; delete or rename it first" for path in there))
    done = _out_of_register(study, reason, root)
    config = root / CONFIG
    text = config.read_text(encoding="utf-8") if config.is_file() else ""
    if (shorter := without_study(text, study)) != text:
        write_text(config, shorter)
        done.append(f"{CONFIG.as_posix()}: names it no longer")
    for path, target in aside.items():
        path.rename(target)
        done.append(f"{path.relative_to(root).as_posix()}: now {target.name}")
    made = [RESULTS / study, RESULTS / f"validation/{study}.html", Path("logs", study), HISTORY / study]
    received = [Path(folders_of(root).raw, study), QUERIES / f"{study}.jsonl"]
    for paths, wanted, option in ((made, results, "--results"), (received, raw, "--raw")):
        there = [path for path in paths if (root / path).exists()]
        for path in there if wanted else ():
            shutil.rmtree(root / path) if (root / path).is_dir() else (root / path).unlink()
        state = "deleted" if wanted else f"kept ({option} deletes it)"
        done += [f"{path.as_posix()}: {state}" for path in there]
    return done


def _out_of_register(study: str, reason: str, root: Path) -> list[str]:
    """Write the line of the ledger, and the register without the rows of a study."""
    registered = read_registered(root)
    rows = exports_of(registered, study, replaced=True)
    details = {"removed": [asdict(export) for export in rows], "reason": reason}
    if not rows:
        append("remove-study", study, details, root)
        return []
    put_register("remove-study", study, details, [e for e in registered if e.study != study], root)
    return [f"{folders_of(root).register}: {len(rows)} row{'s'[: len(rows) != 1]} taken out; the ledger keeps them"]


def remove_and_print(study: str, reason: str, results: bool, raw: bool) -> None:
    """Take a study out, and print what was done."""
    print("\n".join(remove_study(study, reason, results, raw)))
    print(f"{study}: taken out; omtrace new-study {study} FILE... begins it anew")
