"""The likelihood of a mixed model with random intercepts and slopes, from the rows reduced to groups.

The random effect with the most groups is never a matrix over the rows. Its groups are independent blocks of one or two
columns each; what is left of the rows within groups has the residual variance alone, so that it counts through its
cross products only. The other random effects join the fixed ones as columns of a matrix C, and enter V by the formula
of Woodbury. Time and memory grow with the groups of the largest effect times the square of the columns of C.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from omtrace.statistics.basic.samples import TOLERANCE
from omtrace.statistics.mixed.reml import Derivatives, Point


@dataclass(frozen=True)
class Effect:
    """A random effect: the group of each row, counted from 0, and its columns (n, r): 1, and the slope's covariate."""

    name: str
    member: np.ndarray
    groups: int
    columns: np.ndarray

    @property
    def matrix(self) -> csr_array:
        """Z (n, groups r), the columns of a group beside each other."""
        n, r = self.columns.shape
        places = self.member[:, None] * r + np.arange(r)
        return csr_array((self.columns.ravel(), places.ravel(), np.arange(n + 1) * r), shape=(n, self.groups * r))


@dataclass(frozen=True)
class Reduced:
    """The rows by groups of the largest random effect, q groups with r columns each.

    V = s I + Z1 (I x S) Z1' + ... is, in an orthonormal basis of each group's columns, s I + R S R' (r, r) with the
    ``root`` R (q, r, r); all that is orthogonal to these columns has the variance s. ``between`` (q, r, c + 1) are the
    columns C of the other random effects, then the fixed ones, then y, in that basis; ``within`` (c + 1, c + 1) their
    cross products orthogonal to it, with so many degrees of freedom. ``slots`` are where in C each other effect lies.
    """

    effect: str
    root: np.ndarray
    between: np.ndarray
    within: np.ndarray
    values: int
    slots: dict[str, slice]
    fixed: int

    @classmethod
    def of(cls, effects: list[Effect], basis: np.ndarray, y: np.ndarray) -> "Reduced":
        """The rows' design is orthonormal; y are residuals of least squares with variance 1."""
        largest = max(effects, key=lambda effect: effect.groups * effect.columns.shape[1])
        others = [effect for effect in effects if effect is not largest]
        z, r = largest.matrix, largest.columns.shape[1]
        cross = np.zeros((largest.groups, r, r))
        for i in range(r):
            for j in range(r):
                products = largest.columns[:, i] * largest.columns[:, j]
                cross[:, i, j] = np.bincount(largest.member, products, largest.groups)
        squares, vectors = np.linalg.eigh(cross)
        held = squares > TOLERANCE * squares[:, -1:]
        roots = np.sqrt(np.where(held, squares, 0.0))
        root = roots[:, :, None] * vectors.swapaxes(1, 2)
        inverse = np.where(held, 1 / np.where(held, roots, 1.0), 0.0)[:, :, None] * vectors.swapaxes(1, 2)

        def rotated(columns: np.ndarray) -> np.ndarray:
            return inverse @ columns.reshape(largest.groups, r, -1)

        dense = np.column_stack([basis, y])
        inside = rotated(z.T @ dense)
        outside = dense - z @ (inverse.swapaxes(1, 2) @ inside).reshape(largest.groups * r, -1)
        slots, start = {}, 0
        for effect in others:
            stop = start + effect.groups * effect.columns.shape[1]
            slots[effect.name], start = slice(start, stop), stop
        within = np.zeros((start + dense.shape[1],) * 2)
        within[start:, start:] = outside.T @ outside
        between = np.zeros((largest.groups, r, len(within)))
        between[:, :, start:] = inside
        matrices = {effect.name: effect.matrix for effect in others}
        for name, slot in slots.items():
            between[:, :, slot] = rotated((z.T @ matrices[name]).toarray())
            within[slot, start:] = matrices[name].T @ outside
            within[start:, slot] = within[slot, start:].T
        for name, slot in slots.items():
            for other, place in slots.items():
                lost = np.tensordot(between[:, :, slot], between[:, :, place], ([0, 1], [0, 1]))
                within[slot, place] = (matrices[name].T @ matrices[other]).toarray() - lost
        return cls(largest.name, root, between, within, y.size, slots, basis.shape[1])


