# SPDX-License-Identifier: GPL-3.0-or-later
"""What a bad peer tries once it knows the desk: each costs only itself."""

import time

from desk import CLIENT_HELLO, Desk, case, main, same, wait_until

NO_RATE = ("--rate", "1000000", "--burst", "1000000")


def lives(d):
    """Somebody else is served."""
    c = d.line()
    c.send("are you there?\n")
    c.until("Welcome")
    c.close()


@case("a late hello in front of a row longer than any buffer harms nobody")
def _():
    with Desk("--max-line", "65536", "--silence-ms", "100", *NO_RATE) as d:
        o, c = d.operator(), d.line()
        c.until("question.\n")
        hello = CLIENT_HELLO.encode()
        c.split(hello[:17], hello[17:] + b"x" * 30000)
        e = o.event("arrived")
        same(e["mode"], "classic")
        wait_until(lambda: o.sync() or sum(
            len(x["text"]) for x in o.events() if x["ev"] == "said") == 30000,
            "its text")
        lives(d)


@case("a flood that ends in a reset is what the socket held, and others are "
      "served meanwhile")
def _():
    with Desk("--rate", "1", "--burst", "5") as d:
        o, c = d.operator(), d.line()
        c.send("a\n" * 1500)
        o.said("a")
        c.reset()
        lives(d)
        o.event("gone", sid=1)
        said = [e for e in o.events() if e["ev"] == "said"]
        assert 1500 <= len(said) <= 1501, len(said)


@case("who is no customer is let go though it drips on")
def _():
    with Desk("--linger", "1") as d:
        threads = d.threads()
        c = d.line()
        c.send("GET / HTTP/1.0\r\n")
        began = time.monotonic()
        try:
            while time.monotonic() < began + 20:
                c.send("x")
                if not c.hear(d.deadline()):
                    break
                time.sleep(0.1)
        except ConnectionError:
            pass
        assert time.monotonic() < began + 10
        wait_until(lambda: d.threads() <= threads, "its worker to end")


@case("each line has its own deadline, however the bytes are cut")
def _():
    with Desk("--line-timeout", "1", *NO_RATE) as d:
        o, c = d.operator(), d.line()
        c.send("a")
        for _ in range(8):
            time.sleep(0.3)         # time is what is measured here
            c.send("b\nc")
        c.send("end\n")
        o.said("cend")


@case("a slow reader gets all of its answer before it is let go")
def _():
    with Desk(*NO_RATE, "--linger", "1") as d:
        o, c = d.operator(), d.line()
        c.send("hi\n")
        sid = o.said("hi")["sid"]
        o.reply(sid, "\n".join(["x" * 60] * 1000))
        o.reply(sid, "\n".join(["y" * 60] * 1000))
        o.command(f"close {sid}")
        time.sleep(1.5)             # longer than the linger
        same(c.end().count("y" * 60), 1000)


@case("a long reply of many short rows cuts nobody off")
def _():
    with Desk(*NO_RATE) as d:
        o, c = d.operator("an-administrator-of-this"), d.line()
        c.send("hi\n")
        sid = o.said("hi")["sid"]
        o.reply(sid, "a\n" * 32000)
        deadline = d.deadline()
        while c.heard.count(b"a\n") < 32000:
            assert c.hear(deadline), "cut off"
        o.event("sent", sid=sid)


@case("telnet commands without an end are not read for ever")
def _():
    with Desk(*NO_RATE, "--linger", "1") as d:
        c = d.line()
        c.send(b"x")
        try:
            for _ in range(100):
                c.send(b"\xff\xf1" * 1000)
        except ConnectionError:
            return
        c.end()
        lives(d)


@case("strangers cannot fill the list of those who left a message")
def _():
    with Desk("--max-gone", "5", *NO_RATE) as d:
        for i in range(20):
            c = d.line()
            c.send(f"hello {i}\n")
            c.until("kept.")
            c.until("kept.")
            c.reset()

        def listed():
            o = d.operator()
            o.close()
            return len(o.welcome["sessions"]), o.welcome.get("unlisted")
        wait_until(lambda: listed() == (5, 15), "the list to be short")
        o = d.operator()
        number = o.ask("cmd", text="close 1")
        assert "not on the list" in o.answer(number)["text"]
        same(o.command("history 1"), "ok")      # it is all there
        same(o.frame(op="past")["ev"]["text"], "hello 0")
        same(o.command("close left"), "ok")
        same(listed()[0], 0)


@case("of one address only the last who left stay on the list")
def _():
    with Desk("--max-gone-per-address", "2", *NO_RATE) as d:
        o = d.operator()
        for i in range(4):
            c = d.line()
            c.send(f"hello {i}\n")
            sid = o.said(f"hello {i}")["sid"]
            c.reset()
            o.event("gone", sid=sid)
        o.frame(op="unlisted", sid=2)
        same([s["sid"] for s in d.operator("late").welcome["sessions"]],
             [3, 4])
        assert "/history" in o.frame(op="notice", code="limit")["text"]


@case("two listeners have the places of one")
def _():
    with Desk("--listen", "127.0.0.1:0", "--max-sessions", "2") as d:
        wait_until(lambda: sum("listening on" in r for r in d.rows) == 2,
                   "both listeners")
        ports = [int(r.rpartition(":")[2]) for r in d.rows
                 if "listening on" in r]
        kept = []
        for port in ports:
            d.port = port
            c = d.line()
            c.send("hi\n")
            c.until("Welcome")
            kept.append(c)
        assert "full" in d.refused()


main("hostile")
