# SPDX-License-Identifier: GPL-3.0-or-later
"""The tutorial's five programs and a chat as doc/examples/ has them: each with
the others and with Python peers that behave as the tutorial's own, and none with the
defects of those."""

import os
import re
import selectors
import signal
import socket
import subprocess
import sys

from desk import (BUILD, CLIENT_HELLO, JOINER, LIMIT, QUIT,
                  SERVER_HELLO, SIZE, TOP, Classic, Customer, Deadline, Skip,
                  case, main, same, size, wait_until)
from tap import open_pty

PROMPT = "信息:"
STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
HINT = "请输入 1 到 1024 字节的文字"
CUT = " (被截断)"


class Program:
    """One of the programs; all that it prints is read in order, by until().
    With tty=True its terminal is one, else pipes."""

    def __init__(self, command, tty=False):
        self.heard = self.said = b""        # not yet taken; all of it
        self.typed = self.output = None
        if tty:
            self.output, theirs = open_pty()
            self.process = subprocess.Popen(
                command, stdin=theirs, stdout=theirs, stderr=theirs,
                start_new_session=True)
            os.close(theirs)
            self.typed = self.output
        else:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT)
            self.typed = self.process.stdin.fileno()
            self.output = self.process.stdout.fileno()
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.output, selectors.EVENT_READ)

    def read(self, deadline, what):
        if not self.selector.select(deadline.left(what)):
            return True             # left() says so next time
        try:
            data = os.read(self.output, 65536)
        except OSError:             # a terminal that nobody has open
            data = b""
        self.heard += data
        self.said += data
        return data != b""

    def until(self, words):
        """Takes what it printed up to and with these words."""
        return self.until_match(re.escape(words))

    def until_match(self, pattern):
        deadline = Deadline()
        form = re.compile(pattern.encode())
        while not (found := form.search(self.heard)):
            what = f"{pattern!r} in {self.heard.decode(errors='replace')!r}"
            assert self.read(deadline, what), f"ended: no {what}"
        taken, self.heard = (self.heard[:found.end()],
                             self.heard[found.end():])
        return taken.decode()

    def type(self, line, end="\n"):
        data = line.encode() if isinstance(line, str) else line
        os.write(self.typed, data + end.encode())

    def end_input(self):
        self.process.stdin.close()

    def ends(self, status=0):
        """Its last words; it ends by itself, like this."""
        deadline = Deadline()
        while self.read(deadline, "its end"):
            pass
        same(self.process.wait(LIMIT), status)
        taken, self.heard = self.heard.decode(), b""
        return taken

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        deadline = Deadline()
        while self.read(deadline, "its last words"):
            pass
        self.selector.close()
        for f in (self.process.stdin, self.process.stdout):
            if f is not None:
                f.close()
        if self.process.stdin is None:
            os.close(self.output)
        assert kind or b"Sanitizer" not in self.said, self.said.decode()


class Example(Program):
    """A program of doc/examples."""

    def __init__(self, name, *args, **how):
        path = os.path.join(BUILD, "doc", "examples", name)
        super().__init__([path, *map(str, args)], **how)

    def hears(self, text):
        return self.until_match(
            rf" received ==> {STAMP} - {re.escape(text)}\n")

    def prompted(self):
        return self.until(PROMPT)


class Server(Example):
    def __init__(self, name, port=0, **how):
        super().__init__(name, "127.0.0.1", port, **how)
        row = self.until(" 开启")
        self.port = int(row.rsplit(":", 1)[1].split()[0])


class Client(Example):
    def __init__(self, name, port, **how):
        super().__init__(name, "127.0.0.1", port, **how)


class Peer(Program):
    """A program of tests/peers."""

    def __init__(self, name, *args):
        super().__init__([sys.executable, os.path.join(
            TOP, "tests", "peers", name + ".py"), *map(str, args)])

    def hears(self, text):
        return self.until(f'got "{text}"\n')

    def prompted(self):
        return self.until('asks ""\n')