@dataclass(frozen=True)
class Component:
    """A variance or covariance: the random effect, its matrix (r, r) of zeros and ones, and its scale in the rows."""

    name: str
    effect: str
    pattern: np.ndarray
    is_variance: bool
    size: float


def components_of(effects: list[Effect], reduced: Reduced) -> list[Component]:
    """The parameters of V but the residual variance, in the order of the effects."""
    components = []
    for effect in effects:
        sizes = (effect.columns**2).mean(axis=0)
        kinds = [("", [[1.0]], True, sizes[0])]
        if len(sizes) == 2:
            kinds = [
                ("", [[1.0, 0], [0, 0]], True, sizes[0]),
                (", slope", [[0.0, 0], [0, 1]], True, sizes[1]),
                (", covariance", [[0.0, 1], [1, 0]], False, 0.0),
            ]
        components += [Component(effect.name + end, effect.name, np.array(m), *rest) for end, m, *rest in kinds]
    return components


@dataclass(frozen=True)
class LmmPoint(Point):
    """The likelihood, and the parts from which its derivatives are made (a leading axis of one data set).

    ``inverse`` (1, q, r, r) of the groups' covariances; ``products`` (1, c + 1, c + 1) is C'V1^-1 C with V1 the
    covariance without the other random effects; ``woodbury`` (1, c, c) that of V^-1, ``projection`` that of P.
    """

    inverse: np.ndarray
    products: np.ndarray
    woodbury: np.ndarray
    projection: np.ndarray


