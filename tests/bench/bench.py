# SPDX-License-Identifier: GPL-3.0-or-later
"""make bench: libsocketserver beside CPython's socketserver on this machine, and
the desk's journal.

Prints a table and asserts nothing.  BENCH_ROUNDS (5) is how often each figure
is taken, BENCH_MANY (10000) how many sessions "many" are; where the machine
allows fewer, fewer.  BENCH_EVENTS (10000000) is how long the longer journal
is."""

import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile

BUILD = os.environ.get("top_builddir", ".")
SOURCE = os.environ.get("top_srcdir", ".")
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
EVENTS = int(os.environ.get("BENCH_EVENTS", "10000000"))
CLIENT = os.path.join(BUILD, "tests/bench/client")
JOURNAL = os.path.join(BUILD, "tests/bench/journal")


def number_of_many():
    """Descriptors and threads of one process, and some to spare."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    threads = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    many = int(os.environ.get("BENCH_MANY", "10000"))
    for limit in (files, threads):
        if limit != resource.RLIM_INFINITY:
            many = min(many, limit - 200)
    return many


class Peer:
    """A program that answers a line with a line."""

    def __init__(self, *argv):
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.first = self.hear()

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args} ended")
        return line.strip()

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.hear()

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Server(Peer):
    many = number_of_many()

    def hold(self, n):
        return Peer(CLIENT, self.first, "hold", str(n))

    def client(self, *words):
        out = subprocess.run([CLIENT, self.first, *map(str, words)],
                             check=True, stdout=subprocess.PIPE, text=True)
        return float(out.stdout)


class Ours(Server):
    name = "libsocketserver"

    def __init__(self):
        super().__init__(os.path.join(BUILD, "tests/bench/server"))


class Python(Server):
    name = "CPython " + platform.python_version()
    # Its accept costs more with each session: ten thousand take minutes.
    many = min(Server.many, 3000)

    def __init__(self):
        super().__init__(sys.executable,
                         os.path.join(SOURCE, "tests/bench/server.py"))


def with_sessions(server, n, measure):
    held = server.hold(n)
    try:
        return [measure() for _ in range(ROUNDS)]
    finally:
        held.end()


def stop_idle(server):
    return [float(server.ask("stop")) for _ in range(4 * ROUNDS)]


def stop_many(server):
    return with_sessions(server, server.many,
                         lambda: float(server.ask("stop")))


def idle_turns(server):
    return [float(server.ask("turns 2000")) / 2 for _ in range(ROUNDS)]


def starved(server, field):
    figures = []
    for _ in range(ROUNDS):
        server.ask("starve 1000")
        held = subprocess.Popen([CLIENT, server.first, "hold", "1"],
                                stdin=subprocess.PIPE,
                                stdout=subprocess.DEVNULL)
        figures.append(float(server.hear().split()[field]))
        held.communicate()
    return figures


def accept_calls(server):
    return starved(server, 0)


def accept_cpu(server):
    return starved(server, 1)


def rate_few(server):
    return with_sessions(server, 100, lambda: server.client("rate", 1000))


def rate_many(server):
    return with_sessions(server, server.many,
                         lambda: server.client("rate", 1000))


def burst(server):
    return [server.client("burst", 300, 10000) for _ in range(ROUNDS)]


def echo_one(server):
    return [server.client("echo", 1, 1000) for _ in range(ROUNDS)]


def echo_hundred(server):
    return [server.client("echo", 100, 1000) for _ in range(ROUNDS)]


def journal(*words):
    out = subprocess.run([JOURNAL, *map(str, words)], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    return float(out or 0)


def starts(events):
    """Of a desk on a journal that long, two hundred sessions of it open."""
    with tempfile.TemporaryDirectory() as folder:
        journal("fill", folder, events)
        return [journal("start", folder) for _ in range(ROUNDS)]


def start_short():
    return starts(10000)


def start_long():
    return starts(EVENTS)


def wal_bytes():
    figures = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            figures.append(journal("wal", folder, 3000))
    return figures


JOURNALS = [
    ("start on a journal of 10,000 events, ms", start_short),
    (f"start on a journal of {EVENTS:,} events, ms", start_long),
    ("bytes into the -wal for an event after 300,000 others", wal_bytes),
]

MEASURES = [
    ("shutdown of an idle server, us", stop_idle),
    ("shutdown with MANY sessions, us", stop_many),
    ("turns of an idle loop in a second", idle_turns),
    ("accepts in a second, 100 sessions", rate_few),
    ("accepts in a second, MANY sessions", rate_many),
    ("calls of accept in a second, no descriptor", accept_calls),
    ("processor ms in that second", accept_cpu),
    ("300 connects at once, ms (10 s at most)", burst),
    ("lines echoed in a second, 1 session", echo_one),
    ("lines echoed in a second, 100 sessions", echo_hundred),
]


def row(server_class, what, measure):
    server = server_class()
    try:
        figures = measure(server)
    finally:
        server.end()
    show(what.replace("MANY", format(server.many, ",")), server.name, figures)


def show(what, name, figures):
    print(f"| {what} | {name} | {min(figures):,.1f} "
          f"| {statistics.median(figures):,.1f} "
          f"| {max(figures):,.1f} |", flush=True)


def main():
    print("| What | Of | min | median | max |")
    print("| --- | --- | ---: | ---: | ---: |", flush=True)
    only = sys.argv[1:]
    for what, measure in MEASURES:
        if not only or measure.__name__ in only:
            row(Ours, what, measure)
            row(Python, what, measure)
    for what, measure in JOURNALS:
        if not only or measure.__name__ in only:
            show(what, "the desk", measure())


main()
