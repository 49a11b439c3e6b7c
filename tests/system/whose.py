# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose is the operators' socket?  Other users of the machine can neither put
a desk of their own in its place nor keep a desk from starting."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from desk import DESKWIRE, LIMIT, Desk, Skip, case, main, same, state

OTHER = 65534


def root_only():
    if os.geteuid() != 0:
        raise Skip("only root can be somebody else")


@contextlib.contextmanager
def as_other(work, go_on=lambda kept: signal.pause()):
    """A process of another user that does something, says so, and goes on."""
    r, w = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(OTHER)
            os.setuid(OTHER)
            kept = work()
            os.write(w, b"ready")
            go_on(kept)
        finally:
            os._exit(1)
    os.close(w)
    try:
        same(os.read(r, 10), b"ready")
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(r)


@contextlib.contextmanager
def folder_of_other():
    folder = tempfile.mkdtemp(prefix="dw", dir="/tmp")
    try:
        os.chown(folder, OTHER, OTHER)
        os.chmod(folder, 0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def refused(path, *words):
    with Desk("--operator-socket", path, ready=False) as d:
        same(d.wait(), 3)
        same(len(d.rows), 1)
        for word in (os.path.dirname(path), "--operator-socket", *words):
            assert word in d.rows[0], d.rows


@case("a folder where others may write is no place for the operators' socket")
def _():
    for mode in (0o777, 0o1777, 0o770, 0o702):
        with state() as folder:
            os.chmod(folder, mode)
            refused(f"{folder}/s", "others may write", "chmod go-w")
            same(os.listdir(folder), [])
    with state() as folder:
        os.chmod(folder, 0o755)
        with Desk("--operator-socket", f"{folder}/s") as d:
            same(d.stop(), 0)


@case("nor is a folder of another user")
def _():
    root_only()
    with folder_of_other() as folder:
        refused(f"{folder}/s", f"user {OTHER}")


def attach(path, *args):
    return subprocess.run([DESKWIRE, "attach", "--operator-socket", path,
                           "--no-history", *args],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=LIMIT, check=False)


WELCOME = b"".join(json.dumps(f).encode() + b"\n" for f in (
    {"op": "welcome", "v": 1, "seq": 0, "name": "x", "desk": "theirs",
     "journal": "0" * 32, "sessions": [], "commands": [], "listeners": []},
    {"op": "live", "seq": 0}))


def listen(path):
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    os.chmod(path, 0o777)
    s.listen()
    return s


def false_desk(s):
    """Another user's program that speaks as a desk does."""
    while True:
        peer, _ = s.accept()
        hello = peer.recv(4096)
        if hello:
            with open(s.getsockname() + ".heard", "ab") as f:
                f.write(hello)
            peer.sendall(WELCOME + b'{"op":"bye","code":"stop"}\n')
        peer.close()


@case("attach says who serves when that is neither its user nor root")
def _():
    root_only()
    with folder_of_other() as folder:
        path = f"{folder}/s"
        with as_other(lambda: listen(path), false_desk):
            p = attach(path)
            same((p.returncode, p.stdout), (5, b""))
            same(len(p.stderr.splitlines()), 1)
            for word in (path, f"user {OTHER}", "--desk-user"):
                assert word.encode() in p.stderr, p.stderr
            same(attach(path, "--desk-user", "1").returncode, 5)
            assert not os.path.exists(path + ".heard")
            for name in (str(OTHER), "nobody"):
                p = attach(path, f"--desk-user={name}")
                same((p.returncode, p.stderr), (0, b""))
            with open(path + ".heard", "rb") as f:
                assert b"hello" in f.read()


@case("a user that does not exist is wrong usage")
def _():
    for name in ("no such user", "", "12x"):
        p = attach("/nowhere", "--desk-user", name)
        same((p.returncode, len(p.stderr.splitlines())), (2, 1))


@case("who holds a lock on the socket's folder keeps no desk from starting")
def _():
    with state() as folder:
        def lock():
            fd = os.open(folder, os.O_RDONLY)
            fcntl.flock(fd, fcntl.LOCK_EX)
            return fd
        with Desk(folder=folder) as d:
            d.signal(signal.SIGKILL)        # it leaves a dead socket
            d.wait()
        os.chmod(folder, 0o755)
        with contextlib.ExitStack() as stack:
            if os.geteuid() == 0:
                stack.enter_context(as_other(lock))
            else:
                stack.callback(os.close, lock())
            with Desk(folder=folder) as d:
                d.operator()
                same(d.stop(), 0)
        assert not any("sock" in f for f in os.listdir(folder))


main("whose")
