# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies that carry their key and what their writer had seen, over the
operators' socket: however often one is sent, it is stored once and answered as
the first time; and none passes over a colleague's.  T_SEED chooses another
run."""

import os
import random
import shlex
import signal
import subprocess
import threading

from desk import (SANITIZED, Desk, Skip, body, case, journal, main, same, size,
                  state)
from tap import HERE

SEED = int(os.environ.get("T_SEED", "20261130"))
KILLS = size(30, small=5, full=100)


class Console:
    """Whose keys these are; links come and go."""

    drawn = 0

    def __init__(self):
        Console.drawn += 1
        self.half = f"{Console.drawn:016x}"
        self.messages = 0

    def key(self):
        self.messages += 1
        return self.half + f"{self.messages:016x}"


def answer(o, sid, text, **members):
    return o.answer(o.ask("reply", sid=sid, text=text, **members))


def stored(o, sid, text, **members):
    """It must be; returns its number."""
    f = answer(o, sid, text, **members)
    same((f["op"], f["sid"]), ("ok", sid))
    return f["n"]


def refused(o, sid, text, **members):
    """It must be; returns the code."""
    f = answer(o, sid, text, **members)
    same((f["op"], f["sid"]), ("err", sid))
    return f["code"]


def release(o, sid):
    """A colleague may answer this customer."""
    same(o.command(f"release {sid}"), "ok")


def rows(folder, text):
    return [e for e in journal(folder)
            if e["ev"] == "reply" and e["body"] == text.encode()]


def begin(d, *names):
    """Operators, a customer who has said something, and its session."""
    ops = [d.operator(name) for name in names or ("lin",)]
    c = d.line()
    c.send("hi\n")
    sid = ops[0].said("hi")["sid"]
    return (*ops, c, sid)


@case("the same key gets the same number, and its text is stored once")
def _():
    with Desk() as d:
        o, c, sid = begin(d)
        key = Console().key()
        same(stored(o, sid, "one", key=key), 1)
        same(o.event("reply", n=1)["key"], key)
        same(stored(o, sid, "two", key=Console().key()), 2)
        same(stored(o, sid, "one", key=key), 1)
        same(stored(o, sid, "", key=key), 1)
        same(stored(o, sid, "three"), 3)
        same(stored(o, sid, "three"), 4)        # without a key they are two
        c.until("lin: one\nlin: two\nlin: three\nlin: three\n")
        same(len(rows(d.folder, "one")), 1)


@case("it gets it on another link, and at two links at once")
def _():
    with Desk() as d:
        o, c, sid = begin(d)
        console = Console()
        key = console.key()
        o.ask("reply", sid=sid, text="one", key=key)
        o.close()                               # and never reads the answer
        o = d.operator("lin", seen=1, replay=True)
        same(stored(o, sid, "one", key=key), 1)
        o.event("reply", key=key)
        links = [d.operator() for _ in range(4)]
        for n in range(2, size(200) + 2):
            key = console.key()
            asked = [(x, x.ask("reply", sid=sid, text=f"text {n}", key=key))
                     for x in links]
            same([x.answer(i)["n"] for x, i in asked], [n] * 4)
        c.until(f"text {n}\n")
        same(len(rows(d.folder, f"text {n}")), 1)


@case("it gets it after its session has ended, and an unknown key does not")
def _():
    with state() as folder:
        key = Console().key()
        with Desk(folder=folder) as d:
            o, c, sid = begin(d)
            same(stored(o, sid, "one", key=key), 1)
            same(o.command(f"close {sid}"), "ok")
            c.end()
            c.close()
            o.event("sent", sid=sid, n=1)
            same(stored(o, sid, "one", key=key), 1)
            same(refused(o, sid, "two", key=Console().key()), "closed")
            same(refused(o, sid, "one"), "closed")
        with Desk(folder=folder) as d:
            o = d.operator()
            # Several questions of one link, and what comes behind them.
            asked = [o.ask("reply", sid=sid, text="one", key=k)
                     for k in [key, Console().key()] * 20]
            asked.append(o.ask("cmd", text=f"history {sid}"))
            asked.append(o.ask("reply", sid=sid, text="one", key=key))
            got = [o.answer(i) for i in asked]
            same([f["op"] for f in got], ["ok", "err"] * 20 + ["ok", "ok"])
            same(got[0]["n"], 1)
            same(body(o.frame(op="past", find=lambda f:
                              f["ev"]["ev"] == "reply")["ev"]), b"one")


def killer(folder):
    """The environment of a desk that is killed before it tells anybody that a
    reply is stored."""
    library = os.path.join(folder, "killed_send.so")
    subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-D_GNU_SOURCE",
                    "-shared", "-fPIC", "-o", library,
                    os.path.join(HERE, "killed_send.c")], check=True)
    return {"LD_PRELOAD": library, "KILLED_SEND": '"ev":"reply"'}


@case("a desk that is killed between the COMMIT and the answer has it once")
def _():
    if SANITIZED:
        raise Skip("a sanitizer's library must be the first")
    console = Console()
    with state() as folder, state() as other:
        env = killer(other)
        for n in range(size(20, small=3)):
            key = console.key()
            text = f"text {n}"
            with Desk(folder=folder, env=env) as d:
                o, _, sid = begin(d)
                o.ask("reply", sid=sid, text=text, key=key)
                o.ends()
                same(d.wait(), -signal.SIGKILL)
                same([f for f in o.frames if f["op"] in ("ok", "err") or
                      f["op"] == "ev" and f["ev"]["ev"] == "reply"], [])
                last = o.events()[-1]["seq"]
            same(len(rows(folder, text)), 1)
            with Desk(folder=folder) as d:
                o = d.operator("lin", seen=last, replay=True)
                same(body(o.event("reply", sid=sid, key=key)), text.encode())
                same(stored(o, sid, text, key=key), 1)
                same(len(rows(folder, text)), 1)


def talk(d, console, sid, asked):
    """Replies until the desk dies."""
    try:
        o = d.operator()
        while True:
            key = console.key()
            asked[key] = [sid, None]
            asked[key][1] = answer(o, sid, f"text {key}", key=key).get("n")
    except (OSError, AssertionError):
        pass                                    # the desk is gone


@case(f"a desk that is killed at any moment answers as its journal says, "
      f"{KILLS} times, seed {SEED}")
def _():
    rng = random.Random(SEED)
    asked = {}                                  # key: [session, answer]
    with state() as folder:
        for _ in range(KILLS):
            with Desk(folder=folder) as d:
                o, _, sid = begin(d)
                threads = [threading.Thread(target=talk, args=(
                    d, Console(), sid, asked)) for _ in range(3)]
                for t in threads:
                    t.start()
                enough = rng.randint(1, 60)
                o.frame(lambda f: f["op"] == "ev" and
                        f["ev"]["ev"] == "reply" and f["ev"]["n"] >= enough)
                d.signal(signal.SIGKILL)
                d.wait()
                for t in threads:
                    t.join()
        with Desk(folder=folder) as d:
            o = d.operator()
            want = {e["key"].hex(): e["n"] for e in journal(folder)
                    if e["ev"] == "reply"}
            for key, (sid, n) in asked.items():
                f = answer(o, sid, f"text {key}", key=key)
                same(f.get("n"), want.get(key))
                assert n is None or n == want[key], (n, want[key])
            assert any(n is None for _, n in asked.values())
            replies = [e for e in journal(folder) if e["ev"] == "reply"]
            same(len(replies), len(want))


@case("an old key fails none of the replies beside it")
def _():
    with Desk("--rate", "100000", "--burst", "100000") as d:
        # Six consoles of the operator who answers this customer.
        *ops, c, sid = begin(d, *["lin"] * 6)
        console = Console()
        old = [console.key() for _ in range(10)]
        for n, key in enumerate(old, 1):
            same(stored(ops[0], sid, f"old {n}", key=key), n)
        for n in range(100):                    # more than a desk keeps
            stored(ops[0], sid, f"between {n}", key=console.key())
        for turn in range(size(50)):
            # They all wait when the desk wakes, and are one round.
            d.signal(signal.SIGSTOP)
            asked = []
            for i, o in enumerate(ops):
                asked.append((o, f"new {turn} {i}", None, o.ask(
                    "reply", sid=sid, text=f"new {turn} {i}",
                    key=console.key())))
                n = 1 + (turn + i) % 10
                asked.append((o, f"old {n}", n, o.ask(
                    "reply", sid=sid, text=f"old {n}", key=old[n - 1])))
            c.send(f"and {turn}\n")
            d.signal(signal.SIGCONT)
            fresh = []
            for o, text, n, number in asked:
                f = o.answer(number)
                same(f["op"], "ok")
                if n is None:
                    fresh.append(f["n"])
                    same(body(o.event("reply", n=f["n"])), text.encode())
                else:
                    same(f["n"], n)
            first = 111 + turn * len(ops)
            same(sorted(fresh), list(range(first, first + len(ops))))
            ops[0].said(f"and {turn}")
        got = [e for e in journal(d.folder) if e["ev"] == "reply"]
        same([e["n"] for e in got], list(range(1, len(got) + 1)))
        same(len({e["key"] for e in got}), len(got))
        text = c.until(got[-1]["body"].decode() + "\n")
        same(text.count(": old 1\n"), 1)


@case("a reply over a colleague's that was not seen is stale, and says which")
def _():
    with Desk() as d:
        lin, mei, c, sid = begin(d, "lin", "mei")
        mine, hers = Console(), Console()
        seen = lin.said("hi")["seq"]
        same(stored(mei, sid, "first", key=hers.key(), seen=seen), 1)
        theirs = mei.event("reply", n=1)["seq"]
        release(mei, sid)
        f = answer(lin, sid, "over it", key=mine.key(), seen=seen)
        same((f["code"], f["seq"], f["sid"]), ("stale", theirs, sid))
        assert f["text"]
        same(rows(d.folder, "over it"), [])
        key = mine.key()
        same(stored(lin, sid, "now", key=key, seen=theirs), 2)
        same(stored(lin, sid, "now", key=key, seen=seen), 2)   # known first
        same(refused(mei, sid, "me too", key=hers.key(), seen=theirs),
             "taken")
        release(lin, sid)
        same(refused(mei, sid, "me too", key=hers.key(), seen=theirs),
             "stale")
        c.until("mei: first\nlin: now\n")


@case("a customer's message, one's own replies and silence about it refuse "
      "nobody")
def _():
    with Desk() as d:
        lin, mei, c, sid = begin(d, "lin", "mei")
        mine = Console()
        seen = lin.said("hi")["seq"]
        c.send("and\n")
        lin.said("and")
        same(stored(lin, sid, "one", key=mine.key(), seen=seen), 1)
        same(stored(lin, sid, "two", key=mine.key(), seen=seen), 2)
        release(lin, sid)
        same(stored(mei, sid, "three", key=Console().key()), 3)
        release(mei, sid)
        same(refused(lin, sid, "four", key=mine.key(), seen=seen), "stale")
        same(stored(lin, sid, "four", key=mine.key()), 4)
        # The same name at another console is a colleague all the same.
        same(refused(lin, sid, "five", key=Console().key(), seen=seen),
             "stale")


@case("who is refused as taken reads why, also when the journal was asked first")
def _():
    with Desk() as d:
        lin, ann, c, sid = begin(d, "lin", "ann")
        console, other = Console(), Console()
        for n in range(65):                     # more than the desk remembers
            stored(lin, sid, f"text {n}", key=console.key())
        for _ in range(5):
            f = answer(ann, sid, "and I", key=other.key())
            same((f["op"], f["code"]), ("err", "taken"))
            same(f["text"].startswith(f"{sid} has been lin's for "), True)
            same(f["text"].endswith("watches, or wait"), True)


main("keys")
