# SPDX-License-Identifier: GPL-3.0-or-later
"""Every limit, set small: what is inside it is served, what is outside is told
so, and nobody else notices."""

import ctypes
import os
import resource
import select
import shutil
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from desk import (CLIENT_HELLO, LIMIT, SERVER_HELLO, SANITIZED, Deadline, Desk, Skip,
                  case, main, same, size, wait_until)

AT_ONCE = 10 if SANITIZED else 1     # seconds
NO_RATE = ("--rate", "1000000", "--burst", "1000000")


def drip(c, data, seconds=0.1):
    """Byte by byte until the desk has had enough; how long that took."""
    began = time.monotonic()
    try:
        for byte in data:
            c.send(bytes([byte]))
            c.sock.settimeout(seconds)
            try:
                if not (more := c.sock.recv(4096)):
                    break
                c.heard += more
            except TimeoutError:
                pass
    except ConnectionError:
        pass
    return time.monotonic() - began


PIDFD_GETFD = 438               # of every Linux


def inode(d, c):
    """Of the desk's end of a customer's connection."""
    port, peer = d.port, c.sock.getsockname()[1]
    with open(f"/proc/{d.pid}/net/tcp", encoding="ascii") as f:
        for row in f:
            part = row.split()
            if part[1].endswith(f":{port:04X}") and \
                    part[2].endswith(f":{peer:04X}"):
                return part[9]
    raise AssertionError("no such connection")


def taken_from(d, c):
    """The desk's own socket, as a copy here."""
    wanted, folder = f"socket:[{inode(d, c)}]", f"/proc/{d.pid}/fd"
    number, = (int(fd) for fd in os.listdir(folder)
               if os.readlink(f"{folder}/{fd}") == wanted)
    process = os.pidfd_open(d.pid)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        fd = libc.syscall(PIDFD_GETFD, process, number, 0)
        if fd < 0:
            raise Skip(f"pidfd_getfd: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(process)
    return socket.socket(fileno=fd)


@case("a customer's socket has the kernel watch over its peer")
def _():
    with Desk("--keepalive", "33", "--user-timeout", "44") as d:
        o, c = d.operator(), d.line()
        c.send("hi\n")
        o.said("hi")
        with taken_from(d, c) as s:
            def option(name):
                return s.getsockopt(socket.IPPROTO_TCP, name)
            same(s.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), 1)
            same(option(socket.TCP_KEEPIDLE), 33)
            same(option(socket.TCP_KEEPINTVL), 10)
            same(option(socket.TCP_KEEPCNT), 3)
            same(option(socket.TCP_USER_TIMEOUT), 44000)
            same(option(socket.TCP_NODELAY), 1)


@case("dripped bytes do not extend the hello deadline")
def _():
    with Desk("--hello-timeout", "1") as d:
        c = d.line()
        seconds = drip(c, CLIENT_HELLO.encode()[:17], 0.2)
        assert 0.9 < seconds < 1 + AT_ONCE, seconds
        assert "took too long" in c.end()


@case("dripped bytes do not extend the deadline of a line")
def _():
    with Desk("--line-timeout", "1") as d:
        o, c = d.operator(), d.line()
        c.send("a whole one\n")
        o.said("a whole one")
        seconds = drip(c, b"x" * 100)
        assert 0.9 < seconds < 1 + AT_ONCE + 1, seconds
        c.end()
        o.event("gone", why="timeout")


@case("a line of exactly the limit is read, one byte more is told so, and "
      "the third time ends it")
def _():
    with Desk("--max-line", "64", *NO_RATE) as d:
        o, c = d.operator(), d.line()
        c.send("y" * 63 + "\n")
        o.said("y" * 63, n=1)
        for _ in range(2):
            c.send("y" * 64 + "\n")
            c.until("That line is too long and was not read: a line has 64 "
                    "bytes at most, with its end.\n")
            c.send("goes on\n")
        same(o.said("goes on")["n"], 2)
        o.said("goes on", n=3)
        c.send("y" * 64 + "\n")
        c.until("too long. Goodbye.\n")
        same(c.end(), "")
        o.event("gone", why="too long")


def pour(c, data):
    """As much as goes, until the connection ends."""
    try:
        while True:
            c.send(data)
    except OSError:
        pass


@case("a line without an end is cut off, and costs no memory")
def _():
    with Desk("--max-line", "1024", *NO_RATE) as d:
        o, before = d.operator(), (d.threads(), d.descriptors())
        c = d.line()
        c.send("hello\n")
        c.until("Welcome")
        memory = d.resident()
        pourer = threading.Thread(target=pour, args=(c, b"x" * 65536))
        pourer.start()
        o.event("gone", why="too long")
        wait_until(lambda: (d.threads(), d.descriptors()) == before,
                   "threads and descriptors")
        assert d.resident() - memory < 1024 or SANITIZED, d.resident() - memory
        d.classic().handshake()
        try:
            c.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass                # it was reset before
        pourer.join()


