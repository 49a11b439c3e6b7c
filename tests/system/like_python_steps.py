# SPDX-License-Identifier: GPL-3.0-or-later
"""The same steps as like_python_steps.c, on Python's own sockets: one row
"kind step: outcome" for each, in words that both share."""

import errno
import fcntl
import os
import select
import socket
import struct
import sys

INET, INET6, UNIX = socket.AF_INET, socket.AF_INET6, socket.AF_UNIX
STREAM, DGRAM, RAW = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW
SEQPACKET = socket.SOCK_SEQPACKET
BIG = 8 << 20
SHORT = 0.05    # seconds: a wait that is to fail
LONG = 10.0     # one that is to succeed


class Kind:
    def __init__(self, name, family, type_, proto=0):
        self.name, self.family, self.type = name, family, type_
        self.proto = proto


STREAMS = (Kind("tcp4", INET, STREAM), Kind("tcp6", INET6, STREAM),
           Kind("unix", UNIX, STREAM), Kind("seqpacket", UNIX, SEQPACKET))
DATAGRAMS = (Kind("udp4", INET, DGRAM), Kind("udp6", INET6, DGRAM),
             Kind("unixgram", UNIX, DGRAM))

folder = ""
k = None        # whose turn it is
number = 0


# --- words ---

def say(step, text):
    print(f"{k.name} {step}: {text}", flush=True)


def failure(e):
    if isinstance(e, socket.gaierror):
        return "resolver"
    if isinstance(e, TimeoutError) and e.errno is None:
        return "timeout"
    if isinstance(e, OSError) and e.errno is not None:
        return errno.errorcode[e.errno]
    if isinstance(e, (ValueError, OverflowError, OSError)):
        return "bad argument"
    raise e


def attempt(call, *args):
    """What it returns, as text, or why it failed."""
    try:
        return str(call(*args))
    except (OSError, ValueError, OverflowError) as e:
        return failure(e)


def ok(call, *args):
    try:
        call(*args)
        return "ok"
    except (OSError, ValueError, OverflowError) as e:
        return failure(e)


def words(address):
    if address is None:
        return "none"
    if isinstance(address, tuple):
        port = "P" if address[1] else "0"
        assert len(address) == (4 if ":" in address[0] else 2)
        return f"{address[0]} port {port}"
    if isinstance(address, bytes):
        return f"abstract, {len(address)} bytes"
    return address[len(folder) + 1:] or "''"


def ours(s):
    return attempt(lambda: words(s.getsockname()))


def theirs(s):
    return attempt(lambda: words(s.getpeername()))


def wait_of(s):
    t = s.gettimeout()
    return "none" if t is None else f"{t:g}"


def nonblocking(s):
    return int(fcntl.fcntl(s, fcntl.F_GETFL) & os.O_NONBLOCK != 0)


def cloexec(s):
    return int(not s.get_inheritable())


def got(s, n):
    return attempt(lambda: f"'{s.recv(n).decode()}'")


def got_from(s, n):
    def call():
        data, address = s.recvfrom(n)
        return f"'{data.decode()}' from {words(address)}"
    return attempt(call)


# --- sockets of this kind ---

def new():
    return socket.socket(k.family, k.type, k.proto)


def fresh():
    """An address nobody has yet."""
    global number
    number += 1
    if k.family == UNIX:
        return f"{folder}/{k.name}.{number}"
    return ("127.0.0.1" if k.family == INET else "::1", 0)


def bound():
    s = new()
    s.bind(fresh())
    return s, s.getsockname()


def listening(backlog):
    s, at = bound()
    s.listen(backlog)
    return s, at


def connected(to):
    s = new()
    s.connect(to)
    return s


def pair():
    s, at = listening(1)
    a = connected(at)
    b, _ = s.accept()
    s.close()
    return a, b


def close(*sockets):
    for s in sockets:
        s.close()


def wait(s, events):
    poll = select.poll()
    poll.register(s, events)
    assert poll.poll(LONG * 1000)


# --- any kind ---

