# SPDX-License-Identifier: GPL-3.0-or-later
"""The tutorial's client, which reads once after each thing that it says, and
operators who type whenever they like.  Whatever the moments, the client never
fails, and what it shows is what the operators typed.

The times of the desk and the client's patience are 45 times shorter than they
really are.  T_SEED chooses another run."""

import os
import random
import re
import socket
import threading
import time

from desk import (CLIENT_HELLO, JOINER, QUIT, SANITIZED, SERVER_HELLO, Desk,
                  case, main, same, size)

SEED = int(os.environ.get("T_SEED", "20261122"))
CLIENTS = 6
PATIENCE = 6 if SANITIZED else 2         # 60 s / 45 would be 1.3
HOLDING = re.compile(r"Please wait, (an operator will answer soon|"
                     r"you are number [0-9]+ in line)\.")
WORDS = ("quit", "quite", "qui", "it", "quitquit", "a", " ", "\n", "the box ",
         "我的订单", "在哪里", "您好,", "é", "😀", "q", "u\u0301", "x" * 50)


def reply_text(rng):
    """1 to 700 characters, never the one word that ends a conversation."""
    wanted = rng.choice((1, 5, 40, 700))
    wanted = rng.randint(1, wanted)
    text = ""
    while len(text) < wanted:
        text += rng.choice(WORDS)
    text = text[:wanted]
    return text if text.strip() not in ("", QUIT) else "ok"


class Client(threading.Thread):
    """One of the tutorial's, with a user who takes some time to type."""

    def __init__(self, desk, number):
        super().__init__()
        self.rng = random.Random(f"{SEED} client {number}")
        self.peer = desk.classic()
        self.address = self.peer.address
        self.shown = []
        self.failure = None
        self.typed_all = threading.Event()      # set: nothing more will come
        self.expected = None

    def hear(self):
        there = self.peer.sock.recv(4096, socket.MSG_PEEK)
        assert len(there) <= 1024, f"{len(there)} bytes for one recv"
        data = self.peer.sock.recv(1024)
        assert data, "the server closed"
        return data.decode()                    # by itself, as there

    def say(self, text):
        self.peer.sock.send(text.encode())
        answer = self.hear()
        if not HOLDING.fullmatch(answer):
            self.shown.append(answer)
        return answer

    def think(self):
        """Never so quick that two messages are one recv there: without
        framing nobody could tell them apart."""
        self.peer.taken()
        time.sleep(self.rng.choice((0, 0, 0, 0.001, 0.02, 0.1, 0.3, 2.5)))

    def converse(self):
        self.peer.sock.settimeout(PATIENCE)
        self.peer.sock.send(CLIENT_HELLO.encode())
        assert SERVER_HELLO in self.hear()
        while not self.typed_all.is_set():
            self.think()            # at times longer than text is held
            self.say(self.rng.choice(("question", "订单", "quite so", "?",
                                      ".", "x" * 700)))
        while len(plain(self.shown)) < len(plain(self.expected)):
            self.peer.taken()
            self.say(".")
        self.peer.taken()
        answer = self.say(QUIT)
        same(self.shown.pop(), QUIT)
        same(answer, QUIT)
        self.peer.sock.send(QUIT.encode())

    def run(self):
        try:
            self.converse()
        except Exception as e:      # told by the main thread
            self.failure = e


def plain(texts):
    return "".join(texts).replace(JOINER, "").replace("\n", "")


class Typist(threading.Thread):
    """One operator, who answers anybody at any time until told to stop."""

    def __init__(self, link, sids, number):
        super().__init__()
        self.rng = random.Random(f"{SEED} operator {number}")
        self.link, self.sids = link, sids
        self.enough = threading.Event()

    def run(self):
        while not self.enough.wait(self.rng.choice((0, 0.001, 0.02, 0.1))):
            self.link.reply(self.rng.choice(self.sids), reply_text(self.rng))


@case(f"clients at random moments show what was typed, seed {SEED}")
def _():
    with Desk("--holding-line", "1", "--held-reply", "1", "--add-to-held",
              "1", "--rate", "1000000", "--burst", "1000000") as d:
        links = [d.operator("lin"), d.operator("wang")]
        clients = [Client(d, i) for i in range(CLIENTS)]
        for c in clients:
            c.start()
        sids = [links[0].event("arrived", addr=c.address)["sid"]
                for c in clients]
        typists = [Typist(link, sids, i) for i, link in enumerate(links)]
        for t in typists:
            t.start()
        time.sleep(size(4, small=2, full=60))  # the length of the run
        for t in typists:
            t.enough.set()
            t.join()
        links[0].sync()
        for c, sid in zip(clients, sids):
            c.expected = [e["text"] for e in links[0].events()
                          if e["ev"] == "reply" and e["sid"] == sid]
            c.typed_all.set()
        for c in clients:
            c.join()
        spoken = sum(len(c.shown) for c in clients)
        assert spoken > 5 * CLIENTS, f"they hardly spoke: {spoken}"
        for c, sid in zip(clients, sids):
            if c.failure is not None:
                raise c.failure
            assert c.expected, "nothing was typed"
            same(plain(c.shown), plain(c.expected))
            # One that wrote after its last answer stays on the list.
            links[0].frame(lambda f: f["op"] == "ev" and
                           f["ev"]["ev"] in ("gone", "closed") and
                           f["ev"]["sid"] == sid and f["ev"]["why"] == QUIT)


main("turns")
