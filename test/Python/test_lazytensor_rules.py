"""The dimension rules of Python against the compiler's, for every operation, on calls that both accept and on calls
that both refuse; and that every reduction has a method."""

import itertools
import json
import re
from pathlib import Path

import pytest

import keops
from keops import _keops
from keops._lazy._operations import RECORDS
from keops._lazy.dimensions import RULES
from keops.numpy import LazyTensor, Vi

DOCUMENT = json.loads(
    (Path(keops._keops.__file__).absolute().parents[2] / "include/keops/IR/KeopsRecords.json").read_text()
)
DIMS = (1, 2, 3, 6)
# Integers tried for each kind of operand that is no value; lists are tried together.
INTEGERS = (-1, 0, 1, 2, 3)
LISTS = {
    "TensorDot": [
        ((2, 3), (3, 2), (1,), (0,), ()),
        ((2, 3), (3, 2), (1,), (0,), (1, 0)),
        ((2, 3), (3, 2), (1,), (0,), (1, 1)),
        ((2, 3), (3, 2), (1,), (0,), (0,)),
        ((2, 3), (3, 2), (0,), (0,), ()),
        ((2, 3), (3, 2), (1,), (), ()),
        ((2, 3), (3, 2), (2,), (0,), ()),
        ((2, 3), (3, 2), (1, 1), (0, 0), ()),
        ((3,), (3,), (0,), (0,), ()),
        ((1, 2), (2,), (), (), (2, 0, 1)),
        ((-2, -3), (6,), (), (), ()),
    ],
    "Kron": [((2, 3), (3, 2)), ((2,), (3,)), ((2,), (1, 3)), ((6,), (1,)), ((1, 2, 3), (1, 1, 1))],
}


def calls(name):
    kinds = RECORDS[name][0]
    dims = itertools.product(DIMS, repeat=kinds.count("v"))
    lists = LISTS.get(name) or list(itertools.product(INTEGERS, repeat=kinds.count("n")))
    return itertools.product(dims, lists)


def infer(name, dims, integers):
    """The dimension by the rule of Python, None where it refuses."""
    try:
        return RULES[RECORDS[name][1]](name, dims, integers)
    except ValueError as error:
        assert f"{name} " in str(error) or re.match(r"Operation [-+*/|<=]+ expects", str(error))
        return None


def write(integer):
    return str(integer) if isinstance(integer, int) else f"[{','.join(map(str, integer))}]"


def compile_dimension(name, dims, integers):
    """The dimension by the compiler, None where it refuses."""
    arguments = [*(f"Var({k},{dim},0)" for k, dim in enumerate(dims)), *map(write, integers)]
    reduction = _keops.Reduction(f"Sum_Reduction({name}({','.join(arguments)}),0)", [])
    try:
        text = reduction.dump("keops", "float32")
    except ValueError:
        return None
    return int(re.search(r"func\.func .* -> !keops\.value<(\d+)xf32, i>", text)[1])


@pytest.mark.parametrize("name", RECORDS)
def test_dimensions(name):
    answers = []
    for dims, integers in calls(name):
        answers.append(infer(name, dims, integers))
        assert answers[-1] == compile_dimension(name, dims, integers), (dims, integers)
    assert any(answer is not None for answer in answers)


def test_all_rules_are_used():
    assert {rule for _, rule, _ in RECORDS.values()} == set(RULES)


def test_records_are_those_of_the_build():
    operations = {record["name"]: record for record in DOCUMENT["operations"]}
    assert list(RECORDS) == list(operations)
    for name, (kinds, _, method) in RECORDS.items():
        assert kinds == "".join(operand["kind"] for operand in operations[name]["operands"])
        assert method == operations[name]["method"]
        # Texts of calls rely on this.
        assert re.fullmatch("v+[nlo]*", kinds)


# What the derivative of Prod needs, and the parts of LogSumExp, are no methods.
INTERNAL = {"Prod_WithoutZeros", "Max_SumShiftExp"}


def test_every_reduction_has_a_method():
    methods = {
        **{name: name.lower() for name in ("Sum", "Min", "Max", "ArgMin", "ArgMax", "Min_ArgMin", "Max_ArgMax")},
        **{name: name.lower() for name in ("LogSumExp", "SumSoftMaxWeight", "Prod", "Any", "All", "Count")},
        **{name: name.lower() for name in ("Mean", "Var")},
        **{"KMin": "Kmin", "ArgKMin": "argKmin", "KMin_ArgKMin": "Kmin_argKmin"},
        **{"KMax": "Kmax", "ArgKMax": "argKmax", "KMax_ArgKMax": "Kmax_argKmax"},
    }
    assert set(methods) | INTERNAL == {record["name"] for record in DOCUMENT["reductions"]}
    x = Vi(0, 1)
    for record in DOCUMENT["reductions"]:
        if record["name"] in INTERNAL:
            continue
        arguments = {"K": 2} if record["takesK"] else {"weight": x} if record["formulas"] == 2 else {}
        assert f"reduction: {record['name']} (axis=1)" in str(
            getattr(LazyTensor, methods[record["name"]])(x, axis=1, **arguments)
        )
