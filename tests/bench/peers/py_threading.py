# SPDX-License-Identifier: GPL-3.0-or-later
"""A peer of make bench: the tutorial's ThreadingTCPServer and its handler, call
by call, with an echo where its operator types.  Its queue of 5 connections is
Python's own."""

import socketserver

HELLO, READY = "客户端已就绪", "服务端已就绪"


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        conn = self.request
        while HELLO not in (data := conn.recv(1024)).decode("utf-8"):
            if not data:
                return
        conn.send(READY.encode("utf-8"))
        while True:
            data = conn.recv(1024)
            if not data:
                break
            if "quit" in data.decode("utf-8", "replace"):
                conn.send(b"quit")
                break
            conn.sendall(data)
        conn.close()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
