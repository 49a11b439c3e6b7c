# SPDX-License-Identifier: GPL-3.0-or-later
"""A day of a team, drawn from a seed: three operators in three terminals and
thirty customers of all kinds.  A console is killed and another comes, and the
desk is started again in the middle.  What each operator types names the
session that its prompt showed, so that the journal and the customers tell
whether it went there.  T_SEED chooses another day."""

import os
import random
import re
import signal
import subprocess
import threading
import time

from attached import ALT_A, Terminal
from desk import (DESKWIRE, LIMIT, Classic, Customer, Deadline, Desk, case,
                  journal, main, same, size, state)

SEED = int(os.environ.get("T_SEED", "20261130"))
SECONDS = size(120, small=15, full=600)
CUSTOMERS = 30
OPERATORS = ("ann", "lin", "wang")
COLUMNS = 240                   # no row is broken
LEASES = ("--claim-timeout", "20", "--lost-grace", "3")
FOR = re.compile(rb"for (\d+) [a-z]+-\d+")
ASKS = re.compile(rb"asks-(\d+)-please")
IAC_WILL_NAWS = b"\xff\xfb\x1f"


class Caller:
    """deskwire call in a pipe."""

    def __init__(self, port):
        self.process = subprocess.Popen(
            [DESKWIRE, "call", "127.0.0.1", str(port), "--wait", "600"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.heard = b""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while data := self.process.stdout.read1(65536):
            self.heard += data

    def say(self, text):
        try:
            self.process.stdin.write(text.encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            pass                # the desk has gone, and so has the call

    def take(self):
        return self.process.poll() is None

    def close(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()


class Line(Customer):
    """nc, or telnet that offers an option first."""

    def __init__(self, port, first=b""):
        super().__init__(port)
        if first:
            self.send(first)

    def say(self, text):
        try:
            self.send(text + "\n")
        except OSError:
            pass

    def take(self):
        """What has come so far; False when the desk has ended it."""
        self.sock.setblocking(False)
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self.sock.settimeout(LIMIT)
        self.heard += data
        return data != b""


class Turns(Classic):
    """The tutorial's client: it says something only when it has read."""

    def __init__(self, port):
        super().__init__(port)
        self.handshake()
        self.owed = False

    def say(self, text):
        try:
            if not self.owed:
                self.send(text)
                self.owed = True
        except OSError:
            pass

    def take(self):
        self.sock.setblocking(False)
        try:
            data = self.sock.recv(1024)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self.sock.settimeout(LIMIT)
        self.heard += data
        self.owed = False
        return data not in (b"", b"quit") and not data.endswith(b"quit")


KINDS = (Line, Line, Turns, Caller,
         lambda port: Line(port, IAC_WILL_NAWS + b"hello\r\n"))


class Crowd(threading.Thread):
    """The customers: each says something now and then, with a number that no
    other has."""

    def __init__(self, rng, day):
        super().__init__()
        self.rng, self.day = rng, day
        self.here, self.gone = [], []
        self.said = 0

    def run(self):
        while not self.day.over.is_set():
            with self.day.there:
                if len(self.here) < CUSTOMERS:
                    self._come()
                self._one(self.rng.choice(self.here))
            self.day.over.wait(self.rng.uniform(0, 0.1))

    def _come(self):
        self.here.append(self.rng.choice(KINDS)(self.day.desk.port))

    def _one(self, c):
        if not c.take():
            self.here.remove(c)
            self.gone.append(c)
            c.close()
        elif self.rng.random() < 0.5:
            self.said += 1
            c.say(f"asks-{self.said}-please")

    def all_leave(self):
        for c in self.here:
            while isinstance(c, Line) and len(c.heard) < 1 << 20 and c.take():
                if c.sock.fileno() < 0 or not self._more(c):
                    break
            c.close()
        self.gone += self.here
        self.here = []

    @staticmethod
    def _more(c):
        before = len(c.heard)
        return c.take() and len(c.heard) > before


class Shift(threading.Thread):
    """An operator, who does one thing after the other as the screen tells."""

    def __init__(self, rng, day, name):
        super().__init__()
        self.rng, self.day, self.name = rng, day, name
        self.typed = 0
        self.failure = None
        self.terminal = None
        self.since = 0          # what was said before it came
        self.kill = threading.Event()

    def run(self):
        try:
            self._begin()
            while not self.day.over.is_set():
                if self.kill.is_set():
                    self.kill.clear()
                    self._die()
                self._act()
        except Exception as e:          # the test's own thread tells
            self.failure = e
            self.day.over.set()

    def _begin(self):
        self.terminal = Terminal(self.day.desk.operator_path, self.name,
                                 COLUMNS)
        self.terminal.until(f"you are {self.name}", "> ")
        self.since = self.day.crowd.said

    def _die(self):
        self.terminal.close()
        self._begin()

    def _see(self, seconds=0.05):
        """What comes within so long, and a little of what follows."""
        before = len(self.terminal.out)
        self.terminal.read(seconds)
        while len(self.terminal.out) > before:
            before = len(self.terminal.out)
            self.terminal.read(0.01)

    def _line(self, sid, text):
        """Enter is pressed only while the prompt before the text says sid: what
        Alt+a asked for may come at any time."""
        self.terminal.type("\x15" + text)
        self._see()
        on = self.terminal.selected() == sid and \
            self.terminal.out.endswith(text)
        self.terminal.type("\r" if on else "\x15")
        self._see()

    def _act(self):
        self._see(0.02)
        sid = self.terminal.selected()
        if sid == 0 or self.rng.random() < 0.3:
            self.terminal.type("\x15" + ALT_A)
            self._see(0.2)
            sid = self.terminal.selected()
        if sid == 0:
            return
        self.typed += 1
        self._line(sid, self.rng.choice((
            f"for {sid} {self.name}-{self.typed}",
            f"for {sid} {self.name}-{self.typed}",
            f"for {sid} {self.name}-{self.typed}",
            f"for {sid} {self.name}-{self.typed}",
            f"/note secret-{self.name}-{self.typed}",
            f"/transfer {self.rng.choice(OPERATORS)} because",
            "/take", "/steal", "/release", "/decline", "/keep 1m", "/join",
            f"/whisper secret-{self.name}-{self.typed}", "/list", "/who",
            f"/msg {self.rng.choice(OPERATORS)} secret-{self.name}"
            f"-{self.typed}", "/away lunch", "/back", "/close", "/next",
            "/prev")))

    def end(self):
        """What is answered now comes behind all that happened."""
        self.join()
        if self.failure is None:
            start = len(self.terminal.out)
            self.terminal.type("\x15/bans\r")
            self.terminal.until("nobody is banned", start=start)
        if self.terminal:
            self.terminal.close()


class Day:
    def __init__(self, folder):
        self.rng = random.Random(SEED)
        self.folder = folder
        self.over = threading.Event()
        self.there = threading.Lock()   # held while there is no desk
        self.desk = self.open(0)

    def open(self, port):
        return Desk(*LEASES, folder=self.folder, port=port).__enter__()

    def restart(self):
        with self.there:
            port = self.desk.port
            self.desk.signal(signal.SIGKILL)
            self.desk.wait()
            self.desk.__exit__(None, None, None)
            self.desk = self.open(port)

    def wait(self, seconds):
        self.over.wait(seconds)


def play(folder):
    day = Day(folder)
    crowd = day.crowd = Crowd(random.Random(SEED + 1), day)
    shifts = [Shift(random.Random(SEED + 2 + i), day, name)
              for i, name in enumerate(OPERATORS)]
    everybody = [crowd, *shifts]
    for one in everybody:
        one.start()
    try:
        day.wait(SECONDS / 3)
        shifts[0].kill.set()
        day.wait(SECONDS / 6)
        day.restart()
        day.wait(SECONDS / 6)
        shifts[1].kill.set()
        day.wait(SECONDS / 3)
    finally:
        day.over.set()
        crowd.join()
        last = day.desk.operator("watcher")
        last.sync()
        for s in shifts:
            s.end()
        crowd.all_leave()
        day.desk.__exit__(None, None, None)
    for s in shifts:
        if s.failure:
            raise s.failure
    return crowd, shifts


def check_whom(events, crowd):
    """Nothing went to anybody but the session that the prompt named."""
    names = 0
    for e in events:
        if e["ev"] == "reply":
            names += 1
            same((e["seq"], FOR.match(e["body"])[1].decode()),
                 (e["seq"], str(e["sid"])))
    for c in crowd.gone:
        heard = {m[1] for m in FOR.finditer(c.heard)}
        assert len(heard) <= 1, c.heard
        assert b"secret" not in c.heard, c.heard
    assert names > SECONDS / 3, f"only {names} replies"


def check_owner(events):
    """Two people never answer without a claim between."""
    owner = {}
    for e in events:
        sid = e["sid"]
        if e["ev"] == "claim":
            owner[sid] = e["who"]
        elif e["ev"] in ("free", "closed"):
            owner.pop(sid, None)
        elif e["ev"] == "reply":
            same((e["seq"], owner.get(sid)), (e["seq"], e["who"]))


def check_screens(events, shifts):
    """The screen of each has all that customers said since it came, in the
    journal's order."""
    said = [int(m[1]) for e in events if e["ev"] == "said" and
            (m := ASKS.match(e["body"]))]
    for s in shifts:
        want = [n for n in said if n > s.since]
        at = {n: s.terminal.out.find(f"| asks-{n}-please") for n in want}
        same((s.name, [n for n in want if at[n] < 0]), (s.name, []))
        same((s.name, sorted(want, key=at.get)), (s.name, want))


@case("three operators, thirty customers, a killed console, a killed desk: "
      "nothing goes to the wrong one, and nothing is missing on a screen")
def _():
    with state() as folder:
        crowd, shifts = play(folder)
        events = journal(folder)
        check_whom(events, crowd)
        check_owner(events)
        check_screens(events, shifts)


main("team")
