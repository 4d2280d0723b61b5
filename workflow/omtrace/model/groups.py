"""The groups of a dataset that the plan does not list: those that its records have, a new plate or batch included."""

import re
from pathlib import Path

from omtrace import store
from omtrace.faults import Fault
from omtrace.model.plan import Plan


def with_groups(plan: Plan, datasets: str | Path) -> Plan:
    """The plan with each dataset's groups filled in from results/<study>/datasets, in natural order.

    Groups that the plan lists stay as they are; then a record with another group raises Fault.
    """
    filled = {}
    for name, dataset in plan.datasets.items():
        if not dataset.group:
            continue
        rows = store.read_rows(Path(datasets) / f"{name}.parquet", "parameter", [dataset.group], ["text"])
        labels = sorted(filter(None, rows.column("text").unique().to_pylist()), key=_natural)
        if not dataset.groups:
            filled[name] = dataset.model_copy(update={"groups": {group: group for group in labels}})
        elif others := [group for group in labels if group not in dataset.groups]:
            raise Fault(
                f"plan of {plan.study}: datasets.{name}.groups: {len(others)} of the {len(labels)} groups in the data "
                f"(parameter {dataset.group}) are not listed; add them, or leave groups out to take all from the data"
            )
    return plan.model_copy(update={"datasets": {**plan.datasets, **filled}})


def _natural(text: str) -> list[tuple[bool, int | str]]:
    """Sorts Batch 2 before Batch 10."""
    return [(part.isdecimal(), int(part) if part.isdecimal() else part) for part in re.split(r"(\d+)", text) if part]
