# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration file: what it sets, what is wrong with it and where, and
what a desk at work takes of it when it is read again."""

import os
import random
import re
import select
import signal
import subprocess
import threading

from desk import (DESKWIRE, LIMIT, Console, Deadline, Desk, case, main, same,
                  size, state, wait_until)
from tap import open_pty, text

TIMES = "the units of a time are ms, s, m, h and d"
SIZES = "the units of a size are bytes, KiB, MiB and GiB"


def write(folder, content, name="deskwire.conf"):
    """All at once, as a desk may read it at any time."""
    path = os.path.join(folder, name)
    with open(path + ".new", "wb") as f:
        f.write(content if isinstance(content, bytes) else content.encode())
    os.replace(path + ".new", path)
    return path


def deskwire(*args, home="/nowhere", **env):
    environment = {**os.environ, "HOME": home, "LC_ALL": "C.UTF-8", **env}
    if "XDG_CONFIG_HOME" not in env:
        environment.pop("XDG_CONFIG_HOME", None)
    return subprocess.run([DESKWIRE, *args], env=environment, text=True,
                          capture_output=True, timeout=LIMIT)


def check(path):
    """Its rows without the program's name, and its status."""
    done = deskwire("check-config", "--config", path)
    rows = (done.stdout + done.stderr).splitlines()
    return [r.removeprefix("deskwire: ") for r in rows], done.returncode


def values(*args):
    """{key: (value, where)} of what config prints outside of sections."""
    done = deskwire("config", *args)
    same((done.stderr, done.returncode), ("", 0))
    rows = re.findall(r"^(?:# )?([a-z-]+)(?: = (.*?))? *# (.*)$", done.stdout,
                      re.M)
    return {key: (value, where) for key, value, where in rows}


