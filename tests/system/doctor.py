# SPDX-License-Identifier: GPL-3.0-or-later
"""deskwire doctor: each thing that can be wrong with a machine is found, with
what to do, and nothing is found where nothing is wrong.  It changes nothing, and
a desk that runs does not notice it."""

import contextlib
import grp
import os
import pwd
import resource
import shlex
import socket
import subprocess
import time

from desk import (DESKWIRE, HERE, LIMIT, SANITIZED, Clock, Desk, Skip, case,
                  configured, main, same, state)

NOBODY = "nobody-of-this-name"


class Found:
    """What it says of a machine: rows by what they are of."""

    def __init__(self, folder, *args, status=None, env=None, preexec=None,
                 **machine):
        environment = {"PATH": os.environ["PATH"], "HOME": folder,
                       "LC_ALL": "C.UTF-8", "TERM": "xterm", **(env or {})}
        if machine:
            environment.update(machine, LD_PRELOAD=odd_machine(folder))
        if not any(a.startswith("--listen") for a in args):
            args = ("--listen", "127.0.0.1:0", *args)
        done = subprocess.run(
            [DESKWIRE, "doctor", "--state", os.path.join(folder, "s"), *args],
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment, timeout=LIMIT,
            preexec_fn=preexec, check=False)
        same(done.stderr, "")
        self.rows = []
        for row in done.stdout.splitlines():
            level, what = row[:6].rstrip(), row[6:]
            assert level in ("ok", "warn", "fail"), row
            self.rows.append((level, *what.split(": ", 1)))
        failed = any(r[0] == "fail" for r in self.rows)
        same(done.returncode, status or (1 if failed else 0))

    def there(self, level, what, *words):
        """There is such a row, with these words."""
        for row in self.rows:
            if row[:2] == (level, what) and all(w in row[2] for w in words):
                return
        raise AssertionError(f"no {level} {what} {words}: {self.rows}")

    def all_well(self, *but):
        """Beside what this machine may have: root, and a clock alone."""
        wrong = [r for r in self.rows
                 if r[0] != "ok" and r[1] not in ("user", "clock", *but)]
        same(wrong, [])


def odd_machine(folder):
    if SANITIZED:
        raise Skip("a sanitizer wants to be the first that is loaded")
    path = os.path.join(folder, "odd_machine.so")
    if not os.path.exists(path):
        subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-shared",
                        "-fPIC", "-o", path,
                        os.path.join(HERE, "odd_machine.c"), "-ldl"],
                       check=True)
    return path


def need_proc_tables():
    if not configured("DW_WITH_LINUX_EXTRAS"):
        raise Skip("built without what tells who has a port or a lock")


