# SPDX-License-Identifier: GPL-3.0-or-later
"""Behaves as the tutorial's UDP server, call by call, and dies like it.

Rows on standard output: listening PORT, got [ADDRESS, TEXT].  It never answers
and never ends, but by a byte that is not UTF-8."""

import socket

import classic


def main():
    sock = socket.socket(type=socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    classic.report("listening", sock.getsockname()[1])
    while True:
        data, address = sock.recvfrom(classic.CHUNK)
        classic.report("got", [address[1], data.decode()])


main()
