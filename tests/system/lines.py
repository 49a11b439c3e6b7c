# SPDX-License-Identifier: GPL-3.0-or-later
"""Line mode, telnet, and what is neither: bytes as nc, telnet, browsers and
worse send them."""

import time

from desk import Desk, body, case, main, same

NO_RATE = ("--rate", "1000000", "--burst", "1000000")
USUAL = "* Welcome to deskwire.\n  You are number 1 in line. Write your " \
    "question.\n"


@case("LF, CRLF and CR NUL end a line; a CR alone does not")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send(b"one\ntwo\r\nthree\r\0fo\rur\n\n \n")
        for text in ("one", "two", "three", "fo\rur"):
            o.said(text)
        same(c.until("question.\n"), USUAL)
        c.send("last\n")
        same(o.said("last")["n"], 5)        # blank lines were none


@case("the same bytes one by one, at once and in two are the same messages")
def _():
    data = "您好 a\r\n/name 王伟\n//slash\nz\r\0é😀\n".encode()
    seen = []
    for cuts in (range(1, len(data)), (), (4,), (13,), (30,)):
        with Desk(*NO_RATE) as d:
            o, c = d.operator(), d.line()
            at = [0, *cuts, len(data)]
            c.split(*(data[i:j] for i, j in zip(at, at[1:])))
            o.said("é😀")
            seen.append([(e["ev"], e.get("text"), e.get("who"))
                         for e in o.events()])
    for other in seen[1:]:
        same(other, seen[0])


@case("a telnet option is refused once, and answers end in CRLF from then on")
def _():
    with Desk(*NO_RATE) as d:
        o, c = d.operator(), d.line()
        ask = b"\xff\xfd\x18\xff\xfb\x1f"       # DO TTYPE, WILL NAWS
        c.send(ask * 3 + b"hel\xff\xf1lo\xff\xff\r\n")
        e = o.event("said")
        same(body(e), b"hello\xff")
        o.reply(e["sid"], "one\ntwo")
        while b"two" not in c.heard:
            assert c.hear(d.deadline())
        same(c.heard.count(b"\xff"), 2)
        assert b"\xff\xfc\x18" in c.heard and b"\xff\xfe\x1f" in c.heard
        assert b"lin: one\r\n     two\r\n" in c.heard
        c.send(ask + b"again\r\n")
        o.said("again")
        o.reply(e["sid"], "bye")
        while b"bye\r\n" not in c.heard:
            assert c.hear(d.deadline())
        same(c.heard.count(b"\xff"), 2)


@case("a subnegotiation without an end swallows a little, not all")
def _():
    with Desk(*NO_RATE) as d:
        o, c = d.operator(), d.line()
        c.send(b"\xff\xfa\x18" + b"x" * 3000 + b"\nstill here\n")
        o.said("still here")


@case("commands of a customer: /name /help /quit, and // for a slash")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send("/help\n")
        c.until("/name NAME")
        same(o.events(), [])                # no session begins by asking
        c.send("/name \x1b[2J王伟\n")
        sid = o.event("name")["sid"]
        assert "\x1b" not in o.event("name")["who"], o.event("name")
        assert "王伟" in o.event("name")["who"]
        c.send("//etc/passwd is a path\n/nonsense\n/name\n")
        o.said("/etc/passwd is a path")
        c.until("no such command")
        c.until("Usage: /name NAME")
        c.send("/quit\n")
        c.until("* Goodbye.\n")
        same(c.end(), "")
        same(c.reset_by_desk, False)
        o.event("closed", sid=sid, why="quit")


@case("echo hi | nc gets its answer though it has closed its half")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send("hi\n")
        c.half_close()
        sid = o.said("hi")["sid"]
        o.event("eof", sid=sid)
        known, = d.operator("wang").welcome["sessions"]
        same((known["eof"], known.get("gone")), (True, None))
        same(o.reply(sid, "hello there"), "ok")
        c.until("lin: hello there\n")
        same(o.command(f"close {sid}"), "ok")
        c.end()
        same(c.reset_by_desk, False)


@case("a last line without an end is kept, and marked as cut short")
def _():
    for data, text in ((b"no end", "no end"), (b"GE", "GE")):
        with Desk() as d:
            o, c = d.operator(), d.line()
            c.send(data)
            c.half_close()
            o.said(text, flags=1)


@case("with nobody on duty the customer is told, and the words are kept")
def _():
    with Desk() as d:
        c = d.line()
        c.send("anybody?\n")
        c.until("your message is kept")
        c.reset()           # a close alone could be half of one
        o = d.operator(seen=0, replay=True)
        sid = o.event("gone")["sid"]
        same(o.said("anybody?")["flags"], 2)
        s, = d.operator("late").welcome["sessions"]
        same((s["sid"], s["state"], s["gone"]), (sid, "left", True))


@case("an operator's rows and the desk's own cannot be imitated")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send("hi\n")
        sid = o.said("hi")["sid"]
        o.reply(sid, "row one\n* not the desk\nlin: nor lin\x1b[2J\x9b")
        c.until("lin: row one\n     * not the desk\n     lin: nor lin"
                "\\x1b[2J")


@case("HTTP is told what this is, and closed; no session begins")
def _():
    with Desk() as d:
        o = d.operator()
        for words in ("GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                      "POST / HTTP/1.0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n"):
            c = d.line()
            c.send(words)
            told = c.end()
            assert "not HTTP" in told, told
            same(c.reset_by_desk, False)
        o.sync()
        same(o.events(), [])


@case("TLS is closed at once, without a word")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        began = time.monotonic()
        c.send(bytes.fromhex("160301020001000001fc0303") + b"x" * 500)
        same(c.end(), "")
        assert time.monotonic() - began < 10
        o.sync()
        same(o.events(), [])


@case("other protocols' first words are just a line")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send("SSH-2.0-OpenSSH_9.2\r\n")
        o.said("SSH-2.0-OpenSSH_9.2")


@case("every single byte and every pair arrives as it was")
def _():
    with Desk("--max-line", "65536", *NO_RATE) as d:
        o, c = d.operator(), d.line()
        plain = [b for b in range(256) if b not in b"\r\n\xff"]
        rows = [b"." + b"".join(bytes([a, b]) for b in plain) for a in plain]
        c.send(b"".join(row + b"\n" for row in rows))
        o.event("said", n=len(rows))
        same([body(e) for e in o.events() if e["ev"] == "said"], rows)


main("lines")
