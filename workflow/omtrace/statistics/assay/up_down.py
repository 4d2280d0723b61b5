"""The 50 % threshold of a series of stimuli that went up after no response and down after one (Dixon's method).

threshold = 10^(Xf + k delta) / 10^4 grams, with Xf = log10(10^4 x the last filament's grams) and delta the mean step
of the filaments in log10 (Dixon 1980, Annu Rev Pharmacol Toxicol 20:441; Chaplan 1994, J Neurosci Methods 53:55). k is
not looked up: it is the maximum likelihood estimate of the mean, in steps from the last stimulus, of a normal
threshold whose SD is one step (Brownlee 1953, J Am Stat Assoc 48:262; Dixon 1965, J Am Stat Assoc 60:967), which is
what Dixon's table holds, to three decimals.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from scipy.optimize import brentq
from scipy.special import log_ndtr

RESPONSES = ("O", "X")  # no response, response
AFTER = 4  # responses after the first change, in Chaplan's and the PSPP's protocol
NO_CHANGE = "no change of response"
ORDER = "a filament that the responses before do not lead to"
MORE, FEWER = "more responses after the first change than the protocol has", "fewer responses than the protocol has"


def dixon_k(responses: Sequence[str]) -> float:
    """k of a series such as O, X, O, O: steps from the last stimulus to the threshold.

    Raises ValueError for fewer than two kinds of response: then the likelihood has no maximum.
    """
    if set(responses) != set(RESPONSES):
        raise ValueError(NO_CHANGE)
    at, place = [0.0], 0.0
    for response in responses[:-1]:
        place += 1 if response == "O" else -1
        at.append(place)
    sign = [1.0 if response == "X" else -1.0 for response in responses]

    def slope(mean: float) -> float:
        """Derivative of the log likelihood, falling in the mean."""
        z = [s * (x - mean) for s, x in zip(sign, at, strict=True)]
        density = [math.exp(-v * v / 2 - float(log_ndtr(v))) / math.sqrt(2 * math.pi) for v in z]
        return -sum(s * d for s, d in zip(sign, density, strict=True))

    low, high = min(at) - 10, max(at) + 10
    return float(brentq(slope, low, high, xtol=1e-13)) - at[-1]


def step_of(filaments: Sequence[float]) -> float:
    """The mean difference of the filaments' log10 forces. Raises ValueError unless there are two, ascending."""
    if len(filaments) < 2 or any(not 0 < a < b for a, b in zip(filaments, filaments[1:], strict=False)):
        raise ValueError("filaments are two forces or more, the weakest first")
    return (math.log10(filaments[-1]) - math.log10(filaments[0])) / (len(filaments) - 1)


class Threshold(NamedTuple):
    """A threshold, NaN without one, and why there is none."""

    value: float
    refusal: str


def threshold(
    places: Sequence[int], responses: Sequence[str], filaments: Sequence[float], after: int = AFTER
) -> Threshold:
    """The threshold in the unit of ``filaments``, and why there is none ("" where there is one).

    ``places`` (n,) are the filaments applied, counted from 0, ``responses`` (n,) O or X in order. A series that leaves
    the set (no response to the strongest filament, or one to the weakest) ends there: without a change of response
    its threshold is the last filament's force, known only to lie beyond it. Reasons are ``NO_CHANGE``, ``ORDER``,
    ``MORE`` and ``FEWER``. Raises ValueError for other responses and filaments.
    """
    delta = step_of(filaments)
    if not responses or len(places) != len(responses) or not set(responses) <= set(RESPONSES):
        raise ValueError("each stimulus has a filament and a response, O or X")
    steps = [1 if response == "O" else -1 for response in responses]
    if any(place + step != after_it for place, step, after_it in zip(places, steps, places[1:], strict=False)):
        return Threshold(math.nan, ORDER)
    leaves = not 0 <= places[-1] + steps[-1] < len(filaments)
    last = filaments[places[-1]]
    if len(set(responses)) == 1:
        return Threshold(last, "") if leaves else Threshold(math.nan, NO_CHANGE)
    change = next(i for i, response in enumerate(responses) if response != responses[0])
    left = len(responses) - 1 - change
    if left > after or left < after and not leaves:
        return Threshold(math.nan, MORE if left > after else FEWER)
    return Threshold(last * 10 ** (dixon_k(responses) * delta), "")
