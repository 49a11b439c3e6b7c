# SPDX-License-Identifier: GPL-3.0-or-later
"""The customer's client against peers that behave as the tutorial's servers,
and against servers made of single steps."""

import json
import os
import queue
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading

from tap import BUILD, TOP, Skip, fork_pty, open_pty, run, same

DESKWIRE = os.environ.get("DESKWIRE", os.path.join(BUILD, "deskwire"))
PEERS = os.path.join(TOP, "tests", "peers")
LIMIT = 20      # seconds for any one wait; far more than any takes

CLIENT_HELLO = "客户端已就绪"
SERVER_HELLO = "服务端已就绪"
ASKS = b"/receipts\n"         # what a call in line mode begins with
STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


def environment():
    home = tempfile.gettempdir()
    return {**os.environ, "HOME": home, "XDG_STATE_HOME": home,
            "INPUTRC": "/dev/null"}


class Peer:
    """One of tests/peers as a server; its rows come through a queue."""

    def __init__(self, name, *args):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(PEERS, name), *args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, encoding="utf-8")
        self.rows = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.port = self.expect("listening")

    def _read(self):
        for row in self.process.stdout:
            word, _, value = row.partition(" ")
            self.rows.put((word, json.loads(value)))

    def expect(self, word, value=None):
        """The next row with this word (and value); others are passed over."""
        while True:
            got = self.rows.get(timeout=LIMIT)
            if got[0] == word and value in (None, got[1]):
                return got[1]

    def type(self, line):
        self.expect("asks")
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()


class Script:
    """A server that runs one function for its one client."""

    def __init__(self, act):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(LIMIT)
        self.port = self.listener.getsockname()[1]
        self.heard = b""
        self.failure = None
        self.thread = threading.Thread(target=self._run, args=(act,))
        self.thread.start()

    def _run(self, act):
        try:
            self.sock, _ = self.listener.accept()
            self.sock.settimeout(LIMIT)
            with self.sock:
                act(self)
        except Exception as e:      # handed to the test by __exit__
            self.failure = e

    def send(self, data):
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def until(self, words):
        while words.encode() not in self.heard:
            data = self.sock.recv(65536)
            assert data, f"ended before {words!r}: {self.heard!r}"
            self.heard += data

    def until_eof(self):
        while data := self.sock.recv(65536):
            self.heard += data

    def take_rows(self, refused=()):
        """Gives a receipt for each row until the end of what comes."""
        number = 0
        while True:
            for number in range(number, self.heard.count(b"\n")):
                self.send(f"* receipt {number}"
                          f"{' refused' if number in refused else ''}\n")
            number = self.heard.count(b"\n")
            if not (data := self.sock.recv(65536)):
                break
            self.heard += data

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is Skip:                # nobody has come, and nobody will
            socket.create_connection(("127.0.0.1", self.port)).close()
        self.thread.join()
        self.listener.close()
        if self.failure is not None and kind is not Skip:
            raise self.failure


