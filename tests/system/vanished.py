# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that somebody removes or replaces while their desk runs: the journal's,
and the operators' socket."""

import contextlib
import os
import shutil
import socket
import sqlite3
import stat
import time

from desk import (SANITIZED, Desk, Operator, Skip, case, configured, journal,
                  main, same, size, state, wait_until)

SORRY = "Your message could not be stored. Please send it again."
FILES = ("journal.db", "journal.db-wal", "journal.db-shm", "head", "lock")
WATCHED = configured("HAVE_INOTIFY_INIT1")
LOST = "is not there any more"


def said(d):
    """Of all messages on disk."""
    return [e["body"].decode() for e in journal(d.folder)
            if e["ev"] in ("said", "reply")]


def begin(d):
    """An operator, a customer, and the number of its session."""
    o, c = d.operator(), d.line()
    c.send("before\n")
    sid = o.said("before")["sid"]
    c.until("Write your question.\n")
    return o, c, sid


def notices(o):
    o.sync()
    return [f["text"] for f in o.frames if f["op"] == "notice"]


def nothing_is_acknowledged(o, c, sid):
    """And the operators are told so, once."""
    c.send("lost\n")
    c.until(SORRY)
    same(o.reply(sid, "lost too"), "not-stored")
    same(o.reply(sid, "and this"), "not-stored")
    found, = notices(o)
    assert LOST in found and "nothing new" in found, found
    return found


@case("whichever file of the journal is removed, nothing is acknowledged from "
      "then on, and operators and log are told once")
def _():
    for name in FILES:
        with Desk() as d:
            o, c, sid = begin(d)
            os.unlink(f"{d.folder}/{name}")
            assert f"/{name} " in nothing_is_acknowledged(o, c, sid)
            d.row(LOST)
            same(len([r for r in d.rows if LOST in r]), 1)
            late = d.operator("late")
            late.frame(op="notice", code="disk")
            c.close()
            same(d.stop(), 0)


@case("all of the journal is removed, or its folder moved away")
def _():
    with state() as folder:
        for spoil in (lambda where: [os.unlink(f"{where}/{f}") for f in FILES
                                     if f.startswith("journal")],
                      lambda where: os.rename(where, f"{folder}/away")):
            os.mkdir(f"{folder}/s", 0o700)
            with Desk("--operator-socket", f"{folder}/o.sock",
                      folder=f"{folder}/s") as d:
                d.operator_path = f"{folder}/o.sock"
                o, c, sid = begin(d)
                spoil(d.folder)
                nothing_is_acknowledged(o, c, sid)
                c.close()
                same(d.stop(), 0)
            shutil.rmtree(f"{folder}/s", ignore_errors=True)


@case("a state folder that was moved away can be moved back, with the socket in "
      "it")
def _():
    with state() as folder:
        os.mkdir(f"{folder}/s", 0o700)
        with Desk(folder=f"{folder}/s") as d:
            o, c, sid = begin(d)
            os.rename(d.folder, f"{folder}/away")
            c.send("lost\n")
            c.until(SORRY)
            o.frame(op="notice", code="disk")
            if WATCHED:     # otherwise only a round that is stored looks
                o.frame(op="notice", code="socket")
            same(os.path.exists(d.folder), False)
            os.rename(f"{folder}/away", d.folder)
            c.send("after\n")
            o.said("after")
            attached(d)
            if WATCHED:
                o.frame(lambda f: f["op"] == "notice" and
                        f["text"].endswith("is there again"))
            same(len(notices(o)), 4 if WATCHED else 2)
            c.close()
            same(d.stop(), 0)
            same(said(d), ["before", "after"])


@case("an idle desk notices by itself")
def _():
    if not WATCHED:
        raise Skip("nobody tells here")
    with Desk() as d:
        o = d.operator()
        os.rename(f"{d.folder}/journal.db", f"{d.folder}/x")
        assert "/journal.db " in o.frame(op="notice", code="disk")["text"]
        os.rename(f"{d.folder}/x", f"{d.folder}/journal.db")
        o.frame(lambda f: f["op"] == "notice" and
                f["text"].endswith("can be written again"))
        with open(f"{d.folder}/x", "wb") as f:
            f.write(b"another")
        os.rename(f"{d.folder}/x", f"{d.folder}/head")
        wait_until(lambda: [r for r in d.rows if "/head " in r], "the news")


@case("with another file in its place it goes on as little; with the very same "
      "one it does, and has what it acknowledged and nothing else")
