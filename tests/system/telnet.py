# SPDX-License-Identifier: GPL-3.0-or-later
"""Telnet as people use it: Ctrl-C, the keys that edit, urgent data; and what
stands before a customer's first byte. Telnet itself where there is one."""

import os
import select
import shutil
import signal
import socket

from desk import (CLIENT_HELLO, QUIT, SERVER_HELLO, Deadline, Desk, Skip, body,
                  case, main, same)
from tap import fork_pty

NO_RATE = ("--rate", "1000000", "--burst", "1000000")
CTRL_C = b"\xff\xf4\xff\xfd\x06"        # IAC IP, IAC DO TIMING-MARK
MARKED = b"\xff\xfb\x06"                # IAC WILL TIMING-MARK
NOP = b"\xff\xf1"
BOM = b"\xef\xbb\xbf"
DM = b"\xf2"


def urgent(c, data):
    c.sock.send(data, socket.MSG_OOB)


def hears(c, words, times=1):
    deadline = Deadline()
    while c.heard.count(words) < times:
        assert c.hear(deadline), c.heard


@case("each timing mark is answered, before the first line and after it")
def _():
    with Desk(*NO_RATE) as d:
        o, c = d.operator(), d.line()
        for times in range(1, 4):
            c.send(CTRL_C)
            hears(c, MARKED, times)
        c.send(b"hi\r\n" + CTRL_C * 1000)
        hears(c, MARKED, 1003)
        same(o.reply(o.said("hi")["sid"], "hello"), "ok")
        hears(c, b"lin: hello\r\n")
        same(c.heard.count(MARKED), 1003)


@case("marks whose answers are not read end this connection, and no other")
def _():
    with Desk(*NO_RATE, "--max-queue", "65536") as d:
        o, greedy, c = d.operator(), d.line(), d.line()
        greedy.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            for _ in range(3000):
                greedy.send(b"\xff\xfd\x06" * 1000 + b"\n")
        except OSError:             # it is cut off
            pass
        c.send("still here\n")
        o.said("still here")
        greedy.end()


class Telnet:
    """telnet in a terminal, its customer."""

    def __init__(self, port):
        path = shutil.which("telnet")
        if path is None:
            raise Skip("there is no telnet")
        self.pid, self.fd = fork_pty()
        if self.pid == 0:
            os.execve(path, [path, "127.0.0.1", str(port)],
                      {**os.environ, "TERM": "dumb", "HOME": "/"})
        self.shown = b""

    def until(self, words):
        deadline = Deadline()
        while words not in self.shown:
            if select.select([self.fd], [], [], deadline.left(repr(words)))[0]:
                self.shown += os.read(self.fd, 65536)
        self.shown = self.shown[self.shown.index(words) + len(words):]

    def type(self, keys):
        os.write(self.fd, keys)

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


@case("telnet shows what comes after a Ctrl-C")
def _():
    with Desk() as d:
        o, t = d.operator(), Telnet(d.port)
        try:
            t.until(b"to leave.")
            t.type(b"hi\n")
            sid = o.said("hi")["sid"]
            for text in ("one", "two", "three"):
                t.type(b"\x03")
                t.until(b"^C")
                t.type(text.encode() + b"\n")
                o.said(text)
                o.reply(sid, "to " + text)
                t.until(b"lin: to " + text.encode())
            t.type(b"/quit\n")
            t.until(b"Goodbye.")
        finally:
            t.end()


@case("telnet's own ayt, synch, el and ec do what they say")
def _():
    with Desk() as d:
        o, t = d.operator(), Telnet(d.port)
        try:
            t.until(b"to leave.")
            t.type(b"hi\n")
            sid = o.said("hi")["sid"]
            for name in ("ayt", "synch", "el", "ec"):
                t.type(b"\x1d")
                t.until(b"telnet> ")
                t.type(b"send " + name.encode() + b"\n")
                if name == "ayt":
                    t.until(b"* Yes, the desk is here.")
                o.reply(sid, name)      # shown when it is back from its prompt
                t.until(b"lin: " + name.encode())
            t.type(b"/quit\n")
            t.until(b"Goodbye.")
        finally:
            t.end()


