"""One sample described."""

import math

import numpy as np
from numpy.typing import ArrayLike

from omtrace.statistics.basic.samples import mean, quotient, sample, standard_deviation
from omtrace.statistics.basic.student import t_interval


def describe(
    values: ArrayLike, level: float = 0.95, bounds: tuple[float, float] = (-math.inf, math.inf)
) -> dict[str, float]:
    """Size, location and spread of a sample, in the unit of the values.

    Quartiles interpolate linearly (type 7 of Hyndman and Fan 1996); the interval is Student's, of the mean, cut at
    ``bounds``, the ends of the scale: no mean can lie beyond them, so that the interval covers as often.
    What is undefined (all of it for no values, spread and interval for one) is NaN.
    Raises ValueError for missing values.

    Examples
    --------
    >>> found = describe([5, 5, 5, 5, 4], bounds=(1, 5))
    >>> round(found["ci_low"], 3), found["ci_high"]
    (4.245, 5.0)
    """
    x = sample(values)
    centre, spread = mean(x), standard_deviation(x)
    low, high = t_interval(centre, quotient(spread, math.sqrt(x.size)), x.size - 1, level)
    low, high = (limit if math.isnan(limit) else float(min(max(limit, bounds[0]), bounds[1])) for limit in (low, high))
    minimum, q1, median, q3, maximum = np.quantile(x, [0, 0.25, 0.5, 0.75, 1]) if x.size else [math.nan] * 5
    return {
        "n": float(x.size),
        "mean": centre,
        "sd": spread,
        "median": float(median),
        "q1": float(q1),
        "q3": float(q3),
        "minimum": float(minimum),
        "maximum": float(maximum),
        "ci_low": low,
        "ci_high": high,
    }
