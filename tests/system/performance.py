# SPDX-License-Identifier: GPL-3.0-or-later
"""What make bench makes of its figures, on a few of them that are made up: the
verdicts, the page and the plots.  Nothing is measured here."""

import contextlib
import io
import json
import os
import re
import sys
import tempfile
from xml.etree import ElementTree

from tap import TOP, run, same, text

sys.path.insert(0, os.path.join(TOP, "tests/bench"))
sys.dont_write_bytecode = True

import plot                                             # noqa: E402
import report                                           # noqa: E402
from table import (BEFORE, NOW, Bench, Row, at_least,   # noqa: E402
                   at_most)

CURVES = ("accept_sessions", "cpu_sessions", "memory_sessions", "start_events")
PAGE = """Words of ours.
<!-- begin run -->
<!-- end run -->
<!-- begin missed -->
of an older run
<!-- end missed -->
<!-- causes
slow: it is made
  of wood.
-->
<!-- begin library -->
<!-- end library -->
<!-- begin peers -->
<!-- end peers -->
<!-- begin desk -->
of an older run
<!-- end desk -->
The end.
"""


def made_up():
    """A run with a row of each verdict."""
    bench = Bench()
    table = bench.table("library", "Of three rounds")
    cpu = table.row("churn_cpu", "a session", "us")
    for turn in ((10, 20, 40), (12, 30, 36), (90, 45, 45)):
        for of, figure in zip((NOW, BEFORE, "Go"), turn):
            cpu.put(of, figure)
    table.row("fast", "is met", goal=at_most(0.5), digits=2).ratio(
        cpu, NOW, "Go")
    table.row("slow", "is missed", goal=at_least(2, of_before=True)).put(NOW, 1)
    table.rows[-1].put(BEFORE, 1)
    table.row("absent", "is absent", goal=at_most(1)).miss(NOW, "no strace")
    for name in CURVES:
        curve = bench.curve(name, f"The curve <{name}>", x="sessions",
                            y="time, us", log_x=True)
        for x in (1, 100, 10000):
            curve.put("ours", x, 10.0)
            curve.put("ours", x, 14.0)
            curve.put("ours, before", x, 1.0 * x)
    return bench


def as_file(bench):
    return json.loads(json.dumps(bench.as_json()))


def rows_of(bench):
    return {row.name: row for row in bench.tables[0].rows}


def verdicts():
    rows = rows_of(made_up())
    same([rows[name].verdict() for name in ("churn_cpu", "fast", "slow",
                                            "absent")],
         ["no goal", "met", "missed", "not measured: no strace"])
    rows["fast"].figures[NOW] = [0.1, 0.51, 9]
    same(rows["fast"].verdict(), "missed")
    del rows["slow"].figures[BEFORE]
    same(rows["slow"].verdict(), "no older build")
    same(rows["churn_cpu"].cell(), "12.0 [10.0..90.0]")


def ratios():
    """The ratio of the medians would be 12 / 40."""
    rows = rows_of(made_up())
    same(rows["fast"].figures[NOW], [10 / 40, 12 / 36, 90 / 45])
    lost = Row("lost", "of two")
    rows["churn_cpu"].figures["Go"][1] = None
    lost.ratio(rows["churn_cpu"], NOW, "Go")
    same(lost.figures[NOW], [10 / 40, None, 90 / 45])


def rounds():
    with environment(BENCH_ROUNDS="4"):
        same(list(Bench().rounds("library", "abc")),
             [list(turn) for turn in ("abc", "bca", "cab", "abc")])


@contextlib.contextmanager
def environment(**variables):
    old = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(old)


def every_row():
    data = as_file(made_up())
    page = report.fill(PAGE, data)
    table = page.split("<!-- begin library -->")[1].split("<!-- end")[0]
    for row in data["tables"][0]["rows"]:
        line = re.search(rf"^\| {row['what']}.*\| (.*) \|$", table, re.M)
        same(line and line[1], row["verdict"])
    same({line.count("|") for line in table.strip().splitlines()[:-1]}, {6})
    same(page.count("| Go | 40.0 |"), 1)
    same(report.fill(page, data), page)