@case("who writes faster than the rate is read at the rate, and nothing is "
      "lost")
def _():
    with Desk("--rate", "20", "--burst", "5") as d:
        o, c = d.operator(), d.line()
        began = time.monotonic()
        c.send("".join(f"m{i}\n" for i in range(25)))
        o.said("m24", n=25)
        assert 0.9 < time.monotonic() - began < 2 + AT_ONCE
        said = [e["text"] for e in o.events() if e["ev"] == "said"]
        same(said, [f"m{i}" for i in range(25)])


@case("who waits for receipts is held back by the rate and never floods; who "
      "does not wait floods as well")
def _():
    with Desk("--rate", "50", "--burst", "5", "--flood-timeout", "1") as d:
        o, c, bad = d.operator(), d.line(), d.line()
        bad.send("/receipts\n" + "more than may wait\n" * 200)
        c.send("/receipts\n" + "".join(f"row {n}\n" for n in range(1, 9)))
        for n in range(9, 109):
            c.until(f"* receipt {n - 8}\n")
            c.send(f"row {n}\n")
        c.until("* receipt 108\n")
        sid = o.said("row 108")["sid"]
        same([e["text"] for e in o.events()
              if e["ev"] == "said" and e["sid"] == sid],
             [f"row {n}" for n in range(1, 109)])
        assert "faster" in bad.end()


@case("a receipt says which row was too long, and none goes to who asks for "
      "none")
def _():
    with Desk() as d:
        c, plain = d.line(), d.line()
        c.send(b"/receipts\none\n" + b"x" * 5000 + b"\n/receipts\ntwo\n")
        rows = c.until("* receipt 4\n").splitlines()
        same([row for row in rows if "receipt " in row],
             ["* receipt 0", "* receipt 1", "* receipt 2 refused",
              "* receipt 3", "* receipt 4"])
        assert "too long" in rows[rows.index("* receipt 2 refused") - 1], rows
        plain.send("one\n/help\n")
        assert "receipt" not in plain.until("/quit ends")


@case("a flood is slowed down, then ended, and others do not notice")
def _():
    with Desk("--rate", "50", "--burst", "5", "--flood-timeout", "1") as d:
        o, c, other = d.operator(), d.line(), d.classic()
        other.handshake()
        c.sock.settimeout(0.2)
        sent = 0
        deadline = Deadline()
        try:
            while deadline.left("the end of the flood"):
                try:
                    sent += c.sock.send(b"flood\n" * 10000)
                except TimeoutError:
                    other.send("ping")
                    o.reply(o.said("ping")["sid"], "pong")
                    same(other.read_one(), "pong")
                    break
        except ConnectionError:
            raise AssertionError("ended without being slowed down") from None
        o.event("gone", why="flood")
        said = [e for e in o.events() if e["ev"] == "said"]
        assert len(said) < 200, len(said)
        same(said[-1]["flags"], 32)         # more followed, and is lost
        c.end()


@case("a customer who reads nothing is cut off, and others do not notice")
def _():
    with Desk("--max-queue", "65536", *NO_RATE) as d:
        o, c, other = d.operator(), d.line(), d.line()
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        c.send("hi\n")
        other.send("ping\n")
        sid, sound = o.said("hi")["sid"], o.said("ping")["sid"]
        outcome, sent = "ok", 0
        while outcome == "ok":
            outcome = o.reply(sid, "x" * 20000)
            sent += 1
            same(o.reply(sound, f"pong {sent}"), "ok")
            assert sent < 500, "nobody was cut off"
        same(outcome, "gone")
        other.until(f"pong {sent}\n")
        o.event("gone", sid=sid, why="slow")


@case("a customer who stops reading is cut off after the stall time")
def _():
    with Desk("--stall-timeout", "1", "--max-queue", "1000000") as d:
        o, c = d.operator(), d.line()
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        c.send("hi\n")
        sid = o.said("hi")["sid"]
        for _ in range(8):
            o.reply(sid, "x" * 60000)
        o.event("gone", sid=sid, why="slow")


@case("more customers than places: told so, and a free place is taken")
def _():
    with Desk("--max-sessions", "2") as d:
        o = d.operator()
        first, second = d.classic(), d.classic()
        first.handshake()
        second.handshake()
        for _ in range(3):
            same(d.refused(), "* The desk is full. Please try again later."
                 "\r\n")
        first.close()
        o.event("closed", sid=1)
        wait_until(lambda: served(d), "a free place")


