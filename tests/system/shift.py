# SPDX-License-Identifier: GPL-3.0-or-later
"""One shift at a desk, played through the real program and compared, byte for
byte, with how it went before: the operator's terminal, each customer's wire, a
console in a pipe, the histories.

	shift.py			is the test
	shift.py record BUILD DIR	writes what BUILD/deskwire does into DIR
	shift.py compare DIR DIR	shows how two recordings differ

A change that is meant to be seen is recorded again, with
`python3 tests/system/shift.py record build tests/system/shift`.

The time of day stands still but where the shift lets it pass, because a prompt
that says how long somebody waits is else painted whenever a second is over.
What is painted in the middle of a step, and lifted again before its last row,
is left out: how many rows are painted at once depends on the machine.  So is
the row of a reply that the desk has not answered: it is lifted at once."""

import difflib
import fcntl
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time

if sys.argv[1:2] == ["record"]:
    os.environ["top_builddir"] = sys.argv[2]

import desk
import tap
from desk import (CLIENT_HELLO, DESKWIRE, LIMIT, SANITIZED, Clock, Deadline,
                  wait_until)


COMMITTED = os.path.join(tap.HERE, "shift")
MORNING_MS = 1767258000000      # 2026-01-01 09:00:00 UTC
LIFT = re.compile(rb"\r\x1b\[K\r(?:\x1b\[A\x1b\[K\r)*")
END_OF_ROW = b"\r\r\n"
TAIL_LIFT = re.compile(rb"\x1b\[(\d+)A\x1b\[J")
IAC_DO_ECHO, IAC_WILL_NAWS = b"\xff\xfd\x01", b"\xff\xfb\x1f"
IAC_DONT_NAWS = b"\xff\xfe\x1f"


def plain(data):
    """Without colours, bells and what readline says to the terminal; what was
    lifted is as a row of its own."""
    bare = re.sub(rb"\x1b\[[\d;?]*[a-zA-Z]|\x07", b"", LIFT.sub(b"\n", data))
    return bare.decode(errors="replace").replace("\r", "")


def without_tail(data):
    """Without the rows above the prompt that were lifted again."""
    while lift := TAIL_LIFT.search(data):
        rows = data[:lift.start()].rsplit(END_OF_ROW, int(lift[1]) + 1)
        prompt = rows.pop()
        first = rows[-int(lift[1])]     # behind what lifted the line before
        kept = first[:max([m.end() for m in LIFT.finditer(first)] + [0])]
        before = b"".join(r + END_OF_ROW for r in rows[:-int(lift[1])])
        data = before + kept + prompt + data[lift.end():]
    return data


def shown_as(c):
    if "\udc80" <= c <= "\udcff":       # a byte that is not UTF-8
        return f"\\x{ord(c) - 0xdc00:02x}"
    if c.isprintable() and c != "\\":
        return c
    return c.encode("unicode_escape").decode()


def visible(data):
    """Rows of text, in which every control character is seen."""
    text = data.decode(errors="surrogateescape")
    return ["".join(map(shown_as, row))
            for row in re.findall(r"[^\n]*\n|[^\n]+", text)]


# Of the desk's own log, whose threads agree on no order: logbook.py has those.
LOG_ROW = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [a-z-]+(?: \w+=\S+)*: ")


class Recording:
    """What is written down, by the name of its file."""

    def __init__(self, folder):
        self.folder = folder
        self.files = {}

    def write(self, name, *rows):
        self.files.setdefault(name, []).extend(rows)

    def _same_everywhere(self, row):
        """Without ports and folders."""
        row = row.replace(self.folder, "FOLDER")
        return re.sub(r"(127\.0\.0\.1[: ])\d+", r"\1PORT", row)

    def save(self, folder):
        os.makedirs(folder, exist_ok=True)
        for old in os.listdir(folder):
            if old.endswith(".txt"):
                os.remove(os.path.join(folder, old))
        for name, rows in self.files.items():
            with open(os.path.join(folder, name + ".txt"), "w",
                      encoding="utf-8") as f:
                f.writelines(self._same_everywhere(row) + "\n"
                             for row in rows if not LOG_ROW.match(row))


