# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS for customers as doc/examples has it: stunnel, haproxy and nginx of this
system, each with the file that an administrator copies, and the rows and commands
of its comments done as they are written."""

import contextlib
import os
import pwd
import re
import shutil
import socket
import ssl
import subprocess
import threading

from desk import (LIMIT, TOP, Console, Desk, Skip, case, journal, main, same,
                  state, wait_until)

NAME = "desk.example.org"
CUSTOMER = "127.0.0.5"
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
PUBLIC, PRIVATE, CERTIFICATES = "0.0.0.0:6697", "127.0.0.1:6667", "/etc/ssl/desk"


def program(name):
    found = shutil.which(name, path=PATH)
    if found is None:
        raise Skip(f"{name} is missing")
    return found


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Recipe:
    """One of the files, for the ports and the folder of this test."""

    def __init__(self, name, folder):
        with open(os.path.join(TOP, "doc", "examples", name),
                  encoding="ascii") as f:
            self.text = f.read()
        self.folder = folder
        self.comments = re.sub(r"^[;#]", "", "".join(
            row for row in self.text.splitlines(True) if row[0] in ";#"),
            flags=re.M)
        self.port = free_port()
        self.path = os.path.join(folder, name)

    def configuration(self, socket_path):
        """What it says of deskwire.conf, with any port; or with a Unix socket,
        as doc/admin.md has it."""
        rows = re.findall(r"^\t((?:listen|proxy-from) = .*)$", self.comments,
                          re.M)
        same(len(rows), 2)
        if socket_path:
            rows = [f'listen = {{"unix:{socket_path},proxy"}}',
                    'proxy-from = {"unix"}']
        path = os.path.join(self.folder, "deskwire.conf")
        with open(path, "w", encoding="ascii") as f:
            f.write("\n".join(rows).replace(PRIVATE, "127.0.0.1:0") + "\n")
        return path

    def make_certificate(self):
        """By the commands of the comments."""
        program("openssl")
        commands = re.findall(r"^\t((?:openssl req|cat) (?:.*\\\n)*.*)$",
                              self.comments, re.M)
        assert commands, self.comments
        for command in commands:
            subprocess.run(command.replace(CERTIFICATES, self.folder),
                           shell=True, check=True, capture_output=True)

    def write(self, desk, change=lambda text: text):
        for words in (PUBLIC, PRIVATE, CERTIFICATES):
            assert words in self.text, words
        text = self.text.replace(PUBLIC, f"127.0.0.1:{self.port}")
        text = text.replace(PRIVATE, desk)
        text = text.replace(CERTIFICATES, self.folder)
        with open(self.path, "w", encoding="ascii") as f:
            f.write(change(text))


@contextlib.contextmanager
def running(command, port):
    """A front until the end of the block; it is there once it listens."""
    p = subprocess.Popen(command, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        wait_until(lambda: p.poll() is not None or listens(port), command[0])
        assert p.poll() is None, p.stdout.read()
        yield p
    finally:
        p.terminate()
        try:
            p.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            p.kill()
            p.communicate()


def listens(port):
    """Without coming for a talk: to connect would be one."""
    with open("/proc/net/tcp", encoding="ascii") as f:
        return any(row.split()[1].endswith(f":{port:04X}") and
                   row.split()[3] == "0A" for row in f.readlines()[1:])


def tls(recipe):
    context = ssl.create_default_context(
        cafile=os.path.join(recipe.folder, "fullchain.pem"))
    plain = socket.create_connection(("127.0.0.1", recipe.port), LIMIT,
                                     (CUSTOMER, 0))
    return context.wrap_socket(plain, server_hostname=NAME)


def hear(s, words):
    heard = b""
    while words not in heard:
        data = s.recv(4096)
        assert data, heard
        heard += data


def a_customer_talks(d, o, recipe):
    with tls(recipe) as s:
        s.sendall("my box is 坏了\n".encode())
        sid = o.said("my box is 坏了")["sid"]
        address = "{}:{}".format(*s.getsockname())
        same(o.event("arrived", sid=sid)["addr"], address)
        hear(s, b"Received.")
        c = Console("attach", "--operator-socket", d.operator_path,
                    folder=d.folder)
        c.until(rf"{sid} guest .*{re.escape(address)}")
        c.type(f"/select {sid}")
        c.type("which one?")
        hear(s, b"which one?")
        c.end()
        s.sendall(b"/quit\n")
        hear(s, b"oodbye")
    o.event("closed", sid=sid)


def openssl_talks(o, recipe):
    """The command of the comments, for a customer without a program."""
    command = re.search(r"^\t(openssl s_client .*)$", recipe.comments, re.M)[1]
    with subprocess.Popen(
            command.replace(f"{NAME}:6697", f"127.0.0.1:{recipe.port}").split(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL) as p:
        p.stdin.write(b"hello by hand\n")
        p.stdin.flush()
        sid = o.said("hello by hand")["sid"]
        same(o.reply(sid, "good day"), "ok")
        heard = b""
        while b"good day" not in heard:
            row = p.stdout.readline()
            assert row, heard
            heard += row
        p.terminate()
    o.event("closed", sid=sid)


@contextlib.contextmanager
def behind(name, command, change=lambda text: text, local=None):
    """A desk as that file says, and its front: (desk, operator, recipe).
    local: what the front writes before the path of a Unix socket."""
    with state() as folder:
        recipe = Recipe(name, folder)
        recipe.make_certificate()
        path = None if local is None else os.path.join(folder, "c.sock")
        with BehindFront(recipe, path) as d:
            recipe.write(local + path if path else d.front_address, change)
            with running(command(recipe), recipe.port):
                yield d, d.operator(), recipe


class BehindFront(Desk):
    """Its only address is for the front."""

    def __init__(self, recipe, path):
        super().__init__("--config", recipe.configuration(path), ready=False,
                         listen=False)
        row = self.row("listening on ")
        self.front_address = re.search(r"on (.*),proxy$", row)[1]


def check(name, command, change=lambda text: text, local=None):
    with behind(name, command, change, local) as (d, o, recipe):
        a_customer_talks(d, o, recipe)
        openssl_talks(o, recipe)


def as_this_user(text):
    return re.sub(r"^set[ug]id = stunnel4\n", "", text, flags=re.M)


def as_stunnels_user(text):
    """Only root can become another, and where that one is not there the
    package was unpacked by hand."""
    with contextlib.suppress(KeyError):
        pwd.getpwnam("stunnel4")
        if os.geteuid() == 0:
            return text
    return as_this_user(text)


def stunnel_command():
    stunnel = program("stunnel4")
    return lambda recipe: [stunnel, recipe.path]


def haproxy_command():
    haproxy = program("haproxy")
    return lambda recipe: [haproxy, "-db", "-f", recipe.path]


MODULES = "/etc/nginx/modules-enabled"


def nginx_command():
    nginx = program("nginx")
    if not os.path.exists(f"{MODULES}/50-mod-stream.conf"):
        raise Skip("libnginx-mod-stream is missing")
    return lambda recipe: [nginx, "-e", "stderr", "-c", recipe.path, "-g",
                           f"pid {recipe.folder}/pid;"]


def in_a_whole_one(text):
    """As Debian's nginx.conf begins, without its sites."""
    return f"""error_log stderr;
daemon off;
include {MODULES}/*.conf;
events {{
}}
""" + text


