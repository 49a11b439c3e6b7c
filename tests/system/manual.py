# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual says what the program does: every option with the verbs it
belongs to, every limit with its default and range, every command of the
console, every exit status, and no others.  ChangeLog begins with this release."""

import os
import re
import subprocess

from tap import BUILD, run, text

PROGRAM = os.path.join(BUILD, "deskwire")
VERBS = ("open", "demo", "serve", "attach", "ctl", "relay", "call", "verify",
         "check-config", "config", "doctor", "completion")
# These take those of a desk besides.
LOOKS = {"config", "doctor"}
OF_LOOKS = {"config", "example", "help", "version"}
ALWAYS = {"help", "version"}


def manual_items(path="doc/deskwire.1"):
    """{option: its paragraph}, from the rows `.It Fl -name ...`."""
    items, name = {}, None
    for row in text(path).splitlines():
        found = re.match(r"\.It .*?Fl -([a-z][a-z-]*)", row)
        if found:
            name = found[1]
            items[name] = ""
        elif row.startswith((".It", ".El", ".S")):
            name = None
        elif name:
            items[name] += row + "\n"
    return items


def limits():
    """{option: (unit, default, least, most)}"""
    row = (r'LIMIT\(\w+, "([a-z-]+)", N_\("([^"]+)"\), '
           r"(\d+), (\d+),\s+(\d+),")
    return {m[0]: m[1:]
            for m in re.findall(row, text("src/service/limits.def"))}


def help_of(verb):
    out = subprocess.run([PROGRAM, verb, "--help"], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    found = set(re.findall(r"^  (?:-\w, |    )--([a-z][a-z-]*)", out, re.M))
    return found & OF_LOOKS if verb in LOOKS else found


def verbs_of(paragraph):
    """What stands in the row `.Pq Cm open , serve`."""
    found = re.search(r"^\.Pq Cm (.*)$", paragraph, re.M)
    return set(re.findall(r"[\w-]+", found[1])) if found else set()


def wrong_options():
    items, known = manual_items(), limits()
    options = {name: set() for name in known}
    for verb in VERBS:
        for name in help_of(verb):
            options.setdefault(name, set()).add(verb)
    for name in sorted(options.keys() - items.keys()):
        yield f"--{name} is not in deskwire.1"
    for name in sorted(items.keys() - options.keys()):
        yield f"--{name} is in deskwire.1, but no verb takes it"
    for name in sorted(options.keys() & items.keys() - known.keys() - ALWAYS):
        if verbs_of(items[name]) != options[name]:
            yield f"--{name} belongs to {sorted(options[name])}"


def wrong_limits():
    items = manual_items()
    known = limits()
    if not known:
        yield "no row of limits.def was understood"
    for name, (unit, default, least, most) in known.items():
        says = f"Default {default} {unit}, range {least} to {most}."
        if says not in items.get(name, ""):
            yield f"deskwire.1 does not say of --{name}: {says}"


def commands():
    for path in ("src/console/commands.c", "src/desk/command.c"):
        table = re.search(r"commands\[\] = \{(.*?)^\};", text(path),
                          re.M | re.S)[1]
        yield from re.findall(r'^\t\{ \{ "(\w+)", "([^"]*)"', table, re.M)


def wrong_commands():
    rows = set(commands())
    page, manual = text("doc/console.md"), text("doc/deskwire.1")
    described = set(re.findall(r"^\| `/(\w+)[^`]*` \|", page, re.M))
    for name, args in sorted(rows):
        if f"| `/{name}{' ' if args else ''}{args}` |" not in page:
            yield f"doc/console.md has no row for /{name} {args}"
        if not re.search(rf"^\.It Li /{name}\b", manual, re.M):
            yield f"/{name} is not in deskwire.1"
    for name in sorted(described - {row[0] for row in rows}):
        yield f"doc/console.md describes /{name}, which is no command"


def wrong_places():
    for path in (p for paths in CHINESE.values() for p in paths):
        items = re.findall(r"^\.It (Li /.+)$", text(path), re.M)
        for item in sorted({i for i in items if items.count(i) > 1}):
            yield f"{path} has more than one place for: {item}"


def wrong_verbs():
    manual = text("doc/deskwire.1")
    out = subprocess.run([PROGRAM, "--help"], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    there = re.findall(r"^  ([a-z-]+) ", out, re.M)
    if not there:
        yield "--help lists no verb"
    for verb in there:
        if verb not in VERBS or not re.search(rf"^\.It Cm {verb}\b", manual,
                                              re.M):
            yield f"the verb {verb} is not in deskwire.1"


def wrong_statuses():
    known = set(re.findall(r"^\tDW_STATUS_\w+ = (\d+)",
                           text("src/base/status.h"), re.M)) | {"128+"}
    section = text("doc/deskwire.1").split(".Sh EXIT STATUS\n")[1]
    listed = re.findall(r"^\.It (\d+\+?)", section.split("\n.Sh ")[0], re.M)
    if len(known) == 1:
        yield "no row of status.h was understood"
    if sorted(listed) != sorted(known):
        yield f"deskwire.1 lists {listed}, status.h {sorted(known)}"


def wrong_changelog():
    found = re.search(r"^(\d[\d.]*)", text("ChangeLog"), re.M)
    want = os.environ.get("VERSION", found and found[1])
    if not found or found[1] != want:
        yield f"ChangeLog does not begin with {want}"


# --- the Chinese pages ------------------------------------------------------

CHINESE = {"deskwire.1": ("doc/deskwire.1", "doc/zh_CN/deskwire.1"),
           "deskwire.conf.5": ("doc/deskwire.conf.5",
                               "doc/zh_CN/deskwire.conf.5")}


def headings(page, macro):
    return re.findall(rf"^\.{macro} ", page, re.M)


def shape(page):
    """What a page is about, apart from its words: the items of its lists, and
    to whom each option belongs."""
    return set(re.findall(r"^\.It (.+)$", page, re.M)) | \
        set(re.findall(r"^\.Pq Cm [\w-]+(?: , [\w-]+)*$", page, re.M))


def wrong_chinese():
    for name, paths in CHINESE.items():
        english, chinese = map(text, paths)
        for macro in ("Sh", "Ss"):
            n, m = (len(headings(p, macro)) for p in (english, chinese))
            if n != m:
                yield f"{name}: {n} headings .{macro}, in Chinese {m}"
        for row in sorted(shape(english) - shape(chinese)):
            yield f"{name}: the Chinese page lacks: {row}"
        for row in sorted(shape(chinese) - shape(english)):
            yield f"{name}: only the Chinese page has: {row}"


def wrong_chinese_limits():
    items = manual_items("doc/zh_CN/deskwire.1")
    for name, (_, default, least, most) in limits().items():
        if not re.search(rf"^默认 {default} .*, 范围 {least} 到 {most}。$",
                         items.get(name, ""), re.M):
            yield f"--{name} is {default}, {least} to {most}: not in Chinese"


run("manual",
    ("every option is in the manual, with its verbs", wrong_options),
    ("every limit is there, with its default and range", wrong_limits),
    ("every verb is there", wrong_verbs),
    ("every command of the console is described", wrong_commands),
    ("each command has one place", wrong_places),
    ("every exit status is there", wrong_statuses),
    ("the Chinese pages have the sections and items of the English ones",
     wrong_chinese),
    ("and every limit, with its default and range", wrong_chinese_limits),
    ("ChangeLog begins with this release", wrong_changelog))
