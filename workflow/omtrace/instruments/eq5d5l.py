"""EQ-5D-5L: five dimensions in five levels, and the visual analogue scale."""

from omtrace.instruments import Instrument, Item, Score
from omtrace.instruments._sums import sum_of

# Dimension: the names that exports have for it.
DIMENSIONS = {
    "mobility": ("mobility", "mo"),
    "self-care": ("selfcare", "sc"),
    "usual activities": ("usualactivities", "usualactivity", "activities", "activity", "ua"),
    "pain or discomfort": ("paindiscomfort", "pain", "pd"),
    "anxiety or depression": ("anxietydepression", "anxiety", "ad"),
}
ITEMS = tuple(f"eq5d_{n}" for n in range(1, 6))
# What levels 2 to 5 of each dimension take off 1.
VALUES = {
    "england": (
        (0.058, 0.076, 0.207, 0.274),
        (0.050, 0.080, 0.164, 0.203),
        (0.050, 0.063, 0.162, 0.184),
        (0.063, 0.084, 0.276, 0.335),
        (0.078, 0.104, 0.285, 0.289),
    ),
    "germany": (
        (0.026, 0.042, 0.139, 0.224),
        (0.050, 0.056, 0.169, 0.260),
        (0.036, 0.049, 0.129, 0.209),
        (0.057, 0.109, 0.404, 0.612),
        (0.030, 0.082, 0.244, 0.356),
    ),
    "usa": (
        (0.096, 0.122, 0.237, 0.322),
        (0.089, 0.107, 0.220, 0.261),
        (0.068, 0.101, 0.255, 0.255),
        (0.060, 0.098, 0.318, 0.414),
        (0.057, 0.123, 0.299, 0.321),
    ),
}


def profile(items):
    """The five levels as the digits of a number: 11111, without problems, to 55555."""
    return (items * [10_000, 1000, 100, 10, 1]).sum(axis=1, min_count=len(ITEMS))


def index(country: str):
    """The value of a profile for the public of a country: 1 is full health, 0 dead."""

    def combine(items):
        taken = [items[n].map(dict(enumerate((0, *off), 1))) for n, off in zip(ITEMS, VALUES[country], strict=True)]
        return (1 - sum(taken)).round(3)

    combine.__doc__ = f"1 minus what each level takes off in the value set of {country}: 1 is full health, 0 dead."
    return combine


def same(items):
    """The answer itself."""
    return items.iloc[:, 0].astype("float64")


INSTRUMENT = Instrument(
    title="EQ-5D-5L",
    version="5 levels",
    source="Herdman 2011, doi:10.1007/s11136-011-9903-x. Value sets: England, Devlin 2018, doi:10.1002/hec.3564; "
    "Germany, Ludwig 2018, doi:10.1007/s40273-018-0615-8; USA, Pickard 2019, doi:10.1016/j.jval.2019.02.009. All five "
    "levels are needed; no value set is a usual one, so the plan names one by its score.",
    recall="today",
    items=tuple(Item(n, label, 1, 5, also=also) for n, (label, also) in zip(ITEMS, DIMENSIONS.items(), strict=True)),
    extra=(Item("eq5d_vas", "health today on a scale to 100", 0, 100, unit="points"),),
    scores={
        "profile": Score(ITEMS, profile, "EQ-5D-5L profile"),
        "levels": Score(ITEMS, sum_of, "EQ-5D-5L sum of levels"),
        **{f"index_{c}": Score(ITEMS, index(c), f"EQ-5D-5L index, value set {c}") for c in VALUES},
        **{f"level_{n}": Score((f"eq5d_{n}",), same, f"EQ-5D-5L {d}") for n, d in enumerate(DIMENSIONS, 1)},
    },
    codings={"zero_based": {str(level - 1): str(level) for level in range(1, 6)}},
    aliases=("eq5d", "eq5"),
)