@case("a customer talks through stunnel as its file has it")
def _():
    check("stunnel.conf", stunnel_command(), as_stunnels_user)


@case("a customer talks through nginx as its file has it")
def _():
    check("nginx.conf", nginx_command(), in_a_whole_one)


@case("stunnel comes by a Unix socket, too")
def _():
    check("stunnel.conf", stunnel_command(), as_this_user, local="")


@case("haproxy comes by a Unix socket, too")
def _():
    check("haproxy.cfg", haproxy_command(), local="unix@")


@case("nginx comes by a Unix socket, too")
def _():
    def as_same_user(text):
        """In the place of a member of the desk's group."""
        name = pwd.getpwuid(os.geteuid()).pw_name
        return f"user {name};\n" + in_a_whole_one(text)
    check("nginx.conf", nginx_command(), as_same_user, local="unix:")


@case("a customer talks through haproxy as its file has it, whose health checks "
      "leave nothing")
def _():
    command = haproxy_command()
    between = Between()

    def often_and_counted(text):
        desk = re.search(r"server desk (\S+) ", text)[1]
        between.start(int(desk.rpartition(":")[2]))
        return text.replace("inter 2s", "inter 100ms").replace(
            desk, f"127.0.0.1:{between.port}")
    with contextlib.closing(between), \
            behind("haproxy.cfg", command, often_and_counted) as (
                d, o, recipe):
        wait_until(lambda: between.ended >= 3, "three checks")
        assert "\n" not in o.answer(o.ask("cmd", text="visitors"))["text"]
        same({e["ev"] for e in journal(d.folder)} - {"on", "off"}, set())
        assert not [r for r in d.rows if "for whom" in r], d.rows
        a_customer_talks(d, o, recipe)
        openssl_talks(o, recipe)
        usual = "/etc/haproxy/haproxy.cfg"
        if os.access(usual, os.R_OK):
            done = subprocess.run([program("haproxy"), "-c", "-f", usual,
                                   "-f", recipe.path], capture_output=True,
                                  check=False)
            same((done.returncode, done.stderr), (0, done.stderr))


class Between:
    """Passes on what a front and a desk say, and counts connections that the
    desk has ended."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.desk_port = None
        self.ended = 0

    def start(self, desk_port):
        self.desk_port = desk_port
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                front, _ = self.listener.accept()
                desk = socket.create_connection(("127.0.0.1", self.desk_port))
                for ends in ((front, desk, False), (desk, front, True)):
                    threading.Thread(target=self.pump, args=ends,
                                     daemon=True).start()

    def pump(self, source, sink, counts):
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
        self.ended += counts

    def close(self):
        self.listener.close()


main("recipes", workers=3)
