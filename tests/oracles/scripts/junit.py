"""Reads a JUnit report with junitparser and prints what it understands: totals, then each case and how it went."""

import sys

from junitparser import Failure, JUnitXml, Skipped

report = JUnitXml.fromfile(sys.argv[1])
print(f"total: {report.tests} tests, {report.failures} failures, {report.errors} errors, {report.skipped} skipped")
for suite in report:
    for case in suite:
        verdict = "passed"
        for result in case.result:
            if isinstance(result, Failure):
                verdict = f"failed, {result.message}"
            elif isinstance(result, Skipped):
                verdict = f"skipped, {result.message}"
        print(f"{case.classname}/{case.name}: {verdict}")
