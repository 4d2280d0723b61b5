"""The experimental unit: comparisons that would take smaller units for independent ones are refused."""

from omtrace.analyses import Call, Method
from omtrace.faults import Fault

NAMING = ("random", "cluster", "clusters")  # options that say which units belong together


def guard(where: str, method: Method, call: Call) -> None:
    """Raise Fault for a method that takes a dataset's units for independent, where several belong to one of the plan's
    experimental units, and neither a random effect nor a cluster says so.
    """
    dataset = call.dataset
    unit = dataset.experimental_unit
    if unit is None or not unit.parameter or method.units == "any":
        return
    named = [getattr(call.options, option, ()) for option in NAMING]
    texts = [text for value in named for text in ([value] if isinstance(value, str) else value or ())]
    if unit.parameter in (part for text in texts for part in text.split("/")):
        return
    raise Fault(
        f"{where}: {call.entry.method} would take each {dataset.unit} for a unit of its own, but the experimental unit "
        f"is the {unit.what}; use method: mixed_model with random: [{unit.parameter}], or a dataset of one record a "
        f"{unit.what}, with values averaged within it (derive: mean)"
    )
