# SPDX-License-Identifier: GPL-3.0-or-later
"""The desk's half of make bench: each row is measured on real desks, `deskwire
serve` on port 0 in a folder of its own.  Each part below measures the rows
that need the same desks; both builds are measured in the same rounds."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time

from desk_programs import (Desk, Load, Lost, Screen, Wal, cpu_us, few_files,
                           folder, most_customers, resident_kib, stack_kib,
                           threads, wake_ups)
from desk_rows import LONGEST, MANY, SOME, Rows, each_row
from table import NOW

TALKING, WINDOW = 512, 16
ANSWERED = 4                    # one of so many messages
BUSY = 700, 10                  # messages a second, one of ten the selected's
CALM = 25, 1                    # all of them the selected customer's
LINES, LINES_OF = 2000, 20      # a second, of so many customers
RECORD = 250                    # bytes of a message in a bare log
MESSAGES_AN_EXCHANGE = 2        # what was said, and its answer


def put_times(pair, of, times):
    """Of desk_times_print(): count, p50, p95, p99, most."""
    pair[0].put(of, times[1] if times[0] else None)
    pair[1].put(of, times[3] if times[0] else None)


class Staffed:
    """A desk with customers and an operator, among others of the stack."""

    def __init__(self, bench, stack, build, customers, in_memory=False):
        self.bench = bench
        self.stack = stack
        if customers > most_customers():
            raise Lost(few_files())
        self.desk = stack.enter_context(Desk(build, in_memory))
        self.load = stack.enter_context(Load(bench, self.desk))
        self.load.ask("operator")
        before = resident_kib(self.desk.pid), threads(self.desk.pid)
        self.dialled = self.load.dial(customers)
        self.kib = (resident_kib(self.desk.pid) - before[0]) / customers
        self.threads = (threads(self.desk.pid) - before[1]) / customers

    def screen(self):
        return self.stack.enter_context(Screen(self.bench, self.desk))

    def cpu_of(self, *command):
        """What the load says of it, and us of the desk a message."""
        before = cpu_us(self.desk.pid)
        said = self.load.ask(*command)
        if not said["seen"]:
            raise Lost("no message arrived")
        return said, (cpu_us(self.desk.pid) - before) / said["seen"]


class Half:
    def __init__(self, bench):
        self.bench = bench
        self.rows = Rows(bench.table("desk", "The desk").row)
        self.cpu_curve = bench.curve(
            "cpu_sessions", "CPU a message against sessions", x="sessions",
            y="CPU a message, us", log_x=True)
        self.memory_curve = bench.curve(
            "memory_sessions", "Memory of a session against sessions",
            x="sessions", y="resident memory of each, KiB", log_x=True)
        self.start_curve = bench.curve(
            "start_events", "Start time against events", x="events",
            y="start, ms", log_x=True)

    def ms(self, quick, full):
        return full if self.bench.full else quick

    def rounds(self, of_each):
        """Rounds over what each build has; none where that is nothing."""
        return self.bench.rounds("desk", of_each) if of_each else ()

    def program(self, name, *words):
        argv = [os.path.join(self.bench.build, "tests/bench", name), *words]
        return subprocess.run([str(word) for word in argv], check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def log(self, *words):
        """A bare log in the folder in which desks are."""
        where = folder()
        try:
            return json.loads(self.program(
                "desk_log", os.path.join(where, "log"), *words))
        finally:
            shutil.rmtree(where)

    def staffed(self, stack, customers, in_memory=False):
        return [(of, Staffed(self.bench, stack, build, customers, in_memory))
                for of, build in self.bench.builds()]


def series(of):
    return "the desk" if of == NOW else f"the desk, {of}"


# --- many messages -----------------------------------------------------------

def talk(half):
    """Stored and shown, as fast as it goes; and what the disk takes."""
    rows = half.rows
    with contextlib.ExitStack() as stack:
        desks = half.staffed(stack, TALKING)
        for _, s in desks:
            s.load.ask("flood", 200, WINDOW)
        for turn in half.rounds(desks):
            for of, s in turn:
                said, cpu = s.cpu_of("flood", half.ms(900, 3000), WINDOW)
                rows.rate.put(of, said["rate"])
                rows.rate_cpu.put(of, cpu)
            log = half.log(TALKING, RECORD, half.ms(200, 1000), 0)
            rows.log_rate.put(NOW, log["rate"])
    for of, _ in half.bench.builds():
        rows.of_log.ratio(rows.rate, of=of, base=NOW, under=rows.log_rate)


# --- many sessions -----------------------------------------------------------

class Crowds:
    """Desks with ever more customers, journals in memory, all at once, so that
    one round has figures of each."""

    def __init__(self, half, stack):
        sizes = (1, 100, SOME, 5000, MANY) if half.bench.full else \
            (1, SOME, MANY)
        self.half = half
        self.sizes = [n for n in sizes if n <= most_customers()]
        self.desks = []
        for n in self.sizes:
            half.bench.progress(f"desk: {n:,} customers connect")
            self.desks += [(of, n, s) for of, s in
                           half.staffed(stack, n, in_memory=True)]

    def of(self, size):
        return [(of, s) for of, n, s in self.desks if n == size]

    def connects(self):
        rows = self.half.rows
        for of, s in self.of(MANY):
            rows.connect.put(of, s.dialled["ms"] / 1000)
            rows.lost.put(of, MANY - s.dialled["greeted"])

    def memory(self):
        rows = self.half.rows
        for of, n, s in self.desks:
            if n == 1:
                continue
            self.half.memory_curve.put(series(of), n, s.kib)
            if n == self.sizes[-1]:
                rows.memory.put(of, s.kib)
                rows.stack.put(of, s.threads * stack_kib())

    def cpu(self):
        rows = self.half.rows
        for turn in self.half.rounds(self.desks):
            for of, n, s in turn:
                _, cpu = s.cpu_of("pace", BUSY[0],
                                  self.half.ms(700, 3000), ANSWERED, 0)
                self.half.cpu_curve.put(series(of), n, cpu)
                if n in rows.cpu:
                    rows.cpu[n].put(of, cpu)
        for of, _ in self.half.bench.builds():
            rows.flat.ratio(rows.cpu[MANY], of=of, base=of, under=rows.cpu[1])

    def software(self):
        """Enter to the operator when no disk is waited for."""
        rows = self.half.rows
        desks = [(of, s, s.screen()) for of, s in self.of(SOME)]
        for _, _, screen in desks:
            screen.select(1)
        for turn in self.half.rounds(desks):
            for of, s, screen in turn:
                ms = self.half.ms(700, 3000)
                said, _ = enter_and_back(s, screen, ms, *BUSY)
                rows.software.put(of, said["in"][1])
                _, seen = enter_and_back(s, screen, ms, *CALM)
                rows.software_calm.put(of, seen[1] if seen[0] else None)

    def first_screens(self):
        rows = self.half.rows
        for turn in self.half.rounds(self.of(MANY)):
            for of, s in turn:
                with Screen(self.half.bench, s.desk) as screen:
                    rows.prompt.put(of, screen.first["prompt_ms"])
                rows.snapshot.put(of, snapshot_ms(s.desk.socket))

    def kills(self):
        """Each start is from what the kill has left, copied to the disk."""
        killed = self.of(MANY)
        for _, s in killed:
            s.desk.kill()
        for turn in self.half.rounds(killed):
            for of, s in turn:
                self.half.rows.killed.put(of, restart_ms(s.desk))


def enter_and_back(s, screen, ms, rate, probe):
    """Messages, one of `probe` from the customer whom the console has selected
    and answers.  What the load says, and when those came to the terminal."""
    screen.tell("watch", ms, ANSWERED)
    said = s.load.ask("pace", rate, ms, ANSWERED, probe)
    return said, screen.hear()["seen"]


def snapshot_ms(path):
    """From the connection of a console until it is live."""
    began = time.monotonic()
    end = b""
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(path)
        link.sendall(b'{"op":"hello","v":1,"name":"probe"}\n')
        while b'"op":"live"' not in end:
            some = link.recv(1 << 20)
            if not some:
                raise Lost("the desk ended a link")
            end = (end + some)[-200:]
    return (time.monotonic() - began) * 1000


def restart_ms(desk):
    where = folder()
    state = os.path.join(where, "state")
    try:
        shutil.copytree(desk.folder, state,
                        ignore=shutil.ignore_patterns("*.sock*"))
        os.sync()
        with Desk(desk.build, state=state, limits=()) as again:
            return again.start_ms
    finally:
        shutil.rmtree(where)


def crowds(half):
    rows = half.rows
    with contextlib.ExitStack() as stack:
        c = Crowds(half, stack)
        c.connects()
        c.memory()
        if half.bench.wanted(*names(rows.cpu, rows.flat)):
            c.cpu()
        if half.bench.wanted(*names(rows.software, rows.software_calm)):
            c.software()
        if half.bench.wanted(*names(rows.prompt, rows.snapshot)):
            c.first_screens()
        if half.bench.wanted(rows.killed.name):
            c.kills()
    if MANY > most_customers():
        for row in (rows.cpu[MANY], rows.flat, rows.connect, rows.lost,
                    rows.prompt, rows.snapshot, rows.killed):
            row.miss(NOW, few_files())


# --- one message -------------------------------------------------------------

def wal(half):
    """One message, its answer, and word that this was taken, each in a COMMIT
    of its own."""
    exchanges = 300 if half.bench.full else 25
    with contextlib.ExitStack() as stack:
        for turn in half.rounds(half.staffed(stack, 1)):
            for of, s in turn:
                half.rows.wal.put(of, wal_kb(s, exchanges))


def wal_kb(s, exchanges):
    """A message.  An exchange in which the -wal began anew is not counted."""
    wal_file, counted = Wal(s.desk.folder), 0
    for _ in range(exchanges):
        s.load.ask("exchange")
        counted += wal_file.take()
    return wal_file.bytes / counted / MESSAGES_AN_EXCHANGE / 1000


def wal_event(half):
    """By the store alone, in a journal that has grown."""
    if not half.bench.full:
        half.rows.wal_event.miss(NOW, "with BENCH_FULL")
        return
    where = folder()
    try:
        half.rows.wal_event.put(
            NOW, float(half.program("journal", "wal", where, 3000)) / 1000)
    finally:
        shutil.rmtree(where)


def enter(half):
    """Enter to the operator and back, and the disk's own syncs between."""
    rows = half.rows
    with contextlib.ExitStack() as stack:
        desks = [(of, s, s.screen()) for of, s in half.staffed(stack, SOME)]
        for _, _, screen in desks:
            screen.select(1)
        for turn in half.rounds(desks):
            for of, s, screen in turn:
                ms = half.ms(1000, 5000)
                said, seen = enter_and_back(s, screen, ms, *BUSY)
                put_times(rows.enter, of, said["in"])
                put_times(rows.back, of, said["back"])
                put_times(rows.screen, of, seen)
                said, seen = enter_and_back(s, screen, ms, *CALM)
                put_times(rows.calm, of, seen)
                put_times(rows.typed, of, said["typed"])
            log = half.log(1, RECORD, half.ms(600, 2000), 1000)
            put_times(rows.sync, NOW, log["sync"])
    for pair, row in rows.beyond:
        for of, _ in half.bench.builds():
            for p99, sync in zip(pair[1].figures[of],
                                 rows.sync[1].figures[NOW]):
                row.put(of, None if p99 is None else p99 - sync)