def causes():
    data = as_file(made_up())
    missed = report.fill(PAGE, data).split("<!-- begin missed -->")[1]
    missed = missed.split("<!-- end")[0]
    assert "| is missed | ≥ 2 × before | 1.0 | it is made of wood. |" in missed
    assert "older run" not in missed and "is met" not in missed, missed
    with tempfile.TemporaryDirectory() as folder, \
            contextlib.redirect_stderr(io.StringIO()) as said:
        same([told(folder, data, PAGE),
              told(folder, data, PAGE.replace("slow:", "fast:"))], [0, 1])
    assert "slow is missed" in said.getvalue(), said.getvalue()


def told(folder, data, page):
    """What report.py ends with."""
    paths = [os.path.join(folder, name) for name in ("run.json", "page.md")]
    for path, what in zip(paths, (json.dumps(data), page)):
        with open(path, "w", encoding="utf-8") as file:
            file.write(what)
    return report.main(*paths)


def what_stays():
    page = report.fill(PAGE, as_file(made_up()))
    desk = page.split("<!-- begin desk -->")[1].split("<!-- end")[0]
    same(desk, "\nof an older run\n")
    assert page.startswith("Words of ours.") and page.endswith("The end.\n")
    same(report.fill("Nothing\n", as_file(made_up())), "Nothing\n")


def every_point():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "run.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(as_file(made_up()), file)
        plot.main(path, folder)
        for name in CURVES:
            yield from wrong_plot(os.path.join(folder, name + ".svg"), 2, 6)


def wrong_plot(path, lines, points):
    """Everything that is drawn is inside, and no axis lacks its words."""
    root = ElementTree.parse(path).getroot()
    name = os.path.basename(path)
    width, height = map(int, root.get("viewBox").split()[2:])
    found = {tag: list(root.iter("{http://www.w3.org/2000/svg}" + tag))
             for tag in ("polyline", "circle", "text")}
    if len(found["polyline"]) < lines or len(found["circle"]) < points:
        yield f"{name} lacks a series or a point"
    for at in found["circle"]:
        if not (0 < float(at.get("cx")) < width and
                0 < float(at.get("cy")) < height):
            yield f"{name}: a point is outside"
    if len({at.text for at in found["text"]}) < 8:
        yield f"{name}: words are missing"
    for at in found["text"]:
        share = {"start": 1, "middle": 0.5, "end": 0}[at.get("text-anchor")]
        if float(at.get("x")) + share * 7 * len(at.text) > width and \
                at.get("transform") is None:
            yield f"{name}: {at.text} goes beyond the edge"


def the_page():
    """doc/performance.md, as it is."""
    page = text("doc/performance.md")
    for name in CURVES:
        if f"](performance/{name}.svg)" not in page:
            yield f"the page does not show {name}"
        path = os.path.join(TOP, "doc/performance", name + ".svg")
        yield from wrong_plot(path, 1, 2)
    missed = page.split("<!-- begin missed -->")[1].split("<!-- end")[0]
    for what in re.findall(r"^\| (.*?) \|.*\| missed \|$", page, re.M):
        row = re.search(rf"^\| {re.escape(what)} \|.*\| (.*) \|$", missed,
                        re.M)
        if row is None or row[1] in ("", "?"):
            yield f"the page has no cause why it is missed: {what}"


run("performance",
    ("a verdict is that of the median that is shown", verdicts),
    ("a ratio is taken inside a round, and of a lost figure there is none",
     ratios),
    ("each round begins with another peer", rounds),
    ("the report has a verdict for each row", every_row),
    ("a missed goal has its cause beside it, or is an error", causes),
    ("what was not measured stays as it is on the page", what_stays),
    ("the plots have each point of all four curves", every_point),
    ("the page shows the four curves and has a cause for each missed goal",
     the_page))
