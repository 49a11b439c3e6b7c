# SPDX-License-Identifier: GPL-3.0-or-later
"""A desk that a service manager runs: it says when it works, how it does and that
it ends, is handed its sockets, and is ended when it hangs and not when its disk
is slow."""

import contextlib
import mmap
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time

import supervisor
import under_seccomp
from desk import (BUILD, DESKWIRE, HERE, LIMIT, SANITIZED, Clock, Desk,
                  Operator, Skip, case, main, same, state, wait_until)
from supervisor import Supervisor, bound

BEAT_S = 3 if SANITIZED else 1.5        # what the watchdog wants to hear in
TCP, UDP, PATH = "127.0.0.1:0", socket.SOCK_DGRAM, "/operator.sock"


@contextlib.contextmanager
def managed(*args, sockets=(), watchdog_s=None, abstract=False, env=None,
            ready=True, listen=None, folder=None):
    """A desk and who manages it."""
    with Supervisor(sockets, watchdog_s, abstract=abstract) as manager:
        environment = {**manager.environment, **(env or {})}
        with Desk(*args, ready=False, under=manager.under, env=environment,
                  pass_fds=manager.pass_fds, listen=listen,
                  folder=folder) as d:
            manager.started()
            if ready:
                manager.until_said("READY")
            yield d, manager


def started_with(sockets=(), *args, listen=TCP, env=None):
    """The status and the rows of a desk that does not start."""
    with managed(*args, sockets=sockets, ready=False, listen=listen,
                 env=env) as (d, manager):
        status = d.wait()
        assert not manager.said("READY"), manager.messages
        return status, "\n".join(d.rows)


def name_of(s):
    host, port = s.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


# --- what it says -----------------------------------------------------------

@case("it is ready only when it listens and its journal is open")
def _():
    for abstract in (False, True):
        with managed(abstract=abstract) as (d, manager):
            d.port = int(d.row("listening on ").rpartition(":")[2])
            c, o = d.line(), d.operator()
            c.send("hello\n")
            o.said("hello")
            same([m for m in manager.messages if "READY" in m],
                 [{"READY": "1"}])


@case("with a journal that is damaged, or a taken address, it is never ready")
def _():
    with state() as folder:
        with open(f"{folder}/journal.db", "wb") as f:
            f.write(b"no journal" * 1000)
        with managed(folder=folder, ready=False) as (d, manager):
            same(d.wait(), 1)
            assert not manager.said("READY"), manager.messages
    with contextlib.closing(bound(TCP)) as taken:
        status, rows = started_with(listen=name_of(taken))
        same(status, 4)
        assert "cannot listen" in rows, rows


@case("its status says how many wait and are connected, once a second at most")
def _():
    came = []
    with managed() as (d, manager):
        d.port = int(d.row("listening on ").rpartition(":")[2])
        manager.tell = lambda row: came.append((time.monotonic(), row))
        o = d.operator()
        for n in range(5):
            d.line().send(f"word {n}\n")
        manager.until(lambda m: m.status == "5 waiting, 5 connected", "five")
        sid = o.said("word 0")["sid"]
        same(o.reply(sid, "an answer"), "ok")
        manager.until(lambda m: m.status == "4 waiting, 5 connected", "four")
        same(o.command("stop when-empty"), "ok")
        manager.until(lambda m: m.status == "4 waiting, 5 connected; nobody "
                      "new is let in", "that it closes")
        same(d.stop_with_all(), 0)
    times = [t for t, row in came if row.startswith("STATUS") and
             "waiting" in row]
    assert all(b - a > 0.9 for a, b in zip(times, times[1:])), came


@case("its status says that it is to stop when it is empty")
def _():
    with managed() as (d, manager):
        d.port = int(d.row("listening on ").rpartition(":")[2])
        o, c = d.operator(), d.line()
        c.send("a word\n")
        o.said("a word")
        same(o.command("stop when-empty"), "ok")
        manager.until(lambda m: "nobody new is let in" in m.status, "that")
        c.close()
        same(d.wait(), 0)