def step_new():
    s = new()
    say("new", f"cloexec={cloexec(s)} nonblocking={nonblocking(s)} "
        f"timeout={wait_of(s)} proto={s.proto}")
    say("unbound_getsockname", ours(s))
    say("unconnected_getpeername", theirs(s))
    close(s)


def step_fromfd():
    s = new()
    fd = s.detach()
    say("detach", f"{int(fd >= 0)}, then fileno={s.fileno()} "
        f"recv={attempt(s.recv, 1)} getsockname={ours(s)}")
    fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK)
    again = socket.socket(fileno=fd)
    say("fromfd", f"family={int(again.family == k.family)} "
        f"type={int(again.type == k.type)} proto={again.proto}")
    say("fromfd_nonblocking", nonblocking(again))
    close(s, again)


def step_closed():
    s = new()
    at = fresh()
    s.close()
    s.close()
    say("closed_fileno", s.fileno())
    say("closed_bind", ok(s.bind, at))
    say("closed_listen", ok(s.listen, 1))
    say("closed_accept", ok(s.accept))
    say("closed_connect", ok(s.connect, at))
    say("closed_connect_ex", errno.errorcode[s.connect_ex(at)])
    say("closed_settimeout", ok(s.settimeout, 1))
    say("closed_setblocking", ok(s.setblocking, True))
    say("closed_recv", attempt(s.recv, 1))
    say("closed_recvfrom", attempt(s.recvfrom, 1))
    say("closed_send", attempt(s.send, b"x"))
    say("closed_sendall", ok(s.sendall, b"x"))
    say("closed_sendto", attempt(s.sendto, b"x", at))
    say("closed_shutdown", ok(s.shutdown, socket.SHUT_WR))
    say("closed_dup", ok(s.dup))
    say("closed_detach", int(s.detach() < 0))
    say("closed_setsockopt", ok(s.setsockopt, socket.SOL_SOCKET,
                                socket.SO_KEEPALIVE, 1))
    s = new()
    os.close(s.fileno())
    say("close_bad", ok(s.close))
    say("close_bad_again", ok(s.close))


def step_timeouts():
    s = new()
    for value in (1.5, 0, 0.001, None):
        s.settimeout(value)
        say("timeout_is", wait_of(s))
    say("timeout_negative", ok(s.settimeout, -1))
    say("timeout_nan", ok(s.settimeout, float("nan")))
    say("timeout_huge", ok(s.settimeout, 1e20))
    s.setblocking(False)
    say("setblocking_0", wait_of(s))
    s.setblocking(True)
    say("setblocking_1", wait_of(s))
    s.settimeout(5)
    say("timeout_nonblocking_fd", nonblocking(s))
    close(s)


def step_options():
    s = new()
    level = socket.SOL_SOCKET
    say("option_int", ok(s.setsockopt, level, socket.SO_REUSEADDR, 1))
    say("option_int_is",
        int(s.getsockopt(level, socket.SO_REUSEADDR) != 0))
    say("option_bytes", ok(s.setsockopt, level, socket.SO_BROADCAST,
                           struct.pack("i", 1)))
    value = s.getsockopt(level, socket.SO_TYPE, 64)
    say("option_bytes_are", f"{len(value)} of {value[0]}")
    say("option_2_bytes_are", len(s.getsockopt(level, socket.SO_TYPE, 2)))
    say("option_none", ok(s.setsockopt, level, socket.SO_BINDTODEVICE, None,
                          0))
    say("option_unknown", ok(s.setsockopt, level, 12345, 1))
    say("option_unknown_get", ok(s.getsockopt, level, 12345))
    say("option_short", ok(s.setsockopt, level, socket.SO_REUSEADDR, b"x"))
    say("option_rcvtimeo", ok(s.setsockopt, level, 20, bytes(16)))
    close(s)


def step_bind():
    s, at = bound()
    other = new()
    say("bound_getsockname", ours(s))
    say("bind_twice", ok(s.bind, at))
    say("bind_in_use", ok(other.bind, at))
    close(s, other)


