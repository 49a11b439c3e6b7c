# SPDX-License-Identifier: GPL-3.0-or-later
"""Consoles that answer the same customer: nobody answers over a colleague,
nothing is lost or doubled, and what is read is read everywhere."""

import os
import re
import signal
import socket
import threading

from attached import Terminal
from desk import Deadline, Desk, case, main, same, state

def console(d, path=None):
    return d.keep(Terminal(path or d.operator_path))


def asks(d, text="hello"):
    """A customer with a question, and its session."""
    c = d.line()
    c.send(text + "\n")
    c.until("is kept")
    return c


def selected(d, path=None):
    """A console with session 1 in its prompt, whose rows it has painted."""
    t = console(d, path)
    t.until("you are lin", "1 guest ", "[-]")
    t.type("/1\r")
    t.until("--- end", "[1 guest]")
    return t


def replies(o):
    """What was replied in session 1, as the journal has it."""
    number = o.ask("cmd", text="history 1")
    o.answer(number)
    return [f["ev"]["text"] for f in o.frames if f["op"] == "past" and
            f["id"] == number and f["ev"]["ev"] == "reply"]


def wakes(d, wakes_first, gives_back):
    """A console was suspended in mid-reply, and a colleague has answered; both
    Enters come when it wakes."""
    c = asks(d)
    t = selected(d)
    t.type("I will look")
    t.until("> I will look")
    t.stop()
    wang = d.operator("wang")
    same(wang.reply(1, "it is done"), "ok")
    c.until("wang: it is done\n")
    if gives_back:
        same(wang.command("release 1"), "ok")
    if wakes_first:
        t.go_on()
    t.type("\r\r")              # within a tenth of a second
    t.go_on()
    return c, t, wang


def sends(c, t, wang):
    """Who has had time to read may send it."""
    same(replies(wang), ["it is done"])
    deadline = Deadline()
    while replies(wang) == ["it is done"]:
        deadline.left("the reply")
        t.type("\r")
        t.read(0.1)
    c.until("lin: I will look\n")
    same(replies(wang), ["it is done", "I will look"])


@case("a console that was suspended in mid-reply does not answer a colleague's "
      "customer when it wakes")
def _():
    for wakes_first in (False, True):
        with Desk() as d:
            c, t, wang = wakes(d, wakes_first, gives_back=False)
            t.until("1 wang> it is done", "wang's", "not sent",
                    "the text is back in", "> I will look")
            t.type("\x15/steal\r")
            t.until("you have taken 1 guest from wang", "[1 guest, yours]")
            t.type("I will look")
            sends(c, t, wang)


@case("nor does it answer over what a colleague said who gave the customer "
      "back")
def _():
    for wakes_first in (False, True):
        with Desk() as d:
            c, t, wang = wakes(d, wakes_first, gives_back=True)
            t.until("1 wang> it is done", "not sent to 1 guest",
                    "stale?> I will look")
            sends(c, t, wang)


class Proxy:
    """Stands between consoles and a desk, and can keep from either what the
    other one says."""

    def __init__(self, path, desk_path):
        self.desk_path = desk_path
        self.from_consoles = threading.Event()      # is lost
        self.from_desk = threading.Event()
        self.links = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(8)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                console_end = self.listener.accept()[0]
            except OSError:
                return
            desk_end = socket.socket(socket.AF_UNIX)
            try:
                desk_end.connect(self.desk_path)
            except OSError:
                console_end.close()
                continue
            self.links += [console_end, desk_end]
            for args in ((console_end, desk_end, self.from_consoles),
                         (desk_end, console_end, self.from_desk)):
                threading.Thread(target=self._copy, args=args,
                                 daemon=True).start()

    @staticmethod
    def _copy(source, to, lost):
        try:
            while data := source.recv(65536):
                if not lost.is_set():
                    to.sendall(data)
        except OSError:
            pass
        for end in (source, to):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        """All links end, and nothing is lost any more."""
        links, self.links = self.links, []
        for end in links:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.from_consoles.clear()
        self.from_desk.clear()

    def close(self):
        self.listener.close()
        for end in self.links:
            end.close()


def a_desk_dies(folder):
    """A reply is typed and stored, and the desk is killed before its console
    hears of it; then the desk is there again."""
    proxy = Proxy(f"{folder}/proxy", f"{folder}/desk/operator.sock")
    os.mkdir(f"{folder}/desk")
    try:
        with Desk(folder=f"{folder}/desk") as d:
            asks(d)
            t = Terminal(f"{folder}/proxy")
            t.until("you are lin", "1 guest ", "[-]")
            t.type("/1\r")
            t.until("--- end", "[1 guest]")
            wang = d.operator("wang")
            proxy.from_desk.set()
            t.type("it is on its way\r")
            wang.event("reply", text="it is on its way")
            d.signal(signal.SIGKILL)
            d.wait()
        proxy.from_desk.clear()
        with Desk(folder=f"{folder}/desk") as d:
            t.until_match("the desk is back.*1 lin> it is on its way [✓·]")
            same(replies(d.operator("wang")), ["it is on its way"])
            t.type("/list\r")
            t.until("the desk is back", "lin answered last")
        rows = re.findall("1 lin> it is on its way [✓·]", t.out)
        same((len(rows), "not sent" in t.out), (1, False))
        t.close()
    finally:
        proxy.close()


@case("a desk that is killed between storing a reply and answering it: one "
      "row, one mark, nothing typed again")
def _():
    with state() as folder:
        a_desk_dies(folder)


@case("a link that is cut loses no reply and doubles none, whichever way it was "
      "lost")
def _():
    with Desk() as d:
        proxy = d.keep(Proxy(f"{d.folder}/proxy", d.operator_path))
        c, wang = asks(d), d.operator("wang")
        t = selected(d, f"{d.folder}/proxy")
        proxy.from_desk.set()
        t.type("stored\r")
        c.until("lin: stored\n")
        proxy.from_consoles.set()
        t.type("lost\r")
        t.until("1 lin> lost …")
        proxy.cut()
        c.until("lin: lost\n")
        t.until_match("the desk is back.*1 lin> stored ✓.*1 lin> lost ✓")
        t.type("next\r")
        c.until("lin: next\n")
        same(replies(wang), ["stored", "lost", "next"])
        assert "not sent" not in t.out, t.out


@case("what one console of an operator has read, all of them have, also after "
      "the desk was started again")
def _():
    with state() as folder:
        os.mkdir(f"{folder}/desk")
        with Desk(folder=f"{folder}/desk") as d:
            asks(d)
            other, wang = d.operator("lin"), d.operator("wang")
            t = selected(d)
            other.sync()
            same([f for f in other.frames if f["op"] == "read"], [])
            t.type("x")
            f = other.frame(op="read", sid=1)
            same(f["n"], 1)
            wang.sync()
            same([f for f in wang.frames if f["op"] == "read"], [])
            late = console(d)
            late.until("1 guest ", "waiting", "hello", "[-]")
            assert "unread" not in late.out, late.out
            d.stop()
        with Desk(folder=f"{folder}/desk") as d:
            late = console(d)
            late.until("1 guest ", "left unanswered", "hello", "[-]")
            assert "unread" not in late.out, late.out


main("colleagues")
