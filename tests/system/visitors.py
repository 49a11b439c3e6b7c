# SPDX-License-Identifier: GPL-3.0-or-later
"""Who comes and is no customer: no session, no bell, no place in line, and on the
list of /visitors; and who is a customer though it looks like one of those."""

import re
import subprocess

from desk import (DESKWIRE, LIMIT, Desk, case, journal, main, same, size,
                  wait_until)
from tap import text

QUICK = ("--silence-ms", "100", "--rate", "1000000", "--burst", "1000000")
HELLO = "SSH-2.0-OpenSSH_9.2p1\r\n"


def peers():
    """Of each known protocol: its name, its bytes, what it is here."""
    rows = [r.split("\t") for r in
            text("tests/peers/openings.txt").splitlines() if r[0] != "#"]
    return [(name, bytes.fromhex(digits), what) for name, digits, what in rows]


def visitors(o):
    """What /visitors says: {address: (what, what could be read)}."""
    number = o.ask("cmd", text="visitors")
    rows = o.answer(number)["text"].splitlines()[1:]
    found = {}
    for row in rows:
        _, _, address, rest = row.split(" ", 3)
        what, _, words = rest.partition(' "')
        found[address] = (what, words[:-1])
    same(len(found), len(rows))
    return found


def listed(o, c, what=None):
    """Waits until that one is on the list, and returns what it says."""
    address = "%s:%d" % c.sock.getsockname()
    wait_until(lambda: address in visitors(o), f"{what} {address}")
    return visitors(o)[address]


def sessions(d):
    o = d.operator("looks")
    o.close()
    return o.welcome["sessions"]


@case("of each known protocol nobody is told a session, and the list has it")
def _():
    known = peers()
    assert len([w for _, _, w in known if w not in
                ("a customer", "nothing")]) >= 51
    with Desk(*QUICK) as d:
        o = d.operator()
        for name, data, what in known:
            c = d.line()
            if data:
                c.send(data)
            c.half_close()
            if what == "a customer":
                o.event("arrived", addr="%s:%d" % c.sock.getsockname())
                c.reset()
                continue
            said = c.end()
            assert what == "nothing readable" or "in line." not in said, \
                (name, said)        # that one is a telnet, which is greeted
            if what != "nothing":
                same((name, listed(o, c, name)[0]), (name, what))
            c.close()
        o.sync()
        arrived = [e for e in o.events() if e["ev"] == "arrived"]
        same(len(arrived), len([w for _, _, w in known if w == "a customer"]))
        assert {e["ev"] for e in journal(d.folder)} <= {
            "on", "off", "arrived", "said", "eof", "gone", "closed"}


@case("a visitor that stays is on the list, and is told nothing")
def _():
    with Desk(*QUICK) as d:
        o = d.operator()
        for data, what, words in (
                (HELLO.encode(), "SSH", HELLO.strip()),
                (b"\x03\x00\x00\x2f\x2a\xe0\0\0\0\0\0Cookie: mstshash=anna"
                 b"\r\n\x01\0\x08\0\0\0\0\0", "RDP, S7",
                 "Cookie: mstshash=anna"),
                (b"\x7fELF\x01\x02", "no text", "ELF"),
                (b"JDWP-Handshake", "JDWP", "JDWP-Handshake")):
            c = d.line()
            c.send(data)
            same(listed(o, c, what), (what, words))
            c.silent(0.3)
        same(sessions(d), [])
        same([e["ev"] for e in o.events() if e["ev"] == "arrived"], [])


@case("what was readable of a visitor is harmless on the list")
def _():
    with Desk(*QUICK) as d:
        o, c = d.operator(), d.line()
        c.send("SSH-2.0-\u202e\u200bx\u009b2J\x1b[2Jabc\n" + "y" * 300)
        words = listed(o, c)[1]
        assert words.isprintable() and "\u202e" not in words, words
        assert len(words.encode()) < 200, words


@case("a visitor's readable row makes a customer of it, with all its text")
def _():
    cases = (
        (HELLO + "hello?\n", [HELLO.strip(), "hello?"]),
        ("OPTIONS sip:a SIP/2.0\r\nVia: b\r\n\r\nhello\r\nyou\r\n",
         ["OPTIONS sip:a SIP/2.0", "Via: b", "hello", "you"]),
        ("\x01\x02 hello\nis somebody there\n",
         ["\x01\x02 hello", "is somebody there"]))
    for sent, said in cases:
        for whole in (True, False):
            with Desk(*QUICK) as d:
                o, c = d.operator(), d.line()
                first, _, rest = sent.partition("\n")
                if whole:
                    c.send(sent)
                else:
                    c.send(first + "\n")
                    listed(o, c)
                    c.send(rest)
                o.said(said[-1])
                same([e["text"] for e in o.events() if e["ev"] == "said"],
                     said)
                same(len([e for e in o.events() if e["ev"] == "arrived"]), 1)
                same(visitors(o), {})
                c.until("number 1 in line")
                sid = o.event("arrived")["sid"]
                o.reply(sid, "yes")
                c.until("lin: yes\n")


@case("who begins with a word of a protocol is a customer")
def _():
    for words in ("get /login fails", "PING", "HELP", "GET is not enough",
                  "SSH does not work", "*1", "0", "CONNECT me please",
                  "see /login HTTP/1.1", "USER is empty", "stats", "1, 2"):
        with Desk(*QUICK) as d:
            o, c = d.operator(), d.line()
            c.send(words + "\n")
            o.said(words)
            c.until("in line")
            same(visitors(o), {})


