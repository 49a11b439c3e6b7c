# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages for people: each link leads to a file, both READMEs have every
verb, and the program in the library's README is one that works."""

import glob
import os
import re
import shlex
import socket
import subprocess
import tempfile

from desk import SANITIZED, wait_until
from tap import BUILD, TOP, Skip, run, same, text

CC = shlex.split(os.environ.get("CC", "cc"))
READMES = ("README.md", "README.zh_CN.md")
LIBRARY = ("README.libsocketserver.md", "README.libsocketserver.zh_CN.md")


def pages():
    for pattern in ("*.md", "doc/*.md", "doc/zh_CN/*.md",
                    "doc/decisions/*.md"):
        for path in sorted(glob.glob(os.path.join(TOP, pattern))):
            yield os.path.relpath(path, TOP)


def anchors(page):
    """As the hosts of repositories name a page's headings."""
    for heading in re.findall(r"^#+ (.*)$", text(page), re.M):
        words = re.sub(r"[^\w\- ]", "", heading.lower())
        yield words.replace(" ", "-")


def wrong_link(page, link):
    path, _, anchor = link.partition("#")
    there = os.path.normpath(os.path.join(os.path.dirname(page), path)) \
        if path else page
    if not os.path.exists(os.path.join(TOP, there)):
        yield f"{page}: {link} is not there"
    elif anchor and anchor not in anchors(there):
        yield f"{page}: {there} has no heading {anchor}"


def wrong_links():
    number = 0
    for page in pages():
        for link in re.findall(r"\]\(([^)\s]+)\)", text(page)):
            if not re.match(r"[a-z]+:", link):
                number += 1
                yield from wrong_link(page, link)
    if number < 50:
        yield f"only {number} links were found"


def missing_verbs():
    out = subprocess.run([os.path.join(BUILD, "deskwire"), "--help"],
                         check=True, text=True, stdout=subprocess.PIPE).stdout
    verbs = re.findall(r"^  ([a-z][a-z-]*)\b", out, re.M)
    if not verbs:
        yield "--help lists no verb"
    for page in READMES:
        rows = set(re.findall(r"^\|.*?`deskwire ([a-z-]+)", text(page), re.M))
        for verb in sorted(set(verbs) - rows):
            yield f"{page} does not have the verb {verb}"
        for verb in sorted(rows - set(verbs)):
            yield f"{page} has {verb}, which is no verb"


def program(page):
    found, = re.findall(r"^```c\n(.*?)^```$", text(page), re.M | re.S)
    return found


def build(folder, source):
    """With the library of this build, on a port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    path = os.path.join(folder, "echo")
    with open(f"{path}.c", "w", encoding="utf-8") as f:
        f.write(source.replace("127.0.0.1:7777", f"127.0.0.1:{port}"))
    libraries = os.path.join(BUILD, ".libs")
    subprocess.run(
        [*CC, "-Wall", "-Wextra", "-Werror", "-I",
         os.path.join(TOP, "src", "socketserver"), "-o", path, f"{path}.c",
         "-L", libraries, "-lsocketserver", f"-Wl,-rpath,{libraries}"],
        check=True)
    return path, port


def echoed(server, port, data):
    s = socket.socket()
    wait_until(lambda: server.poll() is not None or
               s.connect_ex(("127.0.0.1", port)) == 0, "the server")
    with s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: s.recv(4096), b""))


def wrong_program():
    source, other = map(program, LIBRARY)
    same(other, source)
    if SANITIZED:
        raise Skip("the library needs a sanitizer, which the program has not")
    with tempfile.TemporaryDirectory(prefix="dw", dir="/tmp") as folder:
        path, port = build(folder, source)
        with subprocess.Popen([path]) as server:
            try:
                same(echoed(server, port, b"a line\nand more"), b"a line\nand more")
            finally:
                server.kill()


run("pages",
    ("every link leads to a file of the tree, and to a heading of it",
     wrong_links),
    ("both READMEs have every verb, and no other", missing_verbs),
    ("the program in the library's README echoes", wrong_program))
