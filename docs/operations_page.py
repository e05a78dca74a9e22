"""Adds what the numeric tests measured to the operations page that keops-tblgen made.

python docs/operations_page.py PAGE REPORT: PAGE is build/include/keops/IR/operations.md, REPORT the JUnit file of a run
of test/Numerics/test_operations.py (`./dev test` leaves build/test-reports/pytest.xml). The result goes to standard
output. An operation that was not measured is an error: no cell stays empty.
"""

import ast
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

COLUMNS = " worst value (f32 default, high; f64 default, high) | worst gradient, second gradient and forward derivative (f32; f64) |"
INTRODUCTION = """
Measured figures are worst errors over the rows of `test/Numerics/test_operations.py`, in the unit of the bound beside
them; those of derivatives are in eps of the sum of magnitudes of their terms. Errors of the functions themselves over
all floats are in [approximate-math.md](../rationale/approximate-math.md). Derivative operators (`Grad`, `Diff`,
`Divergence`, ...) are in [operators.md](../operators.md).
"""


def measured(report):
    """{(operation, dtype): {kind and precision: worst error}}"""
    figures = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = re.fullmatch(r"test_operation\[(\w+)-(\w+)\]", case.get("name"))
        for prop in case.iter("property"):
            if name and prop.get("name") == "worst":
                figures[name.groups()] = {k: v[0] for k, v in ast.literal_eval(prop.get("value")).items()}
    return figures


def figure(figures, operation, dtype, key):
    return f"{figures[operation, dtype].get(key, 0):.2g}"


def cells(figures, operation):
    def pairs(*keys):
        return "; ".join(", ".join(figure(figures, operation, d, k) for k in keys) for d in ("float32", "float64"))

    return f" {pairs('value default', 'value high')} | {pairs('gradient default', 'second default', 'forward default')} |"


def main(page, report):
    figures, lines = measured(report), []
    for line in Path(page).read_text().splitlines():
        row = re.match(r"\| `(\w+)\(", line)
        if row:
            line += cells(figures, row.group(1))
        elif line.startswith("| formula"):
            line += COLUMNS
        elif lines and lines[-1].startswith("| formula"):
            line += "---|---|"
        elif line.startswith("## ") and not any(done.startswith("## ") for done in lines):
            lines += [*INTRODUCTION.strip().splitlines(), ""]
        lines.append(line)
    print("\n".join(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
