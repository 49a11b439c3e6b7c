# SPDX-License-Identifier: GPL-3.0-or-later
"""What a customer who is quiet takes of the desk's memory."""

import resource

from desk import SANITIZED, Desk, Skip, case, main, size

WARM = 20
QUIET = size(200, small=200)
EACH = 17                       # KiB: two pages of stack, and the heap


def resident(d):
    """KiB of its own, as stacks and the heap are."""
    with open(f"/proc/{d.pid}/smaps_rollup", encoding="ascii") as f:
        for row in f:
            if row.startswith("Anonymous:"):
                return int(row.split()[1])
    raise Skip("the system does not tell")


def can_tell():
    if SANITIZED:
        raise Skip("a sanitizer takes memory as it likes")
    if resource.getpagesize() != 4096:
        raise Skip("a stack has larger pages here")
    try:
        open("/proc/self/smaps_rollup", encoding="ascii").close()
    except OSError as e:
        raise Skip("the system does not tell") from e


def greeted(d, o, count):
    """So many more customers who said hello, and the memory with them."""
    came = [(d.line(), f"hello {count}.{i}") for i in range(count)]
    for c, text in came:
        c.send(text + "\n")
    for c, text in came:
        c.until("Welcome")
        o.said(text)
    o.sync()
    return resident(d)


@case(f"each of {QUIET} who said hello takes {EACH} KiB at most")
def _():
    can_tell()
    with Desk("--max-sessions", str(WARM + QUIET)) as d:
        o = d.operator()
        before = greeted(d, o, WARM)
        each = (greeted(d, o, QUIET) - before) / QUIET
        assert each <= EACH, f"{each:.1f} KiB"


main("memory", workers=1)