class PeerServer(Peer):
    def __init__(self, name, *args):
        super().__init__(name, *args)
        self.until("listening ")
        self.port = int(self.until("\n"))


class PeerClient(Peer):
    def __init__(self, name, port):
        super().__init__(name, "127.0.0.1", port)


class Listener:
    """The side of a server, step by step."""

    def __init__(self):
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.sock.settimeout(LIMIT)
        self.port = self.sock.getsockname()[1]

    def meet(self):
        """A client that has said hello."""
        conn = Accepted(self.sock.accept()[0])
        conn.until(CLIENT_HELLO)
        return conn

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


class Accepted(Customer):
    def __init__(self, sock):   # the other way round than a customer's
        self.sock = sock
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.heard = b""
        self.reset_by_desk = False


# --- the pairings ------------------------------------------------------------

def converse(server, client):
    """A question, its answer, and the client's goodbye."""
    client.prompted()
    client.type("我的订单在哪里?")
    server.hears("我的订单在哪里?")
    server.prompted()
    server.type("明天到")
    client.hears("明天到")
    client.prompted()
    client.type(QUIT)
    server.hears(QUIT)
    client.hears(QUIT)
    client.ends()


def is_dismissed(server, client):
    """The operator says quit."""
    client.prompted()
    client.type("在吗")
    server.hears("在吗")
    server.prompted()
    server.type(QUIT)
    client.hears(QUIT)
    client.ends()


def pair(server_kind, server_name, client_kind, client_name):
    def run():
        with server_kind(server_name) as server:
            with client_kind(client_name, server.port) as client:
                converse(server, client)
            with client_kind(client_name, server.port) as client:
                is_dismissed(server, client)
            with client_kind(client_name, server.port) as client:
                converse(server, client)
    return run


SERVERS = ("blocking_server", "threading_server")
for name in SERVERS:
    words = name.replace("_", " ")
    case(f"the client talks with the {words}")(
        pair(Server, name, Client, "tcp_client"))
    case(f"Python's client talks with the {words}")(
        pair(Server, name, PeerClient, "classic_client"))
    case(f"the client talks with Python's {words}")(
        pair(PeerServer, name, Client, "tcp_client"))


def datagrams(server_kind, server_name, hears, client_kind, client_name):
    def run():
        with server_kind(server_name) as server, \
                client_kind(client_name, server.port) as client:
            for text in ("在吗", "你好", QUIT):
                client.prompted()
                client.type(text)
                hears(server, text)
            client.ends()
    return run


def example_hears(server, text):
    row = server.until(f" 发来的消息: {text}\n")
    assert "收到客户端 -> ('127.0.0.1', " in row, row


def peer_hears(server, text):
    server.until(f', "{text}"]\n')


case("the UDP client talks with the UDP server")(datagrams(
    Server, "udp_server", example_hears, Client, "udp_client"))
case("Python's UDP client talks with the UDP server")(datagrams(
    Server, "udp_server", example_hears, PeerClient, "datagram_client"))
case("the UDP client talks with Python's UDP server")(datagrams(
    PeerServer, "datagram_server", peer_hears, Client, "udp_client"))


# --- both servers ------------------------------------------------------------

def each_server(promise):
    """A test of the blocking and of the threading server."""
    def register(function):
        for name in SERVERS:
            def run(name=name):
                with Server(name) as server:
                    function(server)
            case(f"{name.replace('_', ' ')}: {promise}")(run)
        return function
    return register


def arrive(server, kind=Classic):
    """A customer who has shaken hands."""
    c = kind(server.port)
    c.send(CLIENT_HELLO)
    c.until(SERVER_HELLO)
    return c


def is_served(server):
    """Whatever happened before, the next one gets the next answer.  Returns
    what the server printed until then."""
    c = arrive(server)
    c.send("下一位")
    shown = server.hears("下一位") + server.prompted()
    server.type("请讲")
    same(c.read_one(), "请讲")
    c.close()
    return shown


