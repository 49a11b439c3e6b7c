# SPDX-License-Identifier: GPL-3.0-or-later
"""Each program that a customer may use, as doc/clients.md says: what it shows,
what its keys do, what becomes of a pipe.  A program that this machine does not
have is skipped by its name."""

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys

from desk import (CLIENT_HELLO, DESKWIRE, LIMIT, SERVER_HELLO, TOP, Deadline,
                  Desk, Skip, body, case, main, same)
from tap import fork_pty, text

ENVIRONMENT = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8",
               "INPUTRC": "/dev/null"}
LAST_OF_GREETING = "/quit to leave."
REPLY = "一 one\ntwo"
CTRL_C, CTRL_D = b"\x03", b"\x04"

# What a key does at a terminal.
ENDS = "ends"           # the program, and with it the conversation
READS = "reads on"      # nothing more is sent; answers still appear
GOES_ON = "goes on"     # nothing happens
TYPED = "is typed"      # as any other character

INTERRUPTED = -signal.SIGINT


class Client:
    """A row of the table.  It says how the program is called; what the keys do
    at a terminal, None where it is of no use there; whether it stays there,
    until Ctrl-C, when the desk has ended the conversation; its status behind
    Ctrl-C and when the desk has ended; whether the rows that it prints in a
    pipe end with CR LF; whether the desk learns of the pipe's end, and whether
    it leaves there without having sent all of it."""

    def __init__(self, name, *argv, ctrl_c=ENDS, ctrl_d, stays=False,
                 interrupted=INTERRUPTED, status=0, crlf=False,
                 shuts=False, leaves_a_pipe=False):
        self.name, self.argv = name, argv
        self.keys = {CTRL_C: ctrl_c, CTRL_D: ctrl_d}
        self.stays = stays
        self.interrupted, self.status = interrupted, status
        self.end = "\r\n" if crlf else "\n"
        self.shuts, self.leaves_a_pipe = shuts, leaves_a_pipe

    def command(self, port):
        path = shutil.which(self.argv[0])
        if path is None:
            raise Skip(f"{self.argv[0]} is not installed here")
        return [path, *(arg.replace("PORT", str(port))
                        for arg in self.argv[1:])]


CLIENTS = [
    Client("nc.openbsd", "nc.openbsd", "127.0.0.1", "PORT", ctrl_d=READS,
           stays=True),
    Client("nc.openbsd -N", "nc.openbsd", "-N", "127.0.0.1", "PORT",
           ctrl_d=ENDS, stays=True, shuts=True),
    Client("nc.traditional", "nc.traditional", "127.0.0.1", "PORT",
           ctrl_d=READS, interrupted=1),
    Client("ncat", "ncat", "127.0.0.1", "PORT", ctrl_d=ENDS, stays=True,
           shuts=True),
    Client("telnet", "inetutils-telnet", "127.0.0.1", "PORT", ctrl_c=GOES_ON,
           ctrl_d=TYPED, leaves_a_pipe=True),
    Client("plink -raw", "plink", "-raw", "-P", "PORT", "127.0.0.1",
           ctrl_d=ENDS, stays=True, shuts=True),
    Client("plink -telnet", "plink", "-telnet", "-P", "PORT", "127.0.0.1",
           ctrl_d=READS, crlf=True),
    Client("curl telnet://", "curl", "-sS", "telnet://127.0.0.1:PORT",
           ctrl_c=None, ctrl_d=None),
    Client("deskwire call", DESKWIRE, "call", "127.0.0.1", "PORT",
           ctrl_c=GOES_ON, ctrl_d=ENDS, shuts=True),
]


OTHERS = ("curl http://", "the tutorial's client",
          "the tutorial's client in GBK")


