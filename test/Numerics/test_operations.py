"""Each operation at stored arguments against its record: value, gradient, second gradient and forward derivative, in
both types, at two precisions, for vectors of several dimensions, with special values and the ends of the type's range.
One program holds all variants of an operation."""

import mpmath
import numpy as np
import pytest
from mpmath import mpf
from table import OPERATIONS, Reference, roundings, sizes, takes_derivatives, value_operands, variants

from keops import _keops

ROWS = 24
DTYPES = {"float32": np.float32, "float64": np.float64}
# Derivative formulas are products of two or three operations with bounds of a few ULP each; sums add half a unit a term.
GRADIENT_ULP = 8

# Operations whose derivatives are differences of larger terms.
DIFFERENCES = ("Norm2", "Normalize", "ComplexAbs", "SphericalBessel", "BSpline", "Hypot")
DIFFERENCES += ("SoftDTW_SqDist", "SoftDTW", "SoftDTWPlan")
# Operations whose value at the ends of the range is what the record says and no function's.
NO_ENDS = ("Mod",)
# Operations besides the elementwise ones that repeat an operand of dimension 1.
REPEATING = ("Scalprod", "SqDist", "SqNormIso", "WeightedSqNorm", "WeightedSqDist")

mpmath.mp.prec = 300
STEP = mpf(2) ** -60


# ---- one program for all variants of an operation ------------------------------------------------------------------


class Case:
    """The arguments and the outputs of the program that computes `Op(x_d, ...)` for every variant."""

    def __init__(self, record, dtype):
        self.record, self.dtype = record, dtype
        self.rng = np.random.default_rng(len(record["name"]))
        self.arrays, self.aliases, self.texts, self.outputs = {}, [], [], []
        self.points = [float(p) for p in record["points"]]
        self.special = len(self.points) ** len(value_operands(record)) if self.points else 0
        self.ends = ends_of(dtype) if record["kind"] == "elementwise" and record["name"] not in NO_ENDS else []
        self.rows = ROWS + self.special + len(self.ends) * len(value_operands(record))
        for variant in variants(record):
            self.add_variant(variant)

    def add_variant(self, variant):
        names = value_operands(self.record)
        operands = [self.operand(k, name, dim) for k, (name, dim) in enumerate(zip(names, variant.dims))]
        reference = Reference(self.record, variant.integers)
        call = f"{self.record['name']}({','.join([*operands, *map(str, variant.integers.values())])})".replace(" ", "")
        self.output(call, "value", variant, reference, operands)
        if self.record["kind"] == "elementwise":
            self.output(call, "sign", variant, reference, operands, reduction="Min")
        if not takes_derivatives(self.record, variant):
            return
        dim = len(reference(*[[mpf(1)] * d for d in variant.dims]))
        e = self.direction(f"e{dim}", dim)
        for k, operand in enumerate(operands):
            gradient = f"Grad({call},{operand},{e})"
            self.output(gradient, "gradient", variant, reference, operands, which=k, e=e)
            u = self.direction(f"u{variant.dims[k]}", variant.dims[k])
            second = f"Grad({gradient},{operand},{u})"
            self.output(second, "second", variant, reference, operands, which=k, e=e, u=u)
            self.output(f"Diff({call},{operand},{u})", "forward", variant, reference, operands, which=k, u=u)

    def output(self, formula, kind, variant, reference, operands, reduction="Sum", **more):
        self.texts.append(f"{reduction}_Reduction({formula},0)")
        self.outputs.append({"kind": kind, "variant": variant, "reference": reference, "operands": operands, **more})

    def operand(self, position, name, dim):
        """A variable with random rows from the domain, then all combinations of special points, then the ends of the
        range for one operand after the other."""
        name = f"{name}{dim}"
        if name not in self.arrays:
            low, high = (float(v) for v in self.record["domain"])
            rows = self.rng.uniform(low, high, (self.rows, dim))
            for row in range(self.special):
                digit = row // len(self.points) ** position
                rows[ROWS + row] = [self.points[(digit + k) % len(self.points)] for k in range(dim)]
            for k, end in enumerate(self.ends):
                rows[ROWS + self.special + position * len(self.ends) + k] = end
            if name.startswith("knots"):
                rows = np.linspace(low, high, dim) + 0.2 * (rows - low) / dim
            self.variable(name, dim, rows)
        return name

    def direction(self, name, dim):
        if name not in self.arrays:
            self.variable(name, dim, self.rng.uniform(0.5, 1.5, (self.rows, dim)))
        return name

    def variable(self, name, dim, rows):
        self.arrays[name] = rows.astype(self.dtype)
        self.aliases.append(f"{name}=Vi({dim})")

    def run(self, precision):
        reduction = _keops.Reduction(f"Fused({','.join(self.texts)})", self.aliases, precision)
        return reduction.run(*self.arrays.values())

    def rows_of(self, output, row):
        return [[mpf(float(v)) for v in self.arrays[name][row]] for name in output["operands"]]


