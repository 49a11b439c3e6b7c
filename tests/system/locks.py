# SPDX-License-Identifier: GPL-3.0-or-later
"""Another program that locks the journal: a backup, what copies the -wal, a
checkpoint.  For a moment nobody hears of it; a lock that stays is a disk that
fails."""

import contextlib
import os
import shlex
import socket
import sqlite3
import subprocess
import tempfile
import time

import disks
from desk import SANITIZED, Desk, Skip, case, main, same, size
from tap import HERE

SORRY = "Your message could not be stored. Please send it again."
PATIENCE = 2                    # the desk's, in seconds


@contextlib.contextmanager
def foreign(d, file="journal.db"):
    """Another program's connection."""
    with contextlib.closing(sqlite3.connect(
            os.path.join(d.folder, file), isolation_level=None,
            timeout=10)) as db:
        yield db


@contextlib.contextmanager
def locked(d, how="IMMEDIATE"):
    with foreign(d) as db:
        db.execute(f"BEGIN {how}")
        yield
        db.execute("ROLLBACK")


def notices(o):
    o.sync()
    return [f["text"] for f in o.frames if f["op"] == "notice"]


def texts(o):
    return [e["text"] for e in o.events() if e["ev"] in ("said", "reply")]


@case("a conversation goes on over many short locks, and nobody hears of them")
def _():
    with Desk() as d:
        o, c, k = d.operator(), d.line(), d.classic()
        k.handshake()
        want = []
        for n in range(size(6)):
            how = ("IMMEDIATE", "EXCLUSIVE")[n % 2]
            with locked(d, how):
                c.send(f"question {n}\n")
                c.taken()
                k.send(f"问题 {n}")
                k.taken()
                time.sleep(0.1)     # the lock's own length
                same(texts(o), want)
            sid = o.said(f"question {n}")["sid"]
            other = o.said(f"问题 {n}")["sid"]
            with locked(d, how):
                first = o.ask("reply", sid=sid, text=f"answer {n}")
                second = o.ask("reply", sid=other, text=f"回答 {n}")
                o.ask("ping")
                time.sleep(0.1)
            same([o.answer(first)["op"], o.answer(second)["op"]], ["ok"] * 2)
            assert SORRY not in c.until(f"answer {n}\n")
            assert SORRY not in k.until(f"回答 {n}")
            want = texts(o)
        same(len(want), 4 * size(6))
        same(notices(o), [])
        same([r for r in d.rows if "journal" in r], [])


@case("what comes during a lock is stored and answered in its order, who comes "
      "and who goes included")
def _():
    with Desk() as d:
        o, c, gone = d.operator(), d.line(), d.line()
        gone.send("I cannot wait\n")
        left = o.said("I cannot wait")["sid"]
        with locked(d):
            for n in range(10):
                c.send(f"{n}\n")
            late = d.line()
            late.send("late\n")
            late.taken()
            gone.close()
            answers = [o.ask("reply", sid=left, text="wait"),
                       o.ask("cmd", text="nothing")]
            o.ask("ping")
            time.sleep(0.3)
            o.sock.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                raise AssertionError(o.sock.recv(1000))
        o.event("gone", sid=left)
        o.said("late")
        o.said("9")
        mine = [e["text"] for e in o.events() if e["ev"] == "said" and
                e["text"].isdigit()]
        same(mine, [str(n) for n in range(10)])
        o.frame(op="pong")
        came = [f["id"] for f in o.frames if f["op"] in ("ok", "err")]
        same(came[:2], answers)
        same(notices(o), [])


def marks(o, sid):
    """How far the customer is known to have received what was put for it."""
    o.sync()
    return [e["n"] for e in o.events()
            if e["ev"] == "sent" and e["sid"] == sid]


@contextlib.contextmanager
def recorded():
    """A folder, the environment of a desk that is recorded there
    (recorded_calls.c), and what returns the record's rows."""
    if SANITIZED:
        raise Skip("a sanitizer wants to be loaded first")
    with tempfile.TemporaryDirectory(prefix="dw", dir="/tmp") as top:
        preload, record = f"{top}/recorded_calls.so", f"{top}/record"
        os.mkdir(f"{top}/s", 0o700)
        subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-shared",
                        "-fPIC", "-o", preload, f"{HERE}/recorded_calls.c",
                        "-ldl"], check=True)

        def rows():
            with open(record, "rb") as f:
                return list(disks.rows(f.read()))
        yield f"{top}/s", {"LD_PRELOAD": preload, "RECORD_TO": record,
                           "RECORD_OF": f"{top}/s"}, rows