# Each is a file, and what is told of it: the line, and words.
WRONG = (
    ("max-sesions = 10", 1, "there is no max-sesions; max-sessions is"),
    ("\n\nmax_line = 10", 3, "there is no max_line; max-line is"),
    ("zzzzzz = 1", 1, "there is no zzzzzz; 'deskwire config --example' has"),
    ("zzzzzz = {1, 2}", 1, "there is no zzzzzz"),
    ("users lin { role = admin }", 1, "there is no users; user is"),
    ("user lin {\n rol = admin\n}", 2, "there is no rol; role is"),
    ("user lin {\n max-line = 20\n}", 2, "max-line stands in no section"),
    ("nobody-on-duty = x", 1, "stands in the section texts { … }"),
    ("texts { greeting = x }\ntexts|greeting = y", 2, "stands in a section"),
    ("begin-new = true", 1, "there is no begin-new"),
    ("max-line = 20\n# between\nmax-line = 20", 3, "second time, after"),
    ("listen = {a}\nlisten = {b}", 2, "listen is set a second time, after"),
    ("user a { role = admin }\nuser a { role = operator }", 2, "second time"),
    ("texts { closed = a }\ntexts { closed = b }", 2, "second time"),
    ("max-line = 15", 1, "from 16 to 65536 (bytes) is needed, not \"15\""),
    ("max-line = 99999999999999999999", 1, "from 16 to 65536"),
    ("max-line = -20", 1, "from 16 to 65536"),
    ("max-line = 0x20", 1, "from 16 to 65536"),
    ("max-line = \"\"", 1, "max-line needs a value"),
    ("claim-timeout = 10KiB", 1, TIMES),
    ("max-queue = \"10 s\"", 1, SIZES),
    ("max-sessions = \"10 s\"", 1, "it takes no unit"),
    ("color = pink", 1, "color takes auto, always or never, not \"pink\""),
    ("charset = klingon", 1, "charset takes one of utf-8"),
    ("one-at-a-time = maybe", 1, "takes true or false, not \"maybe\""),
    ("user a { role = boss }", 1, "takes operator, supervisor or admin"),
    ("user a { as = \"\" }", 1, "is no name"),
    ("user a { as = Lin }\nuser b {\n as = LIN\n}", 3, "the user a by"),
    ("user b { as = a }\nuser a { role = admin", 2, "never closed"),
    ("user a { as = Lin }\nuser lin { role = admin }", 2, "the user a by"),
    ("hours = \"mon-foo 9\"", 1, "hours: \"mon-foo\" is no day"),
    ("greeting = /x\ntexts { greeting = y }", 2, "a greeting in a file"),
    ("texts { closed = \"" + "x" * 300 + "\" }", 1, "1 to 299 bytes"),
    ("texts { closed = \"\" }", 1, "1 to 299 bytes, this one has 0"),
    ("name = \"a\\x1b[2J\"", 1, "name has a control character"),
    ("name = \"a\nb\"", 2, "name has a control character"),
    ("name = a b = 1", 1, "there is no b"),
    ("name", 2, "ends in the midst of a setting"),
    ("max-line 20", 1, "an equal sign is needed behind max-line"),
    ("max-line += 20", 1, "only one value can be given for max-line"),
    ("max-line = {20}", 1, "this stands where nothing like it may"),
    ("user { role = admin }", 1, "a name is needed behind user"),
    ("user lin role = admin", 1, "a brace { is needed behind user"),
    ("\nuser lin {\n role = admin\n", 2, "this { is never closed"),
    ("max-line = 20\n}", 2, "this } closes nothing"),
    ("name = \"never\n\n\nmax-line = 20\n", 1, "has no closing quote"),
    ("\nname = 'never\n\nmax-line = 20\n", 2, "has no closing quote"),
    ("\n/* never\nzzz = 1\n", 2, "this comment has no end"),
    ("name = \"${HOME}\"", 1, "variables like ${HOME} are not filled in"),
    ("name = ${HOME}", 1, "variables like ${HOME} are not filled in"),
    ("name = \"a\\400\"", 1, "a backslash before a number"),
    (b"# x\nname = \"\xff\"", 2, "this line is not UTF-8"),
    (b"\nname = \"a\0b\"", 2, "this is no text"),
    ("include()", 1, "include takes one file"),
    ("include(\"a\", \"b\")", 1, "include takes one file"),
    ("include \"a\"", 1, "write it as include(\"FILE\")"),
    ("\ninclude(\"absent.conf\")", 2, "absent.conf: No such file"),
    ("\ninclude(\"deskwire.conf\")", 2, "does one include itself?"),
)


@case("what is no file is refused at once, and so is what everybody may write")
def _():
    with state() as folder:
        fifo, path = os.path.join(folder, "fifo"), write(folder, "name = x\n")
        os.mkfifo(fifo)
        for no_file, words in ((fifo, "it is no regular file"),
                               (folder, "Is a directory"),
                               ("/dev/zero", "File too large")):
            same(check(no_file), ([f"{no_file}: cannot be read: {words}"], 3))
        same(check("/dev/null")[1], 0)
        including = write(folder, f'include("{fifo}")\n', "including")
        rows, status = check(including)
        same((rows, status), ([f"{including}:1: cannot read {fifo}: it is no "
                               "regular file"], 3))
        os.chmod(path, 0o666)
        for file, status in ((path, 3), (write(
                folder, 'include("deskwire.conf")\n', "including"), 3)):
            rows, got = check(file)
            same(got, status)
            assert "everybody may write to it" in rows[0], rows
        os.chmod(path, 0o664)
        same(check(path)[1], 0)
        done = deskwire("serve", "--state", folder, "--listen", "127.0.0.1:0",
                        "--greeting", fifo, home=folder)
        same(done.returncode, 3)
        assert "it is no regular file" in done.stderr, done.stderr


@case("files that include each other many times are not read for ever")
def _():
    with state() as folder:
        path = write(folder, 'include("deskwire.conf")\n' * 200)
        rows, status = check(path)
        same(status, 3)
        assert sum("more than 100 files are included" in r
                   for r in rows) == 1, rows[-1]


