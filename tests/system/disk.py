# SPDX-License-Identifier: GPL-3.0-or-later
"""A desk whose disk takes nothing for a while.  No disk is filled: the desk may
not make a file longer, which fails in the same places."""

import resource
import signal

from desk import Desk, case, journal, main, same, state


def ignore_the_signal():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def limit_files(d, size):
    hard = resource.prlimit(d.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(d.pid, resource.RLIMIT_FSIZE, (size, hard))


def fill(d):
    limit_files(d, 0)


def make_room(d):
    limit_files(d, resource.RLIM_INFINITY)


def desk(**more):
    return Desk(preexec=ignore_the_signal, **more)


def texts(folder, *kinds):
    return [(e["body"] or b"").decode() for e in journal(folder)
            if e["ev"] in kinds]


@case("while nothing can be stored nothing is acknowledged, shown or sent")
def _():
    with state() as folder:
        with desk(folder=folder) as d:
            o, c = d.operator("lin"), d.line()
            c.send("before\n")
            sid = o.said("before")["sid"]
            c.until("question.\n")
            fill(d)
            same(o.reply(sid, "lost"), "not-stored")
            o.frame(op="notice", code="disk")
            c.send("unheard\n")
            heard = c.until("could not be stored")
            assert "lost" not in heard, heard
            make_room(d)
            same(o.reply(sid, "kept"), "ok")
            heard = c.until("lin: kept\n")
            assert "lost" not in heard, heard
            c.send("after\n")
            o.said("after")
            assert "unheard" not in [e.get("text") for e in o.events()]
        same(texts(folder, "said"), ["before", "after"])
        same(texts(folder, "reply"), ["kept"])
        same([e["seq"] for e in journal(folder)],
             list(range(1, len(journal(folder)) + 1)))


@case("the operators are told once that it fails and once that it works again")
def _():
    with desk() as d:
        o, c = d.operator(), d.line()
        c.send("hi\n")
        sid = o.said("hi")["sid"]
        fill(d)
        for _ in range(5):
            same(o.reply(sid, "no"), "not-stored")
        make_room(d)
        for _ in range(5):
            same(o.reply(sid, "yes"), "ok")
        same(len([f for f in o.frames if f["op"] == "notice" and
                  f["code"] == "disk"]), 2)


@case("a desk killed with a full disk has all that it acknowledged")
def _():
    with state() as folder:
        with desk(folder=folder) as d:
            o, c = d.operator(), d.line()
            c.send("hi\n")
            sid = o.said("hi")["sid"]
            same(o.reply(sid, "yes"), "ok")
            fill(d)
            same(o.reply(sid, "no"), "not-stored")
            shown = o.events()
            d.signal(signal.SIGKILL)
            d.wait()
        with desk(folder=folder) as d:
            o = d.operator(seen=0, replay=True)
            by_seq = {e["seq"]: e for e in o.events()}
            same([by_seq.get(e["seq"]) for e in shown], shown)
            same([e["text"] for e in o.events() if e["ev"] == "reply"],
                 ["yes"])


@case("a customer who leaves while nothing can be stored has left afterwards")
def _():
    with desk() as d:
        o, c = d.operator(), d.line()
        c.send("hi\n")
        sid = o.said("hi")["sid"]
        fill(d)
        same(o.reply(sid, "no"), "not-stored")
        c.reset()
        make_room(d)
        o.event("closed", sid=sid)


main("disk")
