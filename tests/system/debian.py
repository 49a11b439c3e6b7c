# SPDX-License-Identifier: GPL-3.0-or-later
"""What debian/ says agrees with the tree.  That the packages can be built,
installed, upgraded and purged shows tests/package/whole.py."""

import os
import re
import subprocess
import tempfile

import api
from tap import BUILD, run, text

SYMBOLS = "debian/libsocketserver0.symbols"
GROUP = "deskwire-operators"


def wrong_version():
    version = re.search(r"AC_INIT\(\[\w+\],\[([^]]+)\]", text("configure.ac"))[1]
    packaged = re.match(r"deskwire \(([^)]+)\)", text("debian/changelog"))[1]
    if packaged.partition("~")[0] != version:
        yield (f"debian/changelog is of {packaged}, configure.ac of {version}: "
               "dch -v adds an entry")


def wrong_symbols():
    listed = dict(re.findall(r"^ (\w+)@SKS_\d+ (.+)$", text(SYMBOLS), re.M))
    for name in sorted(api.functions().keys() - listed):
        yield f"{SYMBOLS} lacks a row: ' {name}@SKS_0 VERSION~'"
    for name in sorted(listed.keys() - api.functions().keys()):
        if name.startswith("sks_"):
            yield f"{SYMBOLS} has {name}, which is no function of the library"


def everything(settings):
    """With what is only shown in comments, and a group that is on every
    machine."""
    return re.sub(r"^#(\w[\w-]* (?:= |\S* ?\{))", r"\1",
                  settings.replace(f'"{GROUP}"', '"root"'), flags=re.M)


def wrong_settings():
    settings = text("debian/etc/deskwire.conf")
    if f'"{GROUP}"' not in text("debian/etc/deskwire.conf"):
        yield f"the installed configuration does not let {GROUP} in"
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as f:
        f.write(everything(settings))
        f.flush()
        done = subprocess.run(
            [os.path.join(BUILD, "deskwire"), "check-config", "--config",
             f.name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False)
    if done.returncode != 0:
        yield done.stdout


run("debian",
    ("the packages have the version of the tree", wrong_version),
    ("the library's symbols are all in its package, and no others",
     wrong_symbols),
    ("the installed configuration and what it shows in comments can be used",
     wrong_settings))
