# SPDX-License-Identifier: GPL-3.0-or-later
"""What a unit's SystemCallFilter= and MemoryDenyWriteExecute= let a desk do, for
where there is no systemd:

    under_seccomp.py UNIT FOLDER

makes the filters in the folder, and prints what a program is to be run under.
Needs systemd-analyze for the groups of calls, libseccomp for their numbers, and
a C compiler with a static C library."""

import ctypes
import errno
import os
import shlex
import subprocess
import sys

from supervisor import last, read_unit

HERE = os.path.dirname(os.path.abspath(__file__))
ALLOW, ERRNO = 0x7fff0000, 0x00050000
MASKED_EQUAL = 7            # SCMP_CMP_MASKED_EQ
PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000


def groups():
    """What systemd knows of: calls and other groups, by the group's name."""
    out = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter"],
                         stdout=subprocess.PIPE, check=True,
                         stderr=subprocess.DEVNULL,
                         env={**os.environ, "SYSTEMD_COLORS": "0"}).stdout
    found = {}
    for row in out.decode().splitlines():
        if row.startswith("@"):
            members = found.setdefault(row.strip(), [])
        elif row.startswith("    ") and not row.strip().startswith("#"):
            members.append(row.strip())
    return found


def expanded(word, known):
    if not word.startswith("@"):
        return {word}
    return set().union(*(expanded(member, known) for member in known[word]))


def allowed(rows, known):
    """The calls that are let through: a row with ~ takes some away.  systemd
    always lets a process come to its end."""
    calls = expanded("@default", known)
    assert not rows[0].startswith("~"), "a list of what is forbidden"
    for row in rows:
        takes = row.startswith("~")
        for word in row.lstrip("~").split():
            some = expanded(word, known)
            calls = calls - some if takes else calls | some
    return calls


class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int),
                ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
    """A filter of libseccomp, which says this to what it has no rule for."""

    def __init__(self, otherwise):
        self.library = ctypes.CDLL("libseccomp.so.2")
        self.library.seccomp_init.restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.library.seccomp_init(
            ctypes.c_uint32(otherwise)))

    def add(self, action, name, *comparisons):
        number = self.library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:
            return                      # another architecture's
        array = (Comparison * len(comparisons))(*comparisons)
        self.library.seccomp_rule_add_array(
            self.context, ctypes.c_uint32(action), number, len(comparisons),
            array)

    def write(self, path):
        with open(path, "wb") as f:
            status = self.library.seccomp_export_bpf(self.context, f.fileno())
        assert status == 0, f"seccomp_export_bpf: {status}"


def calls_filter(settings):
    """A call that systemd has never heard of is as if the kernel had not
    either."""
    known = groups()
    calls = allowed(settings["SystemCallFilter"], known)
    denied = ERRNO | getattr(errno, last(settings, "SystemCallErrorNumber"))
    made = Filter(ERRNO | errno.ENOSYS)
    for name in sorted(expanded("@known", known)):
        made.add(ALLOW if name in calls else denied, name)
    return made


def memory_filter():
    """No memory is written and executed."""
    made = Filter(ALLOW)
    denied = ERRNO | errno.EPERM
    both = PROT_WRITE | PROT_EXEC
    made.add(denied, "mmap", Comparison(2, MASKED_EQUAL, both, both))
    for name in ("mprotect", "pkey_mprotect"):
        made.add(denied, name,
                 Comparison(2, MASKED_EQUAL, PROT_EXEC, PROT_EXEC))
    made.add(denied, "shmat", Comparison(2, MASKED_EQUAL, SHM_EXEC, SHM_EXEC))
    return made


def prepare(unit, folder):
    """The words that stand before a command."""
    settings = read_unit(unit)
    program = os.path.join(folder, "under_seccomp")
    subprocess.run([*shlex.split(os.environ.get("CC") or "cc"), "-static",
                    "-O1", "-o", program,
                    os.path.join(HERE, "under_seccomp.c")], check=True)
    paths = [os.path.join(folder, "calls.bpf")]
    calls_filter(settings).write(paths[0])
    if last(settings, "MemoryDenyWriteExecute") == "yes":
        paths.append(os.path.join(folder, "memory.bpf"))
        memory_filter().write(paths[1])
    return [program, *paths, "--"]


if __name__ == "__main__":
    print(shlex.join(prepare(*sys.argv[1:])))