@case("a file with more settings than can be meant is not read to its end")
def _():
    with state() as folder:
        path = write(folder, "".join(f"user u{n} {{ role = admin }}\n"
                                     for n in range(20000)))
        rows, status = check(path)
        same((len(rows), status), (1, 3))
        assert "more than 2000 settings" in rows[0], rows
        path = write(folder, "listen = {" + "a," * 40000 + "a}\n")
        rows, status = check(path)
        same((len(rows), status), (1, 3))
        # A section that does not end as it should has users all the same.
        path = write(folder, "user b { as = a }\nuser a { role = admin x }\n")
        same(check(path)[1], 3)


@case("each mistake stops the start with its line, what would be right, and "
      "status 3")
def _():
    with state() as folder:
        for content, line, words in WRONG:
            path = write(folder, content)
            rows, status = check(path)
            same((content, status, len(rows)), (content, 3, 1))
            assert rows[0].startswith(f"{path}:{line}: "), (rows, content)
            assert words in rows[0], (rows, words)
        done = deskwire("serve", "--config", path, "--state", folder)
        same((done.returncode, done.stderr.splitlines()),
             (3, ["deskwire: " + rows[0]]))
        assert not os.path.exists(os.path.join(folder, "journal.db"))


@case("lines are counted behind all kinds of comments and in long texts")
def _():
    with state() as folder:
        path = write(folder, "# one\n// two\n/* three\n four\n*/ # five\n"
                     "texts { greeting = \"six\nseven \\\neight # no comment"
                     "\n// nor this\" } // ten?\ncolor = pink # eleven\n")
        rows, _ = check(path)
        same([r.rsplit(":", 2)[1] if r.count(":") < 3 else r.split(":")[1]
              for r in rows], ["10"])


@case("check-config tells all that is wrong, in the order of the lines")
def _():
    with state() as folder:
        inner = write(folder, "burst = 0\nzzz = 1\n", "inner.conf")
        path = write(folder, "max-sesions = 1\nmax-line = 10\nzzzzzz = {1}\n"
                     "include(\"inner.conf\")\ncolor = pink\n"
                     "user a { role = x rol = y }\n")
        rows, status = check(path)
        same(status, 3)
        same([r.split(": ")[0] for r in rows],
             [f"{path}:{n}" for n in (1, 2, 3, 5, 6, 6)] +
             [f"{inner}:{n}" for n in (1, 2)])


WORDS = ("max-line", "listen", "user", "group", "texts", "greeting", "role",
         "include", "hours", "lin", "20", "admin", "=", "+=", "{", "}", "(",
         ")", ",", "#", "//", "/*", "*/", "\"", "'", "\\", "\\x1b", "$", "${x}",
         "|", "\n", "\n", " ", " ", "\t", "\r", "*", "\"a b\"", "名", "\xff")


@case("whatever stands in a file, check-config ends with 0 or 3, and each row "
      "that it tells names the file and a line of it")
def _():
    rng = random.Random(12)
    with state() as folder:
        for _ in range(size(2000)):
            content = "".join(rng.choice(WORDS) + rng.choice(("", " "))
                              for _ in range(rng.randrange(1, 40)))
            path = write(folder, content.encode("latin-1", "ignore") if
                         "\xff" in content else content)
            rows, status = check(path)
            assert status in (0, 3), (content, status, rows)
            same(len(rows) == 1 and rows[0].endswith("can be used."),
                 status == 0)
            for row in rows if status else ():
                found = re.match(re.escape(path) + r":(\d+): .", row)
                assert found, (content, row)
                assert int(found[1]) <= content.count("\n") + 2, (content,
                                                                  row)


@case("check-config says in one line that a file can be used, or is absent")
def _():
    with state() as folder:
        path = write(folder, "max-line = 64\n")
        same(check(path), ([f"{path} can be used."], 0))
        rows, status = check(os.path.join(folder, "absent"))
        same(status, 3)
        assert rows[0].endswith("absent: cannot be read: No such file or "
                                "directory"), rows
        done = deskwire("check-config", home=folder)
        same((done.returncode, done.stdout), (0, f"There is no {folder}/"
             ".config/deskwire/deskwire.conf: the defaults hold.\n"))


