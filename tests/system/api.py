# SPDX-License-Identifier: GPL-3.0-or-later
"""What socketserver.h declares, for the tests that compare it with the built
library and with the manual."""

import re

from tap import text

HEADER = "src/socketserver/socketserver.h"


def code():
    """The header without comments and directives."""
    bare = re.sub(r"/\*.*?\*/", " ", text(HEADER), flags=re.S)
    return re.sub(r"^[ \t]*#(?:.*\\\n)*.*$", "", bare, flags=re.M)


def declarations():
    """What ends with a semicolon outside of all braces, as one line each."""
    depth, start, bare = 0, 0, code().replace('extern "C" {', "")
    for at, c in enumerate(bare):
        depth += (c == "{") - (c == "}")
        if c == ";" and depth <= 0:
            yield " ".join(bare[start:at].split())
            start = at + 1


def functions():
    """{name: prototype}, of those that are exported."""
    found = {}
    for row in declarations():
        if re.search(r"\bSKS_API\b", row):
            plain = re.sub(r"\bSKS_(API|MUST_USE)\b ?", "", row).strip()
            found[re.search(r"(\w+) ?\(", plain)[1]] = plain
    return found


def unmarked():
    """Declarations of functions that nobody outside could call."""
    for row in declarations():
        if "(" in row and not re.match(
                r"SKS_API\b|typedef\b|(struct|enum)( \w+)? \{", row):
            yield row


def body(kind, name):
    found = re.search(rf"\b{kind} {name} \{{(.*?)^\}}", code(), re.M | re.S)
    return found[1] if found else ""


def names_in(member):
    """What a struct's member declares: `int *a, b` is a and b."""
    callback = re.search(r"\(\*(\w+)\)", member)
    if callback:
        return [callback[1]]
    bare = re.sub(r"\{.*\}", "", member)
    return [re.search(r"(\w+)(\[\w*\])*$", part.strip())[1]
            for part in bare.split(",")]


def fields(struct):
    """The names of a struct's members, callbacks among them, in order."""
    depth, row = 0, ""
    for c in body("struct", struct):
        depth += (c == "{") - (c == "}")
        if c == ";" and depth == 0:
            yield from names_in(" ".join(row.split()))
            row = ""
        else:
            row += c


def error_codes():
    return re.findall(r"^\s*(SKS_E\w+) = -\d+", code(), re.M)
