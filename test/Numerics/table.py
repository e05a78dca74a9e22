"""The rows of the numeric tests, made from the records of all operations (KeopsRecords.json of the build), and the
value of a record's `reference` in mpmath and in IEEE arithmetic."""

import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path

import mpmath
import numpy as np
import scipy.special

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
VECTORS = [Variant((d,)) for d in DIMS]
COMPLEX = [Variant((d,)) for d in (2, 6, 20, 38)]
COMPLEX_PAIRS = [Variant(d) for d in ((2, 2), (6, 6), (2, 6), (38, 2))]
WEIGHTED = [Variant(d) for d in ((1, 1), (1, 3), (3, 3), (9, 3), (20, 20), (25, 5), (37, 37))]
TENSORS = [
    ((6, 3), [2, 3], [3], [1], [0], []),
    ((4, 12), [2, 2], [2, 3, 2], [1, 0], [0, 2], []),
    ((6, 4), [2, 3], [2, 2], [], [], [0, 2, 1, 3]),
    ((8, 8), [2, 2, 2], [2, 2, 2], [1], [2], [3, 0, 2, 1]),
    ((24, 18), [4, 3, 2], [2, 3, 3], [1, 2], [1, 0], [1, 0]),
    ((37, 37), [37], [37], [0], [0], []),
    ((3, 1), [3], [1], [], [], []),
]
STRUCTURAL = {
    "Sum": VECTORS,
    "SumT": [Variant((1,), {"dim": d}) for d in DIMS],
    "Scalprod": [Variant(d) for d in ((1, 1), (3, 3), (20, 20), (37, 37), (1, 3), (37, 1))],
    "Elem": [Variant((d,), {"position": p}) for d, p in ((1, 0), (3, 2), (20, 0), (37, 36))],
    "ElemT": [Variant((1,), {"dim": d, "position": p}) for d, p in ((1, 0), (3, 1), (20, 19), (37, 36))],
    "Extract": [Variant((d,), {"start": s, "dim": n}) for d, s, n in ((1, 0, 1), (3, 1, 2), (20, 3, 17), (37, 2, 3))],
    "ExtractT": [Variant((d,), {"start": s, "dim": n}) for d, s, n in ((1, 0, 1), (2, 1, 3), (3, 17, 20), (20, 5, 37))],
    "Concat": [Variant(d) for d in ((1, 1), (1, 3), (3, 20), (20, 17))],
    "Gather": [Variant((d, 1)) for d in DIMS],
    "OneHot": [Variant((1,), {"dim": d}) for d in DIMS],
    **dict.fromkeys(("Max", "Min", "ArgMax", "ArgMin", "SqNorm2", "Norm2", "Normalize"), VECTORS),
    "SqDist": [Variant(d) for d in ((1, 1), (3, 3), (20, 20), (37, 37), (1, 3), (20, 1))],
    "SqNormIso": [Variant((1, d)) for d in DIMS],
    "SqNormDiag": [Variant((d, d)) for d in DIMS],
    "SymSqNorm": [Variant((d * d, d)) for d in (1, 3, 5)],
    "WeightedSqNorm": WEIGHTED,
    "WeightedSqDist": [Variant(d) for d in ((1, 1, 1), (1, 3, 3), (3, 3, 3), (9, 3, 3), (20, 20, 20), (3, 1, 3))],
    "BSpline": [Variant((n, 1), {"order": k}) for n, k in ((2, 0), (5, 1), (6, 2), (24, 1))],
    "SoftDTW_SqDist": [Variant(d) for d in ((1, 1, 1), (3, 1, 1), (3, 4, 1))],
    "SoftDTW": [Variant((r * c,), {"rows": r, "columns": c}) for r, c in ((1, 1), (2, 3), (4, 1), (3, 4))],
    "SoftDTWPlan": [
        Variant((matrices * r * c,), {"rows": r, "columns": c})
        for r, c, matrices in ((1, 1, 1), (2, 3, 1), (1, 4, 1), (2, 3, 2), (2, 2, 3))
    ],
    "TensorDot": [
        Variant(d, dict(zip(("dimsx", "dimsy", "contx", "conty", "permutation"), lists))) for d, *lists in TENSORS
    ],
    "MatVecMult": [Variant(d) for d in ((1, 1), (6, 2), (6, 3), (3, 3), (100, 20))],
    "VecMatMult": [Variant(d) for d in ((1, 1), (2, 6), (3, 6), (3, 3), (20, 100))],
    "TensorProd": [Variant(d) for d in ((1, 1), (2, 3), (1, 4), (20, 2), (5, 7))],
    "Kron": [
        Variant(d, {"dimsx": x, "dimsy": y})
        for d, x, y in (((6, 4), [2, 3], [2, 2]), ((3, 5), [3], [5]), ((8, 4), [2, 2, 2], [1, 2, 2]))
    ],
    "Complex": [Variant(d) for d in ((1, 1), (3, 3), (1, 3), (20, 1), (19, 19))],
    **dict.fromkeys(("Real2Complex", "Imag2Complex", "ComplexExp1j"), VECTORS),
    **dict.fromkeys(("ComplexReal", "ComplexImag", "Conj", "ComplexSquareAbs", "ComplexAbs"), COMPLEX),
    **dict.fromkeys(("ComplexAngle", "ComplexExp", "ComplexSum"), COMPLEX),
    **dict.fromkeys(("ComplexAdd", "ComplexSubtract", "ComplexMult", "ComplexDivide"), COMPLEX_PAIRS),
    "ComplexScal": [Variant(d) for d in ((2, 2), (2, 6), (2, 38))],
    "ComplexRealScal": [Variant(d) for d in ((1, 2), (1, 6), (38, 1))],
    "ComplexSumT": [Variant((2,), {"dim": d}) for d in (2, 6, 38)],
}
INTEGERS = {
    "Pow": [{"exponent": n} for n in (0, 1, 2, 3, 7, 8, 9, -1, -2, -5)],
    "Round": [{"digits": n} for n in (0, 1, 3, -1)],
    "ClampInt": [{"low": a, "high": b} for a, b in ((-1, 1), (0, 3), (1, -1))],
    "DiffClampInt": [{"low": a, "high": b} for a, b in ((-1, 1), (0, 3), (1, -1))],
    "SphericalBessel": [{"order": n} for n in (0, 1, 2, 3, 5)],
    "Polygamma": [{"order": n} for n in (0, 1, 2, 4)],
}
# Roundings, in units of half an eps of the term, inside one term of the sums whose bound is "dim".
TERM_ROUNDINGS = {"Scalprod": 1, "SqNorm2": 1, "Norm2": 2, "SqDist": 3, "WeightedSqNorm": 2, "WeightedSqDist": 4}
TERM_ROUNDINGS |= {"SqNormIso": 2, "SqNormDiag": 2, "SymSqNorm": 3, "Normalize": 6}
TERM_ROUNDINGS |= dict.fromkeys(("TensorDot", "MatVecMult", "VecMatMult", "TensorProd", "Kron"), 1)


