# SPDX-License-Identifier: GPL-3.0-or-later
"""Behaves as the tutorial's blocking server: one client at a time, the next
waits in the backlog, and whatever goes wrong ends the whole program.

Rows on standard output: listening PORT, waiting, client PORT, sent "…",
got "…", asks "", closed.  Answers come from --answer (repeatable), else from
standard input."""

import argparse
import socket

import classic


def options():
    p = argparse.ArgumentParser()
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--answer", action="append", default=[])
    p.add_argument("--timeout", type=float, default=60)
    p.add_argument("--pause", type=float, default=3)
    return p.parse_args()


def main():
    o = options()
    ask = classic.typist(o.answer)
    listener = socket.socket()
    listener.bind((o.host, o.port))
    listener.listen(5)
    classic.report("listening", listener.getsockname()[1])
    while True:
        classic.report("waiting", "")
        sock, address = listener.accept()
        classic.report("client", address[1])
        sock.settimeout(o.timeout)
        classic.serve(sock, ask, o.pause)
        classic.report("closed", "")


main()
