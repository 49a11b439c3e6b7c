# SPDX-License-Identifier: GPL-3.0-or-later
"""Two operators press Enter in the same instant: one has the customer who
waits longest, and the other gets the next."""

import re
import threading
import time

from attached import Terminal
from desk import Deadline, Desk, case, main, same, size

ROUNDS = size(104, small=24, full=1000)
PAIRS = 8                       # of terminals, each at a desk of its own
BOUNCE = 0.55                   # Enter behind another one is a key that bounces


class Pair:
    """Two terminals at a desk, and two customers."""

    def __init__(self, d):
        self.customers = [d.line() for _ in range(2)]
        self.terminals = [d.keep(Terminal(d.operator_path, name))
                          for name in ("ann", "lin")]
        for t in self.terminals:
            t.until("you are", "[-]")
        self.firsts = []        # who had the first in line

    def wait(self, pattern, starts):
        for t, start in zip(self.terminals, starts):
            t.until_match(pattern, start)

    def ends(self):
        return [len(t.out) for t in self.terminals]

    def ask(self, n):
        """Both wait, the first customer first, and all know it."""
        for i, c in enumerate(self.customers):
            starts = self.ends()
            c.send(f"question {n} {i}\n")
            self.wait(rf"\| question {n} {i}\s", starts)
        self.wait(r"\[-\][^\n>]*2 waiting[^\n>]*> ", starts)

    def enter(self, entered):
        """At once, and not too soon behind the Enter before."""
        time.sleep(max(0, entered + BOUNCE - time.monotonic()))
        gate = threading.Barrier(2)
        starts = self.ends()

        def press(t):
            gate.wait()
            t.type("\r")

        fingers = [threading.Thread(target=press, args=(t,))
                   for t in self.terminals]
        for finger in fingers:
            finger.start()
        for finger in fingers:
            finger.join()
        # What a colleague said there is seen before one answers.
        got = [int(t.until_match(r"--- end.*\[(\d+) guest\][^\n>]*> ",
                                 start)[1])
               for t, start in zip(self.terminals, starts)]
        same(sorted(got), [1, 2])
        self.firsts.append(got.index(1))
        return got

    @staticmethod
    def send(t, row, start):
        """What the colleague said there before was shown a moment ago, and Enter
        sends only what somebody may have read it before."""
        deadline = Deadline()
        while not re.search(row, t.out[start:]):
            deadline.left(f"{row}: {t.out[start:]!r}")
            t.type("\r")
            t.read(0.1)

    def answer(self, n, got):
        """Each answers its own, and gives it back."""
        starts = self.ends()
        for t, sid, start in zip(self.terminals, got, starts):
            t.type(f"answer {n} to {sid}")
            self.send(t, rf"answer {n} to {sid} [✓·]", start)
            self.customers[sid - 1].until(f"{t.name}: answer {n} to {sid}\n")
        for t in self.terminals:
            t.type("/release\r")
        for sid in got:
            self.wait(rf"nobody answers {sid} guest now", starts)
        starts = self.ends()
        for t in self.terminals:
            t.type("/select -\r")
        self.wait(r"\[-\][^\n>]*> ", starts)

    def play(self, rounds):
        entered = 0
        for n in range(rounds):
            self.ask(n)
            self.answer(n, self.enter(entered))
            entered = time.monotonic()


@case("two terminals press Enter in the same instant: one has the customer, the "
      "other gets the next")
def _():
    failures = []

    def one():
        try:
            with Desk("--rate", "1000", "--burst", "1000") as d:
                pair = Pair(d)
                pair.play(ROUNDS // PAIRS)
                firsts.extend(pair.firsts)
        except Exception as e:      # the test's own thread tells
            failures.append(e)

    firsts = []
    pairs = [threading.Thread(target=one) for _ in range(PAIRS)]
    for p in pairs:
        p.start()
    for p in pairs:
        p.join()
    for failure in failures:
        raise failure
    same(len(firsts), ROUNDS // PAIRS * PAIRS)


main("together")
