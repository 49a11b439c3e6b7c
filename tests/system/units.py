# SPDX-License-Identifier: GPL-3.0-or-later
"""The units of the service: what they let a desk do, and that they are units."""

import os
import re
import shutil
import subprocess
import tempfile

from supervisor import last, read_unit
from tap import BUILD, TOP, Skip, run, same, text

MADE = ("deskwire.service", "deskwire-restricted.service")
VERIFY = "deskwire-verify.service"
TIMER = os.path.join(TOP, "data/systemd/deskwire-verify.timer")
SOCKETS = ("customers", "operators", "metrics", "udp")


def made(name):
    return os.path.join(BUILD, "data/systemd", name)


def socket_unit(name):
    dash = "" if name == "customers" else f"-{name}"
    return os.path.join(TOP, f"data/systemd/deskwire{dash}.socket")


def analyze(*args):
    program = shutil.which("systemd-analyze")
    if program is None:
        raise Skip("there is no systemd-analyze here")
    return subprocess.run([program, "--no-pager", *args],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)


def exposed():
    """Tenths of a point, of 100."""
    for name, most in zip((*MADE, VERIFY), (11, 4, 4)):
        told = analyze("security", "--offline=true", f"--threshold={most}",
                       made(name))
        if told.returncode != 0:
            yield from told.stdout.splitlines()[-3:]


def not_units():
    """Its program is not where the unit says, as it is not installed, and
    perhaps neither is the manual."""
    with tempfile.TemporaryDirectory(prefix="dw", dir="/tmp") as folder:
        for path in (*map(made, (*MADE, VERIFY)),
                     *map(socket_unit, SOCKETS), TIMER):
            body = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true",
                          open(path, encoding="utf-8").read())
            body = re.sub(r"(?m)^Documentation=.*\n", "", body)
            with open(os.path.join(folder, os.path.basename(path)), "w",
                      encoding="utf-8") as f:
                f.write(body)
        told = analyze("verify", *(os.path.join(folder, f)
                                   for f in sorted(os.listdir(folder))))
    yield from (row for row in told.stdout.splitlines() if "deskwire" in row)


def what_both_have():
    """Each line that one of them lacks is about the network, or about who makes
    the operators' socket."""
    own = {"Description", "Documentation", "After", "Requires", "Conflicts",
           "RuntimeDirectory", "RuntimeDirectoryMode",
           "RuntimeDirectoryPreserve", "IPAddressAllow", "Environment",
           "RestrictAddressFamilies", "PrivateNetwork", "WantedBy"}
    one, other = (read_unit(made(name)) for name in MADE)
    for key in sorted(set(one) | set(other)):
        if key not in own and one.get(key) != other.get(key):
            yield f"{key}: {one.get(key)} and {other.get(key)}"


def limits():
    """A customer is a thread and a descriptor, and this many may come."""
    row, = re.findall(r'LIMIT\(max_sessions, [^,]+, [^,]+, (\d+)',
                      text("src/service/limits.def"))
    for name in MADE:
        unit = read_unit(made(name))
        for key, beside in (("LimitNOFILE", 64 * 8), ("TasksMax", 256)):
            if int(last(unit, key)) < int(row) + beside:
                yield f"{name}: {key} is less than {row} customers need"


def sockets():
    for name in SOCKETS:
        unit = read_unit(socket_unit(name))
        same(last(unit, "FileDescriptorName"), name)
        same(last(unit, "Service"), "deskwire-restricted.service")
    operators = read_unit(socket_unit("operators"))
    path = last(operators, "ListenStream")
    same(last(operators, "SocketMode"), "0660")
    for name in MADE:
        start = last(read_unit(made(name)), "ExecStart")
        if f"--operator-socket={path} " not in start + " ":
            yield f"{name} has another operators' socket than {path}"


def ports():
    """Where a desk of its own listens, and those who read of it."""
    known = dict(re.findall(r"(?m)^#define (SVC_\w*PORT) +(\d+)",
                            text("src/service/service.h")))
    usual = {use: known[port] for use, port in re.findall(
        r'{ "(\w+)", SKS_\w+, \w+, \w+,\s+(SVC_\w+),',
        text("src/bin/endpoints.c"))}
    same(sorted(usual), ["customers", "metrics", "udp"])
    for name, port in usual.items():
        unit = read_unit(socket_unit(name))
        key = "ListenDatagram" if name == "udp" else "ListenStream"
        if last(unit, key) != f"127.0.0.1:{port}":
            yield f"{name}: {last(unit, key)}, and the program has {port}"


def alone():
    """A socket beside the desk that listens itself would start the other one,
    which ends it in the middle of its talks."""
    for name in SOCKETS:
        if last(read_unit(socket_unit(name)), "Conflicts") != \
                "deskwire.service":
            yield f"{name} may be there beside deskwire.service"


def users():
    known = re.findall(r"(?m)^[ug] (\S+)", text("data/deskwire.sysusers"))
    for name in MADE:
        unit = read_unit(made(name))
        for key in ("User", "Group"):
            if last(unit, key) not in known:
                yield f"{name}: nobody makes the {key} {last(unit, key)}"


run("units",
    ("they are exposed no more than 1.1, and 0.4 without a network", exposed),
    ("systemd takes them", not_units),
    ("both let a desk do the same, but for the network", what_both_have),
    ("they have room for all customers that may come", limits),
    ("sockets have the names that a desk knows", sockets),
    ("sockets are where the program listens by itself", ports),
    ("no socket is there beside a desk that listens itself", alone),
    ("their users are made", users))
