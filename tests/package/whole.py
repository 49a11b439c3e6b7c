#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The desk as an administrator has it, from the commit to the purge: packages
built in a clean root, installed on a bare one, a service for a team, an upgrade
under a customer's feet, and nothing left at the end.

    whole.py            in a temporary folder
    whole.py FOLDER     there, and the folder stays

As root on Debian.  The steps stand on each other: after one that fails no other
is done.  Nothing here sleeps to let something happen."""

import concurrent.futures
import glob
import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

from root import LIMIT, Output, Pipe, Root, Terminal, own_network
from services import Systemd

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SERVICE, RESTRICTED = "deskwire.service", "deskwire-restricted.service"
CONF = "/etc/deskwire/deskwire.conf"
JOURNAL = "/var/lib/deskwire/journal.db"
PORT, PROXY_PORT, TLS_PORT, METRICS_PORT = 6666, 6667, 6697, 9464
TEAM = ("ann", "lin", "wang")
SETTINGS = f"""
# The administrator's own.
listen = {{"127.0.0.1:{PORT}", "127.0.0.1:{PROXY_PORT},proxy"}}
proxy-from = {{"127.0.0.1"}}
metrics = {{"127.0.0.1:{METRICS_PORT}"}}
user wei {{ as = "Wei" }}
user relay {{ relay = true }}
"""


class Skip(Exception):
    """What this machine cannot show; says why."""


def same(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


# --- what the steps have in common ------------------------------------------

class Talk(Output):
    """A customer: a socket, in TLS or not."""

    def __init__(self, port=PORT, tls=None, source=None):
        self.sock = socket.create_connection(
            ("127.0.0.1", port), LIMIT, (source, 0) if source else None)
        if tls:
            self.sock = tls.wrap_socket(
                self.sock, server_hostname="desk.example.org")
        super().__init__(self.sock.fileno())

    def until(self, *texts, start=0):
        wanted = re.compile(".*?".join(map(re.escape, texts)), re.S)
        while not (found := wanted.search(self.out, start)):
            data = self.sock.recv(65536)
            assert data, f"ended before {texts}: {self.out!r}"
            self.out += data.decode()
        return found.end()

    def say(self, text):
        self.sock.sendall(text.encode() + b"\n")

    def end(self):
        """At once: a desk reads the end of a file as "writes no more"."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.sock.close()


class World:
    """What there is by now."""

    def __init__(self, folder):
        self.folder = folder
        self.build = Root(os.path.join(folder, "build"))
        self.bare = Root(os.path.join(folder, "bare"))
        self.consoles = {}

    def packages(self, which, *names):
        files = glob.glob(f"{self.folder}/{which}/*.deb")
        return sorted(f for f in files if not names or
                      os.path.basename(f).partition("_")[0] in names)

    def attach(self, user, *words, kind=Pipe):
        console = kind(self.bare.command("deskwire", "attach", *words,
                                         user=user))
        self.consoles[user] = console
        return console

    def ctl(self, *words, user="ann", status=0):
        return self.bare.run("deskwire", "ctl", *words, user=user,
                             status=status)

    def status(self, word):
        """What the desk says of itself under this word."""
        return re.search(rf"^{word}: (.*)$", self.ctl("status"), re.M)[1]

    def number_of(self, text):
        """Of the session that has said this last."""
        rows = self.ctl("list", "all")
        found = re.search(rf"^(\d+)\t.*{re.escape(text)}", rows, re.M)
        assert found, f"no {text!r}: {rows}"
        return found[1]

    def upgrade(self, *words):
        """What apt prints when another build of deskwire is installed."""
        return self.bare.install(*words, *self.bare.take(
            *self.packages("next", "deskwire")))


STEPS = []


def step(name):
    """Registers a step under the sentence that it promises."""
    def register(function):
        STEPS.append((name, function))
        return function
    return register


# --- packages ---------------------------------------------------------------