def _():
    for name in FILES:
        with Desk() as d:
            o, c, sid = begin(d)
            path = f"{d.folder}/{name}"
            shutil.copy(path, f"{d.folder}/copy")
            os.rename(path, f"{d.folder}/away")
            os.rename(f"{d.folder}/copy", path)
            nothing_is_acknowledged(o, c, sid)
            os.rename(f"{d.folder}/away", path)
            c.send("after\n")
            o.said("after")
            same(o.reply(sid, "welcome back"), "ok")
            c.until("welcome back\n")
            same(len(notices(o)), 2)
            shown = ["before", "after", "welcome back"]
            same([e["text"] for e in o.events()
                  if e["ev"] in ("said", "reply")], shown)
            c.close()
            same(d.stop(), 0)
            same(said(d), shown)


@case("without its -wal alone the journal has all that was acknowledged, also "
      "if the desk is killed")
def _():
    with state() as folder:
        with Desk(folder=folder) as d:
            o, c, sid = begin(d)
            same(o.reply(sid, "yes"), "ok")
            os.unlink(f"{folder}/journal.db-wal")
            nothing_is_acknowledged(o, c, sid)
            d.process.kill()
            d.wait()
        os.unlink(f"{folder}/journal.db-shm")
        with Desk(folder=folder) as d:
            d.operator()
            same(d.stop(), 0)
        same(said(d), ["before", "yes"])


@case("a desk whose journal was removed is refused by its next start")
def _():
    with state() as folder:
        with Desk(folder=folder) as d:
            begin(d)
            for name in FILES[:3]:
                os.unlink(f"{folder}/{name}")
            d.stop_now()
            d.wait()
        with Desk(folder=folder, ready=False) as d:
            same(d.wait(), 1)
            assert "--begin-new" in d.rows[0], d.rows


@case("its own work alarms nobody: marks, checkpoints, a journal set aside, "
      "another program that reads and goes")
def _():
    with state() as folder:
        with Desk(folder=folder) as d:
            d.stop()
        with open(f"{folder}/journal.db", "r+b") as f:
            f.write(b"damaged")
        with Desk("--begin-new", "--rate", "1000000", "--burst", "1000000",
                  "--max-line", "65536", folder=folder) as d:
            o, c, sid = begin(d)
            for n in range(120):                # more than one checkpoint
                c.send(f"m{n} " + "x" * 60000 + "\n")
                if n % 20 == 19:
                    o.event_of(f"m{n} ")
            for e in o.events():
                if e["ev"] == "said":
                    o.send(op="read", sid=sid, seq=e["seq"], n=e["n"])
            same(len(said(d)), 121)
            wait_until(lambda: os.path.getsize(f"{folder}/marks.db") > 0,
                       "marks")
            same(notices(o), [])
            same([r for r in d.rows if LOST in r], [])
            c.close()


def wakes(d):
    """How often its threads have been put to sleep until now."""
    n = 0
    for task in os.listdir(f"/proc/{d.pid}/task"):
        with open(f"/proc/{d.pid}/task/{task}/status", encoding="ascii") as f:
            n += sum(int(row.split()[1]) for row in f
                     if row.startswith("voluntary_ctxt_switches"))
    return n


def sleeps(d, seconds):
    before = wakes(d)
    time.sleep(seconds)
    return wakes(d) == before


def a_file(path):
    with open(path, "xb"):
        pass


def rests(d):
    """It has done all that there was to do."""
    wait_until(lambda: sleeps(d, 0.2), "rest")


@case("an idle desk with its watch never wakes up")
def _():
    if SANITIZED:
        raise Skip("a sanitizer may have a thread of its own")
    with Desk() as d:
        o, c, sid = begin(d)
        same(o.reply(sid, "hello"), "ok")
        c.until("hello\n")
        rests(d)
        same(sleeps(d, 1), True)


# --- the operators' socket --------------------------------------------------

def attached(d):
    """An operator who came just now is served."""
    def try_it():
        with contextlib.suppress(FileNotFoundError, ConnectionError):
            d.keep(Operator(d.operator_path, "new"))
            return True
    wait_until(try_it, "the operators' socket")


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@case("an operators' socket that was removed is made anew, as it was, and who "
      "is attached stays")
