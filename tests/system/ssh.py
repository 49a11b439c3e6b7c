# SPDX-License-Identifier: GPL-3.0-or-later
"""A desk from afar: deskwire attach ssh://HOST, with Debian's own ssh and sshd
on this machine.  The server has its own keys and configuration in a folder of
the test, and one process for each connection."""

import contextlib
import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from attached import Terminal
from desk import (DESKWIRE, LIMIT, Desk, case, main, same,
                  wait_until)
from tap import fork_pty, skip_all

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" +
                    os.environ["PATH"])
SSH = shutil.which("ssh")
PRIVSEP = "/run/sshd"           # root's server wants it
ME = getpass.getuser()

SERVER = """
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PidFile none
PrintMotd no
SetEnv PATH={bin}:{path} XDG_STATE_HOME={folder} LC_ALL=C.UTF-8
"""

CLIENT = """
IdentityFile {folder}/key
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile {folder}/known_hosts
GlobalKnownHostsFile none
StrictHostKeyChecking yes
RemoteCommand echo not this
"""


def write(path, words, mode=0o600):
    with open(path, "w", encoding="utf-8") as f:
        f.write(words)
    os.chmod(path, mode)


class Server:
    """sshd for whoever connects, and a folder with the client's side: a program
    ssh that takes our configuration and notes how it was called."""

    def __init__(self, folder, forced=None):
        self.folder = folder
        for name in ("host", "key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                            "-f", f"{folder}/{name}"], check=True)
        key = self.read("key.pub")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        write(f"{folder}/authorized_keys",
              (f'command="{forced}",restrict ' if forced else "") + key)
        write(f"{folder}/known_hosts",
              f"[127.0.0.1]:{self.port} " + self.read("host.pub"))
        write(f"{folder}/sshd_config", SERVER.format(
            folder=folder, bin=os.path.dirname(os.path.abspath(DESKWIRE)),
            path=os.environ["PATH"]))
        write(f"{folder}/ssh_config", CLIENT.format(folder=folder))
        os.mkdir(f"{folder}/bin")
        write(f"{folder}/bin/ssh",
              f'#!/bin/sh\necho "$@" >>{folder}/calls\n'
              f'exec {SSH} -F {folder}/ssh_config "$@"\n', 0o700)
        self.servers = []
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as f:
            return f.read()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                s, _ = self.listener.accept()
                with s, open(f"{self.folder}/sshd.log", "ab") as log:
                    self.servers.append(subprocess.Popen(
                        [SSHD, "-i", "-e", "-f",
                         f"{self.folder}/sshd_config"],
                        stdin=s, stdout=s, stderr=log))

    def address(self):
        return f"ssh://127.0.0.1:{self.port}"

    def environment(self):
        return {**os.environ, "PATH": f"{self.folder}/bin:" +
                os.environ["PATH"], "HOME": self.folder, "TERM": "xterm",
                "LC_ALL": "C.UTF-8", "INPUTRC": "/dev/null"}

    def calls(self):
        with contextlib.suppress(FileNotFoundError):
            return self.read("calls").splitlines()
        return []

    def close(self):
        # Closing alone would not wake who accepts.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        for p in self.servers:
            p.terminate()
            p.wait()


def children(parent):
    """Of a process, with their names; its parent is the fourth word."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
                name, rest = re.match(r"\d+ \((.*)\) (.*)", f.read(),
                                      re.S).groups()
            if int(rest.split()[1]) == parent:
                found[int(pid)] = name
    return found


class Afar(Terminal):
    """deskwire attach ssh://… in a terminal."""

    def __init__(self, server, *args):
        self.name = "afar"
        self.out = ""
        self.pid, self.fd = fork_pty()
        if self.pid == 0:
            os.execve(DESKWIRE, [DESKWIRE, "attach", "--no-history", *args,
                                 server.address()], server.environment())

    def ssh(self):
        """Its ssh, if that runs."""
        return next((pid for pid, name in children(self.pid).items()
                     if name == "ssh"), None)


@contextlib.contextmanager
def privilege_separation():
    """Root's sshd wants that folder, which its package makes at a boot."""
    made = False
    if os.geteuid() == 0 and not os.path.isdir(PRIVSEP):
        with contextlib.suppress(FileExistsError):
            os.mkdir(PRIVSEP, 0o755)
            made = True
    try:
        yield
    finally:
        if made:
            with contextlib.suppress(OSError):
                os.rmdir(PRIVSEP)


@contextlib.contextmanager
def reached(conf="", forced=None):
    """A desk, and a server by which it is reached: relay finds the desk's socket
    in the state folder of who it is."""
    folder = tempfile.mkdtemp(prefix="dw", dir="/tmp")
    try:
        os.mkdir(f"{folder}/deskwire", 0o700)
        write(f"{folder}/conf", conf)
        with Desk("--config", f"{folder}/conf",
                  folder=f"{folder}/deskwire") as d:
            server = d.keep(Server(folder, forced))
            yield d, server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def attach(server, address, *args):
    """The exit status and the words of one that has no terminal."""
    p = subprocess.run([DESKWIRE, "attach", *args, address],
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, env=server.environment(),
                       timeout=LIMIT, check=False, text=True,
                       start_new_session=True)
    return p.returncode, p.stdout + p.stderr


@case("a console comes by ssh, and a link that is lost resumes with nothing "
      "missing")
def _():
    with reached() as (d, server):
        watcher = d.operator("watcher")
        c = d.line()
        c.send("before you came\n")
        watcher.said("before you came")
        t = d.keep(Afar(server))
        t.until("before you came")
        t.type("/1\r")
        t.until("[1")
        t.type("an answer from afar\r")
        c.until(": an answer from afar")
        for n in range(3):
            old = t.ssh()
            c.send(f"just before {n}\n")
            os.kill(old, signal.SIGKILL)
            c.send(f"just after {n}\n")
            t.until(f"just after {n}")
            wait_until(lambda: t.ssh() not in (None, old), "another ssh")
        t.type("and now\r")
        c.until(": and now")
        for n in range(3):
            for words in (f"just before {n}", f"just after {n}"):
                same((words, t.out.count(f"guest| {words}")), (words, 1))
        first, *again = server.calls()
        assert "BatchMode=yes" not in first, first
        assert len(again) == 3 and all("BatchMode=yes" in x for x in again)


@case("Ctrl-C at the console does not end its ssh")
def _():
    with reached() as (d, server):
        t = d.keep(Afar(server))
        t.until("[-]")
        pid = t.ssh()
        t.type("half a line\x03")
        c = d.line()
        c.send("still there?\n")
        t.until("still there?")
        same(t.ssh(), pid)
        same(len(server.calls()), 1)


@case("a key whose command is a relay --as lin is lin, with lin's name and role")
def _():
    conf = f"""
user {ME} {{
	role = admin
	relay = true
}}
user lin {{
	role = operator
	as = "Lin"
}}
"""
    with reached(conf, "deskwire relay --as lin") as (d, server):
        watcher = d.operator("watcher")
        c = d.line()
        c.send("who are you?\n")
        watcher.said("who are you?")
        t = d.keep(Afar(server))
        watcher.event("on", who="lin")
        t.until("who are you?")
        t.type("/reload\r")
        t.until("there is no command /reload")
        t.type("\x15/1\r")
        t.until("[1")
        t.type("it is me\r")
        c.until("Lin: it is me")
        reply = watcher.event("reply", who="lin")
        same((reply["text"], reply.get("why")), ("it is me", "Lin"))


@case("words of a start-up file without an end of row do not hide the relay")
def _():
    with reached(forced="printf '{rest'; exec deskwire relay") as (d, server):
        d.keep(Afar(server)).until("[-]")


# In the place of ssh: it asks at the terminal, and then is there at once.
ASKS = """#!/bin/sh
echo "$@" >>{folder}/calls
case "$*" in
*BatchMode=yes*) ;;
*)	printf 'Password: ' >/dev/tty
	read -r word </dev/tty || exit 255
	[ "$word" = secret ] || exit 255 ;;
esac
echo "what a shell's start-up file says"
exec {deskwire} relay --operator-socket {folder}/deskwire/operator.sock
"""


def asks(server):
    write(f"{server.folder}/bin/ssh", ASKS.format(
        folder=server.folder, deskwire=os.path.abspath(DESKWIRE)), 0o700)


@case("ssh can ask for a password before the console is there, and not later")
def _():
    with reached() as (d, server):
        asks(server)
        t = d.keep(Afar(server))
        t.until("Password: ")
        t.type("secret\r")
        t.until("this is the desk")
        c = d.line()
        c.send("hello\n")
        t.until("hello")
        for pid in children(t.pid):
            os.kill(pid, signal.SIGKILL)
        c.send("and again\n")
        t.until("and again")
        same(t.out.count("Password: "), 1)
        same(["BatchMode=yes" in x for x in server.calls()], [False, True])


@case("Ctrl-C while ssh asks for a password ends the attempt")
def _():
    with reached() as (_, server):
        asks(server)
        t = Afar(server)
        t.until("Password: ")
        t.type("\x03")
        t.until("there is no desk at ssh://")
        same(os.waitstatus_to_exitcode(os.waitpid(t.pid, 0)[1]), 1)
        os.close(t.fd)


@case("the desk's no comes through ssh")
def _():
    with reached(forced="deskwire relay --as lin") as (_, server):
        status, err = attach(server, server.address())
        same(status, 5)
        assert "relay = true" in err, err


@case("an ssh that is not let in is told by its last words")
def _():
    with reached() as (_, server):
        write(f"{server.folder}/authorized_keys", "")
        status, err = attach(server, server.address())
        same(status, 1)
        assert re.fullmatch(r"deskwire: there is no desk at ssh://.*: .*"
                            r"Permission denied.*\n", err), err


@case("where no desk runs the other end says so")
def _():
    with reached() as (d, server):
        d.stop()
        status, err = attach(server, server.address())
        same(status, 1)
        assert "no desk answers on" in err and err.count("\n") == 1, err


@case("a host or a user that could be an option is refused, and ssh not called")
def _():
    with reached() as (_, server):
        for address in ("ssh://-oProxyCommand=touch", "ssh://-l@127.0.0.1",
                        "ssh://@127.0.0.1", "ssh://", "ssh://lin@",
                        "ssh://a b", "ssh://a\nb", "ssh://$(id)", "ssh://a:0",
                        "ssh://a:x", "ssh://a:22/x", "ssh://[::1", "127.0.0.1",
                        "ssh://a`id`@b", "ssh://a:99999", "http://a"):
            status, err = attach(server, address)
            same((address, status, err.count("\n")), (address, 2, 1))
        status, _ = attach(server, server.address(), "--operator-socket", "/x")
        same((status, server.calls()), (2, []))


if not SSHD or not SSH:
    skip_all("ssh or sshd is not here")
with privilege_separation():
    main("ssh", workers=4)
