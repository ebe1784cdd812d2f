"""A core that asks for the settings at logon, and breaks the protocol in the way that its argument names."""

import json
import sys
import time

fault = sys.argv[1]


def say(message):
    print(json.dumps(message), flush=True)


def fail(reason):
    say({"error": {"failed": {"reason": reason}}})
    sys.exit(1)


waiting = False
deadline = None
for line in sys.stdin:
    message = json.loads(line)
    if fault == "unknown-fields" and "a-field-of-no-version" in line:
        fail("unknown field")
    if "start" in message:
        protocol = message["start"]["protocol"]
        if fault == "handshake":
            say({"idle": {"number": 0, "deadline": None}})
        elif protocol != 2 and fault != "other-version":
            fail(f"protocol {protocol}")
        else:
            say({"ready": {"protocol": protocol, "core": "toy 1"}})
        continue
    number, now, what = (message["handle"][key] for key in ("number", "now", "input"))
    said = 1 if fault == "numbered-answers" else number
    if what == "tick" and fault == "early-tick":
        deadline += 1
    if "trigger" in what:
        waiting, deadline = True, now["mono"] + 1000
        say({"output": {"number": said, "causes": [], "body": {"effect": {"id": 1, "effect": "read-settings"}}}})
    if "effect-done" in what:
        result = what["effect-done"]["result"]
        if "failed" in result and fault == "failed-result":
            fail("no settings")
        if not ("failed" in result or "settings" in result) and fault != "wrong-result":
            say({"error": {"wrong-result": {"effect": 1, "expected": "settings", "found": next(iter(result))}}})
            sys.exit(1)
    say({"idle": {"number": said, "deadline": deadline}})
    if fault == "idle-ends-answer":
        say({"idle": {"number": said, "deadline": deadline}})
if fault == "end-of-input":
    time.sleep(60)
