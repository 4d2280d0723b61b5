"""The offline report: one page that shows every number with the raw cells behind it.

It reads stored results and the raw cells that a row set names; it computes no statistic.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from omtrace import store
from omtrace.faults import Fault
from omtrace.model.estimate import Estimate, read_estimates
from omtrace.model.plan import Plan
from omtrace.model.register import Export, exports_of
from omtrace.provenance.links import written_out

if TYPE_CHECKING:
    import pyarrow

Content = TypeVar("Content")
AGAIN = "run snakemake again"


def write_report(
    plan: Plan,
    exports: Sequence[Export],
    folder: str | Path,
    root: str | Path = ".",
    digests: Mapping[str, str] | None = None,
    open_lines: Sequence[str] = (),
) -> Path:
    """Write report.html, its abstract and the tidy estimates from a study's stored results; return the report's path.

    ``exports``: the register's rows (of any study); ``root``: where raw paths start; ``digests``: name -> sha256 of
    what is printed beside the results; ``open_lines``: those of the plan, which make it a draft. Raises Fault where a
    result is missing or does not fit the others.
    """
    from omtrace.readers.lookup import raw_cells
    from omtrace.report.abstract import abstract_of
    from omtrace.report.layout import Exclusions, laid_out
    from omtrace.report.page import page_of
    from omtrace.report.payload import WITHHELD, Payload, Stored
    from omtrace.report.results import numbers_of, rows_of, shortened
    from omtrace.report.tidy import write_tidy

    mine = exports_of(exports, plan.study)
    results = Results(Path(folder), plan.study)
    every = rows_of(plan, results.read(read_estimates, "estimates.csv"))
    definitions = worded(plan, results.read(store.read_json, "definitions.json"))
    write_tidy(plan, every, definitions, results.folder)
    page = shortened(every)
    numbers = numbers_of(plan, every, page.ids)
    names = sorted({plan.analyses[number.analysis].dataset for number in numbers.values()})
    places = results.table("validated/places.parquet")
    quarantine = results.table("validated/quarantine.parquet").to_pydict()
    taken = set(zip(quarantine["key"], quarantine["column"], strict=True))
    stored = Stored(
        results.table("rowsets.parquet"),
        places,
        {name: results.table(f"datasets/{name}.parquet") for name in names},
        lambda name, records: written_out(results.table(f"datasets/{name}.cells.parquet"), records),
        lambda wanted: raw_cells(plan, mine, wanted, root) | dict.fromkeys(taken & set(wanted), WITHHELD),
    )
    payload = Payload(plan, mine, stored).build(numbers, definitions)
    content = {
        "plan": plan,
        **_inputs(results, mine, places),
        **shown_of(plan, numbers, definitions, page.parts),
        "digests": digests or {},
        "open_lines": open_lines,
    }
    store.write_json(results.folder / "abstract.json", abstract_of(plan, content))
    content["groups"] = laid_out(plan, content["groups"], _figures(results, every), Exclusions(payload))
    path = results.folder / "report.html"
    store.write_text(path, page_of(content, {"report": f"{results.name}/report.html", **payload}))
    return path


class Results:
    """The stored results of a study. Reading raises Fault, with the path, where one is missing or not readable."""

    def __init__(self, folder: Path, study: str) -> None:
        self.name = f"results/{study}"  # as a reader knows it, wherever the job has it
        self.folder = folder

    def read(self, reader: Callable[[Path], Content], name: str) -> Content:
        """A file below the study's folder, read by ``reader``."""
        try:
            return reader(self.folder / name)
        except FileNotFoundError:
            raise Fault(f"{self.name}/{name}: missing; {AGAIN}") from None
        except (OSError, ValueError) as error:
            raise Fault(f"{self.name}/{name}: not readable ({type(error).__name__}); {AGAIN}") from None

    def table(self, name: str) -> "pyarrow.Table":
        """A Parquet table below the study's folder, as ``store.read_coded`` gives it."""
        return self.read(store.read_coded, name)


def worded(plan: Plan, definitions: Mapping[str, dict]) -> dict[str, dict]:
    """The analysis calls by digest, names in their words replaced by the plan's labels."""
    from omtrace.analyses._shown import level_shown

    return {
        digest: {**call, "words": level_shown(call["words"], plan.datasets[plan.analyses[call["analysis"]].dataset])}
        for digest, call in definitions.items()
    }


def shown_of(
    plan: Plan, numbers: Mapping[str, Estimate], definitions: Mapping[str, dict], without: Mapping
) -> dict[str, Any]:
    """What the page shows of a study's numbers, beside figures and inputs."""
    from omtrace.report.answers import asked_of
    from omtrace.report.checklists import checklists_of
    from omtrace.report.methods import methods_of
    from omtrace.report.published import comparisons_of
    from omtrace.report.results import by_role, sections_of
    from omtrace.report.summary import summary_of

    groups = by_role(sections_of(plan, numbers, definitions, without), asked_of(plan))
    summary = summary_of(plan, numbers, definitions)
    return {
        "numbers": numbers,
        "groups": groups,
        "summary": summary,
        "titles": {name: entry.title for name, entry in plan.analyses.items()},
        "methods": methods_of(plan, definitions),
        "published": comparisons_of(plan, numbers),
        "checklists": checklists_of(plan, numbers),
    }


def _inputs(results: Results, exports: Sequence[Export], places: "pyarrow.Table") -> dict[str, Any]:
    from omtrace.report.inputs import (
        conservation_shown,
        exports_shown,
        findings_shown,
        left_out_shown,
        quarantine_shown,
    )

    decisions = results.read(store.read_json, "validated/decisions.json")
    quarantine = results.table("validated/quarantine.parquet").to_pydict()
    return {
        "exports": exports_shown(exports, decisions, places, quarantine),
        "left_out": left_out_shown(exports, decisions, quarantine),
        "conservation": conservation_shown(results.read(store.read_csv, "validated/conservation.csv")),
        "quarantine": quarantine_shown(quarantine, places),
        "repairs": results.read(store.read_csv, "validated/repairs.csv"),
        "findings": findings_shown(results.read(store.read_csv, "validated/findings.csv")),
    }


def _figures(results: Results, numbers: Collection[str]) -> list[dict]:
    """The figures with their images. Raises Fault for a figure that shows an unknown number."""
    from markupsafe import Markup

    from omtrace.report.inline_svg import inlined

    figures = results.read(store.read_json, "figures/index.json")
    for figure in figures:
        unknown = sorted(set(figure["numbers"]) - set(numbers))
        if unknown:
            raise Fault(f"{results.name}/figures/index.json: {figure['name']} shows {unknown[0]}, no estimate; {AGAIN}")
        svg = results.read(Path.read_bytes, f"figures/{figure['name']}.svg")
        figure |= {"image": Markup(inlined(svg, figure["name"], figure["alt"])), "held_back": "", "has_files": True}
    return figures
