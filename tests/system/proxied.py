# SPDX-License-Identifier: GPL-3.0-or-later
"""Customers whom a proxy brings: it says who they are, and all that a desk does
by an address it does by theirs."""

import binascii
import contextlib
import grp
import os
import re
import socket
import stat
import struct
import subprocess

from desk import (CLIENT_HELLO, DESKWIRE, LIMIT, SERVER_HELLO, Classic, Console,
                  Customer, Desk, Skip, case, journal, main, same, state,
                  wait_until)

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
HERE = ("--proxy-from", "127.0.0.1/32")
LOCAL = SIGNATURE + b"\x20\0\0\0"
QUICK = ("--silence-ms", "100")


def v1(host, port=4711):
    if ":" in host:
        return f"PROXY TCP6 {host} ::1 {port} 443\r\n".encode()
    return f"PROXY TCP4 {host} 192.0.2.1 {port} 443\r\n".encode()


def v2(host, port=4711, tlvs=b""):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    address = socket.inet_pton(family, host)
    body = 2 * address + struct.pack("!HH", port, 443) + tlvs
    return SIGNATURE + bytes((0x21, 0x11 if len(address) == 4 else 0x21)) + \
        struct.pack("!H", len(body)) + body


class Proxied(Desk):
    """A desk with one more address, for proxies."""

    def __init__(self, *args, at="127.0.0.1:0", allowed=HERE, **kinds):
        super().__init__("--listen", f"{at},proxy", *allowed, *args, **kinds)
        row = self.row(",proxy")
        if "unix:" not in at:
            self.proxy_port = int(re.search(r":(\d+),proxy$", row)[1])

    def through(self, header, kind=Customer, source=None):
        c = self.keep(kind(self.proxy_port, source))
        c.send(header)
        return c

    def asks(self, header, words="hello"):
        """Whom these words have come from, as a row on a console has it."""
        c = self.through(header)
        c.send(words + "\n")
        told = c.until("\n")
        return c, told

    def told(self, header):
        """What one hears who is not let in, in line mode."""
        c = self.through(header)
        c.send("hello\n")
        told = c.end()
        c.close()
        assert not c.reset_by_desk, told
        return told


def visitors(o):
    return o.answer(o.ask("cmd", text="visitors"))["text"]


def nothing_has_come(d, o):
    """No session, no visitor, nothing in the journal."""
    o.sync()
    same([e["ev"] for e in o.events() if e["ev"] != "on"], [])
    assert "\n" not in visitors(o), visitors(o)
    same({e["ev"] for e in journal(d.folder)} - {"on", "off"}, set())


@case("both versions bring a customer with its own address and all its words")
def _():
    headers = ((v1("192.0.2.7"), "192.0.2.7:4711"),
               (v2("192.0.2.8", 99), "192.0.2.8:99"),
               (v1("2001:db8::7"), "[2001:db8::7]:4711"),
               (v2("2001:db8::8", 1, b"\x04\0\0"), "[2001:db8::8]:1"),
               (v1("::ffff:192.0.2.9"), "192.0.2.9:4711"))
    with Proxied() as d:
        o = d.operator()
        for i, (header, address) in enumerate(headers):
            # In one segment, and then two.
            c = d.through(header + f"a{i}\nb".encode())
            c.send(f"{i}\n")
            sid = o.said(f"a{i}")["sid"]
            same(o.said(f"b{i}")["sid"], sid)
            same(o.event("arrived", sid=sid)["addr"], address)
        rows = [e["addr"] for e in journal(d.folder) if e["ev"] == "arrived"]
        same(rows, [address for _, address in headers])


@case("a header that comes byte by byte is read, and what follows it too")
def _():
    with Proxied() as d:
        o = d.operator()
        for i, header in enumerate((v1("192.0.2.7"), v2("192.0.2.7"))):
            c = d.keep(Customer(d.proxy_port))
            c.split(*(bytes((b,)) for b in header))
            c.send(f"hello {i}\n")
            sid = o.said(f"hello {i}")["sid"]
            same(o.event("arrived", sid=sid)["addr"], "192.0.2.7:4711")