@case("the usual file is in the folder that XDG names, and may be absent")
def _():
    with state() as folder:
        os.mkdir(os.path.join(folder, "deskwire"))
        path = write(folder, "burst = 7", "deskwire/deskwire.conf")
        done = deskwire("check-config", XDG_CONFIG_HOME=folder)
        same(done.stdout, f"{path} can be used.\n")
        with Desk(env={"XDG_CONFIG_HOME": "/nowhere"}) as d:
            same(d.operator().welcome["burst"], 20)


@case("the command line counts more than the file, and the file more than the "
      "default")
def _():
    with state() as folder:
        path = write(folder, "burst = 7\nrate = 3\nlisten = {\"1.2.3.4:1\"}\n"
                     "name = File\none-at-a-time = false\n"
                     "texts { greeting = \"of the file\" }\n")
        with Desk("--config", path, "--rate", "4") as d:
            same(d.operator().welcome["burst"], 7)
            d.line().until("of the file")
        other = write(folder, "of the line", "greeting")
        with Desk("--config", path, "--burst", "9", "--greeting", other) as d:
            same(d.operator().welcome["burst"], 9)
            d.line().until("of the line")
        got = values("--config", path, "--rate", "4")
        same(got["burst"], ("7", f"{path}:1"))
        same(got["rate"], ("4", "command line"))
        same(got["max-line"], ("\"4096 bytes\"", "default"))
        same(got["listen"], ("{\"1.2.3.4:1\"}", f"{path}:3"))
        same(got["name"], ("\"File\"", f"{path}:4"))
        same(got["one-at-a-time"], ("false", f"{path}:5"))
        same(got["state"], ("", "not set"))
        got = values("--config", path, "--listen", "a:1", "--listen", "b:2")
        same(got["listen"], ("{\"a:1\", \"b:2\"}", "command line"))


@case("what the command line replaces is looked at all the same")
def _():
    with state() as folder:
        path = write(folder, "max-line = 1\n")
        done = deskwire("serve", "--config", path, "--max-line", "100")
        same(done.returncode, 3)
        assert f"{path}:1: max-line" in done.stderr, done.stderr


@case("included files are beside the file that includes them, and lists have "
      "several values")
def _():
    with state() as folder:
        os.mkdir(os.path.join(folder, "sub"))
        path = write(folder, "include(\"sub/a.conf\")\nrate = 3\n")
        a = write(folder, "burst = 7\ninclude(\"b.conf\")\nmax-gone = 9\n",
                  "sub/a.conf")
        b = write(folder, "# first\nlisten = {\n  127.0.0.1:1,\n"
                  "  \"[::1]:2\"\n}\n", "sub/b.conf")
        got = values("--config", path)
        same(got["burst"], ("7", f"{a}:1"))
        same(got["max-gone"], ("9", f"{a}:3"))
        same(got["rate"], ("3", f"{path}:2"))
        same(got["listen"], ("{\"127.0.0.1:1\", \"[::1]:2\"}", f"{b}:4"))
        write(folder, "burst = 8\n", "sub/b.conf")
        rows, _ = check(path)
        same(rows, [f"{b}:1: burst is set a second time, after {a}:1; take "
                    "one of the two away"])


@case("what config writes is a file that says the same")
def _():
    with state() as folder:
        path = write(folder, "burst = 7\nname = \"a \\\"b\\\" \\\\ \\${x}\"\n"
                     "user lin { role = supervisor as = 林娜 }\n"
                     "user \"ann.o\" { }\ngroup support { role = operator }\n"
                     "texts { greeting = \"one\ntwo\" closed = \"Bye\" }\n"
                     "hours = \"mon-fri 09:00-12:30,13:30-18:00; closed "
                     "2026-12-25\"\nclaim-timeout = 5m\n")
        first = deskwire("config", "--config", path).stdout
        again = write(folder, first, "again.conf")
        same(check(again), ([f"{again} can be used."], 0))
        second = deskwire("config", "--config", again).stdout

        def plain(out):
            return re.sub(r" *# .*", "", out)
        same(plain(second), plain(first))
        for words in ("claim-timeout = \"300 s\"", "user \"lin\" {",
                      "as = \"林娜\"", "greeting = \"one\\ntwo\"",
                      "name = \"a \\\"b\\\" \\\\ \\${x}\""):
            assert words in first, (words, first)
        assert re.search(r"role = \"supervisor\" +# .*deskwire.conf:3\n",
                         first), first


