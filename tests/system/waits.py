# SPDX-License-Identifier: GPL-3.0-or-later
"""Who waits, and for what: whose machine has taken what was said, who is next,
and for how long, whatever the time of day does."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from desk import (DESKWIRE, LIMIT, SANITIZED, Clock, Customer, Desk, Skip,
                  case, configured, main, same)


class Narrow(Customer):
    """A customer whose kernel takes next to nothing until it reads."""

    def __init__(self, port):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        sock.settimeout(LIMIT)
        sock.connect(("127.0.0.1", port))
        self.sock = sock
        self.heard = b""
        self.reset_by_desk = False


def narrow(d):
    return d.keep(Narrow(d.port))


def console(d, *lines, **environment):
    """What a console in a pipe prints for these lines."""
    done = subprocess.run(
        [DESKWIRE, "attach", "--operator-socket", d.operator_path],
        input="".join(x + "\n" for x in lines), capture_output=True, text=True,
        timeout=LIMIT,
        env={**os.environ, "LC_ALL": "C.UTF-8", **environment})
    assert done.returncode == 0, done
    return done.stdout


def marks(d, sid):
    """The last character of each reply in the history."""
    return [row[-1] for row in console(d, f"/history {sid}").split("\n")
            if " lin> " in row]


def ages(rows):
    """["1 waiting 3 min", …] of the rows of a list."""
    return [m.expand(r"\1 \2") for row in rows for m in
            [re.match(r"\* [ >](\d+) guest +(.*?(?: min| s))\b", row)] if m]


class Staying:
    """A console that stays."""

    def __init__(self, d, environment):
        self.process = subprocess.Popen(
            [DESKWIRE, "attach", "--operator-socket", d.operator_path,
             "--on-eof=stay"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C.UTF-8", **environment})

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def until(self, words):
        """The row that has them."""
        for row in self.process.stdout:
            if words in row.decode():
                return row.decode()
        raise AssertionError(f"no {words!r}")

    def end(self):
        self.process.kill()
        self.process.communicate()


class Shifting:
    """A desk whose wall clock is set while customers wait."""

    def __init__(self):
        if SANITIZED:
            raise Skip("a sanitizer lets no library hold the clock")
        if not configured("DW_WITH_LINUX_EXTRAS"):
            raise Skip("the steady clock is the one of all timers here")
        self.folder = tempfile.mkdtemp(prefix="dw", dir="/tmp")
        self.clock = Clock(self.folder, 1767258000000)
        self.begin()

    def begin(self):
        self.d = Desk(folder=self.folder, env=self.clock.environment)
        self.o = self.d.operator()

    def says(self, text):
        """A new customer."""
        c = self.d.line()
        c.send(text + "\n")
        self.o.said(text)
        return c

    def rows(self, *lines):
        return console(self.d, *lines, **self.clock.environment).split("\n")

    def listed(self):
        return ages(self.rows())        # a console begins with a list

    def selected(self, *lines):
        """Who was, in order, and since when they wait."""
        return [m.expand(r"\1 \2") for row in self.rows(*lines) for m in
                [re.match(r"\* (\d+) guest \([^)]*\), (.*)", row)] if m]

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.d.__exit__(*why)
        shutil.rmtree(self.folder, ignore_errors=True)


HOURS = 3600


@case("who asks is told its place in line, and no session begins by asking")
def _():
    with Desk() as d:
        o, first, second = d.operator(), d.line(), d.line()
        first.send("/place\n")
        first.until("* No answer is owed to you, and nobody else waits.\n")
        same([e for e in o.events() if e["ev"] == "arrived"], [])
        first.send("one\n")
        sid = o.said("one")["sid"]
        second.send("two\n")
        o.said("two")
        second.send("/place\n")
        second.until("* You are number 2 of 2 who wait.\n")
        o.reply(sid, "an answer")
        second.send("/place\n")
        second.until("* You are the only one who waits.\n")
        first.until("an answer")
        first.send("/place\n")
        first.until("* No answer is owed to you; 1 other customer waits.\n")


@case("a wall clock that is set changes neither who is next nor since when")
def _():
    for step in (-3 * HOURS, 3 * HOURS):
        with Shifting() as s:
            s.says("one")
            s.clock.go(240)
            s.clock.set(step)
            s.says("two")
            s.clock.go(120)
            s.clock.set(-2 * step)
            three = s.says("three")
            s.clock.go(60)
            same(s.listed(), ["1 waiting 7 min", "2 waiting 3 min",
                              "3 waiting 1 min"])
            same(s.selected("", "/next"), ["1 waiting 7 min",
                                           "2 waiting 3 min"])
            three.close()
            s.o.event("gone", sid=3)
            s.clock.set(step)
            s.clock.go(60)
            same(s.listed()[2], "3 left unanswered, 2 min")


@case("a console that stays and one whose link was lost go by the same clock")
def _():
    with Shifting() as s:
        c = Staying(s.d, s.clock.environment)
        try:
            c.until("you are")
            s.says("one")
            c.until("| one")
            s.clock.go(300)
            s.clock.set(3 * HOURS)
            c.type("/list")
            same(ages([c.until("guest")]), ["1 waiting 5 min"])
            # A desk that is started anew has but the wall clock for what was.
            s.d.signal(signal.SIGKILL)
            s.d.wait()
            s.clock.go(60)
            s.begin()
            c.until("left unanswered")
            s.clock.set(-3 * HOURS)
            s.clock.go(60)
            c.type("/list")
            same(ages([c.until("guest  ")]), ["1 left unanswered, 3 h 07 min"])
        finally:
            c.end()


LONG = "x" * 12000      # more than it takes, and less than our own kernel does


if configured("HAVE_LINUX_SOCKIOS_H"):
    @case("a reply gets its ✓ when the customer's machine has taken it")
    def _():
        with Desk() as d:
            o = d.operator()
            c = narrow(d)
            c.send("hi\n")
            sid = o.said("hi")["sid"]
            o.reply(sid, "short")
            o.event("sent", sid=sid, n=1)
            o.reply(sid, LONG)
            o.reply(sid, "behind it")
            same(marks(d, sid), ["✓", "·", "·"])
            assert not any(e["ev"] == "sent" and e["n"] > 1
                           for e in o.events())
            c.until("behind it")
            o.event("sent", sid=sid, n=3)
            same(marks(d, sid), ["✓", "✓", "✓"])

    @case("/list says since when a customer has read nothing")
    def _():
        with Desk() as d:
            o = d.operator()
            c = narrow(d)
            c.send("hi\n")
            sid = o.said("hi")["sid"]
            assert "read nothing" not in console(d)
            o.reply(sid, LONG)
            told = o.frame(op="reads", sid=sid)
            assert 2000 <= told["now"] - told["since"], told
            # One who comes later is told as well.
            new = d.operator("eve")
            same(new.frame(op="reads", sid=sid)["since"], told["since"])
            row, = (r for r in console(d).split("\n") if "guest" in r)
            assert re.search(r"answered, has read nothing for \d+ s", row), row
            c.until(LONG)
            o.frame(lambda f: f["op"] == "reads" and "since" not in f)
            assert "read nothing" not in console(d)

    @case("what was on its way when the customer went did not arrive")
    def _():
        with Desk() as d:
            o = d.operator()
            c = narrow(d)
            c.send("hi\n")
            sid = o.said("hi")["sid"]
            o.reply(sid, LONG)
            c.reset()
            o.event("gone", sid=sid)
            assert not any(e["ev"] == "sent" for e in o.events())


main("waits")
