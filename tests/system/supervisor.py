# SPDX-License-Identifier: GPL-3.0-or-later
"""A supervisor of one service, for where there is no systemd: it speaks the
protocols of sd_notify(3) and sd_listen_fds(3).  Python's own library is all that
it needs.

As a program it starts what a unit file says, as the user that the unit names,
with the sockets of the socket units:

    supervisor.py UNIT.service [UNIT.socket...] [-- ARGUMENT...]

The arguments are added to those of ExecStart=.  A drop-in of a unit is read, too,
from the folder UNIT.d beside it and below /etc/systemd/system.  It prints a row
for each thing that happens: READY, STATUS ..., RELOADING, STOPPING, WATCHDOG (it
was not fed in time, and is ended by SIGABRT), EXIT n.  SIGHUP reloads the
service, SIGTERM and SIGINT stop it.  Ends with its exit status."""

import contextlib
import fcntl
import glob
import grp
import json
import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time

FIRST_FD = 3
SPARE_FD = 50           # where sockets are until they are moved there
HAND_OVER = "--hand-over"


# --- unit files -------------------------------------------------------------

def read_unit(path):
    """The settings of a unit and its drop-ins: lists of values by name.  An empty
    one takes those before away, as in systemd."""
    name = os.path.basename(path)
    settings = {}
    drop_ins = [f for folder in (os.path.dirname(path) or ".",
                                 "/etc/systemd/system")
                for f in sorted(glob.glob(f"{folder}/{name}.d/*.conf"))]
    for file in (path, *dict.fromkeys(map(os.path.realpath, drop_ins))):
        with open(file, encoding="utf-8") as f:
            rows = f.read().replace("\\\n", " ").splitlines()
        for row in rows:
            key, equals, value = row.strip().partition("=")
            if not equals or key.startswith(("#", ";")):
                continue
            if value.strip():
                settings.setdefault(key, []).append(value.strip())
            else:
                settings[key] = []
    return settings


def last(settings, key, otherwise=None):
    return (settings.get(key) or [otherwise])[-1]


def seconds(text):
    """A time span as "30", "30s", "2min", or "infinity"."""
    if text in (None, "infinity", "0"):
        return None
    units = {"": 1, "s": 1, "sec": 1, "ms": 0.001, "min": 60, "h": 3600}
    return sum(float(n) * units[unit]
               for n, unit in re.findall(r"([\d.]+)\s*([a-z]*)", text))


def environment_of(settings):
    return dict(word.split("=", 1) for row in settings.get("Environment", ())
                for word in shlex.split(row))


def folders_of(settings):
    """What systemd would make, each with its mode."""
    for kind, base in (("State", "/var/lib"), ("Runtime", "/run")):
        for row in settings.get(f"{kind}Directory", ()):
            for name in row.split():
                yield (os.path.join(base, name),
                       int(last(settings, f"{kind}DirectoryMode", "0755"), 8))


# --- sockets ----------------------------------------------------------------

def bound(address, kind=socket.SOCK_STREAM):
    """A socket at "127.0.0.1:0", "[::1]:0", "6666" or a path, which listens."""
    if "/" in address:
        s = socket.socket(socket.AF_UNIX, kind)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(address)
        s.bind(address)
    else:
        host, _, port = address.rpartition(":")
        family = socket.AF_INET if "." in host else socket.AF_INET6
        s = socket.socket(family, kind)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((host.strip("[]") or "::", int(port)))
    if kind == socket.SOCK_STREAM:
        s.listen(4096)
    return s


def give_path(path, settings):
    """A Unix socket has the owner, the group and the mode that its unit says."""
    user, group = (last(settings, f"Socket{x}") for x in ("User", "Group"))
    os.chown(path, pwd.getpwnam(user).pw_uid if user else -1,
             grp.getgrnam(group).gr_gid if group else -1)
    os.chmod(path, int(last(settings, "SocketMode", "0666"), 8))


