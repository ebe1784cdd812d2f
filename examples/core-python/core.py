#!/usr/bin/env python3
"""An enrollment core in another process, as small as an honest one can be. It speaks core protocol 2 (docs/core-protocol.md).

At each trigger it starts a run, reads the settings, and obeys the policy value AEPolicy: where that forbids everything, or nothing is
configured, the run ends. Otherwise it binds to the directory, reads the templates, and ends the run there, because it cannot make a
request. A settings or directory failure ends the run with an entry in the event log.

    autoenroll core-check 'python3 examples/core-python/core.py'
    autoenroll run policy/disabled --core 'python3 examples/core-python/core.py'
"""

import json
import sys

DISABLED = 0x8000
IGNORED = ("tick", "unlock", "readers-changed", "icon-clicked", "balloon-clicked", "balloon-closed", "wizard-closed")


class Contract(Exception):
    """The bench broke the contract, or says what this core does not know. The argument is the value of `error`."""


class Core:
    """One principal on one machine."""

    def __init__(self, identity):
        self.identity = identity
        self.inputs = 0
        self.outputs = []
        self.effects = 0
        self.waiting = None  # the effect that is open: (id, the result that it must have, what to do with it)

    def put(self, body):
        self.outputs.append({"causes": [{"input": self.inputs}], "body": body})

    def ask(self, effect, expected, then):
        self.effects += 1
        self.waiting = (self.effects, expected, then)
        self.put({"effect": {"id": self.effects, "effect": effect}})

    def handle(self, what):
        """Takes one input. A text is an input without data, such as `tick`; an object has one key, its kind."""
        self.inputs += 1
        kind = what if isinstance(what, str) else next(iter(what))
        if kind == "trigger":
            if self.waiting is None:
                self.put({"report": {"run-started": {"trigger": what["trigger"]}}})
                self.ask("read-settings", "settings", self.settings_read)
        elif kind == "effect-done":
            self.effect_done(what["effect-done"]["effect"], what["effect-done"]["result"])
        elif kind == "prompt-answered":  # This core opens no prompt.
            raise Contract({"unknown-prompt": {"prompt": what["prompt-answered"]["prompt"]}})
        elif kind == "log-off":
            if self.waiting is not None:
                self.put({"abandon-effect": {"id": self.waiting[0]}})
                self.end()
        elif kind not in IGNORED:
            raise Contract({"failed": {"reason": f"unknown input {kind}"}})

    def effect_done(self, effect, result):
        if self.waiting is None or self.waiting[0] != effect:
            raise Contract({"unknown-effect": {"effect": effect}})
        _, expected, then = self.waiting
        found = result if isinstance(result, str) else next(iter(result))
        if found == "failed":
            self.log_failure(result["failed"])
            self.end()
        elif found == expected:
            self.waiting = None
            then(result[found])
        else:
            raise Contract({"wrong-result": {"effect": effect, "expected": expected, "found": found}})

    def settings_read(self, settings):
        policy = settings["policy"] if settings["policy"] is not None else settings["local-policy"]
        if policy is None or policy & DISABLED:
            self.end()
        else:
            self.ask("bind-directory", "directory", self.bound)

    def bound(self, _root):
        self.ask("read-templates", "templates", self.templates_read)

    def templates_read(self, _templates):
        self.end()

    def log_failure(self, code):
        facts = {"context": self.identity["principal"], "code": f"0x{code:08X}"}
        self.put({"event": {"source": "AutoEnrollment", "id": 15, "severity": "error", "facts": facts}})

    def end(self):
        self.waiting = None
        self.put({"report": "run-ended"})


def say(message):
    print(json.dumps(message), flush=True)


def main():
    core = None
    try:
        for line in sys.stdin:
            message = json.loads(line)
            if "start" in message:
                core = start(message["start"])
            elif "handle" in message and core is not None:
                handle(core, message["handle"])
            else:
                raise Contract({"failed": {"reason": "no message that this core knows"}})
    except Contract as broken:
        say({"error": broken.args[0]})
        return 1
    return 0


def start(message):
    if message["protocol"] != 2:
        raise Contract({"failed": {"reason": "this core speaks protocol 2"}})
    say({"ready": {"protocol": 2, "core": "example-python 1"}})
    return Core(message["identity"])


def handle(core, message):
    core.handle(message["input"])
    for output in core.outputs:
        say({"output": {"number": message["number"], **output}})
    core.outputs.clear()
    say({"idle": {"number": message["number"], "deadline": None}})


if __name__ == "__main__":
    sys.exit(main())