class Window:
    """A program at a terminal of its own."""

    def __init__(self, client, port):
        command = client.command(port)
        self.pid, self.fd = fork_pty()
        if self.pid == 0:
            os.execve(command[0], command, ENVIRONMENT)
        self.out = b""

    def type(self, keys):
        os.write(self.fd, keys if isinstance(keys, bytes) else keys.encode())

    def _read(self, seconds):
        """Some more; False at the end."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:             # everybody has closed the other end
            return False
        self.out += data
        return data != b""

    def until(self, words):
        """Takes what came up to these words."""
        deadline, words = Deadline(), words.encode()
        while words not in self.out:
            assert self._read(deadline.left(words)), self.out
        self.out = self.out.partition(words)[2]

    def status(self):
        """Once it has ended by itself."""
        deadline = Deadline()
        while self._read(deadline.left("the client's end")):
            pass
        pid, self.pid = self.pid, None
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


def talk(o, w, words):
    """Something is said and answered."""
    w.type(words + "\r")
    event = o.event_of(words)
    same(event["text"], words)
    same(o.reply(event["sid"], REPLY), "ok")
    w.until("lin: 一 one\r")
    w.until("     two\r")
    return event["sid"]


def greets_and_answers(client):
    with Desk() as d:
        o = d.operator()
        with Window(client, d.port) as w:
            w.until("* Welcome to deskwire.\r")
            w.until("  You are number 1 in line. Write your question.\r")
            w.until(LAST_OF_GREETING)
            talk(o, w, "hello 您好")
            sid = talk(o, w, "and thank you")
            w.type("/quit\r")
            w.until("* Goodbye.\r")
            same(o.event("closed", sid=sid)["why"], "quit")
            if client.stays:
                w.type(CTRL_C)
            same(w.status(),
                 client.interrupted if client.stays else client.status)


def ends(client, key, o, w, sid):
    w.type(key)
    same(w.status(), client.interrupted if key == CTRL_C else 0)
    assert o.event("closed", sid=sid)["why"] in ("left", "reset", "quit")


def reads_on(client, key, o, w, sid):
    w.type(key)
    same(o.reply(sid, "still there?"), "ok")
    w.until("lin: still there?")
    o.command(f"close {sid}")
    same(w.status(), client.status)


def goes_on(_, key, o, w, sid):
    for n in range(3):
        w.type(key)
        same(talk(o, w, f"again {n}"), sid)


def is_typed(_, key, o, w, sid):
    w.type(key + b"x\r")
    same(o.said(key.decode() + "x")["sid"], sid)
    same(talk(o, w, "again"), sid)


PLAYS = {ENDS: ends, READS: reads_on, GOES_ON: goes_on, TYPED: is_typed}


def takes_key(client, key):
    """A conversation in which this key is pressed."""
    with Desk() as d:
        o = d.operator()
        with Window(client, d.port) as w:
            w.until(LAST_OF_GREETING)
            sid = talk(o, w, "hello")
            PLAYS[client.keys[key]](client, key, o, w, sid)


def takes_a_pipe(client):
    """echo hello | client; one that leaves at the end of a pipe finds none
    before the desk has ended."""
    greeting = ["* Welcome to deskwire.",
                "  You are number 1 in line. Write your question.",
                f"  Type /help for help, {LAST_OF_GREETING}"]
    rows = ["* Received. You are next; somebody will answer here.",
            "lin: 一 one", "     two",
            "* This conversation was closed. Goodbye."]
    with Desk() as d:
        o = d.operator()
        command, (there, here) = client.command(d.port), os.pipe()
        p = subprocess.Popen(command, stdin=there, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, env=ENVIRONMENT)
        os.close(there)
        os.write(here, "hello 您好\n".encode())
        if not client.leaves_a_pipe:
            os.close(here)
        sid = o.said("hello 您好")["sid"]
        if client.shuts:
            o.event("eof", sid=sid)
        same(o.reply(sid, REPLY), "ok")
        same(o.command(f"close {sid}"), "ok")
        out = p.communicate(timeout=LIMIT)[0].decode()
        if client.leaves_a_pipe:
            os.close(here)
        assert out.endswith("".join(row + client.end for row in rows)), out
        same(out.splitlines()[-7:-4], greeting)
        same(p.returncode, client.status)
        same([e.get("flags", 0) for e in o.events() if e["ev"] == "said"], [0])
        same("eof" in [e["ev"] for e in o.events()], client.shuts)


def leaves_at_once(client):
    """What stands in a pipe before its end is not sent."""
    with Desk() as d:
        p = subprocess.run(client.command(d.port), input=b"", timeout=LIMIT,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           check=False, env=ENVIRONMENT)
        assert b"Welcome" not in p.stdout, p.stdout


def play(client):
    for key, name in ((CTRL_C, "Ctrl-C"), (CTRL_D, "Ctrl-D")):
        if client.keys[key] is not None:
            case(f"{client.name}: {name} {client.keys[key]}")(
                lambda key=key: takes_key(client, key))
    if client.keys[CTRL_D] is not None:
        case(f"{client.name}: it is greeted, asks, is answered and leaves")(
            lambda: greets_and_answers(client))
    case(f"{client.name}: in a pipe it prints the answers")(
        lambda: takes_a_pipe(client))
    if client.leaves_a_pipe:
        case(f"{client.name}: it leaves at the end of a pipe")(
            lambda: leaves_at_once(client))


for row in CLIENTS:
    play(row)


@case("curl http://: it is told that this is no HTTP")
def _():
    if shutil.which("curl") is None:
        raise Skip("curl is not installed here")
    with Desk() as d:
        for args, status in (([], 0), (["-d", "x=1"], 0), (["-f"], 22)):
            p = subprocess.run(
                ["curl", "-sS", *args, f"http://127.0.0.1:{d.port}/"],
                capture_output=True, check=False, timeout=LIMIT)
            same(p.returncode, status)
            assert status or b"This is a support desk" in p.stdout, p.stdout


def said(o, words, encoding):
    """The number of the session in which these words were said; their bytes are
    stored as they came."""
    data = words.encode(encoding)
    return o.frame(lambda f: f["op"] == "ev" and f["ev"]["ev"] == "said" and
                   body(f["ev"]) == data)["ev"]["sid"]


def tutorial(encoding):
    """The tutorial's client, where programs write in this encoding."""
    with Desk() as d:
        o = d.operator()
        p = subprocess.Popen(
            [sys.executable, f"{TOP}/tests/peers/classic_client.py",
             "127.0.0.1", str(d.port), "--encoding", encoding, "--say",
             "我的订单在哪里", "--say", "谢谢", "--say", "好"],
            stdout=subprocess.PIPE, env=ENVIRONMENT)
        sid = said(o, "我的订单在哪里", encoding)
        same(o.reply(sid, "稍等"), "ok")
        said(o, "谢谢", encoding)
        same(o.reply(sid, "再见"), "ok")
        said(o, "好", encoding)
        same(o.reply(sid, "quit"), "ok")
        out, _ = p.communicate(timeout=LIMIT)
    rows = [row.partition(" ")[::2] for row in out.decode().splitlines()]
    heard = [json.loads(value) for word, value in rows if word == "got"]
    same(rows[-1][0], "closed")
    same(p.returncode, 0)
    assert heard[0].startswith(SERVER_HELLO + "\nWelcome to deskwire."), heard
    same(heard[1:], ["稍等", "再见", "quit"])
    same([json.loads(value) for word, value in rows if word == "sent"],
         [CLIENT_HELLO, "我的订单在哪里", "谢谢", "好", "quit"])


@case("the tutorial's client: turn by turn, and quit from either side")
def _():
    tutorial("utf-8")


@case("the tutorial's client in GBK: the same, and its words are readable")
def _():
    tutorial("gbk")


@case("doc/clients.md has a row for each of them, and for no other")
def _():
    page = text("doc/clients.md")
    for part, more in (("At a terminal", ()), ("In a pipe", ()),
                       ("What is not a line of text", OTHERS)):
        table = page.partition(f"## {part}\n")[2].partition("\n## ")[0]
        rows = [row.strip("`") for row in
                re.findall(r"^\| ([^|-][^|]*) \|", table, re.M)][1:]
        same(rows, list(more) or [client.name for client in CLIENTS])


main("clients")
