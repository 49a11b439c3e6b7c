# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is compared with libsocketserver.  What needs a compiler is built where
there is one, before anything is measured."""

import os
import shutil
import subprocess
import sys

from servers import BUILD, HERE
from table import BEFORE, NOW

BATCH = "SCHED_BATCH"
THREADS = "C threads"
EPOLL = "C epoll"
GO = "Go"
PYTHON = "Python"
CC = os.environ.get("CC", "cc").split()


def source(name):
    return os.path.join(HERE, "peers", name)


def built(name):
    return os.path.join(BUILD, "tests/bench", name)


class Peer:
    """of: its name in the tables.  argv: how it is run.  made: what the command
    `make` makes of `made_from`.  quick: it is in the quick form, too."""

    def __init__(self, of, argv, quick=True, made=None, made_from=None,
                 make=()):
        self.of = of
        self.argv = argv
        self.quick = quick
        self.made = made
        self.made_from = made_from
        self.make = list(make)

    def is_new(self):
        return (os.path.exists(self.made) and os.path.getmtime(self.made) >=
                os.path.getmtime(self.made_from))

    def missing(self):
        """Why it cannot run, or None.  Builds it if that must be."""
        if self.made is None or self.is_new():
            tool = self.argv[0]
            return None if shutil.which(tool) else f"no {tool}"
        if shutil.which(self.make[0]) is None:
            return f"no {self.make[0]}"
        done = subprocess.run(self.make, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False)
        return "it does not build" if done.returncode else None


def compiled(of, name, made_from, *make, quick=False):
    """A peer whose program is named last in the command that makes it."""
    made, path = built(name), source(made_from)
    make = [word.format(made=made, path=path) for word in make]
    return Peer(of, [made], quick, made, path, make)


def peers(bench):
    """All that the form of the run has, by name."""
    java = compiled("Java", "JavaThread.class", "JavaThread.java", "javac",
                    "-d", built(""), "{path}")
    java.argv = ["java", "-cp", built(""), "JavaThread"]
    every = [
        Peer(NOW, [built("server")]),
        Peer(BATCH, [built("server"), "batch"]),
        Peer(EPOLL, [built("epoll")]),
        Peer(THREADS, [built("threads")]),
        compiled(GO, "go_echo", "go_echo.go", "go", "build", "-o", "{made}",
                 "{path}", quick=True),
        Peer(PYTHON, [sys.executable, source("py_threading.py")]),
        compiled("libevent", "libevent", "libevent.c", *CC, "-O2", "-o",
                 "{made}", "{path}", "-levent"),
        compiled("Rust", "rust_thread", "rust_thread.rs", "rustc", "-O", "-o",
                 "{made}", "{path}"),
        java,
        Peer("asyncio", [sys.executable, source("py_asyncio.py")],
             quick=False),
    ]
    if bench.before:
        every.insert(1, Peer(BEFORE, [built("server_before")]))
    return [peer for peer in every if bench.full or peer.quick]
