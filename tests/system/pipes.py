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

from desk import (DESKWIRE, LIMIT, Console, Desk, Skip, case, configured,
                  main, same, state, Customer)


def demo(folder):
    c = Console("demo", "--as", "lin", folder=folder)
    c.until(r"listening on 127\.0\.0\.1:\d+\n")
    return c


def leave(c):
    c.type("/quit")
    same(c.end(), 0)


@case("demo: three customers come, wait to be answered, and nothing is kept")
def _():
    before = set(os.listdir("/tmp"))
    with state() as folder:
        c = demo(folder)
        c.until(r"(\d+) Anna\| Hello\?")
        c.until(r"王伟\| 我的订单在哪里")
        c.until(r"is waiting \(classic")
        assert b"X200" not in c.out     # nobody has asked
        leave(c)
        same([x for x in os.listdir(folder) if x != ".local"], [])
    left = [x for x in set(os.listdir("/tmp")) - before
            if x.startswith("deskwire-demo")]
    same(left, [])


@case("demo: who is asked answers")
def _():
    with state() as folder:
        c = demo(folder)
        sid = c.until(r"(\d+) Anna\| Hello\?").group(1)
        c.type(f"/{sid}")
        c.type("which light is on?")
        c.until(r"Anna\| It is a model X200")
        leave(c)


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
            c.until(r"1 guest left unanswered: the desk stopped\n")
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


@case("by ear: three customers are answered from a stream of rows alone")
def _():
    with Desk() as d:
        c = Console("attach", "--operator-socket", d.operator_path,
                    "--as", "lin", folder=d.folder)
        c.type("/set speak on")
        c.until(r"/set speak on")
        said = [f"question {n} of {k}" for n in range(2) for k in "abc"]
        customers = {k: d.line() for k in "abc"}
        for text in said:
            k = customers[text[-1]]
            k.send(text + "\n")
            # Who it is, and what was said, come before the time.
            row = c.until(rf"(?m)^(\d+) guest\| {text} \d\d:\d\d:\d\d$")
            c.type(f"/{row[1]}")
            c.type(f"answer to {text}")
            k.until(f"lin: answer to {text}\n")
            c.until(rf"(?m)^{row[1]} lin> answer to {text} ✓ \d\d:")
        before = len(c.out)
        c.type("/last")
        c.until(rf"(?s)answer to {said[-1]} ✓.*answer to {said[-1]} ✓")
        same(len(c.out[before:].splitlines()), 1)
        for k in customers.values():
            k.close()
        c.type("/quit")
        same(c.end(), 0)


@case("a script shows no row twice without a head")
def _():
    with Desk() as d:
        k = d.line()
        k.send("hello\n")
        k.until("is kept")
        c = Console("attach", "--operator-socket", d.operator_path,
                    "--as", "lin", folder=d.folder)
        for row in ("/1", "hi", "/history"):
            c.type(row)
        k.until("lin: hi\n")
        c.type("/quit")
        same(c.end(), 0)
        live, seen, past = [], [], False
        for row in c.out.decode().splitlines():
            if row.startswith("* ---"):
                past = "--- end" not in row
            elif re.match(r"\d\d:\d\d:\d\d ", row):
                (seen if past else live).append(row)
        same(len(live), len(set(live)))
        assert any("guest| hello" in row for row in seen), c.out
        k.close()


@case("customers who are selected one after the other are all shown")
def _():
    with Desk() as d:
        customers = [d.line() for _ in range(3)]
        for n, k in enumerate(customers):
            k.send(f"hello from {n}\n")
            k.until("is kept")
        c = Console("attach", "--operator-socket", d.operator_path,
                    "--as", "lin", folder=d.folder)
        for row in ("/1", "/2", "/3", "/1", "/history", "/list all", "/quit"):
            c.type(row)
        same(c.end(), 0)
        out = c.out.decode()
        for n in range(3):
            assert f"guest| hello from {n}\n" in out, out
        assert "/history " not in out, out
        for k in customers:
            k.close()


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


def attach(d, lines):
    """A script's exit status and rows."""
    p = subprocess.run(
        [DESKWIRE, "attach", "--operator-socket", d.operator_path, "--as",
         "wang"], input=lines, capture_output=True, text=True, check=False,
        timeout=LIMIT, env={**os.environ, "HOME": d.folder,
                            "LC_ALL": "C.UTF-8"})
    same(p.stderr, "")
    return p.returncode, p.stdout.splitlines()


@case("attach: a script with a command that is unknown or refused goes on, and "
      "ends in status 1")
def _():
    with Desk() as d:
        customer = d.line()
        customer.send("hello\n")
        customer.until("is kept")
        for wrong in ("/nosuch", "/close 99", "/select 99", "/select",
                      "/help nosuch", "/wait soon", "/close"):
            status, rows = attach(d, f"{wrong}\n/1\ngo on\n")
            same((wrong, status), (wrong, 1))
            customer.until("wang: go on\n")
        same(attach(d, "/1\nthat was all\n/list\n/help\n/history\n")[0], 0)


@case("attach: a script gets no hints, and is told what was not sent")
def _():
    with Desk() as d:
        same(attach(d, "hello?\n"),
             (1, ["* this is the desk deskwire; you are wang; 0 open",
                  "* not sent: nobody is selected"]))


@case("attach to somebody else's desk says whose it is and what to do, in one "
      "line")
def _():
    with Desk() as d:
        other = 65534 if os.geteuid() == 0 else None
        if other is None:
            os.chmod(d.folder, 0)
        try:
            p = subprocess.run(
                [DESKWIRE, "attach", "--operator-socket", d.operator_path],
                capture_output=True, timeout=LIMIT, text=True, user=other,
                env={**os.environ, "HOME": "/", "LC_ALL": "C.UTF-8"})
        except PermissionError:
            raise Skip("this build is not for others to run") from None
        finally:
            os.chmod(d.folder, 0o700)
        same((p.returncode, p.stdout), (1, ""))
        row, = p.stderr.splitlines()
        assert f"no permission for {d.operator_path}" in row, row
        assert ("see to the modes" if other is None else
                f"sudo -u root deskwire attach --operator-socket "
                f"{d.operator_path}") in row, row


@case("attach without a desk says where it looked, status 1")
def _():
    with state() as folder:
        p = subprocess.run(
            [DESKWIRE, "attach", "--operator-socket", f"{folder}/none"],
            capture_output=True, timeout=LIMIT, check=False)
        same((p.returncode, p.stdout), (1, b""))
        assert f"{folder}/none".encode() in p.stderr, p.stderr


main("pipes")
