# SPDX-License-Identifier: GPL-3.0-or-later
"""How a desk starts, ends, and starts again."""

import fcntl
import os
import re
import resource
import select
import signal
import socket
import subprocess
import termios
import threading
import time

from desk import (DESKWIRE, LIMIT, QUIT, SANITIZED, Customer, Deadline, Desk,
                  case, main, same, state, wait_until)
from tap import HERE, open_pty

AT_ONCE = 10 if SANITIZED else 1     # seconds
BYE = "This desk is closing. Goodbye."


def took(action):
    began = time.monotonic()
    action()
    return time.monotonic() - began


@case("SIGTERM in idle: status 0 within a second, no socket left behind")
def _():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Desk() as d:
            d.signal(number)
            assert took(lambda: same(d.wait(), 0)) < AT_ONCE
            assert not os.path.exists(d.operator_path)


@case("SIGTERM tells everybody, and ends with status 0 within the drain time")
def _():
    with Desk("--drain", "10", "--rate", "1000000", "--burst",
              "1000000") as d:
        o = d.operator()
        silent, half, talking = d.line(), d.line(), d.line()
        classic, answered = d.classic(), d.classic()
        classic.handshake()
        answered.handshake()
        answered.send("owed")       # and waits for its answer
        half.send("hi\n")
        half.half_close()
        talking.send("I talk\n")
        silent.until("Welcome")
        for text in ("hi", "I talk", "owed"):
            o.said(text)
        over = threading.Event()

        def talk():
            try:
                while not over.is_set():
                    talking.send("and talk\n")
            except OSError:
                pass                # it has been told long before

        talker = threading.Thread(target=talk)
        talker.start()
        began = time.monotonic()
        d.signal(signal.SIGTERM)
        for c in (silent, half, talking):
            c.until(BYE)
        over.set()
        talker.join()
        for c in (silent, talking):
            c.close()
        for c in (classic, answered):
            assert c.read_one().endswith("\n" + QUIT)
            c.leave()
        same(half.end(), "\n")
        o.frame(op="bye", code="stop")
        o.ends()
        same(d.wait(), 0)
        assert time.monotonic() - began < 10


@case("SIGTERM with customers who stay ends when they had time to leave")
def _():
    with Desk("--linger", "1") as d:
        line = d.line()
        line.send("hi\n")
        line.until("Welcome")
        d.signal(signal.SIGTERM)
        assert took(lambda: same(d.wait(), 0)) < 1 + AT_ONCE


@case("a classic client at its prompt may still say quit while the desk drains")
def _():
    with Desk("--linger", "1") as d:
        c = d.classic()
        c.handshake()
        d.signal(signal.SIGTERM)
        time.sleep(1.5)             # longer than the linger
        assert c.turn("thanks").endswith("\nquit")
        c.send("quit")
        c.close()
        same(d.wait(), 0)


@case("the drain time is an end for everybody")
def _():
    with Desk("--linger", "60", "--drain", "1") as d:
        c = d.line()
        c.send("hi\n")
        c.until("Welcome")
        d.signal(signal.SIGTERM)
        assert took(lambda: same(d.wait(), 0)) < 1 + AT_ONCE


@case("a second signal ends it within a second")
def _():
    for numbers in ((signal.SIGTERM, signal.SIGTERM),
                    (signal.SIGINT, signal.SIGTERM)):
        with Desk("--linger", "60", "--drain", "600") as d:
            c, k = d.line(), d.classic()
            c.send("hi\n")
            c.until("Welcome")
            k.handshake()
            d.signal(numbers[0])
            c.until(BYE)
            d.signal(numbers[1])
            assert took(lambda: same(d.wait(), 0)) < AT_ONCE


@case("SIGTERM while it starts: it ends, and the next one starts")
def _():
    with state() as folder:
        for delay in range(0, 40, 4):
            with Desk(folder=folder, ready=False) as d:
                time.sleep(delay / 1000)        # the moment, swept
                d.signal(signal.SIGTERM)
                assert d.wait() in (0, -signal.SIGTERM)
        with Desk(folder=folder) as d:
            same(d.stop(), 0)


@case("/quit of an operator ends it with status 0, and everybody is told")
def _():
    with Desk() as d:
        o, other, c = d.operator(), d.operator("wang"), d.classic()
        c.handshake()
        o.ask("cmd", text="quit")
        assert c.read_one().endswith(QUIT)
        c.leave()
        for link in (o, other):
            link.frame(op="bye", code="stop")
            link.ends()
        same(d.wait(), 0)


