# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 of a desk and of its consoles at random moments, with customers who
write and consoles that reply all the while: no event that was shown or
acknowledged is lost or there twice, and no reply is doubled.  T_SEED chooses
another run."""

import collections
import contextlib
import fcntl
import functools
import os
import random
import re
import signal
import struct
import termios
import threading

from desk import DESKWIRE, LIMIT, Deadline, Desk, case, main, same, size, state
from tap import fork_pty

SEED = int(os.environ.get("T_SEED", "20261130"))
KILLS = size(30, small=5, full=100)
CUSTOMERS = 4
WORD = re.compile(rb"(?:said|reply)-[0-9.]+;")
# The row of a reply that went out.
REPLIED = re.compile("eve> (?:\x1b\\[[0-9;]*m)?(reply-[0-9.]+;) ✓".encode())
CLEAR = "\x15"                      # what was put back into the line


class Writer(threading.Thread):
    """A customer who writes numbered lines until the desk is gone or it is
    told to stop, and keeps what it hears."""

    def __init__(self, desk, name):
        super().__init__(daemon=True)
        self.customer = desk.line()
        self.name = name
        self.ends = False
        self.start()

    def run(self):
        c = self.customer
        with contextlib.suppress(OSError, AssertionError):
            for n in range(1000000):
                c.send(f"said-{self.name}.{n}; hello\n")
                if n % 2 == 1:
                    self._hear()
                if self.ends:
                    break

    def _hear(self):
        """A reply, but no longer than a quick hand would take."""
        deadline = Deadline()
        before = len(WORD.findall(self.customer.heard))
        while not self.ends and \
                len(WORD.findall(self.customer.heard)) == before:
            self.customer.hear(Deadline(0.2))
            deadline.left("a reply")

    def end(self):
        """All that it ever heard."""
        self.ends = True
        self.join()
        with contextlib.suppress(OSError, AssertionError):
            while self.customer.hear(Deadline(0.2)):
                pass
        self.customer.close()
        return self.customer.heard


class Keyboard:
    """deskwire attach on a terminal of its own."""

    def __init__(self, desk):
        self.out = b""
        self.news = threading.Condition()
        self.pid, self.fd = fork_pty()
        if self.pid == 0:
            os.environ.update(LC_ALL="C.UTF-8", TERM="xterm-256color",
                              HOME=desk.folder)
            os.execv(DESKWIRE, [
                DESKWIRE, "attach", "--operator-socket", desk.operator_path,
                "--as", "eve"])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 60, 200, 0, 0))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        with self.news:
            assert self.news.wait_for(lambda: b"you are eve" in self.out,
                                      LIMIT), self.out

    def _read(self):
        with contextlib.suppress(OSError):
            while data := os.read(self.fd, 65536):
                with self.news:
                    self.out += data
                    self.news.notify_all()

    def type(self, line):
        with contextlib.suppress(OSError):      # it may be dead
            os.write(self.fd, f"{CLEAR}{line}\r".encode())

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)

    def end(self):
        """Dead, and all that it showed was read."""
        self.kill()
        _, status = os.waitpid(self.pid, 0)
        self.reader.join()
        os.close(self.fd)
        assert os.WIFSIGNALED(status) and \
            os.WTERMSIG(status) == signal.SIGKILL, status


class Typist(threading.Thread):
    """Replies at a keyboard, to one after the other of those who wrote."""

    def __init__(self, keyboard, name, sids):
        super().__init__(daemon=True)
        self.keyboard = keyboard
        self.name = name
        self.sids = sids        # may be known: all of them may wait already
        self.some_wrote = threading.Event()
        self.stored = threading.Event()
        self.typed = []
        self.ends = False
        self.start()

    def run(self):
        while not self.ends:
            if self.sids:
                n = len(self.typed)
                self._reply(self.sids[n % len(self.sids)],
                            f"reply-{self.name}.{n};")
            else:
                self.some_wrote.wait(0.1)

    def _reply(self, sid, text):
        """Some are on their way at once; those that are waited for may never
        arrive."""
        self.keyboard.type(f"/{sid}")
        self.typed.append(text.encode())
        self.stored.clear()
        self.keyboard.type(text)
        if len(self.typed) % 4 == 0:
            self.stored.wait(0.5)

    def end(self):
        self.ends = True
        self.join()
        return self.typed


class Witness:
    """What must be in the journal for ever, and what at most once."""

    def __init__(self):
        self.frames = {}            # seq: event that an operator was sent
        self.shown = set()          # words of customers and of replies
        self.typed = set()          # what may be there, and only once

    def take(self, o):
        """Also what the desk had written before it died."""
        for e in o.events():
            same(self.frames.setdefault(e["seq"], e), e)

    def heard(self, out):
        words = WORD.findall(out)
        same([w for w, n in collections.Counter(words).items() if n > 1], [])
        self.shown.update(words)

    def screen(self, out):
        self.shown.update(REPLIED.findall(out))
        self.shown.update(w for w in WORD.findall(out)
                          if w.startswith(b"said"))

    def compare(self, events):
        same([e["seq"] for e in events], list(range(1, len(events) + 1)))
        for e in events[:max(self.frames, default=0)]:
            same(self.frames.get(e["seq"], e), e)
        assert len(events) >= max(self.frames, default=0)
        there = collections.Counter(
            w for e in events for w in WORD.findall(
                e.get("text", "").encode()))
        same([w for w, n in there.items() if n > 1], [])
        keys = [e["key"] for e in events if "key" in e]
        same(len(keys), len(set(keys)))
        same(self.shown - set(there), set())
        same({w for w in there if w.startswith(b"reply")} - self.typed, set())


def see(o, typist, enough):
    """An operator who looks on until it has seen enough events, and tells the
    one who types."""
    at = len(o.frames)
    while len(o.events()) < enough:
        o.frame(lambda f: f["op"] == "ev", start=at)
        for e in (f["ev"] for f in o.frames[at:] if f["op"] == "ev"):
            if e["ev"] == "said" and e["sid"] not in typist.sids:
                typist.sids.append(e["sid"])
                typist.some_wrote.set()
            if e["ev"] == "reply":
                typist.stored.set()
        at = len(o.frames)


class Rounds:
    """Each kills the desk, the console, or both.  A console that is left finds
    the next desk by itself."""

    def __init__(self, rng, witness):
        self.rng = rng
        self.witness = witness
        self.keyboard = None

    def one(self, folder, n):
        with Desk("--rate", "1000000", "--burst", "1000000",
                  folder=folder) as d:
            o = d.operator(seen=0, replay=True)
            self.witness.compare(o.events())
            self.keyboard = self.keyboard or Keyboard(d)
            die = functools.partial(d.signal, signal.SIGKILL)
            sids = []
            writers = [Writer(d, f"{n}.{i}") for i in range(CUSTOMERS)]
            self._type_until(o, f"{n}", sids, 120, self.keyboard.kill
                             if n % 3 else die)
            if n % 3 == 1:          # the next one works as well
                self.close()
                self.keyboard = Keyboard(d)
                self._type_until(o, f"{n}b", sids, 40, die)
            die()
            d.wait()
            o.ends()
            self.witness.take(o)
            for writer in writers:
                self.witness.heard(writer.end())
        if n % 3:
            self.close()

    def _type_until(self, o, name, sids, most, kill):
        """Kills in the midst of what is typed."""
        typist = Typist(self.keyboard, name, sids)
        try:
            see(o, typist, len(o.events()) + self.rng.randint(20, most))
            kill()
        finally:
            self.witness.typed.update(typist.end())

    def close(self):
        """Of the console; what it had shown counts."""
        if self.keyboard:
            self.keyboard.end()
            self.witness.screen(self.keyboard.out)
            self.keyboard = None


@case(f"kill -9 of a desk, a console or both, {KILLS} times, loses and doubles "
      f"nothing that was shown, seed {SEED}")
def _():
    w = Witness()
    rounds = Rounds(random.Random(SEED), w)
    with state() as folder, contextlib.closing(rounds):
        for n in range(KILLS):
            rounds.one(folder, n)
        rounds.close()
        with Desk(folder=folder) as d:
            w.compare(d.operator(seen=0, replay=True).events())
            replies = {r for r in w.shown if r.startswith(b"reply")}
            assert len(replies) > KILLS, (len(replies), len(w.typed))


main("kills")