@case("classic, telnet and silent customers come through a proxy as they are")
def _():
    with Proxied(*QUICK) as d:
        o = d.operator()
        c = d.through(v1("192.0.2.7") + CLIENT_HELLO.encode(), Classic)
        assert c.read_one().startswith(SERVER_HELLO)
        same(o.event("arrived", mode="classic")["addr"], "192.0.2.7:4711")
        t = d.through(v2("192.0.2.8") + b"\xff\xfd\x01\xff\xfb\x1fhi\r\n")
        o.said("hi")
        t.until(b"\xff\xfc\x01")
        d.through(v1("192.0.2.9")).until("Welcome to deskwire")


HOSTILE = (
    b"hello\r\n", b"\n", CLIENT_HELLO.encode(), b"GET / HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00", b"PROXY \r\n", b"PROXY TCP4 192.0.2.7\r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n", b"PROXY TCP9 ", b"PROXY TCP4 \n",
    b"PROXY UNKNOWN" + 100 * b"x", b"PROXY TCP6 192.0.2.7 ::1 1 2\r\n",
    v1("192.0.2.7").replace(b"\r\n", b"\n"), v1("192.0.2.7").lower(),
    SIGNATURE + b"\x31", SIGNATURE + b"\x21\x11\xff\xff",
    SIGNATURE + b"\x21\x12\0\x0c" + 12 * b"\1",
    v2("192.0.2.7", tlvs=b"\x03\0\4\1\2\3\4"),
    v2("192.0.2.7", tlvs=b"\x04\0\5\1"))


@case("who sends no header is reset at once, and leaves nothing")
def _():
    with Proxied("--hello-timeout", "3600") as d:
        o = d.operator()
        for data in HOSTILE:
            c = d.through(data)
            same(c.end(), "")
            assert c.reset_by_desk, data
        nothing_has_come(d, o)
        d.row("its proxy did not say for whom it comes")


@case("a proxy that may not come is reset, whatever it says")
def _():
    with Proxied() as d:
        o = d.operator()
        with contextlib.suppress(ConnectionError):
            c = d.through(v1("192.0.2.7") + b"hello\n", source="127.0.0.2")
            same(c.end(), "")
            assert c.reset_by_desk
        d.row("it is none of the proxies that may come")
        nothing_has_come(d, o)
        d.through(v1("192.0.2.7") + b"hello\n")
        o.said("hello")


@case("a header that does not come is waited for no longer than the handshake")
def _():
    with Proxied("--hello-timeout", "1", "--first-line-timeout", "3600") as d:
        o = d.operator()
        slow = [d.through(data) for data in
                (b"", b"PROXY TCP4 192.0", v2("192.0.2.7")[:-1])]
        for c in slow:
            same(c.end(), "")
            assert c.reset_by_desk
        nothing_has_come(d, o)


@case("health checks are no sessions, no visitors and no refusals")
def _():
    with Proxied(*QUICK) as d:
        o = d.operator()
        checks = [d.through(b""), d.through(b"PROXY UNKNOWN\r\n"),
                  d.through(v1("192.0.2.7"))]
        for c in checks:
            c.half_close()
            same(c.end(), "")
            c.close()
        for local in (LOCAL, SIGNATURE + b"\x20\x11\0\x0c" + 12 * b"\0"):
            c = d.through(local)
            same(c.end(), "")
            assert not c.reset_by_desk
        d.through(b"").reset()
        d.through(b"PROX").acknowledged()
        nothing_has_come(d, o)
        assert not [r for r in d.rows if "for whom" in r], d.rows


@case("a customer of whom the proxy knows no address is served, and has none")
def _():
    with Proxied("--max-per-address", "1", "--log-addresses", "full") as d:
        o = d.operator()
        for i, header in enumerate((b"PROXY UNKNOWN ::1 ::1 1 2\r\n",
                                    SIGNATURE + b"\x21\0\0\0",
                                    SIGNATURE + b"\x21\x31\0\xd8" +
                                    216 * b"x")):
            d.through(header + f"hello {i}\n".encode())
            sid = o.said(f"hello {i}")["sid"]
            same(o.event("arrived", sid=sid)["addr"], "unknown")
            same(o.command(f"ban {sid} 10m"), "usage")
            d.row(f"connected addr=unknown sid={sid}:")


