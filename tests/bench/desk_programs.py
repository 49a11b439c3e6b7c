# SPDX-License-Identifier: GPL-3.0-or-later
"""What desk_bench.py starts: a desk in a folder of its own, its customers with
one operator (desk_load.c), and a console on a terminal (desk_screen.c).

Each is a context manager: however a bench ends, its programs are ended by
their ids and its folders are removed."""

import contextlib
import glob
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import time

MEMORY = "/dev/shm"             # a folder that no disk slows down
PATIENCE = 60                   # seconds, then a program is said to hang

# Nobody is slowed down or sent away, however much they say.
# Ten thousand keepalive probes in one moment are more than loopback's queue
# takes.
UNLIMITED = ("--rate=1000000", "--flood-timeout=3600", "--drain=0",
             "--keepalive=3600")
SPARE_FILES = 300               # of a desk, for what is no customer


class Lost(Exception):
    """A program that a bench needs has ended, hangs, or cannot have what it
    needs."""


def most_customers():
    """As many as the machine has descriptors for; the soft limit is raised."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard - SPARE_FILES


def few_files():
    return f"only {most_customers() + SPARE_FILES:,} descriptors"


def folder(in_memory=False):
    """A new one, to be removed by whoever asked."""
    where = MEMORY if in_memory and os.access(MEMORY, os.W_OK) else None
    return tempfile.mkdtemp(prefix="deskwire-bench-", dir=where)


@contextlib.contextmanager
def patience(process):
    """Whatever is read of the process here comes to an end."""
    watch = threading.Timer(PATIENCE, process.kill)
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


class Program:
    """Answers a line with a line.  Who does not answer is killed, so that
    nobody waits for ever."""

    def __init__(self, *argv, **how):
        self.argv = argv
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            **how)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def tell(self, *words):
        try:
            print(*words, file=self.process.stdin, flush=True)
        except BrokenPipeError:
            raise Lost(f"{os.path.basename(self.argv[0])} has ended") from None

    def hear_line(self):
        with patience(self.process):
            line = self.process.stdout.readline()
        if not line:
            raise Lost(f"{os.path.basename(self.argv[0])} has ended")
        return line

    def hear(self):
        return json.loads(self.hear_line())

    def ask(self, *words):
        self.tell(*words)
        return self.hear()

    def end(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Load(Program):
    """Customers and an operator of a desk."""

    def __init__(self, bench, desk):
        super().__init__(os.path.join(bench.build, "tests/bench/desk_load"),
                         str(desk.port), desk.socket)

    def dial(self, n):
        """The first one alone: its session is the desk's first."""
        self.ask("dial", 1)
        return self.ask("dial", n)


class Screen(Program):
    """A console of the desk, on a terminal."""

    def __init__(self, bench, desk):
        super().__init__(os.path.join(bench.build, "tests/bench/desk_screen"),
                         os.path.join(desk.build, "deskwire"), "attach",
                         "--operator-socket", desk.socket, "--as=lin",
                         "--no-history", env=environment(desk.folder))
        try:
            self.pid = int(self.hear_line())
            self.first = self.ask("prompt")
        except BaseException:
            self.end()
            raise

    def select(self, sid):
        self.ask(f"type /select {sid}")
        self.ask("idle 300")


def limited():
    return *UNLIMITED, f"--max-sessions={min(most_customers(), 12000)}"


def environment(home):
    env = {**os.environ, "HOME": home, "LC_ALL": "C.UTF-8"}
    env.pop("XDG_STATE_HOME", None)
    env.pop("XDG_RUNTIME_DIR", None)
    return env


class Desk:
    """`deskwire serve` of a build.  start_ms is how long it took until it
    listened."""

    def __init__(self, build, in_memory=False, state=None, limits=None):
        self.build = build
        self.limits = limited() if limits is None else limits
        self.own = state is None
        self.folder = state or folder(in_memory)
        self.socket = os.path.join(self.folder, "operator.sock")
        self.process = self.drain = None
        began = time.monotonic()
        try:
            self.start()
            self.port = self.wait_until_it_listens()
        except BaseException:
            self.__exit__()
            raise
        self.start_ms = (time.monotonic() - began) * 1000
        self.drain = threading.Thread(target=self.process.stderr.read)
        self.drain.start()

    def start(self):
        self.process = subprocess.Popen(
            [os.path.join(self.build, "deskwire"), "serve", "--state",
             self.folder, "--listen", "127.0.0.1:0", "--operator-socket",
             self.socket, *self.limits],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, env=environment(self.folder))
        self.pid = self.process.pid

    def wait_until_it_listens(self):
        with patience(self.process):
            for row in self.process.stderr:
                if b"listening on" in row:
                    return int(row.rpartition(b":")[2])
        raise Lost("the desk did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.end()
        if self.own:
            shutil.rmtree(self.folder, ignore_errors=True)

    def end(self):
        """The second signal is for who has not gone yet."""
        for _ in range(2):
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
                try:
                    self.process.wait(PATIENCE / 2)
                except subprocess.TimeoutExpired:
                    continue
        self.kill()

    def kill(self):
        self.process.kill()
        self.process.wait()
        if self.drain:
            self.drain.join()
        self.process.stderr.close()


# --- what the system says of a process ---------------------------------------

def cpu_us(pid):
    """Processor time of the whole process."""
    return time.clock_gettime_ns(~pid << 3 | 2) / 1000


def field_of(path, key):
    """A number of a file of rows `Key:   number kB`."""
    with open(path, encoding="ascii") as file:
        for row in file:
            name, _, rest = row.partition(":")
            if name == key:
                return int(rest.split()[0])
    raise KeyError(key)


def resident_kib(pid):
    return field_of(f"/proc/{pid}/smaps_rollup", "Rss")


def threads(pid):
    return field_of(f"/proc/{pid}/status", "Threads")


def stack_kib():
    """Of one thread in the kernel, which gives each the same."""
    with open("/proc/loadavg", encoding="ascii") as file:
        tasks = int(file.read().split()[3].split("/")[1])
    return field_of("/proc/meminfo", "KernelStack") / tasks


def wake_ups(pid):
    """How often a thread of the process has waited and was woken."""
    return sum(field_of(path, "voluntary_ctxt_switches")
               for path in glob.glob(f"/proc/{pid}/task/*/status"))


# --- the journal -------------------------------------------------------------

FRAME_HEADER = 24


class Wal:
    """How many bytes were written into a -wal, by the index that SQLite keeps
    of it.  A -wal that was checkpointed begins anew."""

    def __init__(self, state):
        self.path = os.path.join(state, "journal.db-shm")
        self.frames, self.page = self.look()
        self.bytes = 0

    def look(self):
        with open(self.path, "rb") as file:
            head = file.read(24)
        page, frames = struct.unpack_from("=HI", head, 14)
        return frames, 65536 if page == 1 else page

    def take(self):
        """Adds what was written since the last look.  Returns False when
        some of it cannot be known, because the -wal began anew."""
        before, (self.frames, _) = self.frames, self.look()
        if self.frames < before:
            return False
        self.bytes += (self.frames - before) * (self.page + FRAME_HEADER)
        return True
