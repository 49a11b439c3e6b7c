# SPDX-License-Identifier: GPL-3.0-or-later
"""doc/from-python.md names what exists, its calls fit the header, and its code
compiles or is code of the examples."""

import os
import re
import shlex
import subprocess

from tap import TOP, run, text

CC = shlex.split(os.environ.get("CC", "cc"))


PAGE = text("doc/from-python.md")
HEADER = text("src/socketserver/socketserver.h")
EXAMPLES = {name: text("doc/examples/" + name) for name in
            sorted(os.listdir(os.path.join(TOP, "doc", "examples")))
            if name.endswith((".c", ".h"))}
C_BLOCKS = re.findall(r"^```c\n(.*?)^```$", PAGE, re.M | re.S)
PYTHON_BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)

# What the calls in the tables are made with.
PRELUDE = """
#include <math.h>
#include <poll.h>
#include <socketserver.h>
#include <string.h>
#include <sys/socket.h>
#define SILENCE 60.0
struct sks_handler *h; struct sks_request *req, **list;
struct sks_server *srv;
struct sks_socket *s, *conn, *other; struct sks_stream *stream, *in;
struct sks_addr a, address, at, client, from, to;
extern const struct sks_handler_ops unblock_handler;
struct sks_server_config cfg; FILE *file;
char buf[1024], data[1024], line[1024], text[160], who[SKS_ADDR_TEXT];
const char *host, *msg; const char *const ready[1], *const texts[2];
unsigned port; int fd, flags, level, name, value; size_t len, done;
ssize_t n; const char *const path = "";
"""
SOCKET_SERVER = "struct sks_socket *server;\n"
CLASS_SERVER = "struct sks_server *server;\n"


def compiles(program):
    """What the compiler says against it."""
    done = subprocess.run(
        [*CC, "-x", "c", "-std=c99", "-D_POSIX_C_SOURCE=200809L", "-Wall",
         "-Wextra", "-Werror", "-Wno-unused-result", "-Wno-unused-value",
         "-fsyntax-only", "-I", os.path.join(TOP, "src", "socketserver"),
         "-"], input=program, capture_output=True, text=True, check=False)
    return done.stderr.splitlines()[:5] if done.returncode else []


def missing_names():
    for name in sorted(set(re.findall(r"\b((?:sks|SKS)_\w+)", PAGE))):
        if not re.search(rf"\b{name}\b", HEADER):
            yield f"there is no {name}"


def calls(section):
    """The calls in a section's tables that are given in full."""
    for span in re.findall(r"`([^`\n]+)`", section):
        if re.fullmatch(r"(?:n = )?sks_\w+\([^…]+\)", span):
            yield span


def wrong_calls():
    found = 0
    for section in re.split(r"^##+ ", PAGE, flags=re.M):
        prelude = PRELUDE + (SOCKET_SERVER if "blocking" in
                             section.partition("\n")[0] else CLASS_SERVER)
        program = prelude
        for found, call in enumerate(calls(section), found + 1):
            program += (f"void f{found}(void);\n"
                        f"void f{found}(void) {{ {call}; }}\n")
        if program != prelude:
            yield from compiles(program)
    if found < 40:
        yield f"only {found} calls"


def wrong_code():
    if len(C_BLOCKS) < 10:
        yield "there is too little code"
    for block in C_BLOCKS:
        if "#include" in block:
            yield from compiles(block)
        elif not any(block in code for code in EXAMPLES.values()):
            yield "in no example: " + block.splitlines()[0].strip() + " ..."


def wrong_python():
    if not PYTHON_BLOCKS:
        yield "there is none"
    for block in PYTHON_BLOCKS:
        try:
            compile(block, "from-python.md", "exec")
        except SyntaxError as e:
            yield str(e)


def missing_examples():
    for name in EXAMPLES:
        if f"`{name}`" not in PAGE:
            yield f"{name} is not in it"


run("from-python.md",
    ("functions and constants exist", missing_names),
    ("every call in its tables is one", wrong_calls),
    ("its C compiles or is in the examples", wrong_code),
    ("its Python is Python", wrong_python),
    ("every example is in it", missing_examples))
