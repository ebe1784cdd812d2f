#!/usr/bin/python3
"""What certmonger is started with at a trigger: applies policy, and waits until nothing moves."""

import os
import re
import subprocess
import sys
import time

import lab

# Requests in these states go on by themselves.
MOVING = ("GENERATING", "HAVE_", "NEED_", "NEWLY_ADDED", "NOTIFYING", "POST_SAVE", "PRE_SAVE", "READING", "SAV",
          "START_SAV", "SUBMITTING")
# These wait for somebody, although their names begin so.
STILL = ("NEED_CA", "NEED_GUIDANCE", "NEED_KEY_PIN", "NEED_CERTSAVE_PERMS", "NEED_KEYINFO_READ_PIN")
# So long after the last change something may still begin.
QUIET = 2.0
LONGEST = 45


def main(trigger):
    # certmonger gives what it starts a search path of its own.
    os.environ["PATH"] = lab.PATH
    # Kerberos wants the time of the domain controller, which is that of the machine.
    real = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "FAKETIME")}
    # As winbindd calls it; somebody who wants it now adds --force.
    command = ["samba-gpupdate", "-s", f"{lab.HERE}/member/smb.conf", "--target=Computer"]
    applied = subprocess.run(command + ["--force"] * (trigger == "pulse"), env=real).returncode
    deadline, since, before = time.monotonic() + LONGEST, time.monotonic(), None
    while time.monotonic() < deadline:
        listed = subprocess.run(["getcert", "list"], capture_output=True, text=True).stdout
        states = re.findall(r"^\s*status: (.*)$", listed, re.M)
        moving = [state for state in states if state.startswith(MOVING) and state not in STILL]
        if listed != before or moving:
            before, since = listed, time.monotonic()
        if time.monotonic() - since > QUIET:
            break
        time.sleep(0.2)
    print(before)
    return applied


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
