# SPDX-License-Identifier: GPL-3.0-or-later
"""A desk that is killed at a random moment, with customers and an operator
talking, and started again: no event that an operator was shown, and nothing
that was acknowledged, is lost or there twice.  T_SEED chooses another run."""

import os
import random
import signal
import threading

from desk import Desk, case, main, same, size, state

SEED = int(os.environ.get("T_SEED", "20261122"))
KILLS = size(5, small=2, full=100)
CUSTOMERS = 4


def talk(desk, name):
    """A customer who writes numbered lines until the desk dies."""
    c = desk.line()
    try:
        for n in range(1000000):
            c.send(f"{name} {n}\n")
            if n % 3 == 2:
                c.until("seen", 30)
    except (OSError, AssertionError):
        pass                        # the desk is gone
    c.close()


def answer_all(o, enough):
    """An operator who answers each message once, until it has seen enough
    events."""
    at = 0
    asked = {}
    while len(o.events()) < enough:
        o.frame(lambda f: f["op"] == "ev", start=at)
        for f in o.frames[at:]:
            if f["op"] == "ev" and f["ev"]["ev"] == "said":
                text = f"seen {f['ev']['text']}"
                asked[o.ask("reply", sid=f["ev"]["sid"], text=text)] = text
        at = len(o.frames)
    return asked


class Witness:
    """What must be in the journal for ever."""

    def __init__(self):
        self.shown = {}             # seq: event
        self.acknowledged = []      # (sid, n, text)

    def take(self, o, asked):
        """Also what the desk had written before it died."""
        o.ends()
        for e in o.events():
            assert self.shown.setdefault(e["seq"], e) == e, e
        for f in o.frames:
            if f["op"] == "ok" and f["id"] in asked:
                self.acknowledged.append((f["sid"], f["n"], asked[f["id"]]))

    def compare(self, events):
        same([e["seq"] for e in events], list(range(1, len(events) + 1)))
        by_seq = {e["seq"]: e for e in events}
        for seq, e in self.shown.items():
            same(by_seq.get(seq), e)
        replies = {(e["sid"], e["n"], e["text"]): e["seq"] for e in events
                   if e["ev"] == "reply"}
        same(len(replies), len([e for e in events if e["ev"] == "reply"]))
        for reply in self.acknowledged:
            assert reply in replies, f"acknowledged and lost: {reply}"
        said = [e["text"] for e in events if e["ev"] == "said"]
        same(len(said), len(set(said)))


@case(f"kill -9 of a busy desk loses and repeats nothing, {KILLS} times, "
      f"seed {SEED}")
def _():
    rng = random.Random(SEED)
    w = Witness()
    with state() as folder:
        for kill in range(KILLS):
            # This operator reads slower than the desk tells.
            with Desk("--rate", "1000000", "--burst", "1000000",
                      "--operator-queue", "268435456", folder=folder) as d:
                o = d.operator(seen=0, replay=True)
                w.compare(o.events())
                threads = [threading.Thread(target=talk, args=(
                    d, f"{kill}.{i}")) for i in range(CUSTOMERS)]
                for t in threads:
                    t.start()
                asked = answer_all(o, len(o.events()) + rng.randint(
                    1, size(400)))
                d.signal(signal.SIGKILL)
                d.wait()
                w.take(o, asked)
                for t in threads:
                    t.join()
        with Desk(folder=folder) as d:
            w.compare(d.operator(seen=0, replay=True).events())
            assert w.acknowledged and len(w.shown) > KILLS
            sids = [e["sid"] for e in w.shown.values()
                    if e["ev"] == "arrived"]
            same(len(sids), len(set(sids)))


main("crash")
