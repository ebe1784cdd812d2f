#!/usr/bin/python3
"""What certmonger of the laboratory is started with: applies policy where the trigger asks for it, and waits until nothing moves."""

import os
import re
import subprocess
import sys
import time

import lab

# Requests of certmonger change these by themselves.
MOVING = ("GENERATING", "NEED_KEY", "NEED_CSR", "NEED_TO_SUBMIT", "SUBMITTING", "NEED_TO_SAVE", "PRE_SAVE", "START_SAV", "SAVING",
          "POST_SAVE", "NEED_TO_READ", "READING", "NEED_TO_NOTIFY", "NOTIFYING", "NEWLY_ADDED", "NEED_CA_TO_SAVE",
          "HAVE_", "NEED_KEYINFO", "SAVED", "INVALID")
# Between the start of certmonger, or an answer, and what it does next.
QUIET = 2.0
LONGEST = 45


def main(trigger):
    # certmonger gives what it starts a search path of its own.
    os.environ["PATH"] = lab.PATH
    # Kerberos wants the time of the domain controller, which is that of the machine.
    real = {name: value for name, value in os.environ.items() if name not in ("LD_PRELOAD", "FAKETIME", "FAKETIME_NO_CACHE")}
    applied = 0
    if trigger in ("boot", "refresh", "pulse"):
        # As winbindd calls it; somebody who wants it now adds --force.
        command = ["samba-gpupdate", "-s", f"{lab.HERE}/member/smb.conf", "--target=Computer"]
        applied = subprocess.run(command + ["--force"] * (trigger == "pulse"), env=real).returncode
    deadline, quiet_since, before = time.monotonic() + LONGEST, time.monotonic(), None
    while time.monotonic() < deadline:
        listed = subprocess.run(["getcert", "list"], capture_output=True, text=True).stdout
        states = re.findall(r"^\s*status: (.*)$", listed, re.M)
        if listed != before or any(state.startswith(MOVING) for state in states):
            before, quiet_since = listed, time.monotonic()
        if time.monotonic() - quiet_since > QUIET:
            break
        time.sleep(0.2)
    print(listed)
    return applied


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
