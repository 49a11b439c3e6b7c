# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests find mistakes: each row of mistakes.def is planted into its proof,
a test program that must fail then.  Each day plants another ten, T_FULL=1 or
T_CI=1 plants them all."""

import os
import re
import subprocess
import sys
import time

TOP = os.environ.get("top_srcdir", ".")
BUILD = os.environ.get("top_builddir", "build")
HERE = "tests/plant"
EACH_DAY = 10
LIMIT_S = 50  # less than a test's own limit, which would look like a failure

# What a proof is run with; smaller sizes are enough to fail.
ARGUMENTS = {"sim": ["--steps", "100000"]}
ENVIRONMENT = {"T_SLOW": "1", "T_FULL": "0", "T_FIRST": "1", "T_LIMIT_S": "600"}

ROW = re.compile(r'^MISTAKE\((\w+),\s*(\w+),\s*"([^"]*)"\)$', re.M)


def plants_all():
    return any(os.environ.get(name, "") not in ("", "0")
               for name in ("T_FULL", "T_CI"))


def rows():
    """[(name, proof, what is wrong then)]"""
    with open(f"{TOP}/{HERE}/mistakes.def", encoding="utf-8") as f:
        text = f.read()
    found = ROW.findall(text)
    if len(found) != len(re.findall(r"^MISTAKE\(", text, re.M)):
        print("Bail out! plant: mistakes.def has rows of another form")
        sys.exit(1)
    return found


def todays(every):
    """The day's ten, or nine: the rows are dealt like cards, one hand a day, so
    that each has some of every room."""
    hands = -(-len(every) // EACH_DAY)
    return every[int(time.time()) // 86400 % hands::hands]


def run(proof, mistake):
    """(found, what there is to say): whether it failed, and in which test."""
    env = {**os.environ, **ENVIRONMENT, "DW_PLANT": mistake}
    command = [f"{BUILD}/{HERE}/{proof}", *ARGUMENTS.get(proof, [])]
    try:
        done = subprocess.run(command, env=env, timeout=LIMIT_S, check=False,
                              stdin=subprocess.DEVNULL, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        return None, f"{proof} takes more than {LIMIT_S} s"
    except OSError as e:
        return None, f"{proof}: {e}"
    said = re.search(r"^not ok \d+ - (.*)", done.stdout, re.M)
    return done.returncode != 0, said[1] if said else f"{done.returncode}"


def main():
    if not os.environ.get("PLANTED"):
        print("1..0 # SKIP the linker has no --wrap, or a sanitizer is on")
        return 0
    every = rows()
    chosen = every if plants_all() else todays(every)
    proofs = sorted({proof for _, proof, _ in chosen})
    print(f"1..{len(proofs) + len(chosen)}")
    print(f"# {len(chosen)} of {len(every)} mistakes, from {chosen[0][0]} on")
    tests = [(proof, "", f"without a mistake {proof} passes", False)
             for proof in proofs]
    tests += [(proof, name, f"{name}: {what}", True)
              for name, proof, what in chosen]
    failed = False
    for number, (proof, mistake, title, want) in enumerate(tests, 1):
        found, said = run(proof, mistake)
        good = found is want
        failed = failed or not good
        if found is not False:
            print(f"# {said}")
        print("ok" if good else "not ok", number, f"- plant: {title}",
              flush=True)
    return failed


sys.exit(main())