@case("the example in the tree is what the tables say, and each of its rows can "
      "be used")
def _():
    example = deskwire("config", "--example").stdout
    same(text("doc/deskwire.conf.example"), example)
    with state() as folder:
        path = write(folder, example)
        same(check(path)[1], 0)
        rows = re.findall(r"^#([a-z-]+ = .*)$", example, re.M)
        assert len(rows) > 50, rows
        limits = text("src/service/limits.def")
        for name in re.findall(r'LIMIT\(\w+, "([a-z-]+)"', limits):
            assert any(r.startswith(name + " = ") for r in rows), name
        usable = [r for r in rows if not re.match(
            r"(?:udp|proxy-from|hours|charset|greeting|include)\b", r)]
        path = write(folder, "\n".join(usable))
        same(check(path), ([f"{path} can be used."], 0))
        sections = example[example.index("#user lin {"):].replace("\n#", "\n")
        sections = re.sub(r"^ (?! )[A-Z].*$|^ [a-z].*$", "", sections[1:],
                          flags=re.M)
        path = write(folder, sections)
        same(check(path), ([f"{path} can be used."], 0))


@case("a limit takes its units on the command line, too")
def _():
    same(values("--claim-timeout", "5m", "--max-queue", "1MiB")[
        "claim-timeout"][0], "\"300 s\"")
    done = deskwire("serve", "--claim-timeout", "10KiB")
    same(done.returncode, 2)
    assert "--claim-timeout: " in done.stderr and TIMES in done.stderr, \
        done.stderr


# --- while a desk works -----------------------------------------------------

def reloads(o):
    """The answer to /reload: whether it worked, and its text."""
    f = o.answer(o.ask("cmd", text="reload"), len(o.frames))
    return f["op"], f.get("text", "")


GOOD = ("burst = 7\nmax-line = 100\nhours = \"daily 00:00-24:00\"\n"
        "texts { greeting = \"first greeting\" }\n")


def greeted(d, words):
    c = d.line()
    c.until(words)
    return c


@case("/reload takes limits, texts, people and hours, and says which")
def _():
    with state() as folder:
        path = write(folder, GOOD)
        with Desk("--config", path) as d:
            o = d.operator()
            same(o.welcome["burst"], 7)
            greeted(d, "first greeting").close()
            same(reloads(o)[0], "ok")
            write(folder, "burst = 8\nmax-line = 200\nuser a { role = admin }"
                  "\nlisten = {\"127.0.0.1:1\"}\nmax-sessions = 5\n"
                  "texts { greeting = \"second greeting\" }\n")
            op, told = reloads(o)
            same((op, told), (
                "ok", "the configuration was read again; this holds from now "
                "on: hours, max-line, burst, greeting, user; this from the "
                "next start: max-sessions"))
            same(d.operator("ann").welcome["burst"], 8)
            greeted(d, "second greeting")
            op, told = reloads(o)
            assert told.startswith("the configuration was read again; nothing "
                                   "that can change now is different; this "
                                   "from"), told