# Two variants of each operation, and derivatives of the first alone: what kernels of GPUs are checked with, on the emulator
# and on a GPU (../Gpu/on_gpu.py), for which all of them compile for long.
IS_BRIEF = "KEOPS_TARGET" in os.environ and "KEOPS_SLOW" not in os.environ


def variants(record):
    return list_variants(record)[:2] if IS_BRIEF else list_variants(record)


def takes_derivatives(record, variant):
    return not IS_BRIEF or variant == variants(record)[0]


def list_variants(record):
    """Equal dimensions, and dimension 1 on each side; an operation with integers takes them in turn."""
    if record["kind"] != "elementwise":
        return STRUCTURAL[record["name"]]
    count = len(value_operands(record))
    dims = [(d,) * count for d in (1, 3, 37)]
    if count == 2:
        dims += [(1, 3), (3, 1), (37, 1)]
    if count == 3:
        dims = [(1, 1, 1), (3, 3, 3), (1, 3, 3), (3, 1, 3), (37, 37, 1)]
    integers = INTEGERS.get(record["name"])
    if not integers:
        return [Variant(d) for d in dims]
    return [Variant(dims[k % len(dims)], chosen) for k, chosen in enumerate(integers)]


def value_operands(record):
    return [operand["name"] for operand in record["operands"] if operand["kind"] == "v"]


# ---- references --------------------------------------------------------------------------------------------------


def broadcast(*lists):
    longest = max(len(v) for v in lists)
    return [tuple(v[k % len(v)] for v in lists) for k in range(longest)]


def weighted_sq_norm(s, x):
    if len(s) in (1, len(x)):
        return sum(w * v * v for w, v in broadcast(s, x))
    return sum(s[i * len(x) + j] * x[i] * x[j] for i in range(len(x)) for j in range(len(x)))


def pairs(x):
    return [(x[k], x[k + 1]) for k in range(0, len(x), 2)]


def complex_product(x, y):
    return [f for (a, b), (c, d) in broadcast(pairs(x), pairs(y)) for f in (a * c - b * d, a * d + b * c)]


