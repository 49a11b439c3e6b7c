# SPDX-License-Identifier: GPL-3.0-or-later
"""The operators' socket, spoken to by programs that behave and by others."""

import json
import os
import re
import resource
import socket
import stat
import subprocess
import threading

from desk import (DESKWIRE, LIMIT, SANITIZED, Deadline, Desk, Operator, Skip, body, case,
                  main, same, size, wait_until)


def mute(d):
    """A link that has said nothing yet."""
    return d.keep(Operator(d.operator_path, None))


def still_works(d, text):
    """Customers and operators notice nothing."""
    o, c = d.operator("sound " + text), d.line()
    c.send(text + "\n")
    same(o.reply(o.said(text)["sid"], "fine"), "ok")
    c.until("fine\n")
    o.close()
    c.close()


@case("the socket is its user's alone, in a folder of that user")
def _():
    old = os.umask(0)
    try:
        with Desk() as d:
            mode = os.stat(d.operator_path).st_mode
            assert stat.S_ISSOCK(mode)
            same(mode & 0o077, 0)
    finally:
        os.umask(old)


def refused_with(path):
    """The code of the one frame that a refused operator gets."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(LIMIT)
        s.connect(path)
        text = b""
        try:
            while data := s.recv(4096):
                text += data
        except ConnectionError:
            pass
    frame = json.loads(text)
    same(frame["op"], "bye")
    assert frame["text"]
    return frame["code"]


@case("an operator for whom there is no place is told so")
def _():
    with Desk("--max-operators", "1") as d:
        d.operator()
        same(refused_with(d.operator_path), "limit")
        for _ in range(size(30)):
            p = subprocess.run(
                [DESKWIRE, "attach", "--operator-socket", d.operator_path,
                 "--no-history"], stdin=subprocess.DEVNULL,
                capture_output=True, timeout=LIMIT, check=False)
            same((p.returncode, p.stderr), (5, b""))
            same(p.stdout, b"* this desk has as many operators as it may; "
                           b"try again later\n")


@case("an operator for whom no thread can be had is told so")
def _():
    if SANITIZED:
        raise Skip("a sanitizer takes memory as it likes")
    with Desk() as d:
        o = d.operator()
        with open(f"/proc/{d.pid}/statm", encoding="ascii") as f:
            now = int(f.read().split()[0]) * os.sysconf("SC_PAGESIZE")
        old = resource.prlimit(d.pid, resource.RLIMIT_AS, (now, -1))
        try:
            same(refused_with(d.operator_path), "limit")
        finally:
            resource.prlimit(d.pid, resource.RLIMIT_AS, old)
        same(o.command("nothing"), "usage")
        still_works(d, "hello")


@case("another user is refused with a word, and that is logged at a rate")
def _():
    if os.geteuid() != 0:
        raise Skip("only root can be somebody else")
    with Desk() as d:
        os.chmod(d.folder, 0o755)
        os.chmod(d.operator_path, 0o777)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.setuid(65534)
                told = [refused_with(d.operator_path) for _ in range(50)]
                status = 0 if set(told) == {"denied"} else 2
            finally:
                os._exit(status)
        same(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        d.row("user 65534 may not answer customers")
        still_works(d, "hello")
        d.stop()
        rows = [r for r in d.rows if "may not answer" in r]
        more = [int(n) for r in d.rows for n in
                re.findall(r" refused why=operator suppressed=(\d+): ", r)]
        same(len(rows) + sum(more), 50)
        assert len(rows) < 25, rows


@case("what is no frame ends the link, and nothing else")
def _():
    with Desk() as d:
        before = d.threads(), d.descriptors()
        for junk in (b"\x00\x01\xff\n", b"hello\n", b"{}\n", b"[1,2]\n",
                     b'{"op":3}\n', b'{"op":"hello","v":"x"}\n',
                     b'{"op":"cmd","id":1,"text":"quit"}\n',    # no hello
                     b'{"op":"hello","v":99,"name":"x"}\n',
                     b"[" * 100000 + b"\n", b"\n",
                     b'{"op":"reply","id":-1}\n'):
            link = mute(d)
            link.raw(junk)
            link.ends()
            link.close()
        link = d.operator("junk")
        link.raw(b'{"op":"cmd","id":"x"}\n')
        link.ends()
        link.close()
        wait_until(lambda: (d.threads(), d.descriptors()) == before,
                   "threads and descriptors")
        still_works(d, "hello")


@case("an op that is not known is passed over, for consoles to come")
def _():
    with Desk() as d:
        o = d.operator()
        o.send(op="sing", id=7)
        same(o.command("nothing"), "usage")


@case("a giant frame costs no memory, and its end ends the link")
def _():
    with Desk() as d:
        before = d.resident()
        for link in (mute(d), d.operator("giant")):
            for _ in range(size(500)):
                link.raw(b"x" * 65536)
            assert d.resident() - before < 4096 or SANITIZED, d.resident()
            link.raw(b"\n")
            link.ends()
        still_works(d, "hello")


@case("a frame of nearly 512 KiB is taken, with a text of 256 KiB in it")
def _():
    with Desk("--max-message", "262144", "--max-queue", "1000000") as d:
        o, c = d.operator(), d.line()
        c.send("hi\n")
        sid = o.said("hi")["sid"]
        text = "订" * 80000
        same(o.reply(sid, text), "ok")
        c.until(text + "\n")
        frame = json.dumps({"op": "cmd", "id": 900, "text": "nothing",
                            "more": "x" * (512 * 1024 - 100)})
        o.raw(frame.encode() + b"\n")
        same(o.answer(900)["code"], "usage")
        same(o.reply(sid, "still here"), "ok")


@case("bytes that are no text arrive as they were, in both directions")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send(b"a\x00b\xffc\n")
        e = o.event("said")
        same(body(e), b"a\x00b\xffc")
        assert o.command(f"history {e['sid']}") == "ok"
        same(body(o.frame(op="past")["ev"]), b"a\x00b\xffc")


@case("several operators at once see one order of events")
def _():
    with Desk("--rate", "1000000", "--burst", "1000000") as d:
        ops = [d.operator(f"op{i}", seen=0, replay=True) for i in range(4)]
        customers = [d.line() for _ in range(3)]
        for c in customers:
            c.send("hi\n")
        sids = [ops[0].event("arrived", addr=c.address)["sid"]
                for c in customers]
        each = size(100)

        def work(i):
            for n in range(each):
                sid = sids[n % 3]
                while ops[i].reply(sid, f"op{i} {n}") == "taken":
                    ops[i].command(f"steal {sid}")

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for t in threads:
            t.start()
        for n in range(each):
            for c in customers:
                c.send(f"line {n}\n")
        for t in threads:
            t.join()
        for c in customers:
            ops[0].said(f"line {each - 1}", sid=ops[0].event(
                "arrived", addr=c.address)["sid"])
        for o in ops:
            o.sync()
        last = min(o.events()[-1]["seq"] for o in ops)
        # What was replayed does not say when it was by the steady clock.
        orders = [[{**e, "at": 0} for e in o.events() if e["seq"] <= last]
                  for o in ops]
        for order in orders:
            same([e["seq"] for e in order], list(range(1, last + 1)))
            same(order, orders[0])
        # What a customer reads comes in the same order.
        for c, sid in zip(customers, sids):
            replies = [e for o in ops[:1] for e in o.events()
                       if e["ev"] == "reply" and e["sid"] == sid]
            for e in replies:
                c.until(f"{e['who']}: {e['text']}\n")


@case("a link that is lost does not matter to others, nor to customers")
def _():
    with Desk() as d:
        o, other, c = d.operator(), d.operator("wang"), d.line()
        c.send("hi\n")
        sid = o.said("hi")["sid"]
        other.said("hi")
        other.ask("reply", sid=sid, text="sent and gone")
        other.close()
        o.event("off", who="wang")
        c.until("wang: sent and gone\n")
        same(o.reply(sid, "here"), "taken")     # until wang is lost for long
        same(o.command(f"steal {sid}"), "ok")
        same(o.reply(sid, "here"), "ok")
        c.until("lin: here\n")


@case("who comes back with the last number it saw misses and repeats nothing")
def _():
    with Desk("--rate", "1000000", "--burst", "1000000") as d:
        c = d.line()
        total, seen, got = size(3000), 0, []

        def talk():
            for n in range(total):
                c.send(f"m{n}\n")

        talker = threading.Thread(target=talk)
        talker.start()
        said = []
        while f"m{total - 1}" not in said[-1:]:
            o = d.operator("lin", seen=seen, replay=True)
            deadline = Deadline()
            while len(o.events()) < 700:
                texts = [e.get("text") for e in o.events()]
                if f"m{total - 1}" in texts:
                    break
                assert o.read(deadline)
            got += o.events()
            seen = got[-1]["seq"]
            said = [e["text"] for e in got if e["ev"] == "said"]
            o.close()
        talker.join()
        same([e["seq"] for e in got], list(range(1, len(got) + 1)))
        same(said, [f"m{n}" for n in range(total)])


@case("who was never here gets the open sessions as they stand")
def _():
    with Desk() as d:
        first, c = d.operator(), d.line()
        c.send("/name Anna\n")
        c.send("one\ntwo\n")
        sid = first.said("two")["sid"]
        o = d.operator("late")
        s, = o.welcome["sessions"]
        same((s["sid"], s["name"], s["in"], s["mode"], s["state"]),
             (sid, "Anna", 2, "line", "waiting"))
        last = max(e["seq"] for e in first.events())
        assert o.welcome["seq"] >= last
        c.send("three\n")
        o.said("three")
        seqs = [e["seq"] for e in o.events()]
        same(seqs, list(range(o.welcome["seq"] + 1, seqs[-1] + 1)))


@case("an operator who reads nothing is detached, and others go on")
def _():
    with Desk("--operator-queue", "65536", "--rate", "1000000", "--burst",
              "1000000") as d:
        o, stuck, c = d.operator(), d.operator("stuck"), d.line()
        c.send("hi\n")
        sid = o.said("hi")["sid"]
        for n in range(1000):
            same(o.reply(sid, f"{n} " + "x" * 3000), "ok")
            c.until(f"lin: {n} ")
            if any(e["ev"] == "off" for e in o.events()[-5:]):
                break
        o.event("off", who="stuck")
        same(o.reply(sid, "still here"), "ok")
        c.until("still here\n")
        stuck.ends()
        d.row(" limit who=stuck why=slow: ")


@case("commands: what each does, and what it says to a wrong number")
def _():
    with Desk() as d:
        o, c, k = d.operator(), d.line(), d.line()
        c.send("one\n")
        k.send("two\n")
        sid, other = o.said("one")["sid"], o.said("two")["sid"]
        same(o.command("close"), "usage")
        same(o.command("close x"), "usage")
        same(o.command("close 99"), "unknown")
        same(o.command("history 99"), "unknown")
        same(o.command("sing"), "usage")
        same(o.command("quit later"), "usage")
        same(o.reply(99, "x"), "unknown")
        same(o.reply(sid, "  \n"), "usage")
        same(o.command(f"close {sid}"), "ok")
        c.until("This conversation was closed. Goodbye.\n")
        same(c.end(), "")
        same(o.command(f"close {sid}"), "closed")
        same(o.command(f"kick {other}"), "ok")
        k.end()
        o.event("closed", sid=other, why="kicked", who="lin")
        same(o.command(f"history {sid}"), "ok")
        past = [f["ev"] for f in o.frames if f["op"] == "past"]
        same([e["text"] for e in past], ["one"])


@case("the history of an ended session says how far it was delivered")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send("one\n")
        sid = o.said("one")["sid"]
        for n, text in enumerate(("yes", "no"), 1):
            same(o.reply(sid, text), "ok")
            o.event("sent", n=n)
        same(o.command(f"close {sid}"), "ok")
        same(o.command(f"history {sid}"), "ok")
        past = [f["ev"] for f in o.frames if f["op"] == "past"]
        same([(e["ev"], e["n"]) for e in past],
             [("said", 1), ("reply", 1), ("sent", 1), ("reply", 2),
              ("sent", 2)])


def page(o, command):
    """What a page of the past shows, and how much is before it."""
    start = len(o.frames)
    number = o.ask("cmd", text=command)
    answer = o.answer(number)
    same(answer["op"], "ok")
    past = [f["ev"] for f in o.frames[start:] if f["op"] == "past"]
    return past, answer.get("n", 0)


@case("page by page a history goes back to the first word, and says how far")
def _():
    with Desk("--rate", "1000000", "--burst", "1000000") as d:
        o, c = d.operator(), d.line()
        for n in range(1, 61):
            c.send(f"row {n}\n")
        sid = o.said("row 60")["sid"]
        rows, before, seen = [], "", []
        while True:
            past, earlier = page(o, f"history {sid} 25 {before}")
            rows = [e["text"] for e in past] + rows
            seen.append(earlier)
            if earlier == 0:
                break
            before = past[0]["seq"]
        same(seen, [35, 10, 0])
        same(rows, [f"row {n}" for n in range(1, 61)])
        same(page(o, f"history {sid}")[1], 40)


@case("a page too long for an operator's queue keeps its newest rows")
def _():
    with Desk("--rate", "1000000", "--burst", "1000000",
              "--operator-queue", "65536") as d:
        c, text = d.line(), "x" * 4000
        for n in range(40):
            c.send(f"{n} {text}\n")
        o = d.operator()
        wait_until(lambda: page(o, "history 1 1")[1] == 39, "40 messages")
        past, earlier = page(o, "history 1 1000")
        assert 0 < len(past) < 10, len(past)
        same([e["text"].split()[0] for e in past],
             [str(n) for n in range(earlier, 40)])
        same(o.command("nothing"), "usage")


@case("ended sessions are listed with name, time and reason, page by page")
def _():
    with Desk() as d:
        o = d.operator()
        same(page(o, "ended"), ([], 0))
        for name in ("anna", "bert", "cora"):
            c = d.line()
            c.send(f"/name {name}\nhi\n")
            sid = o.event("name", who=name)["sid"]
            same(o.command(f"close {sid}"), "ok")
        past, earlier = page(o, "ended 2")
        same([(e["ev"], e["sid"], e.get("who")) for e in past],
             [("arrived", 2, "guest"), ("name", 2, "bert"),
              ("closed", 2, "lin"), ("arrived", 3, "guest"),
              ("name", 3, "cora"), ("closed", 3, "lin")])
        same((past[2]["why"], earlier), ("closed", 1))
        past, earlier = page(o, f"ended 9 {past[2]['seq']}")
        same([e["sid"] for e in past], [1, 1, 1])
        same(earlier, 0)


def looks(o, start=0):
    """What this console was told: (operator, session), in order."""
    return [(f["name"], f.get("sid", 0)) for f in o.frames[start:]
            if f["op"] == "looks"]


@case("who has selected whom is told to all others, also to who comes later")
def _():
    with Desk() as d:
        ann, bob, c = d.operator("ann"), d.operator("bob"), d.line()
        c.send("hi\n")
        sid = ann.said("hi")["sid"]
        ann.send(op="look", sid=sid)
        first = bob.frame(op="looks", name="ann", sid=sid)
        late = d.operator("late")
        same(late.frame(op="looks")["n"], first["n"])
        bob.send(op="look", sid=sid)
        bob.send(op="look", sid=sid)        # which is no news
        other = ann.frame(op="looks", name="bob")
        assert other["n"] != first["n"], other
        bob.send(op="look")
        ann.frame(lambda f: "sid" not in f, op="looks", name="bob")
        ann.close()
        bob.frame(lambda f: "sid" not in f, op="looks", n=first["n"])
        late.sync()
        same(looks(late), [("ann", sid), ("bob", sid), ("bob", 0),
                           ("ann", 0)])
        same(looks(ann), [("bob", sid), ("bob", 0)])
        same(d.operator("new").frames[-1]["op"], "live")
        same([e["ev"] for e in late.events() if e["ev"] not in ("on", "off")],
             [])


def told(o, op, start=0):
    """Frames of that op, without what is the same in all."""
    return [{k: v for k, v in f.items() if k not in ("op", "n", "now")}
            for f in o.frames[start:] if f["op"] == op]


@case("a welcome says who one is, what one may do, and who is there")
def _():
    with Desk() as d:
        ann = d.operator("ann")
        same((ann.welcome["name"], ann.welcome["role"], ann.welcome["people"]),
             ("ann", "admin", [{"name": "ann", "consoles": 1}]))
        assert "as" not in ann.welcome
        d.operator("bob")
        same(ann.command("away lunch"), "ok")
        again = d.operator("ann")
        same(sorted(again.welcome["people"], key=lambda p: p["name"]),
             [{"name": "ann", "consoles": 2, "away": True},
              {"name": "bob", "consoles": 1}])
        # Who comes back is told when it is live: what it missed comes first.
        last = d.operator("bob", seen=1, replay=True)
        same(last.welcome.get("sessions"), [])
        same(sorted((p["name"], p["consoles"]) for p in
                    last.frame(op="live")["people"]), [("ann", 2), ("bob", 2)])


@case("two who ask for the next at once get two customers, and a third none")
def _():
    with Desk() as d:
        ops = [d.operator(name) for name in ("ann", "bob", "carl")]
        customers = [d.line() for _ in range(2)]
        for c in customers:
            c.send("hi\n")
        sids = {ops[0].event("arrived", addr=c.address)["sid"]
                for c in customers}
        for c in customers:
            ops[0].said("hi", sid=ops[0].event("arrived",
                                               addr=c.address)["sid"])
        ids = [o.ask("next") for o in ops]
        answers = [o.answer(i) for o, i in zip(ops, ids)]
        same({f["op"] for f in answers}, {"ok"})
        got = [f.get("sid", 0) for f in answers]
        same((set(got), len(set(got))), (sids | {0}, 3))
        # It is silent until a key is pressed in a text for it.
        ops[0].sync()
        same([e for e in ops[0].events() if e["ev"] == "claim"], [])
        first = next(i for i in range(3) if got[i] != 0)
        ops[first].send(op="types", sid=got[first])
        e = ops[0].event("claim", sid=got[first])
        same((e["who"], e["why"]), (ops[first].welcome["name"], "taken"))


@case("the next is not the one that is being looked at")
def _():
    with Desk() as d:
        o, customers, sids = d.operator(), [d.line(), d.line()], []
        for n, c in enumerate(customers):
            c.send(f"hi {n}\n")
            sids.append(o.said(f"hi {n}")["sid"])
        same(o.answer(o.ask("next", sid=sids[0]))["sid"], sids[1])


@case("who types is told to all others, at once and then now and again")
def _():
    with Desk() as d:
        ann, bob, c = d.operator("ann"), d.operator("bob"), d.line()
        c.send("hi\n")
        sid = ann.said("hi")["sid"]
        for _ in range(size(200)):
            ann.send(op="types", sid=sid)
        ann.sync()
        bob.frame(op="types", name="ann", sid=sid)
        d.operator("late").frame(op="types", name="ann", sid=sid)
        ann.send(op="types")
        bob.frame(lambda f: "sid" not in f, op="types", name="ann")
        for _ in range(size(200)):
            ann.send(op="types", sid=sid)
            ann.send(op="types")
        ann.sync()
        bob.sync()
        assert len(told(bob, "types")) < 40, len(told(bob, "types"))
        same(told(ann, "types"), [])
        same([e["ev"] for e in bob.events() if e["ev"] == "claim"], [])


@case("who types to a customer that a colleague got meanwhile is told")
def _():
    with Desk() as d:
        ann, bob, c = d.operator("ann"), d.operator("bob"), d.line()
        c.send("hi\n")
        sid = ann.said("hi")["sid"]
        same(bob.answer(bob.ask("next"))["sid"], sid)
        same(ann.reply(sid, "mine"), "ok")
        ann.event("claim", sid=sid, who="ann", why="answer")
        bob.event("reply", sid=sid)
        bob.send(op="types", sid=sid)
        f = bob.frame(op="err", sid=sid)
        same(f["code"], "taken")
        assert "ann" in f["text"] and "id" not in f, f
        same(bob.reply(sid, "mine, too"), "taken")
        same(ann.reply(sid, "still mine"), "ok")
        c.until("ann: still mine\n")


@case("who watches whom is told to all others, also to who comes later")
def _():
    with Desk() as d:
        ann, bob = d.operator("ann"), d.operator("bob")
        sids = []
        for n in range(10):
            c = d.line()
            c.send(f"hi {n}\n")
            sids.append(ann.said(f"hi {n}")["sid"])
        bob.said("hi 9")
        ann.send(op="joins", sid=sids[0], since=1)
        ann.send(op="joins", sid=sids[0], since=1)      # which is no news
        ann.send(op="joins", sid=99, since=1)           # nor is that
        since = bob.frame(op="joins", name="ann")["since"]
        ann.sync()
        late = d.operator("late")
        late.sync()
        same(told(late, "joins"),
             [{"name": "ann", "sid": sids[0], "since": since}])
        ann.send(op="joins", sid=sids[0])
        bob.frame(lambda f: "since" not in f, op="joins", sid=sids[0])
        same(len(told(bob, "joins")), 2)
        # No more than eight: the first goes.
        for sid in sids[:9]:
            ann.send(op="joins", sid=sid, since=1)
        bob.frame(op="joins", sid=sids[8])
        same([f["sid"] for f in told(bob, "joins")[2:] if "since" not in f],
             [sids[0]])
        ann.close()
        bob.event("off", who="ann")
        bob.sync()
        same({f["sid"] for f in told(bob, "joins")[-8:]}, set(sids[1:9]))


@case("a note with a key is one note, and no customer reads it")
def _():
    with Desk() as d:
        ann, bob, c = d.operator("ann"), d.operator("bob"), d.line()
        c.send("hi\n")
        sid, key = ann.said("hi")["sid"], "a1" * 16
        for o in (ann, ann, bob):
            same(o.answer(o.ask("note", sid=sid, text="pays late",
                                key=key))["op"], "ok")
        same(ann.command(f"note {sid} is kind"), "ok")
        ann.sync()
        same([(e["who"], e["text"]) for e in ann.events()
              if e["ev"] == "note"], [("ann", "pays late"), ("ann", "is kind")])
        same(ann.answer(ann.ask("note", sid=sid, text=" "))["code"], "usage")
        same(ann.answer(ann.ask("note", sid=99, text="x"))["code"], "unknown")
        same(ann.reply(sid, "hello"), "ok")
        read = c.until("ann: hello\n")
        same(ann.command(f"close {sid}"), "ok")
        read += c.end()
        assert "late" not in read and "kind" not in read, read


@case("a note that the desk has forgotten is not written a second time")
def _():
    with Desk("--rate", "1000000", "--burst", "1000000") as d:
        o, c = d.operator(), d.line()
        c.send("hi\n")
        sid = o.said("hi")["sid"]
        first = o.answer(o.ask("note", sid=sid, text="one", key="b1" * 16))
        for n in range(200):
            same(o.answer(o.ask("note", sid=sid, text=f"{n}",
                                key=f"{n:032x}".replace("0", "c")))["op"],
                 "ok")
        again = o.answer(o.ask("note", sid=sid, text="one", key="b1" * 16))
        same((again["op"], again.get("n")), ("ok", first.get("n")))
        o.sync()
        same([e["text"] for e in o.events() if e["ev"] == "note"].count("one"),
             1)
        # Nor is one whose session has ended.
        same(o.command(f"close {sid}"), "ok")
        c.end()
        o.event("closed", sid=sid)
        same(o.answer(o.ask("note", sid=sid, text="one",
                            key="b1" * 16))["op"], "ok")
        same(o.answer(o.ask("note", sid=sid, text="two",
                            key="d1" * 16))["code"], "closed")


@case("a reply that may be an old one is refused in words, too")
def _():
    with Desk() as d:
        ann, bob, c = d.operator("ann"), d.operator("bob"), d.line()
        c.send("hi\n")
        sid = ann.said("hi")["sid"]
        same(ann.reply(sid, "hello"), "ok")
        for n in range(100):
            same(ann.answer(ann.ask("note", sid=sid, text="x",
                                    key=f"{n:032x}"))["op"], "ok")
        # Now the journal is asked whether it has these keys.
        for n in range(100, 120):
            f = bob.answer(bob.ask("reply", sid=sid, text="me too",
                                   key=f"{n:032x}", seen=1 << 40))
            same(f["code"], "taken")
            assert f"{sid} has been ann's for" in f.get("text", ""), f


@case("what one tells another is for these two alone: now, later and in pages")
def _():
    with Desk() as d:
        ann, bob, eve, c = (d.operator("ann"), d.operator("bob"),
                            d.operator("eve"), d.line())
        c.send("hi\n")
        sid = ann.said("hi")["sid"]
        same(bob.command(f"take {sid}"), "ok")
        same(ann.command("msg bob lunch?"), "ok")
        same(ann.command(f"whisper {sid} ask for the number"), "ok")
        for o in (ann, bob):
            same([o.event("msg", text=t)["who"] for t in
                  ("lunch?", "ask for the number")], ["ann", "ann"])
        for o in (ann, bob, eve):
            o.sync()
        second = d.operator("bob")
        same(bob.reply(sid, "fine"), "ok")
        for name, wants in (("ann", 2), ("bob", 2), ("eve", 0)):
            o = d.operator(name, seen=0, replay=True)
            same((name, len([e for e in o.events() if e["ev"] == "msg"])),
                 (name, wants))
            past, _ = page(o, f"history {sid}")
            same((name, len([e for e in past if e["ev"] == "msg"])),
                 (name, wants // 2))
            o.close()
        same([e for e in eve.events() if e["ev"] == "msg"], [])
        second.sync()
        same(ann.command("msg nobody hello"), "unknown")


@case("a page of the past has the notes where they were written")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        for n in (1, 2):
            c.send(f"row {n}\n")
            sid = o.said(f"row {n}")["sid"]
            same(o.command(f"note {sid} note {n}"), "ok")
        same(o.reply(sid, "done"), "ok")
        past, before = page(o, f"history {sid} 2")
        same([e["text"] for e in past if e["ev"] in ("said", "note", "reply")],
             ["row 2", "note 2", "done"])
        same(before, 1)
        past, before = page(o, f"history {sid} 2 {past[0]['seq']}")
        same(([e["text"] for e in past if e["ev"] != "claim"], before),
             (["row 1", "note 1"], 0))


@case("a session that has ended goes on, with all that is known of it")
def _():
    with Desk() as d:
        o, c = d.operator(), d.line()
        c.send("/name Anna\nhi\nthere\n")
        sid = o.said("there")["sid"]
        same(o.reply(sid, "hello"), "ok")
        same(o.command(f"note {sid} is kind"), "ok")
        same(o.command(f"reopen {sid}"), "usage")
        same(o.command(f"close {sid}"), "ok")
        c.end()
        c.close()
        o.event("closed", sid=sid)
        # It ends just now, until its customer has gone.
        wait_until(lambda: o.command(f"reopen {sid}") == "ok", "it goes on")
        o.event("reopened", sid=sid, who="lin")
        s, = d.operator("late").welcome["sessions"]
        same((s["sid"], s["name"], s["in"], s["out"], s["notes"], s["state"],
              s["words"]), (sid, "Anna", 2, 1, 1, "left", "there"))
        same(o.command("reopen 99"), "unknown")
        same(o.command("reopen"), "usage")
        same(o.command(f"close {sid}"), "ok")


@case("a ping is answered, also while a request is")
def _():
    with Desk() as d:
        o = d.operator()
        for n in range(1, 101):
            o.send(op="ping", id=n)
        o.frame(op="pong", id=100)
        same([f["id"] for f in o.frames if f["op"] == "pong"],
             list(range(1, 101)))
        o.sync()


@case("many links that come and go leave no thread and no descriptor")
def _():
    with Desk() as d:
        o = d.operator()
        before = d.threads(), d.descriptors()
        for n in range(size(200)):
            link = Operator(d.operator_path, f"op{n}" if n % 2 else None)
            link.close()
        wait_until(lambda: (d.threads(), d.descriptors()) == before,
                   "threads and descriptors")
        o.sync()


main("operators")
