# SPDX-License-Identifier: GPL-3.0-or-later
"""A client made of single steps, for everything that a well-behaved one does
not do.

    peer.py HOST PORT STEP...

    text:WORDS      send the words as UTF-8, without a line end
    line:WORDS      the same with LF
    hex:BYTES       send these bytes
    bytes:N         send N times x
    drip:S:WORDS    send byte by byte, S seconds apart
    split:N:WORDS   send N bytes, and the rest once the peer has had them
    until:WORDS     read until these words have come
    read            read to the end of file
    none:S          read for S seconds; fails if anything comes
    end             shut our direction (half-close)
    reset           close so that the peer gets a reset
    close           close
    hold            read nothing; stay until standard input ends

What it reads goes to standard output as it is.  Exit status 0; 1 when an end
of file or a reset came instead of the words that were waited for."""

import socket
import struct
import sys
import time


class Peer:
    def __init__(self, host, port):
        self.sock = socket.create_connection((host, int(port)))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.heard = b""

    def text(self, words):
        self.sock.sendall(words.encode())

    def line(self, words):
        self.text(words + "\n")

    def hex(self, digits):
        self.sock.sendall(bytes.fromhex(digits))

    def bytes(self, count):
        self.sock.sendall(b"x" * int(count))

    def drip(self, rest):
        seconds, _, words = rest.partition(":")
        for byte in words.encode():
            self.sock.sendall(bytes([byte]))
            time.sleep(float(seconds))

    def split(self, rest):
        count, _, words = rest.partition(":")
        data = words.encode()
        self.sock.sendall(data[:int(count)])
        self._wait_until_acknowledged()
        self.sock.sendall(data[int(count):])

    def _wait_until_acknowledged(self):
        """tcpi_unacked of struct tcp_info: the other kernel has it all."""
        while True:
            info = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO,
                                        104)
            if struct.unpack_from("I", info, 24)[0] == 0:
                return
            time.sleep(0.001)

    def _hear(self):
        data = self.sock.recv(65536)
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        self.heard += data
        return data

    def until(self, words):
        wanted = words.encode()
        while wanted not in self.heard:
            if not self._hear():
                sys.exit(1)
        self.heard = self.heard.partition(wanted)[2]

    def read(self, _):
        while self._hear():
            pass

    def none(self, seconds):
        self.sock.settimeout(float(seconds))
        try:
            self._hear()
            sys.exit(1)
        except TimeoutError:
            self.sock.settimeout(None)

    def end(self, _):
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self, _):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self, _):
        self.sock.close()

    def hold(self, _):
        sys.stdin.buffer.read()


def main():
    peer = Peer(sys.argv[1], sys.argv[2])
    for step in sys.argv[3:]:
        word, _, rest = step.partition(":")
        try:
            getattr(peer, word)(rest)
        except ConnectionError as e:
            print(e, file=sys.stderr)
            sys.exit(1)


main()