@case("a customer is banned by its own address, and its proxy never is")
def _():
    with Proxied() as d:
        o = d.operator()
        spammer = d.through(v1("192.0.2.7") + b"spam\n")
        sid = o.said("spam")["sid"]
        same(o.command(f"ban {sid} 10m rude words"), "ok")
        assert "You are banned from this desk: rude words" in spammer.end()
        spammer.close()
        for header in (v1("192.0.2.7"), v2("192.0.2.7", 1)):
            told = d.told(header)
            assert re.fullmatch(r"\* This desk does not take you until "
                                r"(\d{4}-\d\d-\d\d )?\d\d:\d\d: rude words"
                                r"\r\n", told), told
        d.row("refused addr=192.0.2.0/24 why=banned:")
        same(o.command("ban 127.0.0.0/8 10m"), "ok")
        d.through(v1("192.0.2.8") + b"hello\n")
        same(o.event("arrived", sid=o.said("hello")["sid"])["addr"],
             "192.0.2.8:4711")
        assert "does not take you" in d.refused()
        assert "192.0.2.7:" not in visitors(o)


@case("a banned classic client is reset once it has read why, behind a proxy "
      "too")
def _():
    with Proxied() as d:
        same(d.operator().command("ban 192.0.2.7 10m"), "ok")
        for late in (False, True):
            c = d.through(v1("192.0.2.7") +
                          (b"" if late else CLIENT_HELLO.encode()), Classic)
            assert "does not take you" in c.until("\n")
            if late:
                c.send(CLIENT_HELLO)
            c.end()
            assert c.reset_by_desk
            c.close()


@case("places of one address are the customer's, wherever it comes in, and none "
      "is its proxy's")
def _():
    busy = "* There are too many connections from your address.\r\n"
    with Proxied("--max-per-address", "1") as d:
        o = d.operator()
        first = d.through(v1("192.0.2.7") + b"one\n")
        o.said("one")
        same(d.told(v1("192.0.2.7", 9)), busy)
        d.row("refused addr=192.0.2.0/24 why=address:")
        hosts = ("192.0.2.8", "2001:db8::7", "127.0.0.9")
        others = [d.through(SIGNATURE) for _ in hosts]      # all at once
        for c, host in zip(others, hosts):
            c.send(v2(host)[len(SIGNATURE):] + f"from {host}\n".encode())
            o.said(f"from {host}")
        same(d.told(v1("2001:db8::8")), busy)       # of the same /64
        same(d.refused("127.0.0.9"), busy)
        first.close()
        o.event("gone")
        wait_until(lambda: comes_in(d, "192.0.2.7"), "its place to be free")
        # Who comes without a proxy has its address's place, too.
        c = d.line("127.0.0.3")
        c.send("plain\n")
        o.said("plain")
        same(d.told(v1("127.0.0.3")), busy)


def comes_in(d, host):
    c = d.through(v1(host))
    c.send("again\n")
    told = c.until("\n")
    if "too many" not in told:
        return True
    c.close()
    return False


@case("a desk that is full says so through a proxy, whoever it comes for")
def _():
    with Proxied("--max-sessions", "1") as d:
        o = d.operator()
        d.through(v1("192.0.2.7") + b"hello\n")
        o.said("hello")
        for header in (v1("192.0.2.8"), v2("2001:db8::8"), b""):
            same(d.told(header), "* The desk is full. Please try again "
                                 "later.\r\n")
        for header in (v1("2001:db8:aaaa:bbbb:cccc:dddd:eeee:7777"),
                       v2("192.0.2.8", tlvs=b"\x04\0\x40" + 64 * b"x")):
            c = d.through(header + CLIENT_HELLO.encode(), Classic)
            c.until("full")
            c.end()
            assert c.reset_by_desk


@case("the lot of a nearly full desk falls on customers, and spares who is on "
      "this machine itself")
def _():
    with Proxied("--max-sessions", "20") as d:
        o = d.operator()
        for i in range(15):
            d.through(v1("127.0.0.9") + f"hello {i}\n".encode())
            o.said(f"hello {i}")

        def is_told(host):
            c, told = d.asks(v1(host))
            c.reset()
            return "The desk is busy" in told
        assert any(is_told("192.0.2.7") for _ in range(200))
        assert not any(is_told("127.0.0.9") for _ in range(20))


@case("a console shows the customer's address")
def _():
    with Proxied() as d:
        d.through(v1("192.0.2.7") + b"hello\n")
        c = Console("attach", "--operator-socket", d.operator_path,
                    folder=d.folder)
        c.until(r"1 guest .*\(line, 192\.0\.2\.7:4711\)")
        c.end()


