# SPDX-License-Identifier: GPL-3.0-or-later
"""What a session and a message cost, in counts that do not depend on the
machine.  Whoever makes one of them larger has to say why."""

import contextlib
import os
import socket
from collections import Counter

from counting import Calls, Echo, Memory
from desk import Desk, case, main, same

WORDS = "some words, as people write them to a desk"
SESSIONS = 20   # more of them count the same
MESSAGES = 50
FAST = ("--rate", "1000000", "--burst", "1000000")

# Calls that have a limit of their own, all threads' together unless one is
# named: how often a thread waits is also the scheduler's business.
ACCOUNTS = {
    "fdatasync": "syncs", "fsync": "syncs",
    ("desk", "fcntl"): "SQLite", ("desk", "pwrite64"): "SQLite",
    "futex": "waits", "ioctl": "waits", "poll": "waits",
    "brk": "growth", "madvise": "growth", "mmap": "growth",
    "mprotect": "growth", "munmap": "growth",
    "libraries": "libraries",
}


def limit(what, times, counts, limits):
    """So often each may happen for one of what was done so many times: threads
    and accounts by their names, or None for all together.  Who is not named
    may do something now and then.  Prints all of it for people."""
    sums = Counter()
    for (thread, call), n in sorted(counts.items()):
        print(f"#   {thread:<12} {call:<15} {n / times:7.2f}")
        account = ACCOUNTS.get((thread, call), ACCOUNTS.get(call, thread))
        sums[None if None in limits else account] += n
    wrong = []
    for name, n in sums.items():
        most = limits.get(name, 0.5)
        print(f"# {what}: {name or 'all'} {n / times:.2f}, at most {most}")
        if n > most * times:
            wrong.append(f"{name or 'all'}: {n / times:.2f} a {what}, "
                         f"and not {most}")
    assert not wrong, wrong


@contextlib.contextmanager
def closing(thing):
    try:
        yield thing
    finally:
        thing.close()


# --- the library ------------------------------------------------------------

@case("a session of the library is 14 system calls, its connection, hello, "
      "message and quit")
def _():
    with closing(Calls()) as calls, Echo(**calls.under) as server:
        calls.begin()
        server.listens()
        for _ in range(5):
            server.session()
        calls.take()
        each = []
        for _ in range(SESSIONS):
            server.session()
            each.append(calls.take())
        # In a few a thread may have to wait for a lock.
        middle = sorted(each, key=lambda counts: sum(counts.values()))
        limit("session", 1, middle[SESSIONS // 2], {None: 14})


@case("a message of the library is 2 system calls")
def _():
    with closing(Calls()) as calls, Echo(**calls.under) as server:
        calls.begin()
        server.listens()
        with server.connect() as peer:
            server.turn(peer, b"hello")
            calls.take()
            for _ in range(MESSAGES):
                server.turn(peer, b"a message")
            limit("message", MESSAGES, calls.take(), {None: 2})
            server.turn(peer, b"quit")


@case("a message of the library asks for no memory")
def _():
    with closing(Memory()) as memory, Echo(env=memory.environment) as server:
        server.listens()
        with server.connect() as peer:
            server.turn(peer, b"hello")
            memory.take()
            for _ in range(MESSAGES):
                server.turn(peer, b"a message")
            # The acceptor may still be busy with the connection.
            limit("message", MESSAGES, memory.take(), {None: 0.1})
            server.turn(peer, b"quit")


# --- the desk ---------------------------------------------------------------

class Talk:
    """One customer and one operator, one message a round."""

    def __init__(self, d):
        self.o, self.c = d.operator(), d.line()
        self.sid = 0
        self.n = 0

    def say(self):
        """A message, once the operator has it."""
        self.n += 1
        self.c.send(f"{WORDS} {self.n}\n")
        self.sid = self.o.said(f"{WORDS} {self.n}")["sid"]
        self.o.frames.clear()

    def turn(self):
        """A message and its reply, once the operator knows that it arrived."""
        self.say()
        same(self.o.reply(self.sid, f"{WORDS} {self.n}"), "ok")
        self.c.until(f"{WORDS} {self.n}\n")
        # Our kernel acknowledges it at once.
        self.c.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        self.o.event("sent")
        self.o.frames.clear()


def talk(d):
    """With the first ones behind it, in which everything grows once."""
    t = Talk(d)
    for _ in range(10):
        t.turn()
    return t


def talk_counted(counter, t, message, answered):
    """Messages by themselves, then some with a reply, with their limits."""
    counter.take()
    for _ in range(MESSAGES):
        t.say()
    limit("message", MESSAGES, counter.take(), message)
    for _ in range(MESSAGES):
        t.turn()
    limit("answered message", MESSAGES, counter.take(), answered)


@case("a stored message of the desk is one sync and so many system calls, and "
      "one with its reply three syncs")
def _():
    with closing(Calls()) as calls, Desk(*FAST, **calls.under) as d:
        calls.begin()
        talk_counted(
            calls, talk(d),
            {"desk": 14, "worker": 1, "syncs": 1, "SQLite": 12.5, "waits": 4},
            {"desk": 43, "worker": 2, "syncs": 3, "SQLite": 36, "waits": 14})


@case("a stored message of the desk, and its reply, ask so often for memory")
def _():
    with closing(Memory()) as memory, \
            Desk(*FAST, env=memory.environment) as d:
        talk_counted(memory, talk(d), {"desk": 1, "libraries": 21},
                     {"desk": 4, "worker": 1, "libraries": 80})


class Wal:
    """The bytes that the desk writes to its -wal."""

    def __init__(self, d):
        self.path = os.path.join(d.folder, "journal.db-wal")
        self.size, self.head = self._look()

    def _look(self):
        """How long it is, and what changes when it is begun anew."""
        with open(self.path, "rb") as f:
            return os.path.getsize(self.path), f.read(32)

    def take(self):
        before = self.size
        self.size, head = self._look()
        same(head, self.head)
        return Counter({("desk", "bytes"): self.size - before})


@case("a message is at most 2.6 KB in the -wal, and 7.7 KB with its reply and "
      "the mark that this was taken")
def _():
    with Desk(*FAST) as d:
        t = talk(d)
        talk_counted(Wal(d), t, {None: 2600}, {None: 7700})


main("counts", workers=1)
