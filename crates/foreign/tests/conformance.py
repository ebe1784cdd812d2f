"""A core that reads the settings at logon, asks whether to start, and reads the readers when it shall. It breaks the protocol in the way
that its argument names."""

import json
import sys
import time

fault = sys.argv[1]
INPUTS = ("trigger", "unlock", "tick", "readers-changed", "log-off", "effect-done", "prompt-answered")


def say(message):
    print(json.dumps(message), flush=True)


def refuse(error):
    say({"error": error})
    sys.exit(1)


def put(body):
    say({"output": {"number": said, "causes": [], "body": body}})


def ask(effect, expected):
    number = 1 if fault == "open-once" else len(effects) + 1
    effects.append(expected)
    put({"effect": {"id": number, "effect": effect}})


def effect_done(effect, result):
    number, expected = len(effects), effects[-1]
    if fault == "unknown-effect" and effect > 1000:
        return
    if fault == "settled-effect" and expected is None:
        return
    if effect != number and fault != "open-once" or expected is None:
        refuse({"unknown-effect": {"effect": effect}})
    if "failed" in result:
        if fault == "failed-result" and expected == "readers":
            refuse({"failed": {"reason": "no readers"}})
    elif expected not in result:
        if fault != "wrong-result":
            refuse({"wrong-result": {"effect": effect, "expected": expected, "found": next(iter(result))}})
    elif expected == "settings":
        prompts.append(1)
        offers = ["start", "remind"]
        put({"prompt": {"id": 1, "point": "wizard.start", "facts": {"items": 1}, "offers": offers}})
    effects[-1] = None


def prompt_answered(prompt, answer):
    if fault == "unknown-prompt" and prompt > 1000:
        return
    if prompt not in prompts:
        refuse({"unknown-prompt": {"prompt": prompt}})
    if answer not in ("start", "remind", "close") and fault != "not-offered":
        refuse({"not-offered": {"prompt": 1, "found": answer, "expected": ["start", "remind"]}})
    prompts.clear()
    if answer == "start":
        ask("read-readers", "readers")


effects = []  # the result that each effect must have, or None when it is done
prompts = []
deadline = None
for line in sys.stdin:
    message = json.loads(line)
    if fault == "long-line" and len(line) > 1 << 16:
        refuse({"failed": {"reason": "a line that is too long"}})
    if fault == "unknown-fields" and "a-field-of-no-version" in line:
        refuse({"failed": {"reason": "unknown field"}})
    if "start" in message:
        protocol = message["start"]["protocol"]
        if fault == "handshake":
            say({"idle": {"number": 0, "deadline": None}})
        elif protocol != 2 and fault != "other-version":
            refuse({"failed": {"reason": f"protocol {protocol}"}})
        else:
            say({"ready": {"protocol": protocol, "core": "toy 1"}})
        continue
    if "handle" not in message:
        if fault != "unknown-message":
            refuse({"failed": {"reason": "unknown message"}})
        say({"idle": {"number": 1, "deadline": None}})
        continue
    number, now, what = (message["handle"][key] for key in ("number", "now", "input"))
    said = 1 if fault == "numbered-answers" else number
    kind = what if isinstance(what, str) else next(iter(what))
    if kind not in INPUTS and fault != "unknown-input":
        refuse({"failed": {"reason": "unknown input"}})
    if kind == "tick" and fault == "early-tick":
        deadline += 1
    if fault == "many-inputs" and number > 1000:
        refuse({"failed": {"reason": "too many inputs"}})
    if kind == "trigger":
        deadline = now["mono"] + 1000
        ask("read-settings", "settings")
    if kind == "effect-done":
        effect_done(**what[kind])
    if kind == "prompt-answered":
        prompt_answered(**what[kind])
    if kind == "log-off" and fault != "log-off":
        if effects and effects[-1] is not None:
            put({"abandon-effect": {"id": len(effects)}})
        if prompts:
            put({"prompt-withdrawn": {"id": 1}})
    say({"idle": {"number": said, "deadline": deadline}})
    if fault == "idle-ends-answer":
        say({"idle": {"number": said, "deadline": deadline}})
if fault == "end-of-input":
    time.sleep(60)
