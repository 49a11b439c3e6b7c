# SPDX-License-Identifier: GPL-3.0-or-later
"""What the peers of the classic protocol have in common: the words, and the
two calls on a socket as the tutorial's programs make them.

Nothing here is mended.  One recv is taken for one message and decoded by
itself; an end of file is an empty message; a fruitless wait begins anew after
a pause; an exception goes where it goes."""

import json
import sys
import time

CLIENT_HELLO = "客户端已就绪"
SERVER_HELLO = "服务端已就绪"
QUIT = "quit"
CHUNK = 1024

encoding = "utf-8"              # of whoever runs the tutorial's program


def report(word, value):
    """One row for the test that drives us; JSON, so that it stays one row."""
    # In one go: several threads say something.
    sys.stdout.write(f"{word} {json.dumps(value, ensure_ascii=False)}\n")
    sys.stdout.flush()


def say(sock, text):
    sock.send(text.encode(encoding))
    report("sent", text)


def hear(sock):
    text = sock.recv(CHUNK).decode(encoding)
    report("got", text)
    return text


def hear_until(sock, word, pause):
    while word not in hear(sock):
        time.sleep(pause)


def typist(lines):
    """What stands for input(): the lines given, or those of standard input.
    After the last one it is the end of the terminal."""
    given = iter(lines) if lines else None

    def ask():
        report("asks", "")
        if given is None:
            return input()
        try:
            return next(given)
        except StopIteration:
            raise EOFError from None

    return ask


def serve(sock, ask, pause):
    """A conversation as both of the tutorial's servers hold it."""
    hear_until(sock, CLIENT_HELLO, pause)
    say(sock, SERVER_HELLO)
    while QUIT not in hear(sock):
        say(sock, ask())
    say(sock, QUIT)
    sock.close()