def served(d):
    try:
        c = d.classic()
        c.send(CLIENT_HELLO)
        return SERVER_HELLO in c.read_one()
    except (ConnectionError, AssertionError):
        return False


@case("so many from one address and no more, also on loopback when asked")
def _():
    with Desk("--max-per-address", "2") as d:
        for _ in range(2):
            d.classic().handshake()
        assert "too many connections from your address" in d.refused()
        d.classic("127.0.0.2").handshake()
        d.classic("127.0.0.2").handshake()
        assert "your address" in d.refused("127.0.0.2")


@case("by default loopback may have more than other addresses")
def _():
    with Desk() as d:
        for _ in range(12):
            d.classic().handshake()


@case("a silent customer is greeted after 600 ms, not before")
def _():
    with Desk() as d:
        began = time.monotonic()
        c = d.line()
        c.until("Welcome")
        seconds = time.monotonic() - began
        assert 0.55 < seconds < 1 + AT_ONCE, seconds


@case("a first line that does not come is waited for, but not for ever")
def _():
    with Desk("--first-line-timeout", "2") as d:
        c = d.line()
        assert "took too long" in c.end()


@case("in a crowd a silent one has only the time of a handshake")
def _():
    with Desk("--max-sessions", "5", "--hello-timeout", "1",
              "--first-line-timeout", "600") as d:
        silent = [d.line() for _ in range(5)]
        for c in silent[1:]:
            assert "took too long" in c.end()


@case("idle customers are let go, those who wait for an answer are not")
def _():
    with Desk("--idle-timeout", "1") as d:
        o, waits, answered = d.operator(), d.line(), d.line()
        waits.send("please\n")
        answered.send("hello\n")
        sid, other = o.said("please")["sid"], o.said("hello")["sid"]
        same(o.reply(other, "hi"), "ok")
        answered.until("silent for long. Goodbye.\n")
        same(answered.end(), "")
        o.event("closed", sid=other, why="timeout")
        same(o.reply(sid, "sorry, here I am"), "ok")
        waits.until("here I am\n")


@case("an operator's reply has a longest length, and says so")
def _():
    with Desk("--max-message", "1024") as d:
        o, c = d.operator(), d.line()
        c.send("hi\n")
        sid = o.said("hi")["sid"]
        f = o.answer(o.ask("reply", sid=sid, text="x" * 1025))
        same((f["op"], f["code"]), ("err", "usage"))
        same(f["text"], "that is too long: a message has 1024 bytes at most, "
             "and this one has 1025")
        same(o.reply(sid, "x" * 1024), "ok")
        c.until("lin: " + "x" * 1024 + "\n")


@case("the desk has no more operators than places for them")
def _():
    with Desk("--max-operators", "2") as d:
        d.operator("a")
        d.operator("b")
        try:
            d.operator("c")
        except (AssertionError, OSError):
            pass
        else:
            raise AssertionError("a third operator came in")
        d.classic().handshake()


@case("who is refused for want of a thread, or of a place, gets its sentence")
def _():
    def told(d):
        with socket.create_connection(("127.0.0.1", d.port), LIMIT) as s:
            text = s.recv(1000).decode()
            s.shutdown(socket.SHUT_WR)
            while data := s.recv(1000):
                text += data.decode()
            return text

    with Desk("--max-sessions", "1") as d:
        d.line().until("Welcome")
        with ThreadPoolExecutor(10) as pool:
            same(set(pool.map(told, [d] * 40)),
                 {"* The desk is full. Please try again later.\r\n"})
    if SANITIZED:
        return                      # it takes memory as it likes
    with Desk() as d:
        c = d.line()
        c.until("Welcome")
        with open(f"/proc/{d.pid}/statm", encoding="ascii") as f:
            now = int(f.read().split()[0]) * os.sysconf("SC_PAGESIZE")
        resource.prlimit(d.pid, resource.RLIMIT_AS, (now, -1))
        with ThreadPoolExecutor(10) as pool:
            same(set(pool.map(told, [d] * 40)),
                 {"* The desk is busy. Please try again later.\r\n"})
        resource.prlimit(d.pid, resource.RLIMIT_AS, (-1, -1))
        d.line().until("Welcome")


def address_space(d):
    """In KiB."""
    with open(f"/proc/{d.pid}/statm", encoding="ascii") as f:
        return int(f.read().split()[0]) * os.sysconf("SC_PAGESIZE") // 1024