@case("of a file with one good and one bad value nothing is taken at all")
def _():
    with state() as folder:
        path = write(folder, GOOD)
        with Desk("--config", path) as d:
            o = d.operator()
            write(folder, "burst = 8\nmax-line = 1\n"
                  "texts { greeting = \"second greeting\" }\n")
            op, told = reloads(o)
            same(op, "err")
            assert told.startswith(f"{path}:2: max-line: a whole number from"
                                   ) and told.endswith("nothing was changed"
                                                       ), told
            same(d.operator("ann").welcome["burst"], 7)
            greeted(d, "first greeting")
            d.signal(signal.SIGHUP)
            d.row(f"{path}:2: max-line")
            same(d.operator("bob").welcome["burst"], 7)
            write(folder, "greeting = absent\nburst = 8\n")
            op, told = reloads(o)
            assert op == "err" and "cannot read the greeting" in told, told
            same(d.operator("eve").welcome["burst"], 7)
            os.unlink(path)
            op, told = reloads(o)
            assert op == "err" and "cannot be read: No such file" in told
            write(folder, GOOD.replace("7", "8"))
            same(reloads(o)[0], "ok")
            same(d.operator("dan").welcome["burst"], 8)


@case("a mistake leaves nothing behind for the next reading, however often")
def _():
    with state() as folder:
        path = write(folder, GOOD)
        with Desk("--config", path) as d:
            o = d.operator()
            for content, _, words in WRONG:
                write(folder, content)
                op, told = reloads(o)
                same(op, "err")
                assert words in told, (words, told)
            for i in range(12):     # libconfuse counts open files up to 10
                write(folder, f"include(\"inner.conf\")\nrate = {i + 1}")
                write(folder, f"burst = {i + 30}\ncolor = pink", "inner.conf")
                same(reloads(o)[0], "err")
                write(folder, f"burst = {i + 30}", "inner.conf")
                same(reloads(o)[0], "ok")
            same(d.operator("ann").welcome["burst"], 41)


@case("SIGHUP reads the file again, and tells operators only what is different")
def _():
    with state() as folder:
        path = write(folder, GOOD)
        log = os.path.join(folder, "log")
        with Desk("--config", path, "--log", log) as d:
            o = d.operator()
            os.rename(log, log + ".1")
            d.signal(signal.SIGHUP)     # nothing but the log
            wait_until(lambda: os.path.exists(log), "the new log")
            d.row("reloaded: the configuration was read again; nothing that "
                  "can change now is different")
            write(folder, GOOD.replace("7", "8"))
            d.signal(signal.SIGHUP)
            told = o.frame(op="notice", code="reload")["text"]
            assert told.endswith("on: burst"), told
            same(len([f for f in o.frames if f["op"] == "notice"]), 1)
            same(d.operator("ann").welcome["burst"], 8)


@case("SIGHUP to open opens its log anew and reads its file again")
def _():
    with state() as folder:
        path = write(folder, "burst = 7\nlisten = 127.0.0.1:0\n")
        log = os.path.join(folder, "log")
        c = Console("open", "--config", path, "--state", folder, "--log", log,
                    "--on-eof", "stay", folder=folder)
        wait_until(lambda: os.path.exists(log) and os.path.getsize(log) > 0,
                   "the log")
        os.rename(log, log + ".1")
        write(folder, "burst = 8\nlisten = 127.0.0.1:0\n")
        c.process.send_signal(signal.SIGHUP)
        c.until("this holds from now on: burst")
        wait_until(lambda: os.path.exists(log), "the new log")
        c.type("/reload")
        c.until("nothing that can change now is different")
        c.type("/quit now")
        c.process.stdin.close()
        same(c.process.wait(LIMIT), 0)
        for pipe in (c.process.stdout, c.process.stderr):
            pipe.close()


@case("who talks while the file is read again loses nothing and keeps the limits "
      "it came with")
def _():
    with state() as folder:
        path = write(folder, "max-line = 100\nrate = 1000000\n"
                     "burst = 1000000\n")
        with Desk("--config", path) as d:
            o, c = d.operator(), d.line()
            c.send("before\n")
            o.said("before")
            for i in range(20):
                write(folder, f"max-line = {50 - i % 2}\nrate = 1000000\n"
                      f"burst = 1000000\ntexts {{ greeting = \"no {i}\" }}\n")
                number = o.ask("cmd", text="reload")
                c.send(f"line {i}\n")
                same(o.answer(number)["op"], "ok")
                new = greeted(d, f"no {i}\n")
                new.send("y" * 60 + "\n")
                new.until("That line is too long")
                new.close()
            c.send("z" * 90 + "\n")
            o.said("z" * 90)
            said = [e["text"] for e in o.events() if e["ev"] == "said"]
            same([t for t in said if t.startswith("line ")],
                 [f"line {i}" for i in range(20)])