# --- the console -------------------------------------------------------------

def keys(half):
    rows = half.rows
    with contextlib.ExitStack() as stack:
        desks = [(of, s, s.screen())
                 for of, s in half.staffed(stack, LINES_OF)]
        for _, _, screen in desks:
            screen.select(1)
        for turn in half.bench.rounds("desk", desks, quick=1):
            for of, s, screen in turn:
                idle(half, of, s, screen)
        for turn in half.rounds(desks):
            for of, s, screen in turn:
                echo, a_line = press(half, s, screen, 0)
                put_echo(rows.keys_p50, of, echo, 1)
                put_echo(rows.keys, of, echo, 2)
                rows.keys_bytes.put(of, a_line)
                echo, a_line = press(half, s, screen, 1)
                put_echo(rows.keys_all, of, echo, 2)
                rows.keys_all_bytes.put(of, a_line)


def put_echo(row, of, times, which):
    row.put(of, times[which] if times[0] else None)


def press(half, s, screen, probe):
    """How long echoes took, and bytes a line."""
    ms = half.ms(800, 5000)
    screen.tell("keys", ms)
    said = s.load.ask("pace", LINES, ms, 0, probe)
    shown = screen.hear()
    return shown["echo"], shown["bytes"] / max(1, said["seen"])


def idle(half, of, s, screen):
    """What a desk and a console do when nothing happens; first what was shown
    a moment ago comes to its end."""
    screen.ask("idle 1100")
    both = s.desk.pid, screen.pid
    before = sum(map(wake_ups, both))
    half.rows.idle_bytes.put(of, screen.ask("idle 1000")["bytes"])
    half.rows.idle_wakes.put(of, sum(map(wake_ups, both)) - before)


