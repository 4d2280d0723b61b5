"""The index of all studies, and of each a page of what the checks found. Both are made of what runs have recorded."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from omtrace import store
from omtrace.provenance.listings import FOLDER as STAGES
from omtrace.provenance.recorded import FileState, Manifest
from omtrace.report.abstract import Abstract, RuleOfStudy
from omtrace.report.lineage import Step, drawn

if TYPE_CHECKING:
    from markupsafe import Markup

WORDS = {
    "stop": "stopping",
    "quarantine": "quarantined",
    "warn": "warned of",
    "note": "noted",
}  # of each severity, the worst first
SEVERITIES = list(WORDS)
STATES = ("re-opened", "open", "answered", "closed")
STEPS = {
    "validate": "Typed and checked tables",
    "derive": "Records",
    "analyse": "Numbers and their rows",
    "render": "Report and figures",
    "plates": "Plate pages",
    "record": "Manifest",
}
RUNS = 8  # shown of a study
BAR, HEIGHT = 9, 22  # of the bars of a course, in pixels
Queries = Sequence[Mapping[str, str]]  # state, rule, table, first_seen


@dataclass(frozen=True)
class Entry:
    """A study of the index: where its results lie, its abstract, its lineage, and the states of its queries."""

    study: str
    abstract: Abstract
    manifest: Manifest
    digest: str
    queries: Queries
    runs: Sequence[Mapping[str, int]] = ()

    @property
    def trend(self) -> "Trend":
        """What each rule found in the last runs."""
        return Trend(self.runs, self.abstract["rules"])

    @property
    def findings(self) -> dict[str, int]:
        """Severity -> how many cells, or rows, were found; the worst first."""
        counts: Counter[str] = Counter()
        for rule in self.abstract["rules"]:
            for findings in rule["found"]:
                counts[findings["severity"]] += findings["cells"]
        return {severity: counts[severity] for severity in SEVERITIES if counts[severity]}

    @property
    def states(self) -> dict[str, int]:
        """State -> how many queries, those that wait for an answer first."""
        counts = Counter(query["state"] for query in self.queries)
        return {state: counts[state] for state in STATES if counts[state]}

    @property
    def raw(self) -> list[tuple[str, str]]:
        """Name and sha256 of each raw export."""
        return [(Path(path).name, found["sha256"]) for path, found in self._kind("raw").items()]

    @property
    def made_with(self) -> list[tuple[str, str]]:
        """What results were made with beside raw exports: name and sha256; of the code one over all its files."""
        lines = "".join(f"{found['sha256']}  {path}\n" for path, found in sorted(self._kind("code").items()))
        others = {**self._kind("plan"), **self._kind("environment")}
        code = (f"Code, {len(self._kind('code'))} files", hashlib.sha256(lines.encode()).hexdigest())
        return [*((path, found["sha256"]) for path, found in others.items()), code]

    @property
    def steps(self) -> list[Step]:
        """From raw exports to the manifest: title, and the digest of the listing of all that the step made."""
        steps = []
        for stage, title in STEPS.items():
            listing = f"results/{self.study}/{STAGES}/{stage}.sha256"
            digest = self.digest if stage == "record" else self._kind("results").get(listing, {}).get("sha256", "")
            if digest:
                steps.append(Step(title, digest))
        return steps

    @property
    def drawing(self) -> "Markup":
        """The lineage as an SVG element."""
        return drawn(self.raw, self.made_with, self.steps)

    @property
    def found(self) -> list[dict[str, object]]:
        """A row of each rule with each table in which it found something, the worst first, with their queries."""
        pairs = [(rule, findings) for rule in self.abstract["rules"] for findings in rule["found"]]
        rows = []
        for rule, findings in sorted(pairs, key=lambda pair: SEVERITIES.index(pair[1]["severity"])):
            place = (rule["rule"], findings["table"])
            states = Counter(q["state"] for q in self.queries if (q["rule"], q["table"]) == place)
            rows.append({**rule, **findings, "states": {name: states[name] for name in STATES if states[name]}})
        return rows

    @property
    def passed(self) -> list[RuleOfStudy]:
        """The rules that found nothing."""
        return [rule for rule in self.abstract["rules"] if not rule["found"]]

    @property
    def days(self) -> list[tuple[str, int]]:
        """How many queries were first seen on a day."""
        return sorted(Counter(query["first_seen"] for query in self.queries).items())

    def _kind(self, kind: str) -> Mapping[str, FileState]:
        return self.manifest["files"].get(kind, {})


@dataclass(frozen=True)
class Trend:
    """How many cells each rule found in the runs that the ledger has, oldest first.

    Runs are numbered, since a page holds no time; ``omtrace`` and the ledger have theirs.
    """

    runs: Sequence[Mapping[str, int]]
    rules: Sequence[RuleOfStudy]

    @property
    def first(self) -> int:
        """The number of the first run shown."""
        return max(1, len(self.runs) - RUNS + 1)

    @property
    def shown(self) -> Sequence[Mapping[str, int]]:
        """The runs shown."""
        return self.runs[self.first - 1 :]

    @property
    def rows(self) -> list[dict[str, object]]:
        """A row of each rule that found something in a run shown, and of all together: counts, and their course."""
        names = [rule["rule"] for rule in self.rules]
        found = sorted(
            {rule for run in self.shown for rule in run}, key=lambda r: (r not in names, (*names, r).index(r))
        )
        counts = {rule: [run.get(rule, 0) for run in self.shown] for rule in found}
        counts["all rules"] = [sum(run.values()) for run in self.shown]
        known = {rule["rule"] for rule in self.rules if rule["found"]}
        return [
            {"rule": rule, "counts": some, "course": _course(some), "is_linked": rule in known, "word": _change(some)}
            for rule, some in counts.items()
        ]


def _change(counts: Sequence[int]) -> str:
    """What the newest run found beside the one before, in words."""
    if len(counts) < 2 or counts[-1] == counts[-2]:
        return "as before" if len(counts) > 1 else ""
    return f"{abs(counts[-1] - counts[-2]):,} {'more' if counts[-1] > counts[-2] else 'fewer'}".replace(",", "\u202f")


def _course(counts: Sequence[int]) -> "Markup":
    """Counts as a line of bars, from zero to their greatest; the newest is darker. Their numbers stand beside it."""
    from markupsafe import Markup

    top = max(counts) or 1
    bars = "".join(
        f'<rect x="{BAR * at}" y="{HEIGHT - height:g}" width="{BAR - 2}" height="{height:g}" fill="currentColor" '
        f'fill-opacity="{1 if at == len(counts) - 1 else 0.4}"/>'
        for at, height in enumerate(max(round(count / top * HEIGHT, 1), 0.6) for count in counts)
    )
    size = f'width="{BAR * len(counts)}" height="{HEIGHT}" viewBox="0 0 {BAR * len(counts)} {HEIGHT}"'
    return Markup(f'<svg class="course" aria-hidden="true" {size}>{bars}</svg>')


def write_index(
    manifests: Iterable[str | Path],
    queries: Mapping[str, Queries],
    path: str | Path,
    folder: str | Path,
    runs: Mapping[str, Sequence[Mapping[str, int]]] | None = None,
) -> None:
    """Write the index, and the page of each study's checks.

    Parameters
    ----------
    manifests
        Those of the studies to show; ``abstract.json`` lies beside each. Other paths are left aside, and so is a study
        without an abstract, whose results are of an earlier version.
    queries
        Study -> its queries.
    path, folder
        Where to write index.html, and the pages ``<study>.html``. No time and no machine is in them.
    runs
        Study -> what each rule found in each of its runs (``ledger.findings_of_runs``).
    """
    from markupsafe import Markup

    from omtrace.report.page import TEMPLATES, policy
    from omtrace.report.templated import COMPILED

    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    shared = {"policy": policy(style, ""), "style": Markup(style), "words": WORDS}
    entries = []
    for manifest in map(Path, manifests):
        abstract = manifest.with_name("abstract.json")
        if manifest.name == "manifest.json" and abstract.is_file():
            stored = {
                "open_lines": [],
                "asked": True,
                **store.read_json(abstract),
            }  # none in those of an earlier version
            content = cast(Abstract, stored)
            digest = hashlib.sha256(manifest.read_bytes()).hexdigest()
            study = content["study"]
            entries.append(
                Entry(
                    study,
                    content,
                    store.read_json(manifest),
                    digest,
                    queries.get(study, ()),
                    (runs or {}).get(study, ()),
                )
            )
    store.write_text(path, COMPILED["index.html"].render(entries=entries, **shared))
    Path(folder).mkdir(parents=True, exist_ok=True)
    for entry in entries:
        page = COMPILED["checks.html"].render(entry=entry, **shared)
        store.write_text(Path(folder) / f"{entry.study}.html", page)