def every_kind():
    step_new()
    step_fromfd()
    step_closed()
    step_timeouts()
    step_options()
    step_bind()


# --- connections ---

def step_listen():
    s, _ = bound()
    say("accept_unlistening", ok(s.accept))
    say("listen_0", ok(s.listen, 0))
    say("listen_negative", ok(s.listen, -1))
    say("listen_again", ok(s.listen, 5))
    say("listen_nonblocking_fd", nonblocking(s))
    s.settimeout(0)
    say("accept_nothing_0", ok(s.accept))
    s.settimeout(SHORT)
    say("accept_nothing", ok(s.accept))
    close(s)


def step_accept():
    s, at = listening(1)
    s.settimeout(LONG)
    a = connected(at)
    b, peer = s.accept()
    say("accept", f"from {words(peer)}, as the client says="
        f"{int(peer == a.getsockname())}")
    say("accepted", f"cloexec={cloexec(b)} nonblocking={nonblocking(b)} "
        f"timeout={wait_of(b)} proto={b.proto}")
    say("names", f"{ours(a)} {theirs(a)} {ours(b)} {theirs(b)}")
    say("connect_twice", ok(a.connect, at))
    say("connect_ex_twice", errno.errorcode[a.connect_ex(at)])
    close(a, b, s)


def step_recv():
    a, b = pair()
    b.settimeout(0)
    say("recv_nothing_0", attempt(b.recv, 9))
    b.settimeout(SHORT)
    say("recv_nothing", attempt(b.recv, 9))
    say("recv_none", len(b.recv(0)))
    say("send", attempt(a.send, b"hello"))
    say("recv_a_part", got(b, 2))
    say("recv_the_rest", got(b, 9))
    a.sendall(b"one")
    a.sendall(b"two")
    say("recv_records", got(b, 9))
    a.sendall(b"x")
    say("recvfrom", got_from(b, 9))
    say("shutdown", ok(a.shutdown, socket.SHUT_WR))
    say("recv_eof", got(b, 9))
    say("recvfrom_eof", got_from(b, 9))
    say("send_after_shutdown", attempt(a.send, b"x"))
    b.sendall(b"y")
    say("recv_after_shutdown", got(a, 9))
    close(a, b)


def step_unconnected():
    s = new()
    s.settimeout(SHORT)
    say("unconnected_recv", attempt(s.recv, 1))
    say("unconnected_send", attempt(s.send, b"x"))
    say("unconnected_shutdown", ok(s.shutdown, socket.SHUT_WR))
    close(s)


def fill(send):
    """Sends until no more is taken."""
    while True:
        try:
            send(bytes(1000))
        except OSError as e:
            return failure(e)


def step_send():
    a, b = pair()
    a.settimeout(0)
    try:
        sent = a.send(bytes(BIG))
        say("send_big", "a part" if sent < BIG else "all")
    except OSError as e:
        say("send_big", failure(e))
    say("send_until_full", fill(a.send))
    say("sendall_until_full", fill(a.sendall))
    a.settimeout(SHORT)
    say("send_full", fill(a.send))
    say("sendall_full", fill(a.sendall))
    close(a, b)
    a, b = pair()
    a.settimeout(SHORT)
    say("sendall_big", ok(a.sendall, bytes(BIG)))
    close(a, b)
    a, b = pair()
    b.settimeout(SHORT)
    say("send_nothing", attempt(a.send, b""))
    say("recv_of_nothing", got(b, 9))
    close(a, b)


def step_sendto_connected():
    a, b = pair()
    say("sendto_peer", attempt(a.sendto, b"x", a.getpeername()))
    close(a, b)


def step_gone():
    a, b = pair()
    b.close()
    say("send_to_gone", attempt(a.send, b"x"))
    say("send_to_gone_2", attempt(a.send, b"x"))
    say("recv_from_gone", attempt(lambda: len(a.recv(1))))
    close(a)
    a, b = pair()
    a.sendall(b"x")
    wait(b, select.POLLIN)
    b.close()       # with something unread
    say("recv_reset", attempt(lambda: len(a.recv(1))))
    say("recv_after_reset", attempt(lambda: len(a.recv(1))))
    say("send_after_reset", attempt(a.send, b"x"))
    close(a)


