"""The likelihood of a mixed model for repeated measures, from cross products.

A unit with visits S has y ~ N(X b, V), V the rows and columns S of one covariance of all visits. The likelihood
needs the data only through their sums of products over the units of one pattern of observed visits, so that an
evaluation costs the same for 50 units and for 50,000. Before, the design is made orthonormal, the least-squares
fit is subtracted, and the residuals are put on a scale of 1: nothing cancels, and tolerances have no unit.

Arrays lead with the data sets (b), which share a design; g patterns of t visits, p coefficients, k covariance
parameters. Formulas: Lindstrom and Bates 1988; Jennrich and Schluchter 1986.
"""

import math
from dataclasses import dataclass, fields

import numpy as np

from omtrace.statistics.mixed.mmrm_structures import Blocks

BOUNDARY = 1e-10  # smallest over largest eigenvalue of a covariance that is still positive definite


@dataclass(frozen=True)
class Products:
    """Sums of products of design x and residual y over the units of each pattern, visit by visit.

    Shared by all data sets: ``mask`` (g, t) of observed visits, ``block`` (g,) the group whose covariance holds,
    ``triangle`` (p, p) that leads back to the coefficients of the design as given. With b = 1 where all data sets
    have the same patterns: ``count`` (b, g) of units, ``xx`` (b, g, t, t, p, p). A data set each: ``xy``
    (b, g, t, t, p), ``yy`` (b, g, t, t), ``values`` (b,) counted, ``offset`` (b, p), ``scale`` (b,) of the residuals.
    """

    mask: np.ndarray
    block: np.ndarray
    triangle: np.ndarray
    count: np.ndarray
    xx: np.ndarray
    xy: np.ndarray
    yy: np.ndarray
    values: np.ndarray
    offset: np.ndarray
    scale: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Data sets, patterns, visits, coefficients."""
        return *self.yy.shape[:3], self.xx.shape[-1]

    @property
    def pairs(self) -> np.ndarray:
        """Which pairs of visits (g, t, t) a pattern has."""
        return self.mask[:, :, None] & self.mask[:, None, :]

    def by_block(self, products: np.ndarray) -> np.ndarray:
        """Sums (b, q, t, t) over the patterns of each group, of (b, g, t, t)."""
        member = np.arange(self.block.max() + 1)[:, None] == self.block
        return np.einsum("qg,bgij->bqij", member.astype(float), products)

    def together(self) -> np.ndarray:
        """How many units have values at two visits, in each group: (b, q, t, t)."""
        return self.by_block(self.count[:, :, None, None] * self.pairs)

    def take(self, sets: np.ndarray) -> "Products":
        """Some of the data sets."""
        shared = {"mask", "block", "triangle"} | ({"count", "xx"} if len(self.count) == 1 else set())
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        return Products(**{name: part if name in shared else part[sets] for name, part in parts.items()})


def products_of(values: np.ndarray, design: np.ndarray, unit: np.ndarray, visit: np.ndarray,
                block: np.ndarray) -> Products:  # fmt: skip
    """The cross products of values (b, n), NaN where a data set has none, of rows with a design (n, p).

    ``unit`` and ``visit`` (n,) count from 0 and name each row once; ``block`` (units,) is each unit's group. The
    columns of the design are independent in every data set.
    """
    basis, triangle = np.linalg.qr(design)
    seen = np.isfinite(values)
    counted = seen.sum(axis=1)
    y = np.where(seen, values, 0.0)
    offset = np.linalg.solve((basis.T * seen[:, None]) @ basis, (y @ basis)[..., None])[..., 0]
    residual = np.where(seen, y - offset @ basis.T, 0.0)
    scale = np.sqrt((residual**2).sum(axis=1) / np.maximum(counted - design.shape[1], 1))
    residual /= np.where(scale > 0, scale, 1.0)[:, None]
    (b, _), units, visits = values.shape, block.size, int(visit.max()) + 1
    grid_y, grid_seen = np.zeros((b, units, visits)), np.zeros((b, units, visits), dtype=bool)
    grid_y[:, unit, visit], grid_seen[:, unit, visit] = residual, seen
    grid_x = np.zeros((units, visits, design.shape[1]))
    grid_x[unit, visit] = basis
    same = slice(0, 1 if (seen == seen[0]).all() else None)
    patterns, member = np.unique(grid_seen[same] @ (1 << np.arange(visits)) + (block << visits), return_inverse=True)
    mask = (patterns[:, None] >> np.arange(visits)) & 1 == 1
    count, xx, xy, yy = _summed(grid_x, grid_y, member, patterns.size)
    return Products(mask, patterns >> visits, triangle, count, xx, xy, yy, counted, offset, scale)


def _summed(x: np.ndarray, y: np.ndarray, member: np.ndarray, patterns: int) -> list[np.ndarray]:
    """count, xx, xy, yy of grids x (units, t, p), y (b, units, t); member (1 or b, units) is each unit's pattern."""
    b, _, t = y.shape
    p = x.shape[-1]
    count, xx = np.zeros((len(member), patterns)), np.zeros((len(member), patterns, t, t, p, p))
    xy, yy = np.zeros((b, patterns, t, t, p)), np.zeros((b, patterns, t, t))
    for i, of_set in enumerate(member):
        sets = slice(None) if len(member) == 1 else slice(i, i + 1)
        for g in range(patterns):
            rows = np.flatnonzero(of_set == g)
            flat, one = x[rows].reshape(rows.size, t * p), y[sets, rows]
            count[i, g] = rows.size
            xx[i, g] = (flat.T @ flat).reshape(t, p, t, p).transpose(0, 2, 1, 3)
            xy[sets, g] = (one.swapaxes(1, 2) @ flat).reshape(-1, t, t, p).swapaxes(1, 2)
            yy[sets, g] = one.swapaxes(1, 2) @ one
    return [count, xx, xy, yy]


