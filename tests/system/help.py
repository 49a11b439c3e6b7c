# SPDX-License-Identifier: GPL-3.0-or-later
"""--help: by need, in 80 columns in every language, with everything in it that
there is, and with where more is."""

import os
import re
import shutil
import subprocess
import tempfile
import unicodedata

from tap import BUILD, TOP, Skip, run, same, text

PROGRAM = os.path.join(BUILD, "deskwire")
OPTION = re.compile(r"^  (?:-\w, |    )--([a-z][a-z-]*)", re.M)
COLUMNS = 80


def ask(*words, **env):
    return subprocess.run(
        [PROGRAM, *words], text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "C", **env})


def help_of(*words, **env):
    done = ask(*words, **env)
    same((done.returncode, done.stderr), (0, ""))
    return done.stdout


def verbs():
    return re.findall(r"^  ([a-z][a-z-]*) ", help_of("--help"), re.M)


def pages():
    """What follows `deskwire`, of all pages of help."""
    yield ("--help",)
    yield ("--help", "all")
    for verb in verbs():
        yield (verb, "--help")


def width(row):
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in row)


def wide_rows(**env):
    for words in pages():
        for row in help_of(*words, **env).splitlines():
            if width(row) > COLUMNS:
                yield f"deskwire {' '.join(words)}: {width(row)}: {row}"


def english_is_narrow():
    return wide_rows()


def chinese_is_narrow():
    with open(os.path.join(BUILD, "config.h"), encoding="utf-8") as f:
        if "#define ENABLE_NLS 1" not in f.read():
            raise Skip("built without translations")
    folder = tempfile.mkdtemp(prefix="dw", dir="/tmp")
    try:
        at = os.path.join(folder, "zh_CN", "LC_MESSAGES")
        os.makedirs(at)
        subprocess.run(["msgfmt", "-o", os.path.join(at, "deskwire.mo"),
                        os.path.join(TOP, "po", "zh_CN.po")], check=True)
        env = {"LANGUAGE": "zh_CN", "DESKWIRE_LOCALEDIR": folder}
        assert re.search("[一-龥]", help_of("--help", **env)), "no Chinese"
        return list(wide_rows(**env))
    finally:
        shutil.rmtree(folder)


def short_page():
    page = help_of("--help")
    rows = page.splitlines()
    if len(rows) > 48:
        yield f"it has {len(rows)} rows"
    for words in ("--help all", "VERB --help", "deskwire(1)", "Bugs: ",
                  "To begin:", "For operators:", "For administrators:",
                  "For customers:", "For what is kept:"):
        if words not in page:
            yield f"it does not say {words!r}"
    if len(OPTION.findall(page)) > 8:
        yield "it has more options than who begins needs"
    if re.findall(r"^  ([a-z][a-z-]*) ", page, re.M)[0] != "open":
        yield "it does not begin with what one begins with"


def everything():
    there = OPTION.findall(help_of("--help", "all"))
    wanted = set(re.findall(r'LIMIT\(\w+, "([a-z-]+)"',
                            text("src/service/limits.def")))
    wanted |= set(re.findall(r'^\t\{ "([a-z-]+)", (?:"[A-Z:]+"|NULL),',
                             text("src/bin/options.c"), re.M))
    assert len(wanted) > 50, "the tables were not understood"
    for name in sorted(wanted - set(there)):
        yield f"--{name} has no group"
    for name in sorted(set(there)):
        # A desk takes datagrams there, and a call sends them.
        if there.count(name) != (2 if name == "udp" else 1):
            yield f"--{name} is there {there.count(name)} times"


def grouped():
    """Each row of an option stands under a heading."""
    for words in pages():
        heading = ""
        for row in help_of(*words).splitlines():
            if row and row[0] != " ":
                heading = row
            elif OPTION.match(row) and not re.search(
                    r":$|^Limits: ", heading):
                yield f"deskwire {' '.join(words)}: {row} under {heading!r}"


def bug_address():
    with open(os.path.join(BUILD, "config.h"), encoding="utf-8") as f:
        address = re.search('#define PACKAGE_BUGREPORT "(.+)"', f.read())[1]
    for words in pages():
        page = " ".join(help_of(*words).split())
        if f"Bugs: {address}." not in page:
            yield f"deskwire {' '.join(words)} does not say where bugs go"


def by_name():
    same(help_of("--help", "call"), help_of("call", "--help"))
    same(help_of("-h", "all"), help_of("--help", "all"))
    for words in (("--help", "nothing"), ("--help", "all", "more")):
        done = ask(*words)
        same((done.returncode, done.stdout), (2, ""))
        assert f'"{words[-1]}"' in done.stderr, done.stderr


def nowhere_to():
    for words in (("--help",), ("--help", "all"), ("--version",),
                  ("ctl", "--help"), ("doctor", "--version")):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([PROGRAM, *words], stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        same((words, done.returncode), (words, 1))
        assert b"standard output" in done.stderr, done.stderr


run("help",
    ("no row is wider than 80 columns", english_is_narrow),
    ("nor in Chinese", chinese_is_narrow),
    ("what everybody sees first has verbs by need, and where more is",
     short_page),
    ("--help all has every option and limit", everything),
    ("each option stands under what it is for", grouped),
    ("each page says where bugs go", bug_address),
    ("--help takes a verb, or all, and nothing else", by_name),
    ("what cannot be written is a failure", nowhere_to))
