# SPDX-License-Identifier: GPL-3.0-or-later
"""What a customer in line hears of the real desk, and what of that is still so
after a restart."""

import datetime
import re
import subprocess
import tempfile

from desk import DESKWIRE, Desk, case, main, same, wait_until


def in_line(d, o, text):
    """A customer who has said this, and its session."""
    c = d.line()
    c.send(text + "\n")
    return c, o.said(text)["sid"]


def answer_of(o, text):
    """The text of the answer to a command that is done."""
    frame = o.answer(o.ask("cmd", text=text))
    same((text, frame["op"]), (text, "ok"))
    return frame.get("text", "")


@case("each in line hears its place, who takes it over, and that it is next")
def _():
    with Desk() as d:
        o = d.operator()
        (a, one), (b, two) = in_line(d, o, "first"), in_line(d, o, "second")
        a.until("* Received. You are next; somebody will answer here.\n")
        b.until("* Received. You are number 2 in line; /place says it "
                "again.\n")
        same(o.command(f"take {one}"), "ok")
        a.until("* lin is answering you now.\n")
        b.until("* You are next.\n")
        same(o.command(f"release {one}"), "ok")
        a.until("* You are number 1 in line again.\n")
        same(o.reply(one, "hello"), "ok")
        a.until("lin: hello\n")
        a.close()
        b.close()


@case("a changed place is told when --place-every is over")
def _():
    with Desk("--place-every", "1") as d:
        o = d.operator()
        (a, one), (b, _), (c, _) = (in_line(d, o, text)
                                    for text in ("one", "two", "three"))
        c.until("You are number 3 in line")
        same(o.reply(one, "hello"), "ok")
        b.until("* You are next.\n")
        c.until("* You are number 2 now.\n")
        a.close()


@case("hours say when somebody will be there")
def _():
    day = (datetime.datetime.now(datetime.timezone.utc) +
           datetime.timedelta(days=2))
    hours = f"{day:%a} 09:00-09:01".lower()
    with Desk("--hours", hours, env={"TZ": "UTC"}) as d:
        d.operator()
        c = d.line()
        c.until("Nobody is on duty right now; somebody will be here on "
                f"{day:%a} {day.day} {day:%b} at 09:00. What you write is "
                "kept.\n")


@case("who is banned is thrown out, and stays so after a restart")
def _():
    with tempfile.TemporaryDirectory(prefix="dw", dir="/tmp") as folder, \
            Desk(folder=folder) as d:
        o = d.operator()
        c = d.line(source="127.0.0.9")
        c.send("spam\n")
        o.said("spam")
        text = answer_of(o, "ban 127.0.0.9 1h it was spam")
        same(text, "127.0.0.9 is banned for 1 h 00 min; 1 conversation ended")
        c.until("* You are banned from this desk: it was spam.\n")
        d.stop()
        with Desk(folder=folder) as again:
            o = again.operator()
            listed = answer_of(o, "bans")
            assert re.fullmatch(r"127\.0\.0\.9 for 59 min more, by lin: it "
                                r"was spam", listed), listed
            same(answer_of(o, "unban 127.0.0.9"), "")
            same(answer_of(o, "bans"), "nobody is banned")


@case("a session that has ended goes on, also after a restart")
def _():
    with tempfile.TemporaryDirectory(prefix="dw", dir="/tmp") as folder, \
            Desk(folder=folder) as d:
        o = d.operator()
        c, sid = in_line(d, o, "hello")
        same(o.reply(sid, "yes"), "ok")
        same(o.command(f"close {sid}"), "ok")
        c.end()
        o.event("closed", sid=sid)
        wait_until(lambda: o.command(f"reopen {sid}") == "ok", "it is gone")
        o.event("reopened", sid=sid)
        same(o.command(f"reopen {sid}"), "usage")
        d.stop()
        with Desk(folder=folder) as again:
            o = again.operator()
            same([s["state"] for s in o.welcome["sessions"]], ["left"])
            same(o.command(f"close {sid}"), "ok")
            again.stop()
        done = subprocess.run([DESKWIRE, "verify", "--state", folder],
                              capture_output=True, check=False)
        same(done.returncode, 0)


@case("earlier sessions of a person are shown with their last words")
def _():
    with Desk() as d:
        o = d.operator()
        a, one = in_line(d, o, "my box is broken")
        same(o.reply(one, "which one?"), "ok")
        a.until("which one?\n")
        same(o.command(f"close {one}"), "ok")
        b, two = in_line(d, o, "it is me again")
        same(o.command(f"same {one} {two}"), "ok")
        o.event("same", sid=two, n=one)
        start = len(o.frames)
        number = o.ask("cmd", text=f"earlier {two}")
        o.answer(number, start)
        page = [f["ev"] for f in o.frames[start:] if f["op"] == "past"]
        same([(e["sid"], e["ev"]) for e in page],
             [(one, ev) for ev in ("arrived", "said", "reply", "closed")])
        same(page[1]["text"], "my box is broken")
        same(page[2]["who"], "lin")
        same(o.command(f"name {two} Anna"), "ok")
        o.event("name", sid=two, who="Anna", why="lin")
        b.close()


main("places")
