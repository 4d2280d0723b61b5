"""The palette, measured: six colours that people with any colour vision tell apart, on light and dark paper.

Colour vision deficiencies: Machado GM, Oliveira MM, Fernandes LAF. A physiologically-based model for simulation of
color vision deficiency. IEEE Trans Vis Comput Graph 2009; 15: 1291-1298, doi:10.1109/TVCG.2009.113; the matrices for
severity 1.0, applied to linear RGB. Differences of colour: CIEDE2000, as in Sharma G, Wu W, Dalal EN. The CIEDE2000
color-difference formula. Color Res Appl 2005; 30: 21-30, doi:10.1002/col.20070, some of whose test pairs are below.
Contrast: Web Content Accessibility Guidelines 2.2, relative luminance.
"""

from itertools import combinations
from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt

import pytest
from omtrace.figures import _theme as theme
from omtrace.figures._sheet import look_of

VISION = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
LEAST = 17  # CIEDE2000, of any two colours, with any colour vision; 1 to 2 is just noticeable side by side
TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
D65 = (0.95047, 1.0, 1.08883)
PAPERS = {"white": "#FFFFFF", "the report's dark paper": "#15181B"}

Triple = tuple[float, float, float]


def product(matrix, vector) -> Triple:
    first, second, third = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return first, second, third


def linear(colour: str) -> Triple:
    """Linear RGB of a hex colour (IEC 61966-2-1)."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue))
    return r, g, b


def lab(rgb: Triple) -> Triple:
    """CIE L*a*b* under D65 of linear RGB, clipped to what a screen shows."""
    clipped = [min(max(c, 0.0), 1.0) for c in rgb]
    scaled = [value / white for value, white in zip(product(TO_XYZ, clipped), D65, strict=True)]
    x, y, z = (t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29 for t in scaled)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def ciede2000(first: Triple, second: Triple) -> float:
    """Equations 2 to 22 of Sharma et al. 2005, with parametric factors of 1."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean_c = (hypot(a1, b1) + hypot(a2, b2)) / 2
    g = 0.5 * (1 - sqrt(mean_c**7 / (mean_c**7 + 25**7)))
    c1, c2 = hypot(a1 * (1 + g), b1), hypot(a2 * (1 + g), b2)
    h1, h2 = degrees(atan2(b1, a1 * (1 + g))) % 360, degrees(atan2(b2, a2 * (1 + g))) % 360
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    dl, dc, dh = l2 - l1, c2 - c1, 2 * sqrt(c1 * c2) * sin(radians(turn / 2))
    ml, mc = (l1 + l2) / 2, (c1 + c2) / 2
    if c1 * c2 == 0:
        mh = h1 + h2
    else:
        mh = (h1 + h2) / 2 if abs(h1 - h2) <= 180 else (h1 + h2 + (360 if h1 + h2 < 360 else -360)) / 2
    t = 1 - 0.17 * cos(radians(mh - 30)) + 0.24 * cos(radians(2 * mh)) + 0.32 * cos(radians(3 * mh + 6))
    t -= 0.20 * cos(radians(4 * mh - 63))
    rotation = -sin(radians(60 * exp(-(((mh - 275) / 25) ** 2)))) * 2 * sqrt(mc**7 / (mc**7 + 25**7))
    sl = 1 + 0.015 * (ml - 50) ** 2 / sqrt(20 + (ml - 50) ** 2)
    sc, sh = 1 + 0.045 * mc, 1 + 0.015 * mc * t
    return sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rotation * (dc / sc) * (dh / sh))


def contrast(first: str, second: str) -> float:
    """The ratio of two colours' relative luminance."""
    low, high = sorted(product(TO_XYZ, linear(colour))[1] for colour in (first, second))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    "first, second, expected",  # from table 1
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((50.0, 2.5, 0.0), (58.0, 24.0, 15.0), 19.4535),
        ((50.0, 2.5, 0.0), (61.0, -5.0, 29.0), 22.8977),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_measure_gives_the_published_differences(first, second, expected):
    assert ciede2000(first, second) == pytest.approx(expected, abs=5e-5)
    assert ciede2000(second, first) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("vision", VISION)
def test_any_two_of_six_groups_are_told_apart_by_colour(vision):
    seen = {colour: lab(product(VISION[vision], linear(colour))) for colour in theme.COLOURS}
    assert len(seen) == 6
    differences = {pair: ciede2000(seen[pair[0]], seen[pair[1]]) for pair in combinations(seen, 2)}
    nearest = min(differences, key=lambda pair: differences[pair])
    assert differences[nearest] >= LEAST, (nearest, differences[nearest])


@pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)
def test_colours_stand_out_from_light_and_dark_paper(paper):
    assert {colour: contrast(colour, paper) for colour in theme.COLOURS if contrast(colour, paper) < 3} == {}


def test_texts_in_a_groups_colour_can_be_read_on_white():
    assert all(contrast(theme.darker(colour), "#FFFFFF") >= 4.5 for colour in theme.COLOURS)
    assert all(contrast(colour, "#FFFFFF") >= 4.5 for colour in (theme.INK, theme.MUTED, theme.ACCENT))


def test_groups_differ_in_marker_and_dashes_too():
    looks = [look_of(str(i), str(i), i) for i in range(36)]
    assert len({look.marker for look in looks[:6]}) == len({look.dashes for look in looks[:6]}) == 6
    assert len({(look.colour, look.marker) for look in looks}) == 36
    assert all(theme.GLYPHS[theme.MARKERS.index(look.marker)] == look.glyph for look in looks)
