# SPDX-License-Identifier: GPL-3.0-or-later
"""The consoles without a terminal: input from a pipe, output without a single
control byte."""

import os
import re
import select
import signal
import socket
import subprocess
import time

from desk import (DESKWIRE, LIMIT, Deadline, Desk, Skip, case, configured,
                  main, same, state, Customer)


class Console:
    """A verb with a console, and pipes."""

    def __init__(self, *args, folder):
        env = {**os.environ, "HOME": folder, "LC_ALL": "C.UTF-8"}
        env.pop("XDG_STATE_HOME", None)
        env.pop("XDG_RUNTIME_DIR", None)
        self.process = subprocess.Popen(
            [DESKWIRE, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=env)
        self.out = b""

    def type(self, line):
        self.process.stdin.write((line + "\n").encode())
        self.process.stdin.flush()

    def until(self, pattern):
        """The match of a row that comes or has come."""
        deadline = Deadline()
        while True:
            found = re.search(pattern, self.out.decode(errors="replace"))
            if found:
                return found
            fd = self.process.stdout.fileno()
            select.select([fd], [], [], deadline.left(pattern))
            data = os.read(fd, 65536)
            assert data, f"ended before {pattern!r}: {self.out!r}"
            self.out += data

    def end(self):
        out, err = self.process.communicate(timeout=LIMIT)
        self.out += out
        same(err, b"")
        assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", self.out), self.out
        self.out.decode()
        return self.process.returncode


@case("demo: three customers come, can be answered, and nothing is kept")
def _():
    before = set(os.listdir("/tmp"))
    with state() as folder:
        c = Console("demo", "--as", "lin", folder=folder)
        c.until(r"listening on 127\.0\.0\.1:\d+\n")
        sid = c.until(r"(\d+) Anna\| Hello\?").group(1)
        c.until(r"王伟\| 我的订单在哪里")
        c.until(r"is waiting \(classic")
        c.type(f"/{sid}")
        c.type("which light is on?")
        c.until(r"Anna\| It is a model X200")
        c.type("/quit")
        same(c.end(), 0)
        same([x for x in os.listdir(folder) if x != ".local"], [])
    left = [x for x in set(os.listdir("/tmp")) - before
            if x.startswith("deskwire-demo")]
    same(left, [])


@case("open: the desk and its console, with a pipe for a keyboard")
def _():
    with state() as folder:
        c = Console("open", "--state", os.path.join(folder, "desk"),
                    "--listen", "127.0.0.1:0", "--as", "lin", folder=folder)
        port = int(c.until(r"listening on 127\.0\.0\.1:(\d+)\n").group(1))
        c.until(f"nc 127.0.0.1 {port}")
        customer = Customer(port)
        customer.send(b"my \x1b[31mbox\x07\n")
        c.until(r"1 guest\| my \\x1b\[31mbox\\x07\n")
        c.type("/1")
        c.type("您好")
        customer.until("lin: 您好\n")
        c.type("/list")
        c.until(r"1 guest")
        c.process.stdin.close()
        c.process.stdin = None
        customer.until("This desk is closing")
        customer.close()
        same(c.end(), 0)


@case("open: what happens last is shown before the console leaves")
def _():
    for linger in ("60", "1"):
        with state() as folder:
            c = Console("open", "--state", os.path.join(folder, "desk"),
                        "--listen", "127.0.0.1:0", "--as", "lin",
                        "--linger", linger, folder=folder)
            port = int(c.until(r"listening on 127\.0\.0\.1:(\d+)\n").group(1))
            k = Customer(port)
            k.send("hello\n")
            c.until(r"1 guest\| hello\n")
            c.type("/quit")
            k.until("Goodbye.")
            if linger == "60":
                k.close()
            c.until(r"1 guest is gone: the desk stopped\n")
            same(c.end(), 0)
            k.close()


@case("open: a desk that somebody else stops says that it has")
def _():
    for quits in (False, True):
        with state() as folder:
            c = Console("open", "--state", os.path.join(folder, "desk"),
                        "--listen", "127.0.0.1:0", folder=folder)
            c.until("deskwire call")
            if quits:
                c.type("/quit")
            else:
                c.process.send_signal(signal.SIGTERM)
                c.until(r"\* the desk has stopped\n")
            same(c.end(), 0)
            same(b"the desk has stopped" in c.out, not quits)


@case("attach: a second console on a desk, and its end is not the desk's")
def _():
    with Desk() as d:
        customer = d.line()
        customer.send("hello\n")
        customer.until("Nobody is on duty")
        c = Console("attach", "--operator-socket", d.operator_path, "--as",
                    "wang", folder=d.folder)
        c.until("1 ")
        c.type("/1")
        c.type("here")
        customer.until("wang: here\n")
        c.process.stdin.close()
        c.process.stdin = None
        same(c.end(), 0)
        same(d.process.poll(), None)


@case("attach: a reply that waits for a classic customer's turn says so")
def _():
    with Desk() as d:
        k = d.classic()
        k.handshake()
        c = Console("attach", "--operator-socket", d.operator_path,
                    "--as", "lin", folder=d.folder)
        c.until(r"1 open")
        c.type("/1")
        c.type("before you ask")
        c.until(r"1 lin> before you ask · \(held until they write\)\n")
        c.type("/history")
        c.until(r"(?s)held.*lin> before you ask · \(held until they write\)\n")
        k.send(".")
        k.until("before you ask")
        c.type("and another")
        c.until(r"1 lin> and another · \(held")
        c.type("/history")
        c.until(r"1 lin> before you ask ✓\n")
        c.type("/quit")
        same(c.end(), 0)


@case("a script waits, and may end before its console does")
def _():
    with state() as folder:
        script = f"{folder}/script"
        with open(script, "w", encoding="utf-8") as f:
            f.write("/wait 1\n/help wait\n")
        began = time.monotonic()
        c = Console("open", "--listen", "127.0.0.1:0", "--state",
                    f"{folder}/s", "--script", script, "--on-eof=stay",
                    folder=folder)
        c.until(r"listening on")
        c.until(r"/wait SECONDS")
        assert time.monotonic() - began >= 1
        same(c.process.poll(), None)
        c.process.send_signal(signal.SIGTERM)
        same(c.end(), 0)


@case("a desk that is opened with no input at all stays")
def _():
    with Desk(verb="open", ready=False) as d:
        row = d.process.stdout.readline().decode()
        port = int(re.search(r"listening on 127\.0\.0\.1:(\d+)", row)[1])
        with socket.create_connection(("127.0.0.1", port)) as customer:
            customer.sendall(b"hello\n")
            assert customer.recv(100)
        same(d.stop(), 0)


@case("ps -L shows the threads of an open desk by their names")
def _():
    if not configured("HAVE_PTHREAD_SETNAME_NP"):
        raise Skip("threads have no names here")
    with state() as folder:
        c = Console("open", "--listen", "127.0.0.1:0", "--state",
                    f"{folder}/s", folder=folder)
        port = c.until(r"listening on 127\.0\.0\.1:(\d+)\n").group(1)
        with socket.create_connection(("127.0.0.1", int(port))) as customer:
            customer.sendall(b"hello\n")
            c.until("hello")
            names = []
            for task in os.listdir(f"/proc/{c.process.pid}/task"):
                with open(f"/proc/{c.process.pid}/task/{task}/comm",
                          encoding="ascii") as f:
                    names.append(f.read().strip())
        assert {"desk", "reader", "postman", "acceptor", "worker-1", "link",
                "readline"} <= set(names), names
        same(names.count("acceptor"), 2)    # customers' and operators'
        c.type("/quit")
        same(c.end(), 0)


@case("attach: a desk that is not the one it was ends the console")
def _():
    with state() as run:
        path = f"{run}/operator.sock"
        with Desk("--operator-socket", path) as d:
            c = Console("attach", "--operator-socket", path, folder=run)
            c.until("this is the desk")
            d.signal(signal.SIGKILL)
            d.wait()
        with Desk("--operator-socket", path):
            c.until("another desk answers there now")
            same(c.end(), 1)


@case("attach without a desk says where it looked, status 1")
def _():
    with state() as folder:
        p = subprocess.run(
            [DESKWIRE, "attach", "--operator-socket", f"{folder}/none"],
            capture_output=True, timeout=LIMIT, check=False)
        same((p.returncode, p.stdout), (1, b""))
        assert f"{folder}/none".encode() in p.stderr, p.stderr


main("pipes")
