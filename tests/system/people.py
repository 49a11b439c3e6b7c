# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators are people: who somebody is, what it may do, and what customers are
told that its name is, with several users of this system."""

import contextlib
import functools
import grp
import json
import os
import pwd
import socket
import stat
import subprocess
import sys
import threading

from desk import (BUILD, DESKWIRE, LIMIT, UNDER, Desk, Operator, Skip, case,
                  main, same, size, state)

OPERATOR = {"close", "history", "note", "take"}     # rows for all


def system():
    """Two users and a group of neither, which are nearly everywhere."""
    if os.geteuid() != 0:
        raise Skip("only root can be somebody else")
    try:
        users = pwd.getpwnam("daemon"), pwd.getpwnam("bin")
        group = next(g for g in (grp.getgrnam(n) for n in ("games", "mail"))
                     if g.gr_gid not in (u.pw_gid for u in users))
    except (KeyError, StopIteration):
        raise Skip("the usual users and groups are not there") from None
    return *users, group


def being(user, group, what):
    """What this returns when it is done by that user, in that group alone."""
    rd, wr = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(rd)
            os.setgroups([])
            os.setgid(group.gr_gid if group else user.pw_gid)
            os.setuid(user.pw_uid)
            with os.fdopen(wr, "w", encoding="utf-8") as f:
                json.dump(what(), f)
            status = 0
        except Exception as e:                      # told by its status
            print(f"# {user.pw_name}: {e!r}", file=sys.stderr)
        finally:
            os._exit(status)
    os.close(wr)
    with os.fdopen(rd, encoding="utf-8") as f:
        text = f.read()
    same(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
    return json.loads(text)


@contextlib.contextmanager
def desk(group, conf="", *args):
    """One whose operators' socket is the group's, with this in its file."""
    with state() as folder:
        os.chown(folder, -1, group.gr_gid)
        os.chmod(folder, 0o710)
        path = os.path.join(folder, "conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(conf)
        # Under the unit's filter nothing is given to another group: as in the
        # unit it is the desk's own.
        own = functools.partial(os.setgid, group.gr_gid) if UNDER else None
        with Desk("--operator-group", group.gr_name, "--config", path, *args,
                  folder=folder, preexec=own) as d:
            yield d


def first_frame(path, name):
    """What somebody is told who says this hello, and the end of it."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(LIMIT)
        s.connect(path)
        with contextlib.suppress(BrokenPipeError):
            s.sendall(json.dumps({"op": "hello", "v": 1,
                                  "name": name}).encode() + b"\n")
        text = b""
        while not text.endswith(b"\n"):
            data = s.recv(65536)
            assert data, text
            text += data
    return json.loads(text.partition(b"\n")[0])


def who(frame):
    return frame["name"], frame.get("as"), frame["role"]


@case("the members of the group are operators, by the kernel's word")
def _():
    user, other, group = system()
    with desk(group) as d:
        st = os.stat(d.operator_path)
        same((stat.S_IMODE(st.st_mode), st.st_gid), (0o660, group.gr_gid))
        f = being(user, group, lambda: first_frame(d.operator_path, ""))
        same(who(f), (user.pw_name, None, "operator"))
        names = {c["name"] for c in f["commands"]}
        assert OPERATOR <= names and "quit" not in names and \
            "ban" not in names, names
        f = being(other, group, lambda: first_frame(d.operator_path,
                                                    other.pw_name))
        same(who(f), (other.pw_name, None, "operator"))

        def cannot():
            try:
                first_frame(d.operator_path, "")
            except PermissionError:
                return True
            return False
        same(being(other, None, cannot), True)
        same(who(first_frame(d.operator_path, "lin")), ("lin", None, "admin"))


@case("a user who is in no list is refused with a sentence, and logged")
def _():
    user, _other, group = system()
    with desk(group) as d:
        os.chmod(d.operator_path, 0o666)
        os.chmod(d.folder, 0o711)
        f = being(user, None, lambda: first_frame(d.operator_path, ""))
        same((f["op"], f["code"]), ("bye", "denied"))
        assert "not among the operators" in f["text"], f
        d.row(f"user {user.pw_uid} may not answer customers here")


