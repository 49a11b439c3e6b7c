# SPDX-License-Identifier: GPL-3.0-or-later
"""A desk that is told to stop when it is empty takes nobody new, ends no
conversation, and is over when the last customer has gone."""

import datetime

from attached import Terminal
from desk import SANITIZED, Clock, Desk, Skip, case, main, same, state

REFUSED = ("* The desk is closing and takes nobody new; "
           "please come back later.\r\n")


@case("an empty desk stops at once, with status 0")
def _():
    with Desk() as d:
        o = d.operator()
        same(o.command("stop when-empty"), "ok")
        o.frame(op="bye", code="stop")
        same(d.wait(), 0)


@case("open talks go on, who comes later is refused, and the last one who goes "
      "ends the desk")
def _():
    with Desk() as d:
        o = d.operator()
        line, classic = d.line(), d.classic()
        classic.handshake()
        line.send("hi\n")
        sid = o.said("hi")["sid"]
        same(o.command("stop when-empty"), "ok")
        same(d.refused(), REFUSED)
        late = d.classic()
        same(late.end(), REFUSED)
        same(o.reply(sid, "hello"), "ok")
        line.until("hello")
        line.send("thanks\n")
        o.said("thanks")
        same(o.reply(sid, "bye"), "ok")
        line.until("bye")
        classic.send("still here")
        o.said("still here")
        same(d.refused(), REFUSED)
        classic.close()
        o.event("gone")
        assert d.process.poll() is None
        line.close()
        o.frame(op="bye", code="stop")
        same(d.wait(), 0)
        same(len([e for e in o.events() if e["ev"] == "arrived"]), 2)


@case("a console that comes later is told that the desk closes, and that it "
      "does not any more")
def _():
    with Desk() as d:
        o = d.operator()
        d.line().until("Welcome")
        same(o.command("stop when-empty"), "ok")
        closes = o.frame(op="notice", code="stop")["text"]
        assert "closes" in closes and "lin" in closes, closes
        same(d.operator("ann").frame(op="notice", code="stop")["text"], closes)
        t = d.keep(Terminal(d.operator_path, "eve", 200))
        t.until("the desk closes")
        same(o.command("stop cancel"), "ok")
        t.until("the desk goes on")
        d.line().until("Welcome")
        same(len(d.operator("bob").frames), 2)   # welcome, live


@case("it begins at the time of day that was said")
def _():
    if SANITIZED:
        raise Skip("a sanitizer lets no library hold the clock")
    with state() as folder:
        clock = Clock(folder, int(datetime.datetime(
            2026, 12, 1, 17, 59, tzinfo=datetime.timezone.utc).timestamp()
            * 1000))
        with Desk(folder=folder,
                  env={**clock.environment, "TZ": "UTC0"}) as d:
            o = d.operator()
            line = d.line()
            line.until("Welcome")
            same(o.command("stop at 18:00"), "ok")
            text = o.frame(op="notice", code="stop")["text"]
            assert "at 18:00" in text, text
            d.line().until("Welcome")
            clock.go(60)
            o.sync()                # a round comes
            o.frame(lambda f: "nobody new is let in, and" in f["text"],
                    op="notice", code="stop")
            same(d.refused(), REFUSED)


main("closing")
