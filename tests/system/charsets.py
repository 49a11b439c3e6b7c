# SPDX-License-Identifier: GPL-3.0-or-later
"""Customers who write in other encodings than UTF-8: both directions are
converted, and the journal keeps the bytes as they came."""

import os
import socket

from desk import (CLIENT_HELLO, SERVER_HELLO, Console, Customer, Desk,
                  body, case, journal, main, same, size, state)

# The desk's name of each, Python's, and a text with its odd letters.
ENCODINGS = {
    "gb18030": ("gb18030", "你好，我的订单在哪里？ã"),
    "gbk": ("gbk", "你好，我的订单在哪里？"),
    "big5": ("big5", "您好，請問退款？"),
    "shift_jis": ("cp932", "注文はどこですか"),
    "euc-kr": ("euc_kr", "주문은 어디에 있습니까"),
    "koi8-r": ("koi8_r", "где мой заказ ЪЪ Ъ"),
    "windows-1251": ("cp1251", "я жду ответа, яя\u044fт"),
    "iso-8859-1": ("latin_1", "Grüße, où est-ce ÿÿ"),
}
PIECES = size(1000)


def console(folder, *args):
    c = Console("open", "--state", os.path.join(folder, "desk"), "--listen",
                "127.0.0.1:0", "--as", "lin", "--clock", "off", *args,
                folder=folder)
    port = int(c.until(r"listening on 127\.0\.0\.1:(\d+)\n").group(1))
    return c, port


def leave(c, *customers):
    """Who still was there leaves when the desk has said goodbye."""
    c.type("/quit now")
    for k in customers:
        k.end()
        k.close()
    same(c.end(), 0)


@case("a customer says what it writes, and both directions are converted")
def _():
    for name, (codec, text) in ENCODINGS.items():
        with state() as folder:
            c, port = console(folder)
            k = Customer(port)
            # In one piece: what follows the command is in it already.
            k.send(f"/charset {name}\n".encode() + text.encode(codec) + b"\n")
            c.until(f"1 guest writes in {name}\n")
            c.until(r"1 guest\| " + text.replace("?", r"\?") + "\n")
            k.until(f"From now on this is in {name}.")
            c.type("/1")
            c.type(text)
            k.until(b"lin: " + text.encode(codec) + b"\n")
            leave(c, k)
            said, = (e for e in journal(os.path.join(folder, "desk"))
                     if e["ev"] == "said")
            same(said["body"], text.encode(codec))


@case("an operator says it: what was shown is shown again, as it was meant")
def _():
    with state() as folder:
        c, port = console(folder)
        k = Customer(port)
        k.send("привет\nгде мой заказ?\n".encode("cp1251"))
        c.until(r"1 guest\| \\xef\\xf0\\xe8\\xe2\\xe5\\xf2\n")
        c.until("1 guest does not write UTF-8; it looks like windows-1251: "
                "/charset 1 windows-1251\n")
        c.until(r"1 guest\| \\xe3")         # both are there
        c.type("/charset 1 koi8-r")         # a mistake
        c.until("1 guest writes in koi8-r, says lin\n")
        c.until("the last 2 once more")
        c.until("1 guest. ОПХБЕР\n")
        c.type("/1")
        c.type("/charset cp1251")           # of the one in the prompt
        c.until("1 guest writes in windows-1251, says lin\n")
        c.until("1 guest. привет\n.*1 guest. где мой заказ")
        c.type("/history")
        c.until("messages 1 to 2 ---\n.*1 guest. привет\n")
        same(c.out.count("does not write UTF-8".encode()), 1)
        leave(c, k)


@case("of more than 50 that would be shown again the last 50 are, the foot says "
      "so, and /history goes on with those before")
def _():
    with state() as folder:
        c, port = console(folder, "--rate", "1000", "--burst", "1000")
        k = Customer(port)
        k.send("".join(f"слово {n}.\n" for n in range(1, 54)).encode("cp1251"))
        c.until(r" 53\.\n")
        c.type("/charset 1 windows-1251")
        c.until("the last 50 once more ---\n.*слово 4\\.\n")
        c.until("слово 53\\.\n")
        c.until("--- end; 3 earlier, /history shows them ---\n")
        c.type("/history 1")
        c.until("messages 1 to 3 ---\n.*слово 1\\.\n.*\n.*слово 3\\.\n")
        c.until("--- end; nothing is earlier ---\n")
        leave(c, k)


