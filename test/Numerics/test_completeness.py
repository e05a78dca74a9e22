"""Every record is complete: text, reference, derivative, bounds, a row in the numeric tests, a line in the operations
page, a name the parser knows, a Python method of its own."""

import math
import re
from pathlib import Path

import mpmath
import pytest
from table import BUILD, OPERATIONS, RECORDS, Reference, value_operands, variants

from keops.numpy import Genred

ROOT = Path(__file__).parents[2]
PAGE = (BUILD / "include" / "keops" / "IR" / "operations.md").read_text()
operations = pytest.mark.parametrize("name", OPERATIONS)
reductions = pytest.mark.parametrize("record", RECORDS["reductions"], ids=lambda r: r["name"])


@operations
def test_texts(name):
    record = OPERATIONS[name]
    assert record["summary"].strip() and not record["summary"].endswith(".")
    assert record["kind"] in ("elementwise", "structural", "composite")
    if record["kind"] == "composite":
        assert record["expansion"]
    else:
        count = len(value_operands(record)) if record["kind"] == "elementwise" else 1
        assert len(record["derivatives"]) == count and all(record["derivatives"])


@operations
def test_derivatives_name_known_operations(name):
    for text in OPERATIONS[name]["derivatives"]:
        for function in re.findall(r"(\w+)\(", text):
            assert function in OPERATIONS, text


@operations
def test_bounds_and_domain(name):
    record = OPERATIONS[name]
    for bound in (record["maxUlp"], record["maxUlpHigh"]):
        assert bound == "dim" or float(bound) >= 0
    if record["maxUlp"] != "dim":
        assert float(record["maxUlpHigh"]) <= float(record["maxUlp"])
    low, high = map(float, record["domain"])
    assert math.isfinite(low) and low < high
    for point in record["points"]:
        float(point)


@operations
def test_numeric_rows(name):
    """The table has variants of the operation, and the reference can be evaluated for each."""
    record = OPERATIONS[name]
    assert variants(record)
    for variant in variants(record):
        operands = [[mpmath.mpf(0.5)] * dim for dim in variant.dims]
        result = Reference(record, variant.integers)(*operands)
        assert result and all(mpmath.isfinite(v) for v in result)


@operations
def test_the_dimension_rule_agrees_with_the_reference(name):
    record = OPERATIONS[name]
    for variant in variants(record)[:3]:
        names = [f"v{k}" for k in range(len(variant.dims))]
        aliases = [f"{v}=Vi({dim})" for v, dim in zip(names, variant.dims)]
        integers = map(str, variant.integers.values())
        text = Genred(f"{name}({','.join([*names, *integers])})", aliases, axis=1).ir("keops")
        dim = len(Reference(record, variant.integers)(*[[mpmath.mpf(1)] * d for d in variant.dims]))
        assert re.search(rf"func\.func .* -> !keops\.value<{dim}xf32, i>", text), text


@operations
def test_line_in_the_operations_page(name):
    assert PAGE.count(f"\n| `{name}(") == 1


def test_the_measured_page_has_no_empty_cell():
    """`./dev docs` renews the page; an operation that is newer than that is not on it."""
    rows = [line for line in (ROOT / "docs/generated/operations.md").read_text().splitlines() if line.startswith("| `")]
    measured = [row for row in rows if "_Reduction`" not in row]
    assert measured and {re.match(r"\| `(\w+)\(", row)[1] for row in measured} <= set(OPERATIONS)
    for row in rows:
        cells = row.replace("\\|", "").strip("|").split("|")
        assert len(cells) == (7 if row in measured else 4) and all(cell.strip() for cell in cells), row


def test_methods_are_unique():
    methods = [record["method"] for record in OPERATIONS.values()]
    assert len(set(methods)) == len(methods)
    assert all(method.isidentifier() for method in methods)


@reductions
def test_reduction(record):
    assert record["summary"] and record["results"]
    policies = (ROOT / "lib/Transforms/Differentiate/Policies.cpp").read_text()
    derivative = record["derivative"]
    assert derivative == "zero" or derivative.startswith("none: ") or f'.Case("{derivative}"' in policies
    assert PAGE.count(f"\n| `{record['name']}_Reduction` |") == 1


@reductions
def test_every_spelling_of_a_reduction_is_parsed(record):
    options = {"opt_arg": 2} if record["takesK"] else {}
    if record["formulas"] == 2:
        options["formula2"] = "y"
    for spelling in (record["name"], *record["aliases"]):
        reduction = Genred("x*y", ["x=Vi(1)", "y=Vj(1)"], reduction_op=spelling, axis=1, **options)
        assert f"#keops.reduce<{record['name']}" in reduction.ir("keops")


def test_the_page_lists_nothing_else():
    rows = re.findall(r"^\| `(\w+)\(", PAGE, re.M)
    assert sorted(rows) == sorted(OPERATIONS)