@each_server("a handshake may be cut anywhere")
def _(server):
    hello = CLIENT_HELLO.encode()
    for cut in range(1, len(hello)):
        c = Customer(server.port)
        c.split(hello[:cut], hello[cut:])
        c.until(SERVER_HELLO)
        c.close()
    is_served(server)


@each_server("what comes with the handshake is the first message")
def _(server):
    c = Classic(server.port)
    c.send(CLIENT_HELLO + "在吗")
    c.until(SERVER_HELLO)
    server.hears("在吗")
    server.prompted()
    server.type("在")
    same(c.read_one(), "在")
    c.close()


@each_server("a character that is cut waits for its rest")
def _(server):
    c = arrive(server)
    text = "订单".encode()
    c.split(text[:1], text[1:2], text[2:4])
    server.hears("订")
    c.send(text[4:])
    server.prompted()
    server.type("好")
    server.hears("单")
    same(c.read_one(), "好")
    c.close()


@each_server("a long message is no error")
def _(server):
    c = arrive(server)
    text = "订" * 342           # 1026 bytes: the tutorial's dies of these
    c.send(text)
    server.hears(text)
    server.prompted()
    server.type("好")
    same(c.read_one(), "好")
    c.close()


@each_server("one who says nothing at all is forgotten")
def _(server):
    for _ in range(5):
        Customer(server.port).close()
    shown = is_served(server)
    same(shown.count("received ==>"), 2)    # a hello and a message


@each_server("nobody is asked to answer the end of a conversation")
def _(server):
    arrive(server).close()
    shown = is_served(server)
    same(shown.count(PROMPT), 1)


@each_server("the prompt is withdrawn when the client leaves")
def _(server):
    c = arrive(server)
    c.send("在吗")
    server.prompted()
    c.close()
    server.until("\n")
    is_served(server)


@each_server("the prompt is withdrawn when the client resets")
def _(server):
    c = arrive(server)
    c.send("在吗")
    server.prompted()
    c.reset()
    server.until("\n")
    is_served(server)


@each_server("what was said before leaving is shown")
def _(server):
    c = arrive(server)
    c.send("在吗")
    server.prompted()
    c.send("算了")
    c.close()
    server.hears("算了")
    is_served(server)


@each_server("bytes that are no text end only their conversation")
def _(server):
    c = arrive(server)
    c.send(b"\xff\xfe")
    assert QUIT in c.end()
    server.until("not UTF-8")
    c.close()
    is_served(server)


@each_server("a quit inside of a text is no goodbye, in either direction")
def _(server):
    c = arrive(server)
    c.send("how do I quit the trial?")
    server.prompted()
    server.type("quit the app, it is quite easy")
    heard = c.read_one()
    assert QUIT not in heard, heard
    same(heard.replace(JOINER, ""), "quit the app, it is quite easy")
    c.send(QUIT)
    same(c.end(), QUIT)
    c.close()


@each_server("a customer's text cannot command the terminal")
def _(server):
    c = arrive(server)
    c.send("\x1b[2J\r\u009b2J")
    server.hears(r"\x1b[2J\x0d\xc2\x9b2J")
    c.close()


@each_server("what would be no message is asked again")
def _(server):
    c = arrive(server)
    c.send("在吗")
    for line in ("", "x" * 1025, b"\xff", "\x1b[A", QUIT * 200):
        server.prompted()
        server.type(line)
        server.until(HINT)
    server.prompted()
    server.type("在")
    same(c.read_one(), "在")
    c.close()


@each_server("the longest message is one message")
def _(server):
    c = arrive(server)
    text = "问" * 341 + "x"
    same(len(text.encode()), 1024)
    c.send(text)
    server.hears(text)
    server.prompted()
    server.type(text)
    same(c.read_one(), text)
    c.send(QUIT)
    same(c.end(), QUIT)
    c.close()