@case("while it reads its configuration again it is reloading")
def _():
    with managed() as (d, manager):
        d.signal(signal.SIGHUP)
        manager.until_said("READY", 2)
        said = [next(iter(m)) for m in manager.messages
                if "STATUS" not in m]
        same(said, ["READY", "RELOADING", "READY"])
        at, = (m["MONOTONIC_USEC"] for m in manager.messages
               if "RELOADING" in m)
        assert 0 <= time.monotonic() * 1e6 - int(at) < LIMIT * 1e6, at


@case("it says that it ends, and asks for the time that its drain may take")
def _():
    with managed("--drain", "120") as (d, manager):
        same(d.stop(), 0)
        manager.until_said("STOPPING")
        last, = (m for m in manager.messages if "STOPPING" in m)
        assert int(last["EXTEND_TIMEOUT_USEC"]) >= 120e6, last


@case("without a manager it says nothing, and root is warned")
def _():
    with managed() as (d, manager):
        assert not any("root" in row for row in d.rows), d.rows
    if os.geteuid() != 0:
        raise Skip("only root is warned")
    with Desk() as d:
        d.row("runs as root")


# --- what it is handed ------------------------------------------------------

@case("sockets of each name are served, and their paths stay")
def _():
    with state() as folder:
        sockets = [("customers", bound(TCP)), ("customers", bound(TCP)),
                   ("operators", bound(folder + PATH)),
                   ("udp", bound(TCP, UDP))]
        with managed("--operator-socket", folder + PATH, "--listen",
                     name_of(sockets[1][1]), sockets=sockets,
                     listen=name_of(sockets[0][1]),
                     folder=folder) as (d, manager):
            o = d.operator()
            for n in (0, 1):
                d.port = sockets[n][1].getsockname()[1]
                d.line().send(f"at {n}\n")
                o.said(f"at {n}")
            with socket.socket(socket.AF_INET, UDP) as s:
                s.sendto(b"a datagram", sockets[3][1].getsockname())
                o.event("udp", text="a datagram")
            same(d.stop_with_all(), 0)
        assert os.path.exists(folder + PATH)
        for _, s in sockets:
            s.close()


@case("an inherited operators' socket that is removed is missed, and not made "
      "anew")
def _():
    with state() as folder:
        path = folder + PATH
        sockets = [("operators", bound(path))]
        with managed(sockets=sockets, ready=False,
                     folder=folder) as (d, manager):
            status = d.wait()           # for it names an address of its own
            same(status, 3)
        with contextlib.closing(bound(TCP)) as customers:
            sockets.append(("customers", customers))
            with managed("--operator-socket", path, sockets=sockets,
                         listen=name_of(customers),
                         folder=folder) as (d, manager):
                o = d.operator()
                os.unlink(path)
                assert "its .socket unit" in o.frame(
                    op="notice", code="socket")["text"]
                assert not os.path.exists(path)


@case("a socket of an unknown name, or of the wrong kind, is refused by name")
def _():
    with state() as folder:
        deaf = socket.socket()
        deaf.bind(("127.0.0.1", 0))
        abstract = socket.socket(socket.AF_UNIX)
        abstract.bind("")               # a name that the system chooses
        abstract.listen()
        rows = [("guests", bound(TCP), "guests"),
                ("", bound(TCP), "FileDescriptorName="),
                ("customers", bound(TCP, UDP), "customers"),
                ("customers", deaf, "does not listen"),
                ("operators", bound(TCP), "operators"),
                ("operators", abstract, "with a path"),
                ("udp", bound(TCP), "udp"),
                ("metrics", bound(folder + "/m"), "metrics"),
                ("customers", open(os.devnull, "rb"), "customers")]
        for name, s, word in rows:
            # What is wrong with its kind is found before the address is.
            listen = name_of(s) if s is deaf else TCP
            status, told = started_with([(name, s)], listen=listen)
            same(status, 4)
            assert word in told, told
            s.close()


@case("an address that no inherited socket has is refused: nobody would come")
def _():
    with state() as folder, contextlib.closing(bound(TCP)) as customers, \
            contextlib.closing(bound(folder + PATH)) as operators:
        here = [("customers", customers), ("operators", operators)]
        for args in (("--listen", "127.0.0.1:7"), ("--udp", "127.0.0.1:7"),
                     ("--metrics", "127.0.0.1:7"),
                     ("--operator-socket", folder + "/other.sock")):
            status, told = started_with(here, *args,
                                        listen=name_of(customers))
            same(status, 3)
            assert args[1] in told and ".socket unit" in told, told


