# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the whole program share: a desk as a process of its own,
operators, customers, and a runner that prints TAP.

Nothing here sleeps to let something happen: whoever waits, waits for bytes, an
event or the end of a process, and for no longer than LIMIT seconds."""

import base64
import contextlib
import json
import mmap
import os
import re
import select
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from tap import (BUILD, HERE, NO_PROC, SIZE, TOP, Skip, has_proc, run, same,
                 size, skip_all)                            # some for our users

DESKWIRE = os.environ.get("DESKWIRE", os.path.join(BUILD, "deskwire"))
# scripts/check's step seccomp lets each desk do no more than its unit does.
UNDER = shlex.split(os.environ.get("DESKWIRE_UNDER", ""))
CLIENT_HELLO = "客户端已就绪"
SERVER_HELLO = "服务端已就绪"
QUIT = "quit"
JOINER = "\u2060"


def _has_sanitizer():
    """A sanitizer's runtime is part of the program or libtool's wrapper."""
    for path in (os.path.join(BUILD, ".libs", "deskwire"), DESKWIRE):
        try:
            with open(path, "rb") as f:
                data = f.read()
        except OSError:
            continue
        if b"__asan_init" in data or b"__tsan_init" in data:
            return True
    return False


def configured(name):
    """Whether configure defined this."""
    with open(os.path.join(BUILD, "config.h"), encoding="utf-8") as f:
        return f"#define {name} 1\n" in f.read()


SANITIZED = _has_sanitizer()
LIMIT = 60 if SANITIZED or SIZE == "full" else 30


class Deadline:
    def __init__(self, seconds=None):
        self.end = time.monotonic() + (LIMIT if seconds is None else seconds)

    def left(self, what):
        left = self.end - time.monotonic()
        assert left > 0, f"waited too long for {what}"
        return left


def wait_until(true, what, seconds=None):
    """For what nobody tells us, such as a number in /proc."""
    deadline = Deadline(seconds)
    pause = 0.0005
    while not true():
        deadline.left(what)
        time.sleep(pause)
        pause = min(2 * pause, 0.02)


# --- the desk ---------------------------------------------------------------

class Desk:
    """A desk and all that was opened on it, in a state folder of its own."""

    def __init__(self, *args, verb="serve", folder=None, listen=None,
                 ready=True, port=0, stdin=subprocess.DEVNULL,
                 env=None, preexec=None, stderr=subprocess.PIPE,
                 under=(), pass_fds=()):
        self.own = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="dw", dir="/tmp")
        self.operator_path = os.path.join(self.folder, "operator.sock")
        self.opened = []
        self.rows = []              # of standard error
        self.news = threading.Condition()
        self.ended = False
        # Under other programs; what a whole run is under comes last.
        command = [*under, *UNDER, DESKWIRE, verb]
        if verb != "demo":
            command += ["--state", self.folder]
        if listen is not False:     # a file says it
            command += ["--listen", listen or f"127.0.0.1:{port}"]
        command += args
        environment = {**os.environ, "HOME": self.folder,
                       "LC_ALL": "C.UTF-8", **(env or {})}
        environment.pop("XDG_RUNTIME_DIR", None)
        environment.pop("XDG_STATE_HOME", None)
        environment.pop("XDG_CONFIG_HOME", None)
        self.process = subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE,
            stderr=stderr, env=environment, preexec_fn=preexec,
            pass_fds=pass_fds)
        self.pid = self.process.pid
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.port = None
        if ready:
            row = self.row("listening on ")
            self.port = int(row.rpartition(":")[2])

    def _read(self):
        for row in self.process.stderr or ():
            with self.news:
                self.rows.append(row.decode(errors="replace").rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    def row(self, words):
        """The first row on standard error with these words."""
        deadline = Deadline()
        with self.news:
            while True:
                for row in self.rows:
                    if words in row:
                        return row
                assert not self.ended, f"no row {words!r}: {self.rows[-5:]}"
                self.news.wait(deadline.left(words))

    def operator(self, name="lin", **hello):
        return self.keep(Operator(self.operator_path, name, **hello))

    def operator_when_there(self):
        """Of a desk whose standard error tells us nothing."""
        wait_until(lambda: self.process.poll() is not None or
                   self._answers(), "the operators' socket")
        return self.operator()

    def _answers(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.operator_path) == 0

    def line(self, source=None):
        return self.keep(Customer(self.port, source))

    def classic(self, source=None):
        return self.keep(Classic(self.port, source))

    def refused(self, source=None):
        """What one is told whom the desk does not take, who says something
        else than a handshake, and reads an end in order."""
        peer = self.line(source)
        peer.send("anything\n")
        told = peer.end()
        peer.close()
        assert not peer.reset_by_desk, told
        return told

    def keep(self, peer):
        self.opened.append(peer)
        return peer

    def signal(self, number):
        self.process.send_signal(number)

    def pending(self, number):
        """Is that signal still to be taken?  Another one of its kind is lost
        until then."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
            pending, = (int(row.split()[1], 16) for row in f
                        if row.startswith("ShdPnd:"))
        return pending >> (number - 1) & 1

    def stop_now(self):
        """Its end, without waiting for a drain."""
        self.signal(signal.SIGTERM)
        wait_until(lambda: not self.pending(signal.SIGTERM), "the signal")
        self.signal(signal.SIGTERM)

    def wait(self, seconds=None):
        """Its exit status, once all that it says was read."""
        try:
            status = self.process.wait(LIMIT if seconds is None else seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError("the desk does not end") from None
        self.reader.join()
        return status

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.wait()

    def stop_with_all(self):
        """The same, and its customers leave when they are told goodbye: for one
        who stays it lingers."""
        self.signal(signal.SIGTERM)
        for peer in self.opened:
            if isinstance(peer, Customer) and peer.sock.fileno() >= 0:
                peer.end()
                peer.close()
        return self.wait()

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    @staticmethod
    def deadline():
        return Deadline()

    def resident(self):
        """Memory in KiB."""
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for peer in self.opened:
            peer.close()
        status = self.process.poll()
        if status is None:
            self.stop_now()
            try:
                status = self.process.wait(LIMIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                status = self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        if self.process.stderr:
            self.process.stderr.close()
        if self.own:
            shutil.rmtree(self.folder, ignore_errors=True)
        if kind is None:
            complaints = [r for r in self.rows if "Sanitizer" in r or
                          "this is a bug" in r or "ssertion" in r]
            assert not complaints, complaints
            assert status in (0, 1, 2, 3, 4, -signal.SIGKILL,
                              -signal.SIGTERM), \
                f"status {status}: {self.rows[-3:]}"


@contextlib.contextmanager
def state():
    """A folder for several desks, one after the other."""
    folder = tempfile.mkdtemp(prefix="dw", dir="/tmp")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def journal(folder):
    """All events as they are on disk: dicts, by number."""
    import sqlite3
    path = os.path.join(folder, "journal.db")
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro",
                                            uri=True)) as db:
        db.row_factory = sqlite3.Row
        return [dict(r) for r in db.execute(
            "select * from event order by seq")]


