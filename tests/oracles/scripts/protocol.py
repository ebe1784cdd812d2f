"""Judges lines of JSON by a JSON Schema: prints a line for each that is not valid, then how many there were."""

import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
count = 0
with open(sys.argv[2], encoding="utf-8") as file:
    for line in file:
        count += 1
        error = next(validator.iter_errors(json.loads(line)), None)
        if error is not None:
            print(f"{line.strip()[:200]}: {error.message[:200]}")
print(f"{count} judged")
