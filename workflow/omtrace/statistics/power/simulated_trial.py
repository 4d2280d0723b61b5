"""Outcomes of a simulated trial: numbers, yes or no, counts and times to an event, at several visits.

All are drawn from one latent normal variable for each unit and visit, with the same correlation between any two visits
of a unit (exchangeable), and, where clusters are randomised, an intraclass correlation.
"""

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

if TYPE_CHECKING:
    from numpy.random import Generator


def latent(
    generator: "Generator",
    size: tuple[int, int],
    correlation: float = 0.0,
    clusters: "np.ndarray | None" = None,
    icc: float = 0.0,
) -> np.ndarray:
    """Standard normal values (units, visits): correlation between visits of a unit, within clusters; icc between units.

    ``clusters`` (units,): the cluster of each, counted from 0; None: units are independent.
    """
    unit, visit = generator.standard_normal((size[0], 1)), generator.standard_normal(size)
    own = np.sqrt(correlation) * unit + np.sqrt(1 - correlation) * visit
    if clusters is None:
        return own
    shared = generator.standard_normal((int(clusters.max()) + 1, 1))[clusters]
    return np.sqrt(icc) * shared + np.sqrt(1 - icc) * own


def yes_or_no(values: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """1 for yes and 0 for no (units, visits), with these shares of yes; of latent values."""
    return (values < ndtri(shares)).astype(float)


def counts(generator: "Generator", means: np.ndarray, dispersion: float = 0.0) -> np.ndarray:
    """Poisson counts of these means; with a dispersion negative binomial: variance = mean + dispersion x mean^2."""
    if dispersion > 0:
        means = means * generator.gamma(1 / dispersion, dispersion, means.shape)
    return generator.poisson(means).astype(float)


def times(values: np.ndarray, shares: np.ndarray, follow_up: float, leaves: np.ndarray) -> np.ndarray:
    """Times, and whether each is that of the event (2, units), with constant hazards; of latent values (units,).

    ``shares``: with the event by the end of ``follow_up``; ``leaves``: when each unit drops out, infinite for never.
    """
    hazard = -np.log1p(-shares) / follow_up
    event = -np.log(ndtr(values)) / hazard
    last = np.minimum(leaves, follow_up)
    return np.array([np.minimum(event, last), event <= last])


def leaving(generator: "Generator", units: int, dropout: float) -> np.ndarray:
    """When each unit leaves, as a share of the time (units,): evenly over it for a share ``dropout``, else infinite."""
    drawn = generator.random(units)
    return np.where(drawn < dropout, drawn / dropout, np.inf) if dropout else np.full(units, np.inf)
