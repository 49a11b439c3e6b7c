# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of README are what the program shows: scripts/pictures draws
them again from a desk, a console and a customer, byte for byte the same."""

import os
import shutil
import subprocess
import sys
import tempfile

from desk import SANITIZED
from tap import BUILD, TOP, Skip, open_pty, run, text

LANGUAGES = {"en": "README.md", "zh": "README.zh_CN.md"}
PICTURES = ("console", "customer")
# Debian's python3-pyte is for Debian's python3, which may be another one.
PYTHONS = (sys.executable, "/usr/bin/python3")


def python_with_pyte():
    for python in PYTHONS:
        if os.path.exists(python) and subprocess.run(
                [python, "-c", "import pyte"], check=False,
                stderr=subprocess.DEVNULL).returncode == 0:
            return python
    raise Skip("there is no pyte here, which draws the pictures")


def need_terminals():
    if SANITIZED:
        raise Skip("a sanitizer's library wants to be the first one")
    for fd in open_pty():
        os.close(fd)
    for program in ("nc", "msgfmt"):
        if not shutil.which(program):
            raise Skip(f"there is no {program} here, which the pictures need")


def content(folder, name):
    with open(os.path.join(folder, name), "rb") as f:
        return f.read()


def wrong_pictures():
    python = python_with_pyte()
    need_terminals()
    kept = os.path.join(TOP, "doc", "pictures")
    with tempfile.TemporaryDirectory(prefix="dw", dir="/tmp") as folder:
        subprocess.run([python, os.path.join(TOP, "scripts", "pictures"),
                        BUILD, folder], check=True)
        if sorted(os.listdir(folder)) != sorted(os.listdir(kept)):
            yield f"{os.listdir(kept)}, drawn were {os.listdir(folder)}"
        for name in os.listdir(folder):
            if content(folder, name) != content(kept, name):
                yield f"doc/pictures/{name} is not what the program shows " \
                    "now: scripts/pictures draws it"


def missing_pictures():
    """Within the first 30 rows, which is a screen."""
    for language, page in LANGUAGES.items():
        first = "".join(text(page).splitlines(True)[:30])
        for name in PICTURES:
            if f"](doc/pictures/{name}.{language}.svg)" not in first:
                yield f"{page} does not begin with the {name}'s picture"


run("pictures",
    ("each shows what a console and a customer see now", wrong_pictures),
    ("both READMEs begin with them", missing_pictures))