@each_server("a goodbye is one quit and an end")
def _(server):
    c = arrive(server)
    c.send("在吗")
    server.prompted()
    server.type(QUIT)
    same(c.end(), QUIT)
    c.leave()
    is_served(server)


@each_server("the operator's Ctrl-D says goodbye and ends it")
def _(server):
    c = arrive(server)
    c.send("在吗")
    server.prompted()
    server.end_input()
    same(c.end(), QUIT)
    c.close()
    server.ends()


@each_server("a silent client is let go after a minute")
def _(server):
    if SIZE != "full":
        raise Skip("it takes a minute; T_SIZE=full takes it")
    c = arrive(server)
    same(c.end(seconds=90), QUIT)
    server.until("timed out")
    c.close()
    is_served(server)


@case("blocking server: the next client waits for its turn")
def _():
    with Server("blocking_server") as server:
        first = arrive(server)
        second = Classic(server.port)
        second.send(CLIENT_HELLO)
        first.send("在吗")
        server.prompted()
        second.silent(0.05)
        server.type(QUIT)
        same(first.end(), QUIT)
        first.close()
        second.until(SERVER_HELLO)
        second.close()


@case("blocking server: its port is free at once after Ctrl-C")
def _():
    with Server("blocking_server") as server:
        c = arrive(server)
        server.process.send_signal(signal.SIGINT)
        server.ends(-signal.SIGINT)
        with Server("blocking_server", server.port) as again:
            is_served(again)
        c.close()


@each_server("an address that is taken is said in a line")
def _(server):
    with Example(os.path.basename(server.process.args[0]), "127.0.0.1",
                 server.port) as other:
        rows = other.ends(1)
    assert "服务端无法开启" in rows and "in use" in rows, rows
    same(rows.count("\n"), 1)


# --- the threading server ----------------------------------------------------

@case("threading server: prompt and rows name the client")
def _():
    with Server("threading_server") as server:
        first, second = arrive(server), arrive(server)
        server.until("连接... [2]\n")
        first.send("一")
        server.until("\n[1] Server received ==> ")
        server.until("请回复客户端 [1] 的信息:")
        second.send("二")
        # Above the prompt, which comes again.
        server.until("\n[2] Server received ==> ")
        server.until("- 二\n请回复客户端 [1] 的信息:")
        server.type("给一")
        same(first.read_one(), "给一")
        server.until("请回复客户端 [2] 的信息:")
        server.type("给二")
        same(second.read_one(), "给二")
        first.close()
        server.until("连接关闭 [1]\n")
        second.close()
        server.until("连接关闭 [2]\n")


@case("threading server: who leaves in the queue is not asked about")
def _():
    with Server("threading_server") as server:
        first, second, third = (arrive(server) for _ in range(3))
        first.send("一")
        server.until("请回复客户端 [1] 的信息:")
        second.send("二")
        server.hears("二")
        end_seen(server, second)
        third.send("三")
        server.hears("三")
        server.type("给一")
        server.until("请回复客户端 [3] 的信息:")
        server.type("给三")
        same(third.read_one(), "给三")
        first.close()
        third.close()
        while server.said.decode().count("连接关闭") < 3:
            server.until("\n")
        said = server.said.decode()
        assert "客户端 [2] 的信息:" not in said, said


def end_seen(server, customer):
    """Closes, and waits until the server's kernel knows: CLOSE_WAIT."""
    ours = f":{customer.sock.getsockname()[1]:04X}"
    theirs = f":{server.port:04X}"
    customer.close()

    def done():
        with open("/proc/net/tcp", encoding="ascii") as f:
            parts = [row.split() for row in f]
        return any(p[1].endswith(theirs) and p[2].endswith(ours) and
                   p[3] == "08" for p in parts)
    wait_until(done, "the server's kernel")