def package(world, out, mask, **environment):
    """scripts/package, by somebody with other habits."""
    subprocess.run(
        ["sh", "-c", f"umask {mask}; exec \"$@\"", "sh",
         os.path.join(TOP, "scripts/package"), "--keep", world.build.folder,
         os.path.join(world.folder, out)],
        env={**os.environ, **environment}, check=True,
        stdout=subprocess.DEVNULL)


@step("a commit becomes packages in a clean root, in two places the same ones, "
      "byte for byte")
def _(world):
    subprocess.run([os.path.join(TOP, "scripts/root"), world.bare.folder],
                   check=True)
    world.bare.copy(world.build.folder)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for build in (pool.submit(package, world, "first", "022", TZ="UTC"),
                      pool.submit(package, world, "second", "077",
                                  TZ="Asia/Shanghai", LANG="zh_CN.UTF-8")):
            build.result()
    names = {os.path.basename(f).partition("_")[0]
             for f in world.packages("first")}
    same(names, {"deskwire", "deskwire-dbgsym", "libsocketserver0",
                 "libsocketserver0-dbgsym", "libsocketserver-dev"})
    for file in (*world.packages("first"),
                 *glob.glob(f"{world.folder}/first/*.tar.*")):
        with open(file, "rb") as a, \
                open(file.replace("/first/", "/second/"), "rb") as b:
            assert a.read() == b.read(), f"{file} is another each time"


