# SPDX-License-Identifier: GPL-3.0-or-later
"""Damage that no start looks for: the desk walks its journal while it runs, says
what it found and goes on, and its next start is refused.  deskwire verify finds
it at once, also beside a desk."""

import os
import re
import sqlite3
import subprocess

from desk import DESKWIRE, LIMIT, Desk, case, main, same, state
from tap import open_pty


def verify(folder, **kwargs):
    return subprocess.run([DESKWIRE, "verify", "--state", folder],
                          timeout=LIMIT, env={**os.environ, "LC_ALL": "C"},
                          capture_output=not kwargs, text=not kwargs, **kwargs)


def talk(folder):
    """A conversation that has ended; its desk stops."""
    with Desk(folder=folder) as d:
        o, c = d.operator(), d.line()
        c.send("my words\n")
        sid = o.said("my words")["sid"]
        same(o.reply(sid, "yours"), "ok")
        same(o.command(f"close {sid}"), "ok")
        d.stop_with_all()


def spoil(folder):
    with sqlite3.connect(f"{folder}/journal.db") as db:
        seq, = db.execute("SELECT seq FROM event WHERE ev='said'").fetchone()
        db.execute("UPDATE event SET body=x'00' WHERE seq=?", (seq,))
    return seq


@case("a desk finds old damage, says so, goes on, and does not start again")
def _():
    with state() as folder:
        talk(folder)
        with Desk(folder=folder) as d:      # walks what the first one wrote
            d.stop_with_all()
        seq = spoil(folder)
        with Desk(folder=folder) as d:
            o, c = d.operator(), d.line()
            row = d.row(f"the first bad event is {seq} ")
            assert " damaged: " in row, row
            assert "next start" in o.frame(op="notice", code="disk")["text"]
            c.send("still there?\n")
            o.said("still there?")
            d.stop_with_all()
        d = subprocess.run([DESKWIRE, "serve", "--state", folder, "--listen",
                            "127.0.0.1:0"], timeout=LIMIT,
                           capture_output=True, text=True)
        same(d.returncode, 1)
        assert f"the first bad event is {seq} " in d.stderr, d.stderr


@case("verify says that a journal is sound, also beside its desk")
def _():
    with state() as folder:
        talk(folder)
        done = verify(folder)
        same((done.returncode, done.stderr), (0, ""))
        assert re.search(r"is sound, up to event \d+\.\n$", done.stdout)
        with Desk(folder=folder) as d:
            d.operator()
            same(verify(folder).returncode, 0)
            d.stop_with_all()


@case("verify names the first bad event, and what is no journal")
def _():
    with state() as folder:
        done = verify(folder)
        same(done.returncode, 1)
        assert "There is no journal in" in done.stderr, done.stderr
        talk(folder)
        seq = spoil(folder)
        done = verify(folder)
        same((done.returncode, done.stdout), (1, ""))
        assert f"the first bad event is {seq} " in done.stderr, done.stderr


@case("verify shows on a terminal how far it is, and leaves an empty row")
def _():
    with state() as folder:
        talk(folder)
        ours, theirs = open_pty()
        done = verify(folder, stderr=theirs, stdout=subprocess.PIPE)
        os.close(theirs)
        shown = os.read(ours, 4096).decode()
        os.close(ours)
        same(done.returncode, 0)
        assert "]  99 %" in shown, shown
        assert shown.endswith(" \r"), shown


main("damage")
