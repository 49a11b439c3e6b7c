# SPDX-License-Identifier: GPL-3.0-or-later
"""What bash, zsh and fish complete the program's words with: verbs, each verb's
options, and the words that an option takes.  The scripts of the tree are those
that the program writes."""

import fcntl
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time

from tap import BUILD, TOP, Skip, fork_pty, run, same

PROGRAM = os.path.join(BUILD, "deskwire")
FOLDER = os.path.join(TOP, "data", "completions")
FILES = {"bash": "deskwire.bash", "zsh": "_deskwire", "fish": "deskwire.fish"}
LIMIT = 30


def script(shell):
    return os.path.join(FOLDER, FILES[shell])


def need(shell):
    if not shutil.which(shell):
        raise Skip(f"there is no {shell}")


def say(*words):
    return subprocess.run(
        [PROGRAM, *words], text=True, check=True, stdout=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "C"}).stdout


def verbs():
    return set(re.findall(r"^  ([a-z][a-z-]*) ", say("--help"), re.M))


def options(verb):
    return {"--" + name for name in re.findall(
        r"^  (?:-\w, |    )--([a-z][a-z-]*)", say(verb, "--help"), re.M)}


def as_committed():
    for shell, name in FILES.items():
        with open(script(shell), encoding="utf-8") as f:
            if f.read() != say("completion", shell):
                yield f"data/completions/{name} is another: scripts/completions"
    for words in (["completion"], ["completion", "csh"]):
        done = subprocess.run([PROGRAM, *words], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        if (done.returncode, done.stdout) != (2, "") or \
                "bash, zsh or fish" not in done.stderr:
            yield f"{words}: {done}"


def clean(line):
    """A shell's own files are not ours to read or to write."""
    return {"PATH": os.environ["PATH"], "TERM": "dumb", "LC_ALL": "C.UTF-8",
            "HOME": line, "XDG_CONFIG_HOME": line, "XDG_DATA_HOME": line}


# --- each shell's answer, as a set ------------------------------------------

ASK_BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 ))
COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
_deskwire deskwire
[ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
"""


def ask_bash(line, home):
    """The line as readline takes it apart."""
    words = []
    for word in line.split(" "):
        words += [part for part in re.split("(=)", word) if part] or [""]
    out = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", ASK_BASH, "bash",
         script("bash"), *words],
        env=clean(home), text=True, check=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    same(out.stderr, "")
    return {word.rstrip("=") for word in out.stdout.split("\n") if word}


def ask_fish(line, home):
    out = subprocess.run(
        ["fish", "--no-config", "-c", f"source {script('fish')}; "
         "complete -C $argv[1]", "--", line],
        env=clean(home), text=True, check=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    same(out.stderr, "")
    words = [row.split("\t")[0] for row in out.stdout.splitlines()]
    before = line.rpartition(" ")[2].rpartition("=")
    return {w.removeprefix(before[0] + before[1]) for w in words}


def answers(ask, home):
    """Rows for each answer that is wrong."""
    os.mkdir(os.path.join(home, "state of it"))
    with open(os.path.join(home, "some.conf"), "w", encoding="ascii"):
        pass
    for line, wanted in (
            ("deskwire ", verbs()),
            ("deskwire ver", {"verify"}),
            ("deskwire --help ", verbs() | {"all"}),
            ("deskwire attach --color ", {"auto", "always", "never"}),
            ("deskwire attach --color=", {"auto", "always", "never"}),
            ("deskwire attach --bell=n", {"new", "none"}),
            ("deskwire --on-eof=", {"leave", "stay"}),
            ("deskwire call --cl", {"--classic"}),
            ("deskwire serve --stat", {"--state"}),
            ("deskwire --max-gone-p", {"--max-gone-per-address"}),
            ("deskwire completion ", {"bash", "zsh", "fish"}),
            ("deskwire serve --listen ", set()),
            ("deskwire verify ", set())):
        got = ask(line, home)
        if got != wanted:
            yield f"{line!r}: {sorted(got)}, not {sorted(wanted)}"
    for verb in sorted(verbs()):
        got = {w for w in ask(f"deskwire {verb} --", home) if w != "--"}
        if got != options(verb):
            yield f"{verb}: {sorted(got ^ options(verb))}"
    for line, wanted in ((f"deskwire --state={home}/s", "state of it"),
                         (f"deskwire --config={home}/s", "some.conf")):
        got = ask(line, home)
        if not any(wanted in w.replace("\\", "") for w in got):
            yield f"{line!r}: {sorted(got)} has no {wanted!r}"
    if any("some.conf" in w for w in ask(f"deskwire -s {home}/s", home)):
        yield "a file is offered where a folder is wanted"


def with_home(test):
    home = tempfile.mkdtemp(prefix="dw", dir="/tmp")
    try:
        return list(test(home) or ())
    finally:
        shutil.rmtree(home)


def in_bash():
    need("bash")
    return with_home(lambda home: answers(ask_bash, home))


def in_fish():
    need("fish")
    return with_home(lambda home: answers(ask_fish, home))


# --- keys in a terminal -----------------------------------------------------

class Shell:
    def __init__(self, home, *command):
        self.out = ""
        self.pid, self.fd = fork_pty()
        if self.pid == 0:
            os.execvpe(command[0], command, clean(home))
        # Every list has room there, and nothing is asked before it.
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 200, 120, 0, 0))

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def until(self, words):
        """What came up to and with these words."""
        end = time.monotonic() + LIMIT
        while words not in self.out:
            left = end - time.monotonic()
            assert left > 0, f"no {words!r}: {self.out!r}"
            if select.select([self.fd], [], [], left)[0]:
                self.out += os.read(self.fd, 65536).decode(errors="replace")
        at = self.out.index(words) + len(words)
        taken, self.out = self.out[:at], self.out[at:]
        return taken

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


# What is typed before Tab, and what stands there behind it.
KEYS = (("deskwire ver", "verify "),
        ("deskwire attach --color=al", "always "),
        ("deskwire attach --no-hi", "--no-history "),
        ("deskwire call --class", "--classic "),
        ("deskwire --allow-sus", "--allow-suspend "))


def type_keys(shell):
    """Enter runs the line, in which deskwire prints its words; that may come
    only when they were completed."""
    for before, wanted in KEYS:
        shell.type(f"{before}\t\r")
        printed = shell.until("<end>")
        words = f"{before.rpartition(' ')[0]} {wanted}".split()[1:]
        words = " ".join(words)
        if "=" in before:
            words = before.partition("=")[0].split(" ", 1)[1] + "=" + \
                wanted.strip()
        if f"<{words}>" not in printed:
            yield f"{before!r} became {printed!r}, not {words!r}"


def keys_in(shell, *command, begin):
    def test(home):
        there = Shell(home, *command)
        try:
            there.type("deskwire() { echo \"<$*><\"end'>'; }\r")
            there.type(begin + "; echo rea''dy\r")
            there.until("ready\r\n")
            return list(type_keys(there))
        finally:
            there.close()
    need(shell)
    return with_home(test)


def keys_in_bash():
    return keys_in("bash", "bash", "--norc", "--noprofile",
                   begin=f"source {script('bash')}")


def keys_in_zsh():
    return keys_in(
        "zsh", "zsh", "-f",
        begin=f"unsetopt zle_bracketed_paste 2>/dev/null; fpath=({FOLDER} "
              "$fpath); autoload -U compinit; compinit -u -D")


ASK_ZSH = """
fpath=(%s $fpath)
autoload -U compinit; compinit -u -D
compadd() {
	# What would be added, without what describes it.
	typeset -a added
	[[ "$*" == *" -D "* ]] || builtin compadd -A added "$@"
	print -rl -- $added >>$HOME/added
	builtin compadd "$@"
}
bindkey '^I' complete-word
LISTMAX=9999
"""


def zsh_options():
    """All that zsh is offered for an option of each verb."""
    def test(home):
        shell = Shell(home, "zsh", "-f")
        added = os.path.join(home, "added")
        try:
            shell.type(f"source {home}/rc; echo rea''dy\r")
            shell.until("ready\r\n")
            for verb in sorted(verbs()):
                with open(added, "w", encoding="ascii"):
                    pass
                shell.type(f"deskwire {verb} --\t")
                shell.until("--version")        # of the list below it
                shell.type("\x15echo do''ne\r")
                shell.until("done\r\n")
                with open(added, encoding="utf-8") as f:
                    got = {word.rstrip("=") for word in f.read().split()}
                if not options(verb) <= got:
                    yield f"{verb}: zsh lacks {sorted(options(verb) - got)}"
        finally:
            shell.close()

    def begin(home):
        with open(os.path.join(home, "rc"), "w", encoding="ascii") as f:
            f.write(ASK_ZSH % FOLDER)
        return list(test(home))
    need("zsh")
    return with_home(begin)


run("completions",
    ("the scripts of the tree are those that the program writes",
     as_committed),
    ("bash has every verb, every option of each, and their words", in_bash),
    ("fish has them, too", in_fish),
    ("zsh has every option of each verb", zsh_options),
    ("Tab completes in a terminal with bash", keys_in_bash),
    ("Tab completes in a terminal with zsh", keys_in_zsh))
