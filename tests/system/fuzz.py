# SPDX-License-Identifier: GPL-3.0-or-later
"""The command in the comment of each of tests/fuzz makes a fuzzer, as it is
written.  That takes clang, and too long for the small size."""

import re
import shutil
import subprocess
import tempfile

from tap import BUILD, SIZE, TOP, Skip, run, same, text

def command(name):
    """As it is written, for one shell."""
    found = re.search(r"^ \*\t(clang (?:.*\\\n \*\t    )*.*)$",
                      text(f"tests/fuzz/{name}.c"), re.M)
    assert found, "there is no command"
    return re.sub(r"\\\n \*\t +", "", found[1]).replace(
        "-Ibuild", f"-I'{BUILD}'")


def shell(words, **more):
    p = subprocess.run(words, shell=True, cwd=TOP, text=True,
                       capture_output=True, check=False, **more)
    same((p.returncode, p.stderr if p.returncode else ""), (0, ""))


def fuzzes(name):
    if SIZE == "small":
        raise Skip("for T_SIZE=middle")
    if shutil.which("clang") is None:
        raise Skip("there is no clang")
    with tempfile.TemporaryDirectory(prefix="dw", dir="/tmp") as folder:
        shell(f"{command(name)} -o {folder}/fuzz")
        shell(f"{folder}/fuzz -runs=2000 -seed=1", timeout=300)


run("fuzz",
    ("the command of wire.c makes a fuzzer", lambda: fuzzes("wire")),
    ("the command of framing.c makes a fuzzer", lambda: fuzzes("framing")))
