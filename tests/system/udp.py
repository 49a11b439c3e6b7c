# SPDX-License-Identifier: GPL-3.0-or-later
"""Datagrams at the desk, and deskwire call --udp.  G numbers are what strangers
may send; D-21, D-22 and S8 are the defects of the tutorial's two programs."""

import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading

from desk import (DESKWIRE, LIMIT, TOP, Deadline, Desk, body, case,
                  configured, journal, main, same, size, state, wait_until)
from tap import fork_pty

PEERS = os.path.join(TOP, "tests", "peers")
HERE = "127.0.0.1:0"
TRUNCATED, LEFT = 4, 8
# POSIX tells neither how long a cut datagram was, nor to which of our
# addresses it was sent.
TELLS = configured("DW_WITH_LINUX_EXTRAS")


class Sender:
    """A socket that writes datagrams to the desk."""

    def __init__(self, desk, source="127.0.0.1", to=None):
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.bind((source, 0))
        self.sock.settimeout(LIMIT)
        host, port = self.sock.getsockname()[:2]
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.to = to or (source if ":" in source else "127.0.0.1",
                         udp_port(desk))
        desk.keep(self)

    def send(self, data):
        self.sock.sendto(data.encode() if isinstance(data, str) else data,
                         self.to)

    def read(self):
        """Text, and where it came from."""
        data, where = self.sock.recvfrom(65536)
        return data.decode(), where[:2]

    def silent(self):
        """Nothing is here."""
        self.sock.setblocking(False)
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return
        finally:
            self.sock.settimeout(LIMIT)
        raise AssertionError(f"{data!r} came")

    def close(self):
        self.sock.close()


def udp_port(desk):
    return int(desk.row("listening on udp ").rpartition(":")[2])


def noted(o, sender, **members):
    return o.event("udp", addr=sender.address, **members)


def answer(o, sender, text):
    """The outcome; and the answer has left, or was refused."""
    outcome = o.command(f"udp {sender.address} {text}")
    if outcome == "ok":
        seq = o.event("udp-reply", addr=sender.address, text=text)["seq"]
        o.event("udp-sent", n=seq)
    return outcome


# --- the desk ---------------------------------------------------------------

@case("a datagram is a datagram, is stored, and can be answered")
def _():
    with Desk("--udp", HERE) as d:
        o, s = d.operator(), Sender(d)
        s.send("你好, anybody?")
        seen = noted(o, s, text="你好, anybody?", n=16)
        same(answer(o, s, "good day"), "ok")
        same(s.read(), ("good day", s.to))
        rows = [e for e in journal(d.folder) if e["ev"].startswith("udp")]
        same([(e["ev"], e["addr"], e["body"]) for e in rows],
             [("udp", s.address, "你好, anybody?".encode()),
              ("udp-reply", s.address, b"good day"),
              ("udp-sent", s.address, b"")])
        same(rows[0]["seq"], seen["seq"])
        s.silent()


@case("G1: an empty one, the largest, and one that is cut, and said to be")
def _():
    with Desk("--udp", HERE, "--max-datagram", "1000") as d:
        o, s = d.operator(), Sender(d)
        s.send(b"")
        same(body(noted(o, s)), b"")
        s.send(b"x" * 1000)
        same(noted(o, s, n=1000).get("flags", 0) & TRUNCATED, 0)
        s.send(b"y" * 65507)
        e = o.event("udp", text="y" * 1000)
        same((e["n"], e["flags"] & TRUNCATED), (65507 if TELLS else 1000,
                                                TRUNCATED))
    with Desk("--udp", HERE, "--max-datagram", "65507") as d:
        o, s = d.operator(), Sender(d)
        s.send(b"z" * 65507)
        same(body(noted(o, s, n=65507)), b"z" * 65507)


@case("G2, S8: bytes that are not UTF-8 reach the operator and end nothing")
def _():
    with Desk("--udp", HERE) as d:
        o, s = d.operator(), Sender(d)
        for data in (b"\xff", bytes(range(256)), "半".encode()[:2]):
            s.send(data)
            same(body(o.event("udp", addr=s.address, n=len(data))), data)
        s.send("still there?")
        noted(o, s, text="still there?")
        same(answer(o, s, "yes"), "ok")


