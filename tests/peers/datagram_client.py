# SPDX-License-Identifier: GPL-3.0-or-later
"""Behaves as the tutorial's UDP client, call by call, and dies like it.

Rows on standard output: connected PORT, asks "", sent "…", closed.  What it
says comes from --say (repeatable), else from standard input, a line each time
that it asks.  It never reads."""

import argparse
import socket

import classic


def options():
    p = argparse.ArgumentParser()
    p.add_argument("host")
    p.add_argument("port", type=int)
    p.add_argument("--say", action="append", default=[])
    return p.parse_args()


def main():
    o = options()
    ask = classic.typist(o.say)
    sock = socket.socket(type=socket.SOCK_DGRAM)
    sock.connect((o.host, o.port))
    classic.report("connected", sock.getsockname()[1])
    while True:
        answer = ask()
        sock.sendto(answer.encode(), (o.host, o.port))
        classic.report("sent", answer)
        if classic.QUIT in answer:
            break
    sock.close()
    classic.report("closed", "")


main()
