# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a customer's socket as the kernel has them: the desk's own
descriptor is borrowed and asked."""

import ctypes
import os
import socket

from desk import Desk, Skip, case, main, same, wait_until

PIDFD_GETFD = 438       # the same number on every machine but alpha


def borrow(pid, fd):
    """A copy of another process's socket, or None when it is not one."""
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = os.pidfd_open(pid)
    try:
        copy = libc.syscall(PIDFD_GETFD, pidfd, fd, 0)
    finally:
        os.close(pidfd)
    if copy < 0:
        raise Skip("descriptors cannot be borrowed here: "
                   + os.strerror(ctypes.get_errno()))
    return socket.socket(fileno=copy)


def sockets_of(pid):
    folder = f"/proc/{pid}/fd"
    for fd in os.listdir(folder):
        try:
            target = os.readlink(os.path.join(folder, fd))
        except FileNotFoundError:
            continue
        if target.startswith("socket:"):
            yield int(fd)


def desk_end(d, customer):
    """The desk's end of a customer's connection."""
    for fd in sockets_of(d.pid):
        s = borrow(d.pid, fd)
        try:
            if s.family == socket.AF_INET and \
                    s.getpeername() == customer.getsockname():
                return s
        except OSError:
            pass
        s.close()
    return None


@case("a customer's socket has its keepalive, its user timeout, no delay, and "
      "urgent bytes where they stand")
def _():
    with Desk("--user-timeout", "7", "--keepalive", "33") as d:
        with socket.create_connection(("127.0.0.1", d.port)) as customer:
            customer.recv(1000)         # the welcome: it is set up
            with desk_end(d, customer) as s:
                tcp = socket.IPPROTO_TCP
                same(s.getsockopt(tcp, socket.TCP_NODELAY) != 0, True)
                same(s.getsockopt(tcp, socket.TCP_USER_TIMEOUT), 7000)
                same(s.getsockopt(socket.SOL_SOCKET,
                                  socket.SO_OOBINLINE) != 0, True)
                same(s.getsockopt(socket.SOL_SOCKET,
                                  socket.SO_KEEPALIVE), 1)
                same(s.getsockopt(tcp, socket.TCP_KEEPIDLE), 33)
                same(s.getsockopt(tcp, socket.TCP_KEEPINTVL), 10)
                same(s.getsockopt(tcp, socket.TCP_KEEPCNT), 3)


def probes_ms(s):
    """How long it takes to lose them all."""
    tcp = socket.IPPROTO_TCP
    return 1000 * (s.getsockopt(tcp, socket.TCP_KEEPIDLE) +
                   s.getsockopt(tcp, socket.TCP_KEEPCNT) *
                   s.getsockopt(tcp, socket.TCP_KEEPINTVL))


@case("a silent customer is there until three probes were lost, and not one")
def _():
    with Desk() as d:
        with socket.create_connection(("127.0.0.1", d.port)) as customer:
            customer.sendall(b"hi\n")
            customer.recv(1000)
            with desk_end(d, customer) as s:
                same(s.getsockopt(socket.IPPROTO_TCP,
                                  socket.TCP_USER_TIMEOUT), probes_ms(s))
                customer.shutdown(socket.SHUT_WR)
                wait_until(lambda: s.getsockopt(
                    socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 40000,
                    "a shorter user timeout")
                same(probes_ms(s), 40000)


@case("one who has ended its half is looked after more often")
def _():
    with Desk("--keepalive", "3600") as d:
        with socket.create_connection(("127.0.0.1", d.port)) as customer:
            customer.sendall(b"hi\n")
            customer.recv(1000)
            with desk_end(d, customer) as s:
                customer.shutdown(socket.SHUT_WR)
                wait_until(lambda: s.getsockopt(
                    socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) < 3600,
                    "a shorter keepalive")


main("sockopts")