def _():
    with Desk() as d:
        o, c, sid = begin(d)
        was = mode(d.operator_path)
        for _ in range(5):
            os.unlink(d.operator_path)
            c.send("hello\n")
            attached(d)
            same(mode(d.operator_path), was)
        same(o.reply(sid, "still here"), "ok")
        same(notices(o), [])
        d.row("was removed, and is made anew")
        c.close()
        same(d.stop(), 0)
        same(os.path.exists(d.operator_path), False)


@case("its folder is made anew as well, once")
def _():
    with state() as folder:
        path = f"{folder}/run/operator.sock"
        os.mkdir(f"{folder}/run", 0o700)
        with Desk("--operator-socket", path) as d:
            d.operator_path = path
            o, c, sid = begin(d)
            for n in range(3):
                os.rename(f"{folder}/run", f"{folder}/{n}")
                shutil.rmtree(f"{folder}/{n}")
                c.send("hello\n")
                attached(d)
                same(mode(f"{folder}/run"), 0o700)


@case("another program's socket in its place is not stolen; once that is gone "
      "ours is back")
def _():
    with Desk() as d:
        o, c, sid = begin(d)
        with socket.socket(socket.AF_UNIX) as foreign:
            foreign.bind(f"{d.folder}/foreign")
            foreign.listen()
            os.rename(f"{d.folder}/foreign", d.operator_path)
            there = os.stat(d.operator_path).st_ino
            c.send("hello\n")
            found = o.frame(op="notice", code="socket")["text"]
            assert d.operator_path in found, found
            c.send("hello again\n")
            o.said("hello again")
            same(len(notices(o)), 1)
            same(os.stat(d.operator_path).st_ino, there)
            os.unlink(d.operator_path)
            c.send("and again\n")
            attached(d)
            o.frame(lambda f: f["op"] == "notice" and "again" in f["text"])
            same(len(notices(o)), 2)


@case("what cannot be replaced is looked at when it comes and when it goes, and "
      "not all the while that it is there")
def _():
    if SANITIZED or not WATCHED:
        raise Skip("it would wake up as well")
    with Desk() as d, socket.socket(socket.AF_UNIX) as foreign:
        o = d.operator()
        a_file(f"{d.folder}/file")
        foreign.bind(f"{d.folder}/foreign")
        foreign.listen()
        for n, there in enumerate(("file", "foreign")):
            os.rename(f"{d.folder}/{there}", d.operator_path)
            o.frame(op="notice", code="socket")
            rests(d)
            os.unlink(d.operator_path)
            attached(d)
            wait_until(lambda n=n: len(notices(o)) == 2 * n + 2, "the news")
            assert notices(o)[-1].endswith("is there again")


def of_socket(o):
    o.sync()
    return [f["text"] for f in o.frames
            if f["op"] == "notice" and f["code"] == "socket"]


def by_turns(news):
    """It was lost and is back, as often as there was time to tell."""
    return [LOST in text for text in news] == [True, False] * (len(news) // 2)


@case("news of the socket that come faster than they can be told end with how "
      "it is, and who comes later is told that it is lost")
def _():
    if not WATCHED:
        raise Skip("nobody tells here")
    with Desk() as d, contextlib.closing(sqlite3.connect(
            f"{d.folder}/journal.db", isolation_level=None)) as db:
        o, c, sid = begin(d)
        db.execute("BEGIN IMMEDIATE")
        c.send("wait\n")
        c.taken()
        for n in range(size(50)):
            a_file(f"{d.folder}/x")
            os.rename(f"{d.folder}/x", d.operator_path)
            time.sleep(n % 10 / 2000)   # it is lost for as long
            os.unlink(d.operator_path)
            wait_until(lambda: os.path.exists(d.operator_path), "the socket")
        db.execute("ROLLBACK")
        o.said("wait")
        wait_until(lambda: by_turns(of_socket(o)), "the last news")
        news = of_socket(o)
        a_file(f"{d.folder}/x")
        os.link(d.operator_path, f"{d.folder}/aside")
        os.rename(f"{d.folder}/x", d.operator_path)
        wait_until(lambda: len(of_socket(o)) == len(news) + 1, "the news")
        late = d.keep(Operator(f"{d.folder}/aside", "late"))
        assert LOST in late.frame(op="notice", code="socket")["text"]


@case("a dead socket in its place is replaced")
def _():
    with Desk() as d:
        o, c, sid = begin(d)
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(f"{d.folder}/dead")
        os.rename(f"{d.folder}/dead", d.operator_path)
        c.send("hello\n")
        attached(d)


main("vanished")