@case("a customer's thread has 64 KiB of stack, or what was asked for")
def _():
    if SANITIZED:
        raise Skip("a sanitizer's threads need more")
    # Elsewhere a thread's memory may come with 64 MiB of address space.
    one_arena = {"MALLOC_ARENA_MAX": "1"}
    for args, least, most in (((), 64, 128),
                              (("--stack-size", "1024"), 1024, 1100)):
        with Desk(*args, env=one_arena) as d:
            d.line().until("Welcome")
            before = address_space(d)
            for c in [d.line() for _ in range(20)]:
                c.until("Welcome")
            each = (address_space(d) - before) / 20
            assert least <= each <= most, (args, each)


def like_nc(d, typed=b""):
    """What nc shows: it reads nothing more once its poll tells of an error."""
    with socket.create_connection(("127.0.0.1", d.port), LIMIT) as s:
        s.sendall(typed)
        poll, shown = select.poll(), b""
        poll.register(s, select.POLLIN)
        while True:
            (_, events), = poll.poll(LIMIT * 1000) or [(0, select.POLLNVAL)]
            if events & (select.POLLERR | select.POLLNVAL):
                return shown.decode() + "(an error)"
            if not (data := s.recv(1000)):
                return shown.decode()
            shown += data


FULL = "* The desk is full. Please try again later.\r\n"
TRIES = size(200)


@case(f"who is refused reads why in {TRIES} of {TRIES} tries, typing or not")
def _():
    with Desk("--max-sessions", "1") as d:
        d.line().until("Welcome")
        before = d.descriptors()
        for _ in range(TRIES):
            same(like_nc(d, b"is anybody there?\n"), FULL)
        with ThreadPoolExecutor(min(TRIES, 50)) as pool:  # 64 are kept
            same(list(pool.map(like_nc, [d] * TRIES)), [FULL] * TRIES)
        wait_until(lambda: d.descriptors() == before, "descriptors")


@case("nc itself reads why, whichever nc it is")
def _():
    found = [path for name in ("nc.openbsd", "nc.traditional", "ncat", "nc")
             if (path := shutil.which(name))]
    if not found:
        raise Skip("there is no nc")
    with Desk("--max-sessions", "1") as d:
        d.line().until("Welcome")
        for nc in found:
            for words in ("", "hello\n"):
                done = subprocess.run(
                    [nc, "127.0.0.1", str(d.port)], input=words, text=True,
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                    timeout=LIMIT, check=False)
                same((nc, words, done.stdout.replace("\r", "")),
                     (nc, words, FULL.replace("\r", "")))


@case("a refused classic client is told and reset, however late its handshake")
def _():
    hello = CLIENT_HELLO.encode()
    with Desk("--max-sessions", "1") as d:
        d.line().until("Welcome")
        for parts in ([hello], [hello[:4], hello[4:]]):
            c = d.line()
            c.until("again later.\r\n")
            c.split(*parts[:-1])
            c.send(parts[-1])
            same(c.end(), "")
            assert c.reset_by_desk
        # What stands before it, as before an accepted one's, is no part of it.
        for lead in (b"\xef\xbb\xbf", b"\xff\xfd\x03", b"\xff\xf1",
                     b"\xff\xfb\x1f\xff\xfd\x03\xef\xbb\xbf"):
            for words in (CLIENT_HELLO.encode(), CLIENT_HELLO.encode("gbk")):
                c = d.line()
                c.until("again later.\r\n")
                c.split(*(bytes([byte]) for byte in lead[:3]))
                c.send(lead[3:] + words)
                same(c.end(), "")
                assert c.reset_by_desk, (lead, words)
            c = d.line()
            c.send(lead + b"hello\n")
            same(c.end(), FULL)
            assert not c.reset_by_desk, lead
        # One that has only begun is not told of an end either.
        c = d.line()
        c.send(hello[:9])
        same(c.end(), FULL)
        assert c.reset_by_desk


@case("beyond 64 who are refused others are reset, and customers come in")
def _():
    with Desk("--max-per-address", "1") as d:
        d.classic().handshake()
        many = [d.line() for _ in range(150)]
        for n in range(2, 10):
            d.classic(f"127.0.0.{n}").handshake()
        for c in many:
            same(c.end(), "* There are too many connections from your "
                 "address.\r\n")
        assert 0 < sum(c.reset_by_desk for c in many) <= 150 - 64


@case("a desk that stops does not wait for those it has refused")
def _():
    with Desk("--max-sessions", "1", "--drain", "0") as d:
        d.classic().handshake()
        for _ in range(10):
            d.line().until("again later.\r\n")
        same(d.stop(), 0)


main("limits", workers=16)
