# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that make bench runs: servers, clients beside them, and what the
system tells of them."""

import json
import os
import signal
import subprocess
import tempfile

BUILD = os.environ.get("top_builddir", ".")
HERE = os.path.dirname(os.path.abspath(__file__))
CLIENT = os.path.join(BUILD, "tests/bench/client")
LOAD = os.path.join(BUILD, "tests/bench/load")

# Of x86-64 and most others; the system tells only the sum of all threads'.
KERNEL_STACK = 16 << 10


def all_processors():
    return os.sched_getaffinity(0)


def one_processor():
    """The last: interrupts are served by the first ones more often."""
    return {max(all_processors())}


class Program:
    """A program that answers a line with a line.  Its first line, unasked, is
    what others have to know of it."""

    def __init__(self, *argv):
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        self.first = self.hear()

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args} ended")
        return line.strip()

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.hear()

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


class Server(Program):
    """A server of make bench: its first line is its port."""

    def hold(self, n):
        """n sessions that last until the end of the block."""
        return Program(CLIENT, self.first, "hold", str(n))

    def client(self, *words):
        out = subprocess.run([CLIENT, self.first, *map(str, words)],
                             check=True, stdout=subprocess.PIPE, text=True)
        return float(out.stdout)

    def load(self, mode, *words, processors=None):
        """What the load generator tells, with all the server's threads and
        itself on these processors."""
        processors = processors or all_processors()
        self.stay_on(processors)
        argv = [LOAD, mode, self.first, str(self.process.pid)]
        done = subprocess.run(
            [*argv, *map(str, words)], check=True, stdout=subprocess.PIPE,
            text=True, timeout=120,
            preexec_fn=lambda: os.sched_setaffinity(0, processors))
        return json.loads(done.stdout)

    def stay_on(self, processors):
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            try:
                os.sched_setaffinity(int(task), processors)
            except ProcessLookupError:
                pass

    def memory(self):
        """Bytes: resident, page tables, and kernel stacks of its threads."""
        folder = f"/proc/{self.process.pid}"
        return (kib(f"{folder}/smaps_rollup", "Rss") * 1024 +
                kib(f"{folder}/status", "VmPTE") * 1024 +
                kib(f"{folder}/status", "Threads") * KERNEL_STACK)

    def end(self):
        """Not every one looks at its input."""
        os.killpg(self.process.pid, signal.SIGKILL)
        super().end()


def kib(path, name):
    with open(path, encoding="utf-8") as file:
        for line in file:
            key, _, value = line.partition(":")
            if key == name:
                return int(value.split()[0])
    raise KeyError(name)


class Traced(Server):
    """A server whose system calls strace counts."""

    def __init__(self, *argv):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "calls")
        super().__init__("strace", "-f", "-c", "-o", self.path, *argv)

    def count(self):
        """Ends the server; strace itself does not die of a signal before it
        has written what it counted."""
        os.killpg(self.process.pid, signal.SIGTERM)
        Program.end(self)
        with open(self.path, encoding="utf-8") as file:
            total = [line.split() for line in file if line.endswith("total\n")]
        self.folder.cleanup()
        return int(total[0][3] if len(total[0]) > 4 else total[0][2])


def calls_a_session(argv):
    """Of what more sessions need more."""
    few, many = 100, 400
    counts = []
    for n in (few, many):
        server = Traced(*argv)
        server.load("churn", 8, 20, n)
        counts.append(server.count())
    return (counts[1] - counts[0]) / (many - few)