class Terminal:
    """A desk in a terminal of 80x24, and the operator before it."""

    def __init__(self, shift, *args):
        self.recording = shift.recording
        self.running = shift.running
        self.out = b""
        self.pid, self.fd = tap.fork_pty()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ,
                        struct.pack("HHHH", 24, 80, 0, 0))
            os.execve(DESKWIRE, [DESKWIRE, "open", *args],
                      shift.environment)
        self.running.add(self.pid)

    def type(self, keys):
        self.recording.write("terminal", *("> " + row for row in
                                           visible(keys.encode())))
        os.write(self.fd, keys.encode())

    def _read(self, deadline, what):
        if not select.select([self.fd], [], [], deadline.left(what))[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:         # EIO: the desk has left the terminal
            data = b""
        self.out += data
        return data != b""

    def _shown(self):
        """What the step has painted: keys, then rows, then the line."""
        out = without_tail(self.out)
        first, *painted = LIFT.split(out)
        if not painted:
            return first
        rows = [p.rpartition(END_OF_ROW) for p in painted]
        bell = b"\x07" if b"\x07" in out else b""
        return b"".join([
            first, LIFT.search(out)[0],
            *(r[0] + r[1] for r in rows),
            rows[-1][2].replace(b"\x07", b""), bell])

    def until(self, *texts, line):
        """A step is over when these texts have been shown, in this order, and
        the last row is this one."""
        wanted = ".*".join(map(re.escape, texts)) + \
            r".*(?<![^\n])" + re.escape(line) + r"\Z"
        deadline = Deadline()
        while not re.search(wanted, plain(self._shown()), re.S):
            assert self._read(deadline, wanted), \
                f"ended before {wanted!r}: {self.out!r}"
        return self.write()

    def write(self):
        text = plain(self.out)
        self.recording.write("terminal", *visible(self._shown()), "")
        self.out = b""
        return text

    def end(self):
        deadline = Deadline()
        while self._read(deadline, "the end of the desk"):
            pass
        _, status = os.waitpid(self.pid, 0)
        self.running.discard(self.pid)
        self.write()
        self.recording.write(
            "terminal", f"= {os.waitstatus_to_exitcode(status)}", "")
        os.close(self.fd)


class Pipe:
    """A program with pipes."""

    def __init__(self, shift, name, *args):
        self.recording = shift.recording
        self.name = name
        self.heard = b""
        self.process = subprocess.Popen(
            [DESKWIRE, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=shift.environment)
        self.running = shift.running
        self.running.add(self.process.pid)

    def type(self, text):
        self.recording.write(self.name, *("> " + row for row in
                                          visible(text.encode())))
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def until(self, words):
        """Whole rows up to the one with these words."""
        deadline = Deadline()
        fd = self.process.stdout.fileno()
        while not re.search(re.escape(words.encode()) + rb".*\n", self.heard):
            if select.select([fd], [], [], deadline.left(words))[0]:
                data = os.read(fd, 65536)
                assert data, f"ended before {words!r}: {self.heard!r}"
                self.heard += data
        at = self.heard.index(b"\n", self.heard.index(words.encode())) + 1
        taken, self.heard = self.heard[:at], self.heard[at:]
        self.recording.write(self.name, *visible(taken))
        return taken.decode()

    def end(self):
        """Closes its input and waits until it has ended."""
        out, _ = self.process.communicate(timeout=LIMIT)
        self.running.discard(self.process.pid)
        self.recording.write(self.name, *visible(self.heard + out),
                             f"= {self.process.returncode}")

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.end()


class Wire(desk.Customer):
    """A customer's socket; what is sent and heard is written down."""

    def __init__(self, shift, name):
        super().__init__(shift.port)
        self.recording = shift.recording
        self.name = name

    def _write(self, mark, data):
        self.recording.write(self.name, *(mark + row for row in
                                          visible(data)))

    def send(self, data):
        data = data.encode() if isinstance(data, str) else data
        self._write("> ", data)
        super().send(data)

    def until(self, words, seconds=None):
        text = super().until(words, seconds)
        self._write("", text.encode(errors="surrogateescape"))

    def end(self, seconds=None):
        while self.hear(Deadline(seconds)):
            pass
        self._write("", self.heard)
        self.recording.write(self.name, "= " + (
            "reset" if self.reset_by_desk else "end of file"))
        self.close()


class Datagrams:
    """Somebody who writes over UDP."""

    def __init__(self, shift, name):
        self.recording = shift.recording
        self.name = name
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.settimeout(LIMIT)
        self.sock.connect(("127.0.0.1", shift.udp_port))

    def send(self, text):
        self.recording.write(self.name, "> " + "".join(
            visible(text.encode())))
        self.sock.send(text.encode())

    def hear(self):
        self.recording.write(self.name, *visible(self.sock.recv(65536)))

    def close(self):
        self.sock.close()


class Shift:
    def __init__(self, folder):
        self.folder = folder
        self.state = os.path.join(folder, "state")
        self.operators = os.path.join(folder, "operators")
        self.recording = Recording(folder)
        self.running = set()            # the programs that have not ended
        self.clock = Clock(folder, MORNING_MS)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": folder, "TERM": "xterm",
            "LANG": "C.UTF-8", "TZ": "UTC", "INPUTRC": "/dev/null",
            **self.clock.environment}

    def desk_arguments(self):
        return ("--state", self.state, "--operator-socket", self.operators,
                "--listen", "127.0.0.1:0", "--udp", "127.0.0.1:0",
                "--linger", "20")

    def open(self):
        return Terminal(self, *self.desk_arguments(), "--as", "lin",
                        "--no-history", "--clock", "second")

    def end(self):
        """Leaves nothing behind, also when something went wrong."""
        for pid in self.running:
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def ports(self, text):
        """From what a desk says of itself."""
        self.port, self.udp_port = (
            int(re.search(kind + r"127\.0\.0\.1:(\d+)", text)[1])
            for kind in ("listening on ", "listening on udp "))

    def attach(self, name):
        return Pipe(self, name, "attach", "--operator-socket",
                    self.operators, "--as", "mei")

    def call(self, name):
        return Pipe(self, name, "call", "--name", "wang", "127.0.0.1",
                    str(self.port))

    def histories(self, sids):
        """What /history prints of each session; a console leaves only after
        it was answered."""
        for sid in sids:
            c = self.attach("history")
            c.until("this is the desk")
            c.type(f"/history {sid}\n")
            c.end()


def received(place=1):
    """What a customer hears whose first words wait as the nth in line."""
    if place == 1:
        return "* Received. You are next; somebody will answer here.\n"
    return (f"* Received. You are number {place} in line; /place says it "
            "again.\n")


def arrivals(s, t):
    """Customers of four kinds; two say nothing until they are greeted."""
    s.anna, s.bob = Wire(s, "anna"), Wire(s, "telnet")
    s.anna.until("to leave.\n")
    s.bob.until("to leave.\n")
    s.anna.send("/name anna\n")
    s.anna.until("Thank you.\n")
    t.until("1 is called anna now", line="[-] 1 waiting 0:00> ")
    s.anna.send("My box is broken.\n")
    s.anna.until(received())
    t.until("1 anna| My box is broken.\n", line="[-] 1 waiting 0:00> ")
    s.clock.go(7)
    t.until(line="[-] 1 waiting 0:07> ")
    s.bob.send(IAC_DO_ECHO + IAC_WILL_NAWS)
    s.bob.until(IAC_DONT_NAWS)
    s.bob.send(b"/na\xff\xf1me bob\r\n")
    s.bob.until("Thank you.\r\n")
    t.until("2 is called bob now", line="[-] 2 waiting 0:07> ")
    s.bob.send("h\u00e9llo\r\0tw\x1bo\r\n")
    s.bob.until(received(2).replace("\n", "\r\n"))
    t.until("2 bob| tw", line="[-] 2 waiting 0:07> ")
    s.clock.go(2)
    t.until(line="[-] 2 waiting 0:09> ")
    s.tutorial = Wire(s, "classic")
    s.tutorial.send(CLIENT_HELLO)
    s.tutorial.until("Write your question.")
    t.until("3 guest is waiting", line="[-] 3 waiting 0:09> ")
    s.wang = s.call("call")
    s.wang.until("to leave.")
    s.wang.until("Thank you.")
    t.until("4 is called wang now", line="[-] 4 waiting 0:09> ")
    s.wang.type("\u6211\u7684\u76d2\u5b50\n")
    s.wang.until("says it again.")
    t.until("4 wang| \u6211", line="[-] 4 waiting 0:09> ")


def there_is_time_to_read():
    """What a colleague says counts as seen 0.7 s after its row was painted."""
    until = time.monotonic() + 1.5
    wait_until(lambda: time.monotonic() > until, "time")


def replies(s, t, mei):
    """To whom the prompt names: one row, several, from the other console."""
    t.type("\r")
    t.until("1 anna (line, ", "--- end", line="[1 anna] 3 waiting 0:02> ")
    t.type("Which light is on?\r")
    s.anna.until("lin: Which light is on?\n")
    t.until("1 lin> Which light is on? \u2713\n",
            line="[1 anna, yours] 3 waiting 0:02> ")
    t.type("\x1b[200~Please try:\n  1. the plug\n  2. the key\x1b[201~")
    t.until(line="  2. the key")
    t.type("\r")
    s.anna.until("2. the key\n")
    t.until("1 lin> Please try:", "2. the key \u2713\n",
            line="[1 anna, yours] 3 waiting 0:02> ")
    t.type("//slash\r")
    s.anna.until("lin: /slash\n")
    t.until("1 lin> /slash \u2713\n", line="[1 anna, yours] 3 waiting 0:02> ")
    mei.type("/1\n")
    mei.until("--- end")
    mei.type("I am mei.\n")
    mei.until("not sent")
    mei.type("/steal 1\nI am mei.\n")
    s.anna.until("mei: I am mei.\n")
    t.until("mei has taken 1 anna from you", "1 mei> I am mei. \u2713\n",
            line="[1 anna, mei's] 3 waiting 0:02> ")
    there_is_time_to_read()
    t.type("/steal\r")
    t.until("you have taken 1 anna from mei",
            line="[1 anna, yours] 3 waiting 0:02> ")
    s.anna.send("red\nor orange\n/nonsense\n")
    s.anna.until("lists them.\n")
    t.until("1 anna| red\n", "1 anna| or orange\n",
            line="[1 anna, yours] 3 waiting 0:02> ")
    t.type("/list\r")
    t.until(">1 anna", "2 bob", "3 guest", "4 wang",
            line="[1 anna, yours] 3 waiting 0:02> ")


def drafts(s, t):
    """A half-typed line stays with its session, also when a row comes."""
    t.type("Let me loo")
    t.until(line="Let me loo")
    s.anna.send("hurry\n")
    t.until("1 anna| hurry\n", line="[1 anna, yours] 3 waiting 0:02> Let me loo")
    t.type("\x1bm")             # the next unread one
    t.until("2 bob (line, ", "--- end", line="[2 bob] 3 waiting 0:00> ")
    t.type("half for bob")
    t.until(line="half for bob")
    t.type("\x1b/")             # back
    t.until("1 anna (line, ", "--- end",
            line="[1 anna, yours] 3 waiting 0:02> Let me loo")
    t.type("k it up.\r")
    s.anna.until("lin: Let me look it up.\n")
    t.until("1 lin> Let me look it up. \u2713\n",
            line="[1 anna, yours] 3 waiting 0:02> ")
    t.type("/select wa\r")
    t.until("4 wang (line, ", "--- end", line="[4 wang] 2 waiting 0:02> ")
    t.type("\u8bf7\u7a0d\u7b49\r")
    s.wang.until("lin: \u8bf7\u7a0d\u7b49")
    t.until("4 lin> \u8bf7\u7a0d\u7b49 \u2713\n",
            line="[4 wang, yours] 2 waiting 0:02> ")


def turns(s, t):
    """The tutorial's client reads after it has written."""
    t.type("/3\r")
    t.until("3 guest (classic, ", line="[3 guest] 1 waiting 0:02> ")
    t.type("before you ask\r")
    t.until("3 lin> before you ask \u00b7 (held until they write)\n",
            line="[3 guest, yours] 1 waiting 0:02> ")
    s.tutorial.send("\u4f60\u597d")
    t.until("3 guest| \u4f60\u597d\n", line="[3 guest, yours] 1 waiting 0:02> ")
    t.type("hello\r")
    s.tutorial.until("before you ask\nhello")
    t.until("3 lin> hello \u2713\n", line="[3 guest, yours] 1 waiting 0:02> ")
    s.tutorial.send("quit")
    t.until("3 guest is closed", line="[3 guest, closed] 1 waiting 0:02> ")
    s.tutorial.end()


def ends(s, t):
    """Every way in which a customer leaves."""
    t.type("/2\r")
    t.until("2 bob (line, ", "--- end", line="[2 bob]> half for bob")
    t.type("\x15/kick 2\r")
    s.bob.end()
    t.until("2 bob is closed", line="[2 bob, closed]> ")
    t.type("/close wang\r")
    s.wang.until("Goodbye.")
    t.until("4 wang is closed", line="[2 bob, closed]> ")
    s.wang.end()
    s.anna.send("/quit\n")
    s.anna.end()
    t.until("1 anna is closed", line="[2 bob, closed]> ")
    t.type("too late\r")
    t.until("closed", line="[2 bob, closed]> too late")


def mistakes(t):
    t.type("\x15/nonsense\r")
    t.until("/nonsense", "/help", line="[2 bob, closed]> /nonsense")
    t.type("\x15/99\r")
    t.until("there is no session 99", line="[2 bob, closed]> ")
    t.type("/kick 99\r")
    t.until("no such session", line="[2 bob, closed]> ")
    t.type("/history 99\r")
    t.until("* ", line="[2 bob, closed]> ")
    t.type("/close\r")
    t.until("* ", line="[2 bob, closed]> ")


def half_closed(s, t):
    """As `echo hi | nc` does it."""
    half = Wire(s, "half-closed")
    half.send("hi\n")
    half.half_close()
    half.until(received())
    t.until("5 guest| hi\n", "5 guest will write no more",
            line="[2 bob, closed] 1 waiting 0:00> ")
    t.type("/next\r")
    t.until("5 guest (line, ", "--- end", line="[5 guest]> ")
    t.type("hello and goodbye\r")
    half.until("lin: hello and goodbye\n")
    t.until("5 lin> hello and goodbye \u2713\n",
            line="[5 guest, yours]> ")
    t.type("/close\r")
    half.end()
    t.until("5 guest is closed by lin", line="[5 guest, closed]> ")


def datagrams(s, t):
    peer, other = Datagrams(s, "udp"), Datagrams(s, "udp-other")
    peer.send("is this \"the\" desk?\n")
    t.until("desk?", line="[5 guest, closed]> ")
    t.type("/udp yes, it is\r")
    peer.hear()
    t.until('lin> "yes, it is" \u2713', line="[5 guest, closed]> ")
    other.send("me too")
    t.until("me too", line="[5 guest, closed]> ")
    t.type("/udp which one?\r")
    t.until("* ", line="[5 guest, closed]> ")
    other.send(" quit ")
    t.until("(has left)", line="[5 guest, closed]> ")
    t.type("/udp\r")
    t.until('"is this', "yes, it is", '"me too"', "(has left)",
            line="[5 guest, closed]> ")
    peer.close()
    other.close()


def lost(s, t):
    """A connection that is lost while an operator is on duty."""
    cora = Wire(s, "lost")
    cora.send("/name cora\nare you there?\n")
    cora.until("Thank you.\n")
    cora.until(received())
    t.until("6 cora| are you there?\n",
            line="[5 guest, closed] 1 waiting 0:00> ")
    cora.reset()
    t.until("6 cora left unanswered", line="[5 guest, closed] 1 left> ")


def paste(s, t):
    """While another session is selected a paste is shown whole."""
    s.dora = Wire(s, "paste")
    s.dora.send("/name dora\n")
    s.dora.until("Thank you.\n")
    t.until("7 is called dora",
            line="[5 guest, closed] 1 waiting 0:00, 1 left> ")
    s.dora.send("".join(f"row {n}\n" for n in range(12)))
    s.dora.until(received())
    t.until("row 3\n", "row 11\n",
            line="[5 guest, closed] 1 waiting 0:00, 1 left> ")
    t.type("/history 7\r")
    t.until("--- 7 dora", "row 0\n", "row 11\n", "--- end",
            line="[5 guest, closed] 1 waiting 0:00, 1 left> ")
    t.type("/history 7 4\r")
    t.until("row 8\n", "row 11\n", "--- end",
            line="[5 guest, closed] 1 waiting 0:00, 1 left> ")
    t.type("/history 7 4\r")
    t.until("row 4\n", "row 7\n", "--- end",
            line="[5 guest, closed] 1 waiting 0:00, 1 left> ")


def goodbye(s, t):
    """The desk stops while dora, and a classic customer, are there."""
    last = Wire(s, "classic-last")
    last.send(CLIENT_HELLO + "one more thing")
    last.until("Write your question.")
    t.until("8 guest| one more thing\n",
            line="[5 guest, closed] 2 waiting 0:00, 1 left> ")
    t.type("/quit\r")
    t.until("2 customers are here",
            line="[5 guest, closed] 2 waiting 0:00, 1 left> ")
    t.type("/quit now\r")
    last.until("quit")
    last.send("quit")
    last.end()
    t.until("8 guest left unanswered: the desk stopped\n",
            line="[5 guest, closed] 1 waiting 0:00, 2 left> ")
    s.dora.end()
    t.end()


def nobody_on_duty(s):
    d = Pipe(s, "serve", "serve", *s.desk_arguments())
    s.ports(d.until("udp 127.0.0.1"))
    threads = d.threads()
    late = Wire(s, "late")
    late.send("/name eve\nanyone?\n")
    late.until("message is kept")
    late.until("\n")
    late.reset()
    wait_until(lambda: d.threads() == threads, "the worker's end")
    d.stop()


def next_morning(s, t):
    """Enter alone reaches who left unanswered."""
    s.ports(t.until("4 left unanswered: ", "6 cora", "9 eve",
                    line="[-] 4 left> "))
    t.type("/next\r")
    t.until("6 cora (line", "6 cora| are you there?\n", "--- end",
            line="[6 cora, left] 3 left> ")
    t.type("/select eve\r")
    t.until("9 eve (line", "9 eve| anyone?\n", "--- end",
            line="[9 eve, left] 3 left> ")
    t.type("I am now\r")
    t.until("not sent", line="[9 eve, left] 3 left> I am now")
    t.type("\x15/close\r")
    t.until("9 eve is closed", line="[9 eve, closed] 3 left> ")
    t.type("/close left\r")
    t.until("3 customers left", line="[9 eve, closed] 3 left> ")
    t.type("/close left\r")
    t.until("3 sessions closed", line="[9 eve, closed]> ")
    t.type("/list all\r")
    t.until("9 eve, closed by lin", "--- end", line="[9 eve, closed]> ")
    fay = Wire(s, "last")
    fay.send("/name fay\nstill open?\n")
    fay.until("Thank you.\n")
    fay.until(received())
    t.until("10 fay| still open?\n", line="[9 eve, closed] 1 waiting 0:00> ")
    t.type("/quit now\r")
    fay.end()
    t.end()


def play(s):
    t = s.open()
    s.ports(t.until("deskwire call --udp 127.0.0.1", line="[-]> "))
    mei = s.attach("attach")
    mei.until("this is the desk")
    t.until("mei", line="[-]> ")
    arrivals(s, t)
    replies(s, t, mei)
    drafts(s, t)
    turns(s, t)
    ends(s, t)
    mistakes(t)
    half_closed(s, t)
    datagrams(s, t)
    lost(s, t)
    paste(s, t)
    goodbye(s, t)
    mei.end()
    nobody_on_duty(s)
    t = s.open()
    next_morning(s, t)
    d = Pipe(s, "serve", "serve", *s.desk_arguments())
    d.until("udp 127.0.0.1")
    s.histories(range(1, 11))
    d.stop()


def record(folder):
    s = Shift(tempfile.mkdtemp(prefix="dw", dir="/tmp"))
    try:
        play(s)
        s.recording.save(folder)
    finally:
        s.end()


def rows_of(folder):
    """{name: rows} of a recording."""
    found = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".txt"):
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                found[name] = f.read().splitlines()
    return found


