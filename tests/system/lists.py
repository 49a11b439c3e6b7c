# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file is in the list that builds, runs and ships it.  A forgotten test
would pass by never running, a forgotten header would miss in the tarball."""

import os
import sys

TOP = os.environ.get("top_srcdir", ".")


def files(folder, endings):
    for where, _, names in sorted(os.walk(os.path.join(TOP, folder))):
        for name in sorted(names):
            if name.endswith(endings):
                yield os.path.relpath(os.path.join(where, name), TOP)


def words(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return {word for line in f if not line.lstrip().startswith("#")
                for word in line.replace("=", " ").split()}


def unlisted_sources():
    for path in files("src", (".c", ".h", ".def")):
        room = path.split(os.sep)[1]
        if path not in words(f"src/{room}/local.mk"):
            yield path


def unlisted_tests():
    listed = words("tests/local.mk") | words("tests/install/local.mk")
    for path in files("tests", (".c",)):
        if path not in listed and path[:-2] not in listed:
            yield path
    for path in (*files("tests/system", (".sh", ".py")),
                 *files("tests/sim", (".sh", ".py"))):
        if path not in listed:
            yield path


def main():
    tests = [
        ("lists: every source file is built", list(unlisted_sources())),
        ("lists: every test runs", list(unlisted_tests())),
    ]
    print(f"1..{len(tests)}")
    for number, (name, wrong) in enumerate(tests, 1):
        for path in wrong:
            print("# in no list:", path)
        print("not ok" if wrong else "ok", number, "-", name)
    return any(wrong for _, wrong in tests)


sys.exit(main())
