# SPDX-License-Identifier: GPL-3.0-or-later
"""What a desk tells who watches it: numbers that are right, in forms that
Prometheus takes, over HTTP that nobody can hold up."""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from desk import (DESKWIRE, LIMIT, Desk, Skip, case, main, same, wait_until)
from tap import TOP

EXAMPLES = os.path.join(TOP, "doc/examples")
OPEN = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
ROW = re.compile(r"(\w+)(\{[^}]*\})? (\S+)")


def port_of(d):
    return int(d.row("metrics on ").rpartition(":")[2])


def watched(*args):
    return Desk("--metrics", "127.0.0.1:0", *args)


def page(d, accept="text/plain"):
    """Headers and body."""
    rq = urllib.request.Request(f"http://127.0.0.1:{port_of(d)}/metrics",
                                headers={"Accept": accept})
    with urllib.request.urlopen(rq, timeout=LIMIT) as f:
        return f.headers, f.read().decode()


def numbers(text):
    """{series: value}"""
    rows = [r for r in text.splitlines() if not r.startswith("#")]
    return {m[1] + (m[2] or ""): float(m[3]) for m in map(ROW.fullmatch, rows)}


def now(d):
    """Without the prefix."""
    return {k.removeprefix("deskwire_"): v
            for k, v in numbers(page(d)[1]).items()}


def said(d, **want):
    """The numbers that are not 0, of these families."""
    got = now(d)
    for name, values in want.items():
        mine = {k[len(name):]: v for k, v in got.items()
                if re.fullmatch(name + r"(\{.*\})?", k) and v}
        same((name, mine), (name, values))


def raw(d, data, end=True):
    """What these bytes are answered: status and all."""
    with socket.create_connection(("127.0.0.1", port_of(d)), LIMIT) as s:
        s.sendall(data)
        if end:
            s.shutdown(socket.SHUT_WR)
        got = b""
        with contextlib.suppress(ConnectionError):
            while more := s.recv(65536):
                got += more
    return got.decode()


def status(d, data, end=True):
    got = raw(d, data, end)
    return int(got.split(" ", 2)[1]) if got else None


@case("the numbers are what customers and operators have done")
def _():
    with watched() as d:
        o = d.operator()
        same(now(d)["journal_seq"], o.welcome["seq"])
        line, classic, silent = d.line(), d.classic(), d.line()
        classic.handshake()
        silent.until("Welcome")
        line.send("one\ntwo\n")
        sid = o.said("one")["sid"]
        o.said("two")
        wait = '_seconds_bucket{le="+Inf"}'
        said(d, sessions={'{state="waiting",mode="line"}': 1,
                          '{state="waiting",mode="classic"}': 1},
             connections={"": 3}, operators_present={"": 1},
             consoles={"": 1}, sessions_begun_total={"": 2},
             messages_total={'{dir="in"}': 2})
        assert now(d)["longest_wait_seconds"] > 0
        same(o.reply(sid, "hello"), "ok")
        same(o.reply(sid, "again"), "ok")
        line.until("again")
        same(o.command(f"release {sid}"), "ok")
        said(d, messages_total={'{dir="in"}': 2, '{dir="out"}': 2},
             leases_returned_total={'{why="released"}': 1},
             sessions={'{state="open",mode="line"}': 1,
                       '{state="waiting",mode="classic"}': 1})
        got = now(d)
        same([got["wait" + wait], got["first_reply" + wait]], [1, 1])
        classic.send("question")
        o.said("question")
        classic.close()
        o.event("gone")
        line.send("/quit\n")
        o.event("closed", sid=sid)
        said(d, sessions={'{state="left",mode="classic"}': 1},
             commits_failed_total={}, disk_failing={}, refused_total={})
        same(now(d)["journal_seq"], o.events()[-1]["seq"])
        commits = now(d)["commit_seconds_count"]
        assert 5 < commits <= o.events()[-1]["seq"], commits


@case("who is not let in is counted by why, and a desk that closes says so")
def _():
    with watched("--max-sessions", "1") as d:
        o = d.operator()
        line = d.line()
        line.until("Welcome")
        d.refused()
        said(d, refused_total={'{why="sessions"}': 1}, closing={})
        same(o.command("stop when-empty"), "ok")
        d.refused()
        same(now(d)["closing"], 1)
        line.send("/quit\n")
        same(d.wait(), 0)


