"""A made-up scale of three items."""

from typing import TYPE_CHECKING

from omtrace.instruments import Instrument, Item, Score

if TYPE_CHECKING:
    import pandas

ITEMS = ("rest_1", "rest_2", "rest_3")


def doubled(items: "pandas.DataFrame") -> "pandas.Series":
    """Twice the sum of the three items."""
    return 2 * items.sum(axis=1)


INSTRUMENT = Instrument(
    title="Made-up rest scale",
    version="1",
    source="made up for a test",
    recall="now",
    items=tuple(Item(name, f"made-up item {name[-1]}", 0, 3) for name in ITEMS),
    scores={"doubled": Score(ITEMS, doubled, "rest, doubled")},
    codings={"words": {"no": "0", "a bit": "1", "rather": "2", "very": "3"}},
)
