# SPDX-License-Identifier: GPL-3.0-or-later
"""report.py JSON PAGE: writes the tables of a run of make bench into a page,
between lines "<!-- begin NAME -->" and "<!-- end NAME -->".

    run       date and machine
    missed    the goals that were not met, each with its cause
    peers     one line for each server
    others    a table of the run, by its name: library, beside, desk

The causes are a comment of the page, written by hand:

    <!-- causes
    row_name: why its goal is not met
    -->

A missed goal without a cause is an error, once the page is written."""

import json
import re
import sys

from table import BEFORE, NOW, Row

OURS = "libsocketserver"
# Rows of the library's table that tell servers from each other.
PEER_COLUMNS = {
    "churn_cpu": "a session, CPU us",
    "message_cpu": "a message, CPU us",
    "one_p50": "one connection, p50 us",
    "paced_p50": "5,000/s, p50 us",
    "paced_p99": "5,000/s, p99 us",
    "storm_ms": "4,000 at once, ms",
    "storm_lost": "lost",
    "session_bytes": "idle session, bytes",
    "stall_p99": "others stall, p99 us",
}
# Of these the tables have their own columns.
SHOWN = (BEFORE, NOW)


def markdown(head, rows, right=()):
    """right: numbers of the columns whose figures stand under each other."""
    marks = ["---:" if i in right else "---" for i in range(len(head))]
    return ["| " + " | ".join(cells) + " |" for cells in (head, marks, *rows)]


def rows_of(table):
    return [Row.from_json(row) for row in table["rows"]]


def has(rows, of):
    return any(row.median(of) is not None for row in rows)


def others_of(rows):
    """Who else has figures in the table, in the order of appearance."""
    names = dict.fromkeys(of for row in rows for of in row.figures)
    return [of for of in names if of not in SHOWN]


def goal_of(row):
    if not row.stretch:
        return row.goal_text
    return f"{row.goal_text} (stretch {row.stretch})"


def table_lines(table, others=True):
    rows = rows_of(table)
    columns = [of for of in SHOWN if has(rows, of)]
    columns += others_of(rows) if others else []
    head = ["What", "Goal", *columns, "Verdict"]
    body = [[row.title(), goal_of(row), *map(row.cell, columns),
             row.verdict()] for row in rows]
    return markdown(head, body, range(2, 2 + len(columns)))


def peer_lines(table):
    rows = {row.name: row for row in rows_of(table)}
    rows = {name: rows[name] for name in PEER_COLUMNS if name in rows}
    every = dict.fromkeys(of for row in rows.values() for of in row.figures)
    body = [[OURS if of == NOW else f"{OURS}, {of}"
             if of in (BEFORE, "SCHED_BATCH") else of,
             *[peer_cell(row, of) for row in rows.values()]]
            for of in every]
    head = ["Server", *[PEER_COLUMNS[name] for name in rows]]
    return markdown(head, body, range(1, len(head)))


def peer_cell(row, of):
    figure = row.median(of)
    return "-" if figure is None else row.number(figure)


def run_lines(data):
    machine = data["machine"]
    loads = [f"{load[0]:.1f}" for load in data["load"]]
    form = "the full form" if data["full"] else "the quick form"
    return [f"{data['date']}, {form}.", "", *markdown(
        ["Machine", ""],
        [["processor", f"{machine['processor']}, {machine['cores']} cores"],
         ["memory", machine["memory"]],
         ["kernel", machine["kernel"]],
         ["compiler", machine["compiler"]],
         ["libc", machine["libc"]],
         ["SQLite", machine["sqlite"]],
         ["load average, first and last", " and ".join(loads)]])]


def missed_rows(data):
    return [row for table in data["tables"] for row in rows_of(table)
            if row.verdict() == "missed"]


def missed_lines(data, causes):
    rows = missed_rows(data)
    if not rows:
        return ["Every goal that was measured is met."]
    return markdown(
        ["Goal missed", "Goal", "Now", "Cause"],
        [[row.title(), row.goal_text, row.cell(), causes.get(row.name, "?")]
         for row in rows])


def causes_of(page):
    """Of the page's comment, by the name of the row.  A line that begins with
    a space goes on."""
    found = re.search(r"<!-- causes\n(.*?)-->", page, re.S)
    lines = re.sub(r"\n[ \t]+", " ", found[1] if found else "").splitlines()
    pairs = [line.partition(":") for line in lines if ":" in line]
    return {name.strip(): cause.strip() for name, _, cause in pairs}


def blocks(data, causes):
    tables = {table["name"]: table for table in data["tables"]}
    made = {name: table_lines(table, others=name != "library")
            for name, table in tables.items()}
    if "library" in tables:
        made["peers"] = peer_lines(tables["library"])
    made["run"] = run_lines(data)
    made["missed"] = missed_lines(data, causes)
    return made


def fill(page, data):
    """The page with the tables of the run.  A part that the run does not have
    stays as it is."""
    for name, lines in blocks(data, causes_of(page)).items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        before, mark, rest = page.partition(begin)
        if mark:
            after = rest.partition(end)[2]
            page = before + begin + "\n" + "\n".join(lines) + "\n\n" + end
            page += after
    return page


def without_cause(page, data):
    causes = causes_of(page)
    return [row.name for row in missed_rows(data) if row.name not in causes]


def main(data_path, page_path):
    with open(data_path, encoding="utf-8") as file:
        data = json.load(file)
    with open(page_path, encoding="utf-8") as file:
        page = fill(file.read(), data)
    with open(page_path, "w", encoding="utf-8") as file:
        file.write(page)
    missing = without_cause(page, data)
    for name in missing:
        print(f"report.py: {page_path}: {name} is missed and has no cause",
              file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