@dataclass(frozen=True)
class Point:
    """The likelihood at a covariance: ``value`` (b,) is -2 log L on the products' scale, infinite where it is none.

    ``weight`` (b, g, t, t) is the inverse covariance of a pattern (0 at visits not observed), ``phi`` (b, p, p) the
    inverse of X'V^-1 X, ``beta`` (b, p) the coefficients.
    """

    value: np.ndarray
    weight: np.ndarray
    phi: np.ndarray
    beta: np.ndarray

    def take(self, sets: np.ndarray) -> "Point":
        """Some of the data sets."""
        return Point(self.value[sets], self.weight[sets], self.phi[sets], self.beta[sets])


def evaluate(data: Products, sigma: np.ndarray, reml: bool) -> Point:
    """The likelihood, restricted or not, at covariances (b, q, t, t); its constants are in ``constant``."""
    b, g, t, p = data.shape
    sound = np.isfinite(sigma).all(axis=(1, 2, 3))
    sigma = np.where(sound[:, None, None, None], sigma, np.eye(t))
    spectrum = np.linalg.eigvalsh(sigma)
    sound &= (spectrum[..., 0] > BOUNDARY * spectrum[..., -1]).all(axis=1)
    sigma = np.where(sound[:, None, None, None], sigma, np.eye(t))
    full = np.where(data.pairs, sigma[:, data.block], np.eye(t))
    weight = np.where(data.pairs, np.linalg.inv(full), 0.0)
    flat = weight.reshape(b, 1, -1)
    information = (flat @ data.xx.reshape(-1, g * t * t, p * p)).reshape(b, p, p)
    phi = _symmetric(np.linalg.inv(information))
    xy = (flat @ data.xy.reshape(b, -1, p))[:, 0]
    beta = (phi @ xy[..., None])[..., 0]
    value = (data.count * np.linalg.slogdet(full)[1]).sum(axis=1) + (weight * data.yy).sum(axis=(1, 2, 3))
    value -= (beta * xy).sum(axis=1)
    if reml:
        value += np.linalg.slogdet(information)[1]
    return Point(np.where(sound, value, np.inf), weight, phi, beta)


