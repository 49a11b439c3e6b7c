# SPDX-License-Identifier: GPL-3.0-or-later
"""CPython's ThreadingTCPServer under the commands of tests/bench/server.c,
with its own defaults."""

import os
import resource
import socket
import socketserver
import sys
import threading
import time


HELLO, READY, QUIT = "客户端已就绪".encode(), "服务端已就绪".encode(), b"quit"


class Talk(socketserver.BaseRequestHandler):
    def setup(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.live += 1

    def handle(self):
        while HELLO not in (data := self.request.recv(1024)):
            if not data:
                return
        self.request.sendall(READY)
        while data := self.request.recv(1024):
            if QUIT in data:
                self.request.sendall(QUIT)
                return
            self.request.sendall(data)

    def finish(self):
        self.server.live -= 1


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = False      # the default: finished threads are searched
    block_on_close = False
    turns = accepts = live = 0

    def service_actions(self):
        self.turns += 1
        super().service_actions()

    def get_request(self):
        self.accepts += 1
        return super().get_request()

    def handle_error(self, request, client_address):
        pass                    # its traceback would be measured too


def set_files(limit):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, hard), hard))
    return soft


def first_free_file():
    fd = os.dup(0)
    os.close(fd)
    return fd


class Bench:
    def __init__(self):
        set_files(resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        threading.stack_size(64 * 1024)
        self.server = Server(("127.0.0.1", 0), Talk)
        self.start()

    def start(self):
        self.loop = threading.Thread(target=self.server.serve_forever)
        self.loop.start()

    def stop(self, _):
        start = time.monotonic()
        self.server.shutdown()
        self.loop.join()
        took = time.monotonic() - start
        self.start()
        return f"{took * 1e6:.1f}"

    def turns(self, ms):
        before = self.server.turns
        time.sleep(ms / 1000)
        return self.server.turns - before

    def starve(self, ms):
        old = set_files(first_free_file())
        before = self.server.accepts
        print("starving", flush=True)
        for _ in range(500):
            if self.server.accepts > before:
                break
            time.sleep(0.001)
        cpu = time.process_time()
        time.sleep(ms / 1000)
        cpu = (time.process_time() - cpu) * 1000
        calls = self.server.accepts - before
        set_files(old)
        return f"{calls} {cpu:.1f}"

    def live(self, _):
        return self.server.live


def main():
    bench = Bench()
    print(bench.server.server_address[1], flush=True)
    for line in sys.stdin:
        name, *ms = line.split()
        print(getattr(bench, name)(int(*ms or [0])), flush=True)
    os._exit(0)                 # its threads are still reading


main()