def come_and_go(d, number, wrong):
    """Customers whose greeting is one of the two, whole."""
    try:
        for i in range(number):
            c = d.line()
            told = c.until("help")
            assert "A" * 800 in told or "B" * 800 in told, told
            c.send(f"customer {i}\n")
            c.until("Received")
            c.close()
    except AssertionError as e:
        wrong.append(e)


@case("who comes while the file is read again and again is greeted with one of "
      "its texts, whole")
def _():
    with state() as folder:
        path = write(folder, "texts { greeting = " + "A" * 800 + " }\n")
        with Desk("--config", path, "--rate", "1000000") as d:
            o, wrong = d.operator(), []
            threads = [threading.Thread(target=come_and_go, args=(
                d, size(100), wrong)) for _ in range(4)]
            for t in threads:
                t.start()
            turn = 0
            while any(t.is_alive() for t in threads):
                turn += 1
                write(folder, "texts { greeting = " + "AB"[turn % 2] * 800 +
                      f" }}\nmax-line = {100 + turn % 2}\n")
                same(reloads(o)[0], "ok")
                d.signal(signal.SIGHUP)
            for t in threads:
                t.join()
            same(wrong, [])
            assert turn > 2, turn


@case("/reload at a console on a terminal shows what it has done")
def _():
    with state() as folder:
        path = write(folder, GOOD)
        with Desk("--config", path) as d:
            master, slave = open_pty()
            env = {**os.environ, "HOME": folder, "LC_ALL": "C.UTF-8",
                   "TERM": "xterm", "INPUTRC": "/dev/null"}
            console = subprocess.Popen(
                [DESKWIRE, "attach", "--operator-socket", d.operator_path],
                stdin=slave, stdout=slave, stderr=slave, env=env)
            shown, deadline = "", Deadline()
            write(folder, GOOD.replace("7", "8"))

            def until(words):
                nonlocal shown
                while words not in " ".join(shown.split()):
                    if select.select([master], [], [], deadline.left(words)
                                     )[0]:
                        shown += os.read(master, 65536).decode(
                            errors="replace")
            until("]>")
            os.write(master, b"/rel\t")
            until("/rel")
            os.write(master, b"\x15/reload\r")
            until("this holds from now on: burst")
            write(folder, "burst = x")
            os.write(master, b"/reload\r")
            until("deskwire.conf:1: burst: a whole number")
            os.write(master, b"/quit\r")
            same(console.wait(LIMIT), 0)
            os.close(master)
            os.close(slave)


@case("a desk that is told to stop still answers who wants it to read its file")
def _():
    with state() as folder:
        path = write(folder, GOOD)
        with Desk("--config", path) as d:
            o = d.operator()
            numbers = [o.ask("cmd", text="reload") for _ in range(20)]
            o.answer(numbers[0])
            d.signal(signal.SIGTERM)
            o.ends()
            answers = [f for f in o.frames if f["op"] in ("ok", "err")]
            same([f["id"] for f in answers], numbers[:len(answers)])
            same(d.wait(), 0)


@case("a customer reads the texts of the file")
def _():
    with state() as folder:
        path = write(folder, "texts { greeting = \"Hello\"\n"
                     "nobody-on-duty = \"We sleep.\"\nclosed = \"Be well.\" }")
        with Desk("--config", path) as d:
            c = d.line()
            c.until("Hello")
            c.until("We sleep.")
            c.send("hi\n")
            c.until("We sleep.")
            o = d.operator()
            sid = o.welcome["sessions"][0]["sid"]
            same(o.command(f"close {sid}"), "ok")
            c.until("Be well.")


main("config", workers=4)