def conf(folder, text):
    path = os.path.join(folder, "deskwire.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, 0o600)
    return f"--config={path}"


def files_of(folder):
    return sorted((path, name, os.lstat(os.path.join(path, name)).st_size)
                  for path, _, names in os.walk(folder) for name in names)


@case("where all is well it finds nothing, and nothing stays behind")
def _():
    with state() as folder:
        run = os.path.join(folder, "run")
        os.mkdir(run)
        before = files_of(folder)
        found = Found(folder, env={"XDG_RUNTIME_DIR": run})
        found.all_well()
        found.there("ok", "state folder", "first start makes it")
        same((files_of(folder), os.listdir(run)), (before, []))
        os.mkdir(os.path.join(folder, "s"), 0o700)
        Found(folder).there("ok", "state folder", "yours alone")
        same(files_of(folder), before)


@case("beside a desk that works all is well, and the desk does not notice")
def _():
    need_proc_tables()
    with state() as folder, Desk(folder=os.path.join(folder, "s")) as desk:
        lin = desk.operator()
        customer = desk.line()
        customer.until("\n")
        customer.send("here\n")
        lin.said("here")
        desk.row("a customer came")
        before = desk.descriptors(), files_of(folder), list(desk.rows)
        found = Found(folder, "--listen", f"127.0.0.1:{desk.port}")
        found.all_well()
        found.there("ok", "desk", f"process {desk.pid} ")
        found.there("ok", "customers' address", f"process {desk.pid}")
        found.there("ok", "operators' socket", "a desk answers")
        customer.send("still there\n")
        lin.said("still there")
        same((desk.descriptors(), desk.rows), (before[0], before[2]))
        same([name for _, name, _ in files_of(folder)],
             [name for _, name, _ in before[1]])
        assert not [f for f in lin.frames if f.get("ev") == "notice"]


def somebody():
    """A user who is not root, and a group that is not that user's."""
    if os.geteuid() != 0:
        raise Skip("only root can be somebody else")
    try:
        user = pwd.getpwnam("daemon")
        group = next(g for g in (grp.getgrnam(n) for n in ("games", "mail"))
                     if g.gr_gid != user.pw_gid)
    except (KeyError, StopIteration):
        raise Skip("the usual users and groups are not there") from None
    return user, group


@contextlib.contextmanager
def service(folder, user, group):
    """A desk that this user runs with this group for its own."""
    place = os.path.join(folder, "s")
    os.chmod(folder, 0o755)
    os.mkdir(place, 0o700)
    os.chown(place, user.pw_uid, group.gr_gid)
    with Desk(folder=place, preexec=becoming(user, group.gr_gid)) as desk:
        yield desk


def becoming(user, gid):
    def be():
        os.setgroups([])
        os.setgid(gid)
        os.setuid(user.pw_uid)
    return be


@case("root is told of no fault beside a service, which is another user's")
def _():
    need_proc_tables()
    user, group = somebody()
    with state() as folder, service(folder, user, group) as desk:
        found = Found(folder, "--listen", f"127.0.0.1:{desk.port}",
                      "--operator-socket", desk.operator_path)
        found.all_well("state folder")
        found.there("ok", "user", f"the desk of the user {user.pw_name}")
        found.there("warn", "state folder", f"runuser -u {user.pw_name}")
        found.there("ok", "customers' address", f"process {desk.pid}")
        found.there("ok", "operators' socket", "a desk answers")


@case("nor is its user, who may not see in another group who has its port")
def _():
    need_proc_tables()
    user, group = somebody()
    with state() as folder, service(folder, user, group) as desk:
        found = Found(folder, "--listen", f"127.0.0.1:{desk.port}",
                      preexec=becoming(user, user.pw_gid))
        found.all_well("customers' address")
        found.there("warn", "customers' address", "most likely by the desk",
                    "look as root")
        # What systemd has made for a proxy's group.
        path = os.path.join(folder, "customers.sock")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
            s.listen()
            os.chmod(path, 0o660)
            Found(folder, "--listen", f"unix:{path},proxy", "--proxy-from",
                  "unix", preexec=becoming(user, user.pw_gid)).there(
                      "warn", "customers' address", "not yours to connect to")


@case("a port that is taken is found, with the program that has it")
def _():
    need_proc_tables()
    with state() as folder, socket.create_server(("127.0.0.1", 0)) as tcp, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        at = [f"127.0.0.1:{s.getsockname()[1]}" for s in (tcp, udp)]
        found = Found(folder, "--listen", at[0], "--udp", at[1],
                      "--metrics", at[0])
        who = f"process {os.getpid()};"
        found.there("fail", "customers' address", at[0], who, "with --listen")
        found.there("fail", "datagrams' address", at[1], who, "with --udp")
        found.there("fail", "metrics", at[0], who, "with --metrics")


@case("so is one of another desk, over IPv6 too")
def _():
    need_proc_tables()
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError:
        raise Skip("there is no IPv6 here") from None
    with state() as folder, Desk(listen="[::1]:0") as other:
        Found(folder, "--listen", f"[::1]:{other.port}").there(
            "fail", "customers' address", "deskwire", f"process {other.pid}")


@case("an address that is not this machine's, or is none, is found")
def _():
    with state() as folder:
        Found(folder, "--listen", "192.0.2.1:7").there(
            "fail", "customers' address", "no address 192.0.2.1:7")
        Found(folder, "--listen", "nowhere:7:8").there(
            "fail", "customers' address", '"nowhere:7:8" is no address')


@case("an address that the world can reach is refused, or warned of")
def _():
    with state() as folder:
        with socket.socket() as s:
            s.bind(("", 0))
            at = f"0.0.0.0:{s.getsockname()[1]}"
        found = Found(folder, "--listen", at)
        found.there("fail", "customers' address", "whole world")
        found.there("warn", "encryption", at, "doc/admin.md")
        found = Found(folder, "--listen", at, "--allow-plaintext-public")
        found.there("ok", "customers' address", "is free")
        # A proxy that is installed is named.
        tools = os.path.join(folder, "bin")
        os.mkdir(tools)
        stunnel = os.path.join(tools, "stunnel")
        with open(stunnel, "w", encoding="ascii"):
            os.chmod(stunnel, 0o755)
        Found(folder, "--listen", at, env={"PATH": tools}).there(
            "warn", "encryption", "stunnel is installed")


@case("a desk with another socket, and another desk at the socket, are found")
def _():
    need_proc_tables()
    with state() as folder, state() as elsewhere:
        path = os.path.join(elsewhere, "x.sock")
        with Desk("--operator-socket", path,
                  folder=os.path.join(folder, "s")) as desk:
            found = Found(folder)
            found.there("ok", "desk", f"process {desk.pid} ")
            found.there("warn", "operators' socket", "a desk runs, but not")
            Found(elsewhere, "--operator-socket", path).there(
                "fail", "operators' socket", "another desk answers")


@case("a socket that a dead desk has left is found, and another file there")
def _():
    with state() as folder:
        os.mkdir(os.path.join(folder, "s"), 0o700)
        path = os.path.join(folder, "s", "operator.sock")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
        Found(folder).there("warn", "operators' socket", path, "is left")
        os.remove(path)
        with open(path, "w", encoding="ascii"):
            pass
        Found(folder).there("fail", "operators' socket", "is no socket")
        long = os.path.join(folder, "s", 120 * "x")
        Found(folder, "--operator-socket", long).there(
            "fail", "operators' socket", "cannot be had")


@case("a folder that is not one's own alone is found")
def _():
    with state() as folder:
        path = os.path.join(folder, "s")
        os.mkdir(path)
        os.chmod(path, 0o777)
        found = Found(folder)
        found.there("fail", "state folder", "Others may write", "chmod go-w")
        found.there("fail", "operators' socket", "others may write")
        os.rmdir(path)
        os.symlink(folder, path)
        Found(folder).there("fail", "state folder", "symbolic link")
        os.remove(path)
        with open(path, "w", encoding="ascii"):
            pass
        Found(folder).there("fail", "state folder", path)
        os.remove(path)
        if os.geteuid() == 0:
            os.mkdir(path, 0o700)
            os.chown(path, 65534, 65534)
            Found(folder).there("warn", "state folder", "belongs to the user")


@case("a disk with little room, and one that is slow, are found")
def _():
    with state() as folder:
        Found(folder, FREE_MIB="63").there("fail", "disk", "only 63 MiB")
        Found(folder, FREE_MIB="1023").there("warn", "disk", "only 1023 MiB")
        Found(folder, FREE_MIB="1024").there("ok", "disk", "1024 MiB")
        Found(folder, SYNC_MS="101").there("warn", "sync", "--state DIR")
        Found(folder, SYNC_MS="0").there("ok", "sync", "ms until")


@case("a disk that is full is found")
def _():
    with state() as folder:
        path = os.path.join(folder, "s")
        os.mkdir(path, 0o700)
        if os.geteuid() != 0 or subprocess.run(
                ["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "none",
                 path], stderr=subprocess.DEVNULL, check=False).returncode:
            raise Skip("no small disk can be had here")
        try:
            with open(os.path.join(path, "x"), "wb", buffering=0) as f, \
                    contextlib.suppress(OSError):
                while True:
                    f.write(bytes(4096))
            found = Found(folder)
            found.there("fail", "disk", "only 0 MiB")
            found.there("fail", "sync", "nothing can be written")
            same(os.listdir(path), ["x"])
        finally:
            subprocess.run(["umount", path], check=True)


@case("too few descriptors are found")
def _():
    def allow(n):
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))
    with state() as folder:
        Found(folder, preexec=allow(40)).there("fail", "limits",
                                               "LimitNOFILE=")
        Found(folder, preexec=allow(400)).there("warn", "limits",
                                                "--max-sessions")
        Found(folder, "--max-sessions=4000", preexec=allow(400)).there(
            "fail", "limits", "4000 sessions do not fit")