def stops_at(number):
    with Server("threading_server") as server:
        talking, waiting, silent = (arrive(server) for _ in range(3))
        stranger = Customer(server.port)        # has not said hello
        server.until("开启非阻塞式连接... [4]\n")
        talking.send("在吗")
        server.prompted()
        waiting.send("在吗")
        server.hears("在吗")
        server.process.send_signal(number)
        for c in (talking, waiting, silent, stranger):
            same(c.end(), QUIT)
        rows = server.ends()
        same(rows.count("连接关闭"), 4)
        with Server("threading_server", server.port) as again:
            is_served(again)
        for c in (talking, waiting, silent, stranger):
            c.close()


@case("threading server: Ctrl-C ends it at once, and its port is free")
def _():
    stops_at(signal.SIGINT)


@case("threading server: so does a SIGTERM")
def _():
    stops_at(signal.SIGTERM)


@case("threading server: on a terminal, Ctrl-C at the prompt")
def _():
    with Server("threading_server", tty=True) as server:
        c = arrive(server)
        c.send("在吗")
        server.prompted()
        server.type("半句", end="")
        server.process.send_signal(signal.SIGINT)
        same(c.end(), QUIT)
        server.ends()
        c.close()


@case("threading server: on a terminal, Ctrl-D at the prompt")
def _():
    with Server("threading_server", tty=True) as server:
        first, second = arrive(server), arrive(server)
        first.send("在吗")
        server.prompted()
        server.type("\x04", end="")
        same(first.end(), QUIT)
        same(second.end(), QUIT)
        server.ends()
        first.close()
        second.close()


@case("threading server: it turns away more than it can serve")
def _():
    with Server("threading_server") as server:
        served = [arrive(server) for _ in range(100)]
        extra = Customer(server.port)
        extra.send(CLIENT_HELLO)
        same(extra.end(), "")
        extra.close()
        for c in served:
            c.close()
        server.until("连接关闭")


# --- the client --------------------------------------------------------------

def client_of(listener, **how):
    """A client that has shaken hands, and the other end."""
    client = Client("tcp_client", listener.port, **how)
    conn = listener.meet()
    return client, conn


def greet(client, conn):
    conn.send(SERVER_HELLO)
    client.hears(SERVER_HELLO)
    client.prompted()


@case("client: nobody listens: one line, exit status 1")
def _():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with Client("tcp_client", nobody.getsockname()[1]) as client:
            rows = client.ends(1)
    assert rows.splitlines()[-1].startswith("连接失败: "), rows
    same(rows.count("\n"), 2)


@case("client: the answer to its handshake may be cut anywhere")
def _():
    hello = SERVER_HELLO.encode()
    for cut in range(1, len(hello), size(1, small=4)):
        with Listener() as listener:
            client, conn = client_of(listener)
            with client:
                conn.split(hello[:cut], hello[cut:])
                client.prompted()
                conn.close()
                client.ends()


@case("client: a greeting before or behind the handshake is no answer")
def _():
    with Listener() as listener:
        client, conn = client_of(listener)
        with client:
            conn.send("欢迎! " + SERVER_HELLO + "\n请稍候")
            client.hears("欢迎! " + SERVER_HELLO)
            client.hears(r"\n请稍候")
            client.prompted()
            client.type("在吗")
            conn.until("在吗")
            conn.send("在")
            client.hears("在")
            client.prompted()
            conn.close()


@case("client: what comes unasked is shown at once and is no answer")
def _():
    with Listener() as listener:
        client, conn = client_of(listener)
        with client:
            greet(client, conn)
            conn.send("还在吗?")
            client.hears("还在吗?")
            client.prompted()
            client.type("在")
            conn.until("在")
            conn.send("好")
            client.hears("好")
            conn.close()


@case("client: a long answer comes whole, and shifts nothing")
def _():
    with Listener() as listener:
        client, conn = client_of(listener)
        with client:
            greet(client, conn)
            client.type("在吗")
            conn.until("在吗")
            text = "答" * 20000
            conn.send(text)
            shown = ""
            while shown.count("答") < 20000:
                shown += client.until("\n")
            assert "\\x" not in shown, "a character was cut"
            client.prompted()
            client.type("谢谢")
            conn.until("谢谢")
            conn.send("不客气")
            client.hears("不客气")
            conn.close()