@case("who asks whether somebody is there gets a row of the desk's own")
def _():
    with Desk() as d:
        c = d.line()
        c.until("to leave.\n")
        c.send(b"\xff\xf6")
        same(c.until("\r\n"), "* Yes, the desk is here.\r\n")
        c.send(b"\xff\xf6\xff\xf6\r\n")
        same(c.until("\r\n"), "* Yes, the desk is here.\r\n")


@case("a CR alone ends a row of telnet's, and a LF behind it is no other")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send(NOP + b"one\r")
        o.said("one")
        c.send(b"\ntwo\r")
        same(o.said("two")["n"], 2)
        c.send(b"\0th\rree\r\n")
        same(o.said("th\rree")["n"], 3)


@case("telnet's EC and EL, backspace and delete edit the row")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send("wrong\xff".encode("latin-1") + b"\xf8/quiet" + b"\x7f" * 6)
        c.send("你好吗e\u0301".encode() + b"\xff\xf7\xff\xf7!\r\n")
        o.said("你好!")
        c.send(b"helo\blo\r\n")
        o.said("hello")


@case("keys that come one by one edit it without telnet, and a paste is data")
def _():
    with Desk(*NO_RATE) as d:
        o, c, nc = d.operator(), d.line(), d.line()
        c.split(*(b"%c" % k for k in b"helx\x08lo\n"))
        o.said("hello")
        c.split("您好".encode(), b"\x7f", b"\n")
        o.said("您")
        nc.send(b"a paste\x08\x7f of text\n")
        same(body(o.said("a paste\x08\x7f of text")),
             b"a paste\x08\x7f of text")


@case("urgent data stays where it stands")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send("hell")
        urgent(c, b"o")
        c.send(" you\n")
        o.said("hello you")


@case("telnet's urgent mark, with its IAC and without, leaves a command one")
def _():
    for before in (b"", b"hi\n"):
        for iac in (b"", b"\xff"):
            for greeted in (True, False):
                with Desk() as d:
                    o, c = d.operator(), d.line()
                    if greeted:
                        c.until("to leave.\n")
                    if before:
                        c.send(before)
                        o.said("hi")
                    if iac:
                        c.send(iac)
                    urgent(c, DM)
                    c.send("/quit\n")
                    c.until("* Goodbye.")
                    same(c.end().strip(), "")


@case("it leaves the handshake a handshake, however late and however cut")
def _():
    words = CLIENT_HELLO.encode()
    for cut in (0, 1, 17):
        for greeted in (False, True):
            with Desk(*(("--silence-ms", "10") if greeted else ())) as d:
                o, c = d.operator(), d.classic()
                if greeted:
                    c.until("to leave.\n")
                urgent(c, DM)
                c.taken()
                c.split(*filter(None, (words[:cut], words[cut:])))
                same(o.event("arrived")["mode"], "classic")
                c.until(SERVER_HELLO)


@case("and the quit of a classic client a quit")
def _():
    with Desk() as d:
        o, c = d.operator(), d.classic()
        c.handshake()
        urgent(c, DM)
        c.taken()
        same(c.turn(QUIT), QUIT)
        o.event("closed", why="quit")


@case("a byte order mark before the first byte is taken away, however cut")
def _():
    words = CLIENT_HELLO.encode()
    for cut in range(4):
        with Desk() as d:
            o, classic, line, leaves = (d.operator(), d.classic(), d.line(),
                                        d.line())
            classic.split(*filter(None, (BOM[:cut], BOM[cut:] + words)))
            same(o.event("arrived")["mode"], "classic")
            line.split(*filter(None, (BOM[:cut], BOM[cut:] + b"hi\n")))
            same(body(o.said("hi")), b"hi")
            leaves.split(*filter(None, (BOM[:cut], BOM[cut:] + b"/quit\n")))
            leaves.until("* Goodbye.")


@case("alone it is nothing, also for one who was greeted")
def _():
    with Desk() as d:
        o, alone, late = d.operator(), d.line(), d.line()
        alone.send(BOM)
        alone.until("to leave.\n")
        alone.half_close()
        late.until("to leave.\n")
        late.split(BOM, b"hi\n")
        o.said("hi")
        alone.end()
        same(len([e for e in o.events() if e["ev"] == "arrived"]), 1)


signal.signal(signal.SIGPIPE, signal.SIG_IGN)
main("telnet")