def sockets_of(path):
    """What a socket unit listens on: pairs of a name and a socket."""
    settings = read_unit(path)
    name = last(settings, "FileDescriptorName", os.path.basename(path))
    for key, kind in (("ListenStream", socket.SOCK_STREAM),
                      ("ListenDatagram", socket.SOCK_DGRAM)):
        for address in settings.get(key, ()):
            if "/" in address:
                os.makedirs(os.path.dirname(address), exist_ok=True,
                            mode=int(last(settings, "DirectoryMode", "0755"),
                                     8))
            s = bound(address, kind)
            if "/" in address:
                give_path(address, settings)
            yield name, s


def hand_over(fds, identity, command):
    """Becomes the service.  Whose the variables are is said by a number of a
    process, which only the process itself knows.  identity: as identity_of()
    says, or None."""
    for n, fd in enumerate(fds):
        os.dup2(fd, FIRST_FD + n, inheritable=True)
        os.set_inheritable(fd, False)
    for variable, pid_of in (("LISTEN_FDS", "LISTEN_PID"),
                             ("WATCHDOG_USEC", "WATCHDOG_PID")):
        if variable in os.environ and pid_of not in os.environ:
            os.environ[pid_of] = str(os.getpid())
    if identity:
        os.umask(identity["umask"])
        os.setgroups(identity["groups"])
        os.setgid(identity["group"])
        os.setuid(identity["user"])
    os.execvp(command[0], command)


# --- the supervisor ---------------------------------------------------------

class Supervisor:
    """Hears what a service says, and has what it is to be started with:

        subprocess.Popen([*s.under, PROGRAM, ...], env={**..., **s.environment},
                         pass_fds=s.pass_fds)

    sockets are pairs of a name and a socket, which stay their owner's."""

    def __init__(self, sockets=(), watchdog_s=None, tell=None, abstract=False):
        self.folder = tempfile.mkdtemp(prefix="dw", dir="/tmp")
        os.chmod(self.folder, 0o711)
        self.messages = []              # each a dict
        self.status = ""
        self.pings = 0                  # of the watchdog
        self.fed_at = time.monotonic()
        self.news = threading.Condition()
        self.tell = tell or (lambda word: None)
        self.ended = False
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = os.path.join(self.folder, "notify")
        if abstract:
            self.sock.bind("\0" + path)
        else:
            self.sock.bind(path)
            os.chmod(path, 0o666)
        self.environment = {"NOTIFY_SOCKET": "@" + path if abstract else path}
        self.pass_fds = ()
        if watchdog_s:
            self.environment["WATCHDOG_USEC"] = str(int(watchdog_s * 1e6))
        if sockets:
            self._hand_over(sockets)
        self.under = [sys.executable, "-I", "-S", os.path.abspath(__file__),
                      HAND_OVER, json.dumps(self.pass_fds)]
        self.thread = threading.Thread(target=self._hear, daemon=True)
        self.thread.start()

    def _hand_over(self, sockets):
        self.environment["LISTEN_FDS"] = str(len(sockets))
        self.environment["LISTEN_FDNAMES"] = ":".join(n for n, _ in sockets)
        self.pass_fds = tuple(fcntl.fcntl(s.fileno(), fcntl.F_DUPFD, SPARE_FD)
                              for _, s in sockets)

    def _hear(self):
        while True:
            data = self.sock.recv(4096)
            message = dict(row.split("=", 1) for row in
                           data.decode(errors="replace").splitlines()
                           if "=" in row)
            if "END" in message:
                return
            with self.news:
                self._take(message)
                self.news.notify_all()

    def _take(self, message):
        self.messages.append(message)
        if message.get("WATCHDOG") == "1":
            self.pings += 1
            self.fed_at = time.monotonic()
        if "STATUS" in message:
            self.status = message["STATUS"]
            self.tell(f"STATUS {self.status}")
        for word in ("READY", "RELOADING", "STOPPING"):
            if message.get(word) == "1":
                self.tell(word)

    def until(self, true, what, limit_s=30):
        """Waits until true(self), which is asked after each message."""
        end = time.monotonic() + limit_s
        with self.news:
            while not true(self):
                left = end - time.monotonic()
                assert left > 0 and not self.ended, \
                    f"no {what}: {self.messages[-5:]}"
                self.news.wait(left)

    def said(self, word, times=1):
        return sum(word in m for m in self.messages) >= times

    def until_said(self, word, times=1):
        """Waits for so many messages with this variable."""
        self.until(lambda s: s.said(word, times), word)

    def started(self):
        """The service has its sockets now."""
        for fd in self.pass_fds:
            os.close(fd)
        self.pass_fds = ()

    def close(self):
        self.started()
        with self.news:
            self.ended = True
            self.news.notify_all()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b"END=1", self.sock.getsockname())
        self.thread.join()
        self.sock.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# --- the program ------------------------------------------------------------