@step("lintian has neither an error nor a warning for them")
def _(world):
    changes, = glob.glob(f"{world.folder}/first/*.changes")
    done = subprocess.run(
        ["lintian", "--no-cfg", "--allow-root", "--fail-on", "error,warning",
         changes], stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0 and not done.stdout, done.stdout


@step("the tree makes the packages of a higher version, with another "
      "configuration")
def _(world):
    tree = glob.glob(f"{world.build.folder}/build/*/deskwire")[0]
    version = re.match(r"deskwire \((.*)\)", world.build.read(
        os.path.relpath(tree, world.build.folder) + "/debian/changelog"))[1]
    with open(f"{tree}/debian/changelog", "r+", encoding="utf-8") as f:
        entry = f.read()
        f.seek(0)
        f.write(entry.replace(version, version + "+next", 1) + "\n" + entry)
    with open(f"{tree}/debian/etc/deskwire.conf", "a", encoding="utf-8") as f:
        f.write("# Of the next version.\n")
    subprocess.run(["rm", "-f", *glob.glob(f"{tree}/../*.deb")], check=True)
    inside = os.path.relpath(tree, world.build.folder)
    world.build.run("sh", "-c", f"cd /{inside} && dpkg-buildpackage -b -nc "
                    "-us -uc", DEB_BUILD_OPTIONS="nocheck",
                    DEB_BUILD_PROFILES="nocheck")
    os.mkdir(f"{world.folder}/next")
    for file in glob.glob(f"{tree}/../*.deb"):
        shutil.copy(file, f"{world.folder}/next")


@step("a program can be built with what the library's packages install")
def _(world):
    world.build.install(*world.build.take(*world.packages(
        "first", "libsocketserver0", "libsocketserver-dev")))
    tree = glob.glob(f"{world.build.folder}/build/*/deskwire")[0]
    world.build.run("sh", "-c", "cd /{} && debian/tests/library".format(
        os.path.relpath(tree, world.build.folder)))


# --- installed --------------------------------------------------------------

@step("a bare root has it after one apt-get install, with its user and groups")
def _(world):
    same(world.bare.files("deskwire"), [])
    world.bare.mount()
    world.bare.run("apt-get", "update", "-q")
    world.bare.install(*world.bare.take(*world.packages("first", "deskwire")))
    world.bare.run("deskwire", "--version")
    same(world.bare.run("id", "-gn", "deskwire").strip(), "deskwire")
    assert "deskwire-operators" in world.bare.run("id", "-Gn", "deskwire")
    world.bare.run("deskwire", "check-config", "--config", CONF)
    same(world.bare.run("systemctl", "is-enabled", SERVICE).strip(), "enabled")


NEEDRESTART = """
$file = "/etc/needrestart/conf.d/deskwire.conf";
eval do { local(@ARGV, $/) = $file; <> } or die $@;
for $unit (@ARGV) {
	grep { $unit =~ /$_/ and $nrconf{override_rc}->{$_} eq "0" }
	    keys %{$nrconf{override_rc}} or exit 3;
}
"""


@step("needrestart, as it reads its configuration, leaves both forms alone")
def _(world):
    world.bare.run("perl", "-e", NEEDRESTART, SERVICE, RESTRICTED)
    world.bare.run("perl", "-e", NEEDRESTART, "other.service", status=3)


@step("what the package's own tests try goes well for a user who is nobody's "
      "operator")
def _(world):
    world.bare.run("useradd", "-m", "eve")
    with open(f"{TOP}/debian/tests/conversation", encoding="utf-8") as f:
        world.bare.write("/packages/conversation", f.read(), mode=0o755)
    world.bare.run("/packages/conversation", user="eve")


@step("its unit makes it a service, with the administrator's settings")
def _(world):
    world.bare.install("openssh-server", "openssh-client", "stunnel4",
                       "openssl")
    own_network()
    world.systemd = Systemd(world.bare)
    for user in (*TEAM, "relay"):
        world.bare.run("useradd", "-m", "-G", "deskwire-operators", user)
    world.bare.run("useradd", "-m", "wei")
    world.bare.write(CONF, world.bare.read(CONF) + SETTINGS)
    world.bare.run("deskwire", "check-config", "--config", CONF)
    world.systemd.start(SERVICE)
    same(os.stat(world.bare.path("/var/lib/deskwire")).st_mode & 0o777, 0o700)


@step("three users of the group attach, on a terminal and in pipes, and hear "
      "and answer a customer")
def _(world):
    ann = world.attach("ann", kind=Terminal)
    lin = world.attach("lin")
    ann.until("> ")
    lin.until("\n")
    customer = Talk()
    customer.say("Is anybody there?")
    lin.until("Is anybody there?")
    ann.until("Is anybody there?")
    number = world.number_of("Is anybody there?")
    ann.type(f"/select {number}\r")
    ann.type("Ann is here.\r")
    customer.until("ann: Ann is here.")
    customer.say("Thank you.")
    lin.until("Thank you.")
    world.ctl(f"note {number} from Wang", user="wang")
    ann.until("from Wang")
    customer.end()


@step("nobody else is let in")
def _(world):
    said = world.bare.run("deskwire", "ctl", "list", user="eve", status=1)
    assert "/run/deskwire/operator.sock" in said, said


@step("one attaches by ssh, under the name that is bound to the key")
def _(world):
    known = world.bare.read("/etc/ssh/ssh_host_ed25519_key.pub")
    world.bare.write("/home/wei/.ssh/known_hosts", f"127.0.0.1 {known}",
                     user="wei")
    world.bare.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                   "/home/wei/.ssh/id_ed25519", user="wei")
    key = world.bare.read("/home/wei/.ssh/id_ed25519.pub")
    world.bare.write("/home/relay/.ssh/authorized_keys",
                     f'command="deskwire relay --as wei",restrict {key}',
                     user="relay", mode=0o600)
    os.makedirs(world.bare.path("/run/sshd"), exist_ok=True)
    world.sshd = Pipe(world.bare.command("/usr/sbin/sshd", "-D", "-e"))
    world.sshd.until("listening on 0.0.0.0")
    wei = world.attach("wei", "ssh://relay@127.0.0.1")
    customer = Talk()
    customer.say("Is it far?")
    wei.until("Is it far?")
    wei.type(f"/select {world.number_of('Is it far?')}")
    wei.type("As far as ssh goes.")
    customer.until("Wei: As far as ssh goes.")
    customer.end()
    same(wei.end(), 0)


@step("a customer talks through stunnel, in TLS, and is known by the address it "
      "has")
