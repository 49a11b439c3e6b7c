# SPDX-License-Identifier: GPL-3.0-or-later
"""Power cuts.  What a desk does in its folder and what it says to anybody is
recorded in one order (recorded_calls.c); the record is cut somewhere, and a
journal opened on what a disk may have then (disks.py).  All that was shown or
acknowledged before the cut must be there, byte for byte and with its number,
and nothing that was never appended.

T_SEED chooses other cuts.  When something is wrong the record is kept, and
T_RECORD=FILE with the same seed shows it again."""

import collections
import contextlib
import datetime
import functools
import json
import os
import pickle
import random
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

import disks
import tap
from desk import LIMIT, SANITIZED, Desk, state, wait_until

SEED = int(os.environ.get("T_SEED") or
           datetime.date.today().strftime("%Y%m%d"))
LARGE = 4096                        # pages of a log that the desk checkpoints
IMAGES = tap.size(1000, small=50)   # of each run
RUNS = tap.size(1, full=10)         # so often everything is recorded anew
STARTS = tap.size(20, small=2)      # so many times a desk itself is started
OPEN_STORE = os.path.join(tap.BUILD, "tests", "system", "open_store")
MARK = b'"who":"power-cut"'                 # of open_store's own event
STEADY = re.compile(rb'"at":\d+,')         # of an event, and not stored
WORDS = re.compile(rb"(?:said|reply|udp|answer)-\d+;")
ARGUMENTS = ("--udp", "127.0.0.1:0", "--rate", "1000000", "--burst", "1000000",
             "--udp-rate", "1000000", "--udp-burst", "1000000",
             "--max-line", "65536")


# --- what is recorded -------------------------------------------------------

