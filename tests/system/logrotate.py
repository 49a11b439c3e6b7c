# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of what is said is moved away while the desk works, by Debian's
logrotate with the file that comes with us: no row is lost."""

import glob
import grp
import gzip
import os
import pwd
import re
import shutil
import stat
import subprocess

from desk import Desk, Skip, case, main, same, state, wait_until
from tap import text

# A systemctl that knows one unit, and whose it is.
SYSTEMCTL = """#!/bin/sh
echo "$*" >>{folder}/asked
case "$*" in
*is-active*deskwire.service) exit 0 ;;
*is-active*) exit 3 ;;
*"-s HUP deskwire.service") exec kill -HUP {pid} ;;
*) exit 1 ;;
esac
"""


def logrotate():
    found = shutil.which("logrotate", path="/usr/sbin:/usr/bin:/sbin")
    if not found:
        raise Skip("logrotate is not installed")
    return found


def write(path, words, mode):
    with open(path, "w", encoding="utf-8") as f:
        f.write(words)
    os.chmod(path, mode)


def prepare(folder, pid):
    """Its configuration, for another folder and for whoever runs this."""
    user = pwd.getpwuid(os.geteuid()).pw_name
    group = grp.getgrgid(os.getegid()).gr_name
    conf = text("data/deskwire.logrotate").replace(
        "/var/log/deskwire/", f"{folder}/log/").replace(
        "0600 deskwire deskwire", f"0600 {user} {group}").replace(
        "su deskwire deskwire", f"su {user} {group}")
    same(len(re.findall(r"\bdeskwire deskwire\b", conf)), 0)
    write(f"{folder}/conf", conf, 0o644)
    os.mkdir(f"{folder}/bin")
    write(f"{folder}/bin/systemctl",
          SYSTEMCTL.format(folder=folder, pid=pid), 0o755)


def rotate(folder):
    done = subprocess.run(
        [logrotate(), "--force", "--state", f"{folder}/state",
         f"{folder}/conf"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}"})
    same((done.returncode, done.stdout), (0, b""))


def rows_of(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        return f.read().decode().splitlines()


@case("the desk goes on in a new file, and each row is in one of them, once")
def _():
    logrotate()
    with state() as folder:
        os.mkdir(f"{folder}/log", 0o700)
        log = f"{folder}/log/talk.log"
        with Desk("--log", log, "--rate", "1000", "--burst", "1000",
                  folder=f"{folder}/s") as d:
            prepare(folder, d.pid)
            o, c = d.operator(), d.line()
            for turn in range(3):
                for n in range(20):
                    c.send(f"row {turn}.{n}.\n")
                o.said(f"row {turn}.19.")
                if turn == 2:
                    break
                rotate(folder)
                mode = os.stat(log).st_mode
                same(stat.S_IMODE(mode), 0o600)
                # The signal has come: what is said now is in the new file.
                c.send(f"mark {turn}\n")
                wait_until(lambda: has(log, f"mark {turn}", c), "the new file")
            d.stop_with_all()
        found = sorted(glob.glob(f"{folder}/log/*"))
        same([os.path.basename(p) for p in found],
             ["talk.log", "talk.log.1", "talk.log.2.gz"])
        said = [m for p in found for r in rows_of(p)
                for m in re.findall(r"received ==> .* - (row .*)", r)]
        same(sorted(said), sorted(f"row {t}.{n}." for t in range(3)
                                  for n in range(20)))
        with open(f"{folder}/asked", encoding="ascii") as f:
            assert "kill --kill-who=main -s HUP deskwire.service" in f.read()


def has(path, words, customer):
    """Said again until the desk has taken the signal."""
    if any(words in r for r in rows_of(path)):
        return True
    customer.send(words + "\n")
    return False


main("logrotate")
