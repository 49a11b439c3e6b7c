# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is not let in: the banned, and some at random while the last places are
taken."""

import re
import socket
import time

from desk import (CLIENT_HELLO, SANITIZED, Clock, Desk, Skip, case, configured,
                  main, same, state, wait_until)

BANNED, OTHER = "127.0.0.5", "127.0.0.6"


def is_in(d, source):
    """Is somebody from there let in?  What it is told, if not."""
    c = d.line(source)
    c.send("hello\n")
    told = c.until("\n")
    c.close()
    return "" if "does not take you" not in told else told


@case("one who is banned is told until when and why, and all others come in")
def _():
    with Desk() as d:
        o = d.operator()
        same(o.command(f"ban {BANNED} 10m rude\twords"), "ok")
        for _ in range(3):
            told = d.refused(BANNED)
            assert re.fullmatch(r"\* This desk does not take you until "
                                r"(\d{4}-\d\d-\d\d )?\d\d:\d\d: rude +words"
                                r"\r\n", told), told
        same(is_in(d, OTHER), "")
        same(o.command(f"unban {BANNED}"), "ok")
        same(is_in(d, BANNED), "")


@case("a banned classic client is reset once it has read why, and not ended")
def _():
    with Desk() as d:
        same(d.operator().command(f"ban {BANNED} 10m"), "ok")
        c = d.classic(BANNED)
        assert "does not take you" in c.until("\n")
        c.send(CLIENT_HELLO)
        c.end()
        assert c.reset_by_desk


@case("a network is banned with all its addresses")
def _():
    with Desk() as d:
        o = d.operator()
        same(o.command("ban 127.0.1.0/24 10m"), "ok")
        assert "does not take you" in is_in(d, "127.0.1.77")
        same(is_in(d, "127.0.2.77"), "")


@case("who is connected is ended, and does not come back")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line(BANNED)
        c.send("hi\n")
        sid = o.said("hi")["sid"]
        # By its number only who is somewhere else: here are all of us.
        same(o.command(f"ban {sid} 10m spam"), "usage")
        same(o.command(f"ban {BANNED} 10m spam"), "ok")
        assert "spam" in c.end()
        o.event("closed", sid=sid)
        c.close()
        assert "spam" in is_in(d, BANNED)


@case("a ban holds after a restart, and ends by itself")
def _():
    if SANITIZED:
        raise Skip("a sanitizer lets no library hold the clock")
    if not configured("DW_WITH_LINUX_EXTRAS"):
        raise Skip("the steady clock is the one of all timers here")
    with state() as folder:
        clock = Clock(folder, int(time.time() * 1000))
        with Desk(folder=folder, env=clock.environment) as d:
            same(d.operator().command(f"ban {BANNED} 10m"), "ok")
            d.stop()
        clock.go(300)
        with Desk(folder=folder, env=clock.environment) as d:
            assert "does not take you" in is_in(d, BANNED)
            clock.go(299)
            assert "does not take you" in is_in(d, BANNED)
            clock.go(2)
            same(is_in(d, BANNED), "")
        with Desk(folder=folder, env=clock.environment) as d:
            same(is_in(d, BANNED), "")


@case("datagrams of one who is banned are dropped and counted")
def _():
    with Desk("--udp", "127.0.0.1:0") as d:
        o = d.operator()
        to = ("127.0.0.1", int(d.row("udp 127.0.0.1:").rpartition(":")[2]))
        same(o.command(f"ban {BANNED} 10m"), "ok")

        def send(source, text):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.bind((source, 0))
                s.sendto(text, to)
        for _ in range(3):
            send(BANNED, b"no")
        send(OTHER, b"yes")
        same(o.event("udp")["text"], "yes")
        assert o.frame(op="notice", code="limit")["text"].startswith(
            "3 datagrams were dropped")


@case("from 70 percent of the places on some are refused, and none before")
def _():
    with Desk("--max-sessions", "20", "--max-per-address", "1000") as d:
        inside, busy = [], []

        def comes():
            c = d.line()
            c.send("hello\n")
            told = c.until("\n")
            if told.startswith(("* The desk is busy", "* The desk is full")):
                busy.append(told)
                c.close()
                return False
            inside.append(c)
            return True
        for _ in range(14):
            assert comes(), busy
        for _ in range(10):
            wait_until(comes, "a place")
            inside.pop().reset()
        while len(inside) < 20:
            comes()
        assert any("busy" in told for told in busy), busy
        same(comes(), False)
        assert "full" in busy[-1], busy[-1]


@case("who sits at this machine is refused only when all places are taken")
def _():
    with Desk("--max-sessions", "20") as d:
        for _ in range(20):
            c = d.line()
            c.send("hello\n")
            assert "busy" not in c.until("\n")
        assert "full" in d.refused()


main("bans")
