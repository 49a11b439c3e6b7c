# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator has read is one truth for all consoles of that name, and
survives the desk."""

import contextlib
import os
import signal
import sqlite3
import stat

from desk import Desk, case, main, same, state, wait_until


def stored(folder):
    """[(name, sid, seq, n)], as far as they are written."""
    path = os.path.join(folder, "marks.db")
    if not os.path.exists(path) or os.path.getsize(path) == 0:
        return []
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro",
                                            uri=True)) as db:
        return sorted(db.execute("SELECT name, sid, seq, n FROM mark"))


def talk(d, words):
    """A customer who says it; the event."""
    c = d.line()
    c.send(words + "\n")
    return c


def marks(o):
    """All that this link was told, in order."""
    return [(f["sid"], f["seq"], f["n"]) for f in o.frames
            if f["op"] == "read"]


def settle(o):
    """All that was sent to it before has come."""
    o.frame(op="pong", id=o.ask("ping"))


@case("a mark reaches the other consoles of that name, and no other")
def _():
    with Desk() as d:
        one, two, eve = d.operator(), d.operator(), d.operator("eve")
        talk(d, "hi")
        ev = one.said("hi")
        one.send(op="read", sid=ev["sid"], seq=ev["seq"], n=1)
        two.frame(op="read", sid=ev["sid"], seq=ev["seq"], n=1)
        settle(one)
        settle(eve)
        same((marks(one), marks(eve)), ([], []))
        new = d.operator()
        settle(new)
        same(marks(new), [(ev["sid"], ev["seq"], 1)])


@case("a mark only grows, and is of what there is")
def _():
    with Desk() as d:
        one, two = d.operator(), d.operator()
        c = talk(d, "hi")
        first = one.said("hi")
        c.send("more\n")
        more = one.said("more")
        sid = first["sid"]
        for mark in ({"sid": sid, "seq": more["seq"], "n": 10 ** 9},
                     {"sid": sid, "seq": first["seq"], "n": 1},
                     {"sid": sid, "seq": 10 ** 12, "n": 9},
                     {"sid": sid + 7, "seq": 1, "n": 1}, {"sid": 0}, {}):
            one.send(op="read", **mark)
        settle(one)
        settle(two)
        same(marks(two), [(sid, more["seq"], 2)])


@case("marks survive an end, a kill loses no more than the last ones")
def _():
    with state() as folder:
        with Desk(folder=folder) as d:
            o = d.operator()
            talk(d, "hi")
            ev = o.said("hi")
            o.send(op="read", sid=ev["sid"], seq=ev["seq"], n=1)
            settle(o)
            same(d.stop_with_all(), 0)
        same(stored(folder), [("lin", ev["sid"], ev["seq"], 1)])
        path = os.path.join(folder, "marks.db")
        same(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with Desk(folder=folder) as d:
            o = d.operator()
            settle(o)
            same(marks(o), [(ev["sid"], ev["seq"], 1)])
            talk(d, "other")
            other = o.said("other")
            o.send(op="read", sid=other["sid"], seq=other["seq"], n=1)
            wait_until(lambda: len(stored(folder)) == 2, "the mark on disk")
            d.signal(signal.SIGKILL)
            d.wait()
        with Desk(folder=folder) as d:
            o = d.operator()
            settle(o)
            same(sorted(marks(o)), [(ev["sid"], ev["seq"], 1),
                                    (other["sid"], other["seq"], 1)])


@case("marks of the last second survive an end, too")
def _():
    with state() as folder:
        with Desk(folder=folder) as d:
            o, read = d.operator(), []
            for words in "one", "two", "three":
                c = talk(d, words)
                read.append(o.said(words))
                c.close()
            for ev in read:
                o.send(op="read", sid=ev["sid"], seq=ev["seq"], n=1)
                settle(o)
            same(d.stop_with_all(), 0)
        same(stored(folder),
             [("lin", ev["sid"], ev["seq"], 1) for ev in read])


@case("who has ended has no mark any more")
def _():
    with Desk() as d:
        o = d.operator()
        talk(d, "hi")
        ev = o.said("hi")
        o.send(op="read", sid=ev["sid"], seq=ev["seq"], n=1)
        wait_until(lambda: len(stored(d.folder)) == 1, "the mark on disk")
        same(o.command(f"close {ev['sid']}"), "ok")
        wait_until(lambda: not stored(d.folder), "its end")
        new = d.operator()
        settle(new)
        same(marks(new), [])


def has_open(d, path):
    """Does the desk have it open?"""
    fds = f"/proc/{d.pid}/fd"
    with contextlib.suppress(FileNotFoundError):
        return any(os.readlink(f"{fds}/{n}") == path for n in os.listdir(fds))
    return True                     # one was closed meanwhile


@case("a mark outlasts somebody else's lock on the file")
def _():
    with Desk() as d:
        o = d.operator()
        path = os.path.join(d.folder, "marks.db")
        events = []
        for words in "one", "two":
            talk(d, words)
            events.append(o.said(words))
        one, two = events
        o.send(op="read", sid=one["sid"], seq=one["seq"], n=1)
        wait_until(lambda: len(stored(d.folder)) == 1, "the mark on disk")
        with contextlib.closing(sqlite3.connect(
                path, isolation_level=None)) as db:
            db.execute("BEGIN EXCLUSIVE")
            o.send(op="read", sid=two["sid"], seq=two["seq"], n=1)
            wait_until(lambda: not has_open(d, path), "a failed try")
        wait_until(lambda: len(stored(d.folder)) == 2, "the mark on disk")


@case("a file of marks that was removed is begun anew")
def _():
    with Desk() as d:
        o = d.operator()
        for words in "one", "two":
            talk(d, words)
            ev = o.said(words)
            o.send(op="read", sid=ev["sid"], seq=ev["seq"], n=1)
            wait_until(lambda: stored(d.folder) ==
                       [("lin", ev["sid"], ev["seq"], 1)], "the mark on disk")
            os.unlink(os.path.join(d.folder, "marks.db"))


@case("a file of marks that cannot be read is begun anew")
def _():
    with state() as folder:
        with open(f"{folder}/marks.db", "wb") as f:
            f.write(b"no database " * 500)
        with Desk(folder=folder) as d:
            o = d.operator()
            talk(d, "hi")
            ev = o.said("hi")
            o.send(op="read", sid=ev["sid"], seq=ev["seq"], n=1)
            settle(o)
            same(d.stop_with_all(), 0)
        same(len(stored(folder)), 1)


main("marks")
