# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the desk's table, with their goals, in their order."""

from table import at_least, at_most

SOME, MANY = 1000, 10000                            # customers
SHORT, LONG, LONGEST = 10 ** 4, 10 ** 6, 10 ** 7    # journals, in events


class Rows:
    """In the order of the table."""

    def __init__(self, row):
        self.rate = row(
            "desk_rate", "stored and shown messages a second, 512 talk",
            digits=0, goal=at_least(1.5, of_before=True), stretch="45,000")
        self.log_rate = row(
            "desk_log", "records of 512 in a bare log, a second", digits=0)
        self.of_log = row("desk_of_log", "messages beside the bare log's",
                          "×", digits=3)
        self.rate_cpu = row("desk_rate_cpu", "CPU a message, 512 talk", "us")
        self.cpu = {n: row(f"desk_cpu_{n}",
                           f"CPU a message, {n:,} sessions, 700/s", "us")
                    for n in (1, SOME, MANY)}
        self.flat = row("desk_flat", "CPU a message, 10,000 sessions beside 1",
                        "×", digits=2, goal=at_most(1.10))
        self.memory = row("desk_memory", "memory of a quiet customer", "KiB",
                          goal=at_most(12.5))
        self.stack = row("desk_stack", "kernel stack of a quiet customer",
                         "KiB", digits=0, goal=at_most(16))
        self.wal = row("desk_wal", "WAL a message, one a commit", "KB",
                       digits=2, goal=at_most(7))
        self.wal_event = row(
            "wal_bytes", "WAL an event after 300,000 others", "KB", digits=2)
        self.enter = latency(row, "enter", "Enter to the operator's socket")
        self.calm = latency(row, "calm", "Enter to the operator's terminal, "
                            "nobody else talks")
        self.screen = latency(row, "screen",
                              "Enter to the terminal among 700/s")
        self.back = latency(row, "back", "reply to the customer")
        self.typed = latency(row, "typed", "typed reply to the customer")
        self.sync = latency(row, "sync", "a bare sync of the disk")
        beyond = {"unit": "ms", "digits": 2, "goal": at_most(3)}
        self.beyond = [
            (self.enter, row("enter_beyond", "Enter to the operator's socket, "
                             "p99 beyond the sync's", **beyond)),
            (self.calm, row("calm_beyond", "Enter to the operator's terminal, "
                            "p99 beyond the sync's", **beyond)),
            (self.back, row("back_beyond", "reply to the customer, p99 beyond "
                            "the sync's", **beyond))]
        self.software = row("software", "Enter to the operator's socket "
                            "without a disk, p50", "ms", digits=3,
                            goal=at_most(0.3))
        self.software_calm = row(
            "software_calm", "Enter to the terminal without a disk, p50", "ms",
            digits=3, goal=at_most(0.3))
        self.keys_p50 = row("keys_p50", "keys echoed, 2,000 lines/s, one of "
                            "20 selected, p50", "ms", digits=2,
                            goal=at_most(5))
        self.keys = row("keys_p95", "keys echoed, one of 20 selected, p95",
                        "ms", digits=2, goal=at_most(5))
        self.keys_bytes = row("keys_bytes", "bytes to the terminal a line",
                              goal=at_most(25))
        self.keys_all = row("keys_all_p95", "keys echoed, all 2,000 lines/s "
                            "the selected one's, p95", "ms", digits=2,
                            goal=at_most(5))
        self.keys_all_bytes = row(
            "keys_all_bytes", "bytes to the terminal a line, all selected")
        self.idle_bytes = row("idle_bytes", "bytes to the terminal in an idle "
                              "second", digits=0, goal=at_most(0))
        self.idle_wakes = row("idle_wakes", "wake-ups of desk and console in "
                              "an idle second", digits=0, goal=at_most(0))
        self.starts = {n: row(f"start_{n}", f"start, {n:,} events", "ms",
                              goal=at_most(1000))
                       for n in (SHORT, LONG, LONGEST)}
        self.killed = row("start_killed", "start, 10,000 open sessions after "
                          "a kill", "ms", goal=at_most(500))
        self.prompt = row("attach_prompt", "attach with 10,000 sessions, "
                          "until its prompt", "ms", goal=at_most(50))
        self.snapshot = row("attach_snapshot", "snapshot of 10,000 sessions",
                            "ms", goal=at_most(50))
        self.connect = row("connect", "10,000 connect and are greeted", "s",
                           digits=2)
        self.lost = row("connect_lost", "lost of 10,000 who connect", digits=0,
                        goal=at_most(0))


def latency(row, name, what):
    return [row(f"{name}_p50", f"{what}, p50", "ms", digits=2),
            row(f"{name}_p99", f"{what}, p99", "ms", digits=2)]


def each_row(rows):
    """All rows of a nest of lists and dicts."""
    if isinstance(rows, dict):
        rows = list(rows.values())
    if isinstance(rows, (list, tuple)):
        return [found for row in rows for found in each_row(row)]
    return [rows]