# --- starts ------------------------------------------------------------------

def starts(half):
    rows = half.rows
    for events, row in rows.starts.items():
        if not half.bench.wanted(row.name):
            continue
        if events == LONGEST and not half.bench.full:
            row.miss(NOW, "with BENCH_FULL")
            continue
        half.bench.progress(f"desk: a journal of {events:,} events")
        where = folder()
        try:
            half.program("journal", "fill", where, events)
            start_on(half, row, where, events)
        finally:
            shutil.rmtree(where)


def start_on(half, row, where, events):
    """The first start also closes the sessions that the journal left open."""
    for turn in half.rounds(half.bench.builds()):
        for of, build in turn:
            with Desk(build, state=where) as desk:
                row.put(of, desk.start_ms)
                half.start_curve.put(series(of), events, desk.start_ms)


# --- all of it ---------------------------------------------------------------

def names(*rows):
    return [row.name for row in each_row(rows)]


def parts(rows):
    """Each with its rows."""
    return [
        (talk, [rows.rate, rows.log_rate, rows.of_log, rows.rate_cpu]),
        (crowds, [rows.cpu, rows.flat, rows.memory, rows.stack, rows.software,
                  rows.software_calm, rows.killed, rows.prompt,
                  rows.snapshot, rows.connect, rows.lost]),
        (wal, [rows.wal]),
        (wal_event, [rows.wal_event]),
        (enter, [rows.enter, rows.calm, rows.screen, rows.back, rows.typed,
                 rows.sync, [row for _, row in rows.beyond]]),
        (keys, [rows.keys_p50, rows.keys, rows.keys_bytes, rows.keys_all,
                rows.keys_all_bytes, rows.idle_bytes, rows.idle_wakes]),
        (starts, [rows.starts]),
    ]


def measure(bench):
    half = Half(bench)
    if not os.path.isdir("/proc/self/task"):
        for _, rows in parts(half.rows):
            for row in each_row(rows):
                row.miss(NOW, "/proc is not mounted here")
        return
    for part, rows in parts(half.rows):
        if not bench.wanted(*names(rows)):
            continue
        bench.progress(f"desk: {part.__name__}")
        try:
            part(half)
        except (Lost, OSError, subprocess.CalledProcessError) as why:
            for row in each_row(rows):
                if row.median() is None:
                    row.miss(NOW, str(why))
