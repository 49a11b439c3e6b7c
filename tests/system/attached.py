# SPDX-License-Identifier: GPL-3.0-or-later
"""deskwire attach in a terminal, and the operator before it: what several
tests of the whole program share."""

import os
import re
import select
import signal
import struct
import fcntl
import termios

from desk import DESKWIRE, Deadline
from tap import fork_pty

ESCAPES = re.compile(r"\x1b\[[\d;?]*[a-zA-Z]|[\x07\r]")
PROMPT = re.compile(r"\[(-|\d+)[^\]\n]*\][^>\n]*> ")
ALT_A = "\x1ba"


class Terminal:
    """All that was written there is in .out, without what moves the cursor."""

    def __init__(self, path, name="lin", columns=None, environment=(), args=()):
        self.name = name
        self.out = ""
        self.pid, self.fd = fork_pty()
        if self.pid == 0:
            os.execve(DESKWIRE, [
                DESKWIRE, "attach", "--operator-socket", path, "--as", name,
                "--no-history", *args],
                {"PATH": os.environ["PATH"], "HOME": "/", "TERM": "xterm",
                 "LC_ALL": "C.UTF-8", "INPUTRC": "/dev/null",
                 **dict(environment)})
        if columns:
            fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                        struct.pack("HHHH", 50, columns, 0, 0))

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def read(self, seconds):
        """Some more, if it comes within that time."""
        if select.select([self.fd], [], [], seconds)[0]:
            data = os.read(self.fd, 65536).decode(errors="replace")
            self.out += ESCAPES.sub("", data)

    def until(self, *texts, start=0):
        """These texts come, or have come, in this order."""
        self.until_match(".*".join(map(re.escape, texts)), start)

    def until_match(self, pattern, start=0):
        """The match, in what has come since .out was so long."""
        deadline = Deadline()
        wanted = re.compile(pattern, re.S)
        while not (found := wanted.search(self.out, start)):
            self.read(deadline.left(f"{pattern}: {self.out[-2000:]!r}"))
        return found

    def selected(self):
        """The session in the last prompt, as a number; 0: nobody."""
        last = None
        for last in PROMPT.finditer(self.out):
            pass
        return int(last[1]) if last and last[1] != "-" else 0

    def stop(self):
        os.kill(self.pid, signal.SIGSTOP)
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), status

    def go_on(self):
        os.kill(self.pid, signal.SIGCONT)

    def close(self):
        """Killed, as when the machine dies."""
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)
