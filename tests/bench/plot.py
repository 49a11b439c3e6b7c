# SPDX-License-Identifier: GPL-3.0-or-later
"""plot.py JSON FOLDER: draws each growth curve of a run of make bench as
FOLDER/NAME.svg, for light and for dark pages.

A point is the median of its rounds, the line through it goes from the least to
the most.  A series whose name ends in "before" is dashed."""

import json
import math
import os
import statistics
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 74, 44, 86, 56
DASHED = "before"

STYLE = """
svg { background: #ffffff; font: 13px sans-serif; }
text { fill: #24292f; } .title { font-size: 16px; font-weight: bold; }
.grid { stroke: #d8dee4; } .axis { stroke: #57606a; }
.s { fill: none; stroke-width: 2; } .d { stroke-dasharray: 6 4; }
.c0 { stroke: #0b62c4; } .c1 { stroke: #bc4c00; } .c2 { stroke: #1a7f37; }
.c3 { stroke: #8250df; } .c4 { stroke: #a40e26; } .c5 { stroke: #57606a; }
@media (prefers-color-scheme: dark) {
svg { background: #0d1117; } text { fill: #e6edf3; }
.grid { stroke: #30363d; } .axis { stroke: #8b949e; }
.c0 { stroke: #58a6ff; } .c1 { stroke: #f0883e; } .c2 { stroke: #3fb950; }
.c3 { stroke: #bc8cff; } .c4 { stroke: #ff7b72; } .c5 { stroke: #8b949e; }
}
"""
COLOURS = 6


def decades(low, high):
    """Powers of ten from below low to above high."""
    first = math.floor(math.log10(low))
    last = max(math.ceil(math.log10(high)), first + 1)
    return [10.0 ** power for power in range(first, last + 1)]


def steps(high):
    """From 0 in round steps, five or so, to above high."""
    rough = (high or 1) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough)
    return [step * i for i in range(math.ceil((high or 1) / step) + 1)]


class Axis:
    """Where a figure lies between two places, and what is written there."""

    def __init__(self, figures, is_log, first, last):
        self.is_log = is_log and min(figures) > 0
        self.first = first
        self.last = last
        if self.is_log:
            self.ticks = decades(min(figures), max(figures))
        else:
            self.ticks = steps(max(figures))

    def place(self, figure):
        low, high = self.scale(self.ticks[0]), self.scale(self.ticks[-1])
        part = (self.scale(figure) - low) / (high - low)
        return self.first + part * (self.last - self.first)

    def scale(self, figure):
        return math.log10(figure) if self.is_log else figure


def line(css, x1, y1, x2, y2):
    return (f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" '
            f'x2="{x2:.1f}" y2="{y2:.1f}"/>')


def words(text, x, y, anchor="start", more=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>'
            f'{escape(text)}</text>')


def frame(curve, x_axis, y_axis):
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    yield words(curve["title"], LEFT, 24, more=' class="title"')
    for tick in x_axis.ticks:
        x = x_axis.place(tick)
        yield line("grid", x, TOP, x, bottom)
        yield words(f"{tick:,.10g}", x, bottom + 18, "middle")
    for tick in y_axis.ticks:
        y = y_axis.place(tick)
        yield line("grid", LEFT, y, right, y)
        yield words(f"{tick:,.10g}", LEFT - 8, y + 4, "end")
    yield line("axis", LEFT, bottom, right, bottom)
    yield line("axis", LEFT, TOP, LEFT, bottom)
    yield words(curve["x"], (LEFT + right) / 2, HEIGHT - 14, "middle")
    middle = (TOP + bottom) / 2
    yield words(curve["y"], 18, middle, "middle",
                f' transform="rotate(-90 18 {middle:.1f})"')


def draw_series(css, points, x_axis, y_axis):
    places = []
    for x, figures in points:
        at = x_axis.place(x)
        places.append((at, y_axis.place(statistics.median(figures))))
        yield line("s " + css.split()[0], at, y_axis.place(min(figures)),
                   at, y_axis.place(max(figures)))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline class="s {css}" points="{path}"/>'
    for x, y in places:
        yield (f'<circle class="s {css.split()[0]}" cx="{x:.1f}" '
               f'cy="{y:.1f}" r="3"/>')


def key(names):
    """Which line is whose, under the title, in as many rows as it takes."""
    x, y = LEFT, 42
    for css, name in names:
        width = 52 + 7.2 * len(name)
        if x > LEFT and x + width > WIDTH:
            x, y = LEFT, y + 18
        yield line("s " + css, x, y, x + 26, y)
        yield words(name, x + 32, y + 4)
        x += width


def css_of(number, name):
    return f"c{number % COLOURS}" + (" d" if name.endswith(DASHED) else "")


def svg(curve):
    """The text of one file; "" if the curve has no points."""
    series = curve["series"]
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, ys in points for y in ys]
    if not xs:
        return ""
    x_axis = Axis(xs, curve["log_x"], LEFT, WIDTH - RIGHT)
    y_axis = Axis(ys, curve["log_y"], HEIGHT - BOTTOM, TOP)
    names = [(css_of(i, name), name) for i, name in enumerate(series)]
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" role="img" '
             f'viewBox="0 0 {WIDTH} {HEIGHT}">',
             f'<title>{escape(curve["title"])}</title>',
             f"<style>{STYLE}</style>", *frame(curve, x_axis, y_axis)]
    for css, name in names:
        parts += draw_series(css, series[name], x_axis, y_axis)
    return "\n".join([*parts, *key(names), "</svg>", ""])


def main(path, folder):
    with open(path, encoding="utf-8") as file:
        curves = json.load(file)["curves"]
    os.makedirs(folder, exist_ok=True)
    for curve in curves:
        text = svg(curve)
        if text:
            name = os.path.join(folder, curve["name"] + ".svg")
            with open(name, "w", encoding="utf-8") as file:
                file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
