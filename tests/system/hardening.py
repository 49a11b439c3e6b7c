# SPDX-License-Identifier: GPL-3.0-or-later
"""What configure found to protect the program with is in it."""

import os
import re
import subprocess

from tap import BUILD, Skip, run, same


def variable(name):
    """Of the Makefile that configure has made."""
    with open(os.path.join(BUILD, "Makefile"), encoding="utf-8") as f:
        return re.search(rf"^{name} =(.*)$", f.read(), re.M)[1].strip()


def preprocessed(flags):
    """The level that the C library's headers then take."""
    words = (f"{variable('CC')} {variable('CPPFLAGS')} {variable('CFLAGS')} "
             f"{flags} -E -P -")
    p = subprocess.run(words, shell=True, text=True, capture_output=True,
                       input="#include <stdlib.h>\nlevel __USE_FORTIFY_LEVEL",
                       check=False)
    found = re.search(r"level\s+(\d)", p.stdout)
    return int(found[1]) if found else 0


def fortified():
    flags = variable("HARDEN_CPPFLAGS")
    if variable("HARDEN_CFLAGS") == "":
        raise Skip("built without hardening")
    if "_FORTIFY_SOURCE" in variable("CFLAGS") + variable("CPPFLAGS"):
        raise Skip("the user has chosen")
    best = preprocessed("-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
    if best == 0:
        raise Skip("this compiler does not optimize, or knows no level")
    same(preprocessed(flags), best)


run("hardening",
    ("_FORTIFY_SOURCE is as high as the compiler has it", fortified))
