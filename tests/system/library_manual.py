# SPDX-License-Identifier: GPL-3.0-or-later
"""libsocketserver's manual says of each function, field and error code what
socketserver.h does, and of no others; what the library exports is described.
What is compared is read from the pages as they are, not as scripts/update-man
would write them."""

import os
import re
import shutil
import subprocess
import sys

import api
from tap import BUILD, TOP, Skip, run

LIBRARY = os.path.join(BUILD, ".libs", "libsocketserver.so")
FOLDER = "doc/man3"
UPDATE = "run scripts/update-man"
SAY = f"say it in a comment in {api.HEADER}, then {UPDATE}"


def pages():
    for name in sorted(os.listdir(os.path.join(TOP, FOLDER))):
        if name.endswith(".3"):
            yield name, api.text(f"{FOLDER}/{name}")


def everything():
    return "".join(text for _, text in pages())


def part(text, heading):
    found = re.search(rf"^\.Sh {heading}\n(.*?)(?=^\.Sh |\Z)", text,
                      re.M | re.S)
    return found[1] if found else ""


def named():
    """[(function, page)], from the pages' first lines."""
    return [(name, page) for page, text in pages()
            for name in re.findall(r"^\.Nm (sks_\w+)", part(text, "NAME"),
                                   re.M)]


def prototypes():
    """{function: prototype}, put together from the rows of mdoc."""
    found = {}
    for _, text in pages():
        for kind, name, rest in re.findall(
                r'^\.Ft "(.*?)"\n\.Fo (\w+)\n(.*?)^\.Fc', text, re.M | re.S):
            found[name] = (kind, re.findall(r'^\.Fa "(.*?)"$', rest, re.M))
    return found


def squeezed(prototype):
    return re.sub(r"\W+", "", prototype.replace("*", "P"))


def described(text):
    """The functions under whose names something is said."""
    names = []
    for row in part(text, "DESCRIPTION").splitlines():
        if not row.startswith((".It", ".El", ".Bl", '.\\"')):
            yield from names
        names = re.findall(r"\bFn (sks_\w+)", row) \
            if row.startswith(".It") else []


def wrong_pages():
    run = subprocess.run(
        [sys.executable, os.path.join(TOP, "scripts/update-man"),
         "--check"], text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False)
    for row in run.stdout.splitlines():
        yield f"{row}: {UPDATE}" if run.returncode == 1 and \
            row.startswith(FOLDER) else row
    if run.returncode and not run.stdout:
        yield "scripts/update-man --check fails"


def wrong_functions():
    header, manual = api.functions(), dict(named())
    for name in sorted(header.keys() - manual.keys()):
        yield f"{name} is on no page of {FOLDER}: {UPDATE}"
    for name in sorted(manual.keys() - header.keys()):
        yield (f"{name} is on the page {manual[name]}, but not in "
               f"{api.HEADER}: {UPDATE}")
    seen = {}
    for name, page in named():
        if seen.setdefault(name, page) != page:
            yield f"{name} is on two pages, {seen[name]} and {page}"


def wrong_prototypes():
    header, manual = api.functions(), prototypes()
    for name in sorted(header.keys() & manual.keys()):
        kind, args = manual[name]
        if squeezed(f"{kind} {name}{','.join(args)}") != \
                squeezed(header[name]):
            yield f"{name} has another prototype in its page: {UPDATE}"
    for name in sorted(header.keys() ^ manual.keys()):
        yield f"{name} is not in both a SYNOPSIS and {api.HEADER}: {UPDATE}"


def wrong_descriptions():
    said = {name for _, text in pages() for name in described(text)}
    for name in sorted(api.functions().keys() - said):
        yield f"nothing says what {name} does: {SAY}"


def calls_in(text):
    """(function, how many arguments) of each call in some C."""
    for found in re.finditer(r"\b(sks_\w+)\(", text):
        depth, commas, at = 1, 0, found.end()
        while depth and at < len(text):
            depth += (text[at] in "({") - (text[at] in ")}")
            commas += text[at] == "," and depth == 1
            at += 1
        bare = text[found.end():at - 1].strip()
        yield found[1], commas + 1 if bare else 0


def wrong_examples():
    wanted = {name: n for row in api.functions().values()
              for name, n in list(calls_in(row.replace("(void)", "()")))[:1]}
    for page, text in pages():
        for name, n in calls_in(part(text, "EXAMPLES")):
            if wanted.get(name) != n:
                yield f"{page}: {name} has {n} arguments in an example"


def listed(text, tag):
    """The members in the list that follows a tag, or None."""
    rows, depth, found = text.splitlines(), 0, []
    if tag not in rows:
        return None
    for row in rows[rows.index(tag) + 1:]:
        depth += row.startswith(".Bl -tag") - row.startswith(".El")
        if depth < 1 and row.startswith((".It", ".El")):
            break
        member = re.match(r'\.It Va "(.*)"', row)
        if depth == 1 and member:
            found += api.names_in(member[1])
    return found


def wrong_fields():
    text = everything()
    structs = re.findall(r"^struct (\w+) \{", api.code(), re.M)
    for must in ("sks_server_config", "sks_server_ops", "sks_handler_ops",
                 "sks_outbox_config", "sks_stream_handler"):
        if must not in structs:
            yield f"the header has no struct {must}"
    for struct in structs:
        have = listed(text, f'.It Vt "struct {struct}"') or []
        want = list(api.fields(struct))
        for name in want:
            if name not in have:
                yield f"struct {struct}: {name} is on no page: {UPDATE}"
        for name in have:
            if name not in want:
                yield f"struct {struct}: there is no {name}: {UPDATE}"
    for struct in re.findall(r'^\.It Vt "struct (\w+)"', text, re.M):
        if not re.search(rf"^struct {struct}\b", api.code(), re.M):
            yield f"there is no struct {struct}: {UPDATE}"


