"""Reliability diagrams as an SVG: `reliability.py REPORT.json ... > docs/reliability.svg`.

Each REPORT is one of `docai evaluate questions|fields --format json`; each of its tables of
confidences is a chart: what was said (across) and how much of it was right (up). A circle's area
is the number of claims.
"""

import json
import sys
from pathlib import Path

SIDE, GAP, COLUMNS = 170, 54, 4  # of a chart and between charts, in SVG units
LARGEST = 14  # radius of a circle that holds every claim of its chart
BINS = ", by what was said"


def chart(title, rows, left, top):
    claims = sum(row["claims"] for row in rows)
    circles = "".join(
        f'<circle cx="{SIDE * row["mean"]:.1f}" cy="{SIDE * (1 - row["right"]):.1f}" '
        f'r="{max(1.5, LARGEST * (row["claims"] / claims) ** 0.5):.1f}" fill="#25a" '
        f'fill-opacity="0.6"/>'
        for row in rows
    )
    return f"""<g transform="translate({left} {top})">
<text y="-12" font-weight="bold">{title}</text>
<text x="{SIDE}" y="-12" text-anchor="end" fill="#666">{claims}</text>
<path d="M0 0V{SIDE}H{SIDE}" fill="none" stroke="#999"/>
<path d="M0 {SIDE}L{SIDE} 0" stroke="#bbb" stroke-dasharray="4 3"/>
{circles}
<text x="-5" y="5" text-anchor="end">1</text><text x="-5" y="{SIDE}" text-anchor="end">0</text>
<text x="{SIDE}" y="{SIDE + 15}" text-anchor="end">1</text>
</g>"""


def main(paths):
    tables = [
        table
        for path in paths
        for table in json.loads(Path(path).read_text("utf-8"))["tables"]
        if table["title"].endswith(BINS) and table["rows"]
    ]
    step = SIDE + GAP
    charts = [
        chart(
            table["title"].removesuffix(BINS),
            table["rows"],
            GAP + (n % COLUMNS) * step,
            GAP + (n // COLUMNS) * step,
        )
        for n, table in enumerate(tables)
    ]
    size = f"{COLUMNS * step + GAP} {-(-len(charts) // COLUMNS) * step + GAP}"
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}"', end="")
    print(' font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%"', end="")
    print(' fill="white"/>\n' + "\n".join(charts) + "\n</svg>")


if __name__ == "__main__":
    main(sys.argv[1:])
