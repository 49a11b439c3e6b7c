# SPDX-License-Identifier: GPL-3.0-or-later
"""Many customers: nothing of them is left when they have gone, and those who
are quiet do not disturb the one who talks."""

import resource
import signal
import socket
import threading
import time

from desk import (CLIENT_HELLO, QUIT, SANITIZED, Desk, Skip, case, main, same,
                  size, wait_until)

SHORT = size(5000)
QUIET = size(2000)


def visit(port, number):
    """One of the many ways to come and go."""
    with socket.create_connection(("127.0.0.1", port)) as s:
        kind = number % 10
        if kind == 1:
            s.sendall(f"hello {number}\n".encode())
        elif kind == 2:
            s.sendall(CLIENT_HELLO.encode())
            s.recv(1024)
            s.sendall(QUIT.encode())
            s.recv(1024)
        elif kind == 3:
            s.sendall(b"GET / HTTP/1.0\r\n\r\n")
        elif kind == 4:
            s.sendall(CLIENT_HELLO.encode()[:5])
        elif kind == 5:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         b"\1\0\0\0\0\0\0\0")


@case(f"after {SHORT} short connections no thread and no descriptor is left")
def _():
    with Desk("--max-sessions", "500") as d:
        o = d.operator()
        before = d.threads(), d.descriptors()

        def visits(start):
            for n in range(start, SHORT, 4):
                try:
                    visit(d.port, n)
                except ConnectionError:
                    pass            # it left in the middle of something

        threads = [threading.Thread(target=visits, args=(i,))
                   for i in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        # SQLite may keep one of a checkpoint's, for the next.
        wait_until(lambda: d.threads() == before[0] and
                   d.descriptors() <= before[1] + 1,
                   "threads and descriptors")
        o.sync()
        arrived = [e["sid"] for e in o.events() if e["ev"] == "arrived"]
        same(arrived, list(range(1, len(arrived) + 1)))
        ended = [e["sid"] for e in o.events()
                 if e["ev"] in ("closed", "gone")]
        same(sorted(ended), arrived)


@case(f"{QUIET} quiet customers beside one who talks, and an end for all")
def _():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < QUIET + 200:
        raise Skip(f"{hard} descriptors are not enough")
    if soft < QUIET + 200:
        resource.setrlimit(resource.RLIMIT_NOFILE, (QUIET + 200, hard))
    with Desk("--max-sessions", str(QUIET + 10), "--rate", "1000000",
              "--burst", "1000000") as d:
        o = d.operator()
        before = d.threads()
        quiet = [d.line(f"127.0.{i // 200}.{i % 200 + 1}")
                 for i in range(QUIET)]
        wait_until(lambda: d.threads() == before + QUIET, "their threads")
        for c in quiet:
            c.until("Welcome")
        c = d.line()
        c.send("hi\n")
        sid = o.said("hi")["sid"]
        took = []
        for n in range(200):
            began = time.monotonic()
            c.send(f"ask {n}\n")
            o.said(f"ask {n}")
            o.ask("reply", sid=sid, text=f"answer {n}")
            c.until(f"answer {n}\n")
            took.append(time.monotonic() - began)
        took.sort()
        assert took[190] < 0.1 or SANITIZED, took[190]
        d.signal(signal.SIGTERM)
        for one in quiet:
            one.until("Goodbye")
            one.close()
        c.close()
        same(d.wait(), 0)


main("load", workers=1)
