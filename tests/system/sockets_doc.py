# SPDX-License-Identifier: GPL-3.0-or-later
"""doc/sockets.md has a row for every method of a socket, and what it names is
there: functions, codes, tests, steps, and every deviation from Python."""

import re

from tap import run, text

METHODS = """socket socket(fileno=) bind listen accept connect connect_ex recv
send sendall recvfrom sendto close shutdown detach dup getpeername getsockname
setsockopt getsockopt settimeout gettimeout fileno setblocking makefile
create_server create_connection""".split()
WORDS = """AF_INET AF_INET6 AF_UNIX SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM
SOCK_SEQPACKET receive_socket_info send_socket_info""".split()


PAGE = text("doc/sockets.md")
HEADER = text("src/socketserver/socketserver.h")
STEPS = [text("tests/system/like_python_steps" + end) for end in (".c", ".py")]
DEVIATIONS = re.findall(r'^    \("(\w+)", ', text(
    "tests/system/like_python.py"), re.M)


def rows():
    """{first cell without its marks: the other cells}"""
    found = {}
    for line in PAGE.splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            found[cells[0].strip("`").removesuffix("()")] = cells[1:]
    return found


def missing_rows():
    there = rows()
    for name in (*METHODS, *WORDS):
        if name not in there:
            yield f"no row for {name}"
        elif not all(there[name][:2]):
            yield f"{name}: no function or no test"


def missing_names():
    for name in sorted(set(re.findall(r"`(sks_\w+)\(\)`", PAGE))):
        if not re.search(rf"\b{name}\(", HEADER):
            yield f"the header has no {name}()"
    for name in sorted(set(re.findall(r"`(SKS_\w+)`", PAGE))):
        if not re.search(rf"\b{name}\b", HEADER):
            yield f"the header has no {name}"


def missing_tests():
    for file, name in re.findall(r"`(\w+\.c): (\w+)`", PAGE):
        if f"T({name})," not in text("tests/unit/" + file):
            yield f"tests/unit/{file} has no {name}"
    for part in re.findall(r"steps: ((?:`\w+`(?:, )?)+)", PAGE):
        for name in re.findall(r"\w+", part):
            yield from unstepped(name)


def unstepped(name):
    """The matrix makes its names of a family and a type."""
    family, _, type_ = name.partition("_")
    made = family in ("inet", "inet6", "unix") and all(
        f'"{type_}"' in steps for steps in STEPS)
    if not made and not all(f'"{name}"' in steps for steps in STEPS):
        yield f"no step {name}"


def unnamed_deviations():
    for name in sorted(set(DEVIATIONS)):
        if f"`{name}`" not in PAGE:
            yield f"the page does not name the deviation {name}"
    if not DEVIATIONS:
        yield "no table of deviations was found"


run("sockets_doc",
    ("every method, family and type has a row", missing_rows),
    ("every function and code it names is in the header",
     missing_names),
    ("every test it names is there", missing_tests),
    ("every deviation from Python is named", unnamed_deviations))