@case("who types key by key, rubs out and moves about is a customer")
def _():
    with Desk("--silence-ms", "60", *QUICK[2:]) as d:
        o, c = d.operator(), d.line()
        c.send(b"\x1b[A")
        listed(o, c)                    # so far
        c.send(b"hello\n")
        o.event("said")
        same(visitors(o), {})
    with Desk(*QUICK) as d:
        o, c = d.operator(), d.line()
        c.send(b"\xff\xfb\x18\xff\xfb\x1f")     # telnet
        c.until("in line")
        c.send("hello\r\n")
        o.said("hello")
        same(visitors(o), {})


@case("who sends text without an end and waits is greeted")
def _():
    with Desk(*QUICK) as d:
        o, c = d.operator(), d.line()
        c.send("hello")
        c.until("to leave.\n")
        c.send(" there\n")
        o.said("hello there")
        same(visitors(o), {})


@case("who was greeted before it spoke is judged alike")
def _():
    with Desk(*QUICK) as d:
        o = d.operator()
        c = d.line()
        c.until("to leave.\n")
        c.send(HELLO)
        same(listed(o, c)[0], "SSH")
        c.silent(0.2)
        c.send("hello\n")
        o.said("hello")
        c = d.line()
        c.until("to leave.\n")
        c.send("GET / HTTP/1.0\r\n\r\n")
        assert "not HTTP" in c.end()
        same(listed(o, c), ("HTTP", "GET / HTTP/1.0"))
        for first in (b"", b"\xff\xf2"):
            c = d.classic()
            c.until("to leave.\n")
            c.send(first)
            assert "服务端已就绪" in c.handshake()
            c.reset()
        wait_until(lambda: o.sync() or sum(
            e["ev"] == "arrived" for e in o.events()) == 3, "all of them")
        same([e["mode"] for e in o.events() if e["ev"] == "arrived"],
             ["line", "classic", "classic"])


@case("a visitor is let go after the time of a first line")
def _():
    with Desk(*QUICK, "--first-line-timeout", "1", "--linger", "0") as d:
        o, c = d.operator(), d.line()
        c.send(HELLO)
        same(c.end(), "")
        listed(o, c)


@case("a row that has no end is waited for no longer than other rows")
def _():
    with Desk(*QUICK, "--line-timeout", "1", "--linger", "0") as d:
        o, words, bits = d.operator(), d.line(), d.line()
        words.send("hello")
        bits.send("hello\x02")
        assert "took too long" in words.end()
        same(bits.end(), "")
        same(listed(o, bits)[0], "no text")
        same(len(visitors(o)), 1)


@case("no more is looked at than 16 KiB")
def _():
    with Desk(*QUICK) as d:
        o, c = d.operator(), d.line()
        c.send(b"\x02" * 16384)
        same(c.end(), "")
        same(listed(o, c)[0], "no text")
        c = d.line()
        c.send(b"x" * 20000)
        c.until("That line is too long")


@case("the list has the last 64, and one row a minute says how many came")
def _():
    with Desk(*QUICK) as d:
        o = d.operator()
        last = None
        for i in range(70):
            last = d.line()
            last.send(f"SSH-2.0-{i}\r\n")
            last.half_close()
            last.end()
        listed(o, last)
        found = [int(words[8:]) for _, words in visitors(o).values()]
        same(sorted(found), list(range(6, 70)))
        notice = o.frame(op="notice", code="limit")["text"]
        told, = re.findall(r"^\d+", notice)
        assert 1 <= int(told) <= 70 and "/visitors" in notice, notice
        d.row(notice)                   # the log has it too
        same(len([f for f in o.frames if f["op"] == "notice"]), 1)
        d.stop()                        # the rest is told before the end
        rows = [r for r in d.rows if "/visitors" in r]
        same(sum(int(re.findall(r"(\d+) came", r)[0]) for r in rows), 70)


@case("a console without a terminal prints the list row by row")
def _():
    with Desk(*QUICK) as d:
        def console():
            return subprocess.run(
                [DESKWIRE, "attach", "--operator-socket", d.operator_path],
                input=b"/visitors\n", capture_output=True, timeout=LIMIT,
                check=True).stdout.decode()
        assert "* nobody came who was no customer\n" in console()
        o = d.operator()
        for words in ("SSH-2.0-a", "SSH-2.0-b"):
            c = d.line()
            c.send(words + "\n")
            listed(o, c)
        rows = console().splitlines()
        at = rows.index("* the last who came and were no customers:")
        for row, words in zip(rows[at + 1:], ("SSH-2.0-a", "SSH-2.0-b")):
            assert re.fullmatch(r"\* \d{4}-\d\d-\d\d \d\d:\d\d:\d\d "
                                r"127\.0\.0\.1:\d+ SSH \"" + words + '"',
                                row), row


@case("who connects and says nothing leaves nothing")
def _():
    with Desk(*QUICK) as d:
        o = d.operator()
        for greeted in (False, True):
            for _ in range(size(30)):
                c = d.line()
                if greeted:
                    c.until("to leave.\n")
                c.half_close()
                c.end()
        threads = d.threads()
        wait_until(lambda: d.threads() <= threads, "the workers")
        same(visitors(o), {})
        same(o.frames[-1]["text"], "nobody came who was no customer")


main("visitors")