@case("a locale without UTF-8, or that is not installed, is found")
def _():
    with state() as folder:
        Found(folder, env={"LC_ALL": "C"}).there(
            "warn", "language", "the locale C has no UTF-8")
        Found(folder, env={"LC_ALL": "", "LANG": "xx_YY.UTF-8"}).there(
            "warn", "language", "xx_YY.UTF-8 is not installed")


@case("a clock that nobody keeps right, or was set back, is found")
def _():
    with state() as folder:
        os.mkdir(os.path.join(folder, "s"), 0o700)
        if configured("HAVE_ADJTIMEX"):
            Found(folder, CLOCK_STATE="0").there("warn", "clock", "chrony")
            Found(folder, CLOCK_STATE="1").there("ok", "clock", "kept right")
        clock = Clock(folder, 86400000)
        Found(folder, env=clock.environment).there("fail", "clock", "1970")
        path = os.path.join(folder, "s", "journal.db")
        with open(path, "wb"):
            os.utime(path, 2 * (time.time() + 3600,))
        Found(folder).there("warn", "clock", "was set back")


@case("groups and users that are not there are found, with their lines")
def _():
    with state() as folder:
        Found(folder, f"--operator-group={NOBODY}").there(
            "fail", "operator group", f"no group {NOBODY}", "addgroup")
        with_people = conf(folder, f'\nuser {NOBODY} {{\n  role = admin\n}}\n')
        found = Found(folder, with_people)
        found.there("warn", "people", "deskwire.conf:3: no user", "adduser")
        found.there("warn", "operator group", "--operator-group")
        found = Found(folder, conf(folder, f'group {NOBODY} {{\n}}\n'))
        found.there("warn", "people", "deskwire.conf:2: no group")
        found.there("fail", "operator group", f"members of {NOBODY}")
        empty = next((g for g in grp.getgrall() if not g.gr_mem), None)
        if os.geteuid() == 0 and empty:
            Found(folder, f"--operator-group={empty.gr_name}").there(
                "warn", "operator group", "nobody is listed")


