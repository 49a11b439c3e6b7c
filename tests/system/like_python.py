# SPDX-License-Identifier: GPL-3.0-or-later
"""Our sockets beside Python's own: both take the same steps, and every outcome
is the same but for the deviations below.  A deviation that is not there any
more is a failure too."""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import tap

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = os.path.join(tap.BUILD, "tests/system/like_python_steps")
THEIRS = os.path.join(HERE, "like_python_steps.py")
LIMIT = 120     # seconds for each

STREAMS = "tcp4 tcp6 unix seqpacket"
ALL = STREAMS + " udp4 udp6 unixgram"
FILES = "tcp4 tcp6 unix"

# step, of which kinds, Python's outcome, ours, why ours is better
DEVIATIONS = [
    ("fromfd_nonblocking", ALL, "1", "0",
     "deadlines are the kernel's, so every descriptor is blocking"),
    ("timeout_nonblocking_fd", ALL, "1", "0",
     "the same; another program that gets the descriptor sees no EAGAIN"),
    ("listen_nonblocking_fd", STREAMS, "0", "1",
     "an accept that is to end cannot be caught by a vanished connection"),
    ("timeout_huge", ALL, "bad argument", "ok",
     "more than the clock holds means for ever"),
    ("option_rcvtimeo", ALL, "ok", "bad argument",
     "the library keeps its limits there; it would be silently lost"),
    ("sendto_peer", "unix", "EISCONN", "1",
     "the peer's own address is no contradiction, as for datagrams"),
    ("full_connect_ex", "tcp4 tcp6", "EAGAIN", "ETIMEDOUT",
     "a passed limit is called that"),
    ("full_connect", "unix seqpacket", "EAGAIN", "timeout",
     "a limit is waited for, not only given"),
    ("full_connect_ex", "unix seqpacket", "EAGAIN", "ETIMEDOUT",
     "the same"),
    ("file_nothing_0", FILES, "''", "nothing yet",
     "nothing yet is not the end of the file"),
    ("file_after_timeout", FILES, "cannot read from timed out object",
     "'late' and LF", "a file goes on after a time-out"),
    ("file_socket_closed", FILES, "'more' and LF", "EBADF",
     "closed is closed, and the descriptor free, whoever has a file"),
    ("create_connection", "tcp4", "127.0.0.1 port P timeout=10",
     "127.0.0.1 port P timeout=none",
     "the limit for connecting is not one for reading"),
    ("create_connection_port", "tcp4", "ECONNREFUSED", "bad argument",
     "65536 is not port 0"),
    ("recvfrom_a_part", "udp4 udp6 unixgram", "...", "..., cut",
     "a cut datagram is told"),
]


def run(command):
    """The rows as (kind, step, outcome), or what went wrong."""
    with tempfile.TemporaryDirectory(prefix="dw", dir="/tmp") as folder:
        done = subprocess.run([*command, folder], text=True, check=False,
                              timeout=LIMIT, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
    rows = done.stdout.splitlines()
    if done.returncode != 0 or not rows or rows[-1] != "end":
        return [], [f"{command[0]} ended with {done.returncode}",
                    *rows[-3:], *done.stderr.splitlines()]
    return [split(row) for row in rows[:-1]], []


def split(row):
    head, outcome = row.split(": ", 1)
    kind, step = head.split(" ", 1)
    return kind, step, outcome


def without_files(rows):
    """Where a FILE is the C library's own there is nothing to compare."""
    return [row for row in rows
            if not row[1].startswith(("file_", "files", "both_"))]


def differences(theirs, ours):
    """{(kind, step, Python's outcome, ours)}; what both have is ..."""
    found = set()
    for (kind, step, p), (_, _, o) in zip(theirs, ours):
        if o != p:
            found.add((kind, step, *(("...", "..." + o[len(p):])
                                     if o.startswith(p) else (p, o))))
    return found


def expected(kinds_there):
    """A machine without IPv6 has no steps of those kinds."""
    return [(kind, step, theirs, ours)
            for step, kinds, theirs, ours, _ in DEVIATIONS
            for kind in kinds.split() if kind in kinds_there]


def main():
    with ThreadPoolExecutor() as both:
        (theirs, wrong), (ours, also_wrong) = both.map(
            run, ([sys.executable, THEIRS], [OURS]))
    wrong += also_wrong
    different = []
    named = expected({kind for kind, _, _ in theirs})
    if ("any", "files", "the C library's") in ours:
        theirs, ours, named = map(without_files, (theirs, ours, named))
    if [row[:2] for row in theirs] != [row[:2] for row in ours]:
        wrong.append("they did not take the same steps")
    found = differences(theirs, ours)
    for kind, step, p, o in sorted(found - set(named)):
        different.append(f"{kind} {step}: Python {p}, ours {o}")
    gone = [f"{kind} {step}: not Python {p}, ours {o}"
            for kind, step, p, o in sorted(set(named) - found)]
    tap.run("like_python",
            ("both take the same steps to the end", lambda: wrong),
            ("every outcome is Python's, but for the named deviations",
             lambda: different),
            ("every named deviation is there", lambda: gone))


main()