class Clock:
    """The time of day, and how late it is by the steady clock, for all that is
    started with environment."""

    def __init__(self, folder, ms):
        library = os.path.join(folder, "held_clock.so")
        subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-shared",
                        "-fPIC", "-o", library,
                        os.path.join(HERE, "held_clock.c")], check=True)
        path = os.path.join(folder, "clock")
        with open(path, "w+b") as f:
            f.write(bytes(16))
            f.flush()
            self.map = mmap.mmap(f.fileno(), 16)
        self.environment = {"LD_PRELOAD": library, "HELD_CLOCK": path}
        self.ms = ms
        self.steady_ms = 1000000
        self.go(0)

    def go(self, seconds):
        """So much time passes."""
        self.steady_ms += seconds * 1000
        self.set(seconds)

    def set(self, seconds):
        """Somebody sets the wall clock."""
        self.ms += seconds * 1000
        self.map[:] = struct.pack("=qq", self.ms, self.steady_ms)


# --- operators --------------------------------------------------------------

class Operator:
    """Speaks the operator protocol.  All that came is in .frames; waiting
    looks through it before it reads on, so nothing can be missed."""

    def __init__(self, path, name="lin", **hello):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(LIMIT)
        self.sock.connect(path)
        self.rest = b""
        self.frames = []
        self.ids = 0
        if name is not None:
            self.send(op="hello", v=1, name=name, **hello)
            self.welcome = self.frame(op="welcome")
            self.frame(op="live")

    def send(self, **frame):
        self.raw(json.dumps(frame, ensure_ascii=False).encode() + b"\n")

    def raw(self, data):
        self.sock.sendall(data)

    def read(self, deadline):
        """Some more frames; False at the end."""
        self.sock.settimeout(deadline.left("a frame"))
        try:
            data = self.sock.recv(65536)
        except TimeoutError:
            return True             # left() says so next time
        except ConnectionError:
            data = b""
        if not data:
            return False
        *lines, self.rest = (self.rest + data).split(b"\n")
        self.frames += [json.loads(x) for x in lines]
        return True

    def frame(self, find=None, seconds=None, start=0, **members):
        """The first frame with these members."""
        deadline = Deadline(seconds)
        at = start
        while True:
            while at < len(self.frames):
                f = self.frames[at]
                at += 1
                if all(f.get(k) == v for k, v in members.items()) and \
                        (find is None or find(f)):
                    return f
            assert self.read(deadline), \
                f"the link ended before {members}: {self.frames[-5:]}"

    def event(self, ev, seconds=None, **members):
        """The first event of this kind with these members, as a dict."""
        wanted = {"ev": ev, **members}
        return self.frame(lambda f: f["op"] == "ev" and all(
            f["ev"].get(k) == v for k, v in wanted.items()), seconds)["ev"]

    def events(self):
        """As they are stored: when it was by the steady clock, only what was
        not replayed says."""
        return [{k: v for k, v in f["ev"].items() if k != "at"}
                for f in self.frames if f["op"] == "ev"]

    def event_of(self, words):
        """The first event whose text begins so."""
        return self.frame(lambda f: f["op"] == "ev" and
                          f["ev"].get("text", "").startswith(words))["ev"]

    def said(self, text, **members):
        return self.event("said", text=text, **members)

    def ask(self, op, **members):
        self.ids += 1
        self.send(op=op, id=self.ids, **members)
        return self.ids

    def answer(self, number, start=0):
        return self.frame(lambda f: f["op"] in ("ok", "err") and
                          f.get("id") == number, start=start)

    def reply(self, sid, text):
        """Sends it and returns the answer's op and code."""
        return self._outcome("reply", sid=sid, text=text)

    def command(self, text):
        return self._outcome("cmd", text=text)

    def _outcome(self, op, **members):
        start = len(self.frames)
        f = self.answer(self.ask(op, **members), start)
        return f["op"] if f["op"] == "ok" else f["code"]

    def sync(self):
        """All that happened before is among .frames afterwards."""
        self.command("nothing")

    def ends(self):
        """Reads until the desk ends this link."""
        deadline = Deadline()
        while self.read(deadline):
            pass

    def close(self):
        self.sock.close()