def step_refused():
    s, at = bound()
    a = new()
    say("connect_refused", ok(a.connect, at))
    say("connect_ex_refused", errno.errorcode[a.connect_ex(at)])
    a.settimeout(LONG)
    say("connect_refused_timed", ok(a.connect, at))
    close(s, a)


def step_connect_later():
    s, at = listening(1)
    a = new()
    a.setblocking(False)
    say("connect_0", ok(a.connect, at))
    wait(a, select.POLLOUT)
    if k.family != UNIX:
        say("connect_ex_then", a.connect_ex(at))
    say("connect_ex_at_last", errno.errorcode[a.connect_ex(at)])
    close(s, a)


def step_full_backlog():
    s, at = listening(0)
    more = [new() for _ in range(3)]
    for one in more:
        one.setblocking(False)
        one.connect_ex(at)
    a = new()
    a.setblocking(False)
    say("full_connect_ex_0", errno.errorcode[a.connect_ex(at)])
    say("full_connect_ex_0_again", errno.errorcode[a.connect_ex(at)])
    a.close()
    a = new()
    a.settimeout(SHORT)
    say("full_connect", ok(a.connect, at))
    a.close()
    a = new()
    a.settimeout(SHORT)
    say("full_connect_ex", errno.errorcode[a.connect_ex(at)])
    close(s, a, *more)


def step_dup():
    a, b = pair()
    a.settimeout(0.5)
    d = a.dup()
    say("dup", f"other={int(d.fileno() != a.fileno())} cloexec={cloexec(d)} "
        f"timeout={wait_of(d)} proto={d.proto}")
    d.settimeout(SHORT)
    say("dup_timeouts", f"{wait_of(a)} {wait_of(d)}")
    say("dup_recv_nothing", attempt(d.recv, 1))
    a.close()
    b.sendall(b"still")
    say("dup_recv", got(d, 9))
    say("dup_send", attempt(d.send, b"x"))
    d.close()
    say("dup_closed", got(b, 9))
    say("dup_closed_eof", got(b, 9))
    close(b)


# --- files ---

def line_of(f):
    try:
        line = f.readline()
    except TimeoutError:
        return "timeout"
    except OSError as e:
        return str(e)
    if line is None:
        return "nothing yet"
    text = line.decode()
    return f"'{text.rstrip()}'" + (" and LF" if "\n" in text else "")


def step_file_modes(s):
    for mode in ("r", "w", "rw", "rb", "bw", "rwb", "wr", "b", "", "a", "r+",
                 "x"):
        try:
            s.makefile(mode).close()
            say("file_mode", f"{mode} ok")
        except ValueError as e:
            say("file_mode", f"{mode} {failure(e)}")
    say("file_closed_socket_open", int(s.fileno() >= 0))


def step_file_reading():
    a, b = pair()
    a.sendall(b"one\n")
    a.sendall(b"two\nrest")
    a.close()
    with b.makefile("rb") as f:
        for _ in range(4):
            say("file_line", line_of(f))
    close(b)


def step_file_writing():
    a, b = pair()
    f = a.makefile("wb")
    f.write(b"hello ")
    f.write(b"world")
    b.settimeout(0)
    say("file_unflushed", got(b, 20))
    f.flush()
    say("file_flush", 0)
    b.settimeout(LONG)
    say("file_written", got(b, 20))
    f.write(b"bye")
    f.close()
    say("file_close_flushes", got(b, 20))
    b.close()
    f = a.makefile("wb", buffering=0)
    try:
        f.write(b"x")
    except OSError:
        pass
    say("file_to_gone", ok(f.write, b"y"))
    f.close()
    close(a)