@case("any other listener takes a header for what it always was")
def _():
    with Proxied() as d:
        o = d.operator()
        c = d.line()
        c.send(v1("192.0.2.7"))
        c.half_close()
        c.end()
        wait_until(lambda: f"{c.address} PROXY" in visitors(o), "a visitor")
        assert "192.0.2.7:4711" not in visitors(o).replace('"', "")\
            .split("PROXY TCP4")[0]
        p = d.through(v1("192.0.2.7") + v1("192.0.2.8"))
        p.half_close()
        p.end()
        wait_until(lambda: "192.0.2.7:4711 PROXY" in visitors(o),
                   "a visitor behind a proxy")


def unix_customer(path, header):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(LIMIT)
    s.connect(path)
    s.sendall(header)
    return s


@case("a proxy on this machine comes by a Unix socket, which is its user's and "
      "its group's")
def _():
    with state() as folder:
        path = os.path.join(folder, "customers.sock")
        with Proxied(folder=folder, at=f"unix:{path}",
                     allowed=("--proxy-from", "unix")) as d:
            o = d.operator()
            same(stat.S_IMODE(os.stat(path).st_mode), 0o660)
            same(os.stat(path).st_gid, os.getegid())
            d.row(f"listening on unix:{path},proxy")
            with unix_customer(path, v1("192.0.2.7") + b"hello\n") as c:
                sid = o.said("hello")["sid"]
                same(o.event("arrived", sid=sid)["addr"], "192.0.2.7:4711")
                same(o.reply(sid, "good day"), "ok")
                told = b""
                while b"lin: good day" not in told:
                    told += c.recv(1024)
                o.event("sent", sid=sid)
            with unix_customer(path, b"hello\n") as c, \
                    contextlib.suppress(ConnectionError):
                same(c.recv(1), b"")
            with unix_customer(path, LOCAL) as c:
                same(c.recv(1), b"")
            d.stop()
            assert not os.path.exists(path)


@case("the folder can give that socket to a proxy's group, which is no operators'")
def _():
    if os.geteuid() != 0:
        raise Skip("gives a folder to another group")
    with state() as folder:
        inner = os.path.join(folder, "proxy")
        path = os.path.join(inner, "customers.sock")
        os.mkdir(inner)
        os.chown(inner, -1, os.getegid() + 1)
        os.chmod(inner, 0o2710)
        with Proxied(folder=folder, at=f"unix:{path}",
                     allowed=("--proxy-from", "unix")):
            made = os.stat(path)
            same((made.st_gid, stat.S_IMODE(made.st_mode)),
                 (os.getegid() + 1, 0o660))


@case("with one at a time the next one waits, with its header")
def _():
    with OneAtATime() as d:
        o = d.operator()
        first = d.through(v1("192.0.2.7") + b"one\n")
        o.said("one")
        second = d.through(v1("192.0.2.8") + b"two\n")
        first.send("/quit\n")
        first.end()
        first.close()
        sid = o.said("two")["sid"]
        same(o.event("arrived", sid=sid)["addr"], "192.0.2.8:4711")
        second.close()


class OneAtATime(Proxied):
    def __init__(self):
        Desk.__init__(self, "--one-at-a-time", *HERE, ready=False,
                      listen="127.0.0.1:0,proxy")
        row = self.row(",proxy")
        self.proxy_port = int(re.search(r":(\d+),proxy$", row)[1])


MISTAKES = (
    (("--listen", "127.0.0.1:0,proxy"),
     "no proxy may come to 127.0.0.1:0; say with --proxy-from"),
    (("--listen", "127.0.0.1:0,proxy", "--proxy-from", "unix"),
     "no proxy may come to 127.0.0.1:0; say with --proxy-from"),
    (("--proxy-from", "10.0.0.0/8"),
     "proxies may come from 10.0.0.0/8, but no address takes them"),
    (("--listen", "127.0.0.1:0,proxy", *HERE, "--proxy-from", "unix"),
     "--proxy-from unix is given, but no Unix socket takes proxies"),
    (("--listen", "127.0.0.1:0,proxy", "--proxy-from", "10.0.0.0/33"),
     "\"10.0.0.0/33\" is no network that a proxy may come from"),
    (("--listen", "127.0.0.1:0,proxy", "--proxy-from", "localhost"),
     "\"localhost\" is no network that a proxy may come from"),
    (("--listen", "unix:/nowhere/x"),
     "a Unix socket takes customers only from a proxy"),
    (("--listen", "unix:/nowhere/x,proxy", *HERE),
     "no proxy may come to unix:/nowhere/x; add --proxy-from unix"),
    (("--listen", "unix:/tmp/x,proxy", "--proxy-from", "unix"),
     "others may write in the folder /tmp"),
    (("--listen", "unix:@x,proxy", "--proxy-from", "unix"),
     "unix:@x has no folder, and so nobody is kept from it"),
    (("--listen", "unix:/" + 120 * "x" + ",proxy", "--proxy-from", "unix"),
     "cannot listen on unix:/xxx"),
    (("--listen", "192.0.2.77:0,proxy", *HERE),
     "add --allow-plaintext-public"))