def body(event):
    return base64.b64decode(event["bytes"]) if "bytes" in event else \
        event.get("text", "").encode()


# --- consoles ---------------------------------------------------------------

class Console:
    """A verb with a console, and pipes."""

    def __init__(self, *args, folder):
        env = {**os.environ, "HOME": folder, "LC_ALL": "C.UTF-8"}
        env.pop("XDG_STATE_HOME", None)
        env.pop("XDG_RUNTIME_DIR", None)
        env.pop("XDG_CONFIG_HOME", None)
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
            wait = max(0, deadline.end - time.monotonic())
            there, _, _ = select.select([fd], [], [], wait)
            data = os.read(fd, 65536) if there else b""
            if not data:
                self.process.kill()     # a desk waits for its consoles
            assert data, f"no {pattern!r}: {self.out!r}"
            self.out += data

    def end(self):
        out, err = self.process.communicate(timeout=LIMIT)
        self.out += out
        same(err, b"")
        assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", self.out), self.out
        self.out.decode()
        return self.process.returncode


# --- customers --------------------------------------------------------------

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST = 4, 20, 1
ANY = 0xffffffff


def diagnosis(local, remote):
    """What the kernel tells of one TCP socket: sock_diag(7); or None."""
    ask = struct.pack("=BBBxI", socket.AF_INET, socket.IPPROTO_TCP, 0, ANY) \
        + struct.pack("!HH", local[1], remote[1]) \
        + socket.inet_aton(local[0]).ljust(16, b"\0") \
        + socket.inet_aton(remote[0]).ljust(16, b"\0") \
        + struct.pack("=III", 0, ANY, ANY)
    with contextlib.suppress(OSError), \
            socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                          NETLINK_SOCK_DIAG) as s:
        s.send(struct.pack("=IHHII", 16 + len(ask), SOCK_DIAG_BY_FAMILY,
                           NLM_F_REQUEST, 0, 0) + ask)
        answer = s.recv(4096)
        if struct.unpack_from("=H", answer, 4)[0] == SOCK_DIAG_BY_FAMILY:
            return answer[16:]
    return None


