# SPDX-License-Identifier: GPL-3.0-or-later
"""What libsocketserver shows to the world, and what it needs of it.  The one
list of its functions is socketserver.h: SKS_API before a declaration exports
it, and the library must have just those."""

import os
import re
import subprocess

import api
from tap import BUILD, Skip, run, text

LIBRARY = os.path.join(BUILD, ".libs", "libsocketserver.so")
VERSION = re.search(r"^(SKS_\w+) \{",
                    text("src/socketserver/libsocketserver.map"), re.M)[1]
# What the sanitizers and old linkers add, where the linker takes no map.
NOT_OURS = re.compile(r"(__\w+|_init|_fini|_end|_edata|__bss_start)$")


def output(*command):
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def library():
    if not os.path.exists(LIBRARY):
        raise Skip("built without the shared library")
    return LIBRARY


def exported():
    """{name: version}"""
    found = {}
    for row in output("nm", "-D", "--defined-only", library()).splitlines():
        name, _, version = row.split()[2].partition("@")
        if row.split()[1] != "A" and not NOT_OURS.match(name):
            found[name] = version.strip("@")
    return found


def has_map():
    with open(os.path.join(BUILD, "Makefile"), encoding="utf-8") as f:
        return re.search(r"^[^#\n]*--version-script", f.read(), re.M)


def wrong_names():
    for name in exported():
        if not name.startswith("sks_"):
            yield f"{name} is exported and is not sks_..."


def wrong_functions():
    there, declared = exported(), api.functions()
    if len(declared) < 50:
        yield f"only {len(declared)} functions were found in the header"
    for name in sorted(declared.keys() - there.keys()):
        yield (f"{name} is declared in {api.HEADER}, but no source of the "
               "library defines it")
    for name in sorted(there.keys() - declared.keys()):
        yield (f"{name} is exported: declare it in {api.HEADER}, or take "
               "SKS_API away where it is declared")


def wrong_versions():
    for name, version in sorted(exported().items()):
        if has_map() and version != VERSION:
            yield (f"{name} has version {version or 'none'}, not {VERSION}: "
                   "see libsocketserver.map")


def unmarked():
    for row in api.unmarked():
        yield f"without SKS_API nobody can call: {row}"


def unchecked_enums():
    tested = text("tests/unit/enums.c")
    takers = [name for name, prototype in api.functions().items()
              if re.search(r"\benum sks_\w+ \w+",
                           prototype[prototype.index("("):])]
    for name in takers:
        if name not in tested:
            yield f"{name} takes an enum: give it a row in tests/unit/enums.c"
    if len(takers) < 10:
        yield f"only {len(takers)} functions with an enum were found"


def wrong_needs():
    needs = re.findall(r"NEEDED.*\[(.*?)\]",
                       output("readelf", "-d", library()))
    for name in needs:
        if not re.match(r"(libc|libm|libpthread|libgcc_s|ld-linux[\w-]*|"
                        r"lib[atu]\w*san)\.so", name):
            yield f"it needs {name}"


run("symbols",
    ("every function in the header is marked SKS_API", unmarked),
    ("the library exports only sks_ names", wrong_names),
    ("every function of the header is there, and no other", wrong_functions),
    ("every name has its version", wrong_versions),
    ("every function that takes an enum is tried with a wrong one",
     unchecked_enums),
    ("the library needs threads and nothing else", wrong_needs))