@case("a desk that is started again counts the sessions that it finds")
def _():
    folder = tempfile.mkdtemp(prefix="dw", dir="/tmp")
    try:
        with Desk("--metrics", "127.0.0.1:0", folder=folder) as d:
            o = d.operator()
            d.line().send("hi\n")
            o.said("hi")
            d.process.kill()
            d.wait()
        with Desk("--metrics", "127.0.0.1:0", folder=folder) as d:
            left = 'sessions{state="left",mode="line"}'
            wait_until(lambda: now(d)[left] == 1, "the end of its session")
            said(d, sessions={'{state="left",mode="line"}': 1},
                 messages_total={})
    finally:
        shutil.rmtree(folder)


@case("an operator's metrics are the same page")
def _():
    with watched() as d:
        o = d.operator()
        f = o.answer(o.ask("cmd", text="metrics"))
        same(list(numbers(f["text"])), list(numbers(page(d)[1])))


@case("promtool has nothing to say about the page")
def _():
    if not shutil.which("promtool"):
        raise Skip("promtool (Debian's prometheus) is not installed")
    with watched() as d:
        done = subprocess.run(["promtool", "check", "metrics"],
                              input=page(d)[1].encode(), check=False,
                              capture_output=True, timeout=LIMIT)
        same((done.returncode, done.stdout, done.stderr), (0, b"", b""))


READS = """
import sys
from prometheus_client import parser
from prometheus_client.openmetrics import parser as strict
for form, path in ((parser, sys.argv[1]), (strict, sys.argv[2])):
    with open(path, encoding="utf-8") as f:
        families = list(form.text_string_to_metric_families(f.read()))
    print(len(families), sum(len(f.samples) for f in families))
"""


@case("the parsers of Prometheus's Python client take both forms")
def _():
    # The system's Python has Debian's packages.
    python = "/usr/bin/python3"
    if not os.path.exists(python) or subprocess.run(
            [python, "-c", "import prometheus_client"], check=False,
            stderr=subprocess.DEVNULL, timeout=LIMIT).returncode:
        raise Skip("python3-prometheus-client is not installed")
    with watched() as d:
        paths = []
        for name, accept in (("text", "text/plain"), ("open", OPEN)):
            headers, body = page(d, accept)
            assert ("openmetrics" in headers["Content-Type"]) == \
                (name == "open"), headers["Content-Type"]
            paths.append(os.path.join(d.folder, name))
            with open(paths[-1], "w", encoding="utf-8") as f:
                f.write(body)
        done = subprocess.run([python, "-c", READS, *paths], check=True,
                              capture_output=True, timeout=LIMIT)
        text, new = done.stdout.split(b"\n")[:2]
        same(text, new)


@case("what is no request for metrics is told so")
def _():
    with watched() as d:
        host = b"Host: x\r\n\r\n"
        ok = b"GET /metrics HTTP/1.1\r\n"
        same(status(d, ok + host), 200)
        same(status(d, ok + host, end=False), 200)
        head = raw(d, b"HEAD /metrics HTTP/1.1\r\n" + host)
        assert head.endswith("\r\n\r\n") and "Content-Length: " in head, head
        same(status(d, b"GET /other HTTP/1.1\r\n" + host), 404)
        post = raw(d, b"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n" +
                   host + b"abc")
        assert " 405 " in post and "\r\nAllow: GET, HEAD\r\n" in post, post
        same(status(d, ok + b"\r\n"), 400)
        same(status(d, b"\x16\x03\x01\x02\x00\x01\n\n"), 400)
        same(status(d, ok), 400)            # and no more comes
        same(status(d, b""), None)
        same(status(d, ok + b"X: " + b"y" * 8192 + b"\r\n" + host), 431)
        same(status(d, b"x" * 100000), 431)
        with socket.create_connection(("127.0.0.1", port_of(d))) as s:
            for byte in ok + host:          # in pieces
                s.send(bytes([byte]))
            assert s.recv(12) == b"HTTP/1.1 200"


@case("who asks slowly takes one of eight places for five seconds, and disturbs "
      "no customer")
def _():
    with watched() as d:
        o = d.operator()
        with contextlib.ExitStack() as stack:
            slow = [stack.enter_context(socket.create_connection(
                ("127.0.0.1", port_of(d)), LIMIT)) for _ in range(8)]
            for s in slow:
                s.send(b"GET ")
            wait_until(lambda: status(d, b"GET /metrics HTTP/1.0\r\n\r\n") ==
                       503, "all places to be taken")
            line = d.line()
            line.send("hi\n")
            same(o.reply(o.said("hi")["sid"], "hello"), "ok")
            line.until("hello")
            for s in slow:
                assert s.recv(12) == b"HTTP/1.1 408"
        wait_until(lambda: status(d, b"GET /metrics HTTP/1.0\r\n\r\n") == 200,
                   "a free place")


