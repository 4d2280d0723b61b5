"""Answers to the questionnaires, drawn towards a wanted severity, and the columns that hold them.

Items are whole codes, as a participant ticks them. Calibration: chronic and episodic migraine populations as
printed by Yang 2011 (HIT-6, doi:10.1177/0333102410379890), Bagley 2012 (MSQ, Headache 52:409) and, for the
correlation of HIT-6 and MIDAS of about 0.5, CHORD (Headache 2010;50:383). MIDAS is only known to be strongly
skewed: its median here is a choice.
"""

import math
from datetime import date
from typing import Any, NamedTuple

from omtrace.simulate.streams import Stream, nearest, power, within

# Weights of the HIT-6 answers never, rarely, sometimes, very often, always.
HIT6_WEIGHTS = {1: 6, 2: 8, 3: 10, 4: 11, 5: 13}
HIT6 = [f"hit6_{n}" for n in range(1, 7)]
MSQ = [f"msq_{n}" for n in range(1, 15)]
MIDAS = [f"midas_{n}" for n in range(1, 6)]

HIT6_COLUMNS = ["hit6_on", *HIT6, "hit6_total", "hit6_complete"]
MSQ_COLUMNS = [*MSQ, "msq_complete"]
MIDAS_COLUMNS = [*MIDAS, "midas_a", "midas_b", "midas_complete"]
SATISFACTION_COLUMNS = ["satisfaction", "satisfaction_complete"]

CHRONIC, EPISODIC = 2, 1
HIT6_POPULATION = {CHRONIC: (62.5, 7.8), EPISODIC: (60.2, 6.8)}
# Mean and SD of the three MSQ domains, 0 to 100, higher is better; items 1-7, 8-11, 12-14.
MSQ_POPULATION = {
    CHRONIC: ((44.4, 22.1), (61.4, 26.1), (48.3, 28.1)),
    EPISODIC: ((56.5, 24.1), (71.7, 24.0), (67.2, 26.7)),
}
MSQ_ITEMS = (7, 4, 3)
MIDAS_MEDIAN = {CHRONIC: 40.0, EPISODIC: 20.0}
MIDAS_SHARES = (0.12, 0.24, 0.20, 0.24, 0.20)
MIDAS_DAYS = 90

Answers = dict[str, Any]


def hit6_total(codes: list[int]) -> int:
    """The total of six answers: 36 to 78."""
    return sum(HIT6_WEIGHTS[code] for code in codes)


def hit6_answers(stream: Stream, target: float, on: date, status: int = 2) -> Answers:
    """Six answers with a total as near to the target as single steps get, uneven over the items."""
    wanted = nearest(within(target, 36, 78))
    middle = 1 + 4 * (wanted - 36) / 42
    codes = [nearest(within(middle + stream.normal(0, 0.7), 1, 5)) for _ in HIT6]
    while True:
        gap = wanted - hit6_total(codes)
        step = 1 if gap > 0 else -1
        nearer = []
        for item, code in enumerate(codes):
            moved = HIT6_WEIGHTS.get(code + step)
            if moved is not None and abs(gap - (moved - HIT6_WEIGHTS[code])) < abs(gap):
                nearer.append(item)
        if not nearer:
            break
        codes[stream.pick(nearer)] += step
    return {
        "hit6_on": on,
        **dict(zip(HIT6, codes, strict=True)),
        "hit6_total": hit6_total(codes),
        "hit6_complete": status,
    }


def msq_answers(stream: Stream, kind: int, burden: float, status: int = 2) -> Answers:
    """Fourteen answers, 1 (none of the time) to 6, for a burden in SD of the population."""
    codes = []
    for items, (mean, sd) in zip(MSQ_ITEMS, MSQ_POPULATION[kind], strict=True):
        level = 6 - mean / 20 + sd / 20 * (0.95 * burden + 0.3 * stream.normal())
        codes += [nearest(within(level + stream.normal(0, 0.6), 1, 6)) for _ in range(items)]
    return {**dict(zip(MSQ, codes, strict=True)), "msq_complete": status}


class Disability(NamedTuple):
    """What MIDAS asks about: burden in SD of the population, headache days in three months, whether there is work."""

    burden: float
    headache_days: float
    works: bool


def midas_answers(stream: Stream, kind: int, disability: Disability, status: int = 2) -> Answers:
    """Five day counts, log-normal in sum; work items 0 without work; headache days in three months; pain."""
    burden, headache_days, works = disability
    total = within(MIDAS_MEDIAN[kind] * power(math.e, 0.85 * burden), 0, 240)
    shares = [share * power(math.e, stream.normal(0, 0.5)) for share in MIDAS_SHARES]
    if not works:
        shares[:2] = [0.0, 0.0]
    scale = total / sum(shares)
    days = [nearest(within(share * scale, 0, MIDAS_DAYS)) for share in shares]
    days[1] = min(days[1], MIDAS_DAYS - days[0])
    days[3] = min(days[3], MIDAS_DAYS - days[2])
    had = nearest(within(headache_days + stream.normal(0, 5), max(3, *days), MIDAS_DAYS))
    pain = nearest(within(6.3 + 0.7 * burden + stream.normal(0, 1), 2, 10))
    return {**dict(zip(MIDAS, days, strict=True)), "midas_a": had, "midas_b": pain, "midas_complete": status}


def related(stream: Stream, severity: float, correlation: float) -> float:
    """A standard normal quantity correlated with a severity."""
    return correlation * severity + round(math.sqrt(1 - correlation * correlation), 9) * stream.normal()
