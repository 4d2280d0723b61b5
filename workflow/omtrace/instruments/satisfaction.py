"""Treatment satisfaction: one item from 1 to 5."""

from omtrace.instruments import Instrument, Item, Score


def answer(items):
    """The answer itself, 1 (not at all) to 5 (entirely satisfied)."""
    return items["satisfaction"]


INSTRUMENT = Instrument(
    title="Treatment satisfaction",
    version="single item",
    source="The 2023 feasibility study (doi:10.1370/afm.22.s1.5587) prints a mean of 4.7 of 5; its instrument and "
    "anchors are not public, so the item is declared here as one answer from 1 to 5.",
    recall="the treatment",
    items=(Item("satisfaction", "satisfaction with the treatment", 1, 5),),
    scores={"answer": Score(("satisfaction",), answer, "satisfaction")},
)
