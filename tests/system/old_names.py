# SPDX-License-Identifier: GPL-3.0-or-later
"""A name that was changed is changed everywhere: none of the old ones below
occurs any more, in code, tests or documents."""

import os
import re
import subprocess

from tap import TOP, run

# (what does not occur any more, how it is found, what it is called now)
OLD = [
    ("src/doors", r"\bdoors/|\bsrc/doors\b", "src/service"),
    ("door_", r"\b(door|DOOR)_\w", "svc_"),
    ("run_door", r"\brun_door\b", "a name with service in it"),
    ("inside.h, impl.h", r"\b(inside|impl)\.h\b", "internal.h"),
    ("frames.c of the service", r"\bservice/frames\.[ch]\b",
     "what the file is for"),
    ("DESK_RQ_KINDS but as a count", r"(?:[=(,]|\breturn) ?DESK_RQ_KINDS\b",
     "DESK_RQ_NONE"),
    ("SKS_OVERLOADS but as a count", r"(?:[=(,]|\breturn) ?SKS_OVERLOADS\b",
     "0, or the error"),
    # A note is what an operator writes for the others.
    ("notes for datagrams",
     r"\bdesk_notes_(tick|restore|keep)\b|\bnote_(cut|flags|stored)\b",
     "datagram"),
    ("struct wire_event", r"\bstruct wire_event\b", "struct ev_event"),
    ("struct wire_session", r"\bstruct wire_session\b", "struct ev_session"),
    ("struct desk_event", r"\bstruct desk_event\b", "struct ev_event"),
    ("desk_facts", r"\b(struct )?desk_facts\b", "struct ev_session"),
    ("DESK_EV_, desk_ev_word", r"\b(DESK_EV_\w|desk_ev_\w)", "EV_, ev_word()"),
    ("desk_mode, desk_state, desk_code", r"\bdesk_(mode|state|code)(_word)?\b",
     "ev_mode, ev_state, ev_code"),
    ("wire_command", r"\bstruct wire_command\b", "struct ev_command"),
    ("the journal's vtable", r"\bdesk_journal\b|\bjournal_ops\b",
     "store_append()"),
    ("locked forwarders of the board",
     r"\bcon_board_(facts|select|keep|lookup|oldest|sessions?|peers|seen)\b",
     "con_mirror_..."),
    ("doomed", r"\bdoomed\b", "cut_why"),
    ("con_rescue, con_stay", r"\bcon_(rescue|stay)\b",
     "con_unblock, con_cancel_leaving"),
    ("publish.c, state.c of the desk",
     r"\bdesk/(publish|state)\.[ch]\b", "effects.c, datagrams.c, ..."),
    ("look_in", r"\blook_in\b", "schedule_gone_check"),
    ("insist_on_utf8", r"\binsist_on_utf8\b", "what it does"),
    ("doom", r"\bdoom\(", "what it does"),
]
# The past may be told as it was.
HISTORY = re.compile(r"ChangeLog$|doc/decisions/|po/|tests/system/old_names.py")


def tracked():
    """The files of the repository, or of a tree that is none."""
    git = subprocess.run(["git", "-C", TOP, "ls-files"], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         check=False) if os.path.exists(
                             os.path.join(TOP, ".git")) else None
    if git is not None and git.returncode == 0:
        return git.stdout.splitlines()
    return [os.path.relpath(os.path.join(where, name), TOP)
            for part in ("src", "tests", "doc", "scripts")
            for where, _, names in os.walk(os.path.join(TOP, part))
            for name in names
            if re.search(r"\.(c|h|cc|def|mk|py|sh|md|[13])$", name)]


def texts():
    """(path, text) of every text file."""
    for path in tracked():
        if HISTORY.match(path):
            continue
        try:
            with open(os.path.join(TOP, path), encoding="utf-8") as f:
                yield path, f.read()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            pass


TEXTS = list(texts())


def finder(old, new):
    def find():
        for path, text in TEXTS:
            if not re.search(old, text):
                continue
            for number, row in enumerate(text.split("\n"), 1):
                if re.search(old, row):
                    yield f"{path}:{number}: {row.strip()} (now: {new})"
    return find


run("old_names", *((f"there is no {name}", finder(old, new))
                   for name, old, new in OLD))
