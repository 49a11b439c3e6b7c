# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file is in the list that builds, runs and ships it.  A forgotten test
would pass by never running, a forgotten header would miss in the tarball."""

import os

from tap import TOP, run, text


def files(folder, endings):
    for where, _, names in sorted(os.walk(os.path.join(TOP, folder))):
        for name in sorted(names):
            if name.endswith(endings):
                yield os.path.relpath(os.path.join(where, name), TOP)


def words(path):
    return {word for line in text(path).splitlines()
            if not line.lstrip().startswith("#")
            for word in line.replace("=", " ").split()}


def unlisted_sources():
    for path in files("src", (".c", ".h", ".def")):
        room = path.split(os.sep)[1]
        if path not in words(f"src/{room}/local.mk"):
            yield f"in no list: {path}"


def unlisted_tests():
    listed = words("tests/local.mk") | words("tests/install/local.mk")
    for path in files("tests", (".c",)):
        if path not in listed and path[:-2] not in listed:
            yield f"in no list: {path}"
    for path in (*files("tests/system", (".sh", ".py")),
                 *files("tests/sim", (".sh", ".py"))):
        if path not in listed:
            yield f"in no list: {path}"


run("lists",
    ("every source file is built", unlisted_sources),
    ("every test runs", unlisted_tests))