@case("a desk ends though somebody asks it slowly")
def _():
    with watched() as d:
        with socket.create_connection(("127.0.0.1", port_of(d))) as s:
            s.send(b"GET /")
            same(d.stop(), 0)


@case("where metrics cannot be told, the start says so and what to do")
def _():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for address, code, words in (
                ("0.0.0.0:0", 3, "--allow-plaintext-public"),
                ("nowhere:x", 2, "127.0.0.1:9464"),
                (f"127.0.0.1:{port}", 4, "--metrics ADDR:PORT")):
            with Desk("--metrics", address, ready=False) as d:
                same((address, d.wait()), (address, code))
                assert words in d.rows[-1], d.rows


INHERITS = """
import os, sys
for to, fd in enumerate(map(int, sys.argv[1].split(",")), 3):
    os.dup2(fd, to)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2",
                  LISTEN_FDNAMES="customers:metrics")
os.execv(sys.argv[2], sys.argv[2:])
"""


@case("an address for metrics may be a socket that was there before")
def _():
    with socket.socket() as customers, socket.socket() as metrics:
        for s in (customers, metrics):
            s.bind(("127.0.0.1", 0))
            s.listen()
        # Above those that they become.
        fds = [fcntl.fcntl(s, fcntl.F_DUPFD, 10) for s in (customers, metrics)]
        names = [f"127.0.0.1:{s.getsockname()[1]}"
                 for s in (customers, metrics)]
        with Desk(listen=names[0], pass_fds=fds, under=(
                sys.executable, "-c", INHERITS, ",".join(map(str, fds)))) as d:
            same(d.row("metrics on "), f"metrics on {names[1]}")
            same(now(d)["connections"], 0)
        for fd in fds:
            os.close(fd)


@case("the alert rules go off when they should, and the examples are valid")
def _():
    if not shutil.which("promtool"):
        raise Skip("promtool (Debian's prometheus) is not installed")
    for what in (["check", "config", "prometheus.yml"],
                 ["test", "rules", "deskwire.rules.test.yml"]):
        done = subprocess.run(["promtool", *what], cwd=EXAMPLES, check=False,
                              capture_output=True, timeout=LIMIT)
        same((what, done.returncode, done.stderr), (what, 0, b""))


def ask_prometheus(port, query):
    """{labels: value}, or why not."""
    url = f"http://127.0.0.1:{port}/api/v1/query?" + \
        urllib.parse.urlencode({"query": query})
    try:
        with urllib.request.urlopen(url, timeout=LIMIT) as f:
            return json.load(f)["data"]["result"]
    except (urllib.error.URLError, ConnectionError):
        return []


@contextlib.contextmanager
def prometheus(d):
    """Debian's, with our configuration, watching this desk."""
    folder = tempfile.mkdtemp(prefix="dw", dir="/tmp")
    config = os.path.join(folder, "prometheus.yml")
    shutil.copy(os.path.join(EXAMPLES, "deskwire.rules.yml"), folder)
    with open(os.path.join(EXAMPLES, "prometheus.yml"),
              encoding="utf-8") as f:
        text = f.read()
    with open(config, "w", encoding="utf-8") as f:
        f.write(text.replace("15s", "200ms").replace(
            "127.0.0.1:9464", f"127.0.0.1:{port_of(d)}"))
    process = subprocess.Popen(
        ["prometheus", f"--config.file={config}",
         f"--storage.tsdb.path={folder}/data",
         "--web.listen-address=127.0.0.1:0"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        for row in process.stderr:
            if found := re.search(r'"Listening on" address=\S+:(\d+)', row):
                yield int(found[1])
                break
        else:
            raise AssertionError("prometheus did not start")
    finally:
        process.send_signal(signal.SIGKILL)
        process.stderr.close()
        process.wait()
        shutil.rmtree(folder)


@case("Prometheus watches a desk with our configuration and rules")
def _():
    if not shutil.which("prometheus"):
        raise Skip("Debian's prometheus is not installed")
    with watched() as d, prometheus(d) as port:
        o = d.operator()
        d.line().send("hi\n")
        o.said("hi")
        query = 'deskwire_sessions{state="waiting",mode="line"} == 1'
        wait_until(lambda: ask_prometheus(port, query), query)
        up, = ask_prometheus(port, "up")
        same((up["metric"]["job"], up["value"][1]), ("deskwire", "1"))


@case("check-config takes the addresses")
def _():
    done = subprocess.run([DESKWIRE, "config", "--metrics", "127.0.0.1:0"],
                          check=False, capture_output=True, timeout=LIMIT)
    assert done.returncode == 0 and b"127.0.0.1:0" in done.stdout, done


main("metrics")
