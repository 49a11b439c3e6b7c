# SPDX-License-Identifier: GPL-3.0-or-later
"""What both halves of make bench share: rounds, rows with a goal and a verdict,
growth curves, and the file with all raw figures.

bench.py measures the library and then calls measure(bench) of desk_bench.py,
if that module is there.  A half does this:

    def measure(bench):
        table = bench.table("desk", "The desk")
        rate = table.row("desk_rate", "stored and shown messages a second",
                         goal=at_least(1.5, of_before=True))
        for turn in bench.rounds("desk", bench.builds()):
            for of, build in turn:              # in another order each round
                bench.progress(f"messages of {of}")
                rate.put(of, figure)            # None where there was none
        rate.miss(NOW, "no Go compiler")        # why it has no figures

A row's figures are kept per "of": NOW is what is built here, BEFORE the build
folder that BENCH_BEFORE names, any other word a peer.  put() is called once a
round for each, so the figures of one round have one index.  ratio() makes a row
of ratios taken inside a round.  The verdict is about NOW's median.

A row shows only what was put into it; a row that bench.wanted(name) does not
want (make bench BENCH="name name") need not be measured, and an empty row is
"not measured" in the table.

    bench.full      BENCH_FULL=1: everything, otherwise a share of two minutes
    bench.build     the build folder;  bench.source: the source folder
    bench.before    the older build folder, or None
    bench.builds()  [(NOW, bench.build)], and (BEFORE, bench.before) if there is

A growth curve:

    curve = bench.curve("cpu_sessions", "CPU a message against sessions",
                        x="sessions", y="CPU a message, us", log_x=True)
    curve.put("the desk", 1000, 158.0)          # once a round, too
    curve.put("the desk, before", 1000, 248.0)

BENCH_JSON=FILE is where the figures go: table, rows, raw figures, curves, date,
machine and load.  report.py makes tables of them, plot.py curves."""

import ctypes
import ctypes.util
import datetime
import json
import os
import statistics
import subprocess
import sys

NOW = "now"
BEFORE = "before"


class Goal:
    """What a row's median is to be.  A goal of_before is a factor of the older
    build's median, which must have been measured too."""

    def __init__(self, word, limit, of_before):
        self.word = word
        self.limit = limit
        self.of_before = of_before

    def text(self):
        sign = {"most": "≤", "least": "≥"}[self.word]
        if not self.of_before:
            return f"{sign} {self.limit:,g}"
        if self.limit == 1:
            return "no worse"
        return f"{sign} {self.limit:,g} × before"

    def is_met(self, now, before):
        """None if there is nothing to compare with."""
        if self.of_before and before is None:
            return None
        limit = self.limit * before if self.of_before else self.limit
        return now <= limit if self.word == "most" else now >= limit

    def as_json(self):
        return [self.word, self.limit, self.of_before]


def at_most(limit, of_before=False):
    return Goal("most", limit, of_before)


def at_least(limit, of_before=False):
    return Goal("least", limit, of_before)


def median(figures):
    known = [figure for figure in figures if figure is not None]
    return statistics.median(known) if known else None


