# SPDX-License-Identifier: GPL-3.0-or-later
"""A Debian root of its own: what runs in it, as whom, and on which terminal."""

import ctypes
import fcntl
import os
import pty
import re
import select
import shutil
import socket
import struct
import subprocess
import termios
import time

LIMIT = 60
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
ESCAPES = re.compile(r"\x1b\[[\d;?]*[a-zA-Z]|[\x07\r]")


def own_network():
    """From here on this process and its children have a loopback that is
    nobody else's, where every port is free."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "a network of its own")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sH14x", b"lo", 0)
        flags, = struct.unpack_from(
            "H", fcntl.ioctl(s, SIOCGIFFLAGS, request), 16)
        fcntl.ioctl(s, SIOCSIFFLAGS,
                    struct.pack("16sH14x", b"lo", flags | IFF_UP))


class Output:
    """What comes from a descriptor; a subclass says what it sends."""

    def __init__(self, fd):
        self.fd = fd
        self.out = ""

    def until(self, *texts, start=0):
        """These texts come, or have come, in this order; where they end."""
        wanted = re.compile(".*?".join(map(re.escape, texts)), re.S)
        end = time.monotonic() + LIMIT
        while not (found := wanted.search(self.out, start)):
            left = end - time.monotonic()
            assert left > 0, f"no {texts}: {self.out[-2000:]!r}"
            if select.select([self.fd], [], [], left)[0]:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:         # a terminal that nobody has any more
                    data = b""
                assert data, f"ended before {texts}: {self.out[-2000:]!r}"
                self.out += ESCAPES.sub("", data.decode(errors="replace"))
        return found.end()


class Pipe(Output):
    """A program whose input and output are pipes."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        super().__init__(self.process.stdout.fileno())

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def end(self):
        """Its exit status, after all of its input."""
        self.process.stdin.close()
        self.out += self.process.stdout.read().decode(errors="replace")
        return self.process.wait(LIMIT)


class Terminal(Output):
    """A program on a terminal."""

    def __init__(self, command):
        ours, theirs = pty.openpty()
        fcntl.ioctl(ours, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 50, 200, 0, 0))
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *command], stdin=theirs, stdout=theirs,
            stderr=theirs)
        os.close(theirs)
        super().__init__(ours)

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def end(self):
        status = self.process.wait(LIMIT)
        os.close(self.fd)
        return status


class Root:
    def __init__(self, folder):
        self.folder = folder

    def mount(self):
        """What programs expect of a running system, until this process ends."""
        for kind in ("proc", "devpts"):
            subprocess.run(
                ["mount", "-t", kind, kind,
                 self.path("/proc" if kind == "proc" else "/dev/pts")],
                check=True)

    def unmount(self):
        for name in ("/proc", "/dev/pts"):
            subprocess.run(["umount", "-l", self.path(name)], check=False,
                           stderr=subprocess.DEVNULL)

    def path(self, name):
        """Of a file in it, from outside."""
        return os.path.join(self.folder, name.lstrip("/"))

    def copy(self, folder):
        subprocess.run(["cp", "-a", self.folder, folder], check=True)
        return Root(folder)

    def command(self, *words, user=None, **environment):
        """How these words are run in it: as root, or as somebody."""
        settings = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TERM": "xterm",
                    "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive",
                    "HOME": f"/home/{user}" if user else "/root",
                    **environment}
        identity = ["setpriv", f"--reuid={user}", f"--regid={user}",
                    "--init-groups"] if user else []
        return ["chroot", self.folder, *identity, "env", "-i",
                *(f"{k}={v}" for k, v in settings.items()), *words]

    def run(self, *words, user=None, status=0, given=None, **environment):
        """What it printed; fails with that if it ends otherwise."""
        done = subprocess.run(
            self.command(*words, user=user, **environment), text=True,
            input=given, stdin=None if given else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
            check=False)
        assert done.returncode == status, \
            f"{' '.join(words)}: status {done.returncode}: {done.stdout}"
        return done.stdout

    def install(self, *packages, **environment):
        """By somebody who answers no questions, but changed configurations."""
        return self.run("apt-get", "install", "-y", "-q",
                        "--no-install-recommends", "-o", "DPkg::Options::=--force-confold",
                        *packages, **environment)

    def write(self, name, text, user=None, mode=0o644):
        path = self.path(name)
        folder = os.path.dirname(path)
        os.makedirs(folder, exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)
        if user:
            number = int(self.run("id", "-u", user))
            os.chown(folder, number, number)
            os.chown(path, number, number)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as f:
            return f.read()

    def take(self, *files):
        """Copies files into its /packages."""
        os.makedirs(self.path("/packages"), exist_ok=True)
        for file in files:
            shutil.copy(file, self.path("/packages"))
        return [f"/packages/{os.path.basename(f)}" for f in files]

    def files(self, words):
        """All that has these words in its name."""
        return [os.path.relpath(os.path.join(where, name), self.folder)
                for where, folders, names in os.walk(self.folder)
                for name in (*folders, *names) if words in name
                if not where.startswith((self.path("/proc"),
                                         self.path("/packages")))]