def unread(local, remote):
    """How much a socket of this machine has that nobody has read; one that is
    gone has nothing.  The list of all is long where many have ended."""
    told = diagnosis(local, remote)
    if told is not None:
        return struct.unpack_from("=I", told, 56)[0]
    ends = [f":{port:04X}" for _, port in (local, remote)]
    with open("/proc/net/tcp", encoding="ascii") as f:
        for row in f:
            part = row.split()
            if [x[-5:] for x in part[1:3]] == ends:
                return int(part[4].partition(":")[2], 16)
    return 0


class Customer:
    """A socket to the desk and what came from it."""

    def __init__(self, port, source=None):
        self.sock = socket.create_connection(
            ("127.0.0.1", port), LIMIT, (source, 0) if source else None)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.address = "{}:{}".format(*self.sock.getsockname())
        self.heard = b""
        self.reset_by_desk = False

    def send(self, data):
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def acknowledged(self):
        """Waits until the other kernel has all that was sent: tcpi_unacked of
        struct tcp_info.  So what is sent next is another segment."""
        def done():
            info = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO,
                                        104)
            return struct.unpack_from("I", info, 24)[0] == 0
        wait_until(done, "an acknowledgement")

    def taken(self):
        """Waits until the desk itself has read all that was sent."""
        ours, theirs = self.sock.getsockname(), self.sock.getpeername()
        self.acknowledged()
        wait_until(lambda: unread(theirs, ours) == 0, "the desk to read")

    def split(self, *parts):
        """Each part is a recv of its own at the desk."""
        for part in parts:
            self.send(part)
            self.taken()

    def hear(self, deadline):
        """Some more; False at the end of file or a reset."""
        self.sock.settimeout(deadline.left("bytes"))
        try:
            data = self.sock.recv(65536)
        except TimeoutError:
            return True
        except ConnectionError:
            self.reset_by_desk = True
            return False
        self.heard += data
        return data != b""

    def until(self, words, seconds=None):
        """Takes what came up to and with these words, and returns it."""
        words = words.encode() if isinstance(words, str) else words
        deadline = Deadline(seconds)
        while words not in self.heard:
            assert self.hear(deadline), \
                f"ended before {words!r}: {self.heard!r}"
        at = self.heard.index(words) + len(words)
        taken, self.heard = self.heard[:at], self.heard[at:]
        return taken.decode(errors="surrogateescape")

    def end(self, seconds=None):
        """Reads to the end and returns what is left."""
        deadline = Deadline(seconds)
        while self.hear(deadline):
            pass
        taken, self.heard = self.heard, b""
        return taken.decode(errors="replace")

    def silent(self, seconds):
        """Nothing may come for so long."""
        same(self.heard, b"")
        self.sock.settimeout(seconds)
        try:
            data = self.sock.recv(1)
        except TimeoutError:
            return
        raise AssertionError(f"{data!r} came")

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self):
        self.sock.close()


class Classic(Customer):
    """The tutorial's client, its calls one by one: a turn is one send and one
    recv(1024) that is decoded by itself."""

    def handshake(self):
        self.send(CLIENT_HELLO)
        text = self.read_one()
        assert text.startswith(SERVER_HELLO), text
        return text

    def read_one(self):
        self.sock.settimeout(LIMIT)
        data = self.sock.recv(1024)
        assert data, "an empty message"
        return data.decode()

    def turn(self, text):
        self.send(text)
        return self.read_one()

    def leave(self):
        """Its last words, after it has read a quit."""
        self.send(QUIT)
        self.close()


# --- the runner -------------------------------------------------------------

CASES = []


def case(name):
    """Registers a test under the sentence that it promises."""
    def register(function):
        CASES.append((name, function))
        return function
    return register


def main(suite, workers=8):
    if not has_proc():          # a desk's threads and signals are seen there
        skip_all(NO_PROC)
    run(suite, *CASES, workers=workers)