def _(world):
    os.makedirs(world.bare.path("/etc/ssl/desk"))
    example = world.bare.read("/usr/share/doc/deskwire/examples/stunnel.conf")
    request = re.search(r"openssl req .*?fullchain.pem", example, re.S)[0]
    world.bare.run("sh", "-c", re.sub(r"\\\n;", " ", request))
    world.bare.write("/etc/stunnel/deskwire.conf", example)
    world.stunnel = Pipe(world.bare.command("stunnel4",
                                            "/etc/stunnel/deskwire.conf"))
    world.stunnel.until("Configuration successful")
    tls = ssl.create_default_context(
        cafile=world.bare.path("/etc/ssl/desk/fullchain.pem"))
    world.customer = Talk(TLS_PORT, tls, source="127.0.0.2")
    world.customer.say("Can anybody else read this?")
    world.consoles["ann"].until("(line, 127.0.0.2:",
                                "Can anybody else read this?")
    number = world.number_of("Can anybody else read this?")
    world.ctl(f"reply {number} Nobody.", user="lin")
    world.customer.until("lin: Nobody.")


def metrics():
    with urllib.request.urlopen(f"http://127.0.0.1:{METRICS_PORT}/metrics",
                                timeout=LIMIT) as answer:
        return answer.read().decode()


@step("its metrics are scraped, have no names, and promtool likes them")
def _(world):
    text = metrics()
    assert re.search(r"^deskwire_build_info\{.*version=", text, re.M), text
    connected = sum(int(n) for n in re.findall(
        r"^deskwire_sessions\{[^}]*\} (\d+)$", text, re.M))
    assert connected >= 1, text
    for name in (*TEAM, "Wei", "127.0.0.2"):
        assert f'"{name}"' not in text, name
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=text,
                              stdout=subprocess.PIPE, text=True, check=False,
                              stderr=subprocess.STDOUT)
        same((done.returncode, done.stdout), (0, ""))


# --- upgraded ---------------------------------------------------------------

@step("an upgrade leaves a desk alone that has a customer, and says how the new "
      "version takes over")
def _(world):
    pid = world.status("pid")
    said = world.upgrade()
    assert "/usr/share/deskwire/restart-when-empty" in said, said
    same(world.systemd.asked_to("stop") + world.systemd.asked_to("restart"), [])
    same(world.status("pid"), pid)
    assert SETTINGS in world.bare.read(CONF)
    world.customer.say("Are you still there?")
    number = world.number_of("Are you still there?")
    world.ctl(f"reply {number} Always.", user="lin")
    world.customer.until("lin: Always.")


def watching(root, but=None):
    """Whoever watches the desk in there for the one who waits for its end; not
    one that has ended meanwhile."""
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    words = f.read().split(b"\0")
                there = os.readlink(f"/proc/{pid}/root")
            except OSError:
                continue
            if words[-2:-1] == [b"watch"] and there == root.folder and \
                    int(pid) != but:
                return int(pid)
        time.sleep(0.05)
    raise AssertionError("nobody watches the desk")


@step("that way takes nobody new, and the new version comes when the last one "
      "has left")
def _(world):
    pid = world.status("pid")
    change = Pipe(world.bare.command("/usr/share/deskwire/restart-when-empty",
                                     PATH=Systemd.PATH))
    world.consoles["ann"].until("clos")
    Talk().until("closing")
    # That its link is lost tells it nothing of the customer.
    lost = watching(world.bare)
    os.kill(lost, signal.SIGKILL)
    watching(world.bare, but=lost)
    same(world.status("pid"), pid)
    same(world.systemd.asked_to("restart"), [])
    world.customer.end()
    same(change.end(), 0)
    assert world.status("pid") != pid
    same(world.systemd.asked_to("restart"), [SERVICE])
    exe = os.readlink(f"/proc/{world.status('pid')}/exe")
    same(exe, world.bare.path("/usr/bin/deskwire"))
    world.consoles["ann"].until("the desk has stopped")
    same(world.consoles["ann"].end(), 0)


@step("an upgrade restarts a desk that has nobody")
def _(world):
    pid = world.status("pid")
    said = world.upgrade("--reinstall")
    assert "restart-when-empty" not in said, said
    assert world.status("pid") != pid
    assert SETTINGS in world.bare.read(CONF)


