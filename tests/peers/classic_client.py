# SPDX-License-Identifier: GPL-3.0-or-later
"""Behaves as the tutorial's TCP client, call by call, and dies like it.

Rows on standard output: connected, sent "…", got "…", asks "", closed.  What
it says comes from --say (repeatable), else from standard input, a line each
time that it asks; --encoding is what the socket carries."""

import argparse
import socket

import classic


def options():
    p = argparse.ArgumentParser()
    p.add_argument("host")
    p.add_argument("port", type=int)
    p.add_argument("--say", action="append", default=[])
    p.add_argument("--timeout", type=float, default=60)
    p.add_argument("--pause", type=float, default=3)
    p.add_argument("--encoding", default="utf-8")
    return p.parse_args()


def main():
    o = options()
    classic.encoding = o.encoding
    ask = classic.typist(o.say)
    sock = socket.socket()
    sock.connect((o.host, o.port))
    classic.report("connected", sock.getsockname()[1])
    sock.settimeout(o.timeout)
    classic.say(sock, classic.CLIENT_HELLO)
    classic.hear_until(sock, classic.SERVER_HELLO, o.pause)
    while True:
        classic.say(sock, ask())
        if classic.QUIT in classic.hear(sock):
            classic.say(sock, classic.QUIT)
            break
    sock.close()
    classic.report("closed", "")


main()