def syncs_until_told(rows, text):
    """So often was a file synced, from when the text was written to when an
    operator was sent it."""
    written = next(i for i, (kind, _, _, data) in enumerate(rows)
                   if kind == "w" and text in data)
    told = next(i for i, (kind, _, _, data) in enumerate(rows)
                if kind == "s" and b'"text":"' + text + b'"' in data)
    return sum(1 for kind, *_ in rows[written:told] if kind == "e")


@case("what is stored is told before more is, also when a reply that was stored "
      "long ago parts a round that waited for a lock")
def _():
    texts = [f"message {n}" for n in range(6)]
    with recorded() as (folder, env, rows):
        with Desk(folder=folder, env=env) as d:
            o, customers = d.operator(), [d.line() for _ in texts]
            for n, c in enumerate(customers):
                c.send(f"hi {n}\n")
                sid = o.said(f"hi {n}")["sid"]
            for n in range(1, 67):  # of two more than the desk remembers
                same(o.answer(o.ask("reply", sid=sid, text="yes", seen=1 << 40,
                                    key=f"{n:032x}"))["op"], "ok")
            with locked(d):
                for text, c in zip(texts, customers):
                    c.send(text + "\n")
                    c.taken()
                double = o.ask("reply", sid=sid, text="yes", seen=1 << 40,
                               key=f"{1:032x}")
                time.sleep(0.1)     # the lock's own length
            same(o.answer(double)["op"], "ok")
            for text in texts:
                o.said(text)
        same([syncs_until_told(rows(), text.encode()) for text in texts],
             [1] * len(texts))


@case("what a customer had not received when it went during a lock does not "
      "count as received")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        c.send("hi\n")
        sid = o.said("hi")["sid"]
        for n in range(40):
            same(o.reply(sid, f"{n} " + "y" * 3000), "ok")
        with locked(d):
            c.close()
            time.sleep(0.1)     # many tries
        o.event("gone", sid=sid)
        same([n for n in marks(o, sid) if n >= 40], [])


@case("a checkpoint by another program, and a copy of the journal, are not "
      "noticed")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        with foreign(d) as db, contextlib.closing(
                sqlite3.connect(":memory:")) as copy:
            for n in range(size(30)):
                c.send(f"m{n}\n")
                if n % 10 == 0:
                    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                    db.backup(copy, pages=1)
                o.said(f"m{n}")
        same(notices(o), [])


@case("a lock that stays is a disk that fails, told once, and once when it is "
      "gone")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send("before\n")
        sid = o.said("before")["sid"]
        c.until("Write your question.\n")
        with locked(d):
            began = time.monotonic()
            c.send("lost\n")
            c.until(SORRY)
            assert time.monotonic() - began > PATIENCE - 0.5
            o.frame(op="notice", code="disk")
            for _ in range(3):      # and from now on nobody waits for it
                same(o.reply(sid, "no"), "not-stored")
            assert time.monotonic() - began < 2 * PATIENCE
        c.send("after\n")
        o.said("after")
        o.frame(lambda f: f["op"] == "notice" and "again" in f["text"])
        same(texts(o), ["before", "after"])
        same(len(notices(o)), 2)
        with locked(d):             # it is patient anew
            c.send("once more\n")
            c.taken()
            time.sleep(0.1)
        o.said("once more")
        same(len(notices(o)), 2)


@case("a desk that is to stop while the journal is locked stops, and has lost "
      "nothing it acknowledged")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send("before\n")
        o.said("before")
        with locked(d):
            c.send("lost\n")
            same(d.stop(), 0)
        with Desk(folder=d.folder) as again:
            o = again.operator()
            known, = o.welcome["sessions"]
            same(known["gone"], True)


@case("the past can be read while the journal is locked, and while what was "
      "read cannot be written down")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send("hi\n")
        ev = o.said("hi")
        o.send(op="read", sid=ev["sid"], seq=ev["seq"], n=1)
        with locked(d, "EXCLUSIVE"), foreign(d, "marks.db") as marks:
            marks.execute("BEGIN EXCLUSIVE")
            same(o.command(f"history {ev['sid']}"), "ok")
            marks.execute("ROLLBACK")


main("locks")