class Row:
    """One row: what is measured, its goal, and its figures per "of".

    goal_text replaces the goal's own text, and tells a goal that no function
    can judge.  digits is how many are shown after the point."""

    def __init__(self, name, what, unit="", goal=None, goal_text="",
                 stretch="", digits=1):
        self.name = name
        self.what = what
        self.unit = unit
        self.goal = goal
        self.goal_text = goal_text or (goal.text() if goal else "")
        self.stretch = stretch
        self.digits = digits
        self.figures = {}
        self.why = {}

    def put(self, of, figure):
        self.figures.setdefault(of, []).append(figure)

    def miss(self, of, why):
        self.why[of] = why

    def ratio(self, over, of=NOW, base=NOW, under=None, into=None):
        """Puts, for each round, what `over` has of `of` divided by what `under`
        (`over` itself if None) has of `base`.  The ratios are of `into`, or of
        `of`."""
        under = under or over
        self.miss(into or of, over.why.get(of) or under.why.get(base) or "-")
        for a, b in zip(over.figures.get(of, []),
                        under.figures.get(base, [])):
            known = a is not None and b is not None and b != 0
            self.put(into or of, a / b if known else None)

    def median(self, of=NOW):
        return median(self.figures.get(of, []))

    def cell(self, of=NOW):
        """median [min..max], or of a peer, whose spread is no news, the median;
        "-" if there is none."""
        known = [f for f in self.figures.get(of, []) if f is not None]
        if not known:
            return "-"
        text = self.number(statistics.median(known))
        if of in (NOW, BEFORE) and min(known) != max(known):
            text += f" [{self.number(min(known))}..{self.number(max(known))}]"
        return text

    def number(self, figure):
        return f"{figure:,.{self.digits}f}"

    def verdict(self):
        now = self.median()
        if now is None:
            why = self.why.get(NOW, "-")
            return "not measured" if why == "-" else f"not measured: {why}"
        if self.goal is None:
            return "no goal"
        # What is shown is what is judged: 1.002 shown as 1.00 is 1.00.
        met = self.goal.is_met(round(now, self.digits), self.median(BEFORE))
        if met is None:
            return "no older build"
        return "met" if met else "missed"

    def title(self):
        return f"{self.what}, {self.unit}" if self.unit else self.what

    def as_json(self):
        return {"name": self.name, "what": self.what, "unit": self.unit,
                "goal": self.goal.as_json() if self.goal else None,
                "goal_text": self.goal_text, "stretch": self.stretch,
                "digits": self.digits, "figures": self.figures,
                "why": self.why, "verdict": self.verdict()}

    @classmethod
    def from_json(cls, row):
        goal = Goal(*row["goal"]) if row["goal"] else None
        self = cls(row["name"], row["what"], row["unit"], goal,
                   row["goal_text"], row["stretch"], row["digits"])
        self.figures = row["figures"]
        self.why = row["why"]
        return self


class Table:
    def __init__(self, name, title, rows=()):
        self.name = name
        self.title = title
        self.rows = list(rows)

    def row(self, *args, **kwargs):
        self.rows.append(Row(*args, **kwargs))
        return self.rows[-1]

    def others(self):
        """Whoever has figures beside NOW, BEFORE first, others in the order of
        their first appearance."""
        found = dict.fromkeys(of for row in self.rows for of in row.figures)
        return sorted((of for of in found if of != NOW),
                      key=lambda of: of != BEFORE)

    def lines(self):
        """The table in Markdown, one string a line."""
        others = self.others()
        cells = [["What", "Goal", NOW, *others, "Verdict"]]
        cells += [[row.title(), row.goal_text, row.cell(),
                   *[row.cell(of) for of in others], row.verdict()]
                  for row in self.rows]
        return laid_out(cells)

    def as_json(self):
        return {"name": self.name, "title": self.title,
                "rows": [row.as_json() for row in self.rows]}


def laid_out(cells):
    """Rows of cells, the first of which are the heads, as Markdown."""
    widths = [max(map(len, column)) for column in zip(*cells)]
    lines = ["| " + " | ".join(cell.ljust(width)
                               for cell, width in zip(row, widths)) + " |"
             for row in cells]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return lines


class Curve:
    """Figures against a number, one series per "of"."""

    def __init__(self, name, title, x, y, log_x=False, log_y=False):
        self.name = name
        self.title = title
        self.x = x
        self.y = y
        self.log_x = log_x
        self.log_y = log_y
        self.series = {}

    def put(self, of, x, figure):
        if figure is not None:
            self.series.setdefault(of, {}).setdefault(x, []).append(figure)

    def as_json(self):
        series = {of: [[x, points[x]] for x in sorted(points)]
                  for of, points in self.series.items()}
        return {"name": self.name, "title": self.title, "x": self.x,
                "y": self.y, "log_x": self.log_x, "log_y": self.log_y,
                "series": series}


