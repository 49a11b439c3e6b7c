# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests find mistakes: each row of mistakes.def is planted into its proof,
a test program that must fail then.  Each day plants another six, T_SIZE=middle
plants them all."""

import os
import re
import subprocess
import sys
import time
from functools import partial

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."),
                                "tests/system"))
from tap import BUILD, SIZE, Skip, run, text

HERE = "tests/plant"
EACH_DAY = 6
LIMIT_S = 50  # less than a test's own limit, which would look like a failure

# What a proof is run with; smaller sizes are enough to fail.
ARGUMENTS = {"sim": ["--steps", "400000"]}
ENVIRONMENT = {"T_SIZE": "small", "T_FIRST": "1", "T_LIMIT_S": "600"}

ROW = re.compile(r'^MISTAKE\((\w+),\s*(\w+),\s*"([^"]*)"\)$', re.M)


def rows():
    """[(name, proof, what is wrong then)]"""
    table = text(f"{HERE}/mistakes.def")
    found = ROW.findall(table)
    assert len(found) == len(re.findall(r"^MISTAKE\(", table, re.M)), \
        "mistakes.def has rows of another form"
    return found


def todays(every):
    """The day's six, or five: the rows are dealt like cards, one hand a day, so
    that each has some of every room."""
    hands = -(-len(every) // EACH_DAY)
    return every[int(time.time()) // 86400 % hands::hands]


def fails(proof, mistake):
    """Whether the proof failed."""
    env = {**os.environ, **ENVIRONMENT, "DW_PLANT": mistake}
    command = [f"{BUILD}/{HERE}/{proof}", *ARGUMENTS.get(proof, [])]
    done = subprocess.run(command, env=env, timeout=LIMIT_S, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL)
    return done.returncode != 0


def passes(proof):
    if not os.environ.get("PLANTED"):
        raise Skip("the linker has no --wrap, or a sanitizer is on")
    if fails(proof, ""):
        yield f"{proof} fails by itself"


def is_found(proof, mistake):
    if not os.environ.get("PLANTED"):
        raise Skip("the linker has no --wrap, or a sanitizer is on")
    if not fails(proof, mistake):
        yield f"{proof} passes all the same"


EVERY = rows()
CHOSEN = EVERY if SIZE != "small" else todays(EVERY)
run("plant",
    *((f"without a mistake {proof} passes", partial(passes, proof))
      for proof in sorted({proof for _, proof, _ in CHOSEN})),
    *((f"{name}: {what}", partial(is_found, proof, name))
      for name, proof, what in CHOSEN))
