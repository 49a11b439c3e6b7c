# SPDX-License-Identifier: GPL-3.0-or-later
"""Behaves as the tutorial's threading server: a thread for each client, all of
which read their answers from the same terminal.

Rows on standard output: listening PORT, setup, sent "…", got "…", asks "",
finish.  Answers come from --answer (repeatable), else from standard input."""

import argparse
import socketserver

import classic


def options():
    p = argparse.ArgumentParser()
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--answer", action="append", default=[])
    p.add_argument("--timeout", type=float, default=60)
    p.add_argument("--pause", type=float, default=3)
    return p.parse_args()


OPTIONS = options()
ASK = classic.typist(OPTIONS.answer)


class Conversation(socketserver.BaseRequestHandler):
    def setup(self):
        classic.report("setup", "")

    def handle(self):
        classic.serve(self.request, ASK, OPTIONS.pause)

    def finish(self):
        classic.report("finish", "")


def main():
    server = socketserver.ThreadingTCPServer((OPTIONS.host, OPTIONS.port),
                                             Conversation)
    # Without effect while serve_forever runs, there as here.
    server.timeout = OPTIONS.timeout
    classic.report("listening", server.server_address[1])
    server.serve_forever()


main()