@case("client: the server's end is seen at the prompt")
def _():
    with Listener() as listener:
        client, conn = client_of(listener)
        with client:
            greet(client, conn)
            conn.close()
            rows = client.ends()
    same(rows.count("断开连接"), 1)


@case("client: the server's end is seen instead of an answer")
def _():
    with Listener() as listener:
        client, conn = client_of(listener)
        with client:
            greet(client, conn)
            client.type("在吗")
            conn.until("在吗")
            conn.close()
            rows = client.ends()
    assert "received ==>" not in rows, rows


@case("client: the server's end is seen before the handshake")
def _():
    with Listener() as listener:
        client, conn = client_of(listener)
        with client:
            conn.close()
            rows = client.ends(1)
    assert "连接中断: " in rows, rows


@case("client: a reset is said, exit status 1")
def _():
    with Listener() as listener:
        client, conn = client_of(listener)
        with client:
            greet(client, conn)
            conn.reset()
            rows = client.ends(1)
    assert "连接中断: " in rows, rows


@case("client: bytes that are no text are said, exit status 1")
def _():
    with Listener() as listener:
        client, conn = client_of(listener)
        with client:
            greet(client, conn)
            conn.send(b"\xff")
            rows = client.ends(1)
            conn.close()
    assert "连接中断: " in rows and "not UTF-8" in rows, rows


@case("client: an answer with a quit in it does not end it")
def _():
    with Listener() as listener:
        client, conn = client_of(listener)
        with client:
            greet(client, conn)
            client.type("在吗")
            conn.until("在吗")
            conn.send("it is quite easy")
            client.hears("it is quite easy")
            client.prompted()
            conn.close()


@case("client: its quits inside of a text do not end Python's server's turn")
def _():
    with PeerServer("blocking_server") as server, \
            Client("tcp_client", server.port) as client:
        client.prompted()
        client.type("I do not want to quite give up")
        server.prompted()
        server.type("好")
        client.hears("好")
        client.prompted()
        client.type(QUIT)
        client.ends()


@case("client: what would be no message is asked again")
def _():
    with Listener() as listener:
        client, conn = client_of(listener)
        with client:
            greet(client, conn)
            for line in ("", "x" * 1025, b"\xff", "\x1b[A"):
                client.type(line)
                client.until(HINT)
                client.prompted()
            client.type("在吗")
            same(conn.until("在吗"), "在吗")
            conn.close()


@case("client: a goodbye is one quit each way")
def _():
    with Listener() as listener:
        client, conn = client_of(listener)
        with client:
            greet(client, conn)
            client.type(QUIT)
            conn.until(QUIT)
            conn.send("再见")               # no goodbye yet
            client.hears("再见")
            conn.send(QUIT)
            same(conn.end(), "")
            client.ends()
            conn.close()


@case("client: the operator's quit is answered with one")
def _():
    with Listener() as listener:
        client, conn = client_of(listener)
        with client:
            greet(client, conn)
            conn.send(QUIT)
            same(conn.end(), QUIT)
            client.ends()
            conn.close()


@case("client: Ctrl-D says quit")
def _():
    with Listener() as listener:
        client, conn = client_of(listener)
        with client:
            greet(client, conn)
            client.end_input()
            conn.until(QUIT)
            conn.send(QUIT)
            client.ends()
            conn.close()


# --- UDP ---------------------------------------------------------------------

def datagram_socket(server):
    s = socket.socket(type=socket.SOCK_DGRAM)
    s.connect(("127.0.0.1", server.port))
    return s


