# SPDX-License-Identifier: GPL-3.0-or-later
"""Line mode, telnet, and what is neither: bytes as nc, telnet, browsers and
worse send them."""

import http.client
import ssl
import time

from desk import (LIMIT, QUIT, Customer, Desk, body, case, main, same, state,
                  wait_until)

CUT, LOST = 1, 32               # flags of a message
NO_RATE = ("--rate", "1000000", "--burst", "1000000")
USUAL = "* Welcome to deskwire.\n  You are number 1 in line. Write your " \
    "question.\n  Type /help for help, /quit to leave.\n"


@case("LF, CRLF and CR NUL end a line; a CR alone does not")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send(b"one\ntwo\r\nthree\r\0fo\rur\n\n \n")
        for text in ("one", "two", "three", "fo\rur"):
            o.said(text)
        same(c.until("to leave.\n"), USUAL)
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


@case("a row begun long after a blank one has its own time")
def _():
    with Desk("--line-timeout", "1", *NO_RATE) as d:
        o, c = d.operator(), d.line()
        c.send("\n")
        c.until("to leave.\n")
        c.silent(1.2)           # longer than a row may take
        c.split(*(b"%c" % k for k in b"hello\n"))
        o.said("hello")


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
        o.event("gone", sid=sid, why="quit")


@case("who says goodbye unanswered is on the next shift's list, and on the one "
      "after a restart")
def _():
    with state() as folder:
        with Desk(folder=folder) as d:
            line, classic = d.line(), d.classic()
            line.send("/name anna\nwhere is it?\nthe blue one\n/quit\n")
            line.until("* Goodbye.\n")
            same(line.end(), "")
            classic.handshake()
            classic.send("订单")
            classic.read_one()
            same(classic.turn(QUIT), QUIT)
            classic.close()
            o = d.operator()
            wait_until(lambda: len(d.operator("x").welcome["sessions"]) == 2,
                       "both on the list")
            first, second = d.operator("lin").welcome["sessions"]
            same([first[k] for k in ("state", "gone", "name", "unanswered",
                                     "words")],
                 ["left", True, "anna", 2, "the blue one"])
            same((second["state"], second["words"]), ("left", "订单"))
            same(d.stop(), 0)
        with Desk(folder=folder) as d:
            o = d.operator()
            same([s["state"] for s in o.welcome["sessions"]],
                 ["left", "left"])
            number = o.ask("cmd", text="close left")
            same(o.answer(number)["text"], "2 sessions closed")
            o.event("closed", sid=2, why="closed", who="lin")


@case("the customers' commands may be in capitals, and /bye and /exit are /quit")
def _():
    for command in ("/QUIT\n", "/bye\n", "/Exit now\n"):
        with Desk() as d:
            o, c = d.operator(), d.line()
            c.send("/HELP\n/Name ann\n")
            c.until("/name NAME tells us")
            c.until("Thank you.\n")
            c.send(command)
            c.until("* Goodbye.\n")
            same(c.end(), "")
            o.event("closed", why="quit")


@case("the first message that is stored is acknowledged, and only that one")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send("hi\nare you there\n")
        o.said("are you there")
        same(c.until("here.\n"), USUAL +
             "* Received. You are next; somebody will answer here.\n")
        c.send("/help\n")
        assert c.until("/name").startswith("* /name"), c.heard


@case("a lone help, quit, exit or bye is a message, and is told the command")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        for word, command in (("help", "help"), (" Quit ", "quit"),
                              ("EXIT", "quit"), ("bye", "quit")):
            c.send(f"{word}\n")
            o.said(word)
            c.until(f"type /{command}.\n")
        c.send("bye then\n")
        o.said("bye then")
        c.send("/quit\n")
        same(c.end(), "* Goodbye.\n")


@case("a customer of the tutorial's kind is told of no command")
def _():
    with Desk() as d:
        o, c = d.operator(), d.classic()
        greeting = c.handshake()
        assert "/" not in greeting, greeting
        c.send("help")
        o.reply(o.said("help")["sid"], "with what?")
        same(c.read_one(), "with what?")


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


def stored(o, sid=1):
    """What the operators got of a session, when it has ended: text, flags."""
    o.frame(lambda f: f["op"] == "ev" and f["ev"].get("sid") == sid and
            f["ev"]["ev"] in ("closed", "gone"))
    return [(body(e).decode(), e.get("flags", 0)) for e in o.events()
            if e["ev"] == "said" and e["sid"] == sid]


THIRTY = [f"line {i}" for i in range(30)]


@case("thirty lines and a hang-up at once: every line is stored")
def _():
    for first in (b"", b"\xff\xfb\x18"):       # nc, telnet
        for leave in (Customer.close, Customer.reset):
            with Desk() as d:
                o, c = d.operator(), d.line()
                c.send(first + "".join(f"{t}\r\n" for t in THIRTY).encode())
                leave(c)
                same(stored(o), [(t, 0) for t in THIRTY])