@case("a row of a user, and else the highest of its groups, is its role")
def _():
    user, other, group = system()
    conf = f"""
        user {user.pw_name} {{ role = admin as = "Anna" }}
        group {group.gr_name} {{ role = supervisor }}"""
    with desk(group, conf) as d:
        f = being(user, group, lambda: first_frame(d.operator_path, ""))
        same(who(f), (user.pw_name, "Anna", "admin"))
        assert "quit" in {c["name"] for c in f["commands"]}
        f = being(other, group, lambda: first_frame(d.operator_path, ""))
        same(who(f), (other.pw_name, None, "supervisor"))
        names = {c["name"] for c in f["commands"]}
        assert "ban" in names and "quit" not in names, names


@case("what one may not do is refused with a sentence, and does not happen")
def _():
    user, _other, group = system()
    with desk(group) as d:
        o, c = d.operator(), d.line()
        c.send("hi\n")
        o.said("hi")

        def ask():
            o = Operator(d.operator_path, "")
            return [o.answer(o.ask("cmd", text=t)) for t in
                    ("quit now", "reload", "ban 192.0.2.1 10m", "close left",
                     "note 1 fine")]
        answers = being(user, group, ask)
        same([a.get("code", "ok") for a in answers],
             ["denied", "denied", "denied", "denied", "ok"])
        for a in answers[:4]:
            assert a["text"].count(".") == 0 and " " in a["text"], a
        assert d.process.poll() is None


@case("customers see the name that one chose, and the journal who it was")
def _():
    user, _other, group = system()
    with desk(group) as d:
        o, c = d.operator("lin"), d.line()
        c.send("hi\n")
        sid = o.said("hi")["sid"]

        def answer():
            a = Operator(d.operator_path, "Wang Wei")
            return a.welcome["name"], a.welcome["as"], a.reply(sid, "hello")
        same(being(user, group, answer), [user.pw_name, "Wang_Wei", "ok"])
        c.until("Wang_Wei: hello\n")
        e = o.event("reply", sid=sid)
        same((e["who"], e["why"]), (user.pw_name, "Wang_Wei"))
        same(o.event("claim", sid=sid)["who"], user.pw_name)


@case("nobody gets the name of somebody else, however it is written")
def _():
    user, other, group = system()
    conf = f"""
        user {other.pw_name} {{ as = "Anna" }}
        user nobody-here {{ as = "Bert" }}"""
    with desk(group, conf) as d:
        d.operator("lin")
        for name in (other.pw_name, other.pw_name.upper(), "Anna", "ANNA",
                     "nobody-here", "bert", "root", "lin", "Lin"):
            f = being(user, group,
                      lambda name=name: first_frame(d.operator_path, name))
            same((name, f["op"], f.get("code")), (name, "bye", "denied"))
            assert f["text"], f
        f = being(user, group, lambda: first_frame(d.operator_path, "Front_Desk"))
        same(who(f), (user.pw_name, "Front_Desk", "operator"))
        # Its own, and its own row's.
        f = being(other, group, lambda: first_frame(d.operator_path, "Anna"))
        same(who(f), (other.pw_name, "Anna", "operator"))


@case("two consoles of one user are one person, whatever they call themselves")
def _():
    user, _other, group = system()
    with desk(group) as d:
        def two():
            first = Operator(d.operator_path, "")
            second = Operator(d.operator_path, "Front Desk")
            return first.welcome["people"], second.welcome["people"]
        name = user.pw_name
        same(being(user, group, two),
             [[{"name": name, "consoles": 1}], [{"name": name, "consoles": 2}]])


