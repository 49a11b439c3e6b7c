# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scripts among the tests share: where things are, the text of a file
of the tree, how much of something a test does, and a runner that prints TAP."""

import os
import pty
import signal
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.environ.get("top_srcdir", os.path.dirname(os.path.dirname(HERE)))
BUILD = os.environ.get("top_builddir", os.path.join(TOP, "build"))


SIZE = os.environ.get("T_SIZE") or "small"
assert SIZE in ("small", "middle", "full"), f"T_SIZE is {SIZE}"


def size(middle, small=None, full=None):
    """How much of something a test does.  T_SIZE says which size it is; small,
    as when it is not set, is a tenth of the middle one if nothing else is
    given, and full is as much as the middle one.  tests/size.h does the same
    for the C tests."""
    if SIZE == "small":
        return max(1, middle // 10) if small is None else small
    return full if SIZE == "full" and full is not None else middle


def text(path):
    """A file of the source tree, by its path in it."""
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


class Skip(Exception):
    """What this build or machine cannot show; says why."""


NO_PROC = "/proc is not mounted here, and these tests look into it"
NO_PTY = "there is no pseudo-terminal here"


def has_proc():
    return os.path.exists("/proc/self/stat")


def open_pty():
    try:
        return pty.openpty()
    except OSError:
        raise Skip(NO_PTY) from None


def fork_pty():
    try:
        return pty.fork()
    except OSError:
        raise Skip(NO_PTY) from None


# A job that a shell began with & ignores SIGINT, and so would each program that
# a test starts.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def same(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def outcome(find):
    """What is wrong, row by row, and why it was skipped."""
    try:
        return list(find() or ()), ""
    except Skip as why:
        return [], f" # SKIP {why}"
    except Exception:
        return traceback.format_exc().splitlines(), ""


def skip_all(why):
    """One row for all tests of this script."""
    print(f"1..0 # SKIP {why}", flush=True)
    sys.exit(0)


def run(suite, *tests, workers=1):
    """Runs tests, several at once if there are workers, prints them in their
    order and exits.  A test is a name, which is a sentence that promises
    something, and a function, which raises something or returns a row for each
    thing that is wrong.  Words as arguments choose the tests whose names have
    them."""
    tests = [t for t in tests if not sys.argv[1:] or
             any(word in t[0] for word in sys.argv[1:])]
    names = [name for name, _ in tests]
    same(len(set(names)), len(names))
    print(f"1..{len(tests)}", flush=True)
    failed = False
    with ThreadPoolExecutor(workers) as pool:
        each = pool.map if workers > 1 else map
        results = each(outcome, [find for _, find in tests])
        for number, (name, (wrong, skip)) in enumerate(zip(names, results), 1):
            for row in wrong:
                print("#", row)
            print("not ok" if wrong else "ok", number,
                  f"- {suite}: {name}{skip}", flush=True)
            failed = failed or bool(wrong)
    sys.exit(failed)
