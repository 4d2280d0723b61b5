"""Sums of random subsets. Which values are picked is drawn as bits, eight values a byte, and looked up by byte."""

import math

import numpy as np
from scipy.special import ndtri

DIGITS = 8  # binary digits of the probability that a value is picked at first


def random_subset_sums(values: np.ndarray, size: int, draws: int, generator: np.random.Generator) -> np.ndarray:
    """Sums (draws,) of random subsets of ``size`` of the values (n,), 0 < size < n, all subsets equally likely.

    Each value is picked or not by a bit of its own, of a probability near size/n; then random values leave, or join,
    until there are ``size``. No step knows one value from another, so that every subset of that size is equally
    likely. Takes n x (draws + 2,048)/8 bytes, three times of it for a moment.
    """
    count = values.size
    picked = _bits((-(-count // 8), draws), size / count, count, generator)
    if count % 8:
        picked[-1] &= (1 << count % 8) - 1
    _even(picked, size, count, generator)
    sums = np.zeros(draws)
    for table, byte in zip(_tables(values), picked, strict=True):
        sums += table.take(byte, mode="clip")  # no index can be out of 256: clip spares the look
    return sums


def _bits(shape: tuple[int, int], share: float, count: int, generator: np.random.Generator) -> np.ndarray:
    """Bytes whose bits are 1 with a probability near ``share``: a binary fraction, by its digits from the last.

    It is lower where few are picked: one that has to join is found at once, one that has to leave in 1/share attempts.
    The margin makes the attempts fewest (too many with the probability ``share``).
    """
    margin = float(ndtri(1 - share)) * math.sqrt(share * (1 - share) / count)
    chance = min(max(0, round((share - margin) * 2**DIGITS)), 2**DIGITS - 1)
    words = np.zeros(-(-math.prod(shape) // 8), dtype=np.uint64)
    for at in range(DIGITS):
        if words.any() or chance >> at & 1:
            fresh = generator.integers(2**64, size=words.size, dtype=np.uint64)
            words = words | fresh if chance >> at & 1 else words & fresh
    return words.astype("<u8", copy=False).view(np.uint8)[: math.prod(shape)].reshape(shape)


def _even(picked: np.ndarray, size: int, count: int, generator: np.random.Generator) -> None:
    """Turn random bits over, in each column of ``picked``, until ``size`` of its ``count`` bits are 1."""
    over = np.bitwise_count(picked).sum(axis=0, dtype=np.int64) - size
    columns = np.flatnonzero(over)
    many, left = over[columns] > 0, np.abs(over[columns])
    while columns.size:
        at = generator.integers(count, size=columns.size)
        rows, bit = at >> 3, (1 << (at & 7)).astype(np.uint8)
        now = picked[rows, columns]
        turned = (now & bit != 0) == many
        picked[rows, columns] = now ^ bit * turned
        left -= turned
        more = left > 0
        columns, many, left = columns[more], many[more], left[more]


def _tables(values: np.ndarray) -> np.ndarray:
    """The sums (n/8, 256) of each subset of the values of each byte."""
    eight = np.concatenate([values, np.zeros(-values.size % 8)]).reshape(-1, 8)
    tables = np.zeros((len(eight), 256))
    for bit in range(8):
        tables[:, 1 << bit : 2 << bit] = tables[:, : 1 << bit] + eight[:, bit : bit + 1]
    return tables