@case("a reply that the encoding cannot write is refused, and is not lost")
def _():
    with Desk() as d:
        o, k = d.operator(), d.line()
        k.send("/charset koi8-r\nпривет\n".encode("koi8-r"))
        sid = o.event("said")["sid"]
        n = o.ask("reply", sid=sid, text="да, 你好")
        f = o.answer(n)
        same((f["op"], f["code"]), ("err", "usage"))
        assert 'koi8-r cannot write "你"' in f["text"], f
        same(o.reply(sid, "да"), "ok")
        assert "你".encode() not in k.until("да".encode("koi8-r")).encode(
            errors="surrogateescape")


@case("with --charset the desk knows what is not UTF-8, also before a word "
      "was said about it")
def _():
    with Desk("--charset", "cp1251") as d:
        o, k, other = d.operator(), d.line(), d.line()
        k.send("я жду, яя\u044fт\n".encode("cp1251"))
        said = o.event("said")
        same(body(said), "я жду, яя\u044fт".encode("cp1251"))
        same(o.event("charset", sid=said["sid"])["why"], "windows-1251")
        o.reply(said["sid"], "ответ яя")
        k.until("lin: ответ яя\n".encode("cp1251"))
        other.send("привет\n")              # UTF-8 stays what it is
        sid = o.said("привет")["sid"]
        o.reply(sid, "ответ")
        other.until("lin: ответ\n")
        o.sync()
        same([e["sid"] for e in o.events() if e["ev"] == "charset"],
             [said["sid"]])


@case("where telnet was seen 0xff is a command's, and comes twice as a letter")
def _():
    with Desk() as d:
        o, k = d.operator(), d.line()
        k.send(b"\xff\xfd\x18/charset cp1251\r\n" + b"\xff\xff \xff\xfa\x18\x01"
               b"\xff\xf0\xe4\xe0\r\n")
        said = o.event("said")
        same(body(said).decode("cp1251"), "я да")
        o.reply(said["sid"], "я")
        k.until(b"lin: \xff\xff\r\n")


@case("the tutorial's handshake in GBK is the handshake, and sets GBK")
def _():
    with Desk() as d:
        o, k = d.operator(), d.classic()
        whole = CLIENT_HELLO.encode("gbk")
        k.split(whole[:5], whole[5:])
        k.sock.settimeout(30)
        answer = k.sock.recv(1024).decode("gbk")
        assert answer.startswith(SERVER_HELLO), answer
        k.send("我的订单".encode("gbk"))
        said = o.event("said")
        same(body(said).decode("gbk"), "我的订单")
        same(o.event("charset", sid=said["sid"])["why"], "gbk")
        # Longer than a chunk: each one is whole characters of GBK.
        text = "在这里" * 400 + " quit 的意思"
        same(o.reply(said["sid"], text), "ok")
        got = ""
        while len(got) < len(text):
            got += k.sock.recv(1024).decode("gbk")
            k.send("?".encode())
        same(got.replace("\n", ""), text.replace("quit", "q uit"))


@case("a character of GBK that comes in two pieces is one")
def _():
    with Desk() as d:
        o, k = d.operator(), d.classic()
        k.send(CLIENT_HELLO.encode("gbk"))
        k.sock.recv(1024)
        data = "你好".encode("gbk")
        k.split(data[:3], data[3:])
        same(body(o.event("said")), data)


@case("what a customer wrote in stays known over a restart, and in /history")
def _():
    with state() as folder:
        with Desk(folder=folder) as d:
            o, k = d.operator(), d.line()
            k.send("первый\n".encode("koi8-r"))     # nobody has said yet
            o.event("said")
            k.send("/charset koi8-r\nвторой\n".encode("koi8-r"))
            o.event("said", n=2)
            same(d.stop_with_all(), 0)
        c = Console("open", "--state", folder, "--listen", "127.0.0.1:0",
                    folder=folder)
        c.until("1 left unanswered")
        c.until('"второй"')
        c.type("/history 1")
        c.until(r"1 guest\| первый\n.*1 guest\| второй\n")
        c.type("/charset 1 cp1251")         # of one who has left
        c.until("writes in windows-1251")
        leave(c)