@case("G5, D-22: quit ends the entry of one, and only as a whole datagram")
def _():
    with Desk("--udp", HERE) as d:
        o, a, b = d.operator(), Sender(d), Sender(d)
        a.send("I do not want to quit")
        b.send("hello")
        noted(o, a), noted(o, b)
        same(o.command("udp which of you?"), "usage")
        b.send("quit")
        assert noted(o, b, text="quit")["flags"] & LEFT
        same(o.command(f"udp {b.address} bye"), "gone")
        same(o.command("udp which of you?"), "usage")
        same(answer(o, a, "only you are left"), "ok")
        same(a.read()[0], "only you are left")
        b.silent()
        b.send("here again")
        noted(o, b, text="here again")
        same(answer(o, b, "good"), "ok")


@case("only who has written can be answered, with what fits, cut by nobody")
def _():
    with Desk("--udp", HERE, "--max-answer", "20") as d:
        o, s, other = d.operator(), Sender(d), Sender(d)
        same(o.command("udp hello?"), "gone")
        same(o.command(f"udp {other.address} hello"), "gone")
        s.send("hi")
        noted(o, s)
        same(o.command(f"udp {other.address} hello"), "gone")
        number = o.ask("cmd", text=f"udp {s.address} 订单订单订单x")
        same(o.answer(number)["code"] if o.answer(number)["op"] == "err"
             else "ok", "ok")
        same(s.read()[0], "订单订单订单x")
        number = o.ask("cmd", text=f"udp {s.address} 订单订单订单订")
        same(o.answer(number)["code"], "usage")
        assert "20" in o.answer(number)["text"], o.answer(number)
        same(o.command(f"udp {s.address}"), "usage")
        s.silent()
        other.silent()


@case("an entry ends after its time")
def _():
    with Desk("--udp", HERE, "--udp-timeout", "1") as d:
        o, s = d.operator(), Sender(d)
        s.send("hi")
        noted(o, s)
        wait_until(lambda: o.command(f"udp {s.address} hello") == "gone",
                   "the end of the entry")


@case("the answer leaves from the address that was asked")
def _():
    with Desk("--udp", "0.0.0.0:0", "--udp", HERE, "--udp", "[::1]:0",
              "--allow-plaintext-public") as d:
        o = d.operator()
        port = udp_port(d)
        rows = [r for r in d.rows if r.startswith("listening on udp")]
        same(len(rows), 3)
        for asked in ("127.0.0.1", "127.0.0.2", "127.0.0.77")[:3 if TELLS
                                                              else 1]:
            s = Sender(d, to=(asked, port))
            s.send(asked)
            noted(o, s, text=asked)
            same(answer(o, s, "to you"), "ok")
            same(s.read(), ("to you", (asked, port)))
        for row, source in ((rows[1], "127.0.0.1"), (rows[2], "::1")):
            to = (source, int(row.rpartition(":")[2]))
            s = Sender(d, source, to)
            s.send("this door")
            noted(o, s)
            same(answer(o, s, "the same"), "ok")
            same(s.read(), ("the same", to))


@case("a dual-stack address answers an IPv4 sender")
def _():
    with Desk("--udp", "[::]:0", "--allow-plaintext-public") as d:
        o = d.operator()
        to = ("127.0.0.3" if TELLS else "127.0.0.1", udp_port(d))
        s = Sender(d, to=to)
        s.send("four")
        noted(o, s, text="four")
        same(answer(o, s, "six"), "ok")
        same(s.read(), ("six", to))


@case("datagrams that came while nobody was on duty are told, also after a restart")
def _():
    with state() as folder:
        with Desk("--udp", HERE, folder=folder) as d:
            s = Sender(d)
            s.send("one")
            wait_until(lambda: any(e["body"] == b"one"
                                   for e in journal(folder)), "the datagram")
            same(d.stop(), 0)
        with Desk("--udp", HERE, folder=folder) as d:
            s = Sender(d)
            s.send("two")
            wait_until(lambda: any(e["body"] == b"two"
                                   for e in journal(folder)), "the datagram")
            o = d.operator()
            same(o.welcome["datagrams"], 2)
            same(o.welcome["peers"], [s.address])
            number = o.ask("cmd", text="udp")
            same(o.answer(number)["op"], "ok")
            past = [f["ev"] for f in o.frames if f["op"] == "past"]
            same([e["text"] for e in past], ["one", "two"])
            same(d.operator("wang").welcome.get("datagrams", 0), 0)