class Client:
    """deskwire call with pipes."""

    def __init__(self, port, *args):
        self.process = subprocess.Popen(
            [DESKWIRE, "call", *args, "127.0.0.1", str(port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment())
        self.out = b""

    def type(self, line):
        self.process.stdin.write((line + "\n").encode())
        self.process.stdin.flush()

    def until(self, words):
        fd = self.process.stdout.fileno()
        while words.encode() not in self.out:
            assert select.select([fd], [], [], LIMIT)[0], self.out
            data = os.read(fd, 65536)
            assert data, f"ended before {words!r}: {self.out!r}"
            self.out += data

    def end(self, text=b""):
        """The end of input, then: status, output, what it complains about."""
        rest, err = self.process.communicate(text, timeout=LIMIT)
        return (self.process.returncode, (self.out + rest).decode(),
                err.decode())

    def wait(self):
        """Its end, with standard input left open."""
        status = self.process.wait(timeout=LIMIT)
        out = self.out + self.process.stdout.read()
        err = self.process.stderr.read()
        for pipe in (self.process.stdin, self.process.stdout,
                     self.process.stderr):
            pipe.close()
        return status, out.decode(), err.decode()


def rows_match(out, patterns):
    """The whole output, a pattern for each row."""
    rows = out.splitlines()
    same(len(rows), len(patterns))
    for row, pattern in zip(rows, patterns):
        assert re.fullmatch(pattern, row), f"{row!r} is not {pattern!r}"


# --- line mode ----------------------------------------------------------

def a_pipe_is_sent_half_closed_and_the_answers_are_printed():
    def desk(s):
        s.until_eof()
        s.send("* Welcome.\nLin: 您好\n* Goodbye.\n")

    with Script(desk) as s:
        same(Client(s.port).end(b"hello\n"),
             (0, "* Welcome.\nLin: 您好\n* Goodbye.\n", ""))
    same(s.heard, ASKS + b"hello\n")


def waited_for(rows, text=b"hello\n"):
    """What a call of one second says of a desk that sends these rows."""
    ended = threading.Event()

    def desk(s):
        s.until_eof()
        s.send(rows)
        assert ended.wait(LIMIT)

    with Script(desk) as s:
        got = Client(s.port, "--wait", "1").end(text)
        ended.set()
    return got


def a_pipe_ends_when_the_wait_is_over():
    rows = "* Please wait.\nLin: hello\n"
    same(waited_for(rows), (0, rows, ""))


def the_desks_own_rows_are_no_answer():
    status, out, err = waited_for("* Welcome.\n* Please wait.\n")
    same((status, out), (1, "* Welcome.\n* Please wait.\n"))
    assert "no answer" in err, err


def nor_are_their_further_rows():
    rows = "* Welcome.\n  You are number 1 in line.\n"
    status, out, err = waited_for(rows)
    same((status, out), (1, rows))
    assert "no answer" in err, err
    rows += "Lin: one\n     two\n"
    same(waited_for(rows), (0, rows, ""))


def who_says_nothing_needs_no_answer():
    same(waited_for("* Welcome.\n", b""), (0, "* Welcome.\n", ""))


def a_reset_after_the_end_of_input_is_status_6():
    def desk(s):
        s.send("* Welcome.\nLin: one mom\n")
        s.until_eof()
        s.reset()

    with Script(desk) as s:
        status, _, err = Client(s.port).end(b"hello\n")
    same(status, 6)
    assert "broken" in err, err


def a_reset_after_slash_quit_is_fine():
    def desk(s):
        s.send("* Welcome.\nLin: one mom\n")
        s.until("/quit\n")
        s.reset()

    with Script(desk) as s:
        t = Terminal(s.port)
        t.type("hello\r/quit\r")
        same(t.status(), 0)


def without_any_answer_the_wait_ends_in_a_failure():
    ended = threading.Event()
    with Script(lambda s: ended.wait(LIMIT)) as s:
        status, out, err = Client(s.port, "--wait", "1").end(b"hello\n")
        ended.set()
    same((status, out), (1, ""))
    assert "no answer" in err, err


def rows_of_a_long_text_arrive_whole():
    text = b"".join(b"row %d of a long letter\n" % i for i in range(20000))

    def desk(s):
        s.take_rows()
        s.send("Lin: thank you\n")

    with Script(desk) as s:
        same(Client(s.port).end(text)[0], 0)
    same(s.heard == ASKS + text, True)


def most_that_is_taken(client):
    """How many bytes it reads before it leaves the rest in the pipe, or has
    ended because it was told not to wait longer."""
    fd, block, taken = client.process.stdin.fileno(), b"0123456\n" * 512, 0
    os.set_blocking(fd, False)
    try:
        while taken < 32 << 20 and select.select([], [fd], [], 1)[1]:
            taken += os.write(fd, block)
    except BrokenPipeError:
        pass
    os.set_blocking(fd, True)
    return taken


def a_peer_that_reads_nothing_holds_the_pipe_back():
    read = threading.Event()

    def desk(s):
        s.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        assert read.wait(LIMIT)
        s.take_rows()
        s.send("Lin: thank you\n")

    with Script(desk) as s:
        c = Client(s.port)
        try:
            taken = most_that_is_taken(c)
        finally:
            read.set()
        same(c.end()[:2], (0, "Lin: thank you\n"))
    assert taken < 1 << 20, taken
    same(len(s.heard), len(ASKS) + taken)


def a_peer_that_never_reads_ends_the_call_after_the_wait():
    ended = threading.Event()

    def desk(s):
        s.send("* receipt 0\n")
        assert ended.wait(LIMIT)

    with Script(desk) as s:
        c = Client(s.port, "--wait", "1")
        try:
            most_that_is_taken(c)
            status = c.wait()[0]
        finally:
            ended.set()
    same(status, 1)


def empty_rows_are_not_sent():
    def desk(s):
        s.until_eof()
        s.send("* Goodbye.\n")

    with Script(desk) as s:
        Client(s.port).end(b"\na\n\nb\n")
    same(s.heard, ASKS + b"a\nb\n")


def hostile_text_of_the_server_is_harmless():
    def desk(s):
        s.send(b"Lin: \x1b]0;owned\x07\x1b[2J\x9b31m \xe2\x80\xae \xff\r\0ok\n")
        s.send(b"* bye\n")
        s.until_eof()

    with Script(desk) as s:
        status, out, _ = Client(s.port).end()
    same(status, 0)
    same(out, "Lin: \\x1b]0;owned\\x07\\x1b[2J\\x9b31m \\u{202E} \\xff\n"
         "ok\n* bye\n")


def a_desk_that_dies_is_status_6():
    def desk(s):
        s.until("hello\n")
        s.send("Lin: one mom\n")

    with Script(desk) as s:
        c = Client(s.port)
        c.type("hello")
        status, out, err = c.wait()
    same((status, out), (6, "Lin: one mom\n"))
    assert "closed" in err, err


def a_reset_is_status_6():
    def desk(s):
        s.until("hello\n")
        s.send("Lin: one mom\n")
        s.until("more\n")
        s.reset()

    with Script(desk) as s:
        c = Client(s.port)
        c.type("hello")
        c.until("mom")
        c.type("more")
        status, _, err = c.wait()
    same(status, 6)
    assert "broken" in err, err


def a_desk_that_ends_the_conversation_is_fine():
    def desk(s):
        s.until("hello\n")
        s.send("Lin: done\n* This conversation is closed.\n")

    with Script(desk) as s:
        c = Client(s.port)
        c.type("hello")
        status, _, err = c.wait()
    same((status, err), (0, ""))


def a_full_desk_is_status_5():
    def desk(s):
        s.send("* Sorry, all places are taken.\n")
        s.reset()

    with Script(desk) as s:
        status, out, err = Client(s.port).end(b"hello\n")
    same((status, out), (5, "* Sorry, all places are taken.\n"))
    assert "took no call" in err, err


def nobody_there_is_status_5_and_one_row():
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    status, out, err = Client(port).end()
    same((status, out), (5, ""))
    same(err, f"deskwire: no connection to 127.0.0.1:{port}: "
         "nobody listens there\n")


def slash_quit_ends_the_call():
    def desk(s):
        s.until("/quit\n")
        s.send("* Goodbye.\n")

    with Script(desk) as s:
        t = Terminal(s.port)
        t.type("/quit\r")
        t.until("* Goodbye.")
        same(t.status(), 0)


def a_telnet_question_is_refused_once():
    def desk(s):
        s.send(b"\xff\xfd\x18\xff\xfd\x18hi\n")
        s.until("a\n")
        s.send("* bye\n")

    with Script(desk) as s:
        c = Client(s.port)
        c.until("hi")
        c.type("a")
        same(c.wait()[1], "hi\n* bye\n")
    same(s.heard, ASKS + b"\xff\xfc\x18a\n")


# --- what the desk has taken --------------------------------------------

def a_desk_that_is_killed_before_an_answer_is_status_6():
    def desk(s):
        s.send("* Welcome.\n")
        s.until("hello\n")
        s.send("* receipt 0\n* receipt 1\n* Received.\n")

    with Script(desk) as s:
        status, out, err = Client(s.port).end(b"hello\n")
    same((status, out), (6, "* Welcome.\n* Received.\n"))
    assert "nobody has answered" in err, err


def a_row_without_a_receipt_at_the_end_is_status_6():
    def desk(s):
        s.send("* Welcome.\n* receipt 0\n")
        s.until("more\n")
        s.send("* receipt 1\nLin: one mom\n")

    with Script(desk) as s:
        status, _, err = Client(s.port).end(b"hello\nmore\n")
    same(status, 6)
    assert "closed" in err, err


def a_refused_row_is_status_1_whatever_is_answered():
    def desk(s):
        s.take_rows(refused={2})
        s.send("Lin: fine\n")

    with Script(desk) as s:
        status, out, err = Client(s.port).end(b"a\nb\nc\n")
    same((status, out), (1, "Lin: fine\n"))
    assert "refused" in err, err


def a_row_that_nobody_has_answered_is_status_7():
    ended = threading.Event()

    def desk(s):
        s.send("* Welcome.\n* receipt 0\n")
        s.until("hello\n")
        s.send("* receipt 1\nLin: yes\n")
        s.until("and?\n")
        s.send("* receipt 2\n")
        assert ended.wait(LIMIT)

    with Script(desk) as s:
        c = Client(s.port, "--wait", "3")
        c.type("hello")
        c.until("Lin: yes")
        status, out, err = c.end(b"and?\n")
        ended.set()
    same((status, out), (7, "* Welcome.\nLin: yes\n"))
    assert "nobody has answered" in err, err


def an_answer_behind_the_last_row_is_status_0():
    def desk(s):
        s.send("* Welcome.\n* receipt 0\n")
        s.until("and?\n")
        s.send("* receipt 1\n* receipt 2\nLin: yes\n")

    with Script(desk) as s:
        same(Client(s.port).end(b"hello\nand?\n")[::2], (0, ""))


def no_wait_ends_as_soon_as_all_is_stored():
    ended = threading.Event()

    def desk(s):
        s.take_rows()
        assert ended.wait(LIMIT)

    with Script(desk) as s:
        same(Client(s.port, "--no-wait").end(b"a\nb\n" * 20), (7, "", ""))
        ended.set()
    same(s.heard, ASKS + b"a\nb\n" * 20)


def no_wait_needs_a_desk_that_says_what_it_has_stored():
    ended = threading.Event()
    with Script(lambda s: ended.wait(LIMIT)) as s:
        status, _, err = Client(s.port, "--no-wait", "--wait",
                                "1").end(b"hello\n")
        ended.set()
    same(status, 1)
    assert "does not say" in err or "no answer" in err, err


def no_wait_is_for_line_mode():
    for mode in ("--classic", "--udp"):
        r = subprocess.run([DESKWIRE, "call", "--no-wait", mode], check=False,
                           capture_output=True, stdin=subprocess.DEVNULL)
        same(r.returncode, 2)


def receipts_are_not_shown_and_what_looks_like_one_is():
    rows = "* receipt 7\n* receipt 1 or so\nreceipt 1\n"

    def desk(s):
        s.until("hello\n")
        s.send("* receipt 0\n" + rows + "* receipt 1\nLin: receipt 2\n")

    with Script(desk) as s:
        same(Client(s.port).end(b"hello\n"), (0, rows + "Lin: receipt 2\n",
                                              ""))


def no_more_rows_are_sent_than_may_wait_for_receipts():
    def desk(s):
        s.send("* receipt 0\n")
        for n in range(1, 21):
            s.until(f"row {min(n + 7, 20)}\n")
            assert f"row {n + 8}\n".encode() not in s.heard, (n, s.heard)
            s.send(f"* receipt {n}\n")
        s.until_eof()
        s.send("Lin: thank you\n")

    rows = b"".join(b"row %d\n" % n for n in range(1, 21))
    with Script(desk) as s:
        same(Client(s.port).end(rows)[0], 0)
    same(s.heard, ASKS + rows)


def a_desk_without_receipts_gets_all_rows_as_well():
    def desk(s):
        s.send("* There is no such command.\n")
        s.until_eof()
        s.send("Lin: thank you\n")

    rows = b"".join(b"row %d\n" % n for n in range(1, 13))
    with Script(desk) as s:
        same(Client(s.port, "--wait", "1").end(rows)[0], 0)
    same(s.heard, ASKS + rows)


def a_piped_row_that_begins_with_a_slash_is_text():
    def desk(s):
        s.take_rows()
        s.send("Lin: fine\n")

    with Script(desk) as s:
        same(Client(s.port, "--name", "wang").end(
            b"/quit\n/\n//two\n/usr/bin is full\n")[0], 0)
    same(s.heard, ASKS + b"/name wang\n"
         b"//quit\n//\n///two\n//usr/bin is full\n")


def what_telnet_would_take_for_a_command_is_doubled():
    def desk(s):
        s.take_rows()
        s.send("Lin: fine\n")

    with Script(desk) as s:
        Client(s.port).end(b"\xffa\xff\xf4\xff\n")
    same(s.heard, ASKS + b"\xff\xffa\xff\xff\xf4\xff\xff\n")


def nul_bytes_of_a_pipe_are_kept():
    def desk(s):
        s.take_rows()
        s.send("Lin: fine\n")

    with Script(desk) as s:
        same(Client(s.port).end(b"a\0b\0\n\0/\n/\0\r\n1\r\0002\n")[0],
             0)
    same(s.heard, ASKS + b"a\0b\0\n\0/\n//\0\n1\n2\n")


def nul_bytes_are_refused_aloud_where_they_cannot_be_sent():
    with Peer("blocking_server.py", "--answer", "fine") as p:
        status, out, _ = Client(p.port, "--classic").end(b"a\0b\nc\n")
        p.expect("got", "c")
    same(status, 1)
    assert "not sent: a line with a NUL byte" in out, out
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        status, out, _ = Client(s.getsockname()[1], "--udp", "--wait",
                                "0").end(b"a\0b\n")
    same(status, 1)
    assert "not sent: a line with a NUL byte" in out, out


def options_may_stand_behind_host_and_port():
    ended = threading.Event()
    with Script(lambda s: ended.wait(LIMIT)) as s:
        r = subprocess.run(
            [DESKWIRE, "call", "127.0.0.1", str(s.port), "--wait", "1"],
            input=b"hello\n", capture_output=True, check=False, timeout=LIMIT,
            env=environment())
        ended.set()
    same(r.returncode, 1)
    assert b"no answer came in time" in r.stderr, r.stderr
    r = subprocess.run(
        [DESKWIRE, "call", "127.0.0.1", "1", "--wait", "1"], check=False,
        capture_output=True, stdin=subprocess.DEVNULL,
        env={**environment(), "POSIXLY_CORRECT": "1"})
    same(r.returncode, 2)
    assert b"put options before" in r.stderr, r.stderr


def an_interrupt_ends_a_pipe_by_its_signal():
    def desk(s):
        s.send("* Welcome.\n")
        s.until("/quit\n")

    with Script(desk) as s:
        c = Client(s.port)
        c.until("Welcome")
        c.process.send_signal(signal.SIGINT)
        same(c.wait()[0], 128 + signal.SIGINT)


# --- on a terminal ------------------------------------------------------

class Terminal:
    def __init__(self, port, *args):
        self.pid, self.fd = fork_pty()
        if self.pid == 0:
            env = {**environment(), "TERM": "xterm"}
            os.execve(DESKWIRE, [DESKWIRE, "call", *args, "127.0.0.1",
                                 str(port)], env)
        self.out = b""

    def until(self, words):
        at = 0
        while (found := self.out.find(words.encode(), at)) < 0:
            assert select.select([self.fd], [], [], LIMIT)[0], self.out
            try:
                self.out += os.read(self.fd, 65536)
            except OSError:
                raise AssertionError(f"ended before {words!r}: {self.out!r}")
        self.out = self.out[found + len(words.encode()):]

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def status(self):
        while True:
            try:
                if not os.read(self.fd, 65536):
                    break
            except OSError:
                break
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def what_arrives_stands_above_the_half_typed_line():
    go = threading.Event()

    def desk(s):
        assert go.wait(LIMIT)
        s.send("Lin: 您好\n")
        s.until("half typed\n")
        s.until("/quit\n")
        s.send("* Goodbye.\n")

    with Script(desk) as s:
        t = Terminal(s.port)
        t.until("> ")
        t.type("half ty")
        t.until("half ty")
        go.set()
        t.until("Lin: 您好")
        t.until("> half ty")
        t.type("ped\r")
        t.type("\x04")
        same(t.status(), 0)


def ctrl_c_on_an_empty_line_says_how_to_leave_and_goes_on():
    def desk(s):
        s.until("one more\n")
        s.until("/quit\n")
        s.until_eof()
        s.send("* Goodbye.\n")

    with Script(desk) as s:
        t = Terminal(s.port)
        t.until("> ")
        t.type("\x03")
        t.until("* Ctrl-D ends the call")
        t.type("dropped")
        t.until("dropped")
        t.type("\x03")
        t.until("^C")
        t.type("one more\r")
        t.type("\x04")
        same(t.status(), 0)


def a_term_signal_leaves_in_order_and_the_terminal_as_it_was():
    def desk(s):
        s.until("/quit\n")
        s.until_eof()

    with Script(desk) as s:
        master, slave = open_pty()
        before = termios.tcgetattr(slave)
        client = subprocess.Popen(
            [DESKWIRE, "call", "127.0.0.1", str(s.port)], stdin=slave,
            stdout=slave, stderr=slave, start_new_session=True,
            env={**environment(), "TERM": "xterm"})
        out = b""
        while b"> " not in out:
            assert select.select([master], [], [], LIMIT)[0], out
            out += os.read(master, 65536)
        client.send_signal(signal.SIGTERM)
        same(client.wait(LIMIT), 128 + signal.SIGTERM)
        same(termios.tcgetattr(slave), before)
        os.close(slave)
        os.close(master)


def a_term_signal_ends_a_pipe_as_well():
    def desk(s):
        s.send("* Welcome.\n")
        s.until("/quit\n")

    with Script(desk) as s:
        c = Client(s.port)
        c.until("Welcome")
        c.process.send_signal(signal.SIGTERM)
        same(c.wait(), (128 + signal.SIGTERM, "* Welcome.\n", ""))


def a_terminal_learns_that_nobody_has_answered():
    for rows, status in (("", 6), ("Lin: yes\n* Goodbye.\n", 0)):
        def desk(s):
            s.send("* Welcome.\n* receipt 0\n")
            s.until("hello\n")
            s.send("* receipt 1\n" + rows)

        with Script(desk) as s:
            t = Terminal(s.port)
            t.until("> ")
            t.type("hello\r")
            same(t.status(), status)


def who_leaves_behind_a_long_paste_sends_it_first():
    rows = [f"row {n}" for n in range(30)]

    def desk(s):
        s.until("row 7\n")
        s.send("* Welcome.\n")
        s.take_rows()

    with Script(desk) as s:
        t = Terminal(s.port)
        t.until("> ")
        t.type("\x1b[200~" + "\r".join(rows) + "\x1b[201~\r\x04")
        same(t.status(), 0)
    same(s.heard, ASKS + ("\n".join(rows) + "\n/quit\n").encode())


# --- classic ------------------------------------------------------------

def both(test):
    for name in ("blocking_server.py", "threading_server.py"):
        test(name)


def a_conversation(name):
    with Peer(name) as p:
        c = Client(p.port, "--classic")
        c.type("我的订单在哪里")
        p.expect("got", CLIENT_HELLO)
        p.expect("got", "我的订单在哪里")
        p.type("稍等")
        c.until("稍等")
        c.type("thanks")
        p.expect("got", "thanks")
        p.type("bye")
        c.until("bye")
        c.type("quit")
        p.expect("got", "quit")
        p.expect("sent", "quit")
        p.expect("closed" if name.startswith("b") else "finish")
        status, out, err = c.end()
    same((status, err), (0, ""))
    where = f"127.0.0.1:{p.port}"
    rows_match(out, [
        rf"Connecting to server {where} \.\.\.",
        rf"Connected to server {where}",
        rf"Client send --> {STAMP} - {CLIENT_HELLO}",
        rf"Client received ==> {STAMP} - {SERVER_HELLO}",
        rf"Client send --> {STAMP} - 我的订单在哪里",
        rf"Client received ==> {STAMP} - 稍等",
        rf"Client send --> {STAMP} - thanks",
        rf"Client received ==> {STAMP} - bye",
        rf"Client send --> {STAMP} - quit",
        rf"Client received ==> {STAMP} - quit",
        rf"Disconnected from server {where}"])


def a_conversation_with_both_servers():
    both(a_conversation)


def server_quits(name):
    with Peer(name) as p:
        c = Client(p.port, "--classic")
        c.type("hello")
        p.expect("got", "hello")
        p.type("quit")
        p.expect("got", "quit")
        status, out, err = c.wait()
    same((status, err), (0, ""))
    assert out.splitlines()[-1].startswith("Disconnected"), out


def the_server_may_quit_too():
    both(server_quits)


def a_pipe_is_sent_turn_by_turn():
    with Peer("blocking_server.py", "--answer", "one", "--answer",
              "two") as p:
        status, out, _ = Client(p.port, "--classic").end(b"a\nb\n")
        for word in (CLIENT_HELLO, "a", "b", "quit"):
            p.expect("got", word)
    same(status, 0)
    assert out.index("one") < out.index("- b\n") < out.index("two"), out


def an_empty_line_is_not_sent_and_explained():
    with Peer("blocking_server.py", "--answer", "fine") as p:
        c = Client(p.port, "--classic")
        c.until(SERVER_HELLO)
        c.type("")
        c.until("An empty line is not sent")
        c.type("x")
        p.expect("got", "x")
        same(c.end()[0], 0)


def a_quit_inside_a_text_does_not_hang_up():
    with Peer("blocking_server.py", "--answer", "fine") as p:
        c = Client(p.port, "--classic")
        c.type("how do I quit the trial?")
        p.expect("got", "how do I q\u2060uit the trial?")
        c.until("fine")
        status, out, _ = c.end()
    same(status, 0)
    assert "invisible mark" in out, out


def a_long_text_goes_in_pieces_cut_between_characters():
    text = "a" + "订" * 1000
    with Peer("blocking_server.py", "--answer", "1", "--answer", "2",
              "--answer", "3") as p:
        c = Client(p.port, "--classic")
        status, _, _ = c.end((text + "\n").encode())
        p.expect("got", CLIENT_HELLO)
        pieces = [p.expect("got") for _ in range(3)]
    same(status, 0)
    same("".join(pieces), text)
    same([len(x.encode()) <= 1024 for x in pieces], [True] * 3)


def a_hello_in_single_bytes_is_understood():
    def server(s):
        s.until(CLIENT_HELLO)
        s.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in SERVER_HELLO.encode():
            s.send(bytes([byte]))
        s.until("hello")
        s.send("answer")
        s.until("quit")
        s.send("quit")

    with Script(server) as s:
        status, out, _ = Client(s.port, "--classic").end(b"hello\n")
    same(status, 0)
    assert "- answer\n" in out, out
    same(s.heard, (CLIENT_HELLO + "helloquit").encode())


def an_answer_cut_inside_a_character_is_one_message():
    def server(s):
        s.until(CLIENT_HELLO)
        s.send(SERVER_HELLO)
        s.until("hello")
        answer = ("回答" * 400).encode()
        s.send(answer[:1000])
        s.send(answer[1000:])
        s.until("quit")
        s.send("quit")

    with Script(server) as s:
        status, out, _ = Client(s.port, "--classic").end(b"hello\n")
    same(status, 0)
    same(out.count("回答"), 400)
    assert "\\x" not in out, out


def nothing_is_sent_before_the_hello_is_answered():
    def server(s):
        s.until(CLIENT_HELLO)
        s.sock.settimeout(0.3)
        try:
            assert not s.sock.recv(1), "sent before the hello"
        except TimeoutError:
            s.sock.settimeout(LIMIT)
        s.send(SERVER_HELLO + "\nwelcome")
        s.until("hello")
        s.send("x")
        s.until("quit")
        s.send("quit")

    with Script(server) as s:
        status, out, _ = Client(s.port, "--classic").end(b"hello\n")
    same(status, 0)
    assert f"- {SERVER_HELLO}\\nwelcome\n" in out, out


def a_silent_server_is_waited_for_no_longer_than_asked():
    with Script(lambda s: s.until_eof()) as s:
        c = Client(s.port, "--classic", "--wait", "1")
        status, out, err = c.end(b"hello\n")
    same(status, 1)
    assert "no answer" in err, err
    same(s.heard, CLIENT_HELLO.encode())


def a_silent_server_holds_the_pipe_back():
    ended = threading.Event()

    def server(s):
        s.until(CLIENT_HELLO)
        s.send(SERVER_HELLO)
        assert ended.wait(LIMIT)

    with Script(server) as s:
        c = Client(s.port, "--classic", "--wait", "1")
        try:
            taken = most_that_is_taken(c)
            same(c.end()[0], 1)
        finally:
            c.process.kill()
            ended.set()
    assert taken < 1 << 20, taken


def a_server_that_goes_away_is_status_6():
    def server(s):
        s.until(CLIENT_HELLO)
        s.send(SERVER_HELLO)
        s.until("hello")

    with Script(server) as s:
        c = Client(s.port, "--classic")
        c.type("hello")
        status, out, err = c.wait()
    same(status, 6)
    assert "closed" in err, err
    assert out.splitlines()[-1].startswith("Disconnected"), out
    same(out.count("received"), 1)


def a_classic_server_that_refuses_is_status_5():
    def server(s):
        s.send("sorry, full")
        s.until(CLIENT_HELLO)
        s.reset()

    with Script(server) as s:
        status, out, _ = Client(s.port, "--classic").end(b"hello\n")
    same(status, 5)
    assert "sorry, full" in out, out


def a_goodbye_that_ends_in_quit_is_answered():
    def server(s):
        s.until(CLIENT_HELLO)
        s.send(SERVER_HELLO)
        s.until("hello")
        s.send("the desk closes now\nquit")
        s.until("quit")
        s.until_eof()

    with Script(server) as s:
        c = Client(s.port, "--classic")
        c.type("hello")
        same(c.wait()[0], 0)
    same(s.heard, (CLIENT_HELLO + "helloquit").encode())


def hostile_answers_are_harmless_in_classic_too():
    def server(s):
        s.until(CLIENT_HELLO)
        s.send(SERVER_HELLO)
        s.until("hello")
        s.send(b"\x1b[2J\xff\x07")
        s.until("quit")
        s.send("quit")

    with Script(server) as s:
        _, out, _ = Client(s.port, "--classic").end(b"hello\n")
    assert "- \\x1b[2J\\xff\\x07\n" in out, out


def half_a_character_is_shown_after_a_moment():
    def server(s):
        s.until(CLIENT_HELLO)
        s.send(SERVER_HELLO)
        s.until("hello")
        s.send(b"a\xe8")
        s.until("quit")
        s.send("quit")

    with Script(server) as s:
        status, out, _ = Client(s.port, "--classic").end(b"hello\n")
    same(status, 0)
    assert "- a\\xe8\n" in out, out


def a_classic_prompt_appears_when_it_is_our_turn():
    with Peer("threading_server.py") as p:
        t = Terminal(p.port, "--classic")
        t.until(SERVER_HELLO)
        t.until("Message for the server: ")
        t.type("订单\r")
        p.expect("got", "订单")
        p.type("好的")
        t.until("好的")
        t.until("Message for the server: ")
        t.type("quit\r")
        same(t.status(), 0)


def what_a_desk_says_by_itself_is_no_answer_in_classic_either():
    holding = "Please wait, an operator will answer soon."
    for last, want in ((holding, 7), (f"{holding}\nwe open at nine", 0),
                       ("Nobody is on duty right now; your message is kept.",
                        7),
                       ("Please wait, you are number 12 in line.", 7),
                       ("Please wait, you are number 1 in line. I am Lin.",
                        0),
                       ("Nobody is on duty right now; somebody will be here "
                        "on Mon 7 Dec at 09:00. Your message is kept.", 7),
                       ("Your message could not be stored. Please send it "
                        "again.", 1),
                       ("This desk is closing. Goodbye.\nquit", 6)):
        def server(s):
            s.until(CLIENT_HELLO)
            s.send(SERVER_HELLO)
            s.until("one")
            s.send("an answer")
            s.until("two")
            s.send(last)
            s.until("quit")
            s.until_eof()

        with Script(server) as s:
            status, _, err = Client(s.port, "--classic").end(b"one\ntwo\n")
        same((last, status), (last, want))
        same((last, err == ""), (last, want == 0))


# Every function above without a parameter whose name is a sentence.
TESTS = [f for name, f in list(globals().items())
         if name.count("_") >= 2 and hasattr(f, "__code__")
         and f.__code__.co_argcount == 0]


run("call", *((f.__name__.replace("_", " "), f) for f in TESTS), workers=12)
