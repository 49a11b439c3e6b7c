# SPDX-License-Identifier: GPL-3.0-or-later
"""doc/framing.md shows code that is compiled and run, and names tests and
functions that exist."""

import re

from tap import run, text

PAGE = text("doc/framing.md")
TESTS = text("tests/unit/framing_remedies.c")
HEADER = text("src/socketserver/socketserver.h")
BLOCKS = re.findall(r"^```c\n(.*?)^```$", PAGE, re.M | re.S)


def wrong_code():
    if len(BLOCKS) < 8:
        yield "there is too little code"
    for block in BLOCKS:
        if block not in TESTS:
            yield "not in the tests: " + block.splitlines()[0].strip() + " ..."


def wrong_tests():
    named = set(re.findall(r"\(`(\w+_\w+)`\)", PAGE))
    listed = set(re.findall(r"\bT\((\w+)\)", TESTS))
    for name in sorted(named ^ listed):
        yield f"only in one of page and tests: {name}"


def wrong_names():
    for name in sorted(set(re.findall(r"\b(sks_\w+)", PAGE))):
        if not re.search(rf"\b{name}\b", HEADER):
            yield f"there is no {name}"
    for name in sorted(set(re.findall(r"`(SKS_\w+)`", PAGE))):
        if not re.search(rf"\b{name}\b", HEADER):
            yield f"there is no {name}"


run("framing.md",
    ("its code is code of the tests", wrong_code),
    ("every test is named, and every name is a test", wrong_tests),
    ("functions and constants exist", wrong_names))