class Bench:
    """One run of make bench, as the environment wants it."""

    def __init__(self, only=()):
        env = os.environ
        self.only = set(only)
        self.full = env.get("BENCH_FULL", "") not in ("", "0")
        self.build = env.get("top_builddir", ".")
        self.source = env.get("top_srcdir", ".")
        self.before = env.get("BENCH_BEFORE") or None
        self.date = datetime.datetime.now(datetime.timezone.utc)
        self.load = [os.getloadavg()]
        self.tables = []
        self.curves = []

    def table(self, name, title):
        self.tables.append(Table(name, title))
        return self.tables[-1]

    def curve(self, *args, **kwargs):
        """A curve that both halves draw into is one curve."""
        new = Curve(*args, **kwargs)
        for curve in self.curves:
            if curve.name == new.name:
                return curve
        self.curves.append(new)
        return new

    def wanted(self, *names):
        return not self.only or any(name in self.only for name in names)

    def builds(self):
        builds = [(NOW, self.build)]
        if self.before:
            builds.append((BEFORE, self.before))
        return builds

    def rounds(self, half, peers, quick=3):
        """Yields the peers once a round, each time in another order, so that a
        busy minute of the machine is nobody's alone.  There are BENCH_ROUNDS,
        or 5 in a full run and `quick` in a quick one."""
        peers = list(peers)
        number = int(os.environ.get("BENCH_ROUNDS") or
                     (5 if self.full else quick))
        for i in range(number):
            first = i % len(peers)
            self.progress(f"{half}: round {i + 1} of {number}")
            yield peers[first:] + peers[:first]

    def progress(self, text=""):
        """What is being done, for who looks at a terminal."""
        if sys.stderr.isatty():
            print(f"\r\033[K{text[:79]}", end="", file=sys.stderr, flush=True)

    def show(self, table):
        self.progress()
        shown = Table(table.name, table.title,
                      [row for row in table.rows
                       if row.figures or self.wanted(row.name)])
        if shown.rows:
            print(f"\n{table.title}\n")
            print("\n".join(shown.lines()), flush=True)

    def as_json(self):
        return {"date": self.date.strftime("%Y-%m-%d %H:%M UTC"),
                "machine": machine(), "full": self.full,
                "load": [*self.load, os.getloadavg()],
                "tables": [table.as_json() for table in self.tables],
                "curves": [curve.as_json() for curve in self.curves]}

    def save(self):
        path = os.environ.get("BENCH_JSON")
        if path:
            with open(path, "w", encoding="utf-8") as file:
                json.dump(self.as_json(), file, ensure_ascii=False, indent=1)
                file.write("\n")


def first_line(path, key):
    """The value of the first "key : value" line of a file of /proc."""
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name.strip() == key:
                    return value.strip()
    except OSError:
        pass
    return "unknown"


def compiler():
    command = os.environ.get("CC", "cc").split()
    try:
        out = subprocess.run([*command, "--version"], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
        return out.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


def libc():
    try:
        return os.confstr("CS_GNU_LIBC_VERSION")
    except (ValueError, OSError):
        return "unknown"


def sqlite():
    """Of the library that the desk is linked with, not of Python's own."""
    try:
        library = ctypes.CDLL(ctypes.util.find_library("sqlite3"))
        library.sqlite3_libversion.restype = ctypes.c_char_p
        return library.sqlite3_libversion().decode()
    except (OSError, TypeError, AttributeError):
        return "unknown"


def machine():
    system = os.uname()
    return {"processor": first_line("/proc/cpuinfo", "model name"),
            "cores": os.cpu_count(),
            "memory": first_line("/proc/meminfo", "MemTotal"),
            "kernel": f"{system.sysname} {system.release} {system.machine}",
            "compiler": compiler(), "libc": libc(), "sqlite": sqlite()}
