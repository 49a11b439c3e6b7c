# SPDX-License-Identifier: GPL-3.0-or-later
"""The desk's own log: who came, who was refused and why, what was too much, who
operated; as text, as JSON and for the system's journal; and never what was
said, unless that is asked for."""

import contextlib
import json
import os
import re
import shlex
import socket
import subprocess

from desk import (CLIENT_HELLO, DESKWIRE, HERE, QUIT, SANITIZED, Desk,
                  Operator, Skip, case, main, same, size, state, wait_until)

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d "
LEVELS = {"3": "error", "4": "warning", "5": "notice", "6": "info"}
HEAD = re.compile(r"([a-z-]+)((?: (?:addr|sid|who|why|suppressed)=[^ ]+)*)")
MARK = "M4RK"


def of_text(row):
    """What a row says, as its JSON would; None for the one that is no row of
    that form."""
    whole = re.fullmatch(STAMP + "(.*)", row)
    if not whole:
        assert re.fullmatch(r"listening on \S+( \S+)?", row), row
        return {"what": "listening", "text": row}
    return facts(whole[1])


def of_journal(row):
    level, rest = re.fullmatch(r"<(\d)>(.*)", row).groups()
    if rest.startswith("listening on "):
        return {"what": "listening", "text": rest}
    return {"level": LEVELS[level], **facts(rest)}


def facts(row):
    """Its facts end where the first ": " stands."""
    head, colon, words = row.partition(": ")
    whole = HEAD.fullmatch(head)
    assert whole and colon, row
    pairs = dict(f.split("=", 1) for f in whole[2].split())
    for key in ("sid", "suppressed"):
        if key in pairs:
            pairs[key] = int(pairs[key])
    return {"what": whole[1], **pairs, "text": words}


def of_json(row):
    found = json.loads(row)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
                        found.pop("t")), row
    assert found["level"] in LEVELS.values(), row
    return found


@contextlib.contextmanager
def desk_in(form, *args, **options):
    """A desk with its log in this form, and how to read a row of it."""
    if form == "text":
        with Desk(*args, **options) as d:
            yield d, lambda: list(map(of_text, d.rows))
    elif form == "json":
        with Desk("--log-format", "json", *args, ready=False,
                  **options) as d:
            row = json.loads(d.row("listening on "))["text"]
            d.port = int(row.rpartition(":")[2])
            yield d, lambda: list(map(of_json, d.rows))
    else:
        with state() as folder:
            path = os.path.join(folder, "journal")
            with open(path, "wb") as log:
                st = os.fstat(log.fileno())
                env = {"JOURNAL_STREAM": f"{st.st_dev}:{st.st_ino}"}
                with Desk(*args, ready=False, stderr=log, env=env,
                          **options) as d:
                    yield_rows = lambda: read_rows(path)
                    wait_until(lambda: any("listening on" in r for r in
                                           yield_rows()), "the desk")
                    row, = (r for r in yield_rows() if "listening on" in r)
                    d.port = int(row.rpartition(":")[2])
                    yield d, lambda: list(map(of_journal, yield_rows()))


def read_rows(path):
    with open(path, encoding="utf-8", newline="\n") as f:
        return f.read().split("\n")[:-1]


def such(rows, **members):
    return [r for r in rows if all(r.get(k) == v for k, v in members.items())]


def total(rows, **members):
    """How many there were, with those that were left out."""
    return sum(r.get("suppressed", 1) for r in such(rows, **members))


def http(d, path="/"):
    with socket.create_connection(("127.0.0.1", d.port)) as s:
        s.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        while s.recv(4096):
            pass