@case("kill -9 keeps every datagram that was shown, and repeats none")
def _():
    with state() as folder:
        shown = []
        for turn in range(3):
            with Desk("--udp", HERE, "--rate", "1000", "--burst", "1000",
                      "--udp-rate", "1000", "--udp-burst", "1000",
                      folder=folder) as d:
                o, s = d.operator(), Sender(d)
                for n in range(60):
                    s.send(f"{turn} {n}")
                noted(o, s, text=f"{turn} 40")
                d.signal(signal.SIGKILL)
                d.wait()
                o.ends()
                shown += [e for e in o.events() if e["ev"] == "udp"]
        stored = {e["seq"]: e["body"].decode() for e in journal(folder)
                  if e["ev"] == "udp"}
        for e in shown:
            same(stored[e["seq"]], e["text"])
        same(len(set(stored.values())), len(stored))


# --- floods -----------------------------------------------------------------

def flood(to, count, sources):
    """From many hosts of this machine, as fast as it goes."""
    socks = []
    for i in range(sources):
        s = socket.socket(type=socket.SOCK_DGRAM)
        s.bind((f"127.0.{1 + i // 250}.{1 + i % 250}", 0))
        socks.append(s)
    for n in range(count):
        socks[n % sources].sendto(b"x" * 400, to)
    return socks


@case("G3: a flood is dropped, counted and told; it gets nothing back and "
      "disturbs no customer")
def _():
    with Desk("--udp", HERE, "--udp-rate", "20", "--udp-burst", "50") as d:
        o = d.operator()
        c = d.line()
        c.send("before\n")
        sid = o.said("before")["sid"]
        to = ("127.0.0.1", udp_port(d))
        threads, memory = d.threads(), d.resident()
        done = []
        thread = threading.Thread(target=lambda: done.append(
            flood(to, size(20000, full=200000), 500)))
        thread.start()
        for n in range(10):
            same(o.reply(sid, f"reply {n}"), "ok")
            c.until(f"reply {n}")
        thread.join()
        same(o.reply(sid, "after"), "ok")
        c.until("after")
        o.frame(op="notice", code="limit")
        datagrams = [e for e in o.events() if e["ev"] == "udp"]
        assert 0 < len(datagrams) < 1000, len(datagrams)
        same(d.threads(), threads)
        assert d.resident() - memory < 16 * 1024, d.resident() - memory
        for s in done[0]:
            s.setblocking(False)
            try:
                raise AssertionError(s.recv(100))
            except BlockingIOError:
                s.close()
        d.row("were dropped: more came than can be kept")


@case("one host that floods leaves room for another")
def _():
    with Desk("--udp", HERE, "--rate", "1", "--burst", "3") as d:
        o, loud, calm = d.operator(), Sender(d), Sender(d, "127.0.0.9")
        for n in range(100):        # no more than the kernel keeps
            loud.send(f"loud {n}")
        calm.send("calm")
        noted(o, calm, text="calm")
        o.sync()
        loud_ones = [e for e in o.events() if e["ev"] == "udp" and
                     e["text"].startswith("loud")]
        assert len(loud_ones) <= 8, len(loud_ones)


@case("who is being answered stays known while strangers come")
def _():
    with Desk("--udp", HERE, "--udp-peers", "8", "--udp-rate", "1000",
              "--udp-burst", "1000") as d:
        o, s = d.operator(), Sender(d)
        s.send("hi")
        noted(o, s)
        same(answer(o, s, "hello"), "ok")
        for sock in flood(("127.0.0.1", udp_port(d)), 100, 50):
            sock.close()
        wait_until(lambda: o.sync() or len(
            [e for e in o.events() if e["ev"] == "udp"]) > 50, "strangers")
        same(answer(o, s, "still here"), "ok")


@case("a desk that is flooded stops in order")
def _():
    with Desk("--udp", HERE, "--udp-rate", "100000", "--udp-burst", "100000",
              "--rate", "100000", "--burst", "100000") as d:
        to = ("127.0.0.1", udp_port(d))
        o, s = d.operator(), Sender(d)
        s.send("first")
        noted(o, s)
        over = threading.Event()

        def send():
            with socket.socket(type=socket.SOCK_DGRAM) as sock:
                while not over.is_set():
                    sock.sendto(b"more", to)
        thread = threading.Thread(target=send)
        thread.start()
        try:
            same(d.stop(), 0)
        finally:
            over.set()
            thread.join()


