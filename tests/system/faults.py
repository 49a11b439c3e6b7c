# SPDX-License-Identifier: GPL-3.0-or-later
"""A call that fails costs one request or one connection: a desk starts or says
why it cannot, tells no half of anything, serves who comes next, and stops.  In
a start, a conversation in each mode and a stop each seventh allocation fails
once, and each call of what writes, accepts, receives, sends, waits and opens; a
smaller test takes each so-manieth of these, others every day."""

import contextlib
import datetime
import errno
import json
import os
import re
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile

import tap
from desk import CLIENT_HELLO, DESKWIRE, LIMIT, SANITIZED, state

SHARE = tap.size(10, 80, 1)     # one of so many is tried
PATIENCE = 2                    # for an answer that may never come
ALLOCATIONS = 7                 # between two that are tried
CALLS = {
    "write": (errno.ENOSPC, errno.EIO, errno.EINTR),
    "pwrite64": (errno.ENOSPC, errno.EIO),
    "fsync": (errno.EIO,),
    "fdatasync": (errno.EIO,),
    "accept4": (errno.EMFILE, errno.ENFILE, errno.ECONNABORTED, errno.ENOMEM,
                errno.EPROTO),
    "recv": (errno.ECONNRESET, errno.EINTR),
    "send": (errno.EPIPE, errno.ECONNRESET, errno.EINTR, errno.ENOBUFS),
    "sendmsg": (errno.EPIPE, errno.ENOBUFS),
    "poll": (errno.EINTR, errno.ENOMEM),
    "epoll_wait": (errno.EINTR,),
    "open": (errno.EMFILE, errno.EACCES, errno.EINTR, errno.ENOSPC),
}


def library(folder):
    path = os.path.join(folder, "failing_calls.so")
    subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-shared",
                    "-fPIC", "-o", path,
                    os.path.join(tap.HERE, "failing_calls.c"), "-ldl"],
                   check=True)
    return path


class Run:
    """A desk whose nth call of a function fails (0: none)."""

    def __init__(self, folder, preload, name, nth, error):
        self.folder = tempfile.mkdtemp(dir=folder)
        self.counted = os.path.join(self.folder, "counted")
        self.process = subprocess.Popen(
            [DESKWIRE, "serve", "--state", f"{self.folder}/s", "--listen",
             "127.0.0.1:0", "--drain", "1"], stderr=subprocess.PIPE, bufsize=0,
            env={"PATH": os.environ["PATH"], "HOME": self.folder,
                 "LC_ALL": "C.UTF-8", "LD_PRELOAD": preload,
                 "FAILING": name, "NTH": str(nth), "ERRNO": str(error),
                 "COUNTED": self.counted})
        self.what = f"{name} {nth} {errno.errorcode[error]}"
        self.said = ""
        self.port = None
        self.unheard = []       # who was told nothing
        self.silent = False     # runs, and has not said that it listens

    def starts(self):
        """Does it say that it listens?  That row may be what is lost."""
        fd = self.process.stderr.fileno()
        while self.port is None:
            if not select.select([fd], [], [], PATIENCE)[0]:
                self.silent = True
                return False
            data = os.read(fd, 65536)
            if not data:
                return False
            self.said += data.decode()
            found = re.search(r"listening on 127\.0\.0\.1:(\d+)\n", self.said)
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
            self.told("classic", classic.recv(1024))
            classic.sendall("你好".encode())
            for n, text in ((1, "hi"), (2, "您好")):
                o.sendall(json.dumps({"op": "reply", "id": n, "sid": n,
                                      "text": text}).encode() + b"\n")
            o.sendall(b'{"op":"cmd","id":3,"text":"history 1"}\n')
            for row in rows:
                yield row
                if b'"id":3' in row and b'"past"' not in row:
                    break
            self.told("line", line.recv(1024))

    def told(self, who, what):
        """Where memory runs out whoever was let in hears a word."""
        if not what and self.what.startswith("malloc"):
            self.unheard.append(who)
        return what

    def ends(self):
        self.process.send_signal(signal.SIGTERM)
        self.said += self.process.communicate(timeout=LIMIT)[1].decode()
        return self.process.returncode

    def calls(self):
        with open(self.counted, encoding="ascii") as f:
            return int(f.read())


def is_served(run):
    """The call may fail here; then it does not the next time."""
    for _ in range(2):
        with contextlib.suppress(OSError), \
                run.connect(socket.AF_INET, ("127.0.0.1", run.port)) as c:
            c.sendall(b"still there?\n")
            if b"deskwire" in c.recv(1024):
                return True
    return False


def faults(run):
    """What was wrong in one run."""
    started = run.starts()
    with contextlib.suppress(OSError):
        for row in run.converse() if started else ():
            try:
                row and json.loads(row)
            except ValueError:
                yield f"{run.what}: half a frame: {row!r}"
    if run.unheard:
        who = " and ".join(run.unheard)
        yield f"{run.what}: the {who} was told nothing"
    if started and not is_served(run):
        yield f"{run.what}: nobody is served any more"
    try:
        status = run.ends()
    except subprocess.TimeoutExpired:
        run.process.kill()
        run.process.communicate()
        yield f"{run.what}: does not end"
        return
    if status < 0:
        yield f"{run.what}: ended by signal {-status}"
    elif (started or run.silent) and status != 0:
        yield f"{run.what}: ended with status {status}: {run.said!r}"
    elif not started and not run.silent and (status == 0 or "deskwire: " not in run.said):
        yield f"{run.what}: did not start, and said {run.said!r}, {status}"


def sweep(name, errors, step):
    """The faults of the calls that are tried today."""
    if SANITIZED:
        raise tap.Skip("a sanitizer has calls of its own")
    with state() as folder:
        try:
            preload = library(folder)
            first = Run(folder, preload, name, 0, errors[0])
            yield from faults(first)
            n = first.calls()
        except (OSError, subprocess.CalledProcessError):
            raise tap.Skip("no library can be preloaded here") from None
        tried = [(nth, error) for nth in range(1, n + 1, step)
                 for error in errors]
        today = datetime.date.today().toordinal() % SHARE
        for nth, error in tried[today::SHARE]:
            yield from faults(Run(folder, preload, name, nth, error))


tap.run("faults", ("an allocation that fails costs only itself", lambda: list(
    sweep("malloc", (errno.ENOMEM,), ALLOCATIONS))), *(
        (f"so does a failing {name}", lambda n=name, e=errors: list(
            sweep(n, e, 1))) for name, errors in CALLS.items()))
sys.exit(0)