@case("a file that cannot be taken is found")
def _():
    with state() as folder:
        long = os.path.join(folder, "long")
        with open(long, "w", encoding="ascii") as f:
            f.write(1000 * "x")
        nowhere = os.path.join(folder, "nowhere", "x")
        Found(folder, f"--greeting={nowhere}").there(
            "fail", "files", nowhere, "--greeting FILE")
        Found(folder, f"--greeting={long}").there("fail", "files", long)
        Found(folder, f"--log={nowhere}").there(
            "fail", "files", nowhere, "--log FILE")
        same(os.path.exists(os.path.dirname(nowhere)), False)
        config = conf(folder, 'name = "x"\n')
        Found(folder, config).all_well()
        os.chmod(config.partition("=")[2], 0o660)
        Found(folder, config).there("warn", "files", "chmod g-w")
        os.chmod(config.partition("=")[2], 0o666)
        Found(folder, config, status=3).there("fail", "configuration",
                                              "chmod o-w")


@case("what is wrong with the configuration is all that it looks at")
def _():
    with state() as folder:
        found = Found(folder, conf(folder, "name = x\nno-such = 1\nrate = -1\n"),
                      status=3)
        found.there("fail", "configuration", "deskwire.conf:2: ")
        found.there("fail", "configuration", "deskwire.conf:3: ")
        same(len(found.rows), 2)
        found = Found(folder, f"--config={folder}/none", status=3)
        found.there("fail", "configuration", f"{folder}/none")


@case("it takes the options of a desk, and --help says so")
def _():
    out = subprocess.run([DESKWIRE, "doctor", "--help"], text=True, check=True,
                         stdout=subprocess.PIPE).stdout
    for word in ("--listen", "--state", "--operator-group", "--max-sessions",
                 "--config"):
        assert f" {word}=" in out, word


main("doctor")