def say(word):
    print(word, flush=True)


def make_folders(settings, uid, gid):
    for path, mode in folders_of(settings):
        os.makedirs(path, exist_ok=True)
        os.chown(path, uid, gid)
        os.chmod(path, mode)


def identity_of(settings):
    """Who the service is, and its user's row."""
    user = last(settings, "User", "root")
    entry = pwd.getpwnam(user)
    group = last(settings, "Group")
    gid = grp.getgrnam(group).gr_gid if group else entry.pw_gid
    return {"user": entry.pw_uid, "group": gid,
            "groups": os.getgrouplist(user, gid),
            "umask": int(last(settings, "UMask", "0022"), 8)}, entry


class Child:
    """The service.  It is forked here and needs nothing of ours, not even a
    Python, where it runs."""

    def __init__(self, command, environment, fds, identity):
        self.status = None
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.environ.clear()
                os.environ.update(environment)
                os.chdir("/")
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                hand_over(fds, identity, command)
            finally:
                os._exit(127)

    def wait(self, seconds):
        """Its status, or None: it still runs."""
        end = time.monotonic() + seconds
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid != 0:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() >= end:
                break
            else:
                time.sleep(0.02)
        return self.status

    def send_signal(self, number):
        if self.status is None:
            os.kill(self.pid, number)


def start(settings, entry, identity, arguments, supervisor):
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8",
                   "HOME": entry.pw_dir, "USER": entry.pw_name,
                   "LOGNAME": entry.pw_name, "INVOCATION_ID": "0" * 32,
                   **environment_of(settings), **supervisor.environment}
    command = [*shlex.split(last(settings, "ExecStart")), *arguments]
    process = Child(command, environment, supervisor.pass_fds, identity)
    supervisor.started()
    return process


def wait(process, supervisor, watchdog_s):
    """Its exit status; ends it when nobody feeds its watchdog."""
    ready = False
    while True:
        status = process.wait(0.2)
        if status is not None:
            return status
        if not ready and supervisor.said("READY"):
            ready, supervisor.fed_at = True, time.monotonic()
        late = time.monotonic() - supervisor.fed_at
        if ready and watchdog_s and late > watchdog_s and \
                not supervisor.said("STOPPING"):
            say("WATCHDOG")
            process.send_signal(signal.SIGABRT)
            watchdog_s = None


def main(words):
    if words and words[0] == HAND_OVER:
        hand_over(json.loads(words[1]), None, words[2:])
    if not words or words[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    own, _, arguments = " ".join(map(shlex.quote, words)).partition(" -- ")
    unit, *socket_units = shlex.split(own)
    settings = read_unit(unit)
    watchdog_s = seconds(last(settings, "WatchdogSec"))
    identity, entry = identity_of(settings)
    make_folders(settings, identity["user"], identity["group"])
    sockets = [pair for path in socket_units for pair in sockets_of(path)]
    with Supervisor(sockets, watchdog_s, tell=say) as supervisor:
        process = start(settings, entry,
                        identity if os.geteuid() == 0 else None,
                        shlex.split(arguments), supervisor)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number,
                          lambda *_: process.send_signal(signal.SIGTERM))
        signal.signal(signal.SIGHUP,
                      lambda *_: process.send_signal(signal.SIGHUP))
        status = wait(process, supervisor, watchdog_s)
    say(f"EXIT {status}")
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
