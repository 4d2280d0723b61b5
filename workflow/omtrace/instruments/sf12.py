"""SF-12 version 1: the physical and the mental component summary by the weights of its authors."""

from omtrace.instruments import Instrument, Item, Score

ITEMS = tuple(f"sf12_{n}" for n in range(1, 13))
LABELS = (
    "general health",
    "moderate activities",
    "stairs",
    "accomplishing less, physical",
    "limited kind of work",
    "accomplishing less, emotional",
    "less careful work",
    "pain at work",
    "calm",
    "energy",
    "low mood",
    "social activities",
)
# Of each item, for the answers from 1 on: what it adds to the physical and to the mental summary.
WEIGHTS = (
    ((0, -1.31872, -3.02396, -5.56461, -8.37399), (0, -0.06064, 0.03482, -0.16891, -1.71175)),
    ((-7.23216, -3.45555, 0), (3.93115, 1.86840, 0)),
    ((-6.24397, -2.73557, 0), (2.68282, 1.43103, 0)),
    ((-4.61617, 0), (1.44060, 0)),
    ((-5.51747, 0), (1.66968, 0)),
    ((3.04365, 0), (-6.82672, 0)),
    ((2.32091, 0), (-5.69921, 0)),
    ((0, -3.80130, -6.50522, -8.38063, -11.25544), (0, 0.90384, 1.49384, 1.76691, 1.48619)),
    ((0, 0.66514, 1.36689, 2.37241, 2.90426, 3.46638), (0, -1.94949, -4.09842, -6.31121, -7.92717, -10.19085)),
    ((0, -0.42251, -1.14387, -1.61850, -2.02168, -2.44706), (0, -0.92057, -1.65178, -3.29805, -4.88962, -6.02409)),
    ((4.61446, 3.41593, 2.34247, 1.28044, 0.41188, 0), (-16.15395, -10.77911, -8.09914, -4.59055, -1.95934, 0)),
    ((-0.33682, -0.94342, -0.18043, 0.11038, 0), (-6.29724, -8.26066, -5.63286, -3.13896, 0)),
)
BEST = (56.57706, 60.75781)  # without any limitation


def summary(which: int):
    """The physical (0) or the mental (1) summary: mean 50, standard deviation 10 in the United States of 1990."""

    def combine(items):
        parts = [items[n].map(dict(enumerate(w[which], 1))) for n, w in zip(ITEMS, WEIGHTS, strict=True)]
        return BEST[which] + sum(parts)

    combine.__doc__ = f"{BEST[which]} plus the weight of each answer; the mean is 50, the standard deviation 10."
    return combine


INSTRUMENT = Instrument(
    title="SF-12",
    version="1, 4 weeks",
    source="Ware 1996, doi:10.1097/00005650-199603000-00003: weights of the answers and constants of the general "
    "population of the United States. Answers as printed, 1 yes and 2 no. A summary needs all twelve answers.",
    recall="4 weeks (none for items 1 to 3)",
    items=tuple(
        Item(name, label, 1, len(weights[0])) for name, label, weights in zip(ITEMS, LABELS, WEIGHTS, strict=True)
    ),
    scores={
        "pcs": Score(ITEMS, summary(0), "SF-12 physical summary"),
        "mcs": Score(ITEMS, summary(1), "SF-12 mental summary"),
    },
    aliases=("sf",),
)
