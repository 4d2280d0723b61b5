"""Draws from the posterior of the imputation model, the multivariate normal one with an unstructured covariance.

Gibbs sampling with data augmentation (Tanner and Wong 1987; Schafer 1997, chapter 5): missing values given the
parameters, each group's covariance given the completed values, coefficients given the covariance. The prior is that of
R's rbmi: flat for the coefficients, and for a covariance an inverse Wishart distribution with t + 2 degrees of freedom
whose mean is the REML estimate. Arrays lead with the chains (c), which all begin at the REML estimates.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BURN_IN, THIN, CHAINS = 200, 10, 50


@dataclass(frozen=True)
class Observed:
    """Units with a value: ``values`` (n, t), NaN where missing, design (n, t, p), and the covariance (n,) each has."""

    values: np.ndarray
    design: np.ndarray
    block: np.ndarray


@dataclass(frozen=True)
class Parameters:
    """Coefficients (m, p) and covariances (m, q, t, t) of several fits or draws of a model."""

    coefficients: np.ndarray
    covariances: np.ndarray

    @classmethod
    def joined(cls, parts: "Sequence[Parameters]") -> "Parameters":
        """All fits or draws of several, one after another."""
        return cls(
            np.concatenate([part.coefficients for part in parts]), np.concatenate([part.covariances for part in parts])
        )


def posterior(
    data: Observed, coefficients: np.ndarray, covariances: np.ndarray, m: int, generator: np.random.Generator
) -> Parameters:
    """Draws of the coefficients and of the covariances.

    Parameters
    ----------
    data
        The units.
    coefficients, covariances
        REML estimates (p,) and (q, t, t): where the chains begin; the covariances are the means of their priors.
    m
        How many draws.
    generator
        Source of chance.

    Returns
    -------
    Parameters
        From up to 50 chains, after 200 steps each tenth.
    """
    chains = min(m, CHAINS)
    sampler = _Sampler(data, covariances)
    state = Parameters(np.repeat(coefficients[None], chains, axis=0), np.repeat(covariances[None], chains, axis=0))
    draws: list[Parameters] = []
    steps = BURN_IN + THIN * -(-m // chains)
    for step in range(1, steps + 1):
        state = sampler.step(state, generator)
        if step > BURN_IN and (step - BURN_IN) % THIN == 0:
            draws.append(state)
    every = Parameters.joined(draws)
    return Parameters(every.coefficients[:m], every.covariances[:m])


class _Sampler:
    """The data in the order of their patterns, and what does not change from step to step."""

    def __init__(self, data: Observed, prior: np.ndarray) -> None:
        self.data, self.prior = data, prior
        n, t, p = data.design.shape
        seen = np.isfinite(data.values)
        kinds, kind = np.unique(np.column_stack([data.block, seen]), axis=0, return_inverse=True)
        self.patterns = [
            (np.flatnonzero(kind.ravel() == place), int(key[0]), key[1:] == 1) for place, key in enumerate(kinds)
        ]
        self.filled = np.where(seen, data.values, 0.0)
        self.flat = data.design.reshape(n * t, p)
        self.units = [np.flatnonzero(data.block == q) for q in range(len(prior))]
        designs = [data.design[units] for units in self.units]
        self.squares = [np.einsum("nap,nbq->abpq", x, x, optimize=True).reshape(t * t, p * p) for x in designs]

    def step(self, state: Parameters, generator: np.random.Generator) -> Parameters:
        """The next parameters of each chain."""
        beta, sigma = state.coefficients, state.covariances
        residual = self._completed(beta, sigma, generator)
        sums = [residual[:, units].swapaxes(1, 2) @ residual[:, units] for units in self.units]
        counts = np.array([units.size for units in self.units])
        sigma = _inverse_wishart(self.prior + np.stack(sums, axis=1), counts, generator)
        weight = np.linalg.inv(sigma)
        c, p = beta.shape
        t = sigma.shape[-1]
        information, score = np.zeros((c, p, p)), np.zeros((c, p))
        for q, units in enumerate(self.units):
            information += (weight[:, q].reshape(c, -1) @ self.squares[q]).reshape(c, p, p)
            moved = (residual[:, units] @ weight[:, q]).reshape(c, units.size, t)
            score += (self.data.design[units].reshape(-1, p).T @ moved.reshape(c, -1, 1))[..., 0]
        lower = np.linalg.cholesky(np.linalg.inv(information))
        step = lower @ (lower.swapaxes(1, 2) @ score[..., None] + generator.standard_normal((c, p, 1)))
        return Parameters(beta + step[..., 0], sigma)

    def _completed(self, beta: np.ndarray, sigma: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Residuals (c, n, t) of the values, those of missing ones drawn given the observed ones of the unit."""
        n, t = self.filled.shape
        residual = self.filled - (beta @ self.flat.T).reshape(-1, n, t)
        for units, block, seen in self.patterns:
            if seen.all():
                continue
            there, gone = np.flatnonzero(seen), np.flatnonzero(~seen)
            own = sigma[:, block]
            weight = np.linalg.solve(own[:, there[:, None], there], own[:, there[:, None], gone])
            spread = own[:, gone[:, None], gone] - own[:, gone[:, None], there] @ weight
            noise = generator.standard_normal((len(beta), units.size, gone.size))
            drawn = residual[:, units][:, :, there] @ weight + noise @ np.linalg.cholesky(spread).swapaxes(1, 2)
            residual[:, units[:, None], gone] = drawn
        return residual


def _inverse_wishart(scale: np.ndarray, units: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Covariances (c, q, t, t) with scales (c, q, t, t) and units (q,) + t + 2 degrees of freedom, by Bartlett 1933."""
    c, q, t, _ = scale.shape
    df = units[:, None] + t + 2 - np.arange(t)
    lower = np.tril(generator.standard_normal((c, q, t, t)), -1)
    lower[..., np.arange(t), np.arange(t)] = np.sqrt(generator.chisquare(df, (c, q, t)))
    root = np.linalg.cholesky(scale) @ np.linalg.inv(lower).swapaxes(-1, -2)
    return root @ root.swapaxes(-1, -2)