@case("no datagram is taken once the desk has begun to say goodbye")
def _():
    with Desk("--udp", HERE) as d:
        o, c, s = d.operator(), d.line(), Sender(d)
        c.send("hi\n")
        o.said("hi")
        s.send("in time")
        noted(o, s)
        os.kill(d.pid, signal.SIGTERM)
        c.until("This desk is closing.")
        s.send("too late")
        same(d.wait(), 0)
        same([e["body"] for e in journal(d.folder) if e["ev"] == "udp"],
             [b"in time"])


# --- around it --------------------------------------------------------------

@case("datagrams come also with one customer at a time")
def _():
    with Desk("--udp", HERE, "--one-at-a-time") as d:
        o, c, s = d.operator(), d.line(), Sender(d)
        c.send("first\n")
        o.said("first")
        s.send("beside")
        noted(o, s, text="beside")
        same(answer(o, s, "yes"), "ok")
        same(s.read()[0], "yes")


@case("a public address needs to be allowed")
def _():
    for address in ("0.0.0.0:0", "192.0.2.1:0", "[::]:0"):
        with Desk("--udp", address, ready=False) as d:
            same(d.wait(), 3)
            assert "--allow-plaintext-public" in d.rows[0], d.rows
    with Desk("--udp", "nonsense", ready=False) as d:
        same(d.wait(), 2)
    with Desk("--udp", HERE) as first:
        address = first.row("listening on udp ").split()[-1]
        with Desk("--udp", address, ready=False) as d:
            same(d.wait(), 4)
            assert address in d.rows[0] and "--udp" in d.rows[0], d.rows


@case("a desk in a throw-away state takes datagrams as well")
def _():
    done = subprocess.run([DESKWIRE, "demo", "--udp", HERE, "--listen", HERE],
                          input="/quit\n", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, encoding="utf-8",
                          timeout=LIMIT)
    same(done.returncode, 0)
    assert "* listening on udp 127.0.0.1:" in done.stdout, done.stdout


@case("U1: the log has the tutorial's row, and no row that a sender wrote")
def _():
    with state() as folder:
        log = os.path.join(folder, "log")

        def rows():
            with open(log, encoding="utf-8") as f:
                return f.read().splitlines()
        with Desk("--udp", HERE, "--log", log) as d:
            o, s = d.operator(), Sender(d)
            port = s.address.rpartition(":")[2]
            s.send("我的订单")
            s.send(b"a\n2026-11-22 10:00:00 [9] 6.6.6.6:6 Server\x1b[2J\xff")
            s.send(b"y" * 5000)
            noted(o, s, text="y" * 4096)
            same(answer(o, s, "稍等"), "ok")
            wait_until(lambda: rows()[-1].endswith("稍等"), "the last row")
        stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
        who = rf"{stamp} \[udp\] 127\.0\.0\.1:{port}"
        u1 = rf"{who} Received from customer -> \('127\.0\.0\.1', {port}\) " \
            "the message: "
        for row, want in zip(rows()[3:], (
                u1 + "我的订单", u1 + r"a\\n2026-11-22 .*Server\\x1b\[2J\\xff",
                u1 + "y+…", who + " That message was cut: 4096 bytes of it "
                "are kept",
                rf"{who} Server send --> {stamp} - 稍等")):
            assert re.fullmatch(want, row), (row, want)
        same(len(rows()), 8)
    with open(os.path.join(TOP, "po", "zh_CN.po"), encoding="utf-8") as f:
        text = re.sub(r'"\n"', "", f.read())
    assert 'msgstr "%s 收到客户端 -> %s 发来的消息: "' in text


@case("the tutorial's client, unchanged, reaches the operator")
def _():
    with Desk("--udp", HERE) as d:
        o = d.operator()
        out = subprocess.run(
            [sys.executable, os.path.join(PEERS, "datagram_client.py"),
             "127.0.0.1", str(udp_port(d)), "--say", "你好", "--say", "second",
             "--say", "quit"], check=True, timeout=LIMIT,
            stdout=subprocess.PIPE).stdout.decode()
        port = re.match(r"connected (\d+)", out)[1]
        address = f"127.0.0.1:{port}"
        same([o.event("udp", text=t)["addr"] for t in
              ("你好", "second", "quit")], [address] * 3)
        same(o.command(f"udp {address} bye"), "gone")


