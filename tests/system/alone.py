# SPDX-License-Identifier: GPL-3.0-or-later
"""--one-at-a-time: the tutorial's blocking server, without its defects."""

import signal

from desk import CLIENT_HELLO, QUIT, SERVER_HELLO, Desk, case, main, same


@case("the second handshake is answered once the first customer has left")
def _():
    with Desk("--one-at-a-time") as d:
        o, first, second = d.operator(), d.classic(), d.classic()
        first.handshake()
        second.send(CLIENT_HELLO)
        first.send("hello")
        sid = o.said("hello")["sid"]
        same(o.reply(sid, "hi"), "ok")
        same(first.read_one(), "hi")
        second.silent(0.3)
        same(first.turn(QUIT), QUIT)
        first.close()
        assert second.read_one().startswith(SERVER_HELLO)
        second.send("my turn")
        same(o.reply(o.said("my turn")["sid"], "yes"), "ok")
        same(second.read_one(), "yes")


@case("the next is served after a reset, an end of file, a kick")
def _():
    with Desk("--one-at-a-time") as d:
        o = d.operator()
        for number, end in enumerate(("reset", "close", "kick"), 1):
            c, following = d.classic(), d.classic()
            c.handshake()
            following.send(CLIENT_HELLO + QUIT)
            if end == "kick":
                o.event("arrived", sid=2 * number - 1)
                same(o.command(f"kick {2 * number - 1}"), "ok")
            else:
                getattr(c, end)()
            assert following.read_one().startswith(SERVER_HELLO)
            following.close()
            o.event("closed", sid=2 * number)


@case("an idle customer is told goodbye, and the next is served")
def _():
    with Desk("--one-at-a-time", "--idle-timeout", "1") as d:
        first, second = d.classic(), d.classic()
        first.handshake()
        second.send(CLIENT_HELLO)
        assert first.read_one().endswith(QUIT)
        first.leave()
        assert second.read_one().startswith(SERVER_HELLO)


@case("a line customer is one customer too")
def _():
    with Desk("--one-at-a-time") as d:
        o, first, second = d.operator(), d.line(), d.line()
        first.send("hi\n")
        second.send("me too\n")
        o.said("hi")
        second.silent(0.2)
        first.send("/quit\n")
        first.until("Goodbye")
        first.close()
        o.said("me too")


@case("SIGTERM ends it, with one who talks and one who waits")
def _():
    with Desk("--one-at-a-time") as d:
        first, second = d.classic(), d.classic()
        first.handshake()
        second.send(CLIENT_HELLO)
        d.signal(signal.SIGTERM)
        assert first.read_one().endswith(QUIT)
        first.leave()
        same(d.wait(), 0)


main("alone")
