"""What the end of a run says: what to keep outside, what it covers, and which earlier numbers changed."""

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from omtrace.model.open_lines import draft_words
from omtrace.model.plan import Plan
from omtrace.model.register import sha256_of
from omtrace.model.statistics import NOT_COMPUTED
from omtrace.provenance import COVERS, COVERS_NOT, ledger
from omtrace.provenance.changes import news
from omtrace.provenance.manifest import head_of, path_of

SEVERITIES = ("stop", "quarantine", "warn", "note")


class Refusals(NamedTuple):
    """What was not computed, in words, and whether that is everything."""

    words: str
    is_all: bool


def refusals(plan: Plan, folder: str | Path) -> Refusals:
    """What the data of a study did not allow to be computed, in a line, and whether a run that leaves it ends with 1.

    "" where everything was computed. ``folder``: the study's results.
    """
    path = Path(folder) / "estimates.csv"
    if not path.is_file() or f",{NOT_COMPUTED}," not in (content := path.read_text(encoding="utf-8")):
        return Refusals("", False)
    rows = csv.DictReader(io.StringIO(content, newline=""))
    counts = Counter(row["analysis"] for row in rows if row["statistic"] == NOT_COMPUTED)
    names = {name: f"{name} (primary)" if plan.analyses[name].role == "primary" else name for name in counts}
    stops = plan.on_refusal == "stop" or (not plan.on_refusal and any(n != name for name, n in names.items()))
    listed = ", ".join(names.values())
    line = f"{plan.study}: not computed, in part or whole: {listed}; everything else was made; the report says why"
    return Refusals(line, stops)


def _findings(path: Path) -> str:
    """How many findings of each severity a study has, the worst first; "" where there are none."""
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8", newline="") as file:
        counts = Counter(row["severity"] for row in csv.DictReader(file))
    listed = [f"{counts[severity]} {severity}" for severity in SEVERITIES if counts[severity]]
    return f"; findings: {', '.join(listed)}, in {path.as_posix()}" if listed else ""


def _open(study: str, abstract: Path) -> list[str]:
    """The lines of a study's plan that are still open, under a line that says so; none for a plan that is settled."""
    lines = json.loads(abstract.read_bytes())["open_lines"] if abstract.is_file() else []
    return [f"{study}: {draft_words(lines).lower()}:", *(f"  {line}" for line in lines)] if lines else []


def _not_drawn(study: str, index: Path) -> list[str]:
    """Which figures of a study are not drawn, and why."""
    figures = json.loads(index.read_bytes()) if index.is_file() else []
    return [f"{study}: figure {f['name']}: {f['not_drawn']}" for f in figures if f.get("not_drawn")]


def closing(studies: Sequence[str], since: int, root: str | Path = ".", logs: str | Path = "logs") -> list[str]:
    """Make the lines for the end of a run.

    Parameters
    ----------
    studies
        Those that the workflow may run.
    since
        How many lines the ledger had when the run began.
    root
        The folder of the ledger; results that are not below it lie in a storage.
    logs
        The folder in which each study has its findings.

    Returns
    -------
    list of str
        Of each study that was run its report, how many findings there are, figures that are not drawn, and which lines
        of its plan are still open; the head digest and what else is to be kept. A manifest other than the one in the
        ledger is no part of the head digest; a manifest in a storage is part of it where this run has made it.
    """
    sealed: dict[str, str] = {}
    lines = []
    for study in studies:
        path, run = path_of(study, root), ledger.newest_run(study, root)
        if run and run["line"] > since and (report := path.with_name("report.html")).is_file():
            where = Path(path_of(study)).with_name(report.name).as_posix()
            lines.append(f"{study}: {where}{_findings(Path(logs, study, 'findings.csv'))}")
            lines += _not_drawn(study, report.with_name("figures") / "index.json")
            lines += _open(study, report.with_name("abstract.json"))
        recorded = run.get("details", {}).get("manifest")
        if not path.is_file():
            if isinstance(recorded, str) and run["line"] > since:
                sealed[study] = recorded
        elif recorded == (digest := sha256_of(path)):
            sealed[study] = digest
        else:
            lines.append(f"{path_of(study).as_posix()}: not sealed by the ledger; omtrace verify {study}")
    if sealed:
        content = ledger.read(root)
        number = len(content.lines)
        lines += [
            f"head digest of {', '.join(sealed)}:",
            head_of(sealed),
            f"It covers {COVERS}; not {COVERS_NOT}.",
            f"digest of {ledger.LEDGER}, line {number} and all before it:",
            content.digest(number),
            "Keep both elsewhere: omtrace verify --head DIGEST --ledger DIGEST compares everything with them.",
        ]
    return lines + news(since, root)