def complex_quotient(x, y):
    inverse = [f / (a * a + b * b) for a, b in pairs(y) for f in (a, -b)]
    return complex_product(x, inverse)


def tensor_dot(x, y, dimsx, dimsy, contx, conty, permutation):
    """By the definition in NumPy's words, on arrays of Python numbers."""
    x, y = np.array(x, dtype=object).reshape(dimsx), np.array(y, dtype=object).reshape(dimsy)
    result = np.tensordot(x, y, axes=(list(contx), list(conty)))
    if permutation:
        result = np.moveaxis(result, range(result.ndim), permutation)
    return list(np.asarray(result, dtype=object).reshape(-1))


def kron(x, y, dimsx, dimsy):
    x, y = np.array(x, dtype=object).reshape(dimsx), np.array(y, dtype=object).reshape(dimsy)
    return list(np.kron(x, y).reshape(-1))


def b_spline(knots, x, order):
    """Cox and de Boor's recursion, one spline at a time."""

    def quotient(a, b):
        return a / b if b != 0 else a * 0

    def spline(j, k):
        if k == 0:
            return x * 0 + 1 if knots[j] <= x < knots[j + 1] else x * 0
        rise = quotient(x - knots[j], knots[j + k] - knots[j])
        fall = quotient(knots[j + k + 1] - x, knots[j + k + 1] - knots[j + 1])
        return rise * spline(j, k - 1) + fall * spline(j + 1, k - 1)

    return [spline(j, order) for j in range(len(knots) - order - 1)]


def soft_dtw(x, y, gamma):
    cells = {}
    for i, a in enumerate(x):
        for j, b in enumerate(y):
            before = [cells[c] for c in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if c in cells]
            least = min(before, default=0)
            soft = least - gamma * mpmath.log(sum(mpmath.exp((least - v) / gamma) for v in before)) if before else 0
            cells[i, j] = (a - b) ** 2 + soft
    return cells[len(x) - 1, len(y) - 1]


def monotone_paths(row, column):
    """All paths from the first cell of a matrix to this one, as lists of cells."""
    if row == column == 0:
        return [[(0, 0)]]
    before = [(row - 1, column - 1), (row - 1, column), (row, column - 1)]
    return [path + [(row, column)] for r, c in before if r >= 0 and c >= 0 for path in monotone_paths(r, c)]


def cost_of(path, matrix, columns):
    return sum(matrix[r * columns + c] for r, c in path)


def soft_dtw_of_costs(x, rows, columns):
    return -mpmath.log(sum(mpmath.exp(-cost_of(path, x, columns)) for path in monotone_paths(rows - 1, columns - 1)))


def soft_dtw_plan(x, rows, columns):
    """Cumulants of visits and costs over all paths, whose weight is exp(-cost)."""
    costs, *directions = [x[k : k + rows * columns] for k in range(0, len(x), rows * columns)]
    paths = monotone_paths(rows - 1, columns - 1)
    weights = [mpmath.exp(-cost_of(path, costs, columns)) for path in paths]
    mean = lambda values: sum(w * v for w, v in zip(weights, values)) / sum(weights)
    centred = lambda values: [v - mean(values) for v in values]
    moved = [centred([cost_of(path, z, columns) for path in paths]) for z in directions]

    def visits(r, c):
        visited = [mpmath.mpf((r, c) in path) for path in paths]
        if not moved:
            return mean(visited)
        assert len(moved) <= 2, "higher cumulants are no central moments"
        return (-1) ** len(moved) * mean([mpmath.fprod(v) for v in zip(centred(visited), *moved)])

    return [visits(r, c) for r in range(rows) for c in range(columns)]


def round_half_away(x, digits):
    if isinstance(x, float):
        if not np.isfinite(x) or x == 0:
            return x
        return float(np.copysign(float(round_half_away(mpmath.mpf(float(x)), digits)), x))
    power = mpmath.mpf(10) ** digits
    size = mpmath.floor(abs(x) * power + mpmath.mpf(1) / 2) / power
    return -size if x < 0 else size


def spherical_bessel(order, x):
    """By the power series, and far out by Bessel functions; infinities give NaN, as sine and cosine do."""
    if not mpmath.isfinite(x):
        return float("nan")
    if x == 0:
        return x ** order if order else x + 1
    if abs(x) > 100:
        size = mpmath.sqrt(mpmath.pi / 2 / abs(x)) * mpmath.besselj(order + mpmath.mpf(1) / 2, abs(x))
        return size * (-1) ** order if x < 0 else size
    square, k = -(mpmath.mpf(x) ** 2) / 2, 0
    term = total = mpmath.mpf(x) ** order / mpmath.fac2(2 * order + 1)
    while abs(term) > mpmath.mpf(2) ** -400:
        k += 1
        term *= square / (k * (2 * order + 2 * k + 1))
        total += term
    return total


