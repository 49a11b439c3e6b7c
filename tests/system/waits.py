# SPDX-License-Identifier: GPL-3.0-or-later
"""Who waits, and for what: whose machine has taken what was said, who is next,
and for how long, whatever the time of day does."""

import socket
import subprocess

from desk import (DESKWIRE, LIMIT, Customer, Desk, case, configured, main,
                  same)


class Narrow(Customer):
    """A customer whose kernel takes next to nothing until it reads."""

    def __init__(self, port):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        sock.settimeout(LIMIT)
        sock.connect(("127.0.0.1", port))
        self.sock = sock
        self.heard = b""
        self.reset_by_desk = False


def narrow(d):
    return d.keep(Narrow(d.port))


def console(d, *lines):
    """What a console in a pipe prints for these lines."""
    done = subprocess.run(
        [DESKWIRE, "attach", "--operator-socket", d.operator_path],
        input="".join(x + "\n" for x in lines), capture_output=True, text=True,
        timeout=LIMIT)
    assert done.returncode == 0, done
    return done.stdout


def marks(d, sid):
    """The last character of each reply in the history."""
    return [row[-1] for row in console(d, f"/history {sid}").split("\n")
            if " lin> " in row]


LONG = "x" * 12000      # more than it takes, and less than our own kernel does


if configured("HAVE_LINUX_SOCKIOS_H"):
    @case("a reply gets its ✓ when the customer's machine has taken it")
    def _():
        with Desk() as d:
            o = d.operator()
            c = narrow(d)
            c.send("hi\n")
            sid = o.said("hi")["sid"]
            o.reply(sid, "short")
            o.event("sent", sid=sid, n=1)
            o.reply(sid, LONG)
            o.reply(sid, "behind it")
            same(marks(d, sid), ["✓", "·", "·"])
            assert not any(e["ev"] == "sent" and e["n"] > 1
                           for e in o.events())
            c.until("behind it")
            o.event("sent", sid=sid, n=3)
            same(marks(d, sid), ["✓", "✓", "✓"])

    @case("what was on its way when the customer went did not arrive")
    def _():
        with Desk() as d:
            o = d.operator()
            c = narrow(d)
            c.send("hi\n")
            sid = o.said("hi")["sid"]
            o.reply(sid, LONG)
            c.reset()
            o.event("gone", sid=sid)
            assert not any(e["ev"] == "sent" for e in o.events())


main("waits")
