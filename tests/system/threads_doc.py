# SPDX-License-Identifier: GPL-3.0-or-later
"""doc/threads.md opens with the two sentences of the design, and what it names
is there: files, functions, locks, threads."""

import os
import re

from tap import TOP, run, text

OPENING = (
    "An acceptor thread spawns a worker for each client. Each worker runs "
    "setup/handle/finish callbacks modeled on BaseRequestHandler, and a "
    "mutex-guarded readline console routes operator replies to a selected "
    "session.")


def sources():
    for where, _, names in os.walk(os.path.join(TOP, "src")):
        for name in names:
            if name.endswith((".c", ".h", ".def")):
                yield os.path.relpath(os.path.join(where, name), TOP)


PAGE = text("doc/threads.md")
CODE = {path: text(path) for path in sources()}


def wrong_opening():
    body = PAGE.split("\n", 1)[1].lstrip("\n")
    if not body.startswith(OPENING + "\n"):
        yield "the page does not open with the two sentences"


def wrong_names():
    for path in set(re.findall(r"`(src/[\w/]+\.\w+)`", PAGE)):
        if path not in CODE:
            yield f"there is no {path}"
    everything = "\n".join(CODE.values())
    for name in set(re.findall(r"`(\w+)\(\)`", PAGE)):
        if not re.search(rf"\b{name}\(", everything):
            yield f"there is no function {name}()"
    for name in set(re.findall(r"`struct (\w+)`", PAGE)):
        if not re.search(rf"\bstruct .*\b{name} \{{", everything):
            yield f"there is no struct {name}"


def wrong_pairs():
    """`file`: `function()` means that the function is in that file."""
    for path, name in re.findall(r"`(src/[\w/]+\.c)`: `(\w+)\(\)`", PAGE):
        if not re.search(rf"^{name}\(", CODE.get(path, ""), re.M):
            yield f"{name}() is not in {path}"


def wrong_locks():
    known = set(re.findall(r"^LOCK\((\w+),", CODE["src/base/locks.def"], re.M))
    table = PAGE.split("## The locks", 1)[1].split("\n## ", 1)[0]
    described = set(re.findall(r"^\| `(\w+)` \|", table, re.M))
    for name in sorted(known ^ described):
        yield f"the lock {name} is only in one of page and locks.def"


def wrong_threads():
    """Threads whose name stands in the call that starts them."""
    table = PAGE.split("## The threads", 1)[1].split("\n## ", 1)[0]
    first = "".join(re.findall(r"^\| ([^|]*)", table, re.M))
    first += "`signals`" if "thread `signals`" in table else ""
    for path, code in CODE.items():
        for name in re.findall(r'dw_thread_start\([^;]*?"(\w+)"', code):
            if f"`{name}`" not in first:
                yield f"the thread {name} of {path} is not on the page"


run("threads.md",
    ("it opens with the design's two sentences", wrong_opening),
    ("what it names exists", wrong_names),
    ("functions are in the files that it says", wrong_pairs),
    ("every lock is there", wrong_locks),
    ("every thread is there", wrong_threads))