def a_day(d):
    """Somebody of each kind."""
    o = d.operator("lin")
    ann = d.line()
    ann.send("hello\n")
    sid = o.said("hello")["sid"]
    same(o.reply(sid, "good day"), "ok")
    ann.until("good day")
    same(o.command(f"close {sid}"), "ok")
    ann.end()
    bob = d.classic()
    bob.handshake()
    bob.send(QUIT)
    o.event("closed", why="quit")
    http(d)
    slow = d.line()
    slow.send(CLIENT_HELLO.encode()[:4])
    slow.end()
    long = d.line()
    long.send("first\n")
    o.said("first")
    long.send("x" * 20000)
    o.event("gone", why="too long")
    same(o.command("ban 127.0.0.9 10m"), "ok")
    d.refused("127.0.0.9")
    # Nobody comes or goes by that.
    subprocess.run([DESKWIRE, "ctl", "--operator-socket", d.operator_path, "--as",
                    "lin", "who"], check=True, stdout=subprocess.DEVNULL)
    o.close()


def check_day(rows, levels):
    ann = such(rows, what="connected")[0]
    same({k: ann[k] for k in ("addr", "sid")},
         {"addr": "127.0.0.0/24", "sid": 1})
    same(len(such(rows, what="ended", sid=1, who="lin", why="closed")), 1)
    same(len(such(rows, what="ended", why="quit")), 1)
    for why in ("protocol", "silent", "banned"):
        one, = such(rows, what="refused", why=why)
        same(one["addr"], "127.0.0.0/24")
    for what in ("limit", "ended"):
        same(len([r for r in such(rows, what=what)
                  if r.get("why") in ("too long", "too_long")]), 1)
    same(len(such(rows, what="attached", who="lin")), 1)
    same(len(such(rows, what="detached", who="lin")), 1)
    same([r["what"] for r in (rows[-2], rows[-1])], ["stopping", "stopped"])
    same(len(such(rows, what="started")), 1)
    same(len(such(rows, what="listening")), 1)
    if levels:
        same({r["level"] for r in such(rows, what="limit")}, {"warning"})
        same({r["level"] for r in such(rows, what="refused")}, {"notice"})
        same({r["level"] for r in such(rows, what="ended")}, {"info"})


def day_in(form):
    with desk_in(form, "--hello-timeout", "1", "--max-line", "1000") as \
            (d, rows):
        a_day(d)
        wait_until(lambda: such(rows(), what="detached"), "the operator's end")
        d.stop_with_all()
        check_day(rows(), form != "text")


@case("a day has a row for each who came, was refused, or was too much: text")
def _():
    day_in("text")


@case("a day has a row for each who came, was refused, or was too much: JSON")
def _():
    day_in("json")


@case("a day has a row for each who came, was refused, or was too much: journal")
def _():
    day_in("journal")


@case("a full desk says whom it refuses, and how many operators may come")
def _():
    with desk_in("json", "--max-sessions", "1", "--max-operators", "1",
                 "--max-per-address", "9") as (d, rows):
        o = d.operator("lin")
        Operator(d.operator_path, None).ends()
        d.line().until("\n")
        d.refused()
        d.stop_with_all()
        same(total(rows(), what="refused", why="operators"), 1)
        same(total(rows(), what="refused", why="sessions"), 1)
        same("addr" in such(rows(), why="operators")[0], False)
        o.close()


@case("addresses are shown in full, as networks, or not at all")
def _():
    for how, want in (("full", r"127\.0\.0\.7:\d+"),
                      ("net", r"127\.0\.0\.0/24"), ("none", None)):
        with Desk("--log-addresses", how) as d:
            o, c = d.operator(), d.line("127.0.0.7")
            c.send("hello\n")
            o.said("hello")
            row = of_text(d.row("connected"))
            if want is None:
                same("addr" in row, False)
            else:
                assert re.fullmatch(want, row["addr"]), row
            d.stop_with_all()
            if how != "full":
                same([r for r in d.rows if "127.0.0.7" in r], [])


@case("thousands of refusals are a few rows, whose sum is exact")
def _():
    count = size(10000, small=2000)
    with desk_in("json", "--max-sessions", "1") as (d, rows):
        o, c = d.operator(), d.line()
        c.send("hello\n")
        o.said("hello")
        for _ in range(count):
            with socket.create_connection(("127.0.0.1", d.port)) as s:
                with contextlib.suppress(ConnectionError):
                    s.recv(100)
        d.stop_with_all()
        found = such(rows(), what="refused", why="sessions")
        same(total(rows(), what="refused", why="sessions"), count)
        assert len(found) < 100, len(found)