@case("the log has what was said as it was meant")
def _():
    with state() as folder:
        log = os.path.join(folder, "log")
        with Desk("--log", log, folder=folder) as d:
            o, k = d.operator(), d.line()
            k.send("/charset big5\n您好\n".encode("big5"))
            sid = o.event("said")["sid"]
            o.reply(sid, "退款")
            k.until("退款".encode("big5"))
            same(d.stop_with_all(), 0)
        with open(log, encoding="utf-8") as f:
            rows = f.read()
        assert "received ==>" in rows and "您好" in rows, rows
        assert "退款" in rows and "read as big5" in rows, rows


@case("a name is converted as well, and an unknown encoding changes nothing")
def _():
    with Desk() as d:
        o, k = d.operator(), d.line()
        k.send("/charset klingon\n/charset\n/charset cp1251\n/name Ваня\n"
               "да\n".encode("cp1251"))
        k.until("These are known: utf-8, gb18030, gbk, big5")
        k.until("These are known: ")
        same(o.event("name")["who"], "Ваня")
        same(o.command("charset 1 klingon"), "usage")
        same(o.command("charset 9 gbk"), "unknown")
        same(o.command("charset 1 utf-8"), "ok")
        k.send("снова\n")
        e = o.said("снова")
        o.reply(e["sid"], "Готово")
        k.until("lin: Готово\n")


@case("a customer cannot fill the journal with encodings")
def _():
    with Desk("--rate", "100000", "--burst", "100000") as d:
        o, k = d.operator(), d.line()
        k.send("/charset gbk\n/charset big5\n" * 50 + "x\n")
        o.said("x")
        same(len([e for e in o.events() if e["ev"] == "charset"]), 16)


@case("who opens in UTF-16 is told so in UTF-16, and is no customer")
def _():
    with Desk() as d:
        o = d.operator()
        for codec, bom in (("utf-16-le", b"\xff\xfe"), ("utf-16-le", b""),
                           ("utf-16-be", b"\xfe\xff"), ("utf-16-be", b"")):
            for text in ("hello\r\n", "1\n", "\n\n"):
                k = d.line()
                k.split(bom + b"", text.encode(codec)) if bom else \
                    k.send(text.encode(codec))
                k.half_close()
                deadline = d.deadline()
                while k.hear(deadline):
                    pass
                assert "UTF-8, not UTF-16" in k.heard.decode("utf-16"), k.heard
        k = d.line()
        k.send(b"\xff\xfe" + "您好".encode("utf-16-le"))
        k.until("UTF-16".encode("utf-16-le"))
        o.sync()
        same([e["ev"] for e in o.events() if e["ev"] != "on"], [])


@case(f"{PIECES} pieces of half a character cost no more than their bytes")
def _():
    with Desk() as d:
        o, k = d.operator(), d.classic()
        k.send(CLIENT_HELLO.encode("gbk"))
        k.sock.recv(1024)
        k.send(b"\x81")
        for _ in range(PIECES):
            k.send(b"\x40\x81")
            k.taken()
        k.send(b"\x40")
        same(body(o.event("said")), b"\x81\x40" * (PIECES + 1))


@case("a call's program writes such a letter twice, and gets it so")
def _():
    with Desk("--charset", "cp1251") as d:
        o, k = d.operator(), d.line()
        k.send(b"/receipts\n\xff\xff\xff\xff \xf2\n")
        said = o.event("said")
        same(body(said).decode("cp1251"), "яя т")
        o.reply(said["sid"], "я")
        k.until(b"lin: \xff\xff\n")


@case("with --charset a datagram is read and answered in it as well")
def _():
    with Desk("--charset", "koi8-r", "--udp", "127.0.0.1:0") as d:
        port = int(d.row("listening on udp ").rpartition(":")[2])
        o = d.operator()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(30)
            s.sendto("привет".encode("koi8-r"), ("127.0.0.1", port))
            same(o.event("udp")["why"], "koi8-r")
            same(o.command("udp 你好"), "usage")
            same(o.command("udp ответ"), "ok")
            same(s.recv(100), "ответ".encode("koi8-r"))


main("charsets")
