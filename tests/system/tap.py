# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scripts among the tests share: where things are, the text of a file
of the tree, how much of something a test does, and a runner that prints TAP."""

import os
import sys

TOP = os.environ.get("top_srcdir", ".")
BUILD = os.environ.get("top_builddir", ".")


def text(path):
    """A file of the source tree, by its path in it."""
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


class Skip(Exception):
    """What this build or machine cannot show; says why."""


def same(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def say(number, suite, name, wrong, skip=""):
    """One result; the rows that say what is wrong come first."""
    for row in wrong:
        print("#", row)
    print("not ok" if wrong else "ok", number, f"- {suite}: {name}{skip}",
          flush=True)


def check(suite, *tests):
    """Runs tests and exits.  Each is a name, which is a sentence that promises
    something, and a function that returns or yields a row for each thing that
    is wrong."""
    print(f"1..{len(tests)}", flush=True)
    failed = False
    for number, (name, find) in enumerate(tests, 1):
        wrong, skip = [], ""
        try:
            wrong = list(find() or ())
        except Skip as why:
            skip = f" # SKIP {why}"
        say(number, suite, name, wrong, skip)
        failed = failed or bool(wrong)
    sys.exit(failed)
