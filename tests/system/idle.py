# SPDX-License-Identifier: GPL-3.0-or-later
"""Where nothing happens nothing is done: no thread wakes up, and nothing is
written to a terminal."""

import contextlib
import os
import re
import select
import signal
import time

from counting import Echo, wake_ups
from desk import (DESKWIRE, SANITIZED, Deadline, Desk, Skip, case, main, size,
                  wait_until)
from supervisor import Supervisor
from tap import fork_pty

CUSTOMERS = 20
STRETCH = size(4, 1, 4)     # seconds: each 5 a console asks its desk for a sign


class Console:
    """deskwire attach in a terminal."""

    def __init__(self, path):
        self.out = ""
        self.pid, self.fd = fork_pty()
        if self.pid == 0:
            os.execve(DESKWIRE, [
                DESKWIRE, "attach", "--operator-socket", path,
                "--no-history"], {"PATH": os.environ["PATH"], "HOME": "/",
                                  "TERM": "xterm", "LC_ALL": "C.UTF-8",
                                  "INPUTRC": "/dev/null"})

    def read(self, seconds):
        """What it writes until then."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return b""
        data = os.read(self.fd, 65536)
        self.out += data.decode(errors="replace")
        return data

    def until(self, pattern):
        deadline = Deadline()
        while not re.search(pattern, self.out, re.S):
            self.read(deadline.left(f"{pattern}: {self.out!r}"))

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def rests(listen, *pids):
    """Within some seconds of a few things that are still to be done there comes
    a stretch in which no thread sleeps anew and listen() hears nothing."""
    if SANITIZED:
        raise Skip("a sanitizer may have a thread of its own")
    end = time.monotonic() + 10 + 2 * STRETCH
    while True:
        before = [wake_ups(pid) for pid in pids]
        heard = listen(STRETCH)
        awake = [{thread: n for thread, n in (wake_ups(pid) - was).items()}
                 for pid, was in zip(pids, before)]
        if not heard and not any(awake):
            return
        print(f"# woken in {STRETCH} s: {awake}, heard {heard!r}")
        assert time.monotonic() < end, (awake, heard)


@case(f"a desk with {CUSTOMERS} customers, a console and a service manager does "
      "nothing while nothing happens")
def _():
    with Supervisor() as manager, \
            Desk(under=manager.under, env=manager.environment) as d:
        o = d.operator()
        c = d.keep(Console(d.operator_path))
        c.until("you are")
        customers = [d.classic() if n % 2 else d.line()
                     for n in range(CUSTOMERS)]
        for n, peer in enumerate(customers):
            if n % 2:
                peer.handshake()
            peer.send(f"message {n}" + "\n" * (n % 2 == 0))
            ev = o.said(f"message {n}")
            if n % 4 < 2:
                o.reply(ev["sid"], "an answer")
        c.until(f"message {CUSTOMERS - 1}")
        manager.until(lambda m: f" {CUSTOMERS} connected" in m.status,
                      "all of them")
        rests(c.read, d.pid, c.pid)


@case("a server of the library does nothing once its sessions are over")
def _():
    with Echo() as server:
        server.listens()
        threads = len(wake_ups(server.pid))
        with contextlib.ExitStack() as peers:
            for _ in range(CUSTOMERS):
                server.turn(peers.enter_context(server.connect()), b"hello")
            rests(lambda s: select.select([], [], [], s)[0], server.pid)
        wait_until(lambda: len(wake_ups(server.pid)) == threads,
                   "the end of its workers")
        rests(lambda s: select.select([], [], [], s)[0], server.pid)


main("idle", workers=2)
