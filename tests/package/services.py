# SPDX-License-Identifier: GPL-3.0-or-later
"""What of systemd the packages' scripts see in a root where none runs: a
systemctl that starts and stops the units by tests/system/supervisor.py, and
remembers what it was asked for."""

import os
import re
import signal
import subprocess
import sys
import threading

from root import LIMIT, Pipe

HERE = os.path.dirname(os.path.abspath(__file__))
UNITS = "/lib/systemd/system"
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
STUB = "/opt/systemctl"
SYSTEMCTL = """#!/bin/sh
exec 9>/opt/systemctl/lock
flock 9
echo "$*" >/opt/systemctl/asked
read -r status text </opt/systemctl/answer
[ -z "$text" ] || echo "$text"
exit "$status"
"""


class Service(Pipe):
    """A supervisor in the root, with one service; sockets are the names of
    socket units."""

    def __init__(self, root, unit, sockets):
        super().__init__([
            sys.executable, os.path.join(HERE, "supervised.py"), root.folder,
            *(f"{UNITS}/{name}" for name in (unit, *sockets))])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.end()


class Systemd:
    PATH = f"{STUB}:{SYSTEM_PATH}"

    def __init__(self, root):
        self.root = root
        self.asked = []
        self.services = {}
        self.enabled = {"deskwire.service", "deskwire-verify.timer"}
        self.sockets = {"deskwire-restricted.service": (
            "deskwire.socket", "deskwire-operators.socket",
            "deskwire-metrics.socket")}
        os.makedirs(root.path("/run/systemd/system"), exist_ok=True)
        root.write(f"{STUB}/systemctl", SYSTEMCTL, mode=0o755)
        root.write("/etc/apt/apt.conf.d/99path", f'DPkg::Path "{self.PATH}";\n')
        for name in ("asked", "answer"):
            os.mkfifo(root.path(f"{STUB}/{name}"))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            words = self.root.read(f"{STUB}/asked").split()
            try:
                answer = self._answer([w for w in words if w[:2] != "--"])
            except AssertionError as why:
                answer = f"1 {why}"
            self.root.write(f"{STUB}/answer", answer + "\n", mode=0o755)

    def _answer(self, words):
        verb, *units = words
        self.asked.append(" ".join(words))
        if verb == "is-active":
            return "0" if self.is_active(units[0]) else "3"
        if verb == "is-enabled":
            return "0 enabled" if units[0] in self.enabled else "1 disabled"
        units = [unit for unit in units if unit.endswith(".service")]
        for unit in units:
            if verb in ("stop", "restart"):
                self.stop(unit)
            if verb in ("start", "restart"):
                self.start(unit)
        return "0"

    def is_active(self, unit):
        service = self.services.get(unit)
        return service is not None and service.process.poll() is None

    def start(self, unit):
        """Ready when this returns."""
        if not self.is_active(unit):
            self.services[unit] = Service(self.root, unit,
                                          self.sockets.get(unit, ()))
            self.services[unit].until("READY")

    def stop(self, unit):
        if unit in self.services:
            self.services.pop(unit).stop()

    def reload(self, unit):
        service = self.services[unit]
        start = len(service.out)
        service.process.send_signal(signal.SIGHUP)
        service.until("READY", start=start)

    def asked_to(self, verb):
        """The desks for which somebody has asked for this."""
        return [unit for row in self.asked if row.startswith(f"{verb} ")
                for unit in row.split()[1:] if unit.endswith(".service")]
