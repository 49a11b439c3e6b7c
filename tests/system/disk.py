# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that is full, and then is not: the whole program behind a limit on
the size of its files."""

import contextlib
import itertools
import os
import resource
import signal
import socket
import sqlite3
import subprocess

from desk import (CLIENT_HELLO, DESKWIRE, LIMIT, Deadline, Desk, case,
                  journal, main, same, state)

SORRY = "Your message could not be stored. Please send it again."


def fill(d):
    """From here on its journal cannot grow."""
    wal, = (os.path.join(d.folder, f) for f in os.listdir(d.folder)
            if f.endswith("-wal"))
    resource.prlimit(d.pid, resource.RLIMIT_FSIZE,
                     (os.path.getsize(wal), resource.RLIM_INFINITY))


def make_room(d):
    resource.prlimit(d.pid, resource.RLIMIT_FSIZE,
                     (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def texts(d):
    """Of all messages on disk."""
    return [e["body"].decode() for e in journal(d.folder)
            if e["ev"] in ("said", "reply")]


class Rows:
    """What a console in a pipe shows."""

    def __init__(self, d):
        self.process = subprocess.Popen(
            [DESKWIRE, "attach", "--operator-socket", d.operator_path,
             "--as", "eve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "HOME": d.folder, "LC_ALL": "C.UTF-8"})

    def until(self, words):
        deadline = Deadline()
        for row in self.process.stdout:
            deadline.left(words)
            if words in row.decode():
                return
        raise AssertionError(f"no row {words!r}")

    def end(self):
        self.process.communicate(b"/quit\n", LIMIT)
        same(self.process.returncode, 0)


@case("while it is full nothing is acknowledged, and everybody stays")
def _():
    with Desk() as d:
        o, c, k, rows = d.operator(), d.line(), d.classic(), Rows(d)
        rows.until("you are eve")
        k.handshake()
        c.send("before\n")
        sid = o.said("before")["sid"]
        k.send("hi")
        other = o.said("hi")["sid"]
        same(o.reply(other, "hello"), "ok")
        k.until("hello")
        c.until("Write your question.\n")
        fill(d)

        c.send("lost\n")
        c.until(SORRY)
        o.frame(op="notice", code="disk")
        rows.until("* the journal cannot be written (")
        d.row("the journal cannot be written (")
        same(o.reply(sid, "lost too"), "not-stored")
        same(o.command(f"close {sid}"), "not-stored")
        assert SORRY in k.turn("and mine")
        d.line().until("Welcome to")
        late = d.classic()
        late.send(CLIENT_HELLO)
        same(late.end(), "The desk is busy. Please try again later.")
        assert late.reset_by_desk

        make_room(d)
        c.send("after\n")
        same(o.said("after")["sid"], sid)
        o.frame(lambda f: f["op"] == "notice" and "again" in f["text"])
        rows.until("* the journal can be written again")
        same(o.reply(sid, "welcome back"), "ok")
        c.until("lin: welcome back\n")
        k.send("still me")
        same(o.said("still me")["sid"], other)
        d.classic().handshake()
        o.sync()
        shown = [e["text"] for e in o.events() if "text" in e]
        same(shown, ["before", "hi", "hello", "after", "welcome back",
                     "still me"])
        same(texts(d), shown)
        rows.end()


@case("a datagram that could not be stored is told as dropped")
def _():
    with Desk("--udp", "127.0.0.1:0") as d:
        port = int(d.row("listening on udp ").rpartition(":")[2])
        o = d.operator()
        with socket.socket(type=socket.SOCK_DGRAM) as s:
            s.connect(("127.0.0.1", port))
            s.send(b"before")
            o.event("udp", text="before")
            fill(d)
            s.send(b"lost")
            o.frame(op="notice", code="disk")
            o.frame(lambda f: f["op"] == "notice" and f["code"] == "limit" and
                    f["text"].startswith("1 datagram was dropped"))
            make_room(d)
            s.send(b"after")
            o.event("udp", text="after")
        same([e["text"] for e in o.events() if e["ev"] == "udp"],
             ["before", "after"])


@case("a desk that stops while it is full has lost nothing it acknowledged")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send("before\n")
        sid = o.said("before")["sid"]
        fill(d)
        c.send("lost\n")
        c.until(SORRY)
        same(d.stop_with_all(), 0)
        same(texts(d), ["before"])
        with Desk(folder=d.folder) as again:
            o = again.operator()
            known, = o.welcome["sessions"]
            same((known["sid"], known["in"], known["gone"]), (sid, 1, True))


@case("the operators are told once that it fails and once that it works again")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send("hi\n")
        sid = o.said("hi")["sid"]
        fill(d)
        for _ in range(5):
            same(o.reply(sid, "no"), "not-stored")
        make_room(d)
        for _ in range(5):
            same(o.reply(sid, "yes"), "ok")
        same(len([f for f in o.frames if f["op"] == "notice" and
                  f["code"] == "disk"]), 2)


@case("a desk killed with a full disk has all that it acknowledged")
def _():
    with state() as folder:
        with Desk(folder=folder) as d:
            o, c = d.operator(), d.line()
            c.send("hi\n")
            sid = o.said("hi")["sid"]
            same(o.reply(sid, "yes"), "ok")
            fill(d)
            same(o.reply(sid, "no"), "not-stored")
            shown = o.events()
            d.signal(signal.SIGKILL)
            d.wait()
        with Desk(folder=folder) as d:
            o = d.operator(seen=0, replay=True)
            by_seq = {e["seq"]: e for e in o.events()}
            same([by_seq.get(e["seq"]) for e in shown], shown)
            same([e["text"] for e in o.events() if e["ev"] == "reply"],
                 ["yes"])


@case("a customer who leaves while nothing can be stored has left afterwards")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send("hi\n")
        sid = o.said("hi")["sid"]
        fill(d)
        same(o.reply(sid, "no"), "not-stored")
        c.reset()
        make_room(d)
        o.event("gone", sid=sid)


def refused(folder, status, *args):
    """The one row of a desk that does not start."""
    with Desk(*args, folder=folder, ready=False) as d:
        same(d.wait(), status)
        row, = d.rows
        return row


@case("a journal cut short is missed though its head is lost, unless its end "
      "is accepted by number")
def _():
    with state() as folder:
        with Desk(folder=folder) as d:
            o, c = d.operator(), d.line()
            c.send("one\ntwo\nthree\n")
            o.said("three")
            same(d.stop_with_all(), 0)
        last = o.said("two")["seq"]
        with contextlib.closing(sqlite3.connect(
                os.path.join(folder, "journal.db"))) as db:
            db.execute("delete from event where seq > ?", (last,))
            db.commit()
        words = f"--accept-end={last}"
        assert words in refused(folder, 1)          # the head is newer
        os.unlink(os.path.join(folder, "head"))
        row = refused(folder, 1)                    # and now there is none
        assert words in row and "--begin-new" in row, row
        assert f"ends at event {last}" in refused(
            folder, 1, "--accept-end", str(last + 1))
        with Desk("--accept-end", str(last), folder=folder) as d:
            o = d.operator()
            same([s["in"] for s in o.welcome["sessions"]], [2])
            same(d.stop_with_all(), 0)
        with Desk(folder=folder) as d:
            same(d.stop_with_all(), 0)
        for wrong in ("", "x", "-1", "1x"):
            refused(folder, 2, f"--accept-end={wrong}")


@case("operators are told once of a program that reads the journal and stays")
def _():
    with Desk("--max-line", "65536", "--rate", "1000000", "--burst",
              "1000000") as d:
        o, c = d.operator(), d.line()
        c.send("hi\n")
        o.said("hi")
        with contextlib.closing(sqlite3.connect(
                os.path.join(d.folder, "journal.db"),
                isolation_level=None)) as db:
            db.execute("begin")
            db.execute("select count(*) from event").fetchone()
            for n in range(1600):       # 96 MB at most
                c.send(f"m{n} " + "x" * 60000 + "\n")
                if n % 20 == 19:
                    o.event_of(f"m{n} ")
                    if any(f["op"] == "notice" for f in o.frames):
                        break
            o.frame(op="notice", code="disk")
            d.row("another program reads the journal")
            db.execute("commit")
        deadline = d.deadline()
        for n in itertools.count():     # the -wal begins anew meanwhile
            c.send(f"after {n} " + "x" * 60000 + "\n")
            if n % 20 == 19:
                o.event_of(f"after {n} ")
                if "any more" in str([f for f in o.frames
                                      if f["op"] == "notice"]):
                    break
                deadline.left("the -wal to begin anew")
        o.frame(lambda f: f["op"] == "notice" and "any more" in f["text"])
        same(len([f for f in o.frames if f["op"] == "notice"]), 2)


main("disk")