@case("listeners and proxies that do not fit together are refused at start")
def _():
    with state() as folder:
        for args, sentence in MISTAKES:
            done = subprocess.run(
                [DESKWIRE, "serve", "--state", folder, *args],
                capture_output=True, text=True, timeout=LIMIT, check=False,
                env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": folder,
                     "XDG_CONFIG_HOME": folder})
            same((args, done.returncode), (args, 3))
            assert sentence in done.stderr, (args, done.stderr)
            same(done.stderr.count("\n"), 1)


@case("only an address of customers can be a proxy's")
def _():
    with state() as folder:
        for option, sentence in (("--udp", "is no address to listen on"),
                                 ("--metrics", "is no address")):
            done = subprocess.run(
                [DESKWIRE, "serve", "--state", folder, "--listen",
                 "127.0.0.1:0", option, "127.0.0.1:0,proxy"],
                capture_output=True, text=True, timeout=LIMIT, check=False,
                env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": folder,
                     "XDG_CONFIG_HOME": folder})
            same((option, done.returncode), (option, 2))
            assert f'"127.0.0.1:0,proxy" {sentence}' in done.stderr, \
                done.stderr


@case("a proxy's socket never has the operators' group, and so is no operator")
def _():
    group = grp.getgrgid(os.getegid()).gr_name
    with state() as folder:
        done = subprocess.run(
            [DESKWIRE, "serve", "--state", folder, "--operator-group", group,
             "--listen", f"unix:{folder}/x,proxy", "--proxy-from", "unix"],
            capture_output=True, text=True, timeout=LIMIT, check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": folder,
                 "XDG_CONFIG_HOME": folder},
            preexec_fn=lambda: os.chmod(folder, 0o710))
        same(done.returncode, 3)
        assert f"unix:{folder}/x for proxies would have the group {group}" \
            in done.stderr and "SocketGroup=" in done.stderr, done.stderr
        assert not os.path.exists(f"{folder}/x")


@case("check-config finds them in the file, each at its line")
def _():
    with state() as folder:
        path = os.path.join(folder, "deskwire.conf")
        for args, sentence in MISTAKES[:8]:
            with open(path, "w", encoding="ascii") as f:
                f.write("# a desk\n")
                for key in ("listen", "proxy-from"):
                    found = [f'"{args[i + 1]}"' for i in
                             range(0, len(args), 2) if args[i] == f"--{key}"]
                    if found:
                        f.write(f"{key} = {{{', '.join(found)}}}\n")
            done = subprocess.run([DESKWIRE, "check-config", "--config", path],
                                  capture_output=True, text=True, check=False,
                                  env={**os.environ, "LC_ALL": "C.UTF-8"})
            same((args, done.returncode), (args, 3))
            assert re.match(rf"deskwire: {path}:[23]: ", done.stderr) and \
                sentence in done.stderr, done.stderr
        with open(path, "w", encoding="ascii") as f:
            f.write('listen = {"127.0.0.1:0,proxy"}\nproxy-from = '
                    '{"127.0.0.1"}\n')
        done = subprocess.run([DESKWIRE, "check-config", "--config", path],
                              capture_output=True, text=True, check=False)
        same(done.returncode, 0)


@case("what a header's sum does not cover is not believed")
def _():
    with Proxied() as d:
        o = d.operator()
        whole = v2("192.0.2.7", tlvs=b"\x03\0\4" + 4 * b"\0")
        good = whole[:-4] + struct.pack("!I", crc32c(whole))
        d.through(good + b"hello\n")
        o.said("hello")
        c = d.through(good.replace(b"\x12\x67", b"\x12\x68"))
        same(c.end(), "")
        assert c.reset_by_desk


def crc32c(data):
    """As the specification has it, and not as zlib does."""
    same(binascii.crc32(b"123456789"), 0xcbf43926)
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


main("proxied")
