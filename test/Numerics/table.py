"""The rows of the numeric tests, made from the records of all operations (KeopsRecords.json of the build), and the
value of a record's `reference` in mpmath and in IEEE arithmetic."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import mpmath
import numpy as np

import keops

BUILD = Path(keops._keops.__file__).absolute().parents[2]


def load_records():
    path = os.environ.get("KEOPS_RECORDS", BUILD / "include" / "keops" / "IR" / "KeopsRecords.json")
    return json.loads(Path(path).read_text())


RECORDS = load_records()
OPERATIONS = {record["name"]: record for record in RECORDS["operations"]}

# Above 16 components, vectors are loops: 20 is a whole number of the loop's steps, 37 is not.
DIMS = (1, 3, 20, 37)


@dataclass(frozen=True)
class Variant:
    """One use of an operation: the dimension of each vector operand, the value of each integer."""

    dims: tuple
    integers: dict = field(default_factory=dict, hash=False)

    def label(self):
        return "/".join(str(n) for n in (*self.dims, *self.integers.values()))


# Operations that are not elementwise: what their integers may be follows from no field of the record.
STRUCTURAL = {
    "Sum": [Variant((d,)) for d in DIMS],
    "SumT": [Variant((1,), {"dim": d}) for d in DIMS],
    "Scalprod": [Variant(d) for d in ((1, 1), (3, 3), (20, 20), (37, 37), (1, 3), (37, 1))],
    "Elem": [Variant((d,), {"position": p}) for d, p in ((1, 0), (3, 2), (20, 0), (37, 36))],
    "ElemT": [Variant((1,), {"dim": d, "position": p}) for d, p in ((1, 0), (3, 1), (20, 19), (37, 36))],
    "Extract": [Variant((d,), {"start": s, "dim": n}) for d, s, n in ((1, 0, 1), (3, 1, 2), (20, 3, 17), (37, 2, 3))],
    "ExtractT": [Variant((d,), {"start": s, "dim": n}) for d, s, n in ((1, 0, 1), (2, 1, 3), (3, 17, 20), (20, 5, 37))],
    "Concat": [Variant(d) for d in ((1, 1), (1, 3), (3, 20), (20, 17))],
    "SqNorm2": [Variant((d,)) for d in DIMS],
    "Norm2": [Variant((d,)) for d in DIMS],
    "SqDist": [Variant(d) for d in ((1, 1), (3, 3), (20, 20), (37, 37), (1, 3), (20, 1))],
    "WeightedSqNorm": [Variant(d) for d in ((1, 1), (1, 3), (3, 3), (9, 3), (20, 20), (25, 5), (37, 37))],
    "WeightedSqDist": [Variant(d) for d in ((1, 1, 1), (1, 3, 3), (3, 3, 3), (9, 3, 3), (20, 20, 20), (3, 1, 3))],
}
INTEGERS = {"Pow": [{"exponent": n} for n in (0, 1, 2, 3, 7, 8, 9, -1, -2, -5)]}
# Roundings, in units of half an eps of the term, inside one term of the sums whose bound is "dim".
TERM_ROUNDINGS = {"Scalprod": 1, "SqNorm2": 1, "Norm2": 2, "SqDist": 3, "WeightedSqNorm": 2, "WeightedSqDist": 4}


def variants(record):
    """Equal dimensions, and dimension 1 on each side; an operation with integers takes them in turn."""
    if record["kind"] != "elementwise":
        return STRUCTURAL[record["name"]]
    count = len(value_operands(record))
    dims = [(d,) * count for d in DIMS]
    if count == 2:
        dims += [(1, 3), (3, 1), (1, 20), (37, 1)]
    integers = INTEGERS.get(record["name"])
    if not integers:
        return [Variant(d) for d in dims]
    return [Variant(dims[k % len(dims)], chosen) for k, chosen in enumerate(integers)]


def value_operands(record):
    return [operand["name"] for operand in record["operands"] if operand["value"]]


# ---- references --------------------------------------------------------------------------------------------------


def broadcast(*lists):
    longest = max(len(v) for v in lists)
    return [tuple(v[k % len(v)] for v in lists) for k in range(longest)]


def weighted_sq_norm(s, x):
    if len(s) in (1, len(x)):
        return sum(w * v * v for w, v in broadcast(s, x))
    return sum(s[i * len(x) + j] * x[i] * x[j] for i in range(len(x)) for j in range(len(x)))


class Ieee(np.float64):
    """A float64 whose comparisons are Python's booleans, which can be subtracted."""

    def __gt__(self, other):
        return bool(np.float64.__gt__(self, other))

    def __lt__(self, other):
        return bool(np.float64.__lt__(self, other))

    __hash__ = np.float64.__hash__


# `zip` pairs components as formulas do: a vector of dimension 1 is repeated.
COMMON = {"broadcast": broadcast, "zip": broadcast, "weighted_sq_norm": weighted_sq_norm}
MPMATH = {**COMMON, **{n: getattr(mpmath, n) for n in "exp log sin cos sqrt mpf".split()}}
IEEE = {**COMMON, **{n: getattr(np, n) for n in "exp log sin cos sqrt".split()}, "mpf": np.float64}


class Reference:
    """The vector that an operation returns for vectors of mpmath numbers."""

    def __init__(self, record, integers=None):
        self.names = value_operands(record)
        self.elementwise = record["kind"] == "elementwise"
        self.integers = integers or {}
        self.code = compile(record["reference"], record["name"], "eval")

    def __call__(self, *operands):
        if self.elementwise:
            return [self.component(*values) for values in broadcast(*operands)]
        result = self.evaluate(MPMATH, operands)
        return result if isinstance(result, list) else [result]

    def component(self, *values):
        return self.evaluate(MPMATH, values)

    def evaluate(self, functions, values):
        return eval(self.code, {**functions, **dict(zip(self.names, values)), **self.integers})

    def ieee(self, *values):
        """One component in IEEE float64 arithmetic, for infinities, NaN and signed zeros."""
        with np.errstate(all="ignore"):
            return float(self.evaluate(IEEE, [Ieee(v) for v in values]))


def magnitude(record, operands):
    """The sum of the magnitudes of the terms whose sum is the operation's value."""
    sizes = [[abs(v) for v in operand] for operand in operands]
    name = record["name"]
    if name in ("Sum", "SumT"):
        return sum(sizes[0])
    if name == "Scalprod":
        return sum(a * b for a, b in broadcast(*sizes))
    if name.endswith("Dist"):
        *weights, x, y = operands
        sizes = [*([abs(v) for v in w] for w in weights), [abs(a - b) for a, b in broadcast(x, y)]]
    if name.startswith("Weighted"):
        return weighted_sq_norm(*sizes)
    return sum(v * v for v in sizes[-1])