def ends_of(dtype):
    """Numbers at both ends of the range: subnormal, the least normal one, the largest one."""
    info = np.finfo(dtype)
    subnormal = 5 * float(info.smallest_subnormal)
    return [subnormal, -subnormal, float(info.tiny), float(info.max), -float(info.max)]


# ---- references: for each component what is expected, and the unit in which the error counts ------------------------


def unit(value, dtype):
    """The unit in the last place of a number of this size."""
    info = np.finfo(dtype)
    exponent = max(int(mpmath.floor(mpmath.log(abs(value), 2))), info.minexp)
    return mpf(2) ** (exponent - info.nmant)


def exactly(value):
    """NaN, infinity and zero must be just that."""
    return value, None


def elementwise_value(case, output, row):
    dims, expected = output["variant"].dims, []
    for k in range(max(dims)):
        stored = [case.arrays[name][row][k if d > 1 else 0] for name, d in zip(output["operands"], dims)]
        with np.errstate(over="ignore"):
            ieee = case.dtype(output["reference"].ieee(*stored))
        if float(ieee).is_integer() and not np.isfinite(stored).all() or ieee == 0 or not np.isfinite(ieee):
            expected.append(exactly(ieee))
            continue
        # mpmath knows no sign of zero and no atan2 of infinities.
        ordinary = np.isfinite(stored).all() and all(stored)
        want = output["reference"].component(*(mpf(float(v)) for v in stored)) if ordinary else mpf(float(ieee))
        expected.append((want, unit(want, case.dtype)))
    return expected


def vector_value(case, output, row):
    record, operands = case.record, case.rows_of(output, row)
    want = output["reference"](*operands)
    if record["maxUlp"] == "0":
        return [exactly(float(v)) for v in want]
    scales = sizes(record, output["reference"], operands, want)
    units = roundings(record, operands) / 2 if record["maxUlp"] == "dim" else 1
    eps = float(np.finfo(case.dtype).eps)
    return [(v, units * scale * eps) if scale else exactly(float(v)) for v, scale in zip(want, scales)]


def moved(operands, which, move):
    return [v if k != which else [a + b for a, b in zip(v, move)] for k, v in enumerate(operands)]


def difference(f, operands, which, move):
    """The derivative of all components of f along a move: a central difference in 300 bits, in units of STEP."""
    above, below = f(*moved(operands, which, move)), f(*moved(operands, which, [-m for m in move]))
    return [(a - b) / (2 * STEP) for a, b in zip(above, below)]


def derivative_terms(output, operands, e, u):
    """For each component the terms whose sum it is: of a gradient over the components of the formula, of a forward
    derivative over those of the variable."""
    f, which = output["reference"], output["which"]
    if output["kind"] == "second":
        first, move = f, [v * STEP for v in u]

        def f(*at):
            return difference(first, at, which, move)

    size = len(operands[which])
    moves = ([STEP if j == k else mpf(0) for j in range(size)] for k in range(size))
    matrix = [difference(f, operands, which, move) for move in moves]
    if output["kind"] == "forward":
        return [[a * b for a, b in zip(u, column)] for column in zip(*matrix)]
    return [[a * b for a, b in zip(e, row)] for row in matrix]


def natural_size(output, operands, e, u):
    """The size of the terms whose difference a derivative is: that of the value over that of the variable."""
    size = max(abs(v) for v in output["reference"](*operands))
    norm = mpmath.sqrt(sum(v * v for v in operands[output["which"]]))
    size *= max(abs(v) for v in e) / norm if e else 1
    return size * sum(abs(v) for v in u) / norm if u else size


