# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong in the tutorial's programs, defect by defect, goes right
here.  D numbers are the defects of its code; S numbers are what was seen when
they were run with customers."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from desk import (CLIENT_HELLO, DESKWIRE, JOINER, LIMIT, QUIT, SERVER_HELLO,
                  TOP, Desk, case, main, same, size, wait_until)

HELLO = CLIENT_HELLO.encode()
PEER = os.path.join(TOP, "tests", "peers", "classic_client.py")


def is_quiet(desk, threads, descriptors):
    """Back to what it had before anybody came."""
    wait_until(lambda: desk.threads() == threads and
               desk.descriptors() == descriptors, "threads and descriptors")


class Call:
    """deskwire call --classic, with pipes."""

    def __init__(self, port, *args):
        self.process = subprocess.Popen(
            [DESKWIRE, "call", "--classic", *args, "127.0.0.1", str(port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def type(self, line):
        self.process.stdin.write((line + "\n").encode())
        self.process.stdin.flush()

    def end(self):
        out, err = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, out.decode(), err.decode()

    def wait(self):
        """Its end, with its input left open."""
        status = self.process.wait(timeout=LIMIT)
        _, out, err = self.end()
        return status, out, err


@case("D-1: a hello in two segments is one hello")
def _():
    with Desk() as d:
        c = d.classic()
        c.split(HELLO[:9], HELLO[9:])
        assert c.read_one().startswith(SERVER_HELLO)


@case("D-2: a hello and messages cut inside characters are whole")
def _():
    with Desk("--rate", "1000") as d:
        o, c = d.operator(), d.classic()
        c.split(HELLO[:1], HELLO[1:8], HELLO[8:])
        assert c.read_one().startswith(SERVER_HELLO)
        text = "订单".encode()
        c.split(text[:2], text[2:])
        sid = o.said("订单")["sid"]
        o.reply(sid, "好")
        same(c.read_one(), "好")
        same(c.send("a" * 1023 + "订"), None)
        o.said("a" * 1023 + "订")


@case("D-2: a bad byte costs one byte")
def _():
    with Desk() as d:
        o, c = d.operator(), d.classic()
        c.handshake()
        c.send(b"a\xffb")
        sid = o.event("said", bytes="Yf9i")["sid"]
        same(o.reply(sid, "ok"), "ok")
        same(c.read_one(), "ok")


@case("D-3: who closes before the hello is gone, and others are served")
def _():
    for mode in ((), ("--one-at-a-time",)):
        with Desk(*mode) as d:
            o = d.operator()
            before = d.threads(), d.descriptors()
            for part in (b"", HELLO[:4]):
                c = d.line()
                c.send(part)
                c.close()
            is_quiet(d, *before)
            d.classic().handshake()
            same(o.event("arrived")["sid"], 1)


@case("D-4: who closes after the hello has left, and is not answered")
def _():
    with Desk() as d:
        o, c = d.operator(), d.classic()
        c.handshake()
        c.send("anybody?")
        sid = o.said("anybody?")["sid"]
        c.close()
        o.event("gone", sid=sid, why="left")
        same(o.reply(sid, "too late"), "gone")
        same(len([e for e in o.events() if e["ev"] == "said"]), 1)


@case("D-5, S2: a sentence that comes with the hello is the first message")
def _():
    with Desk() as d:
        o, c = d.operator(), d.classic()
        c.send(CLIENT_HELLO + "my box is dead")
        assert c.read_one().startswith(SERVER_HELLO)
        o.reply(o.said("my box is dead", n=1)["sid"], "which?")
        same(c.read_one(), "which?")


@case("D-6: the second message arrives though the first has no answer")
def _():
    with Desk() as d:
        o, c = d.operator(), d.classic()
        c.handshake()
        c.split("first")
        sid = o.said("first", n=1)["sid"]
        c.split("second")
        o.said("second", n=2)
        same(o.reply(sid, "to both"), "ok")
        same(c.read_one(), "to both")


@case("D-7: our client refuses an empty line with a hint")
def _():
    with Desk() as d:
        o = d.operator()
        c = Call(d.port)
        c.type("")
        c.type("hello")
        o.reply(o.said("hello", n=1)["sid"], "hi")
        status, out, _ = c.end()
        same(status, 0)
        assert "mpty line" in out and "- hi\n" in out, out


@case("D-8, S5: quit inside a sentence ends nothing, in both directions")
def _():
    with Desk() as d:
        o, c = d.operator(), d.classic()
        c.handshake()
        text = "I do not want to quite give up, how do I quit?"
        c.send(text)
        sid = o.said(text)["sid"]
        o.reply(sid, "please quit the app, it is quite easy")
        got = c.read_one()
        assert QUIT not in got, got
        same(got.replace(JOINER, ""), "please quit the app, it is quite easy")
        c.send("done")
        o.said("done")
        same([e for e in o.events() if e["ev"] in ("gone", "closed")], [])


@case("D-8: the word quit alone ends it")
def _():
    with Desk() as d:
        o, c = d.operator(), d.classic()
        c.handshake()
        same(c.turn(" quit\n"), QUIT)
        o.event("closed", sid=1, why="quit")


@case("D-9: a client at its prompt hears of a close when its user types")
def _():
    with Desk("--linger", "1") as d:
        o, c = d.operator(), d.classic()
        c.handshake()
        c.send("hi")
        sid = o.said("hi")["sid"]
        o.reply(sid, "hello")
        same(c.read_one(), "hello")
        same(o.command(f"close {sid}"), "ok")
        time.sleep(2.5)             # longer than the linger
        assert c.turn("thanks").endswith("\nquit")
        c.send("quit")              # the tutorial's client does, and leaves
        same(c.end(), "")
        assert not c.reset_by_desk


@case("D-9: a close is one quit each way")
def _():
    with Desk() as d:
        o = d.operator()
        for end in ("close", "type"):
            c = d.classic()
            c.handshake()
            c.send("bye " + end)
            sid = o.said("bye " + end)["sid"]
            same(o.command(f"close {sid}") if end == "close" else
                 o.reply(sid, QUIT), "ok")
            got = c.read_one()
            same(got.count(QUIT), 1)
            assert got.endswith(QUIT), got
            c.send(QUIT)
            same(c.end(), "")
            same(c.reset_by_desk, False)
            o.event("closed", sid=sid)


@case("D-10: with one at a time a reset, silence and a bad byte end no desk")
def _():
    with Desk("--one-at-a-time", "--idle-timeout", "1") as d:
        o = d.operator()
        c = d.classic()
        c.handshake()
        c.reset()
        c = d.classic()
        c.handshake()
        same(c.read_one().endswith(QUIT), True)     # silent for a second
        c.leave()
        c = d.classic()
        c.handshake()
        c.send(b"\xff\xfe")
        o.reply(o.event("said", bytes="//4=")["sid"], "pardon?")
        same(c.read_one(), "pardon?")
        c.close()
        d.classic().handshake()


@case("D-11: our client waits for a slow operator")
def _():
    with Desk("--holding-line", "3600") as d:
        o = d.operator()
        c = Call(d.port, "--wait", "1")
        c.type("hello")
        sid = o.said("hello")["sid"]
        try:
            c.process.wait(timeout=2.5)     # longer than its --wait
        except subprocess.TimeoutExpired:
            pass
        o.reply(sid, "sorry, it was long")
        status, out, _ = c.end()
        same(status, 0)
        assert "- sorry, it was long\n" in out, out


@case("D-12: our client says that the server has gone, once, with status 6")
def _():
    with Desk() as d:
        o = d.operator()
        c = Call(d.port)
        c.type("hello")
        o.said("hello")
        d.signal(signal.SIGKILL)
        status, out, err = c.wait()
        same(status, 6)
        assert not [r for r in out.splitlines() if r.endswith("- ")], out
        assert out.splitlines()[-1].startswith("Disconnected"), out
        assert "Traceback" not in err and err.count("\n") == 1, err


@case("D-13: without a server our client says so in one row, with status 5")
def _():
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    c = Call(port)
    status, out, err = c.end()
    same(status, 5)
    same(err.count("\n"), 1)
    assert f"127.0.0.1:{port}" in err, err


@case("D-14: a long reply comes in pieces that each decode, in order")
def _():
    with Desk("--rate", "1000") as d:
        o, c = d.operator(), d.classic()
        c.handshake()
        c.send("tell me")
        text = "订" * 1200
        same(o.reply(o.said("tell me")["sid"], text), "ok")
        got = c.read_one()
        while len(got) < len(text):
            piece = c.turn(".")
            assert len(piece.encode()) <= 1024
            got += piece
        same(got, text)


@case("D-15: lines that nobody asked for wait and are one answer")
def _():
    with Desk("--add-to-held", "0") as d:
        o, c = d.operator(), d.classic()
        c.handshake()
        c.send("one")
        sid = o.said("one")["sid"]
        o.reply(sid, "answer to one")
        same(c.read_one(), "answer to one")
        o.reply(sid, "by the way")
        o.reply(sid, "and also")
        c.silent(0.1)
        same(c.turn("two"), "by the way\nand also")
        o.reply(sid, "answer to two")
        same(c.turn("three"), "answer to two")


@case("D-16, S9: SIGINT ends a talking desk, and its port is free at once")
def _():
    for number in (signal.SIGINT, signal.SIGTERM):
        with Desk() as d:
            o, c = d.operator(), d.classic()
            c.handshake()
            c.send("hello")
            o.said("hello")
            d.signal(number)
            assert c.read_one().endswith(QUIT)
            c.leave()
            same(d.wait(), 0)
            with Desk(port=d.port) as again:
                same(again.port, d.port)
                again.classic().handshake()


@case("D-17: the end of an operator's input ends no conversation")
def _():
    with Desk() as d:
        o, c = d.operator(), d.classic()
        c.handshake()
        console = subprocess.run(
            [DESKWIRE, "attach", "--operator-socket", d.operator_path, "--as",
             "wang"], stdin=subprocess.DEVNULL, capture_output=True,
            timeout=LIMIT)
        same(console.returncode, 0)
        o.event("off", who="wang")
        c.send("still there?")
        o.reply(o.said("still there?")["sid"], "yes")
        same(c.read_one(), "yes")


def timer_of(port, peer):
    """The kernel's timer for the desk's end of a connection: kind, seconds."""
    ours, theirs = (f"0100007F:{int(p):04X}" for p in (port, peer))
    with open("/proc/net/tcp", encoding="ascii") as f:
        for row in f:
            part = row.split()
            if part[1] == ours and part[2] == theirs:
                kind, when = part[5].split(":")
                return int(kind, 16), int(when, 16) / os.sysconf("SC_CLK_TCK")
    return None


@case("D-18: the kernel asks whether a silent customer still exists")
def _():
    with Desk("--keepalive", "50") as d:
        c = d.classic()
        c.handshake()
        kind, seconds = timer_of(d.port, c.address.rpartition(":")[2])
        same(kind, 2)
        assert 40 < seconds <= 50, seconds


@case("D-19: a large answer to a slow reader is not cut")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        c.send("all of it\n")
        sid = o.said("all of it")["sid"]
        text = "".join(f"{i:07}" for i in range(9000))
        for _ in range(3):
            same(o.reply(sid, text), "ok")
        for _ in range(3):
            c.until(f"lin: {text}\n")
        o.event("sent", sid=sid, n=3)


@case("D-20: what many customers say at once is whole rows in the log")
def _():
    with Desk("--log", "/dev/stderr", "--rate", "1000000", "--burst",
              "1000000") as d:
        customers = [d.line() for _ in range(8)]
        each = size(50)
        text = "abcdefghij" * 20

        def talk(c):
            for i in range(each):
                c.send(f"{text} {i}\n")
            c.half_close()

        threads = [threading.Thread(target=talk, args=(c,)) for c in customers]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        o = d.operator(seen=0, replay=True)
        for c in customers:
            sid = o.event("arrived", addr=c.address)["sid"]
            for i in range(each):
                o.said(f"{text} {i}", sid=sid, n=i + 1)
        def rows():
            return [r for r in d.rows if "Server received" in r]

        wait_until(lambda: len(rows()) == each * len(customers), "the rows")
        for row in rows():
            assert re.fullmatch(r"\S+ \S+ \[\d+\] 127\.0\.0\.1:\d+ Server "
                                rf"received ==> \S+ \S+ - {text} \d+", row), row


@case("D-23: a customer's control characters never reach a terminal")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send(b"\x1b]0;owned\x07\x1b[2J\x9b31m \xe2\x80\xae \x08ok\n")
        o.event("said", n=1)
        console = subprocess.Popen(
            [DESKWIRE, "attach", "--operator-socket", d.operator_path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        console.stdin.write(b"/history 1\n")
        console.stdin.flush()
        out = b""
        while b"ok\n" not in out:
            more = os.read(console.stdout.fileno(), 65536)
            assert more, out
            out += more
        console.communicate(timeout=LIMIT)
        assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", out), out
        assert "\u202e" not in out.decode(), out
        assert "\\x1b]0;owned\\x07" in out.decode(), out


@case("D-23: there is an end to customers, lines and their length")
def _():
    with Desk("--max-sessions", "2", "--max-line", "64", "--rate",
              "1000000") as d:
        o = d.operator()
        d.classic().handshake()
        c = d.line()
        c.send("x" * 65 + "\n")
        c.until("too long")
        c.send("short\n")
        same(o.said("short")["n"], 1)
        assert "full" in d.refused()


@case("S1: what an operator answers goes to the customer it is for")
def _():
    with Desk() as d:
        o = d.operator()
        customers = [d.classic() if i % 2 else d.line() for i in range(6)]
        sids = []
        for i, c in enumerate(customers):
            if i % 2:
                c.handshake()
            c.send(f"from {i}" + ("" if i % 2 else "\n"))
            sids.append(o.said(f"from {i}")["sid"])
        for i in (3, 0, 5, 1, 4, 2):
            same(o.reply(sids[i], f"for {i} only"), "ok")
        for i, c in enumerate(customers):
            c.until(f"for {i} only")
            for j in range(len(customers)):
                assert i == j or f"for {j} only".encode() not in c.heard


@case("S3: 342 Chinese characters in one write are one message")
def _():
    with Desk() as d:
        o, c = d.operator(), d.classic()
        c.handshake()
        c.send("订" * 342)
        o.said("订" * 342, n=1)


@case("S4: a vanished customer is known as such, and answering fails at once")
def _():
    with Desk() as d:
        o, c = d.operator(), d.classic()
        c.handshake()
        c.send("hello")
        sid = o.said("hello")["sid"]
        c.reset()
        o.event("gone", sid=sid, why="reset")
        same(o.reply(sid, "one"), "gone")
        same(o.reply(sid, "two"), "gone")


@case("S6: a port scan leaves no thread, no session and no number")
def _():
    with Desk() as d:
        o = d.operator()
        before = d.threads(), d.descriptors()
        for _ in range(5):
            d.line().close()
        for _ in range(5):
            d.line().reset()
        is_quiet(d, *before)
        d.classic().handshake()
        same(o.event("arrived")["sid"], 1)
        same([e["ev"] for e in o.events()], ["arrived"])


@case("S7: the tutorial's client outlives a slow operator by holding lines")
def _():
    with Desk("--holding-line", "1") as d:
        o = d.operator()
        p = subprocess.Popen(
            [sys.executable, PEER, "127.0.0.1", str(d.port), "--timeout", "2",
             "--say", "hello", "--say", "anybody?", "--say", "thanks", "--say",
             QUIT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        o.said("hello")
        sid = o.said("anybody?")["sid"]     # so the first got its answer
        o.reply(sid, "here I am")
        o.said("thanks")
        o.reply(sid, "bye")
        out, err = p.communicate(timeout=LIMIT)
        same((p.returncode, err), (0, ""))
        got = [r for r in out.splitlines() if r.startswith("got")]
        assert "Please wait" in got[1], got
        same(got[2:], ['got "here I am"', 'got "bye"', 'got "quit"'])


@case("S10: a client that waits for an answer to nothing gets what is held")
def _():
    with Desk("--held-reply", "1") as d:
        o, c = d.operator(), d.classic()
        c.handshake()
        c.send("hello")
        sid = o.said("hello")["sid"]
        o.reply(sid, "hi")
        same(c.read_one(), "hi")
        o.reply(sid, "are you there?")
        same(c.read_one(), "are you there?")    # it has sent nothing


@case("S11: nothing is said before the handshake")
def _():
    with Desk("--silence-ms", "60000") as d:
        c = d.classic()
        c.silent(0.2)
        c.send(CLIENT_HELLO)
        assert c.read_one().startswith(SERVER_HELLO)


@case("S11: a hello after the greeting of a silent one is a handshake too")
def _():
    with Desk("--silence-ms", "10") as d:
        o, c = d.operator(), d.classic()
        c.until("Welcome")
        c.heard = b""
        c.send(CLIENT_HELLO)
        while SERVER_HELLO not in c.read_one():
            pass
        same(o.event("arrived")["mode"], "classic")
        c.send("hello")
        o.reply(o.said("hello")["sid"], "hi")
        same(c.read_one(), "hi")


@case("S12: the greeting comes in one write with the answer to the handshake")
def _():
    with Desk("--name", "Router Desk") as d:
        o = d.operator()
        first = d.classic()
        text = first.handshake()
        assert "Router Desk" in text and "number 1" in text, text
        first.send("hello")
        o.said("hello")
        assert "number 2" in d.classic().handshake()


main("defects")