@case("UDP server: nothing in a datagram ends it")
def _():
    with Server("udp_server") as server, datagram_socket(server) as s:
        for data, shown in ((b"\xff", r"\xff"), (b"", ""),
                            (b"\x1b[2J\n", r"\x1b[2J\n"), (b"a\0b", r"a\x00b"),
                            (b"quit", "quit"), ("好".encode(), "好")):
            s.send(data)
            example_hears(server, shown)


@case("UDP server: a datagram that is cut says so")
def _():
    with Server("udp_server") as server, datagram_socket(server) as s:
        s.send(b"x" * 1024)
        example_hears(server, "x" * 1024)
        s.send(b"x" * 1025)
        example_hears(server, "x" * 1024 + CUT)
        s.send(("x" + "问" * 500).encode())
        example_hears(server, "x" + "问" * 341 + CUT)


@case("UDP server: it can be started again on the same port")
def _():
    with Server("udp_server") as server, datagram_socket(server) as s:
        s.send(b"x")
        example_hears(server, "x")
        server.process.send_signal(signal.SIGINT)
        server.ends(-signal.SIGINT)
        with Server("udp_server", server.port) as again:
            s.send(b"y")
            example_hears(again, "y")


@case("UDP client: that nobody listens is said and ends nothing")
def _():
    with socket.socket(type=socket.SOCK_DGRAM) as later:
        later.bind(("127.0.0.1", 0))
        port = later.getsockname()[1]
    with Client("udp_client", port) as client:
        for _ in range(3):
            client.prompted()
            client.type("在吗")
            client.until("对方未在监听: ")
        with Server("udp_server", port) as server:
            client.prompted()
            client.type("在吗")
            example_hears(server, "在吗")
        client.prompted()
        client.type(QUIT)
        client.ends()


@case("UDP client: only the word alone ends it")
def _():
    with Server("udp_server") as server, \
            Client("udp_client", server.port) as client:
        for text in ("it is quite easy", QUIT):
            client.prompted()
            client.type(text)
            example_hears(server, text)
        client.ends()


@case("UDP client: an answer is shown, a cut one too")
def _():
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(LIMIT)
        with Client("udp_client", server.getsockname()[1]) as client:
            client.prompted()
            client.type("在吗")
            data, address = server.recvfrom(2048)
            same(data.decode(), "在吗")
            server.sendto(b"\x1b\xff", address)
            client.until("收到服务端发来的消息: \\x1b\\xff\n")
            server.sendto(b"x" * 1025, address)
            client.until("x" * 1024 + CUT + "\n")
            client.prompted()
            client.end_input()
            client.ends()


# --- the chat ----------------------------------------------------------------

def joins(server, number):
    c = Customer(server.port)
    server.until(f"* [{number}] 来了\n")
    return c


@case("chat: what one writes all others read, and nobody else")
def _():
    with Server("chat_server") as server:
        first, second, third = (joins(server, n) for n in (1, 2, 3))
        first.until("* [3] 来了\n")
        second.until("* [3] 来了\n")
        second.send("大家好\r\n")
        first.until("[2] 大家好\n")
        third.until("[2] 大家好\n")
        third.send("\x1b[2J你好\n")
        for c in first, second:
            c.until("[3] \\x1b[2J你好\n")
        second.close()
        for c in first, third:
            c.until("* [2] 走了\n")
            same(c.heard, b"")
        server.process.send_signal(signal.SIGINT)
        server.ends()


@case("chat: who does not read is cut off, and the others notice nothing")
def _():
    with Server("chat_server") as server:
        deaf, first, second = (joins(server, n) for n in (1, 2, 3))
        deaf.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        tries, heard = 0, ""
        while "* [1] 走了" not in heard:
            tries += 1
            first.send(("x" * 1000 + "\n") * 20 + f"{tries}.\n")
            heard = second.until(f"[2] {tries}.\n")
            server.until(f"[2] {tries}.\n")
            assert tries < 2000, "nobody was cut off"
        assert tries > 1, heard     # what was not read for a moment is kept
        deaf.close()
        server.process.send_signal(signal.SIGTERM)
        server.ends()


main("examples")