@case("SIGHUP opens the log anew")
def _():
    with Desk() as d:
        log = os.path.join(d.folder, "log")
        with Desk("--log", log) as d:
            o, c = d.operator(), d.line()
            c.send("one\n")
            o.said("one")
            wait_until(lambda: "one" in open(log).read(), "the log")
            os.rename(log, log + ".1")
            d.signal(signal.SIGHUP)
            wait_until(lambda: os.path.exists(log), "the new log")
            # The file is there a moment before the log's turn comes.
            said = []
            while os.path.getsize(log) == 0:
                said.append(f"more {len(said)}.")
                c.send(said[-1] + "\n")
                o.said(said[-1])
            wait_until(lambda: said[-1] in open(log).read(), "the log")
            assert "one" not in open(log).read()
            rows = open(log + ".1").read() + open(log).read()
            same([rows.count(f"{words}\n") for words in said],
                 [1] * len(said))


class OnTerminal:
    """A program of ours on a pseudo-terminal of its own."""

    def __init__(self, *args, folder):
        self.master, self.slave = open_pty()
        self.before = termios.tcgetattr(self.slave)
        self.out = ""
        environment = {**os.environ, "HOME": folder, "LC_ALL": "C.UTF-8",
                       "TERM": "xterm", "INPUTRC": "/dev/null",
                       "NO_COLOR": "1"}
        environment.pop("XDG_RUNTIME_DIR", None)
        environment.pop("XDG_STATE_HOME", None)
        self.process = subprocess.Popen(
            [DESKWIRE, *args], stdin=self.slave, stdout=self.slave,
            stderr=self.slave, env=environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def until(self, words):
        deadline = Deadline()
        while words not in self.out:
            if select.select([self.master], [], [], deadline.left(words))[0]:
                self.out += os.read(self.master, 65536).decode()
        return self.out

    def modes(self):
        return termios.tcgetattr(self.slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for fd in (self.master, self.slave):
            if fd is not None:
                os.close(fd)


@case("SIGHUP to open opens the log anew and nothing else")
def _():
    with state() as folder:
        log = os.path.join(folder, "log")
        with OnTerminal("open", "--state", folder, "--listen", "127.0.0.1:0",
                        "--log", log, folder=folder) as t:
            port = int(re.search(r"nc 127.0.0.1 (\d+)",
                                 t.until("deskwire call"))[1])
            modes = t.modes()
            assert modes != t.before
            c = Customer(port)
            c.send("one\n")
            t.until("| one")
            wait_until(lambda: "one" in open(log).read(), "the log")
            os.rename(log, log + ".1")
            os.write(t.master, b"half a line")
            t.process.send_signal(signal.SIGHUP)
            t.until("the log was opened anew")
            c.send("two\n")
            t.until("| two")
            wait_until(lambda: "two" in open(log).read(), "the log")
            assert "one" not in open(log).read()
            assert "half a line" in t.out
            same(t.modes(), modes)
            c.close()
            t.process.send_signal(signal.SIGTERM)
            same(t.process.wait(LIMIT), 0)
            same(t.modes(), t.before)


@case("a terminal that hangs up ends open, also behind a shell's SIGHUP")
def _():
    for hup in (False, True):
        with state() as folder, OnTerminal(
                "open", "--state", folder, "--listen", "127.0.0.1:0",
                folder=folder) as t:
            t.until("deskwire call")
            os.close(t.slave)
            os.close(t.master)
            t.slave = t.master = None
            if hup:
                t.process.send_signal(signal.SIGHUP)
            same(t.process.wait(LIMIT), 128 + signal.SIGHUP)


@case("SIGHUP does nothing to attach and call, which have no log")
def _():
    with Desk() as d:
        for verb, words, bye in (
                ("attach", "you are", b"/quit\r"), ("call", "Welcome", b"\4")):
            args = (["--operator-socket", d.operator_path]
                    if verb == "attach" else [f"127.0.0.1:{d.port}"])
            with OnTerminal(verb, *args, folder=d.folder) as t:
                t.until(words)
                modes = t.modes()
                t.process.send_signal(signal.SIGHUP)
                os.write(t.master, b"here\r" if verb == "call" else
                         b"/help list\r")
                t.until("here" if verb == "call" else "/list ")
                same(t.modes(), modes)
                os.write(t.master, bye)
                same(t.process.wait(LIMIT), 0)
                same(t.modes(), t.before)


def fails(status, *args, words=(), **more):
    with Desk(*args, ready=False, **more) as d:
        same(d.wait(), status)
        same(len(d.rows), 1)
        for word in words:
            assert str(word) in d.rows[0], d.rows


@case("a second desk on the same state is told who holds it, status 1")
def _():
    with Desk() as d:
        fails(1, folder=d.folder, words=(d.pid, "attach"))
        d.classic().handshake()


@case("an address in use is status 4 and names the address")
def _():
    with Desk() as d:
        fails(4, port=d.port, words=(f"127.0.0.1:{d.port}", "--listen"))


@case("after a failure to listen the state is free again")
def _():
    with Desk() as other, state() as folder:
        fails(4, port=other.port, folder=folder)
        with Desk(folder=folder) as d:
            same(d.stop(), 0)


@case("a public address is refused with status 3, unless it is wanted")
def _():
    for address in ("0.0.0.0:0", "[::]:0", "8.8.8.8:0"):
        fails(3, listen=address, words=(address, "--allow-plaintext-public"))
    with Desk("--allow-plaintext-public", listen="0.0.0.0:0") as d:
        d.classic().handshake()


@case("more sessions than the machine can hold: refused when asked for")
def _():
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
    fails(3, "--max-sessions", "1000", preexec=few, words=("1000",))
    with Desk(preexec=few) as d:        # the default is lowered instead
        assert any("4096" in r for r in d.rows), d.rows


@case("what is no option, verb, number or address is status 2")
def _():
    with state() as folder:
        for args in (["serve", "--nonsense"], ["serve", "one", "two"],
                     ["nonsense"], ["serve", "--max-sessions", "x"],
                     ["serve", "--max-sessions", "0"],
                     ["serve", "--max-sessions"], ["call", "h", "70000"],
                     ["serve", "--state", folder, "--listen", "x:y"]):
            p = subprocess.run([DESKWIRE, *args], capture_output=True,
                               timeout=LIMIT, check=False)
            same((args, p.returncode, p.stdout), (args, 2, b""))
            assert p.stderr, args


@case("an IPv6 address and several listeners lead to one desk")
def _():
    with Desk("--listen", "[::1]:0") as d:
        o = d.operator()
        row = d.row("listening on [::1]:")
        with socket.create_connection(("::1", int(row.rpartition(":")[2]))
                                      ) as six:
            six.sendall(b"from six\n")
            c = d.line()
            c.send("from four\n")
            o.said("from six")
            o.said("from four")
            assert o.event("arrived", sid=o.said("from six")["sid"]
                           )["addr"].startswith("[::1]:")


@case("a restarted desk knows its sessions, and says who is gone")
def _():
    with state() as folder:
        with Desk(folder=folder) as d:
            o, line, classic = d.operator(), d.line(), d.classic()
            line.send("/name Anna\nmy box\n")
            sid = o.said("my box")["sid"]
            classic.handshake()
            classic.send("订单")
            other = o.said("订单")["sid"]
            same(o.reply(other, "哪个?"), "ok")
            o.event("sent", sid=other)
            d.signal(signal.SIGKILL)
            d.wait()
        with Desk(folder=folder) as d:
            o = d.operator(seen=0, replay=True)
            o.event("closed", sid=other, why="restart")
            known, = d.operator("late").welcome["sessions"]
            same((known["sid"], known["state"], known["gone"]),
                 (sid, "left", True))
            same((known["name"], known["in"]), ("Anna", 1))
            assert known.get("waiting")
            same(o.reply(sid, "hello?"), "gone")
            o.command(f"history {sid}")
            assert o.frame(lambda f: f["op"] == "past" and
                           f["ev"]["text"] == "my box")
            same(o.command(f"close {sid}"), "ok")
            same(o.reply(sid, "hello?"), "closed")
            c = d.line()
            c.send("new\n")
            assert o.said("new")["sid"] > max(sid, other)


@case("numbers are not used again, though their sessions are closed")
def _():
    with state() as folder:
        for number in (1, 2, 3):
            with Desk(folder=folder) as d:
                o, c = d.operator(), d.line()
                same(o.welcome.get("sessions"), [])
                c.send("hi\n")
                same(o.said("hi")["sid"], number)
                same(o.command(f"close {number}"), "ok")
                c.close()
                same(d.stop(), 0)


@case("a gone session is closed after --gone-after")
def _():
    with state() as folder:
        with Desk(folder=folder) as d:
            o, c = d.operator(), d.line()
            c.send("hi\n")
            sid = o.said("hi")["sid"]
            d.signal(signal.SIGKILL)
            d.wait()
        with Desk("--gone-after", "1", folder=folder) as d:
            o = d.operator(seen=0, replay=True)
            o.event("gone", sid=sid)
            o.event("closed", sid=sid, why="gone")


@case("SIGINT stops a desk also when it was ignored at its start, as in a job "
      "begun with &")
def _():
    with Desk(preexec=lambda: signal.signal(signal.SIGINT,
                                            signal.SIG_IGN)) as d:
        d.signal(signal.SIGINT)
        same(d.wait(), 0)


@case("what a test starts hears SIGINT also when the test's own shell does not")
def _():
    p = subprocess.run(
        ["sh", "-c", "trap '' INT; exec python3 -c '"
         "import subprocess, tap; "
         "print(subprocess.run([\"sh\", \"-c\", \"kill -s INT $$\"])"
         ".returncode)'"], capture_output=True, text=True, timeout=LIMIT,
        env={**os.environ, "PYTHONPATH": HERE}, check=False)
    same((p.stdout, p.stderr), (f"{-signal.SIGINT}\n", ""))


main("stop")