@case("what was left out is told a second later, though nothing else comes")
def _():
    with Desk() as d:
        for _ in range(12):
            http(d)
        row = of_text(d.row("refused why=protocol suppressed="))
        assert 1 <= row["suppressed"] <= 2, row
        d.stop()
        same(total(map(of_text, d.rows), what="refused", why="protocol"), 12)


def talk_of(d, mark):
    """Everything that people can write, with this in it."""
    o = d.operator("lin")
    c = d.line()
    c.send(f"/name {mark}name\n{mark}word\n/{mark}command x\n")
    sid = o.said(f"{mark}word")["sid"]
    o.reply(sid, f"{mark}reply")
    c.until(f"{mark}reply")
    o.command(f"note {sid} {mark}note")
    o.command(f"msg lin {mark}msg")
    o.command(f"away {mark}away")
    o.command(f"{mark}command")
    o.command(f"select {mark}")
    o.command(f"ban 127.0.0.9 10m {mark}reason")
    http(d, f"/{mark}path")
    with socket.create_connection(("127.0.0.1", d.port)) as s:
        s.sendall(f"SSH-2.0-{mark}\r\n".encode())
        s.shutdown(socket.SHUT_WR)
        while s.recv(4096):
            pass
    k = d.classic()
    k.handshake()
    k.send(f"{mark}classic")
    o.said(f"{mark}classic")
    for data in (b"\xff\xfe" + mark.encode("utf-16-le"),
                 b"\x16\x03\x01" + mark.encode()):
        with socket.create_connection(("127.0.0.1", d.port)) as s, \
                contextlib.suppress(ConnectionError):
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            while s.recv(4096):
                pass
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(f"{mark}udp".encode(), d.udp)
        o.event("udp")
    o.command(f"close {sid}")
    c.end()
    d.stop_with_all()


def with_udp(*args):
    d = Desk("--udp", "127.0.0.1:0", *args)
    row = d.row("listening on udp ")
    d.udp = ("127.0.0.1", int(row.rpartition(":")[2]))
    return d


@case("nothing that anybody wrote is in the log, in a long session")
def _():
    with with_udp("--log-addresses", "full") as d:
        talk_of(d, MARK)
        same([r for r in d.rows if MARK in r], [])
        assert total(map(of_text, d.rows), what="refused") >= 3, d.rows


@case("with --log-words customers' and operators' words are in it")
def _():
    with with_udp("--log-words") as d:
        talk_of(d, MARK)
        rows = [r for r in map(of_text, d.rows) if r["what"] == "said"]
        for text in ("word", "reply", "classic", "udp"):
            same(len([r for r in rows if r["text"] == MARK + text]), 1)
        for text in ("note", "msg", "away", "reason"):
            same([r for r in d.rows if MARK + text in r], [])
        same(such(rows, text=MARK + "reply")[0]["who"], "lin")


HOSTILE = [b"\x1b[2J\x1b]0;x\x07", "\u2028\u2029\u0085\u202eabc".encode(),
           b'","level":"error","x":"', b"\\", b"\xff\xfe\xed\xa0\x80 x",
           b"2026-01-01 00:00:00 started: forged", b"\r<0>forged",
           b"why=forged: x", "\u200b\U000e0001".encode(),
           b'"' * 900, b"\\" * 900, "\u5b57".encode() * 400]


def hostile_in(form):
    with desk_in(form, "--log-words") as (d, rows):
        o = d.operator("lin")
        c = d.line()
        for i, text in enumerate(HOSTILE):
            c.send(b"/name " + text[:60] + b"\n" + text + b"\n")
            o.event("said", n=i + 1)
        for text in HOSTILE[:5]:
            spare = Operator(d.operator_path, None)
            spare.send(op="hello", v=1, name=text.decode(errors="replace"))
            spare.frame(lambda f: f["op"] in ("welcome", "bye"))
            spare.close()
        d.stop_with_all()
        said = such(rows(), what="said")
        same(len(said), len(HOSTILE))
        same(len(such(rows(), what="started")), 1)
        for r in rows():
            assert r["what"] in {
                "started", "listening", "connected", "said", "attached",
                "detached", "refused", "ended", "warning", "stopping",
                "stopped"}, r
            assert r["text"].isprintable(), r
            assert r.get("why") != "forged", r


