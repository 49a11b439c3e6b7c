# SPDX-License-Identifier: GPL-3.0-or-later
"""Each command of the desk, once through the operators' protocol and once at a
terminal: the table says who gives it, what happens then, and what is shown."""

from attached import Terminal
from desk import Desk, case, main, same

# Who, what; the event that it makes; the row that its writer sees.
STEPS = (
    ("ann", "take 1", "claim", "you answer 1 guest now"),
    ("lin", "steal 1", "claim", "you have taken 1 guest from ann"),
    ("lin", "keep 1 10m", "keep", "you keep 1 guest for 10 min"),
    ("lin", "note #1 paid twice", "note", r"1 guest lin note> paid twice"),
    ("ann", "whisper #1 be kind", "msg", "be kind"),
    ("ann", "msg lin good morning", "msg", "you to lin> good morning"),
    ("lin", "transfer 1 ann because", "offer",
     "you offer 1 guest to ann: because"),
    ("ann", "decline 1", "declined", "you do not take 1 guest"),
    ("lin", "transfer 1 ann", "offer", "you offer 1 guest to ann"),
    ("ann", "take 1", "claim", "you answer 1 guest now, as lin has offered"),
    ("ann", "release 1", "free", "1 guest is back in line: you gave it back"),
    ("ann", "name 1 alice", "name", "1 is called alice now"),
    ("ann", "charset 1 gb18030", "charset", "1 alice writes in gb18030"),
    ("ann", "same 2 1", "same", "2 guest"),
    ("ann", "earlier 2", None, "earlier, .*: 1 alice: \"first question\""),
    ("ann", "away lunch", "away", "you are away: lunch"),
    ("ann", "back", "back", "you are back"),
    ("ann", "who", None, r"ann \(admin\) since .*looks at|ann \(admin\)"),
    ("ann", "history 1", None, "first question"),
    ("ann", "close 2", "closed", "2 guest is closed by ann"),
    ("ann", "ended", None, r"2 guest, closed by ann .*--- end;"),
    ("ann", "reopen 2", "reopened", "you have opened 2 again"),
    ("ann", "ban 192.0.2.1 1h spam", "ban", r"192\.0\.2\.1"),
    ("ann", "bans", None, r"192\.0\.2\.1.*spam"),
    ("ann", "unban 192.0.2.1", "unban", r"192\.0\.2\.1"),
    ("ann", "udp", None, "nobody has written over UDP"),
    ("ann", "visitors", None, "nobody came who was no customer"),
    ("ann", "status", None, "journal: .* events"),
    ("ann", "kick 1", "closed", "1 alice is closed by ann"),
    ("ann", "reload", None, "deskwire.conf|configuration"),
    ("ann", "metrics", None, "deskwire_journal_seq"),
    ("ann", "stop at 18:00", None, "the desk closes .*18:00"),
    ("ann", "stop cancel", None, "the desk goes on"),
    ("ann", "quit", None, "stop"),
)
# A console that attaches leaves with it, and asks for nothing (console.c).
OWN = ("quit",)


def customers(d):
    """Two who wait."""
    for text in ("first question", "second question"):
        d.line().send(text + "\n")
        d.watcher.said(text)


@case("the table here has each command of the desk")
def _():
    with Desk() as d:
        rows = {c["name"] for c in d.operator().welcome["commands"]}
        same({words.split()[0] for _, words, _, _ in STEPS}, rows)


@case("each command does through the protocol what its row says")
def _():
    with Desk() as d:
        d.watcher = d.operator("watcher")
        links = {name: d.operator(name) for name in ("ann", "lin")}
        customers(d)
        for who, words, event, _ in STEPS:
            o = links[who]
            o.sync()
            before = len(o.events())
            words = words.replace("#", "")
            f = o.answer(o.ask("cmd", text=words), len(o.frames))
            assert f["op"] == "ok" or words == "reload", (words, f)
            if event:
                same((words, [e["ev"] for e in o.events()[before:]][:1]),
                     (words, [event]))
        same(d.wait(), 0)


@case("each command shows at a terminal what its row says")
def _():
    with Desk() as d:
        d.watcher = d.operator("watcher")
        terminals = {name: d.keep(Terminal(d.operator_path, name, 200))
                     for name in ("ann", "lin")}
        for t in terminals.values():
            t.until("you are", "[-]")
        customers(d)
        for who, words, _, row in STEPS:
            if words in OWN:
                continue
            t = terminals[who]
            start = len(t.out)
            t.type("/" + words + "\r")
            t.until_match(row, start + len(words))


main("every_command")
