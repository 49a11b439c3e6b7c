# SPDX-License-Identifier: GPL-3.0-or-later
"""A log that takes no bytes: a FIFO or a pipe whose reader does nothing, a
terminal stopped by Ctrl-S; and one on a full disk.  Nothing else waits for
it."""

import fcntl
import os
import re
import resource
import select
import signal
import termios
import time

from desk import (LIMIT, SANITIZED, Desk, case, main, same, state,
                  wait_until)
from tap import open_pty

FAST = ("--rate", "1000000", "--burst", "1000000")
AT_ONCE = 15 if SANITIZED else 2


def full_pipe():
    """Both ends of a pipe that takes nothing more."""
    r, w = os.pipe()
    os.set_blocking(w, False)
    try:
        while True:
            os.write(w, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(w, True)
    return r, w


def port_of(o):
    """Where the desk of this operator listens."""
    return int(o.welcome["listeners"][0].rpartition(":")[2])


def tail(path):
    """The end of a log."""
    with open(path, "rb") as f:
        f.seek(-min(os.path.getsize(path), 8192), os.SEEK_END)
        return f.read().decode(errors="replace")


def goes_on(d, o, text):
    c = d.line()
    c.send(text + "\n")
    same(o.reply(o.said(text)["sid"], "fine"), "ok")
    c.until("fine\n")
    c.close()


def talk_until_told(d, o):
    """More than the log may keep for later."""
    c = d.line()
    told = None
    for n in range(4000):
        c.send(f"m{n} " + "x" * 1000 + "\n")
        if n % 100 == 99:
            o.event_of(f"m{n} ")
            told = [f for f in o.frames if f["op"] == "notice" and
                    f["code"] == "log"]
            if told:
                break
    c.close()
    same(len(told), 1)
    return told[0]["text"]


def ends(d):
    began = time.monotonic()
    d.signal(signal.SIGTERM)
    same(d.wait(), 0)
    assert time.monotonic() - began < AT_ONCE


@case("--log on a FIFO that nobody reads: the desk starts, works and ends")
def _():
    with state() as folder:
        fifo = f"{folder}/log"
        os.mkfifo(fifo)
        with Desk("--log", fifo) as d:
            goes_on(d, d.operator(), "hello")
            ends(d)


@case("a reader that stalls keeps nobody, operators are told once, and then "
      "it gets whole rows in order and how many are missing")
def _():
    with state() as folder:
        fifo = f"{folder}/log"
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        with Desk("--log", fifo, *FAST) as d:
            o = d.operator()
            assert fifo in talk_until_told(d, o)
            d.row(f"the log on {fifo} takes no rows")
            d.operator("late").frame(op="notice", code="log")
            goes_on(d, o, "while it stalls")
            text = b""
            while not re.search(rb" rows? (was|were) lost .*\n", text):
                select.select([reader], [], [], LIMIT)
                text += os.read(reader, 65536)
            numbers = [int(n) for n in
                       re.findall(r"Server received ==> .* - m(\d+) x+",
                                  text.decode())]
            same(numbers, list(range(len(numbers))))
            for row in text.decode().splitlines():
                assert re.match(r"\d{4}-\d\d-\d\d ", row), row
            goes_on(d, o, "afterwards")
            o.frame(lambda f: f["op"] == "notice" and f["code"] == "log" and
                    "again" in f["text"])
            ends(d)
        os.close(reader)


@case("standard error is a full pipe that nobody reads: it works and ends")
def _():
    r, w = full_pipe()
    with Desk(ready=False, stderr=w) as d:
        o = d.operator_when_there()
        d.port = port_of(o)
        goes_on(d, o, "hello")
        same(fcntl.fcntl(w, fcntl.F_GETFL) & os.O_NONBLOCK, 0)
        ends(d)
    os.close(r)
    os.close(w)


@case("a full pipe that is read later has lost nothing")
def _():
    r, w = full_pipe()
    with Desk(ready=False, stderr=w) as d:
        d.operator_when_there()
        os.close(w)
        text = b""
        while b"listening on 127.0.0.1:" not in text:
            text = text[-4096:] + os.read(r, 65536)
        ends(d)
    os.close(r)


@case("a desk that fails to start says so, whatever standard error takes")
def _():
    r, w = full_pipe()
    with Desk(listen="8.8.8.8:0", ready=False, stderr=w) as d:
        same(d.wait(), 3)
    with Desk(listen="8.8.8.8:0", ready=False) as d:
        same(d.wait(), 3)
        same(len(d.rows), 1)
    os.close(r)
    os.close(w)


@case("a terminal that Ctrl-S has stopped, as standard error and for --log")
def _():
    master, slave = open_pty()
    with Desk("--log", os.ttyname(slave), ready=False, stderr=slave,
              preexec=lambda: termios.tcflow(slave, termios.TCOOFF)) as d:
        o = d.operator_when_there()
        d.port = port_of(o)
        goes_on(d, o, "hello")
        termios.tcflow(slave, termios.TCOON)
        text = b""
        while b"- hello" not in text or b"listening on" not in text:
            text += os.read(master, 65536)
        termios.tcflow(slave, termios.TCOOFF)
        goes_on(d, o, "stopped again")
        ends(d)
    os.close(master)
    os.close(slave)


def notices(o):
    o.sync()
    return [f["text"] for f in o.frames if f["op"] == "notice"]


def kept(text):
    """How many of the two rows for each message are there, and how many it
    says are not."""
    return (len(re.findall(r"Server received ==>|Please reply", text)),
            sum(int(n) for n in re.findall(
                r"(\d+) rows? (?:was|were) lost", text)))


def limit_files(d, size):
    resource.prlimit(d.pid, resource.RLIMIT_FSIZE,
                     (size, resource.RLIM_INFINITY))


@case("--log on a full disk is told at once, and once, and again as soon as it "
      "works")
def _():
    with state() as folder:
        path = f"{folder}/log"
        with open(path, "wb") as f:     # larger than a journal will be
            f.truncate(64 << 20)
        with Desk("--log", path, *FAST) as d:
            o, c = d.operator(), d.line()
            c.send("before\n")
            o.said("before")
            wait_until(lambda: "- before" in tail(path), "a row")
            limit_files(d, os.path.getsize(path))
            c.send("lost\n")
            found = o.frame(op="notice", code="log")["text"]
            assert f"{path} takes no rows (File too large)" in found, found
            d.row(f"{path} takes no rows (")
            lost = ["lost", *(f"lost {n}" for n in range(20))]
            for text in lost[1:]:
                c.send(f"{text}\n")
                o.said(text)
            same(len(notices(o)), 1)
            limit_files(d, resource.RLIM_INFINITY)
            c.send("after\n")
            o.frame(lambda f: f["op"] == "notice" and "again" in f["text"])
            d.row(f"{path} takes rows again")
            same(len(notices(o)), 2)
            same(len([r for r in d.rows if "takes" in r]), 2)
            wait_until(lambda: "- after" in tail(path), "a row")
            # A row that its thread had not tried before that is there.
            wait_until(lambda: kept(tail(path))[1] > 0 and
                       sum(kept(tail(path))) == 2 * (2 + len(lost)),
                       "each row, or its place in what was lost")
            same("- lost\n" in tail(path), False)
            c.close()


@case("standard error tells of a log that is full although nobody is there")
def _():
    with Desk("--log", "/dev/full") as d:
        d.row("/dev/full takes no rows (No space left on device)")
        o = d.operator()
        o.frame(op="notice", code="log")
        goes_on(d, o, "hello")
        same(len(notices(o)), 1)
        ends(d)


@case("standard error on a full disk is told to operators, and nothing waits")
def _():
    with open("/dev/full", "wb", buffering=0) as full, \
            Desk(ready=False, stderr=full.fileno()) as d:
        o = d.operator_when_there()
        d.port = port_of(o)
        o.frame(op="notice", code="log")
        goes_on(d, o, "hello")
        same(len(notices(o)), 1)
        ends(d)


main("logs")