@case("nobody forges a row: text")
def _():
    hostile_in("text")


@case("nobody forges a row: JSON")
def _():
    hostile_in("json")


@case("nobody forges a row: journal")
def _():
    hostile_in("journal")


@case("a slow disk has a row with how long everybody waited")
def _():
    if SANITIZED:
        raise Skip("a sanitizer wants to be the first library")
    with state() as folder:
        library = os.path.join(folder, "slow_sync.so")
        subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-shared",
                        "-fPIC", "-o", library,
                        os.path.join(HERE, "slow_sync.c")], check=True)
        slow = os.path.join(folder, "slow")
        with Desk(env={"LD_PRELOAD": library, "SLOW_SYNC": slow,
                       "SLOW_MS": "1100"}) as d:
            o, c = d.operator(), d.line()
            c.send("quick\n")
            o.said("quick")
            same([r for r in d.rows if "slow-commit" in r], [])
            with open(slow, "w", encoding="ascii"):
                pass
            c.send("slow\n")
            o.said("slow")
            os.remove(slow)
            took = int(re.search(r" (\d+) ms", d.row(" slow-commit: "))[1])
            assert took >= 1100, took
            d.stop_with_all()


@case("the desk's own walk through the journal has one row at its end")
def _():
    with state() as folder:
        with Desk(folder=folder) as d:
            o, c = d.operator(), d.line()
            c.send("hello\n")
            o.said("hello")
            d.stop_with_all()
        with Desk(folder=folder) as d:
            row = of_text(d.row(" verified: "))
            assert int(re.search(r"\d+$", row["text"])[0]) > 2, row
            d.stop()
            same(len([r for r in d.rows if " verified: " in r]), 1)


def verify(folder, **env):
    path = os.path.join(folder, "said")
    with open(path, "w+b") as f:
        st = os.fstat(f.fileno())
        environment = {**os.environ, "HOME": folder, "LC_ALL": "C.UTF-8"}
        if env.get("journal"):
            environment["JOURNAL_STREAM"] = f"{st.st_dev}:{st.st_ino}"
        done = subprocess.run([DESKWIRE, "verify", "--state", folder],
                              stdout=subprocess.PIPE, stderr=f,
                              env=environment)
    with open(path, encoding="utf-8") as f:
        return done.returncode, done.stdout.decode(), f.read()


@case("verify tells the journal by levels, and anybody by its status")
def _():
    with state() as folder:
        with Desk(folder=folder) as d:
            o, c = d.operator(), d.line()
            c.send("hello\n")
            o.said("hello")
            d.stop_with_all()
        status, out, err = verify(folder)
        same((status, err), (0, ""))
        assert "is sound" in out, out
        status, out, err = verify(folder, journal=True)
        same((status, out), (0, ""))
        assert re.fullmatch(r"<6>verified: .* is sound, up to event \d+\.\n",
                            err), err
        os.remove(os.path.join(folder, "journal.db"))
        status, out, err = verify(folder, journal=True)
        same((status, out), (1, ""))
        assert err.startswith("<3>"), err


@case("a start that fails says so at the journal's level for errors")
def _():
    with state() as folder:
        path = os.path.join(folder, "said")
        with open(path, "w+b") as f:
            st = os.fstat(f.fileno())
            done = subprocess.run(
                [DESKWIRE, "serve", "--state", folder, "--listen",
                 "8.8.8.8:0"], stderr=f, env={
                     **os.environ, "HOME": folder,
                     "JOURNAL_STREAM": f"{st.st_dev}:{st.st_ino}"})
        same(done.returncode, 3)
        row, = read_rows(path)
        assert row.startswith("<3>deskwire: "), row


main("logbook", workers=4)