def bare_words(text):
    """Letters and digits alone: a comment and its mdoc have the same."""
    plain = re.sub(r"^\.[A-Z][a-z] ", "", text, flags=re.M)
    plain = re.sub(r"^\.(Pp|Bl.*|El|It|Bd.*|Ed|\\\".*)$", "", plain,
                   flags=re.M)
    return "".join(re.findall(r"\w", plain))


def own_comments(struct):
    """{member: the comment before it, and the one behind it in its row}"""
    body = re.search(rf"^struct {struct} \{{(.*?)^\}};",
                     api.text(api.HEADER), re.M | re.S)[1]
    found = {}
    for before, member, behind in re.findall(
            r"((?:/\*(?:(?!\*/).)*\*/\s*)?)([^;/]+);[ \t]*"
            r"((?:/\*(?:(?!\*/).)*\*/)?)", body, re.S):
        found[api.names_in(" ".join(member.split()))[0]] = before + behind
    return found


def said_of(struct):
    """{member: what its page says between it and the next}"""
    text = everything()
    listed = text[text.index(f'.It Vt "struct {struct}"'):]
    depth, at, found = 0, None, {}
    for row in listed.splitlines():
        member = re.match(r'\.It Va "(.*)"', row)
        depth += row.startswith(".Bl") - row.startswith(".El")
        if depth == 0 and found:
            break
        if member and depth == 1:
            at = api.names_in(member[1])[0]
            found[at] = ""
        elif at:
            found[at] += row + "\n"
    return found


TABLES = ("sks_server_ops", "sks_handler_ops", "sks_outbox_config")


def wrong_members():
    for struct in TABLES:
        own, said = own_comments(struct), said_of(struct)
        if list(own) != list(said) or len(own) < 4:
            yield f"struct {struct}: {list(own)} in the header, " \
                f"{list(said)} in its page"
        for name in own.keys() & said.keys():
            if not bare_words(own[name]):
                yield f"struct {struct}: {name} has no comment of its own"
            if bare_words(own[name]) != bare_words(said[name]):
                yield (f"struct {struct}: of {name} its page says "
                       f"{said[name]!r}, and its comment {own[name]!r}")


def wrong_constants():
    bare, text = api.code(), everything()
    header = set(re.findall(r"\bSKS_\w+(?=\s*(?:=[^,}]*)?[,}])", bare))
    header |= set(re.findall(r"^#define (SKS_\w+)[ \t]", api.text(api.HEADER),
                             re.M)) - {"SKS_API", "SKS_MUST_USE"}
    manual = set(re.findall(r"^\.It Dv (SKS_\w+)", text, re.M))
    for name in sorted(header - manual):
        yield f"{name} is on no page: {UPDATE}"
    for name in sorted(manual - header):
        yield f"{name} is not in {api.HEADER}: {UPDATE}"
    for name in set(api.error_codes()) - manual:
        yield f"the error code {name} is on no page: {UPDATE}"
    if len(api.error_codes()) < 20:
        yield "the header's error codes were not understood"


def wrong_exports():
    if not os.path.exists(LIBRARY):
        raise Skip("built without the shared library")
    out = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], text=True,
                         check=True, stdout=subprocess.PIPE).stdout
    there = set(re.findall(r" [A-Z] (sks_\w+)", out))
    manual = dict(named())
    for name in sorted(there - manual.keys()):
        yield f"{name} is exported and on no page"
    for name in sorted(manual.keys() - there):
        yield f"{name} is on a page and not exported"


def wrong_lists():
    in_make = set(re.findall(rf"{FOLDER}/(\S+\.3)",
                             api.text(f"{FOLDER}/local.mk")))
    there = {page for page, _ in pages()}
    overview = api.text(f"{FOLDER}/libsocketserver.3")
    for page in sorted(in_make ^ there):
        yield f"{page} is only in one of {FOLDER} and its local.mk"
    for page in sorted(there - {"libsocketserver.3"}):
        if f".It Xr {page[:-2]} 3\n" not in overview:
            yield f"libsocketserver.3 does not name {page}"


def wrong_mdoc():
    if shutil.which("mandoc") is None:
        raise Skip("there is no mandoc")
    for page, _ in pages():
        run = subprocess.run(
            ["mandoc", "-T", "lint", "-W", "warning",
             os.path.join(TOP, FOLDER, page)], text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        yield from run.stdout.splitlines()


run("library_manual",
    ("the pages are as scripts/update-man writes them", wrong_pages),
    ("every function is on one page, and no other", wrong_functions),
    ("every prototype is the header's", wrong_prototypes),
    ("every function is said to do something", wrong_descriptions),
    ("the calls of the examples have their arguments", wrong_examples),
    ("every field of every struct is there, and no other", wrong_fields),
    ("every member of a table has its own comment, and no other's",
     wrong_members),
    ("every constant and error code is there, and no other",
     wrong_constants),
    ("every function that is exported is there, and no other",
     wrong_exports),
    ("every page is installed and named in the overview", wrong_lists),
    ("mandoc finds nothing", wrong_mdoc))