class Talk:
    """A conversation at a desk: customers of both modes, datagrams, an
    operator who answers them all.  Every message has a word of its own."""

    count = 0

    def __init__(self, desk, log=None):
        self.desk = desk
        self.log = log
        self.operator = desk.operator()
        self._left()
        self.lines = [desk.line() for _ in range(3)]
        self.classics = [desk.classic() for _ in range(2)]
        for c in self.classics:
            c.handshake()
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sender.settimeout(LIMIT)
        port = desk.row("listening on udp ").rpartition(":")[2]
        self.sender.connect(("127.0.0.1", int(port)))
        desk.keep(self.sender)

    @classmethod
    def word(cls, kind):
        cls.count += 1
        return f"{kind}-{cls.count};"

    def _heard(self, kind, text):
        return self.operator.frame(
            lambda f: f["op"] == "ev" and f["ev"]["ev"] == kind and
            f["ev"]["text"].startswith(text), start=self.since)["ev"]

    def _left(self):
        """One who left without an answer: each start looks at that."""
        self.since = len(self.operator.frames)
        c = self.desk.line()
        text = self.word("said")
        c.send(text + "\n")
        sid = self._heard("said", text)["sid"]
        c.reset()
        self.operator.event("gone", sid=sid)

    def _answer(self, customer, sid):
        reply = self.word("reply")
        tap.same(self.operator.reply(sid, reply), "ok")
        customer.until(reply)

    def turn(self, n):
        """Each says something and is answered; the line ones at once, so that
        a round of the desk has several events."""
        self.since = len(self.operator.frames)
        if self.log is not None:
            self._fill_log()
        said = [self.word("said") for _ in self.lines]
        for c, text in zip(self.lines, said):
            c.send(text + " " + "x" * (20000 if n % 10 == 7 else 10) + "\n")
        sids = [self._heard("said", text)["sid"] for text in said]
        for c, sid in zip(self.lines, sids):
            self._answer(c, sid)
        c = self.classics[n % len(self.classics)]
        text = self.word("said")
        c.send(text)
        self._answer(c, self._heard("said", text)["sid"])
        self._datagram()
        if n % 10 == 5:
            self._close(n // 10 % len(self.lines), sids)

    def _datagram(self):
        text = self.word("udp")
        self.sender.send(text.encode())
        self._heard("udp", text)
        to = "{}:{}".format(*self.sender.getsockname())
        answer = self.word("answer")
        tap.same(self.operator.command(f"udp {to} {answer}"), "ok")
        tap.same(self.sender.recv(1000), answer.encode())

    def _fill_log(self):
        """The log is begun anew when it was all put into the journal while
        nobody wrote, so the round that makes it large is followed by nothing:
        a datagram that nobody answers."""
        while self.log.is_nearly_large():
            text = self.word("udp")
            self.sender.send(text.encode())
            self._heard("udp", text)
        self.log.pause()

    def leave(self):
        for c in self.lines + self.classics:
            c.close()

    def _close(self, i, sids):
        tap.same(self.operator.command(f"close {sids[i]}"), "ok")
        self.lines[i].end()
        self.lines[i].close()
        self.lines[i] = self.desk.line()


class Log:
    """The -wal of a desk at work, as its headers and those of the -shm tell."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "journal.db-wal")
        self.index = os.path.join(folder, "journal.db-shm")
        self.began = None

    def is_anew(self):
        """Was it begun anew since this was asked first?"""
        with open(self.path, "rb") as f:
            began = f.read(16)[12:]
        self.began = self.began or began
        return began != self.began

    def _frames(self):
        """How many there are, and how many are in the journal."""
        with open(self.index, "rb") as f:
            header = f.read(100)
        return (struct.unpack_from("=I", header, 16)[0],
                struct.unpack_from("=I", header, 96)[0])

    def is_nearly_large(self):
        return LARGE - 600 <= self._frames()[0] < LARGE

    def pause(self):
        if self._frames()[0] >= LARGE:
            wait_until(lambda: len(set(self._frames())) == 1, "a checkpoint")


Journal = collections.namedtuple("Journal", "id lines")
Record = collections.namedtuple("Record", "rows begin journals")


class Recorder:
    """Desks one after the other on a folder, whose record is one."""

    def __init__(self, stack):
        self.top = stack.enter_context(state())
        self.folder = os.path.join(self.top, "s")
        self.path = os.path.join(self.top, "record")
        self.kill = os.path.join(self.top, "kill")
        self.preload = library(self.top)
        self.journals = []
        os.mkdir(self.folder, 0o700)

    def environment(self):
        return {"LD_PRELOAD": self.preload, "RECORD_TO": self.path,
                "RECORD_OF": self.folder, "RECORD_KILL": self.kill}

    def desk(self, *args):
        return Desk(*ARGUMENTS, *args, folder=self.folder,
                    env=self.environment())

    def stopped(self, turns, *args):
        """A desk that talks, until its log was begun anew if turns is None,
        and stops."""
        with self.desk(*args) as d:
            log = Log(self.folder)
            talk = Talk(d, log if turns is None else None)
            n = 0
            while not log.is_anew() if turns is None else n < turns:
                talk.turn(n)
                n += 1
                assert n < 1000, "the log is never begun anew"
            talk.leave()
            tap.same(d.stop(), 0)

    def killed(self, turns, when):
        """One that dies after some turns: when it has written, before it syncs
        or after it has."""
        with self.desk() as d:
            talk = Talk(d)
            for n in range(turns):
                talk.turn(n)
            with open(self.kill + ".new", "w", encoding="ascii") as f:
                f.write(when)
            os.rename(self.kill + ".new", self.kill)
            with contextlib.suppress(OSError, AssertionError):
                while True:
                    talk.turn(1)
            tap.same(d.wait(), -signal.SIGKILL)
        os.unlink(self.kill)

    def damage(self):
        """Another bit in each copy of what was said first.  None may be in
        the -wal, whose end would be lost with it."""
        with open(self.path, "ab") as record:
            for path, data in disks.read(self.folder).items():
                for found in re.finditer(rb"said-\d+;", data or b""):
                    if found[0] != self.first_word:
                        continue
                    with open(os.path.join(self.folder, path), "r+b") as f:
                        f.seek(found.start())
                        f.write(bytes((found[0][0] ^ 1,)))
                    tap.same(path, "journal.db")
                    name = path.encode()
                    record.write(disks.HEADER.pack(
                        ord("d"), len(name), 1, found.start()) + name)

    def list(self):
        """Notes what the journal has now."""
        copy = os.path.join(self.top, "copy")
        shutil.copytree(self.folder, copy, ignore=lambda _, names: [
            n for n in names if n.endswith(".sock")])
        found = open_store(copy)
        assert found.status == 0, found
        self.journals.append(Journal(found.id, found.lines))
        self.first_word = next(WORDS.search(line)[0] for line in found.lines
                               if b'"said"' in line)
        shutil.rmtree(copy)

    def record(self, begin=0):
        with open(self.path, "rb") as f:
            return Record(list(disks.rows(f.read())), begin, self.journals)


def library(folder):
    path = os.path.join(folder, "recorded_calls.so")
    try:
        subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-shared",
                        "-fPIC", "-o", path,
                        os.path.join(tap.HERE, "recorded_calls.c"), "-ldl"],
                       check=True)
    except (OSError, subprocess.CalledProcessError):
        raise tap.Skip("no library can be preloaded here") from None
    return path


def when(rng, kinds):
    """The row at which a desk dies."""
    return f"{rng.choice(kinds)} {rng.randint(1, 20)}"


def record_first():
    """The first start in a folder, and hardly more."""
    with contextlib.ExitStack() as stack:
        r = Recorder(stack)
        r.stopped(1)
        r.list()
        return r.record()


def record_life(rng):
    """A desk that stops, one that is killed when it has written and not yet
    synced, one that is killed anywhere, and one that goes on."""
    with contextlib.ExitStack() as stack:
        r = Recorder(stack)
        r.stopped(None)
        r.killed(3, when(rng, "b"))
        r.killed(3, when(rng, "wbe"))
        r.stopped(3)
        r.list()
        return r.record()


def record_begin_new(rng, killed):
    """A damaged journal, stopped or killed, and a desk that begins anew."""
    with contextlib.ExitStack() as stack:
        r = Recorder(stack)
        if killed:
            r.stopped(6)
            r.killed(3, when(rng, "wwbe"))
        else:
            r.stopped(3)
        r.list()
        r.damage()
        begin = len(r.record().rows)
        r.stopped(2, "--begin-new")
        r.list()
        assert r.journals[0].id != r.journals[1].id, "nothing was damaged"
        return r.record(begin)


@functools.cache
def records(seed):
    if SANITIZED:
        raise tap.Skip("a sanitizer has calls of its own")
    if "T_RECORD" in os.environ:
        with open(os.environ["T_RECORD"], "rb") as f:
            return pickle.load(f)
    rng = random.Random(seed)
    return {"first": record_first(),
            "life": record_life(rng),
            "stopped": record_begin_new(rng, False),
            "killed": record_begin_new(rng, True)}


# --- what was shown ---------------------------------------------------------

class Witness:
    """What somebody knows of the journals when the record is cut somewhere:
    of each one how many of its events, and the highest number."""

    def __init__(self, journals):
        self.known = [0] * len(journals)
        self.highest = 0
        self.peers = {}             # descriptor: address
        self.heard = collections.defaultdict(bytes)     # by descriptor
        self.where = {}             # anything that shows it: journal, place
        for j, journal in enumerate(journals):
            for place, line in enumerate(journal.lines):
                self._index(json.loads(line)["ev"], line, (j, place))

    def _index(self, event, line, where):
        self.where[line] = where + (event["seq"],)
        for word in WORDS.findall(line):
            self.where[word] = self.where[line]
        if event["ev"] == "arrived":
            self.where.setdefault(event["addr"], event["sid"])
        if event["ev"] in ("said", "reply"):
            self.where[event["ev"], event["sid"], event["n"]] = \
                self.where[line]

    def play(self, row):
        kind, fd, _, data = row
        if kind == "p":
            self.peers[fd] = data.decode()
            self.heard[fd] = b""
        elif kind == "c":
            self.peers.pop(fd, None)
        elif kind == "s" and self.peers.get(fd) == "unix":
            *lines, self.heard[fd] = (self.heard[fd] + data).split(b"\n")
            for line in lines:
                self._frame(line)
        elif kind == "s":
            self._words(fd, data)

    def _frame(self, line):
        if line.startswith(b'{"op":"ev"'):
            self._know(STEADY.sub(b"", line))
        elif line.startswith(b'{"op":"ok"'):
            f = json.loads(line)
            if f.get("n") and f.get("sid"):
                self._know(("reply", f["sid"], f["n"]))

    def _words(self, fd, data):
        """What a customer hears, or is said on standard error."""
        data = self.heard[fd] + data
        for word in WORDS.findall(data):
            self._know(word)
        if b"Received. " in data:
            self._know(("said", self.where[self.peers[fd]], 1))
        self.heard[fd] = data[-20:]

    def _know(self, what):
        assert what in self.where, f"shown and never stored: {what}"
        j, place, seq = self.where[what]
        self.known[j] = max(self.known[j], place + 1)
        self.highest = max(self.highest, seq)


# --- what is found ----------------------------------------------------------

Found = collections.namedtuple("Found", "status why id seq sid lines")


def open_store(folder, *args, env=None):
    done = subprocess.run([OPEN_STORE, folder, *args], capture_output=True,
                          timeout=LIMIT, check=False,
                          env={**os.environ, **(env or {})})
    first, *lines = done.stdout.split(b"\n")[:-1] or [b"- 0 0"]
    id_, seq, sid = first.split()
    while lines and MARK in lines[-1]:
        lines.pop()
    return Found(done.returncode, done.stderr.decode(), id_, int(seq),
                 int(sid), lines)


class Cut:
    """One place in a record, what was known there, and an image."""

    def __init__(self, record, witness, old, what):
        self.record = record
        self.known = list(witness.known)
        self.highest = witness.highest
        self.old = old              # {name: File} of a damaged journal
        self.what = what

    def faults(self, image, before=None):
        """What is wrong with an image.  before: what was found there once,
        before a start on it was cut."""
        with tempfile.TemporaryDirectory(prefix="dw", dir="/tmp") as top:
            folder = os.path.join(top, "s")
            if not self._is_healed(before):
                yield from self._old_is_whole(image)
            disks.write(image, folder)
            found = open_store(folder)
            if found.status == 2 and self.may_be_refused():
                found = open_store(folder, "begin-new")
            yield from self._compare(found, before)

    def may_be_refused(self):
        """Only while nobody was shown anything of a new journal."""
        return bool(self.old) and not self.known[-1]

    def _is_healed(self, before):
        """A -wal that was not yet removed has the damaged page as it was, and
        then the journal goes on."""
        return before is not None and before.id == self.record.journals[0].id

    def _old_is_whole(self, image):
        for name, file in self.old.items():
            places = [path for path in image
                      if os.path.basename(path) == name]
            if not any(file.is_in(image[path]) for path in places):
                yield f"the old {name} is nowhere whole: {sorted(image)}"

    def _compare(self, found, before):
        if found.status != 0:
            yield f"does not open: {found.why}"
            return
        ids = [j.id for j in self.record.journals]
        j = ids.index(found.id) if found.id in ids else len(ids)
        if j < len(ids):
            lines, known = self.record.journals[j].lines, self.known[j]
            newer = sum(self.known[j + 1:])
        else:                       # one that was begun on this image
            lines, known = [], 0
            newer = 0 if self.may_be_refused() else sum(self.known)
        if newer:
            yield f"shown and lost: {newer} events of another journal"
        yield from self._compare_lines(found, lines, known, before)

    def _compare_lines(self, found, lines, known, before):
        if found.lines != lines[:len(found.lines)]:
            yield "not the events that were appended"
        if len(found.lines) < known:
            yield f"shown and lost: {known - len(found.lines)} events"
        if found.seq < self.highest:
            yield f"numbers after {found.seq} are used twice"
        if before is not None and before.id == found.id and \
                found.lines != before.lines:
            yield f"{len(before.lines)} events were there before"


def with_garbage(image, rng):
    """A -shm is not synced and means nothing after a crash."""
    for path in [p for p in image if p.endswith("-shm")]:
        how = rng.randrange(3)
        if how == 0:
            del image[path]
        elif how == 1:
            image[path] = rng.randbytes(len(image[path]))
    return image


def cut_start(cut, image, rng, preload):
    """A start on the image is recorded and cut again.  Returns what it found
    and what is on the disk then."""
    with tempfile.TemporaryDirectory(prefix="dw", dir="/tmp") as top:
        folder = os.path.join(top, "s")
        disks.write(image, folder)
        env = {"LD_PRELOAD": preload, "RECORD_TO": os.path.join(top, "r"),
               "RECORD_OF": folder}
        args = []
        if cut.may_be_refused() and rng.random() < 0.7:
            args = ["begin-new"]
        found = open_store(folder, *args, env=env)
        with open(env["RECORD_TO"], "rb") as f:
            rows = list(disks.rows(f.read()))
        disk = disks.Disk(image)
        n = rng.randint(0, len(rows))
        for row in rows[:n]:
            disk.play(row)
        return found, with_garbage(
            disk.image(rng, rng.choice(disks.Choice.KINDS)), rng)


def choose(record, rng, n):
    """Where to cut, in order.  Half of the cuts are where it matters: just
    behind what was sent or synced, and among names and the journal's own
    pages."""
    rows = record.rows
    marks = collections.defaultdict(list)
    of = {"s": "shown", "e": "synced", "o": "names",
          "u": "names", "m": "moved", "r": "moved", "t": "names"}
    files = {}
    for at in range(record.begin, len(rows)):
        kind, id_, _, data = rows[at]
        if kind == "o":
            files[id_] = data
        if kind == "w" and files.get(id_) == b"journal.db":
            marks["pages"].append(at + 1)
        elif kind in of:
            marks[of[kind]].append(at + 1)
    places = [rng.randint(record.begin, len(rows)) for _ in range(n // 2)]
    places += [rng.choice(marks[rng.choice(sorted(marks))])
               for _ in range(n - n // 2)]
    return sorted(places)


def cuts(seed, name, rng, n, syncs=True):
    """Each cut with an image."""
    record = records(seed)[name]
    witness = Witness(record.journals)
    disk = disks.Disk(syncs=syncs)
    old = {}
    at = 0
    for number, place in enumerate(choose(record, rng, n)):
        for at in range(at, place):
            disk.play(record.rows[at])
            witness.play(record.rows[at])
            if at + 1 == record.begin:
                old = {path: file.copy()
                       for path, file in disk.names.now.items()
                       if path.startswith("journal.db") and file and
                       not path.endswith("-shm")}
        at = place
        kind = rng.choice(disks.Choice.KINDS)
        cut = Cut(record, witness, old,
                  f"{name}, cut {number} of {n} at row {place}, {kind}")
        yield cut, with_garbage(disk.image(rng, kind), rng)


# --- the tests --------------------------------------------------------------

def keep_record(seed):
    path = os.environ.get("T_RECORD") or os.path.join(
        tap.BUILD, "tests", "system", f"powercuts-{seed}.record")
    if "T_RECORD" not in os.environ:
        with open(path, "wb") as f:
            pickle.dump(records(seed), f)
    return path


def each_run(find):
    """What find(seed) says is wrong, with what shows it again."""
    wrong = []
    for seed in range(SEED, SEED + RUNS):
        found = list(find(seed))
        if found:
            found.append(f"T_SEED={seed} T_SIZE={tap.SIZE} "
                         f"T_RECORD={keep_record(seed)} shows it again")
        wrong += found
    return wrong


def plain(seed, name, n):
    rng = random.Random(f"{seed} {name}")
    for cut, image in cuts(seed, name, rng, n):
        for fault in cut.faults(image):
            yield f"{cut.what}: {fault}"


def again(seed, name, n):
    """The start is cut as well, once or several times."""
    rng = random.Random(f"{seed} {name} again")
    with state() as folder:
        preload = library(folder)
        for cut, image in cuts(seed, name, rng, n):
            before = None
            while before is None or rng.random() < 0.3:
                found, image = cut_start(cut, image, rng, preload)
                before = before or found
            for fault in cut.faults(image, before):
                yield f"{cut.what}, start cut: {fault}"


def without_syncs(seed):
    rng = random.Random(f"{seed} without")
    found = [list(cut.faults(image)) for cut, image in
             cuts(seed, "life", rng, max(10, IMAGES // 10), syncs=False)
             if any(cut.known)]
    lost = [fault for faults in found for fault in faults
            if fault.startswith("shown and lost")]
    # About two of three are found; of ten, fewer than half are now and then.
    if not lost or len([f for f in found if f]) < len(found) // 5:
        yield f"found only {found}"


def starts(seed):
    """A desk shows what is found without one."""
    rng = random.Random(f"{seed} starts")
    for cut, image in cuts(seed, "life", rng, STARTS):
        with state() as folder:
            os.rmdir(folder)
            disks.write(image, folder)
            with Desk(folder=folder) as d:
                o = d.operator(seen=0, replay=True)
                lines = cut.record.journals[0].lines[:cut.known[0]]
                events = [json.loads(line)["ev"] for line in lines]
                if o.events()[:len(events)] != events:
                    yield f"{cut.what}: shown and lost"


def each(find, **images):
    """Of several records, so many images each."""
    return lambda: each_run(lambda seed: [
        fault for name, n in images.items() for fault in find(seed, name, n)])


tap.run(
    "powercuts",
    ("after a power cut all is there that was shown or acknowledged, and "
     "nothing that was never appended",
     each(plain, first=IMAGES // 10, life=IMAGES * 4 // 10)),
    ("the same when the power is cut during the start that follows",
     each(again, first=IMAGES // 20, life=IMAGES * 3 // 20)),
    ("a cut during --begin-new leaves the old journal whole and uses no number "
     "twice", each(plain, stopped=IMAGES // 10, killed=IMAGES // 10)),
    ("the same when the start that follows is cut",
     each(again, stopped=IMAGES // 20, killed=IMAGES // 20)),
    ("without the record's syncs the same comparison finds what is lost",
     lambda: each_run(without_syncs)),
    ("the desk itself starts on such a disk, and shows the same",
     lambda: each_run(starts)))