def step_file_both():
    a, b = pair()
    a.sendall(b"one\ntwo\n")
    f = b.makefile("rwb")
    say("both_line", line_of(f))
    f.write(b"answer")
    f.flush()
    say("both_written", got(a, 20))
    say("both_line_2", line_of(f))
    f.close()
    close(a, b)


def step_file_waiting():
    a, b = pair()
    b.settimeout(0)
    f = b.makefile("rb")
    say("file_nothing_0", line_of(f))
    b.settimeout(SHORT)
    a.sendall(b"begun")
    say("file_timeout", line_of(f))
    a.sendall(b"late\n")
    say("file_after_timeout", line_of(f))
    f.close()
    f = b.makefile("rb")
    while select.select([b], [], [], 0)[0]:
        b.recv(9)
    a.sendall(b"more\n")
    b.close()
    say("file_socket_closed", line_of(f))
    f.close()
    close(a)


def step_files():
    a, b = pair()
    step_file_modes(a)
    close(a, b)
    step_file_reading()
    step_file_writing()
    step_file_both()
    step_file_waiting()


# --- create_server and create_connection ---

def option_of(s, level, name):
    return "on" if s.getsockopt(level, name) else "off"


def created(*args, **kwargs):
    return ok(lambda: socket.create_server(*args, **kwargs).close())


def step_create_server():
    s = socket.create_server(fresh())
    say("create_server", "ok")
    say("server_is", f"{ours(s)} "
        f"reuseaddr={option_of(s, socket.SOL_SOCKET, socket.SO_REUSEADDR)} "
        f"reuseport={option_of(s, socket.SOL_SOCKET, socket.SO_REUSEPORT)}")
    at = s.getsockname()
    say("create_server_in_use", created(at))
    a = socket.create_connection(at, LONG)
    b, _ = s.accept()
    say("create_connection", f"{theirs(a)} timeout={wait_of(a)}")
    close(a, b)
    a = socket.create_connection(at, LONG, ("127.0.0.9", 0))
    b, _ = s.accept()
    say("create_connection_source", theirs(b))
    close(a, b)
    say("create_connection_no_source",
        ok(socket.create_connection, at, LONG, ("192.0.2.1", 0)))
    close(s)
    say("create_connection_refused", ok(socket.create_connection, at, LONG))
    say("create_connection_port",
        ok(socket.create_connection, ("127.0.0.1", 65536), LONG))
    say("create_connection_timeout",
        ok(socket.create_connection, ("127.0.0.1", 1), -1))
    s = socket.create_server(fresh(), reuse_port=True)
    say("server_reuse_port",
        option_of(s, socket.SOL_SOCKET, socket.SO_REUSEPORT))
    s.close()
    say("server_dualstack_inet", created(fresh(), dualstack_ipv6=True))


def step_create_server6():
    v6only = socket.IPPROTO_IPV6, socket.IPV6_V6ONLY
    s = socket.create_server(("", 0), family=INET6, dualstack_ipv6=True)
    say("dualstack", f"{ours(s)} v6only={option_of(s, *v6only)}")
    socket.create_connection(("127.0.0.1", s.getsockname()[1]), LONG).close()
    s.accept()[0].close()
    s.close()
    s = socket.create_server(fresh(), family=INET6)
    say("single_stack", f"{ours(s)} v6only={option_of(s, *v6only)}")
    s.close()


# --- datagrams ---

def step_datagrams():
    s, at = bound()
    a = new()
    b, _ = bound()
    s.settimeout(0)
    say("recvfrom_nothing_0", got_from(s, 9))
    s.settimeout(SHORT)
    say("recvfrom_nothing", got_from(s, 9))
    say("unconnected_recv", attempt(s.recv, 1))
    s.settimeout(LONG)
    say("unconnected_send", attempt(a.send, b"x"))
    say("sendto", attempt(b.sendto, b"hello", at))
    say("recvfrom", got_from(s, 9))
    b.sendto(b"hello", at)
    say("recvfrom_a_part", got_from(s, 2))
    b.sendto(b"one", at)
    b.sendto(b"two", at)
    say("recv_records", got(s, 9))
    say("recv_records_2", got(s, 2))
    say("sendto_empty", attempt(b.sendto, b"", at))
    say("recvfrom_empty", got_from(s, 9))
    b.sendto(b"kept", at)
    say("recv_none", got(s, 0))
    say("recv_kept", got(s, 9))
    b.sendto(b"", at)
    say("recvfrom_none", got_from(s, 0))
    s.settimeout(0)
    say("recvfrom_none_took_it", got_from(s, 9))
    close(s, a, b)


