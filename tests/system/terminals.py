# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators of a team see and type, each at a terminal, with a real desk
behind it: each command and key of the team once."""

import threading

from attached import ALT_A, Terminal
from desk import Deadline, Desk, case, main, same

ALT_M, ALT_N = "\x1bm", "\x1bn"
KILL_LINE = "\x15"


def asks(d, name="alice", text="my box is dead"):
    """A customer in line mode who waits."""
    c = d.line()
    c.send(f"/name {name}\n")
    c.until("Thank you.\n")
    c.send(text + "\n")
    c.until("Received.")
    return c


def terminal(d, name):
    t = d.keep(Terminal(d.operator_path, name, columns=150))
    t.until(f"you are {name}", "> ")
    return t


def looks(t, number=1):
    """Selects a session, and has its rows."""
    t.until(f"{number} {'bob' if number == 2 else 'alice'}| ")
    start = len(t.out)
    t.type(f"/{number}\r")
    t.until("--- end", f"[{number} ", start=start)


def two(d):
    """Ann, who answers alice, and lin, who looks at her."""
    ann, lin = terminal(d, "ann"), terminal(d, "lin")
    ann.until("lin is on duty")
    c = asks(d)
    for t in (ann, lin):
        looks(t)
    ann.type("/take\r")
    ann.until("you answer 1 alice now", "[1 alice, yours]")
    lin.until("ann answers 1 alice now", "[1 alice, ann's]")
    return c, ann, lin


def types(t, line, *texts):
    """A line, and what is shown from then on."""
    start = len(t.out)
    t.type(line + "\r")
    t.until(*texts, start=start)


def enter_until(t, text):
    """Once there was time to read what colleagues have written it is sent."""
    deadline = Deadline()
    while text not in t.out:
        deadline.left(text)
        t.type("\r")
        t.read(0.1)


@case("two who press Enter in the same instant get two customers")
def _():
    with Desk() as d:
        ann, lin = terminal(d, "ann"), terminal(d, "lin")
        asks(d)
        asks(d, "bob")
        for t in (ann, lin):
            t.until("2 is called bob now", "bob| my box")
        barrier = threading.Barrier(2)

        def enter(t, key):
            barrier.wait()
            t.type(key)
            t.until("--- end")

        both = [threading.Thread(target=enter, args=(t, key))
                for t, key in ((ann, "\r"), (lin, ALT_A))]
        for one in both:
            one.start()
        for one in both:
            one.join()
        for t in (ann, lin):
            t.until_match(r"\[[12] (alice|bob)\]")
        same(sorted((ann.selected(), lin.selected())), [1, 2])


@case("the first key of a text for whom Enter has given claims him")
def _():
    with Desk() as d:
        ann, lin = terminal(d, "ann"), terminal(d, "lin")
        c = asks(d)
        for t in (ann, lin):
            t.until("1 alice| my box")
        ann.type("\r")
        ann.until("--- end", "[1 alice]")
        types(lin, "", "nobody else is waiting")
        ann.type("h")
        lin.until("ann answers 1 alice now")
        ann.until("you answer 1 alice now", "[1 alice, yours]")
        ann.type("i\r")
        c.until("ann: hi\n")
        types(lin, "/list", "ann's for")


@case("a text for a colleague's customer is in one place, and that is the line")
def _():
    with Desk() as d:
        c, ann, lin = two(d)
        lin.type("let me")
        lin.until("1 alice is ann's: a text is not sent")
        types(lin, "", "the text is back in")
        lin.until_match(r"\[1 alice, ann's\][^\n]*> let me\Z")
        types(lin, KILL_LINE + "/steal", "you have taken 1 alice from ann",
              "[1 alice, yours]")
        ann.until("lin has taken 1 alice from you", "[1 alice, lin's]")
        lin.type("let me")
        enter_until(lin, "1 lin> let me ✓")
        c.until("lin: let me\n")


@case("a note draft survives switching, and no customer gets it")
def _():
    with Desk() as d:
        c, ann, lin = two(d)
        asks(d, "bob")
        lin.until("2 bob| my box")
        lin.type(ALT_N + "she is angry")
        lin.until("[1 alice NOTE]", "she is angry")
        lin.type(ALT_M)
        lin.until("[2 bob]")
        start = len(lin.out)
        lin.type("\x1b/")
        lin.until("[1 alice NOTE]", "she is angry", start=start)
        lin.type("\r")
        ann.until("1 alice lin note> she is angry")
        types(ann, "/note #2 call him", "2 bob ann note> call him")
        ann.type("so?")
        enter_until(ann, "1 ann> so? ✓")
        heard = c.until("ann: so?\n")
        assert "angry" not in heard, heard


@case("an offer is taken by the key that takes the next one, and another one is declined")
def _():
    with Desk() as d:
        c, ann, lin = two(d)
        types(ann, "/transfer lin burnt X200", "you offer 1 alice to lin")
        lin.until("ann offers you 1 alice: burnt X200; Enter or /take 1")
        start = len(lin.out)
        lin.type(ALT_A)         # as Enter, which does not count so soon
        lin.until("you answer 1 alice now", "[1 alice, yours]", start=start)
        ann.until("lin answers 1 alice now, as you have offered",
                  "[1 alice, lin's]")
        types(lin, "/transfer ann", "you offer 1 alice to ann")
        types(ann, "/decline", "you do not take 1 alice")
        lin.until("ann does not take 1 alice; it stays yours")


@case("who gives a customer back has it no more, and all are told")
def _():
    with Desk() as d:
        c, ann, lin = two(d)
        types(ann, "/release", "1 alice is back in line: you gave it back",
              "[1 alice]")
        lin.until("1 alice is back in line: ann gave it back", "[1 alice]")


@case("keep, whisper, msg and who do what they say")
def _():
    with Desk() as d:
        c, ann, lin = two(d)
        types(ann, "/keep 10m", "you keep 1 alice for 10 min")
        c.until("Somebody is looking into it.")
        types(lin, "/whisper is it the X200?",
              "1 alice you to ann> is it the X200?")
        ann.until("1 alice lin to you> is it the X200?")
        types(ann, "/msg li\t it is", "you to lin> it is")
        lin.until("ann to you> it is")
        types(lin, "/who", "ann ", "lin ")


@case("who is away is away until back, in the prompt and to the others")
def _():
    with Desk() as d:
        c, ann, lin = two(d)
        types(ann, "/away lunch", "you are away: lunch; /back ends it",
              "[1 alice, yours, away]")
        lin.until("ann is away: lunch")
        types(ann, "/back", "you are back", "[1 alice, yours]")
        lin.until("ann is back")


@case("a watched session is unread when something is said there")
def _():
    with Desk() as d:
        c, ann, lin = two(d)
        asks(d, "bob")
        looks(lin, 2)
        types(lin, "/join 1", "you watch 1 alice; /part 1 ends it")
        start = len(lin.out)
        c.send("still dead\n")
        lin.until("1 alice| still dead", "1 unread", start=start)
        types(ann, "/list", "1 alice", "watched by lin")
        types(lin, "/part 1", "you do not watch 1 alice any more")


@case("who types to a customer is seen by who selects it")
def _():
    with Desk() as d:
        c, ann, lin = two(d)
        asks(d, "bob")
        looks(lin, 2)
        ann.type("I am look")
        ann.until("I am look")
        start = len(lin.out)
        deadline = Deadline()
        while "ann is typing" not in lin.out[start:]:
            deadline.left("ann is typing")
            lin.type("/list\r")
            lin.read(0.1)
        types(lin, "/1", "1 alice (line, ", "ann's for", "ann is typing")


main("terminals")
