"""A reliability diagram as SVG: how often it happened, over how probable it was said to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SIDE, MARGIN = 400, 48
COLOURS = ("#1f5fa8", "#c2571a", "#2b7a3d")

Bins = Sequence[tuple[int, float, float]]


def drawn(title: str, series: Mapping[str, Bins]) -> str:
    """Return the picture. A circle's area is how many probabilities a bin has."""
    whole = SIDE + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{whole}" height="{whole}" fill="#fff"/>',
        f'<text x="{whole / 2}" y="20" text-anchor="middle" font-size="14">{title}</text>',
        f'<path d="M{MARGIN} {MARGIN}V{MARGIN + SIDE}H{MARGIN + SIDE}" fill="none" stroke="#333"/>',
        f'<path d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}" stroke="#999" stroke-dasharray="4 4"/>',
        f'<text x="{whole / 2}" y="{whole - 10}" text-anchor="middle">said</text>',
        f'<text x="14" y="{whole / 2}" text-anchor="middle" '
        f'transform="rotate(-90 14 {whole / 2})">happened</text>',
    ]
    for tenth in range(0, 11, 2):
        at = tenth / 10
        parts.append(f'<text x="{_x(at)}" y="{_y(0) + 16}" text-anchor="middle">{at:g}</text>')
        parts.append(f'<text x="{_x(0) - 6}" y="{_y(at) + 4}" text-anchor="end">{at:g}</text>')
    for number, (name, bins) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        most = max(count for count, _, _ in bins)
        line = " ".join(f"{_x(said)},{_y(came)}" for _, said, came in bins)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}"/>')
        parts += [
            f'<circle cx="{_x(said)}" cy="{_y(came)}" r="{1.5 + 7 * (count / most) ** 0.5:.1f}" '
            f'fill="{colour}" fill-opacity="0.5"/>'
            for count, said, came in bins
        ]
        top = MARGIN + 16 * (number + 1)
        parts.append(f'<text x="{MARGIN + 12}" y="{top}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _x(value: float) -> float:
    return round(MARGIN + SIDE * value, 1)


def _y(value: float) -> float:
    return round(MARGIN + SIDE * (1 - value), 1)
