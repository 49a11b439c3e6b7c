# SPDX-License-Identifier: GPL-3.0-or-later
"""deskwire ctl: one command to a desk, an exit status for each outcome, and
nobody who came."""

import array
import contextlib
import fcntl
import getpass
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import termios
import time

from desk import (DESKWIRE, LIMIT, TOP, Deadline, Desk, Skip, case, main,
                  same, state, wait_until)

DONE, FAILED, USAGE, REFUSED, UNKNOWN, LATE = 0, 1, 2, 5, 7, 8


def run(path, *words, name="lin", **how):
    how = {"stdout": subprocess.PIPE, **how}
    return subprocess.run(
        [DESKWIRE, "ctl", "--operator-socket", path, "--as", name, *words],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        timeout=LIMIT, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"},
        **how)


def status(d, *words, name="lin"):
    """Its exit status; whoever fails says why in one row, and nowhere else."""
    p = run(d.operator_path, *words, name=name)
    if p.returncode != DONE:
        assert p.stderr.startswith("deskwire: ") and \
            p.stderr.count("\n") == 1, (words, p.stderr)
        same((words, p.stdout), (words, ""))
    return p.returncode


def out(d, *words, name="lin"):
    """What it wrote; it did what it was told."""
    p = run(d.operator_path, *words, name=name)
    same((words, p.returncode, p.stderr), (words, DONE, ""))
    return p.stdout


def rows(d, *words, name="lin"):
    return [json.loads(x) for x in out(d, *words, name=name).splitlines()]


def waits(d, watcher, text="hello"):
    """A customer with a message that is stored."""
    c = d.line()
    c.send(text + "\n")
    watcher.said(text)
    return c


