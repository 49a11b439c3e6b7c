# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts that do not depend on the machine: system calls, requests for memory
and wake-ups of a program, each thread's by themselves."""

import contextlib
import mmap
import os
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from collections import Counter

from desk import BUILD, HERE, LIMIT, SANITIZED, Skip

COUNT_CALLS = os.path.join(BUILD, "tests", "system", "count_calls")
ECHO_SERVER = os.path.join(BUILD, "tests", "system", "echo_server")
MEMORY_ROW = struct.Struct("=20sIQ")
MEMORY_ROWS = 64


def plain(name):
    """A thread's name without the number behind it."""
    return name.rstrip("-0123456789")


class Calls:
    """The system calls of a program that is started under it."""

    def __init__(self):
        if SANITIZED:
            raise Skip("a sanitizer makes system calls of its own")
        out, self.fd = os.pipe()
        self.rows = os.fdopen(out, encoding="ascii")
        self.under = {"under": (COUNT_CALLS, str(self.fd)),
                      "pass_fds": (self.fd,)}
        self.pid = 0
        tried = subprocess.run([COUNT_CALLS, "2", COUNT_CALLS],
                               capture_output=True, check=False)
        if tried.returncode == 77:
            self.close()
            raise Skip("no program may look at another one here")

    def begin(self):
        """Once the program has been started."""
        os.close(self.fd)
        self.fd = -1
        self.pid = int(self.rows.readline())
        self.take()

    def take(self):
        """What there was since the last time, once all threads sleep:
        {(thread, call): count}."""
        os.kill(self.pid, signal.SIGUSR1)
        counts = Counter()
        while row := self.rows.readline().rstrip("\n"):
            thread, call, count = row.rsplit(" ", 2)
            counts[thread, call] += int(count)
        return counts

    def close(self):
        self.rows.close()
        if self.fd >= 0:
            os.close(self.fd)


class Memory:
    """How often a program asks for memory that is started with environment."""

    def __init__(self):
        if SANITIZED:
            raise Skip("a sanitizer has the memory's functions itself")
        self.folder = tempfile.mkdtemp(prefix="dw", dir="/tmp")
        library = os.path.join(self.folder, "counted_memory.so")
        subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-shared",
                        "-fPIC", "-O1", "-o", library,
                        os.path.join(HERE, "counted_memory.c")], check=True)
        path = os.path.join(self.folder, "rows")
        with open(path, "w+b") as f:
            f.write(bytes(MEMORY_ROW.size * MEMORY_ROWS))
            f.flush()
            self.map = mmap.mmap(f.fileno(), 0)
        self.environment = {"LD_PRELOAD": library, "COUNTED_MEMORY": path}
        self.before = Counter()

    def take(self):
        """What there was since the last time: {(thread, whose): count}."""
        now = Counter()
        for name, is_library, n in MEMORY_ROW.iter_unpack(self.map[:]):
            now[name.rstrip(b"\0").decode(),
                "libraries" if is_library else "own"] += n
        counts, self.before = now - self.before, now
        return counts

    def close(self):
        self.map.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def wake_ups(pid):
    """{thread: how often it has slept}."""
    counts = Counter()
    for tid in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            with open(f"/proc/{pid}/task/{tid}/status",
                      encoding="utf-8") as f:
                of = dict(row.rstrip("\n").split(":\t", 1)
                          for row in f if ":\t" in row)
            counts[plain(of["Name"]), int(tid)] = \
                int(of["voluntary_ctxt_switches"])
    return counts


class Echo:
    """tests/system/echo_server.c, a server on the library, and its peers."""

    def __init__(self, under=(), pass_fds=(), env=None):
        self.process = subprocess.Popen(
            [*under, ECHO_SERVER], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, pass_fds=pass_fds,
            env={**os.environ, **(env or {})})
        self.pid = self.process.pid

    def listens(self):
        self.port = int(self.process.stdout.readline())

    def connect(self):
        peer = socket.create_connection(("127.0.0.1", self.port), LIMIT)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return peer

    @staticmethod
    def turn(peer, text):
        peer.sendall(text)
        assert peer.recv(256) == text

    def session(self, messages=1):
        """Begins with a hello and ends with a quit."""
        with self.connect() as peer:
            self.turn(peer, b"hello")
            for _ in range(messages):
                self.turn(peer, b"some words, as people write them")
            self.turn(peer, b"quit")
            assert peer.recv(256) == b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate(timeout=LIMIT)
        assert self.process.returncode == 0, self.process.returncode