def constant(data: Products, reml: bool) -> np.ndarray:
    """What the value of ``evaluate`` lacks of -2 log L (b,) of the design and the values as given."""
    n = data.values - (data.shape[3] if reml else 0)
    found = n * (math.log(2 * math.pi) + 2 * np.log(data.scale))
    return found + (2 * np.log(np.abs(np.diag(data.triangle))).sum() if reml else 0.0)


@dataclass(frozen=True)
class Derivatives:
    """Of -2 log L by the covariance parameters: gradient (b, k), observed and expected second derivatives (b, k, k).

    ``slopes`` (b, k, p, p) is X'V^-1 V_k V^-1 X, minus the derivative of the inverse of phi; ``relative``
    (b, k, g, t, t) is V^-1 V_k by pattern.
    """

    gradient: np.ndarray
    observed: np.ndarray
    expected: np.ndarray
    slopes: np.ndarray
    relative: np.ndarray


def differentiate(data: Products, model: Blocks, theta: np.ndarray, point: Point, reml: bool) -> Derivatives:
    """The derivatives at parameters theta (b, k), where ``point`` is the likelihood.

    With r the residual, R = V^-1 r, and P the projection of REML (V^-1 for ML, but for the second derivative of R):
    gradient_k = tr(P V_k) - R'V_k R, expected_kl = tr(P V_k P V_l),
    observed_kl = -expected_kl + 2 R'V_k P V_l R + tr(P V_kl) - R'V_kl R.
    """
    b, g, t, p = data.shape
    first, weight, phi = model.first(theta), point.weight, point.phi
    k = first.shape[1]
    relative = weight[:, None] @ first[:, :, data.block]
    sandwich = (relative @ weight[:, None]).reshape(b, k, -1)
    cross, residual, fitted = _moments(data, point)
    count = data.count[:, :, None, None]
    spare = residual + fitted if reml else residual
    force = data.by_block(count * weight - weight @ spare @ weight)
    gradient = (first * force[:, None]).sum(axis=(2, 3, 4))
    flipped = relative.swapaxes(3, 4).reshape(b, k, -1)

    def traces(products: np.ndarray) -> np.ndarray:
        """tr(V^-1 V_k V^-1 V_l V^-1 products), summed over patterns."""
        right = (relative @ (weight @ products)[:, None]).reshape(b, k, -1)
        return _symmetric(flipped @ right.swapaxes(1, 2))

    slopes = (sandwich @ data.xx.reshape(-1, g * t * t, p * p)).reshape(b, k, p, p)
    expected = flipped @ (relative * count[:, None]).reshape(b, k, -1).swapaxes(1, 2)
    if reml:
        turned = phi[:, None] @ slopes
        expected = expected - 2 * traces(fitted)
        expected += turned.reshape(b, k, -1) @ turned.swapaxes(2, 3).reshape(b, k, -1).swapaxes(1, 2)
    pull = sandwich @ cross
    observed = -expected + 2 * (traces(residual) - pull @ phi @ pull.swapaxes(1, 2)) + model.curvature(theta, force)
    return Derivatives(gradient, _symmetric(observed), _symmetric(expected), slopes, relative)


def _moments(data: Products, point: Point) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By pattern, sums over its units of x r' (b, g t t, p), r r' (b, g, t, t) and x' phi x (b, g, t, t)."""
    b, g, t, p = data.shape
    beta = point.beta[:, :, None]
    cross = data.xy.reshape(b, -1, p) - (data.xx.reshape(-1, g * t * t * p, p) @ beta).reshape(b, -1, p)
    residual = data.yy - (data.xy.reshape(b, -1, p) @ beta).reshape(b, g, t, t)
    residual = residual - (cross @ beta).reshape(b, g, t, t).swapaxes(2, 3)
    fitted = (data.xx.reshape(-1, g * t * t, p * p) @ point.phi.reshape(b, p * p, 1)).reshape(b, g, t, t)
    return cross, residual, fitted


def _symmetric(matrices: np.ndarray) -> np.ndarray:
    return (matrices + matrices.swapaxes(-1, -2)) / 2
