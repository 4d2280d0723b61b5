"""The way from raw exports to the manifest of a study as an image: boxes with digests, narrow enough for any screen."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from markupsafe import Markup

WIDTH, HIGH, GAP = 340, 38, 22  # of the image, of a box, between boxes
MOST = 6  # raw exports that have a box of their own


class Step(NamedTuple):
    """A box: what a step made, or a file, and its sha256."""

    title: str
    digest: str


def drawn(raw: Sequence[tuple[str, str]], made_with: Sequence[tuple[str, str]], steps: Sequence[Step]) -> Markup:
    """An SVG element: raw exports, each step below the one before it, and what they were made with, each with digest.

    Parameters
    ----------
    raw, made_with
        Name and sha256 of each file.
    steps
        In the order in which they were made.
    """
    shown = [*raw[:MOST]] if len(raw) <= MOST else [*raw[: MOST - 1], (f"{len(raw) - MOST + 1} more exports", "")]
    parts: list[str] = []
    half = (WIDTH - 12) / 2
    down = 2.0
    for at, (name, digest) in enumerate(shown):
        left = 2 + (at % 2) * (half + 8)
        alone = len(shown) == 1
        width = WIDTH - 4 if alone else half
        parts.append(_box("raw", Step(name, digest), down + (at // 2) * (HIGH + 6), left, width))
    down += -(-len(shown) // 2) * (HIGH + 6) - 6
    for step in steps:
        parts.append(f'<path class="way" d="M{WIDTH / 2:g} {down:g}v{GAP - 6}m-4 -5l4 6 4 -6"/>')
        down += GAP
        parts.append(_box("step", step, down))
        down += HIGH
    down += 26
    parts.append(f'<text class="small" x="2" y="{down - 7:g}">Made with</text>')
    for name, digest in made_with:
        parts.append(_box("with", Step(name, digest), down))
        down += HIGH + 6
    sentence = f"From {len(raw)} raw exports through {', '.join(step.title.lower() for step in steps)}."
    return Markup(
        f'<svg class="lineage" role="img" aria-label="{escape(sentence)}" viewBox="0 0 {WIDTH} {down:g}">'
        f"{''.join(parts)}</svg>"
    )


def _box(kind: str, step: Step, y: float, x: float = 2, width: float = WIDTH - 4) -> str:
    room, title, digest = int(width / 7.2), step.title, step.digest
    short = title if len(title) <= room else f"…{title[1 - room :]}"
    tooltip = f"<title>{escape(title)}{f', sha256 {digest}' if digest else ''}</title>"
    return (
        f'<g class="{kind}">{tooltip}<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{HIGH}" rx="4"/>'
        f'<text x="{x + 9:g}" y="{y + 16:g}">{escape(short)}</text>'
        f'<text class="small" x="{x + 9:g}" y="{y + 30:g}">{digest[:16]}</text></g>'
    )