def step_datagram_unnamed():
    s, at = bound()
    a = new()
    a.sendto(b"x", at)
    say("recvfrom_unbound", got_from(s, 9) if k.family == UNIX else
        "has a port" if "port P" in got_from(s, 9) else "none")
    say("sent_getsockname", ours(a))
    close(s, a)


def step_datagram_connected():
    s, at = bound()
    a, _ = bound()
    b = new()
    s.settimeout(LONG)
    say("connect", ok(a.connect, at))
    say("connected_getpeername", theirs(a))
    say("send", attempt(a.send, b"hello"))
    say("connected_recvfrom", got_from(s, 9))
    say("sendto_peer", attempt(a.sendto, b"again", at))
    say("connected_recv", got(s, 9))
    say("sendall_empty", ok(a.sendall, b""))
    say("recvfrom_sendall_empty", got_from(s, 9))
    say("reconnect_ex", a.connect_ex(at))
    b.setblocking(False)
    say("connect_0", ok(b.connect, at))
    s.setblocking(True)
    say("datagram_listen", ok(b.listen, 1))
    say("datagram_accept", ok(s.accept))
    close(s, a, b)


def step_datagram_refused():
    s, at = bound()
    a = connected(at)
    s.close()
    a.settimeout(LONG)
    say("send_to_gone", attempt(a.send, b"x"))
    if k.family != UNIX:
        say("recv_refused", got(a, 9))
    say("send_to_gone_2", attempt(a.send, b"x"))
    say("send_to_gone_3", attempt(a.send, b"x"))
    say("refused_still_good", "no" if ours(a).startswith("E") else "yes")
    close(a)


def step_datagram_long():
    s, at = bound()
    a = new()
    say("sendto_65508", attempt(a.sendto, bytes(65508), at))
    say("sendto_65527", attempt(a.sendto, bytes(65527), at))
    say("sendto_65528", attempt(a.sendto, bytes(65528), at))
    say("sendto_big", attempt(a.sendto, bytes(BIG), at))
    close(s, a)


def step_unixgram():
    nobody = fresh()
    s, at = bound()
    a = new()
    say("sendto_nobody", attempt(a.sendto, b"x", nobody))
    a.setblocking(False)
    while attempt(a.sendto, b"x", at) == "1":
        pass
    say("sendto_full_0", attempt(a.sendto, b"x", at))
    a.settimeout(SHORT)
    say("sendto_full", attempt(a.sendto, b"x", at))
    close(s, a)


# --- addresses ---

def bound_to(address):
    with new() as s:
        try:
            s.bind(address)
        except (OSError, ValueError, OverflowError) as e:
            return failure(e)
        return ours(s)


def step_hosts():
    four = k.family == INET
    say("bind_any", bound_to(("", 0)))
    say("bind_localhost", bound_to(("localhost", 0)) if four else "not asked")
    say("bind_broadcast", bound_to(("<broadcast>", 0)))
    say("bind_port_65536", bound_to(("", 65536)))
    say("bind_elsewhere", bound_to(("192.0.2.1" if four else "2001:db8::1",
                                    0)))
    say("bind_other_family", bound_to(("::1" if four else "127.0.0.1", 0)))