def differences(before, now):
    """{name: rows of a unified diff, none when nothing differs}."""
    a, b = rows_of(before), rows_of(now)
    return {name: list(difflib.unified_diff(
        a.get(name, []), b.get(name, []), os.path.join(before, name),
        os.path.join(now, name), lineterm=""))
        for name in sorted(a.keys() | b.keys())}


def compare(before, now):
    rows = sum(differences(before, now).values(), [])
    print("\n".join(rows), end="\n" if rows else "")
    return 1 if rows else 0


def differences_now():
    """On a busy machine a reply may leave later than its row waits for its
    mark; so what differs must differ three times."""
    for _ in range(3):
        with tempfile.TemporaryDirectory(prefix="dw", dir="/tmp") as now:
            try:
                record(now)
                found = differences(COMMITTED, now)
            except AssertionError as why:
                found = {"the shift": [str(why)]}
        if not any(found.values()):
            break
    return found


def test():
    if not tap.has_proc():
        tap.skip_all(tap.NO_PROC)
    try:
        for fd in tap.open_pty():
            os.close(fd)
    except tap.Skip as why:
        tap.skip_all(why)
    found = {}

    def of(name):
        def find():
            if SANITIZED:
                raise tap.Skip("a sanitizer lets no library hold the clock")
            if not found:
                found.update(differences_now())
            return found.pop(name, [])
        return find

    tap.run("shift", *((f"{name} is as it was recorded", of(name))
                       for name in rows_of(COMMITTED)),
            ("it goes to its end, and nothing else is recorded",
             lambda: sum(found.values(), [])))


def main(args):
    if not args:
        test()
    if args[0] == "record" and len(args) == 3:
        record(args[2])
        return 0
    if args[0] == "compare" and len(args) == 3:
        return compare(*args[1:])
    print(__doc__, file=sys.stderr)
    return 2


sys.exit(main(sys.argv[1:]))