# --- with sockets that it is given ------------------------------------------

@step("with systemd's sockets it serves the same people, and can open none")
def _(world):
    world.systemd.stop(SERVICE)
    world.systemd.enabled.remove(SERVICE)
    world.bare.write(CONF, world.bare.read(CONF).replace(SETTINGS, ""))
    world.systemd.start(RESTRICTED)
    lin = world.attach("lin")
    lin.until("\n")
    customer = Talk()
    customer.say("Which door is this?")
    lin.until("Which door is this?")
    world.ctl(f"reply {world.number_of('Which door')} The small one.")
    customer.until("ann: The small one.")
    assert "deskwire_build_info" in metrics()
    started = world.systemd.asked_to("start")
    said = world.upgrade("--reinstall")
    assert "restart-when-empty" in said, said
    same(world.systemd.asked_to("start"), started)
    assert world.systemd.is_active(RESTRICTED)
    customer.end()


# --- removed ----------------------------------------------------------------

@step("a removal stops it, and keeps what was said and what was configured")
def _(world):
    world.bare.run("apt-get", "remove", "-y", "-q", "deskwire")
    assert not world.systemd.is_active(RESTRICTED)
    assert os.path.exists(world.bare.path(JOURNAL))
    assert os.path.exists(world.bare.path(CONF))
    same(world.bare.files("bin/deskwire"), [])


@step("installed again, where a service manager runs, it starts at once and has "
      "kept what was said")
def _(world):
    world.systemd.enabled.add(SERVICE)
    world.upgrade()
    assert world.systemd.is_active(SERVICE)
    assert int(world.status("journal").split()[0]) > 10, world.ctl("status")


@step("a purge leaves nothing of it but the names of its user and groups")
def _(world):
    world.bare.run("apt-get", "purge", "-y", "-q", "deskwire")
    assert not world.systemd.is_active(SERVICE)
    same([name for name in world.bare.files("deskwire")
          if not name.startswith(("home/", "etc/stunnel/"))], [])
    world.bare.run("id", "deskwire")


# --- the run ----------------------------------------------------------------

def run(world):
    """How many passed, and were skipped, and failed."""
    counts = [0, 0, 0]
    print(f"1..{len(STEPS)}", flush=True)
    for number, (name, do) in enumerate(STEPS, 1):
        began = time.monotonic()
        try:
            if counts[2]:
                raise Exception("not done, as one before it failed")
            do(world)
            row, which = "ok", 0
        except Exception as why:
            print("\n".join(f"# {row}" for row in
                            f"{type(why).__name__}: {why}".splitlines()))
            row, which = "not ok", 2
        counts[which] += 1
        print(f"{row} {number} - whole: {name} "
              f"({time.monotonic() - began:.0f} s)", flush=True)
    return counts


def why_not():
    if os.geteuid() != 0:
        return "needs root"
    for program in ("mmdebstrap", "lintian", "git", "unshare", "setpriv"):
        if not shutil.which(program):
            return f"{program} is missing"
    return None


def main():
    why = why_not()
    if why:
        print(f"1..0 # SKIP {why}\n0 passed, {len(STEPS)} skipped, 0 failed")
        return 77
    if "WHOLE" not in os.environ:       # what is mounted and started ends with us
        os.execvpe("unshare", [
            "unshare", "--mount", "--propagation", "private", "--pid",
            "--fork", "--kill-child", "--mount-proc", sys.executable,
            *sys.argv], {**os.environ, "WHOLE": "yes"})
    folder = sys.argv[1] if sys.argv[1:] else tempfile.mkdtemp(prefix="dw")
    world = World(os.path.abspath(folder))
    try:
        counts = run(world)
    finally:
        world.bare.unmount()
        if not sys.argv[1:]:
            subprocess.run(["rm", "-rf", "--one-file-system", folder],
                           check=False)
    print("{} passed, {} skipped, {} failed".format(*counts))
    return 1 if counts[2] else 0


if __name__ == "__main__":
    sys.exit(main())
