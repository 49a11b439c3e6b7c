# SPDX-License-Identifier: GPL-3.0-or-later
"""An allocation that fails costs one request or one connection: a desk starts
or says why it cannot, tells no half of anything, serves who comes next, and
stops.  Each seventh allocation of a start, a conversation in each mode and a
stop fails once; a smaller test takes each so-manieth of these, others every
day."""

import contextlib
import datetime
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile

import tap
from desk import CLIENT_HELLO, DESKWIRE, LIMIT, SANITIZED, state

STEP = 7
SHARE = tap.size(10, 80, 1)
PATIENCE = 2                    # for an answer that may never come


def library(folder):
    path = os.path.join(folder, "failing_malloc.so")
    subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-shared",
                    "-fPIC", "-o", path,
                    os.path.join(tap.HERE, "failing_malloc.c")], check=True)
    return path


class Run:
    """A desk whose nth allocation fails (0: none)."""

    def __init__(self, folder, preload, nth):
        self.folder = tempfile.mkdtemp(dir=folder)
        self.counted = os.path.join(self.folder, "counted")
        self.process = subprocess.Popen(
            [DESKWIRE, "serve", "--state", f"{self.folder}/s", "--listen",
             "127.0.0.1:0", "--drain", "1"], stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "HOME": self.folder,
                 "LC_ALL": "C.UTF-8", "LD_PRELOAD": preload,
                 "FAILING_MALLOC": str(nth), "COUNTED_MALLOCS": self.counted})
        self.said = ""
        self.port = None

    def starts(self):
        """Does it listen?  Otherwise it has said why."""
        while self.port is None:
            row = self.process.stderr.readline().decode()
            if not row:
                return False
            self.said += row
            found = re.search(r"listening on 127\.0\.0\.1:(\d+)", row)
            self.port = found and int(found[1])
        return True

    def connect(self, kind, where):
        s = socket.socket(kind)
        s.settimeout(PATIENCE)
        s.connect(where)
        return s

    def converse(self):
        """Any part of it may fail; yields what an operator was told."""
        with contextlib.ExitStack() as stack:
            open_ = lambda *a: stack.enter_context(self.connect(*a))
            o = open_(socket.AF_UNIX, f"{self.folder}/s/operator.sock")
            o.sendall(b'{"op":"hello","v":1,"name":"lin"}\n')
            rows = o.makefile("rb")
            yield rows.readline()
            line = open_(socket.AF_INET, ("127.0.0.1", self.port))
            line.sendall(b"hello\n")
            classic = open_(socket.AF_INET, ("127.0.0.1", self.port))
            classic.sendall(CLIENT_HELLO.encode())
            classic.recv(1024)
            classic.sendall("你好".encode())
            for n, text in ((1, "hi"), (2, "您好")):
                o.sendall(json.dumps({"op": "reply", "id": n, "sid": n,
                                      "text": text}).encode() + b"\n")
            o.sendall(b'{"op":"cmd","id":3,"text":"history 1"}\n')
            for row in rows:
                yield row
                if b'"id":3' in row and b'"past"' not in row:
                    break
            line.recv(1024)

    def ends(self):
        self.process.send_signal(signal.SIGTERM)
        self.said += self.process.communicate(timeout=LIMIT)[1].decode()
        return self.process.returncode

    def allocations(self):
        with open(self.counted, encoding="ascii") as f:
            return int(f.read())


def is_served(run):
    """The allocation may fail here; then it does not the next time."""
    for _ in range(2):
        with contextlib.suppress(OSError), \
                run.connect(socket.AF_INET, ("127.0.0.1", run.port)) as c:
            c.sendall(b"still there?\n")
            if b"deskwire" in c.recv(1024):
                return True
    return False


def faults(run, nth):
    """What was wrong in one run."""
    started = run.starts()
    with contextlib.suppress(OSError):
        for row in run.converse() if started else ():
            try:
                row and json.loads(row)
            except ValueError:
                yield f"{nth}: half a frame: {row!r}"
    if started and not is_served(run):
        yield f"{nth}: nobody is served any more"
    status = run.ends()
    if status < 0:
        yield f"{nth}: ended by signal {-status}"
    elif started and status != 0:
        yield f"{nth}: ended with status {status}: {run.said!r}"
    elif not started and (status == 0 or not run.said.startswith("deskwire: ")):
        yield f"{nth}: did not start, and said {run.said!r}, {status}"


def each_allocation():
    if SANITIZED:
        raise tap.Skip("a sanitizer has a malloc of its own")
    with state() as folder:
        try:
            preload = library(folder)
            first = Run(folder, preload, 0)
            yield from faults(first, 0)
            n = first.allocations()
        except (OSError, subprocess.CalledProcessError):
            raise tap.Skip("no library can be preloaded here") from None
        today = datetime.date.today().toordinal() % SHARE
        for nth in range(1 + STEP * today, n, STEP * SHARE):
            yield from faults(Run(folder, preload, nth), nth)


tap.run("memory", ("an allocation that fails costs only itself",
                   lambda: list(each_allocation())))
sys.exit(0)
