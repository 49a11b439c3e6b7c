# SPDX-License-Identifier: GPL-3.0-or-later
"""The program started with standard input, output or error closed."""

import os
import subprocess

from desk import (DESKWIRE, LIMIT, Desk, case, journal, main, same, state)


def call(d, *closed, wait="5", stdin=subprocess.PIPE):
    """A customer's client, with these descriptors closed."""
    return subprocess.Popen(
        [DESKWIRE, "call", "--wait", wait, "127.0.0.1", str(d.port)],
        env={**os.environ, "HOME": d.folder, "LC_ALL": "C.UTF-8"},
        stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: [os.close(fd) for fd in closed])


def end(p, text=None):
    out, err = p.communicate(text, timeout=LIMIT)
    return p.returncode, out, err


def said(d):
    return [e["body"] for e in journal(d.folder) if e["ev"] == "said"]


@case("call with standard output closed sends only what was typed")
def _():
    with Desk() as d:
        o, p = d.operator(), call(d, 1)
        p.stdin.write(b"hello\n")
        p.stdin.flush()
        same(o.reply(o.said("hello")["sid"], "fine"), "ok")
        o.event("sent")
        same(end(p), (0, b"", b""))
        same(said(d), [b"hello"])


@case("call with standard input closed is as with /dev/null there")
def _():
    with Desk() as d:
        null = end(call(d, wait="0.1", stdin=subprocess.DEVNULL))
        same(end(call(d, 0, wait="0.1")), null)
        same(said(d), [])


@case("call with standard error closed tells nobody but its exit status")
def _():
    with Desk() as d:
        d.stop_with_all()
        same(end(call(d, 2), b"hello\n"), (5, b"", b""))


@case("a desk with all three closed has /dev/null there, and no file of its own")
def _():
    def close_all():
        for fd in range(3):
            os.close(fd)
    with state() as folder:
        with Desk(folder=folder, ready=False, preexec=close_all) as d:
            o = d.operator_when_there()
            same([os.readlink(f"/proc/{d.pid}/fd/{fd}") for fd in range(3)],
                 ["/dev/null"] * 3)
            d.port = int(o.welcome["listeners"][0].rpartition(":")[2])
            c = d.line()
            c.send("hello\n")
            same(o.reply(o.said("hello")["sid"], "fine"), "ok")
            c.until("fine\n")
            same(d.stop_with_all(), 0)
        with Desk(folder=folder) as d:      # its journal is sound
            same(d.stop_with_all(), 0)


main("descriptors")