def step_names():
    path = f"{folder}/{k.name}".ljust(108, "x")
    say("path_of_107", "ok" if len(bound_to(path[:107])) > 50 else "no")
    say("path_of_108", bound_to(path))
    say("abstract", bound_to(b"\0dw\0steps"))
    name = b"\0z".ljust(109, b"\0")
    say("abstract_of_108", bound_to(name[:108]))
    say("abstract_of_109", bound_to(name))
    say("chosen", bound_to(""))
    with new() as s:
        say("connect_no_path", ok(s.connect, fresh()))


def step_wrong_type():
    global k
    mine = k
    a = new()
    k = Kind("unix", UNIX, DGRAM)
    s, at = bound()
    k = mine
    say("connect_other_type", ok(a.connect, at))
    close(a, s)


# --- raw ---

def sum_of(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def echo_answer(s, skip, type_):
    """Reads until the answer to our echo comes; others' packets come too."""
    for _ in range(100):
        data, address = s.recvfrom(256)
        if len(data) == skip + 12 and data[skip] == type_ and \
                data[skip + 6:] == b"deskwi":
            return words(address)
    return "no answer"


def step_raw(step, family, proto, request, answer, skip):
    global k
    k = Kind("raw", family, RAW, proto)
    try:
        s = new()
    except OSError as e:
        say(step, failure(e))
        return
    echo = struct.pack("!BBH8s", request, 0, 0, b"dwdeskwi")
    echo = echo[:2] + struct.pack("!H", sum_of(echo)) + echo[4:]
    s.settimeout(LONG)
    at = fresh()
    say(step, f"send={attempt(s.sendto, echo, at)}")
    say(step, f"answer={attempt(echo_answer, s, skip, answer)}")
    close(s)


# --- everything ---

def step_matrix():
    global k
    k = Kind("any", UNIX, STREAM)
    families = {"inet": INET, "inet6": INET6, "unix": UNIX}
    types = {"stream": STREAM, "dgram": DGRAM, "raw": RAW,
             "rdm": socket.SOCK_RDM, "seqpacket": SEQPACKET}
    for family, f in families.items():
        for type_, t in types.items():
            say(f"{family}_{type_}", ok(lambda: socket.socket(f, t).close()))
    with socket.socket(INET, STREAM, socket.IPPROTO_TCP) as s:
        say("proto_tcp", f"ok {s.proto}")
    say("proto_wrong", ok(socket.socket, INET, STREAM, socket.IPPROTO_UDP))


def step_foreign_fds():
    fds = os.pipe()
    say("fromfd_pipe", ok(lambda: socket.socket(fileno=fds[0])))
    os.close(fds[0])
    os.close(fds[1])
    say("fromfd_closed", ok(lambda: socket.socket(fileno=fds[0])))


def stream_steps():
    every_kind()
    step_listen()
    step_accept()
    step_recv()
    step_unconnected()
    step_send()
    step_sendto_connected()
    step_gone()
    step_refused()
    step_connect_later()
    step_full_backlog()
    step_dup()
    if k.family != UNIX:
        step_hosts()
    else:
        step_names()
        step_wrong_type()


def datagram_steps():
    every_kind()
    step_datagrams()
    step_datagram_unnamed()
    step_datagram_connected()
    step_datagram_refused()
    step_datagram_long()
    if k.family != UNIX:
        step_hosts()
    else:
        step_names()
        step_unixgram()


def usable():
    """Not every machine has IPv6."""
    try:
        with new() as s:
            s.bind(fresh())
            return True
    except OSError:
        return False


def main():
    global folder, k
    folder = sys.argv[1]
    step_matrix()
    step_foreign_fds()
    say("files", "ours")
    for k in STREAMS:
        if usable():
            stream_steps()
    k = STREAMS[0]
    step_create_server()
    k = STREAMS[1]
    if usable():
        step_create_server6()
    for k in DATAGRAMS:
        if usable():
            datagram_steps()
    for k in STREAMS:
        if k.type == STREAM and usable():
            step_files()
    step_raw("echo4", INET, socket.IPPROTO_ICMP, 8, 0, 20)
    step_raw("echo6", INET6, socket.IPPROTO_ICMPV6, 128, 129, 0)
    print("end")


if __name__ == "__main__":
    main()
