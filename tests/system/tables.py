# SPDX-License-Identifier: GPL-3.0-or-later
"""doc/socketserver.md (and doc/sockets.md) name what is there: every function,
constant and field is in the header, every test is in its file and runs, and no
name of Python's module is missing."""

import os
import re
import socketserver
import sys

import api
from tap import TOP, run, text

PAGES = [page for page in ("doc/socketserver.md", "doc/sockets.md")
         if os.path.exists(os.path.join(TOP, page))]
# What the letters before a field stand for.
STRUCTS = {
    "cfg.": "sks_server_config",
    "ops.": "sks_server_ops",
    "class.": "sks_handler_ops",
    "stats.": "sks_server_stats",
    "h->": "sks_handler",
    "sh->": "sks_stream_handler",
    "dh->": "sks_datagram_handler",
}
# Set by constructors, hence in no class of Python's.
OF_INSTANCES = {
    "BaseServer": ("server_address", "RequestHandlerClass", "socket",
                   "fileno", "get_request", "server_bind"),
    "ForkingMixIn": ("active_children",),
    "ThreadingMixIn": ("_threads",),
    "BaseRequestHandler": ("request", "client_address", "server"),
    "StreamRequestHandler": ("connection", "rfile", "wfile"),
    "DatagramRequestHandler": ("packet", "socket", "rfile", "wfile"),
}


OURS = "doc/socketserver.md"
HEADER = re.sub(r"/\*.*?\*/", " ", text(api.HEADER), flags=re.S)
FUNCTIONS = api.functions()
PAGE = {page: " ".join(text(page).split()) for page in PAGES}


def fields(struct):
    return set(api.fields(struct))


def quoted(page):
    return re.findall(r"`([^`]+)`", PAGE[page])


def wrong_names():
    for page in PAGES:
        for name in sorted(set(quoted(page))):
            word = re.fullmatch(r"((?:sks|SKS)_\w+)(\(\))?", name)
            if word and not (word[1] in FUNCTIONS if word[2] else
                             re.search(rf"\b{word[1]}\b", HEADER)):
                yield f"{page}: the header has no {name}"


def wrong_fields():
    known = {mark: fields(name) for mark, name in STRUCTS.items()}
    for page in PAGES:
        for name in sorted(set(quoted(page))):
            for mark in STRUCTS:
                field = re.fullmatch(re.escape(mark) + r"(\w+)", name)
                if field and field[1] not in known[mark]:
                    yield f"{page}: {STRUCTS[mark]} has no {field[1]}"


def has_test(name, test):
    if name == "bench.py":
        path = "tests/bench/" + name
        row = rf"^    \(\".*\", {test}\),$"
    elif name.endswith(".c"):
        path = "tests/unit/" + name
        row = rf"^\t\tT\({test}\),?$"
    else:
        path = "tests/system/" + name
        row = re.escape(test)
    return (os.path.exists(os.path.join(TOP, path)) and
            re.search(row, text(path), re.M) is not None)


def wrong_tests():
    for page in PAGES:
        for name in sorted(set(quoted(page))):
            found = re.fullmatch(r"(\w+\.(?:c|py|sh)): (.+)", name)
            if found and not has_test(found[1], found[2]):
                yield f"{page}: there is no test {name}"


def rows(page):
    for line in text(page).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) > 2:
            yield cells


def rows_without_test():
    for cells in rows(OURS):
        if not re.search(r"`\w+\.(?:c|py|sh): ", cells[2]):
            yield f"no test: {cells[0]}"


def names_of(cls):
    own = [name for name in vars(cls) if not name.startswith("_") or
           name in ("__init__", "__enter__", "__exit__")]
    return own + list(OF_INSTANCES.get(cls.__name__, ()))


def missing_names():
    """The running Python's; one that is newer than us may have more."""
    page = text(OURS)
    if sys.version_info >= (3, 15):
        return
    for name in socketserver.__all__:
        cls = getattr(socketserver, name)
        for member in names_of(cls):
            if f"`{name}.{member}`" not in page:
                yield f"nothing is said of {name}.{member}"
        if f"`{name}" not in page:
            yield f"nothing is said of {name}"


def unmentioned_fields():
    """What the library lets be set or overridden is in the tables."""
    page = PAGE[OURS]
    for mark in ("cfg.", "ops.", "class.", "sh->", "dh->"):
        for field in sorted(fields(STRUCTS[mark]) - {"size", "base"}):
            if f"`{mark}{field}`" not in page:
                yield f"nothing is said of {mark}{field}"


run("tables",
    ("functions and constants are in the header", wrong_names),
    ("fields are in their structs", wrong_fields),
    ("tests are in their files", wrong_tests),
    ("every row has a test", rows_without_test),
    ("every name of Python's socketserver has its row", missing_names),
    ("every field of ours is named", unmentioned_fields))
