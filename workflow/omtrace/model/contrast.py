"""A contrast: two groups compared. Its name in estimates.csv, its label for people, and the way back from the name."""

from collections.abc import Container, Mapping
from dataclasses import dataclass

BETWEEN = " - "
EVERYBODY = "all"  # the group of a number about all units


@dataclass(frozen=True)
class Contrast:
    """A group of interest and the reference that it is compared with."""

    group: str
    reference: str

    def __str__(self) -> str:
        """The name in estimates.csv, part of a number's id; of a ratio too."""
        return f"{self.group}{BETWEEN}{self.reference}"

    def label(self, groups: Mapping[str, str], is_ratio: bool = False) -> str:
        """The contrast as people read it: a minus sign between the labels of a difference, a slash in a ratio.

        Parameters
        ----------
        groups
            Group -> label.
        is_ratio
            Whether what is estimated is a ratio.
        """
        sides = (groups.get(side, side) for side in (self.group, self.reference))
        return (" / " if is_ratio else " \N{MINUS SIGN} ").join(sides)


def contrasts_named(name: str, groups: Container[str]) -> list[Contrast]:
    """The contrasts of known groups that have a name: none of a group's name, one as a rule.

    A group's name may hold what stands between the two: ``A - B`` and ``C`` give ``A - B - C``. So may ``A`` and
    ``B - C``, where both pairs are groups; ``Call.contrast`` refuses such groups.
    """
    places = [at for at in range(len(name)) if name.startswith(BETWEEN, at)]
    pairs = [Contrast(name[:at], name[at + len(BETWEEN) :]) for at in places]
    return [pair for pair in pairs if pair.group in groups and pair.reference in groups]


def contrast_of(name: str, groups: Container[str]) -> Contrast | None:
    """The contrast of known groups that has a name; None for a group, and for all units."""
    return None if name in groups else next(iter(contrasts_named(name, groups)), None)


def group_label(name: str, groups: Mapping[str, str], is_ratio: bool = False) -> str:
    """The label of a group, of all units or of a contrast; a name that is none of these stays as it is."""
    if name in groups:
        return groups[name]
    contrast = contrast_of(name, groups)
    return contrast.label(groups, is_ratio) if contrast else "All" if name == EVERYBODY else name
