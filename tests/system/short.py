# SPDX-License-Identifier: GPL-3.0-or-later
"""A desk that is short of something from the beginning: it says what, and how
to get more, or it serves."""

import os
import resource
import subprocess

from desk import (DESKWIRE, LIMIT, Desk, case, main, same, size, state)

FIRST = 4       # with fewer the system cannot load a program's libraries
LAST = 70


def limited(files):
    """For a process that is to have no more than these open."""
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    return limit


def converses(d):
    """A customer is served, and an operator, which is not much to ask."""
    o, c = d.operator(), d.line()
    c.send("hello\n")
    same(o.reply(o.said("hello")["sid"], "fine"), "ok")
    c.until("fine\n")
    o.send(op="read", sid=1, seq=1, n=1)
    same(o.command("history 1"), "ok")
    c.close()


def try_with(files, *args):
    """Its status if it does not start, or 0."""
    with Desk(*args, ready=False, preexec=limited(files)) as d:
        d.process.stdout.close()
        with d.news:
            while not d.ended and not any("listening on" in row
                                          for row in d.rows):
                d.news.wait(LIMIT)
        if d.ended:
            same(d.wait(), 3)
            row, = d.rows
            assert f"the limit of open files is {files}, " in row, row
            return 3
        d.port = int(d.row("listening on ").rpartition(":")[2])
        converses(d)
        same(d.stop(), 0)
        return 0


def step(n):
    return max(1, n // size(3, 10))


@case("with too few descriptors it says which limit that is, and with enough "
      "it serves")
def _():
    some = sorted({*range(FIRST, LAST, step(LAST)), FIRST, 20, LAST})
    outcomes = [try_with(n) for n in some]
    same(outcomes, sorted(outcomes, reverse=True))
    same((outcomes[0], try_with(20), outcomes[-1]), (3, 3, 0))


@case("the least that is enough is enough")
def _():
    low, high = 20, LAST
    while high - low > 1:
        middle = (low + high) // 2
        if try_with(middle) == 0:
            high = middle
        else:
            low = middle
    same(try_with(high, "--log", "/dev/null"), 0)


@case("each address needs some more of them")
def _():
    more = [x for n in range(8) for x in ("--listen", f"127.0.0.{n + 1}:0")]
    same(try_with(50), 0)
    same(try_with(50, *more), 3)


def run(*args):
    return subprocess.run([DESKWIRE, *args], stdin=subprocess.DEVNULL,
                          env={"PATH": os.environ["PATH"], "HOME": "/",
                               "LC_ALL": "C.UTF-8"},
                          capture_output=True, text=True, timeout=LIMIT)


@case("a path that is too long for a Unix socket is said to be, and what "
      "names a shorter one")
def _():
    with state() as folder:
        long = os.path.join(folder, "x" * 100)
        done = run("serve", "--state", long, "--listen", "127.0.0.1:0")
        same(done.returncode, 3)
        row, = done.stderr.splitlines()
        assert "at most 107" in row and "--operator-socket PATH" in row, row
        assert "--listen" not in row and "port" not in row, row
        assert not os.path.exists(long)
        with Desk("--operator-socket", f"{folder}/o.sock", folder=long) as d:
            d.operator_path = f"{folder}/o.sock"
            converses(d)
        done = run("attach", "--operator-socket", f"{long}/operator.sock")
        same(done.returncode, 3)
        row, = done.stderr.splitlines()
        assert "at most 107" in row and "serve" not in row, row


main("short")