@case("more than the socket holds and a reset: the start of it is stored, "
      "without a gap, and its end has a mark")
def _():
    rows = [f"{i} ".ljust(500, "x") for i in range(4000)]
    data = "".join(f"{t}\n" for t in rows).encode()
    with Desk("--rate", "1", "--burst", "2") as d:
        o, c = d.operator(), d.line()
        c.send(data[:4096])
        o.said(rows[1])                         # it is held back now
        c.sock.setblocking(False)
        sent = 4096
        try:
            while sent < len(data):
                sent += c.sock.send(data[sent:])
        except BlockingIOError:
            pass
        c.reset()
        got = stored(o)
        text = "".join(f"{t}\n" for t, _ in got)[:-1]
        assert 10000 < len(text) < sent, (len(text), sent)
        assert data.decode().startswith(text)
        same([flags for _, flags in got[:-1]], [0] * (len(got) - 1))
        assert got[-1][1] in (CUT, LOST), got[-1]


@case("a last text without a line end is a message that was cut short, also "
      "when the connection is reset")
def _():
    for data, texts in ((b"no end", [("no end", CUT)]),
                        (b"GE", [("GE", CUT)]),
                        (b"one\ntw", [("one", 0), ("tw", CUT)]),
                        (b"\xff\xfb\x18telnet", [("telnet", CUT)])):
        for leave in (Customer.close, Customer.reset):
            with Desk() as d:
                o, c = d.operator(), d.line()
                c.send(data)
                leave(c)
                same(stored(o), texts)


@case("what a customer of the tutorial's kind said while it was held back is "
      "stored when it hangs up")
def _():
    for leave in (Customer.half_close, Customer.reset):
        with Desk("--rate", "1", "--burst", "1") as d:
            o, c = d.operator(), d.classic()
            c.handshake()
            c.split("one", "two")
            c.send("three")
            o.said("one")
            leave(c)
            o.said("three")
            same([e["text"] for e in o.events() if e["ev"] == "said"],
                 ["one", "two", "three"])


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


def answered(port, method):
    """What an HTTP client makes of the desk."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
    client.request(method, "/", body="x" * 9000 if method == "POST" else None)
    r = client.getresponse()
    text = r.read().decode()
    same((r.status, r.getheader("Connection")), (400, "close"))
    same(r.getheader("Content-Type"), "text/plain; charset=utf-8")
    client.close()
    return int(r.getheader("Content-Length")), text


@case("HTTP is answered in HTTP what this is; no session begins")
def _():
    with Desk(env={"LC_ALL": "C.UTF-8", "LANGUAGE": "zh_CN"}) as d:
        o = d.operator()
        for method in ("GET", "POST", "OPTIONS"):
            length, text = answered(d.port, method)
            same(len(text.encode()), length)
            assert "HTTP" in text and text.endswith("\n"), text
        length, text = answered(d.port, "HEAD")
        same(text, "")
        assert length > 10
        c = d.line()
        c.send("PRI * HTTP/2.0\r\n\r\n")
        assert c.end().startswith("HTTP/1.1 400 ")
        same(c.reset_by_desk, False)
        o.sync()
        same(o.events(), [])


@case("TLS is answered by an alert that ends it at once")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        context = ssl.create_default_context()
        c.sock.settimeout(LIMIT)
        try:
            context.wrap_socket(c.sock, server_hostname="desk")
        except ssl.SSLError as e:
            same(e.reason, "TLSV1_ALERT_PROTOCOL_VERSION")
        else:
            raise AssertionError("a handshake")
        c = d.line()
        c.send(bytes.fromhex("160301020001000001fc0303") + b"x" * 500)
        while c.hear(d.deadline()):
            pass
        same(c.heard, bytes.fromhex("15030100020246"))
        o.sync()
        same(o.events(), [])


@case("the operators hear in one notice how many were refused")
def _():
    with Desk() as d:
        o = d.operator()
        for words in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", b"GET /\n"):
            c = d.line()
            c.send(words)
            c.end()
        text = o.frame(op="notice", code="limit")["text"]
        assert text.startswith("3 came who were no customers"), text
        d.row(text)                     # the log has it too


@case("every single byte and every pair arrives as it was")
def _():
    with Desk("--max-line", "65536", *NO_RATE) as d:
        o, c = d.operator(), d.line()
        c.send("a customer\n")         # as the first row says
        plain = [b for b in range(256) if b not in b"\r\n\xff"]
        rows = [b"." + b"".join(bytes([a, b]) for b in plain) for a in plain]
        c.send(b"".join(row + b"\n" for row in rows))
        o.event("said", n=1 + len(rows))
        same([body(e) for e in o.events() if e["ev"] == "said"][1:], rows)


main("lines")