def nan_or(value, *operands):
    return float("nan") if any(v != v for v in operands) else value


def max_zero(x, y):
    return y if np.signbit(float(x)) else x


def min_zero(x, y):
    return x if np.signbit(float(x)) else y


def ieee_lgamma(x):
    """Infinite at poles and beyond the range, where Python's function raises."""
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):
        return float("inf")


def ieee_polygamma(n, x):
    """Even orders have no value at their poles, which are approached from both sides differently."""
    if x <= 0 and x == np.floor(x) and n % 2 == 0:
        return float("nan")
    return scipy.special.digamma(x) if n == 0 else scipy.special.polygamma(n, x)


class Ieee(np.float64):
    """A float64 whose comparisons are Python's booleans, which can be subtracted."""

    def __gt__(self, other):
        return bool(np.float64.__gt__(self, other))

    def __lt__(self, other):
        return bool(np.float64.__lt__(self, other))

    __hash__ = np.float64.__hash__


# `zip` pairs components as formulas do: a vector of dimension 1 is repeated.
COMMON = {"zip": broadcast} | {
    f.__name__: f
    for f in (broadcast, weighted_sq_norm, pairs, complex_product, complex_quotient, tensor_dot, kron, b_spline)
    + (soft_dtw, soft_dtw_of_costs, soft_dtw_plan, round_half_away, spherical_bessel, nan_or, max_zero, min_zero)
}
FUNCTIONS = "exp log sin cos sqrt expm1 log1p sinh cosh tanh asin acos atan atan2 floor hypot erf erfc mpf".split()
MPMATH = COMMON | {n: getattr(mpmath, n) for n in FUNCTIONS}
MPMATH |= {"lgamma": lambda x: mpmath.log(abs(mpmath.gamma(x))), "polygamma": mpmath.psi}
IEEE_NAMES = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2"}
SPECIAL = {"erf": scipy.special.erf, "erfc": scipy.special.erfc, "lgamma": ieee_lgamma, "mpf": np.float64}
IEEE = COMMON | {n: getattr(np, IEEE_NAMES.get(n, n)) for n in FUNCTIONS if n not in SPECIAL} | SPECIAL
IEEE |= {"polygamma": ieee_polygamma}


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


def sizes(record, reference, operands, want):
    """For each component the size in whose units its error counts: the sum of the magnitudes of its terms."""
    name, positive = record["name"], [[abs(v) for v in operand] for operand in operands]
    if name == "Norm2":
        return [mpmath.sqrt(sum(v * v for v in operands[0]))]
    if name in ("SqDist", "WeightedSqDist"):
        *weights, x, y = operands
        gaps = [abs(a - b) for a, b in broadcast(x, y)]
        return [weighted_sq_norm(*([abs(v) for v in w] for w in weights), gaps) if weights else sum(g * g for g in gaps)]
    if name == "SoftDTWPlan":
        # Differences of costs along the directions, over all paths.
        directions = positive[0][len(want) :]
        moved = [sum(directions[k : k + len(want)]) for k in range(0, len(directions), len(want))]
        return [mpmath.fprod(moved)] * len(want)
    if name in ("BSpline", "SoftDTW_SqDist", "SoftDTW"):
        return [max(abs(v) for v in want)] * len(want)
    if record["maxUlp"] == "dim" and name != "Normalize":
        return [abs(v) for v in reference(*positive)]
    if name.startswith("Complex") and len(want) % 2 == 0 and name not in ("ComplexSquareAbs", "ComplexAngle", "ComplexAbs"):
        return [mpmath.hypot(*want[k - k % 2 : k - k % 2 + 2]) for k in range(len(want))]
    return [abs(v) for v in want]


def roundings(record, operands):
    """How many roundings, each of half an eps of the size, a component of a sum takes."""
    count = len(operands[-1]) if len(operands) == 1 else min(len(v) for v in operands)
    if record["name"] in ("SymSqNorm", "WeightedSqNorm", "WeightedSqDist", "SqNormIso", "SqDist", "Scalprod"):
        count = 2 * max(len(v) for v in operands[-2:] if record["name"] != "SymSqNorm" or v is operands[-1])
    return count + TERM_ROUNDINGS.get(record["name"], 0)
