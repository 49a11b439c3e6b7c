# SPDX-License-Identifier: GPL-3.0-or-later
"""The library and its peers under the load generator.  Each round begins with
another of them; ratios are those of one round."""

import shutil

from peer import BATCH, EPOLL, GO, PYTHON, THREADS, peers
from servers import Server, calls_a_session, one_processor
from table import BEFORE, NOW, at_most

HALF = "library"


def why_not(argv):
    """Why it cannot be measured; None if it starts."""
    try:
        Server(*argv).end()
    except RuntimeError:
        return "it does not start"
    return None


class Loads:
    def __init__(self, bench):
        self.bench = bench
        self.secs = 0.5 if bench.full else 0.2
        self.sessions = 8000 if bench.full else 2000
        self.stalled = 1000 if bench.full else 200
        self.table = bench.table(HALF, "The library beside its peers")
        self.rows = {}
        self.make_rows()

    def row(self, name, *args, **kwargs):
        self.rows[name] = self.table.row(name, *args, **kwargs)

    def make_rows(self):
        self.row("churn_cpu", "a session: connect, hello, message, quit; "
                 "CPU", "us")
        self.row("churn_go", "a session, CPU × Go", goal=at_most(1),
                 stretch="0.80", digits=2)
        self.row("churn_batch", "a session with SCHED_BATCH, CPU × Go",
                 goal=at_most(0.85), digits=2)
        self.row("churn_epoll", "a session, CPU × epoll", goal=at_most(1.45),
                 stretch="1.20", digits=2)
        self.row("churn_calls", "a session, system calls", goal=at_most(14))
        self.row("message_cpu", "a message, 64 connections saturated; CPU",
                 "us", digits=2)
        self.row("message_go", "a message, CPU × Go", goal=at_most(1.12),
                 stretch="1.00", digits=2)
        self.row("message_epoll", "a message, CPU × epoll", digits=2)
        self.row("one_p50", "one connection, p50", "us")
        self.row("paced_p50", "5,000 messages a second, p50", "us")
        self.row("paced_p99", "5,000 messages a second, p99", "us")
        self.row("storm_ms", "4,000 at once, last hello answered", "ms")
        self.row("storm_go", "4,000 at once, last hello × Go",
                 goal=at_most(1.05), stretch="0.90", digits=2)
        self.row("storm_lost", "4,000 at once, lost", goal=at_most(0),
                 digits=0)
        self.row("session_bytes", "an idle session: RSS, page tables, kernel "
                 "stack", "bytes", goal=at_most(25100), digits=0)
        self.row("stall_p50", f"{self.stalled:,} never read: another's p50",
                 "us")
        self.row("stall_p99", f"{self.stalled:,} never read: another's p99",
                 "us")

    def put(self, of, **figures):
        for name, figure in figures.items():
            self.rows[name].put(of, figure)

    # One server each, because what one load leaves is another's.

    def cold(self, of, server):
        storm = server.load("storm", 4000, 5 if self.bench.full else 2)
        self.put(of, storm_ms=storm.get("ms"), storm_lost=4000 - storm["n"])

    def idle(self, of, server):
        before = server.memory()
        with server.hold(self.sessions):
            more = server.memory() - before
        self.put(of, session_bytes=more * 1024 / self.sessions)

    def warm(self, of, server):
        """What a session or a message costs is seen with both ends on one
        processor: there nobody is lucky with another's."""
        one = one_processor()
        server.load("churn", 32, self.secs)     # Go starts its threads here
        churn = server.load("churn", 32, self.secs, processors=one)
        many = server.load("messages", 64, self.secs, processors=one)
        alone = server.load("messages", 1, self.secs / 2, processors=one)
        paced = server.load("messages", 64, self.secs, 5000)
        self.put(of, churn_cpu=churn.get("cpu_us"),
                 message_cpu=many.get("cpu_us"), one_p50=alone.get("p50_us"),
                 paced_p50=paced.get("p50_us"), paced_p99=paced.get("p99_us"))

    def stall(self, of, server):
        stall = server.load("stall", self.stalled, self.secs)
        self.put(of, stall_p50=stall["p50_us"], stall_p99=stall["p99_us"])

    PARTS = [
        (cold, ("storm_ms", "storm_go", "storm_lost")),
        (idle, ("session_bytes",)),
        (warm, ("churn_cpu", "churn_go", "churn_batch", "churn_epoll",
                "message_cpu", "message_go", "message_epoll", "one_p50",
                "paced_p50", "paced_p99")),
        (stall, ("stall_p50", "stall_p99")),
    ]

    def wanted_parts(self):
        return [part for part, names in self.PARTS
                if self.bench.wanted(*names)]

    def usable_peers(self):
        found = []
        for peer in peers(self.bench):
            self.bench.progress(f"{HALF}: building {peer.of}")
            why = peer.missing() or why_not(peer.argv)
            if why is None:
                found.append(peer)
            for row in self.table.rows:
                row.miss(peer.of, why or "-")
        return found

    def measure_one(self, peer, part):
        with Server(*peer.argv) as server:
            part(self, peer.of, server)

    def measure(self):
        parts = self.wanted_parts()
        if not parts and not self.bench.wanted("churn_calls"):
            return
        every = self.usable_peers()
        if parts:
            turns = self.bench.rounds(HALF, every)
            for i, turn in enumerate(turns):
                for peer in turn:
                    if peer.of == PYTHON and i > 0 and not self.bench.full:
                        continue        # a storm of its takes seconds
                    self.bench.progress(f"{HALF}: loads of {peer.of}")
                    for part in parts:
                        self.measure_one(peer, part)
        self.trace(every)
        self.ratios()

    def trace(self, every):
        row = self.rows["churn_calls"]
        traced = [peer for peer in every
                  if peer.of in (NOW, BEFORE, THREADS, EPOLL)]
        if not self.bench.wanted(row.name):
            return
        if shutil.which("strace") is None:
            row.miss(NOW, "no strace")
            return
        for peer in traced:
            self.bench.progress(f"{HALF}: system calls of {peer.of}")
            row.put(peer.of, calls_a_session(peer.argv))

    def ratios(self):
        rows = self.rows
        for of in (NOW, BEFORE):
            rows["churn_go"].ratio(rows["churn_cpu"], of, GO)
            rows["churn_epoll"].ratio(rows["churn_cpu"], of, EPOLL)
            rows["message_go"].ratio(rows["message_cpu"], of, GO)
            rows["message_epoll"].ratio(rows["message_cpu"], of, EPOLL)
            rows["storm_go"].ratio(rows["storm_ms"], of, GO)
        rows["churn_batch"].ratio(rows["churn_cpu"], BATCH, GO, into=NOW)
