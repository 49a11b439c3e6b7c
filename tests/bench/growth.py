# SPDX-License-Identifier: GPL-3.0-or-later
"""What grows with the number of sessions: the time of an accept, memory."""

from contextlib import ExitStack

from peer import PYTHON, THREADS, peers
from servers import Server
from table import BEFORE, NOW

POINTS = (1, 100, 1000, 5000, 10000)
NAMES = {NOW: "the library", BEFORE: "the library, before",
         THREADS: "C threads", PYTHON: "Python"}


class Growth:
    def __init__(self, bench, many):
        self.bench = bench
        self.many = many
        self.accepts = bench.curve(
            "accept_sessions", "Accept time against live sessions",
            x="live sessions", y="connect, hello and answer, us", log_x=True)
        self.memory = bench.curve(
            "memory_sessions", "Memory against sessions",
            x="sessions", y="a session: resident, page tables, kernel stack, "
            "KiB", log_x=True)

    def most(self, of):
        """Python's accept costs more with each session: ten thousand take
        minutes."""
        return min(self.many, 3000) if of == PYTHON else self.many

    def grow(self, of, server):
        """Sessions are added to those that are there."""
        empty, live = server.memory(), 0
        with ExitStack() as held:
            for point in POINTS:
                if point > self.most(of):
                    break
                held.enter_context(server.hold(point - live))
                live = point
                self.look(NAMES[of], server, live, server.memory() - empty)

    def look(self, name, server, live, memory):
        # One session alone is mostly what is made with the first.
        if live > 1:
            self.memory.put(name, live, memory / live / 1024)
        self.accepts.put(name, live, 1e6 / server.client("rate", 500))

    def measure(self):
        every = [peer for peer in peers(self.bench)
                 if peer.of in NAMES and peer.missing() is None]
        for turn in self.bench.rounds("growth", every):
            for peer in turn:
                self.bench.progress(f"growth: {peer.of}")
                with Server(*peer.argv) as server:
                    self.grow(peer.of, server)