@case("where the unit lets nobody through no desk listens")
def _():
    for reach, address, status in (
            ("loopback", "127.0.0.1:0", 0), ("loopback", "0.0.0.0:0", 3),
            ("loopback", "10.0.0.1:0", 3), ("private", "0.0.0.0:0", 3),
            ("private", "8.8.8.8:0", 3), ("private", "127.0.0.1:0", 0),
            ("public", "0.0.0.0:0", 0), ("anything", "127.0.0.1:0", 3)):
        env = {"DESKWIRE_REACH": reach}
        if status == 0:
            with managed("--allow-plaintext-public", listen=address, env=env):
                continue
        got, told = started_with((), "--allow-plaintext-public",
                                 listen=address, env=env)
        same(got, status)
        assert "DESKWIRE_REACH" in told, told
        assert reach == "anything" or address in told, told


UNIT = """[Service]
ExecStart={program} serve --state={folder} \\
    --operator-socket={folder}/operator.sock
User={user}
UMask=0077
Environment=DESKWIRE_REACH=loopback LC_ALL=C.UTF-8
WatchdogSec=1min
"""
SOCKET = """[Socket]
FileDescriptorName={name}
{kind}={address}
"""


@case("the manager of the tests is a program, too, and reads a unit's files")
def _():
    with state() as folder:
        user = pwd.getpwuid(os.geteuid()).pw_name
        files = {"a.service": UNIT.format(program=DESKWIRE, folder=folder,
                                          user=user),
                 "a.service.d/more.conf": "[Service]\nUMask=0027\n",
                 "a.socket": SOCKET.format(name="customers", address=TCP,
                                           kind="ListenStream"),
                 "b.socket": SOCKET.format(name="operators",
                                           address=folder + PATH,
                                           kind="ListenStream")}
        os.mkdir(f"{folder}/a.service.d")
        for name, body in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(body)
        with subprocess.Popen(
                [sys.executable, supervisor.__file__,
                 *(f"{folder}/{x}" for x in ("a.service", "a.socket",
                                             "b.socket")), "--", "--drain",
                 "1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True) as p:
            same(p.stdout.readline(), "READY\n")
            same(p.stdout.readline(), "STATUS 0 waiting, 0 connected\n")
            with contextlib.closing(Operator(folder + PATH)):
                pass
            p.send_signal(signal.SIGHUP)
            same([p.stdout.readline() for _ in "12"],
                 ["RELOADING\n", "READY\n"])
            p.send_signal(signal.SIGTERM)
            same(p.stdout.readlines()[-1], "EXIT 0\n")
            same(p.wait(LIMIT), 0)


def filters(folder):
    """What a command is run under, as the unit has it."""
    try:
        return under_seccomp.prepare(
            os.path.join(BUILD, "data/systemd/deskwire.service"), folder)
    except (OSError, subprocess.CalledProcessError) as e:
        raise Skip(f"the unit's filter cannot be made here: {e}") from None


@case("under its unit's list of calls a desk talks, and may do no more")
def _():
    if SANITIZED:
        raise Skip("a sanitizer's runtime needs calls of its own")
    with state() as folder:
        under = filters(folder)
        told = subprocess.run([*under, shutil.which("chown"), "0", folder],
                              capture_output=True, text=True)
        assert "not permitted" in told.stderr, told
        with Desk(under=under, folder=folder) as d:
            with open(f"/proc/{d.pid}/status", encoding="ascii") as f:
                assert "\nSeccomp:\t2\n" in f.read()
            o, c = d.operator(), d.line()
            c.send("hello\n")
            same(o.reply(o.said("hello")["sid"], "an answer"), "ok")
            c.until("an answer")
            same(d.stop_with_all(), 0)


# --- calls that hang --------------------------------------------------------

SYNC, ACCEPT, SEND = range(3)


class Hanging:
    """Calls that hang, for what is started with environment."""

    def __init__(self, folder):
        if SANITIZED:
            raise Skip("what is preloaded comes before the sanitizer")
        library = os.path.join(folder, "hanging_calls.so")
        subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-shared",
                        "-fPIC", "-o", library,
                        os.path.join(HERE, "hanging_calls.c")], check=True)
        path = os.path.join(folder, "hanging")
        with open(path, "w+b") as f:
            f.write(b"...")
            f.flush()
            self.map = mmap.mmap(f.fileno(), 3)
        self.environment = {"LD_PRELOAD": library, "HANGING": path}

    def begin(self, call):
        self.map[call:call + 1] = b"h"

    def hangs(self, call):
        return self.map[call:call + 1] == b"H"

    def end(self, call):
        self.map[call:call + 1] = b"."