@case("who may do something else after a reload attaches again, others stay")
def _():
    user, other, group = system()
    with desk(group, f"user {user.pw_name} {{ role = admin }}\n") as d:
        lin = d.operator("lin")
        told = {}

        def changed():
            o = Operator(d.operator_path, "")
            bye = o.frame(op="bye")
            o.ends()
            with contextlib.suppress(OSError):      # nobody reads that
                o.send(op="cmd", id=9, text="quit now")
            again = Operator(d.operator_path, "")
            return bye["code"], again.welcome["role"], again.command("quit")

        def stays():
            o = Operator(d.operator_path, "")
            o.event("off", who=user.pw_name)
            return o.command("who")

        def play(who, what):
            told[who] = being(who, group, what)
        players = [threading.Thread(target=play, args=(who, what))
                   for who, what in ((user, changed),
                                     (other, stays))]
        for p, who in zip(players, (user, other)):
            p.start()
            lin.event("on", who=who.pw_name)
        path = os.path.join(d.folder, "conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write("texts { closed = changed }\n")
        same(lin.command("reload"), "ok")
        for p in players:
            p.join()
        same(told, {user: ["reload", "operator", "denied"], other: "ok"})
        assert d.process.poll() is None
        same(lin.command("who"), "ok")


@case("a socket that was removed has the same rights again, and never others")
def _():
    _user, _other, group = system()
    with desk(group) as d:
        wrong, ended = [], threading.Event()

        def watch():
            while not ended.is_set():
                with contextlib.suppress(FileNotFoundError):
                    st = os.lstat(d.operator_path)
                    rights = stat.S_IMODE(st.st_mode), st.st_gid
                    if rights[0] & 0o77 and rights != (0o660, group.gr_gid):
                        wrong.append(rights)
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            for _ in range(size(50)):
                os.unlink(d.operator_path)
                while not os.path.exists(d.operator_path):
                    d.deadline()
                with contextlib.suppress(ConnectionRefusedError):
                    d.operator().close()
        finally:
            ended.set()
            watcher.join()
        same(wrong, [])


@case("the desk's own user plays whom it likes, with that one's row")
def _():
    with state() as folder:
        path = os.path.join(folder, "conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write('user ann { role = operator as = "Anna" }\n'
                    'user sue { role = supervisor }\n')
        with Desk("--config", path, folder=folder) as d:
            same(stat.S_IMODE(os.stat(d.operator_path).st_mode), 0o600)
            ann, sue, lin = (d.operator(n) for n in ("ann", "sue", "lin"))
            same([who(o.welcome) for o in (ann, sue, lin)],
                 [("ann", "Anna", "operator"), ("sue", None, "supervisor"),
                  ("lin", None, "admin")])
            c = d.line()
            c.send("hi\n")
            sid = ann.said("hi")["sid"]
            same([ann.command("ban 192.0.2.1 10m"), ann.command("quit")],
                 ["denied", "denied"])
            same([sue.command("ban 192.0.2.1 10m"), sue.command("quit")],
                 ["ok", "denied"])
            same(ann.reply(sid, "hello"), "ok")
            c.until("Anna: hello\n")
            same(lin.event("reply")["why"], "Anna")
            # A name that two have is two persons' all the same.
            same(d.operator("Anna").welcome["name"], "Anna")


def refused(folder, *args):
    """The row and the status of a desk that does not start."""
    done = subprocess.run(
        [DESKWIRE, "serve", "--state", folder, "--listen", "127.0.0.1:0",
         *args], env={**os.environ, "HOME": folder, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=LIMIT, check=False)
    return done.stderr, done.returncode


@case("a group that cannot come to the socket is told at the start")
def _():
    name = grp.getgrgid(os.getegid()).gr_name
    with state() as folder:
        told, status = refused(folder, "--operator-group", "no-such-group")
        same(status, 3)
        assert 'there is no group "no-such-group"' in told, told
        told, status = refused(folder, "--operator-group", name)
        same(status, 3)
        assert f"the folder {folder} does not let the group {name} through" \
            in told and f"chmod g+x {folder}" in told, told
        path = os.path.join(folder, "conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"group {name} {{ role = supervisor }}\n")
        told, status = refused(folder, "--config", path)
        same(status, 3)
        assert "--operator-group" in told, told


@case("attach is for members of the group, who trust the desk's user")
def _():
    user, other, group = system()
    program = os.path.join(BUILD, ".libs", "deskwire")
    if not os.path.exists(program):
        program = DESKWIRE

    def attach(*args):
        env = {"HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin"}
        try:
            p = subprocess.run([program, "attach", "--no-history",
                                "--operator-socket", d.operator_path, *args],
                               stdin=subprocess.DEVNULL, capture_output=True,
                               env=env, text=True, timeout=LIMIT, check=False)
        except PermissionError:
            return None
        return p.returncode, p.stdout + p.stderr

    with desk(group) as d:
        told = being(user, group, attach)
        if told is None:
            raise Skip("other users may not run it from here")
        same(told[0], 0)
        assert f"you are {user.pw_name}" in told[1], told
        os.chmod(d.folder, 0o711)
        status, told = being(other, None, attach)
        assert status != 0 and f"the group {group.gr_name}" in told, told


main("people", workers=1)       # each forks
