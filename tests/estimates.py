"""Estimates for tests: some columns given, the others empty."""

from omtrace.model.estimate import COLUMNS, Estimate


def estimate(**given) -> Estimate:
    """An estimate by the names of its columns and further attributes."""
    cells = dict.fromkeys(COLUMNS.values(), "") | {"decimals": 0}
    return Estimate(**cells | {COLUMNS.get(name, name): value for name, value in given.items()})
