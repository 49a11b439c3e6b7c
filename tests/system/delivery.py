# SPDX-License-Identifier: GPL-3.0-or-later
"""What deskwire call delivers from a pipe, and what its exit status says of it,
with a desk at the other end."""

import os
import resource
import signal
import subprocess

from desk import DESKWIRE, LIMIT, Desk, body, case, journal, main, same

SLOW = ("--rate", "200", "--burst", "5", "--flood-timeout", "1")


class Call:
    """deskwire call in a pipe."""

    def __init__(self, d, *args):
        self.process = subprocess.Popen(
            [DESKWIRE, "call", *args, "127.0.0.1", str(d.port)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "HOME": d.folder, "LC_ALL": "C.UTF-8"})

    def send(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def end_input(self, data=b""):
        self.send(data)
        self.process.stdin.close()
        self.process.stdin = None

    def end(self, data=None):
        """Its status and what it prints, once the input has ended."""
        out, err = self.process.communicate(data, timeout=LIMIT)
        return self.process.returncode, out.decode(), err.decode()


def said(d):
    return [e["body"] for e in journal(d.folder) if e["ev"] == "said"]


@case("a file is delivered in order, however slowly it is taken")
def _():
    rows = [b"%d" % n for n in range(1, 421)]
    with Desk(*SLOW) as d:
        o, c = d.operator(), Call(d)
        c.end_input(b"\n".join(rows) + b"\n")
        o.said("420")
        o.reply(1, "thank you")
        o.command("close 1")
        same(said(d), rows)
        status, out, err = c.end()
        same((status, err), (0, ""))
        assert "lin: thank you\n" in out, out


@case("--no-wait ends in status 7 with everything stored, nobody on duty or not")
def _():
    rows = [b"%d" % n for n in range(1, 51)]
    for operators in (0, 1):
        with Desk(*SLOW) as d:
            o = [d.operator() for _ in range(operators)]
            status, out, err = Call(d, "--no-wait").end(b"\n".join(rows))
            same((status, err, len(o)), (7, "", operators))
            assert "receipt" not in out, out
            same(said(d), rows)


@case("--no-wait with nothing to say is status 0")
def _():
    with Desk() as d:
        same(Call(d, "--no-wait").end(b"")[::2], (0, ""))
        same(journal(d.folder), [])


@case("only an answer behind the last row is one: status 0, and before it 7")
def _():
    with Desk() as d:
        o = d.operator()
        for last, want in ((b"", 0), (b"and now?\n", 7)):
            c = Call(d, "--wait", "2")
            c.send(b"hello\n")
            sid = o.said("hello")["sid"]
            o.reply(sid, "fine")
            o.event("sent", sid=sid)
            same(c.end(last)[0], want)
            o.frames.clear()


@case("a desk that is killed behind a stored row is status 6")
def _():
    with Desk() as d:
        o, c = d.operator(), Call(d)
        c.end_input(b"hello\n")
        o.said("hello")
        o.event("eof")
        d.signal(signal.SIGKILL)
        d.wait()
        status, _, err = c.end()
        same(status, 6)
        assert err.startswith("deskwire: the "), err


@case("a desk that stops before an answer is status 6, and 0 behind it")
def _():
    for answered, want in ((False, 6), (True, 0)):
        with Desk() as d:
            o, c = d.operator(), Call(d)
            c.send(b"hello\n")
            o.said("hello")
            if answered:
                o.reply(1, "fine")
                o.event("sent")
            d.signal(signal.SIGTERM)
            status = c.process.wait(LIMIT)
            c.end()
            same((answered, status), (answered, want))
            d.wait()


@case("a row that is too long is refused, told and status 1, and the others are "
      "stored")
def _():
    with Desk() as d:
        o, c = d.operator(), Call(d)
        c.end_input(b"one\n" + b"x" * 5000 + b"\ntwo\n")
        o.said("two")
        o.reply(1, "fine")
        o.command("close 1")
        status, out, err = c.end()
        same(status, 1)
        assert "That line is too long" in out, out
        assert "refused" in err, err
        same(said(d), [b"one", b"two"])


@case("a row that could not be stored is status 1")
def _():
    with Desk() as d:
        o, c = d.operator(), Call(d, "--no-wait")
        c.send(b"one\n")
        o.said("one")
        wal = os.path.join(d.folder, "journal.db-wal")
        resource.prlimit(d.pid, resource.RLIMIT_FSIZE,
                         (os.path.getsize(wal), resource.RLIM_INFINITY))
        status, out, err = c.end(b"two\n")
        resource.prlimit(d.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        same(status, 1)
        assert "could not be stored" in out, out
        assert "refused" in err, err
        same(said(d), [b"one"])


@case("a full desk is status 5")
def _():
    with Desk("--max-sessions", "1") as d:
        o = d.operator()
        d.line().send("here\n")
        o.said("here")
        status, out, err = Call(d).end(b"hello\n")
        same(status, 5)
        assert "took no call" in err or "ended the connection" in err, err


@case("every byte arrives as it was piped: slashes, 0xff, NUL, a lone CR")
def _():
    rows = [b"/quit", b"//", b"/", b"\xff\xf4\xff\xfd\x06", b"a\xff", b"n\0ul\0",
            b"a\rb", b"\x08\x7f", "客户端已就绪".encode()]
    with Desk() as d:
        o = d.operator()
        same(Call(d, "--no-wait", "--name", "wang").end(
            b"\n".join(rows) + b"\n")[0], 7)
        o.sync()
        same([body(e) for e in o.events() if e["ev"] == "said"], rows)
        same(said(d), rows)


main("delivery")
