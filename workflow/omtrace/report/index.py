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
Queries = Sequence[Mapping[str, str]]  # state, rule, table, first_seen


@dataclass(frozen=True)
class Entry:
    """A study of the index: where its results lie, its abstract, its lineage, and the states of its queries."""

    study: str
    abstract: Abstract
    manifest: Manifest
    digest: str
    queries: Queries

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


def write_index(
    manifests: Iterable[str | Path], queries: Mapping[str, Queries], path: str | Path, folder: str | Path
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
            entries.append(Entry(study, content, store.read_json(manifest), digest, queries.get(study, ())))
    store.write_text(path, COMPILED["index.html"].render(entries=entries, **shared))
    Path(folder).mkdir(parents=True, exist_ok=True)
    for entry in entries:
        page = COMPILED["checks.html"].render(entry=entry, **shared)
        store.write_text(Path(folder) / f"{entry.study}.html", page)