@case("a unit that lets it have inherited sockets only is named")
def _():
    with state() as folder:
        env = {**Hanging(folder).environment, "NO_INTERNET": "1"}
        status, told = started_with(env=env)
        same(status, 4)
        assert "deskwire-restricted.service" in told, told


@contextlib.contextmanager
def watched(clock=False):
    """A desk whose manager waits for signs of life, with a customer and an
    operator, and calls that may hang."""
    with state() as folder, contextlib.closing(bound(TCP)) as customers:
        hanging = Hanging(folder)
        held = Clock(folder, int(time.time() * 1000)) if clock else None
        env = dict(hanging.environment)
        if held:
            env = {**held.environment, **env, "LD_PRELOAD": " ".join(
                (held.environment["LD_PRELOAD"], env["LD_PRELOAD"]))}
        with managed(sockets=[("customers", customers)], env=env,
                     watchdog_s=BEAT_S, listen=name_of(customers),
                     folder=folder) as (d, manager):
            d.port = customers.getsockname()[1]
            try:
                yield d, manager, hanging, held
            finally:
                for call in (SYNC, ACCEPT, SEND):
                    hanging.end(call)


def feeds(manager, times):
    before = manager.pings
    manager.until(lambda m: m.pings >= before + times, "sign of life")


def no_more(manager, d, who):
    """The row says that from now on nothing is told; and nothing is."""
    d.row(f"{who} does not answer")
    before = manager.pings
    time.sleep(BEAT_S)                  # what is not to come comes in these
    same(manager.pings, before)


@case("a desk that works gives a sign of life, three times as often as it must")
def _():
    with managed(watchdog_s=BEAT_S) as (d, manager):
        began = time.monotonic()
        feeds(manager, 6)
        assert time.monotonic() - began > BEAT_S, "far too often"
    env = {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}
    with managed(env=env) as (d, manager):
        same(d.stop(), 0)
        same(manager.pings, 0)          # another process is meant


@case("a disk that is slow is told of, and ends no talk for five minutes")
def _():
    with watched(clock=True) as (d, manager, hanging, clock):
        o, c = d.operator(), d.line()
        feeds(manager, 2)
        hanging.begin(SYNC)
        c.send("a message\n")
        wait_until(lambda: hanging.hangs(SYNC), "a COMMIT that hangs")
        feeds(manager, 4)
        clock.go(10)
        assert "storing for 10 s" in d.row("slow-commit"), d.rows
        manager.until(lambda m: "the disk" in m.status, "a status that says so")
        feeds(manager, 4)
        clock.go(280)
        feeds(manager, 4)
        clock.go(20)
        no_more(manager, d, "the desk's own thread")
        hanging.end(SYNC)
        o.said("a message")
        assert "the disk took" in o.frame(op="notice", code="disk")["text"]
        feeds(manager, 2)
        manager.until(lambda m: "the disk" not in m.status, "a status without")


@case("a desk thread that hangs elsewhere is not vouched for")
def _():
    with watched() as (d, manager, hanging, _):
        o, c = d.operator(), d.line()
        feeds(manager, 2)
        hanging.begin(SEND)
        c.send("a message\n")
        no_more(manager, d, "the desk's own thread")
        hanging.end(SEND)
        o.said("a message")
        feeds(manager, 2)


@case("a thread that accepts customers or operators and hangs is not vouched for")
def _():
    with watched() as (d, manager, hanging, _):
        for connect, who in ((d.line, f"127.0.0.1:{d.port}"),
                             (lambda: d.operator(None),
                              "the thread that accepts operators")):
            feeds(manager, 2)
            hanging.begin(ACCEPT)
            connect()
            no_more(manager, d, who)
            hanging.end(ACCEPT)


main("service", workers=6)