def derivative(case, output, row):
    """Repeated components are written out, so that what their gradient sums is seen term by term."""
    operands = case.rows_of(output, row)
    e, u = ([mpf(float(v)) for v in case.arrays[output[n]][row]] if n in output else [] for n in "eu")
    width = max(len(v) for v in operands)
    narrow = len(operands[output["which"]]) == 1 < width
    if len(operands) > 1 and case.record["kind"] == "elementwise" or case.record["name"] in REPEATING:
        operands = [v * width if len(v) == 1 else v for v in operands]
        u = u * width if narrow else u
    if case.record["kind"] == "elementwise":
        terms = []
        for k in range(width):
            own = [[v[k]] for v in operands]
            terms += derivative_terms(output, own, e[k : k + 1], [u[k % len(u)]] if u else [])
    else:
        terms = derivative_terms(output, operands, e, u)
    if narrow and output["kind"] != "forward":
        terms = [sum(terms, [])]
    scale = max(sum(abs(t) for t in column) for column in terms)
    if case.record["name"] in DIFFERENCES:
        scale = max(scale, natural_size(output, operands, e, u))
    if scale < mpf(2) ** -100:  # the difference quotient of a constant
        return [exactly(0.0)] * len(terms)
    eps = float(np.finfo(case.dtype).eps)
    return [(sum(column), scale * eps) for column in terms]


def expected_rows(case, output):
    """Rows and their references. Gradients of long vectors take few rows, each of which tests many components."""
    kind = output["kind"]
    if kind == "value":
        reference = elementwise_value if case.record["kind"] == "elementwise" else vector_value
        return [(row, reference(case, output, row)) for row in range(case.rows)]
    size = max(output["variant"].dims)
    size = max([size] + [n for n in output["variant"].integers.values() if isinstance(n, int)])
    return [(row, derivative(case, output, row)) for row in range(8 if size < 4 else 2)]


# ---- comparisons ---------------------------------------------------------------------------------------------------


def worst_error(got, expected, flushed):
    """The largest error of one row in the units of its references; results below `flushed` may be 0."""
    assert len(got) == len(expected)
    worst = 0.0
    for value, (want, scale) in zip(got, expected):
        if scale is None:
            assert np.isnan(value) == np.isnan(want) and (np.isnan(want) or value == want), (value, want)
        elif value != 0 or abs(want) >= flushed:
            worst = max(worst, float(abs(mpf(float(value)) - want) / scale))
    return worst


def check_signs(case, output, result):
    """Min of one term is that term, with the sign of a zero; NaN is ignored."""
    dims = output["variant"].dims
    for row, values in enumerate(result):
        for k, value in enumerate(values):
            stored = [case.arrays[name][row][k if d > 1 else 0] for name, d in zip(output["operands"], dims)]
            want = output["reference"].ieee(*stored)
            if want == 0:
                assert value == 0 and np.signbit(value) == np.signbit(want), (stored, value, want)


def limit_of(record, kind, variant, precision):
    if kind != "value":
        # A second derivative of a plan is up to the fifth of SoftDTW: sums of 3^5 products at every cell.
        return (GRADIENT_ULP + max(variant.dims) / 2) * (4 if record["name"] == "SoftDTWPlan" else 1)
    bound = record["maxUlpHigh" if precision == "high" else "maxUlp"]
    return 1 if bound == "dim" else float(bound)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(name, dtype, record_property):
    record = OPERATIONS[name]
    case = Case(record, DTYPES[dtype])
    results = {precision: case.run(precision) for precision in ("default", "high")}
    worst = {}
    for number, output in enumerate(case.outputs):
        if output["kind"] == "sign":
            for result in results.values():
                check_signs(case, output, result[number])
            continue
        rows = expected_rows(case, output)
        for precision, result in results.items():
            limit = limit_of(record, output["kind"], output["variant"], precision)
            flushed = float(np.finfo(np.float32).tiny) if (dtype, precision) == ("float32", "default") else 0
            for row, expected in rows:
                error = worst_error(result[number][row], expected, flushed)
                arguments = [case.arrays[n][row] for n in output["operands"]]
                assert error <= limit + 1e-6, (precision, output, arguments, result[number][row], error)
                key = f"{output['kind']} {precision}"
                worst[key] = max(worst.get(key, (0, "")), (round(error, 3), output["variant"].label()))
    record_property("worst", worst)
    print(f"{name} {dtype}, worst errors in units of the bound: {worst}")