class Console:
    """deskwire open at the ends of two pipes."""

    def __init__(self, folder, *args):
        self.process = subprocess.Popen(
            [DESKWIRE, "open", "--state", folder, "--listen", HERE, "--udp",
             HERE, "--as", "lin", *args], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.to = ("127.0.0.1", int(self.row("listening on udp ")
                                    .rpartition(":")[2]))

    def row(self, words):
        while words not in (row := self.process.stdout.readline().decode()):
            assert row, f"ended before {words!r}"
        return row.rstrip("\n")

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def end(self):
        self.process.communicate(timeout=LIMIT)
        return self.process.returncode


@case("the console shows the datagram and the answer, and /udp shows them again")
def _():
    with state() as folder, socket.socket(type=socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.settimeout(LIMIT)
        address = "{}:{}".format(*s.getsockname())
        c = Console(folder)
        s.sendto(b'say "hi"\n\xff', c.to)
        clock = r"\d\d:\d\d:\d\d"
        datagram = rf'~ udp {address} "say \\"hi\\"\\n\\xff" {clock}'
        reply = rf'~ udp {address} lin> "good \\"day\\"" ✓ {clock}'
        assert re.fullmatch(datagram, row := c.row("~ udp")), row
        c.type('/udp good "day"')
        same(s.recv(100), b'good "day"')
        assert re.fullmatch(reply, row := c.row("~ udp")), row
        c.type("/udp")
        assert re.fullmatch(datagram, row := c.row("~ udp")), row
        assert re.fullmatch(reply, row := c.row("~ udp")), row
        same(c.end(), 0)


@case("a script whose answer is refused ends with status 1")
def _():
    with Desk("--udp", HERE) as d:
        r = subprocess.run(
            [DESKWIRE, "attach", "--operator-socket", d.operator_path],
            input=b"/udp to whom?\n/udp " + b"x" * 1025 + b"\n",
            timeout=LIMIT, stdout=subprocess.PIPE)
        same(r.returncode, 1)
        assert b"/udp to whom?: nobody has written over UDP lately" in \
            r.stdout, r.stdout
        # The refusal is what must be seen, not the whole text again.
        assert re.search("/udp x{20,40}…: an answer over UDP may have 1024 ",
                         r.stdout.decode()), r.stdout


# --- deskwire call --udp ----------------------------------------------------

class Server:
    """The tutorial's server; its rows."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(PEERS, "datagram_server.py")],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.port = int(self.row().split()[1])

    def row(self):
        return self.process.stdout.readline().decode().rstrip("\n")

    def got(self):
        """The next text."""
        return re.fullmatch(r'got \[\d+, "(.*)"\]', self.row())[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def call(port, text, *args, host="127.0.0.1"):
    """Its status and its rows, when that is all that is typed."""
    r = subprocess.run([DESKWIRE, "call", "--udp", *args, host, str(port)],
                       input=text.encode(), timeout=LIMIT,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return r.returncode, r.stdout.decode(), r.stderr.decode()


def free_port():
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@case("our client and the tutorial's server: a line is a datagram, and what "
      "merely contains quit ends nothing")
def _():
    with Server() as server:
        status, out, err = call(server.port, "你好\n\nI do not want to quit\n"
                                " quit \nnever sent\n")
        same([server.got() for _ in range(3)],
             ["你好", "I do not want to quit", "quit"])
        where = f"127.0.0.1:{server.port}"
        same((status, err), (0, ""))
        same(out.splitlines(), [
            f"Connecting to server {where} ...",
            f"Ready for server {where} (UDP has no connection: nothing is "
            "confirmed)",
            f"Disconnected from server {where}"])
        same(call(server.port, "no newline")[0], 0)
        same(server.got(), "no newline")


@case("echo hello | deskwire call --udp needs no answer, but --wait does")
def _():
    with Server() as server:
        same(call(server.port, "hello\n")[0], 0)
        status, _, err = call(server.port, "hello\n", "--wait", "0.3")
        same(status, 1)
        assert "no answer" in err, err
        same(call(server.port, "", "--wait", "30")[0], 0)


@case("D-21: with nobody there it says so, goes on, and ends with status 5")
def _():
    port = free_port()
    for text in ("one\ntwo\nthree\n", "one\ntwo\nquit\n"):
        status, out, err = call(port, text)
        same(status, 5)
        assert f"Nobody listens at 127.0.0.1:{port}" in out, out
        assert "nobody listens" in err, err
        assert out.splitlines()[-1].startswith("Disconnected"), out


@case("D-21: once somebody listens the next line arrives")
def _():
    with socket.socket(type=socket.SOCK_DGRAM) as late:
        port = free_port()
        p = subprocess.Popen([DESKWIRE, "call", "--udp", "127.0.0.1",
                              str(port)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdin.write(b"lost\n")
        p.stdin.flush()
        while b"Nobody listens" not in p.stdout.readline():
            pass
        late.bind(("127.0.0.1", port))
        late.settimeout(LIMIT)
        p.stdin.write(b"here\n")
        p.stdin.flush()
        same(late.recv(100), b"here")
        same(p.communicate(b"quit\n", timeout=LIMIT)[1], b"")
        same(late.recv(100), b"quit")
        same(p.returncode, 0)


@case("W-9: what is over 1,024 bytes is refused, and 1,024 are sent")
def _():
    with Server() as server:
        status, out, _ = call(server.port, "订" * 342 + "\n" + "a" * 1024 +
                              "\n")
        same(status, 1)
        assert "1024 bytes" in out and "1026" in out, out
        same(server.got(), "a" * 1024)


@case("our client and the desk: the answer is shown, harmless, and ends a pipe")
def _():
    with Desk("--udp", HERE) as d:
        o = d.operator()
        result = []
        thread = threading.Thread(target=lambda: result.append(
            call(udp_port(d), "is it open?\n", "--wait", str(LIMIT))))
        thread.start()
        addr = o.event("udp", text="is it open?")["addr"]
        same(o.command(f"udp {addr} yes\x1b[2J\u202e"), "ok")
        thread.join()
        status, out, err = result[0]
        same((status, err), (0, ""))
        assert re.search(r"^Client received ==> [-0-9: ]{19} - "
                         r"yes\\x1b\[2J\\u\{202E\}$", out, re.M), out


@case("an answer of any length is shown whole, also an empty one")
def _():
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(LIMIT)
        for answered in (b"", b"z" * 60000):
            p = subprocess.Popen(
                [DESKWIRE, "call", "--udp", "--wait", str(LIMIT), "127.0.0.1",
                 str(server.getsockname()[1])], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE)
            p.stdin.write(b"hello\n")
            p.stdin.close()
            p.stdin = None
            _, who = server.recvfrom(100)
            server.sendto(answered, who)
            out, _ = p.communicate(timeout=LIMIT)
            same(p.returncode, 0)
            same(out.count(b"z"), len(answered))
            same(out.count(b"Client received ==>"), 1)


@case("--udp and --classic exclude each other")
def _():
    same(call(1, "", "--classic")[0], 2)


@case("on a terminal an answer stands above the half-typed line")
def _():
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(LIMIT)
        pid, fd = fork_pty()
        if pid == 0:
            os.environ.update(TERM="xterm", INPUTRC="/dev/null")
            os.execv(DESKWIRE, [DESKWIRE, "call", "--udp", "127.0.0.1",
                                str(server.getsockname()[1])])
        seen = b""
        deadline = Deadline()

        def until(words):
            nonlocal seen
            while words not in seen:
                ready, _, _ = select.select([fd], [], [],
                                            deadline.left(words))
                if ready:
                    seen += os.read(fd, 65536)
        until("Message for the server: ".encode())
        os.write(fd, b"hello\r")
        data, who = server.recvfrom(100)
        same(data, b"hello")
        os.write(fd, b"half-ty")
        until(b"half-ty")
        seen = b""
        server.sendto("回答".encode(), who)
        until("回答".encode())
        until(b"half-ty")
        os.write(fd, b"ped\r")
        same(server.recvfrom(100)[0], b"half-typed")
        os.write(fd, b"quit\r")
        same(server.recvfrom(100)[0], b"quit")
        same(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        os.close(fd)


main("udp")
