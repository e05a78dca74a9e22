"""Adds up the JUnit reports of lit, CTest and pytest in one folder and prints `N passed, N failed, N skipped`.

A runner that left no report, or ended with an error although its report shows none, counts as one failure: silence is
never success.
"""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

# Checks that have one answer and write no report.
SINGLE = {"format"}
# Exit codes that mean "no test was selected", which is fine with a filter.
NOTHING_SELECTED = {"pytest": 5, "pytest-numerics": 5, "pytest-kernels": 5, "pytest-races": 5}


def count(report):
    """(passed, failed, skipped) and the names of the failed tests of one JUnit file."""
    passed, skipped, failures = 0, 0, []
    for case in ElementTree.parse(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failures.append(f"{case.get('classname', '')} {case.get('name')}".strip())
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            skipped += 1
        else:
            passed += 1
    return passed, failures, skipped


def suite(folder, exit_file):
    name, status = exit_file.stem, int(exit_file.read_text())
    report = folder / f"{name}.xml"
    if name in SINGLE and status == 0:
        return 1, [], 0
    if not report.exists():
        return 0, [f"{name} ended with status {status} and left no report"], 0
    passed, failures, skipped = count(report)
    if status not in (0, NOTHING_SELECTED.get(name)) and not failures:
        failures = [f"{name} ended with status {status}"]
    return passed, failures, skipped


def main():
    folder = Path(sys.argv[1])
    passed, failures, skipped = 0, [], 0
    for exit_file in sorted(folder.glob("*.exit")):
        p, f, s = suite(folder, exit_file)
        print(f"{exit_file.stem}: {p} passed, {len(f)} failed, {s} skipped")
        passed, failures, skipped = passed + p, failures + f, skipped + s
    for name in failures:
        print(f"FAILED {name}")
    print(f"{passed} passed, {len(failures)} failed, {skipped} skipped")
    sys.exit(1 if failures else 0)


main()