class LmmLikelihood:
    """-2 log L at theta (1, k): some components, and the residual variance s last.

    With V1 = s I + Z1 (I x S) Z1' and G = I x S of the other effects, V^-1 = V1^-1 - V1^-1 C N C'V1^-1, where N
    (c, c) is G (I + Z'V1^-1 Z G)^-1 for the random columns and 0 for the fixed ones, and P = V1^-1 - V1^-1 C M C'V1^-1.
    """

    def __init__(self, reduced: Reduced, components: list[Component], is_reml: bool) -> None:
        self.reduced, self.components, self.is_reml = reduced, components, is_reml
        self.own = [k for k, c in enumerate(components) if c.effect == reduced.effect]
        self.others = [k for k, c in enumerate(components) if c.effect != reduced.effect]
        q, r, _ = reduced.root.shape
        self.columns = len(reduced.within) - 1  # c
        self.random = self.columns - reduced.fixed
        # derivatives of the groups' covariances by the components of the largest effect, then by s
        parts = [reduced.root @ components[k].pattern @ reduced.root.swapaxes(1, 2) for k in self.own]
        self.first = np.array([*parts, np.broadcast_to(np.eye(r), (q, r, r))])
        self.rest = reduced.values - q * r  # degrees of freedom within groups

    def take(self, sets: np.ndarray) -> "LmmLikelihood":
        """There is one data set."""
        return self

    def evaluate(self, theta: np.ndarray) -> LmmPoint:
        """The likelihood; infinite where the covariance is not positive definite."""
        values, s = theta[0], float(theta[0, -1])
        reduced, q2, c = self.reduced, self.random, self.columns
        sigma = np.tensordot(values[[*self.own, -1]], self.first, 1)
        spectrum, vectors = np.linalg.eigh(sigma)
        if not (s > 0 and np.isfinite(spectrum).all() and (spectrum > 0).all()):
            return self._nowhere()
        inverse = vectors / spectrum[:, None, :] @ vectors.swapaxes(1, 2)
        products = reduced.within / s + np.tensordot(inverse @ reduced.between, reduced.between, ([0, 1], [0, 1]))
        value = float(np.log(spectrum).sum()) + self.rest * np.log(s)
        woodbury = np.zeros((c, c))
        if self.others:
            effects = self._covariance(values)
            inner = np.eye(q2) + products[:q2, :q2] @ effects
            sign, logarithm = np.linalg.slogdet(inner)
            if sign <= 0 or not self._is_definite(values, inner):
                return self._nowhere()
            value += float(logarithm)
            half = effects @ np.linalg.inv(inner)
            woodbury[:q2, :q2] = (half + half.T) / 2
        solved = products - products[:, :c] @ woodbury @ products[:c]
        sign, logarithm = np.linalg.slogdet(solved[q2:c, q2:c])
        if sign <= 0:
            return self._nowhere()
        phi = np.linalg.inv(solved[q2:c, q2:c])
        phi = (phi + phi.T) / 2
        beta = phi @ solved[q2:c, c]
        value += float(solved[c, c] - solved[c, q2:c] @ beta) + (float(logarithm) if self.is_reml else 0.0)
        fixed = self._fixed(products, woodbury)
        return LmmPoint(
            np.array([value]),
            phi[None],
            beta[None],
            inverse[None],
            products[None],
            woodbury[None],
            (woodbury + fixed @ phi @ fixed.T)[None],
        )

    def _nowhere(self) -> LmmPoint:
        nothing = np.zeros((1, 1, 1))
        return LmmPoint(np.array([np.inf]), nothing, nothing[0], nothing, nothing, nothing, nothing)

    def _covariance(self, values: np.ndarray) -> np.ndarray:
        """The covariance G (q2, q2) of the other random effects."""
        return np.tensordot(values[self.others], np.array([self._pattern(k) for k in self.others]), 1)

    def _pattern(self, k: int) -> np.ndarray:
        """The derivative (q2, q2) of G by component k."""
        component, whole = self.components[k], np.zeros((self.random, self.random))
        slot = self.reduced.slots[component.effect]
        r = len(component.pattern)
        whole[slot, slot] = np.kron(np.eye((slot.stop - slot.start) // r), component.pattern)
        return whole

    def _is_definite(self, values: np.ndarray, inner: np.ndarray) -> bool:
        """Whether V is positive definite, given that V1 is: surely so where the other effects' covariances are."""
        by_effect: dict[str, np.ndarray] = {}
        for k in self.others:
            component = self.components[k]
            by_effect[component.effect] = by_effect.get(component.effect, 0.0) + values[k] * component.pattern
        if all(np.linalg.eigvalsh(matrix)[0] >= 0 for matrix in by_effect.values()):
            return True
        return bool((np.linalg.eigvals(inner).real > 0).all())

    def _fixed(self, products: np.ndarray, woodbury: np.ndarray) -> np.ndarray:
        """The columns (c, p) that make V^-1 X = V1^-1 C of them."""
        q2, c = self.random, self.columns
        return np.eye(c)[:, q2:] - woodbury @ products[:c, q2:c]

    def _once(self, point: LmmPoint, s: float) -> np.ndarray:
        """C'V1^-1 D_k V1^-1 C (k, c + 1, c + 1) of the derivatives D of V1."""
        moved = point.inverse[0] @ self.reduced.between
        once = np.array([np.tensordot(moved, part, ([0, 1], [0, 1])) for part in self.first @ moved])
        once[-1] += self.reduced.within / s**2
        return once

    def _twice(self, point: LmmPoint, s: float) -> np.ndarray:
        """C'V1^-1 D_k V1^-1 D_l V1^-1 C (k, k, c + 1, c + 1)."""
        pulled = self.first @ (point.inverse[0] @ self.reduced.between)
        solved = point.inverse[0] @ pulled
        twice = np.array([[np.tensordot(a, b, ([0, 1], [0, 1])) for b in solved] for a in pulled])
        twice[-1, -1] += self.reduced.within / s**3
        return twice

    def differentiate(self, theta: np.ndarray, point: LmmPoint) -> Derivatives:
        """The derivatives at theta, where ``point`` is the likelihood.

        gradient_k = tr(P G_k) - r'G_k r, expected_kl = tr(P G_k P G_l), observed_kl = 2 r'G_k P G_l r - expected_kl
        with r = P y and G_k the derivatives of V; for ML the inverse of V stands for P in the traces.
        """
        s, c, q2 = float(theta[0, -1]), self.columns, self.random
        own, others, k = [*self.own, len(self.components)], self.others, len(self.components) + 1
        products, projection = point.products[0], point.projection[0]
        turn = projection if self.is_reml else point.woodbury[0]
        once, twice = self._once(point, s), self._twice(point, s)
        relative = point.inverse[0] @ self.first
        trace = np.einsum("kqii->k", relative)
        trace[-1] += self.rest / s
        traces = np.einsum("kqij,lqji->kl", relative, relative, optimize=True)
        traces[-1, -1] += self.rest / s**2
        residual = np.append(-projection @ products[:c, c], 1.0)  # r = V1^-1 C residual
        pulls = once @ residual
        gradient, expected, forces = np.zeros(k), np.zeros((k, k)), np.zeros((k, k))
        turned = turn @ once[:, :c, :c]
        gradient[own] = trace - np.trace(turned, axis1=1, axis2=2) - pulls @ residual
        expected[np.ix_(own, own)] = (
            traces
            - 2 * np.einsum("pq,klqp->kl", turn, twice[:, :, :c, :c])
            + np.einsum("kpq,lqp->kl", turned, turned, optimize=True)
        )
        forces[np.ix_(own, own)] = (twice @ residual) @ residual - pulls[:, :c] @ projection @ pulls[:, :c].T
        if others:
            patterns = np.array([self._pattern(j) for j in others])
            toward = np.eye(c)[:, :q2] - turn @ products[:c, :q2]  # P Z = V1^-1 C toward, or V^-1 Z for ML
            spread = products[:q2, :c] @ toward
            left = products[:q2] @ residual  # Z'r
            gradient[others] = np.einsum("kij,ji->k", patterns, spread) - (patterns @ left) @ left
            moved = patterns @ spread
            expected[np.ix_(others, others)] = np.einsum("kij,lji->kl", moved, moved, optimize=True)
            crossed = toward.T @ once[:, :c, :c] @ toward
            expected[np.ix_(own, others)] = np.einsum("kij,lji->kl", crossed, patterns, optimize=True)
            toward = np.eye(c)[:, :q2] - projection @ products[:c, :q2]
            pushed = patterns @ left
            forces[np.ix_(others, others)] = pushed @ (products[:q2, :c] @ toward) @ pushed.T
            forces[np.ix_(own, others)] = pulls[:, :c] @ toward @ pushed.T
            for matrix in (expected, forces):
                matrix[np.ix_(others, own)] = matrix[np.ix_(own, others)].T
        expected = (expected + expected.T) / 2
        observed = forces + forces.T - expected
        return Derivatives(gradient[None], observed[None], expected[None], self._slopes(point, once)[None])

    def _slopes(self, point: LmmPoint, once: np.ndarray) -> np.ndarray:
        """X'V^-1 G_k V^-1 X (k, p, p)."""
        products, q2, c = point.products[0], self.random, self.columns
        fixed = self._fixed(products, point.woodbury[0])
        slopes = np.zeros((len(self.components) + 1, self.reduced.fixed, self.reduced.fixed))
        slopes[[*self.own, len(self.components)]] = fixed.T @ once[:, :c, :c] @ fixed
        reached = products[:q2, :c] @ fixed
        for k in self.others:
            slopes[k] = reached.T @ self._pattern(k) @ reached
        return slopes

    def bias(self, theta: np.ndarray, point: LmmPoint, spread: np.ndarray) -> np.ndarray:
        """Kenward and Roger's sum of spread_kl (Q_kl - P_k phi P_l), Q_kl = X'V^-1 G_k V^-1 G_l V^-1 X: (1, p, p)."""
        own, others, q2, c = [*self.own, len(self.components)], self.others, self.random, self.columns
        once, twice = self._once(point, float(theta[0, -1])), self._twice(point, float(theta[0, -1]))
        products, woodbury, w = point.products[0], point.woodbury[0], spread[0]
        fixed = self._fixed(products, woodbury)
        reached = once[:, :c, :c] @ fixed  # (k, c, p)
        mean = np.tensordot(w[np.ix_(own, own)], twice[:, :, :c, :c], ([0, 1], [0, 1]))
        direct = fixed.T @ mean @ fixed
        direct -= np.einsum("kl,kap,ab,lbq->pq", w[np.ix_(own, own)], reached, woodbury, reached, optimize=True)
        if others:
            toward = np.eye(c)[:, :q2] - woodbury @ products[:c, :q2]
            patterns = np.array([self._pattern(k) for k in others]) @ (products[:q2, :c] @ fixed)  # (k, q2, p)
            crossed = np.einsum("kl,kap,ab,lbq->pq", w[np.ix_(own, others)], reached, toward, patterns, optimize=True)
            inner = products[:q2, :c] @ toward
            direct += crossed + crossed.T
            direct += np.einsum(
                "kl,kap,ab,lbq->pq", w[np.ix_(others, others)], patterns, inner, patterns, optimize=True
            )
        slopes = self._slopes(point, once)
        direct -= np.einsum("kl,kpq,qr,lrs->ps", w, slopes, point.phi[0], slopes, optimize=True)
        return ((direct + direct.T) / 2)[None]
