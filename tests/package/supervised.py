# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/system/supervisor.py in a root that has no Python:
    supervised.py ROOT UNIT.service [UNIT.socket...]"""

import encodings.idna           # the root has no modules to load later
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "system"))
import supervisor               # noqa: E402

assert encodings.idna


class Supervisor(supervisor.Supervisor):
    """Hands over by what every Debian has."""

    def __init__(self, *args, **settings):
        super().__init__(*args, **settings)
        moves = "".join(f"exec {supervisor.FIRST_FD + n}<&{fd} {fd}<&-; "
                        for n, fd in enumerate(self.pass_fds))
        self.under = ["bash", "-c", moves +
                      "export LISTEN_PID=$$ WATCHDOG_PID=$$; exec \"$@\"",
                      "bash"]


supervisor.Supervisor = Supervisor
os.chroot(sys.argv[1])
os.chdir("/")
sys.exit(supervisor.main(sys.argv[2:]))
