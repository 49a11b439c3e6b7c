# SPDX-License-Identifier: GPL-3.0-or-later
"""What others wrote acts on no terminal, whichever field it stands in: every
code point in every text of every frame of a hostile desk, of a server and of a
customer; on a terminal, in a pipe, in call and in --log."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import threading
import unicodedata

from desk import (DESKWIRE, LIMIT, Deadline, Desk, case, main, same, state,
                  wait_until)
from tap import fork_pty, size

# What a console may say to its terminal: rows, colours, the cursor's ways.
OWN = re.compile(r"\x1b\[[\d;?]*[A-HJKPXhlm@]|[\r\n\a\b]")
# Signs of emoji, and the joiner of two, are no harm; nor is what a script
# cannot be written without, where it stands between two of its letters.
KEPT = "\u200d\ufe0f"
WRITTEN = [
    "می\u200cخواهم", "ක්\u200dෂ", "र्\u200dय", "ไทย\u200bไทย",
    "שלום!\u200f C++\u200e", "Donau\u00addampf", "葛\U000e0101城",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
]
DECEITFUL = {
    "pay\u200cpal": "pay\\u{200C}pal", "שלום\u202eabc": "שלום\\u{202E}abc",
    "a\u200eb": "a\\u{200E}b", "ab\u00ad": "ab\\u{00AD}",
    "\U0001f3f4\U000e0061\U000e007f": "\U0001f3f4\\u{E0061}\\u{E007F}",
}


def code_points():
    """All of them, or those where something is to be feared."""
    every = [c for c in range(1, 0x110000) if not 0xd800 <= c < 0xe000]
    step = max(1, 40 // size(1))
    feared = ("Cc", "Cf", "Co", "Cn", "Zl", "Zp", "Mn", "Me")
    return "".join(
        chr(c) for i, c in enumerate(every)
        if c < 0x300 or 0x2000 <= c < 0x2070 or i % (step * 50) == 0 or
        (c < 0x20000 and unicodedata.category(chr(c)) in feared and
         i % step == 0))


def chunks(n):
    text = code_points()
    return [text[i:i + n] for i in range(0, len(text), n)]


def harmful(text):
    """The characters of it that a terminal or a reader could obey."""
    return sorted({hex(ord(c)) for c in OWN.sub("", text) if c not in KEPT and
                   unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Co")})


def session(sid, text):
    return {"sid": sid, "state": "left", "mode": "line", "name": text,
            "addr": text, "words": text, "by": text, "gone": True,
            "began": 1, "waiting": 1, "said": 1, "went": 1, "in": 1,
            "unanswered": 1}


def welcome(text):
    return {"op": "welcome", "v": 1, "name": text, "desk": text,
            "journal": text[:20], "seq": 0, "listeners": [text, "udp " + text],
            "peers": [text], "datagrams": 1, "unlisted": 1,
            "sessions": [session(1, text), session(2, text)],
            "commands": [{"name": name, "args": text, "help": text,
                          "complete": text} for name in (text, "kick")]}


def frames(texts):
    """One of everything that a desk says, with each of the texts."""
    seq = 0
    for text in texts:
        for ev in ("arrived", "said", "reply", "name", "eof", "gone", "closed",
                   "on", "off", "udp", "udp-reply", "udp-sent", "sent"):
            seq += 1
            yield {"op": "ev", "ev": {
                "seq": seq, "t": 1, "sid": 0 if "u" == ev[0] else 3 + seq // 13,
                "ev": ev, "mode": text, "who": text, "addr": text, "why": text,
                "text": text, "n": seq - 1 if ev == "udp-sent" else 1}}
        yield {"op": "notice", "code": "limit", "text": text}
        yield {"op": "looks", "n": 1, "name": text, "sid": 1}


class HostileDesk:
    """Listens where consoles attach and tells them nothing but such texts."""

    def __init__(self, folder, last="bye"):
        self.path = os.path.join(folder, "operator.sock")
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(self.path)
        self.sock.listen()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def send(self, conn, frame):
        conn.sendall(json.dumps(frame).encode() + b"\n")

    def serve(self):
        conn, _ = self.sock.accept()
        conn.settimeout(LIMIT)
        rows = conn.makefile("rb")
        rows.readline()                         # hello
        texts = chunks(24)
        self.send(conn, welcome(texts[1]))
        self.send(conn, {"op": "live", "seq": 0})
        for row in rows:                        # its commands
            asked = json.loads(row)
            if asked.get("op") == "cmd" and asked["text"] == "kick 1":
                break
            if "id" in asked:
                self.send(conn, {"op": "err", "id": asked["id"],
                                 "code": texts[2], "text": texts[2]})
        for frame in frames(texts):
            self.send(conn, frame)
        self.send(conn, {"op": "ok", "id": asked["id"], "text": "it is over"})
        self.send(conn, {"op": "bye", "code": "stop", "text": texts[1]})
        conn.shutdown(socket.SHUT_WR)
        rows.read()
        conn.close()


def environment(folder):
    return {**os.environ, "HOME": folder, "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color", "INPUTRC": "/dev/null"}


def terminal(arguments, folder, typed=b"", after=b""):
    """All that the program writes to its terminal, as text."""
    pid, fd = fork_pty()
    if pid == 0:
        os.execve(DESKWIRE, [DESKWIRE, *arguments], environment(folder))
    out, deadline = b"", Deadline(LIMIT * 3)
    while True:
        if typed and after in out:
            os.write(fd, typed)
            typed = b""
        select.select([fd], [], [], deadline.left("the end"))
        try:
            data = os.read(fd, 65536)
        except OSError:             # EIO: it has left the terminal
            data = b""
        if not data:
            break
        out += data
    os.waitpid(pid, 0)
    os.close(fd)
    return out.decode()


def pipe(arguments, folder, typed=b""):
    out = subprocess.run(
        [DESKWIRE, *arguments], input=typed, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env=environment(folder), timeout=LIMIT * 3,
        check=False).stdout.decode()
    assert not re.search(r"[\r\a\b\x1b]", out)
    return out


KEYS = b"/list\n/1\n/help\n/udp\nhello\n/kick 1\n"


@case("nothing that a hostile desk says acts on a pipe's reader")
def _():
    with state() as folder:
        desk = HostileDesk(folder)
        out = pipe(["attach", "--operator-socket", desk.path], folder, KEYS)
        assert "it is over" in out, out[-500:]
        same(harmful(out), [])
        desk.thread.join(LIMIT)


@case("nor on a terminal")
def _():
    with state() as folder:
        desk = HostileDesk(folder)
        out = terminal(["attach", "--no-history", "--operator-socket",
                        desk.path], folder, KEYS.replace(b"\n", b"\r"), b"2 left> ")
        assert "it is over" in out, out[-500:]
        same(harmful(out), [])
        desk.thread.join(LIMIT)


@case("nor what a server says to call, on a terminal and in a pipe")
def _():
    def serve(sock):
        conn, _ = sock.accept()
        conn.settimeout(LIMIT)
        for text in chunks(200):
            conn.sendall(text.replace("\n", "").encode() + b"\n")
            conn.sendall(b"* " + text.replace("\n", "").encode() + b"\n")
        conn.shutdown(socket.SHUT_WR)
        while conn.recv(65536):
            pass
        conn.close()

    with state() as folder:
        for run in (pipe, terminal):
            with socket.create_server(("127.0.0.1", 0)) as sock:
                thread = threading.Thread(target=serve, args=(sock,),
                                          daemon=True)
                thread.start()
                out = run(["call", "127.0.0.1", str(sock.getsockname()[1])],
                          folder)
                thread.join(LIMIT)
            assert len(out) > 1000, out
            same(harmful(out), [])


@case("nor what customers and operators say in --log")
def _():
    with state() as folder:
        path = os.path.join(folder, "log")
        with Desk("--log", path, "--rate", "1000000", "--burst", "1000000",
                  "--max-line", "65536") as d:
            texts = chunks(2000)
            o, c = d.operator(texts[0][:24]), d.line()
            c.send("/name " + texts[0][:24].replace("\n", " ") + "\n")
            for text in texts:
                c.send(text.replace("\n", " ").replace("\r", " ") + "\n")
            c.send("the last one\n")
            sid = o.said("the last one")["sid"]
            for text in texts:
                o.reply(sid, text)
            o.reply(sid, "the end")
            wait_until(lambda: "the end" in open(path, encoding="utf-8").read(),
                       "the last row")
        with open(path, encoding="utf-8") as f:
            same(harmful(f.read()), [])


def typed():
    """Every code point that is no control character, in texts that nothing
    cuts; and what people write."""
    text = "".join(c for c in code_points() if unicodedata.category(c) != "Cc")
    return WRITTEN + list(DECEITFUL) + [
        "e" + "\u0301" * 9, "a\ud7ff\ue000\ufffe\U0010fffdz"] + [
            "<" + text[i:i + 200] + ">" for i in range(0, len(text), 200)]


@case("what an operator types is what the customer gets, with nc and telnet")
def _():
    with Desk() as d:
        o, nc, telnet = d.operator(), d.line(), d.line()
        nc.send("hi\n")
        telnet.send(b"\xff\xf1hi\r\n")
        for c, end in ((nc, "\n"), (telnet, "\r\n")):
            sid = o.event("arrived", addr=c.address)["sid"]
            for text in typed():
                same(o.reply(sid, text), "ok")
                c.until("lin: ")
                same(c.until(end), text + end)


@case("and with the tutorial's client, and over UDP")
def _():
    with Desk("--udp", "127.0.0.1:0", "--rate", "1000000", "--burst",
              "1000000") as d, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        o, c = d.operator(), d.classic()
        c.handshake()
        sid = o.event("arrived")["sid"]
        port = int(d.row("listening on udp ").rpartition(":")[2])
        udp.settimeout(LIMIT)
        udp.connect(("127.0.0.1", port))
        udp.send(b"hi")
        to = o.event("udp")["addr"]
        for n, text in enumerate(typed()):
            c.send(f"next {n}")
            o.said(f"next {n}")
            same(o.reply(sid, text), "ok")
            same(c.read_one(), text)
            same(o.command(f"udp {to} {text}"), "ok")
            same(udp.recv(2000).decode(), text)


@case("a joiner stands on the operator's screen where it belongs, and no "
      "longer where it deceives")
def _():
    with Desk("--rate", "1000000", "--burst", "1000000") as d, \
            state() as folder:
        o, c = d.operator(), d.line()
        for text in [*WRITTEN, *DECEITFUL, "the last"]:
            c.send(text + "\n")
            o.said(text)
        out = pipe(["attach", "--operator-socket", d.operator_path], folder,
                   b"/1\n/history\n")
        for text in [*WRITTEN, *DECEITFUL.values()]:
            assert text in out, (ascii(text), ascii(out))
        for text in DECEITFUL:
            assert text not in out, ascii(text)


signal.signal(signal.SIGPIPE, signal.SIG_IGN)
main("foreign")
