"""The loss curves of a pre-training run as an SVG: `curves.py RUN > docs/pretraining.svg`.

Faint: every step. Strong: the mean of the steps around it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import fmean

OBJECTIVES = {
    "mvlm": "masked words (MVLM)",
    "rop": "reading order (ROP)",
    "rrp": "replaced regions (RRP)",
    "tia": "covered lines (TIA)",
}
WIDTH, HEIGHT, GAP = 300, 150, 56  # of one chart, and between charts, in SVG units
SMOOTHED = 15  # steps on either side


def points(values: list[float], top: float) -> str:
    last = max(1, len(values) - 1)
    return " ".join(
        f"{i * WIDTH / last:.1f},{HEIGHT * (1 - value / top):.1f}" for i, value in enumerate(values)
    )


def chart(name: str, values: list[float], left: int, top: int) -> str:
    highest = max(values)
    smooth = [fmean(values[max(0, i - SMOOTHED) : i + SMOOTHED + 1]) for i in range(len(values))]
    return f"""<g transform="translate({left} {top})">
<text y="-10" font-weight="bold">{name}</text>
<path d="M0 0V{HEIGHT}H{WIDTH}" fill="none" stroke="#999"/>
<polyline points="{points(values, highest)}" fill="none" stroke="#bcd" stroke-width="1"/>
<polyline points="{points(smooth, highest)}" fill="none" stroke="#25a" stroke-width="2"/>
<text x="-6" y="5" text-anchor="end">{highest:.2g}</text>
<text x="-6" y="{HEIGHT}" text-anchor="end">0</text>
<text x="{WIDTH}" y="{HEIGHT + 16}" text-anchor="end">step {len(values)}</text>
<text x="{WIDTH}" y="{HEIGHT * (1 - smooth[-1] / highest) - 8:.1f}" text-anchor="end"
 fill="#25a">{smooth[-1]:.2f}</text>
</g>"""


def main() -> None:
    lines = (Path(sys.argv[1]) / "log.jsonl").read_text("utf-8").splitlines()
    steps = [json.loads(line) for line in lines]
    charts = [
        chart(
            name,
            [step[key] for step in steps],
            GAP + (i % 2) * (WIDTH + GAP),
            GAP + (i // 2) * (HEIGHT + GAP),
        )
        for i, (key, name) in enumerate(OBJECTIVES.items())
    ]
    size = f"{2 * (WIDTH + GAP) + GAP // 2} {2 * (HEIGHT + GAP) + GAP // 2}"
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}"', end="")
    print(' font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%"', end="")
    print(' fill="white"/>\n' + "\n".join(charts) + "\n</svg>")


if __name__ == "__main__":
    main()
