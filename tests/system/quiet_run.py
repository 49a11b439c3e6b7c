# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/run says nothing while it builds but how far it is, on one row that
goes away; what fails is told, and where the rest is.  The tree, its configure
and the system's packages are of our own making, so nothing is built here."""

import os
import select
import shutil
import subprocess
import tempfile
import time

from tap import TOP, fork_pty, run, same

LIMIT = 30

CONFIGURE = """#!/bin/sh
echo "configure: chatter"
[ ! -e ../no-configure ] || { echo "configure: no compiler"; exit 1; }
sed 's/^        /\\t/' >Makefile <<'END'
all: all-am
all-am: one two deskwire
one two:
        @echo "  CC       $@.c"; [ ! -e ../no-$@ ] || { echo "$@.c: error" >&2; exit 1; }; touch $@
deskwire:
        @echo "  CCLD     $@"; printf '#!/bin/sh\\necho "deskwire $$*"; cat\\n' >$@; chmod +x $@
END
"""
DPKG_QUERY = """#!/bin/sh
for last; do :; done
[ "$last" != "${MISSING-}" ] || exit 1
echo install ok installed
"""
APT_GET = """#!/bin/sh
echo "apt-get: chatter"
[ -z "${APT_FAILS-}" ] || { echo "E: no such package"; exit 1; }
"""


class Tree:
    """A copy of the scripts, with a configure that takes no time."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="dw", dir="/tmp")
        for name in ("scripts", "bin", "po", "m4"):
            os.mkdir(os.path.join(self.folder, name))
        for name in ("run", "build", "deps"):
            shutil.copy(os.path.join(TOP, "scripts", name),
                        os.path.join(self.folder, "scripts", name))
        for name, text in (
                ("bootstrap", "#!/bin/sh\necho chatter\nmv c configure\n"
                 "touch configure\n"),
                ("c", CONFIGURE), ("configure.ac", ""), ("m4/x.m4", ""),
                ("bin/dpkg-query", DPKG_QUERY), ("bin/apt-get", APT_GET),
                ("bin/id", "#!/bin/sh\necho 0\n")):
            path = os.path.join(self.folder, name)
            with open(path, "w", encoding="ascii") as f:
                f.write(text)
            os.chmod(path, 0o755)
        self.env = {"PATH": f"{self.folder}/bin:{os.environ['PATH']}",
                    "TERM": "xterm"}
        self.command = [os.path.join(self.folder, "scripts", "run"), "a", "b"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def spoil(self, name):
        with open(os.path.join(self.folder, name), "w", encoding="ascii"):
            pass

    def in_pipe(self, **env):
        """Status, standard output, standard error."""
        done = subprocess.run(self.command, env={**self.env, **env}, text=True,
                              input="typed\n", stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=LIMIT,
                              check=False)
        return done.returncode, done.stdout, done.stderr

    def in_terminal(self):
        """All that came, and what stands there in the end."""
        pid, fd = fork_pty()
        if pid == 0:
            os.execve(self.command[0], self.command, self.env)
        out = b""
        os.write(fd, b"\x04")       # ends what the program reads
        end = time.monotonic() + LIMIT
        while select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:         # it has ended
                data = b""
            if not data:
                break
            out += data
        os.close(fd)
        os.waitpid(pid, 0)
        out = out.decode().replace("\r\n", "\n")
        return out, [seen(row) for row in out.split("\n")]

    def log(self):
        with open(os.path.join(self.folder, "build", "build.log"),
                  encoding="ascii") as f:
            return f.read()


def seen(row):
    """What a terminal shows of a row in which \\r goes back."""
    cells = []
    for part in row.split("\r"):
        cells[:len(part)] = part
    return "".join(cells).rstrip()


def silent():
    with Tree() as tree:
        same(tree.in_pipe(), (0, "deskwire a b\ntyped\n", ""))
        log = tree.log()
        for words in ("chatter", "configure: chatter", "CC       one.c",
                      "CCLD     deskwire"):
            assert words in log, log
        same(tree.in_pipe(), (0, "deskwire a b\ntyped\n", ""))


def one_row():
    with Tree() as tree:
        out, screen = tree.in_terminal()
        for words in ("deskwire: making configure", "deskwire: configuring",
                      "deskwire: building ... 1 of 3",
                      "deskwire: building ... 3 of 3"):
            assert "\r" + words in out, out
        same([row for row in screen if row and "^D" not in row],
             ["deskwire a b"])
        assert "chatter" not in out and "CC" not in out, out
        out, _ = tree.in_terminal()
        assert "building" not in out, out


def failures():
    for spoiled, words in (("no-configure", ("configure: no compiler",
                                             "configure failed")),
                           ("no-two", ("two.c: error", "make failed"))):
        with Tree() as tree:
            tree.spoil(spoiled)
            status, out, error = tree.in_pipe()
            same((status, out), (1, ""))
            for word in (*words, f"{tree.folder}/build/build.log"):
                assert word in error, error
            out, screen = tree.in_terminal()
            assert any(words[1] in row for row in screen), screen
            assert "deskwire a b" not in out, out
            # The next start goes on where that one ended.
            os.remove(os.path.join(tree.folder, spoiled))
            same(tree.in_pipe(), (0, "deskwire a b\ntyped\n", ""))


def packages():
    with Tree() as tree:
        status, out, error = tree.in_pipe(MISSING="libcunit1-dev")
        same((status, out, error), (0, "deskwire a b\ntyped\n",
                                    "deskwire: installing libcunit1-dev\n"))
        assert "apt-get: chatter" in tree.log()
    with Tree() as tree:
        status, out, error = tree.in_pipe(MISSING="gcc", APT_FAILS="1")
        same((status, out), (1, ""))
        assert "E: no such package" in error and \
            f"{tree.folder}/build/build.log" in error, error


def verbose():
    """For developers scripts/build says what it does."""
    with Tree() as tree:
        tree.command = [os.path.join(tree.folder, "scripts", "build")]
        status, out, _ = tree.in_pipe()
        same(status, 0)
        assert "CC       one.c" in out and "making configure" in out, out


run("quiet_run",
    ("in a pipe nothing is said but by the program", silent),
    ("in a terminal one row says how far it is, and goes away", one_row),
    ("what fails is told, with where all of it is", failures),
    ("packages are named once, and what apt-get says is kept", packages),
    ("scripts/build says what it does all the same", verbose))
