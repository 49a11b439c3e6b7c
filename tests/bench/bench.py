# SPDX-License-Identifier: GPL-3.0-or-later
"""make bench: the library beside others on this machine, and the desk.

Prints tables and asserts nothing; doc/performance.md says how to read them.

    BENCH_FULL=1       all peers, more rounds, the growth curves: half an hour
    BENCH="name name"  only these rows
    BENCH_BEFORE=DIR   the build folder of an older state, measured in the same
                       rounds
    BENCH_JSON=FILE    all figures, for report.py and plot.py
    BENCH_ROUNDS=N     how often each figure is taken
    BENCH_MANY=10000   how many sessions "many" are; where the machine allows
                       fewer, fewer"""

import os
import platform
import resource
import statistics
import subprocess
import sys

import peer
from growth import Growth
from loads import Loads
from servers import CLIENT, HERE, Server
from table import BEFORE, NOW, Bench, at_most

try:
    import desk_bench
except ModuleNotFoundError:
    desk_bench = None


FULL = os.environ.get("BENCH_FULL", "") not in ("", "0")
BURST_MS = 10000 if FULL else 2000
# How long is counted what a row tells of a second.
COUNT_MS = 1000 if FULL else 300


def number_of_many():
    """Descriptors and threads of one process, and some to spare."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    threads = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    many = int(os.environ.get("BENCH_MANY", "10000"))
    for limit in (files, threads):
        if limit != resource.RLIM_INFINITY:
            many = min(many, limit - 200)
    return many


class Ours(Server):
    """tests/bench/server.c."""

    many = number_of_many()
    stops = 20
    name = "server"

    def __init__(self, *words):
        super().__init__(peer.built(self.name), *words)


class Older(Ours):
    name = "server_before"


class Python(Server):
    """CPython's ThreadingTCPServer under the same commands.  Its accept costs
    more with each session, and its shutdown takes half a second."""

    many = min(Ours.many, 3000)
    stops = 1

    def __init__(self, *_):
        super().__init__(sys.executable, os.path.join(HERE, "server.py"))


def stop(server):
    return statistics.median(float(server.ask("stop"))
                             for _ in range(server.stops))


# What is measured of a server.  Each gets a new one and returns a figure.


def stop_idle(server):
    return stop(server)


def stop_many(server):
    with server.hold(server.many):
        return stop(server)


def stop_parked(server):
    """Within the second that they are parked, but not while they are on the
    way."""
    with server.hold(server.many):
        pass
    while server.ask("live") != "0" or server.is_busy():
        pass
    return stop(server)


def idle_turns(server):
    ms = 2 * COUNT_MS
    return float(server.ask(f"turns {ms}")) * 1000 / ms


def starved(server, field):
    server.ask(f"starve {COUNT_MS}")
    held = subprocess.Popen([CLIENT, server.first, "hold", "1"],
                            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    figure = float(server.hear().split()[field])
    held.communicate()
    return figure * 1000 / COUNT_MS


def accept_calls(server):
    return starved(server, 0)


def accept_cpu(server):
    return starved(server, 1)


def rate_few(server):
    with server.hold(100):
        return server.client("rate", 1000)


def rate_many(server):
    with server.hold(server.many):
        return server.client("rate", 1000)


def burst(server):
    return server.client("burst", 300, BURST_MS)


def echo_one(server):
    return server.client("echo", 1, COUNT_MS)


def echo_hundred(server):
    return server.client("echo", 100, COUNT_MS)


NO_WORSE = {"goal": at_most(1.1, of_before=True),
            "goal_text": "no worse (10 %)"}
GOALS = {"stop_idle": NO_WORSE, "stop_many": NO_WORSE,
         "stop_parked": {"goal": at_most(35)},
         "idle_turns": {"goal": at_most(0)},
         "accept_calls": {"goal": at_most(20)}}
WORDS = {"MANY": f"{Ours.many:,}", "LIMIT": f"{BURST_MS / 1000:g} s"}
MEASURES = [
    ("shutdown of an idle server, us", stop_idle),
    ("shutdown with MANY sessions, us", stop_many),
    ("shutdown with MANY workers parked, us", stop_parked),
    ("turns of an idle loop a second", idle_turns),
    ("accepts a second, 100 sessions", rate_few),
    ("accepts a second, MANY sessions", rate_many),
    ("calls of accept a second, no descriptor", accept_calls),
    ("CPU ms in that second", accept_cpu),
    ("300 connects at once, ms (LIMIT at most)", burst),
    ("lines echoed a second, 1 session", echo_one),
    ("lines echoed a second, 100 sessions", echo_hundred),
]


class Beside:
    """The library and CPython's socketserver under the same commands."""

    def __init__(self, bench):
        self.bench = bench
        self.classes = {NOW: Ours, peer.PYTHON: Python}
        if bench.before:
            self.classes[BEFORE] = Older
        title = "The library beside CPython " + platform.python_version()
        if Python.many < Ours.many:
            title += f" (there, {Python.many:,} are many)"
        self.table = bench.table("beside", title)
        self.rows = [(self.row(what, measure), measure)
                     for what, measure in MEASURES]

    def row(self, what, measure):
        for word, meaning in WORDS.items():
            what = what.replace(word, meaning)
        name = measure.__name__
        return self.table.row(name, what, **GOALS.get(name, {}))

    def measure_one(self, of, row, measure):
        self.bench.progress(f"beside: {row.what}, {of}")
        words = ["count"]
        if measure is stop_parked:
            if of == peer.PYTHON:
                return
            words += ["parked", str(Ours.many)]
        try:
            with self.classes[of](*words) as server:
                row.put(of, measure(server))
        except RuntimeError:
            row.miss(of, "it parks none")

    def is_taken(self, of, row, turn):
        """In the quick form only what is quick is taken more than once."""
        return (self.bench.full or turn == 0 or
                of != peer.PYTHON and row.name.startswith("stop"))

    def measure(self):
        wanted = [pair for pair in self.rows
                  if self.bench.wanted(pair[0].name)]
        turns = self.bench.rounds("beside", self.classes)
        for i, turn in enumerate(turns):
            for row, measure in wanted:
                for of in turn:
                    if self.is_taken(of, row, i):
                        self.measure_one(of, row, measure)


def measure(bench):
    """The library's half."""
    loads = Loads(bench)
    loads.measure()
    bench.show(loads.table)
    beside = Beside(bench)
    beside.measure()
    bench.show(beside.table)
    if bench.wanted("growth") and (bench.full or bench.only):
        Growth(bench, Ours.many).measure()


def main():
    bench = Bench(sys.argv[1:])
    measure(bench)
    if desk_bench is not None:
        shown = len(bench.tables)
        desk_bench.measure(bench)
        for table in bench.tables[shown:]:
            bench.show(table)
    bench.close()


if __name__ == "__main__":
    main()
