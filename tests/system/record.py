# SPDX-License-Identifier: GPL-3.0-or-later
"""--log FILE: what the tutorial's servers print, each row with the session's
number and the customer's address, and no row that a customer wrote."""

import os
import re
import stat

from desk import TOP, Desk, case, main, same, state, wait_until

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
ROW = rf"{STAMP} (?:\[\d+\] \S+ )?(?:Server|Waiting|New|Customer|Please|" \
    r"Connection|Disconnected|Left|Off)[^\x00-\x1f\x7f]*"


class Log:
    def __init__(self, folder):
        self.path = os.path.join(folder, "log")

    def rows(self):
        with open(self.path, encoding="utf-8") as f:
            text = f.read()
        assert text == "" or text.endswith("\n"), text
        return text.splitlines()

    def wait(self, words):
        wait_until(lambda: any(words in r for r in self.rows()), words)
        return self.rows()


def match(rows, patterns):
    same(len(rows), len(patterns))
    for row, pattern in zip(rows, patterns):
        assert re.fullmatch(f"{STAMP} {pattern}", row), f"{row!r}: {pattern}"


@case("S1 to S7, T1 and T2: the rows of a conversation")
def _():
    with state() as folder:
        log = Log(folder)
        with Desk("--log", log.path) as d:
            o, c = d.operator(), d.classic()
            c.handshake()
            c.send("我的订单")
            o.reply(o.said("我的订单")["sid"], "稍等")
            same(c.read_one(), "稍等")
            same(c.turn("quit"), "quit")
            c.leave()
            log.wait("- quit")
            where, port = re.escape(c.address), c.address.rpartition(":")[2]
            server = d.port
        same(stat.S_IMODE(os.stat(log.path).st_mode), 0o600)
        match(log.rows(), [
            rf"Server 127\.0\.0\.1:{server} started",
            r"Waiting for customers\.\.\.",
            rf"\[1\] {where} New connection in a thread of its own\.\.\.",
            rf"\[1\] {where} Customer connected:\('127\.0\.0\.1', {port}\)",
            rf"\[1\] {where} Server received ==> {STAMP} - 客户端已就绪",
            rf"\[1\] {where} Server send --> {STAMP} - 服务端已就绪\\nWelcome .*",
            rf"\[1\] {where} Server received ==> {STAMP} - 我的订单",
            rf"\[1\] {where} Please reply to the customer:",
            rf"\[1\] {where} Server send --> {STAMP} - 稍等",
            rf"\[1\] {where} Server received ==> {STAMP} - quit",
            rf"\[1\] {where} Connection closed \(quit\)",
            rf"\[1\] {where} Disconnected from customer {where}",
            rf"\[1\] {where} Server send --> {STAMP} - quit"])


@case("the rows in Chinese are the tutorial's own words")
def _():
    with open(os.path.join(TOP, "po", "zh_CN.po"), encoding="utf-8") as f:
        text = re.sub(r'"\n"', "", f.read())
    for english, chinese in (
            ("Server %s started", "开启"),
            ("Waiting for customers...", "等待客户端连接..."),
            ("%s New connection in a thread of its own...",
             "开启非阻塞式连接..."),
            ("%s Customer connected:%s", "当前连接客户端:"),
            ("%s Please reply to the customer:", "请回复客户端的信息:"),
            ("%s Connection closed (%s)", "连接关闭"),
            ("%s Disconnected from customer %s", "与客户端 %s 断开连接")):
        found = re.search(f'msgid "{re.escape(english)}"\nmsgstr "(.*)"',
                          text)
        assert found and chinese in found.group(1), (english, chinese)


@case("a customer's text cannot make a row, nor act on a terminal")
def _():
    with state() as folder:
        log = Log(folder)
        forged = "2026-11-22 10:00:00 [9] 6.6.6.6:6 Server send --> FORGED"
        with Desk("--log", log.path) as d:
            o, c, k = d.operator(), d.classic(), d.line()
            c.handshake()
            c.send(f"a\n{forged}\r{forged}\u2028{forged}\x85{forged}")
            c.acknowledged()
            k.send(b"\x1b[2J\x9b1m \xe2\x80\xae\x00after\xff %s%n\n")
            k.send(f"/name x\r{forged}\nlast\n")
            sid = o.said("last")["sid"]
            o.reply(sid, f"x\n{forged}")
            log.wait("x\\n")
        rows = log.rows()
        for row in rows:
            assert re.fullmatch(ROW, row), row
            assert not row.startswith(forged), row
            assert "\u202e" not in row and "\x9b" not in row
            assert len(row.encode()) <= 1024
        assert any("\\x00after\\xff %s%n" in r for r in rows), rows


@case("a long message is one row of at most 1,024 bytes")
def _():
    with state() as folder:
        log = Log(folder)
        with Desk("--log", log.path) as d:
            o, c = d.operator(), d.line()
            c.send("订" * 1300 + "\nafter\n")
            o.said("after")
            rows = log.wait("- after")
        for row in rows:
            assert len(row.encode()) <= 1024, row


@case("a message that is not whole, or may not be the last, has a row that says "
      "so")
def _():
    with state() as folder:
        log = Log(folder)
        with Desk("--log", log.path, "--rate", "9", "--burst", "2",
                  "--flood-timeout", "1") as d:
            c, k = d.line(), d.line()
            c.send("no e")
            c.reset()
            log.wait("The connection ended inside that message")
            k.send("a\n" * 40)
            log.wait("More may have followed that message, and is lost")


@case("a log that cannot be opened is status 3 and names it")
def _():
    with Desk("--log", "/nowhere/log", ready=False) as d:
        same(d.wait(), 3)
        assert "/nowhere/log" in d.rows[0]


main("record")