@case("each outcome has its exit status")
def _():
    with state() as folder:
        conf = os.path.join(folder, "conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write("user bert {\n\trole = operator\n}\n")
        with Desk("--config", conf, folder=folder) as d:
            ann = d.operator("ann")
            for n in range(3):
                waits(d, ann, f"hello {n}")
            same(status(d, "take 1"), DONE)
            same(status(d, "/take", "1"), DONE)
            same(status(d, "reply 1 good day"), DONE)
            same(status(d, "note", "1", "asks", "again"), DONE)
            same(status(d, "close", "1"), DONE)
            same(status(d, "reply", "1", "too late"), UNKNOWN)
            same(status(d, "close", "99"), UNKNOWN)
            same(status(d, "history", "99"), UNKNOWN)
            same(ann.command("take 2"), "ok")
            same(status(d, "take", "2"), LATE)
            same(status(d, "reply", "2", "mine"), LATE)
            same(status(d, "sing"), USAGE)
            same(status(d, "take"), USAGE)
            same(status(d, "take", "x"), USAGE)
            same(status(d, "reply", "3"), USAGE)
            same(status(d, "reply", "x", "y"), USAGE)
            same(status(d, "list", "some"), USAGE)
            same(status(d, "watch", "1"), USAGE)
            same(status(d, "--seen", "x", "list"), USAGE)
            same(status(d), USAGE)
            same(status(d, " "), USAGE)
            same(status(d, "away"), USAGE)
            same(status(d, "reload", name="bert"), REFUSED)
            same(d.stop(), 0)
            same(status(d, "list"), FAILED)
            same(status(d, "watch"), FAILED)


@case("a place among the operators is needed, and refused when there is none")
def _():
    with Desk("--max-operators", "1") as d:
        ann = d.operator("ann")
        same(status(d, "list"), REFUSED)
        ann.close()
        wait_until(lambda: status(d, "list") == DONE, "a place")


@case("whose list is older than a colleague's answer is refused, and says "
      "nothing twice")
def _():
    with Desk() as d:
        ann = d.operator("ann")
        c = waits(d, ann)
        seq = rows(d, "list", "--json")[0]["seq"]
        same(ann.reply(1, "from ann"), "ok")
        same(ann.command("release 1"), "ok")
        same(status(d, "--seen", str(seq), "reply", "1", "from lin"), LATE)
        same(status(d, "--seen", str(seq), "reply", "1", "from lin"), LATE)
        same(status(d, "reply", "1", "and lin"), DONE)
        heard = c.until("lin: and lin")
        assert "from lin" not in heard and "from ann" in heard, heard


@case("nobody has come: no colleague is told, and nobody is on duty")
def _():
    with Desk() as d:
        c = d.line()
        c.send("anybody?\n")
        c.until("Nobody is on duty")
        same(out(d, "who"), "nobody is there\n")
        out(d, "list")
        watch = d.operator("watcher", bare=True)
        assert not {"sessions", "commands", "people"} & {
            k for k, v in watch.welcome.items() if v}, watch.welcome
        out(d, "take 1")
        out(d, "reply 1 here I am")
        c.until("lin: here I am")
        d.line().send("and now?\n")
        watch.said("and now?", flags=2)
        same([e for e in watch.events() if e["ev"] in ("on", "off")], [])
        watch.send(op="next", id=7)
        same(watch.answer(7)["code"], "usage")
        watch.send(op="look", sid=1)        # of consoles only: no answer, no end
        watch.sync()
        d.operator("ann")
        same(d.stop(), 0)
        d.row("the desk has stopped")
        same([r for r in d.rows if "tached" in r and "who=ann" not in r], [])


@case("who has no console keeps a customer for a grace behind each command")
def _():
    with Desk("--lost-grace", "2") as d:
        ann = d.operator("ann")
        waits(d, ann)
        out(d, "take 1")
        began = time.monotonic()
        ann.event("free", sid=1, why="lost")
        assert time.monotonic() - began > 1.5
        out(d, "take 1")
        for n in range(6):      # 3 s of work, and never a whole grace idle
            select.select([], [], [], 0.5)
            out(d, f"note 1 number {n}")
        same(ann.answer(ann.ask("cmd", text="take 1"))["code"], "taken")


@case("the list has who waits and is nobody's or one's own, the longest first")
def _():
    with Desk() as d:
        ann = d.operator("ann")
        for n in range(1, 5):
            waits(d, ann, f"question {n}")
        same(ann.command("take 2"), "ok")
        out(d, "take 3")
        out(d, "reply 4 answered")
        ann.event("reply", sid=4)
        want = [["1", "waiting", "-", "guest", "question 1"],
                ["3", "waiting", "lin", "guest", "question 3"]]
        same([[x for i, x in enumerate(r.split("\t")) if i != 2]
              for r in out(d, "list").splitlines()], want)
        same([r["sid"] for r in rows(d, "list", "--json")], [1, 3])
        same([r["sid"] for r in rows(d, "--json", "list", "all")],
             [1, 2, 3, 4])


@case("what customers write is harmless in rows, and whole as JSON")
def _():
    with Desk() as d:
        waits(d, d.operator("ann"), "red \x1b[31m\tand \u202eback\x9b2J")
        for words in (("list",), ("history", "1")):
            text = out(d, *words)
            assert "\x1b" not in text and "\u202e" not in text, text
            assert "\\x1b[31m" in text and "\\u{202E}back" in text, text
        same(rows(d, "history", "1", "--json")[0]["ev"]["text"],
             "red \x1b[31m\tand \u202eback\x9b2J")
        for words in (("list", "--json"), ("history", "1", "--json")):
            assert out(d, *words).replace("\n", " ").isprintable(), words
        same([f["op"] for f in rows(d, "history", "1", "--json")],
             ["past", "ok"])


@case("status says how the desk does")
def _():
    with Desk() as d:
        ann = d.operator("ann")
        waits(d, ann)
        said = dict(r.split(": ", 1) for r in out(d, "status").splitlines())
        same({k: said[k] for k in ("desk", "pid", "state", "sessions",
                                   "connected", "operators", "listeners")},
             {"desk": "deskwire", "pid": str(d.pid), "state": "working",
              "sessions": "1 waiting, 0 open, 0 left", "connected": "1",
              "operators": "1", "listeners": f"127.0.0.1:{d.port}"})
        assert said["journal"].startswith("3 events, verified up to "), said
        same([f["op"] for f in rows(d, "status", "--json")], ["ok"])


@contextlib.contextmanager
def watching(d, name="lin", stdout=subprocess.PIPE):
    """It has begun once the desk tells it what happens."""
    p = subprocess.Popen(
        [DESKWIRE, "ctl", "--operator-socket", d.operator_path, "--as", name,
         "watch"], stdin=subprocess.DEVNULL, stdout=stdout,
        stderr=subprocess.PIPE)
    try:
        yield p
    finally:
        p.kill()
        p.communicate()


def in_pipe(f):
    """How many bytes wait there."""
    return array.array("i", fcntl.ioctl(f, termios.FIONREAD, bytes(4)))[0]


def first_row(p, ask):
    """Asks again and again until something comes; then it watches."""
    deadline = Deadline()
    while not select.select([p.stdout], [], [], 0.05)[0]:
        deadline.left("an event")
        ask()
    return json.loads(p.stdout.readline())


@case("watch writes each event as a row, from now on and until a signal")
def _():
    with Desk() as d:
        ann = d.operator("ann")
        waits(d, ann, "long ago")
        for number in (signal.SIGTERM, signal.SIGINT):
            with watching(d) as p:
                same(first_row(p, lambda: ann.command("note 1 x"))["ev"],
                     "note")
                ann.reply(1, "the answer")
                bert = d.operator("bert")
                same(ann.command("msg bert for you alone"), "ok")
                bert.event("msg")
                same(ann.command("msg bert and this"), "ok")
                same(ann.command("name 1 alice"), "ok")
                seen = [json.loads(p.stdout.readline())]
                while seen[-1]["ev"] != "name":
                    seen.append(json.loads(p.stdout.readline()))
                assert "the answer" in [e.get("text") for e in seen], seen
                assert "msg" not in [e["ev"] for e in seen], seen
                p.send_signal(number)
                same(p.wait(LIMIT), DONE)
                same(p.stderr.read(), b"")
                bert.close()


@case("watch ends quietly when nobody reads it, and fails with its desk")
def _():
    with Desk() as d:
        ann = d.operator("ann")
        waits(d, ann)
        with watching(d) as p:
            first_row(p, lambda: ann.command("note 1 x"))
            p.stdout.close()
            same(p.wait(LIMIT), DONE)
            same(p.stderr.read(), b"")
            p.stdout = None
        with watching(d) as p:
            first_row(p, lambda: ann.command("note 1 x"))
            d.stop_now()
            same(p.wait(LIMIT), FAILED)
            d.wait()
            err = p.stderr.read()
            assert b"stopped" in err and err.count(b"\n") == 1, err


@case("a reader at the other end of a socket is missed as one of a pipe is")
def _():
    with Desk() as d:
        for verb in ("ctl", "relay"):
            ours, theirs = socket.socketpair()
            p = subprocess.Popen(
                [DESKWIRE, verb, "--operator-socket", d.operator_path,
                 *(["watch"] if verb == "ctl" else [])],
                stdin=subprocess.PIPE, stdout=theirs, stderr=subprocess.PIPE)
            theirs.close()
            if verb == "relay":
                same(ours.recv(100), b'{"op":"relay"}\n')
            ours.close()
            same((verb, p.wait(LIMIT)), (verb, DONE))
            same(p.communicate()[1], b"")


@case("what cannot be written is a failure")
def _():
    with Desk() as d, open("/dev/full", "w", encoding="ascii") as full:
        waits(d, d.operator("ann"))
        for words in (("list",), ("status",), ("history", "1")):
            p = run(d.operator_path, *words, stdout=full)
            same((words, p.returncode), (words, FAILED))
            assert "standard output" in p.stderr, p.stderr


def times_out():
    """A desk that does not answer is a failure after a while."""
    with state() as folder:
        path = os.path.join(folder, "operator.sock")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
            s.listen()
            p = run(path, "list")
        same((p.returncode, p.stdout), (FAILED, ""))
        assert "does not answer" in p.stderr, p.stderr


@case("a desk that does not answer is a failure after a while, and who takes "
      "longer to read an answer gets all of it")
def _():
    with Desk("--rate=1000", "--burst=1000") as d:
        ann = d.operator("ann")
        c = d.line()
        for n in range(300):
            c.send(f"{n} " + 3900 * "y" + "\n")
        ann.said("299 " + 3900 * "y")
        p = subprocess.Popen(
            [DESKWIRE, "ctl", "--operator-socket", d.operator_path,
             "history 1 300"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        size = fcntl.fcntl(p.stdout, fcntl.F_SETPIPE_SZ, 4096)
        wait_until(lambda: in_pipe(p.stdout) == size, "a pipe that is full")
        times_out()
        said, err = p.communicate()
        n = len([r for r in said.splitlines() if b"\tsaid\t" in r])
        same((p.returncode, err), (DONE, b""))
        assert n > 200, n       # as many as a page of the past has


@case("a script can be an operator")
def _():
    with Desk() as d:
        ann = d.operator("ann")
        customers = [waits(d, ann, f"question {n}") for n in range(3)]
        same(ann.command("take 2"), "ok")
        gone = waits(d, ann, "question 3")
        gone.close()
        ann.event("gone", sid=4)
        p = subprocess.run(
            ["bash", os.path.join(TOP, "doc/examples/answer.sh"),
             "--operator-socket", d.operator_path, "--as", "robot"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=LIMIT, check=False,
            env={**os.environ, "DESKWIRE": DESKWIRE})
        same((p.returncode, p.stdout, p.stderr),
             (0, "answered 1\nanswered 3\n", ""))
        for n in (0, 2):
            heard = customers[n].end()
            assert "robot: Thank you." in heard, heard
        ann.reply(2, "from ann")
        customers[1].until("ann: from ann")


# --- the machine's own desk -------------------------------------------------

NEW_RUN = ("mount -t tmpfs -o mode=755 none /run && "
           "mkdir -m 755 /run/deskwire && chown daemon /run/deskwire && "
           'exec setpriv --reuid=daemon --regid=bin --groups=daemon "$@"')
OWN_SOCKET = "/run/deskwire/operator.sock"


def needs_namespaces():
    if os.geteuid() != 0:
        raise Skip("only root can have a /run of its own")
    tools = ["unshare", "nsenter", "setpriv"]
    if not all(map(shutil.which, tools)) or \
            subprocess.run(["unshare", "-m", "sh", "-c", NEW_RUN, "sh", "true"],
                           stderr=subprocess.DEVNULL, check=False).returncode:
        raise Skip("nobody can have a /run of its own here")


@case("the machine's own desk is found where one has none, and trusted for as "
      "long as its folder is closed to others")
def _():
    needs_namespaces()
    with state() as folder, state() as home:
        for path in (folder, home):
            os.chmod(path, 0o755)
        shutil.chown(folder, "daemon")
        with Desk("--operator-socket", OWN_SOCKET, "--operator-group", "bin",
                  folder=folder,
                  under=("unshare", "-m", "sh", "-c", NEW_RUN, "sh")) as d:
            inside = ["nsenter", "-t", str(d.pid), "-m"]

            def ctl_list():
                p = subprocess.run(
                    [*inside, "setpriv", "--reuid=bin", "--regid=bin",
                     "--clear-groups", DESKWIRE, "ctl", "list"],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE, text=True, timeout=LIMIT,
                    check=False, env={"PATH": os.environ["PATH"],
                                      "HOME": home, "LC_ALL": "C.UTF-8"})
                return p.returncode, p.stderr
            same(ctl_list(), (DONE, ""))
            for mode, want in (("0775", REFUSED), ("0755", DONE)):
                subprocess.run([*inside, "chmod", mode, "/run/deskwire"],
                               check=True)
                got, err = ctl_list()
                same((mode, got), (mode, want))
                assert want == DONE or "--desk-user" in err, err
            own = os.path.join(home, ".local/state/deskwire")
            os.makedirs(own)
            with socket.socket(socket.AF_UNIX) as s:
                s.bind(os.path.join(own, "operator.sock"))
                os.chmod(os.path.join(own, "operator.sock"), 0o777)
                got, err = ctl_list()
            same(got, FAILED)
            assert own in err, err


# --- relay ------------------------------------------------------------------

def relay(d, *args):
    return subprocess.Popen(
        [DESKWIRE, "relay", "--operator-socket", d.operator_path, *args],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def say(p, **frame):
    p.stdin.write(json.dumps(frame).encode() + b"\n")
    p.stdin.flush()


@case("a relay hands on what comes, both ways, and ends with either end")
def _():
    with Desk() as d:
        for end in ("input", "desk"):
            with relay(d) as p:
                same(json.loads(p.stdout.readline()), {"op": "relay"})
                say(p, op="hello", v=1, name="lin")
                same(json.loads(p.stdout.readline())["name"], "lin")
                if end == "input":
                    p.stdin.close()
                else:
                    d.stop_now()
                rest = p.stdout.read()
                same(p.wait(LIMIT), DONE)
                same(p.stderr.read(), b"")
                if end == "desk":
                    d.wait()
                assert end == "input" or b'"bye"' in rest, rest
    with Desk() as d:
        d.stop()
        with relay(d) as p:
            same((p.stdout.read(), p.wait(LIMIT)), (b"", FAILED))
            same(p.stderr.read().count(b"\n"), 1)


@case("only what a relay says first counts, and only where the desk lets it")
def _():
    with Desk() as d:
        with relay(d, "--as", "lin") as p:
            p.stdout.readline()
            f = json.loads(p.stdout.readline())
            same((f["op"], f["code"]), ("bye", "denied"))
            assert "relay = true" in f["text"], f
        with relay(d) as p:
            p.stdout.readline()
            say(p, op="relay", **{"as": "lin"})
            f = json.loads(p.stdout.readline())
            same((f["op"], f["code"]), ("bye", "denied"))


def allow(conf, relays):
    with open(conf, "w", encoding="utf-8") as f:
        f.write(f"user {getpass.getuser()} {{\n\trelay = {relays}\n}}\n"
                "user lin {\n\trole = supervisor\n\tas = \"Lin\"\n}\n")


@case("who is brought by a relay is that user until the relay may bring nobody")
def _():
    with state() as folder:
        conf = os.path.join(folder, "conf")
        allow(conf, "true")
        with Desk("--config", conf, folder=folder) as d:
            for name in ("ann", "no-such-user"):
                with relay(d, "--as", name) as p:
                    p.stdout.readline()
                    f = json.loads(p.stdout.readline())
                    same((name, f["op"], f["code"]), (name, "bye", "denied"))
            with relay(d, "--as", "lin") as p:
                p.stdout.readline()
                say(p, op="relay", **{"as": getpass.getuser()})
                same(json.loads(p.stdout.readline())["code"], "denied")
            with relay(d, "--as", "lin") as p:
                p.stdout.readline()
                say(p, op="hello", v=1, name="")
                f = json.loads(p.stdout.readline())
                same((f["name"], f["as"], f["role"]),
                     ("lin", "Lin", "supervisor"))
                allow(conf, "false")
                d.signal(signal.SIGHUP)
                f = [json.loads(x) for x in p.stdout][-1]
                same((f["op"], f["code"]), ("bye", "reload"))
            with relay(d, "--as", "lin") as p:
                p.stdout.readline()
                same(json.loads(p.stdout.readline())["code"], "denied")


main("ctl")
