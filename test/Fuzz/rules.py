"""What an operation may stand on: for every operation of the records, the dimensions of results that it can have, and
arguments for one of them. ``grammar`` writes formulas with these."""

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path

import keops
from keops import reference_ops

RECORDS = json.loads(
    (Path(keops._keops.__file__).absolute().parents[2] / "include/keops/IR/KeopsRecords.json").read_text()
)
OPERATIONS = {r["name"]: r for r in RECORDS["operations"] if r["mnemonic"] in reference_ops.OPERATIONS}
# Narrow vectors are drawn more often: code grows with the dimension.
WIDTHS = (1, 2, 3) * 8 + (4, 6, 9, 17, 20)


@dataclass(frozen=True)
class Operand:
    """A formula of this dimension."""

    dim: int


# ---- operands that keep an operation where it is defined ---------------------------------------------------------

ANY = "{}"
POSITIVE = ("(RatCst(1,2)+Square({}))", "Exp(Sin({}))", "(3+2*Sin({}))")
BOUNDED = ("Sin({})", "Cos({})", "(0-Square({}))", "({}/4)")
INSIDE = ("(RatCst(7,8)*Sin({}))", "({}/8)")
NONZERO = ("(2+Sin({}))", "(Cos({})-3)", "(1+Square({}))")
FORMS = {
    "Log": [POSITIVE],
    "Log1p": [POSITIVE],
    "XLogX": [POSITIVE],
    "Sqrt": [POSITIVE],
    "Rsqrt": [POSITIVE],
    "Lgamma": [POSITIVE],
    "Digamma": [POSITIVE],
    "Polygamma": [POSITIVE],
    "Powf": [POSITIVE, BOUNDED],
    "Exp": [BOUNDED],
    "Exp2": [BOUNDED],
    "Expm1": [BOUNDED],
    "Sinh": [BOUNDED],
    "Cosh": [BOUNDED],
    "ComplexExp": [BOUNDED],
    "Pow": [(*NONZERO, *BOUNDED)],
    "Asin": [INSIDE],
    "Acos": [INSIDE],
    "Inv": [NONZERO],
    "Divide": [(ANY,), NONZERO],
    "ComplexDivide": [(ANY,), NONZERO],
    "Mod": [(ANY,), NONZERO],
    "Gather": [(ANY,), ("(2+2*Sin({}))",)],
    "OneHot": [("(2+2*Sin({}))",)],
    "SoftDTW_SqDist": [(ANY,), (ANY,), POSITIVE],
}
INTEGERS = {
    "Pow": lambda pick: [pick.integer(-3, 5)],
    "Round": lambda pick: [pick.integer(-1, 2)],
    "ClampInt": lambda pick: [pick.integer(-2, 0), pick.integer(1, 2)],
    "DiffClampInt": lambda pick: [pick.integer(-2, 0), pick.integer(1, 2)],
}

# ---- arguments ---------------------------------------------------------------------------------------------------


def any_width(pick):
    return pick.one_of(WIDTHS)


def factors(pick, number, count):
    """``count`` factors of a number."""
    result = []
    for _ in range(count - 1):
        result.append(pick.one_of([k for k in range(1, number + 1) if number % k == 0]))
        number //= result[-1]
    return [*result, number]


def of(make, fits=lambda dim: True):
    return fits, make


def reduced(*operands):
    """A rule for results of dimension 1: operands of one width, or of the number that is given."""

    def rule(pick, dim):
        width = any_width(pick)
        return [Operand(width if o == "D" else o) for o in operands]

    return of(rule, lambda dim: dim == 1)


def weighted(count):
    def rule(pick, dim):
        width = pick.integer(1, 4)
        weights = pick.one_of((1, width, width * width))
        return [Operand(weights), *[Operand(width)] * count]

    return of(rule, lambda dim: dim == 1)


def extract(pick, dim):
    start, after = pick.integer(0, 5), pick.integer(0, 5)
    return [Operand(start + dim + after), start, dim]


def extract_transposed(pick, dim):
    width = pick.integer(1, dim)
    return [Operand(width), pick.integer(0, dim - width), dim]


def element(pick, dim):
    width = any_width(pick)
    return [Operand(width), pick.integer(0, width - 1)]


def concat(pick, dim):
    first = pick.integer(1, dim - 1)
    return [Operand(first), Operand(dim - first)]


def matrix_vector(pick, dim):
    inner = pick.integer(1, 4)
    return [Operand(dim * inner), Operand(inner)]


def tensor_dot(pick, dim):
    """Kept axes multiply to the dimension; contracted axes are put anywhere."""
    kept = factors(pick, dim, pick.integer(1, 3))
    cut = pick.integer(0, len(kept))
    summed = [pick.integer(1, 3) for _ in range(pick.integer(0, 2))]
    shapes, places = [], []
    for axes in (kept[:cut], kept[cut:]):
        order = pick.shuffled(range(len(axes) + len(summed)))
        joined = [*axes, *summed]
        shapes.append([joined[k] for k in order] or [1])
        places.append([order.index(len(axes) + k) for k in range(len(summed))])
    rank = sum(len(s) for s in shapes) - 2 * len(summed)
    lists = [*shapes, *places, pick.shuffled(range(rank))]
    texts = [f"[{','.join(map(str, numbers))}]" for numbers in lists]
    return [*(Operand(prod(s)) for s in shapes), *texts]


def kron(pick, dim):
    rank = pick.integer(1, 2)
    shapes = list(zip(*(factors(pick, n, 2) for n in factors(pick, dim, rank))))
    return [*(Operand(prod(s)) for s in shapes), *(f"[{','.join(map(str, s))}]" for s in shapes)]


def bspline(pick, dim):
    order = pick.integer(0, 3)
    return [Operand(dim + order + 1), Operand(1), order]


def soft_dtw(pick, dim):
    return [Operand(pick.integer(1, 3)), Operand(pick.integer(1, 3)), Operand(1)]


def costs(pick, cells, matrices):
    rows, columns = factors(pick, cells, 2)
    return [Operand(cells * matrices), rows, columns]


def even(dim):
    return dim % 2 == 0


def complex_pair(pick, dim):
    """One of the two may be a scalar."""
    return [Operand(d) for d in pick.shuffled((dim, pick.one_of((dim, 2))))]


def same(pick, dim):
    return [Operand(dim)]


# name: (dimensions that fit, the arguments): an Operand, a number, or text. Elementwise operations need no line.
RULES = {
    **{name: reduced("D") for name in ("Sum", "SqNorm2", "Norm2", "Max", "Min", "ArgMax", "ArgMin")},
    **{name: reduced("D", "D") for name in ("Scalprod", "SqDist", "SqNormDiag")},
    "SqNormIso": reduced(1, "D"),
    "SymSqNorm": reduced(9, 3),
    "WeightedSqNorm": weighted(1),
    "WeightedSqDist": weighted(2),
    "Normalize": of(same),
    "SumT": of(lambda pick, dim: [Operand(1), dim]),
    "Elem": of(element, lambda dim: dim == 1),
    "Gather": of(lambda pick, dim: [Operand(any_width(pick)), Operand(1)], lambda dim: dim == 1),
    "ElemT": of(lambda pick, dim: [Operand(1), dim, pick.integer(0, dim - 1)]),
    "OneHot": of(lambda pick, dim: [Operand(1), dim]),
    "Extract": of(extract),
    "ExtractT": of(extract_transposed),
    "Concat": of(concat, lambda dim: dim > 1),
    "MatVecMult": of(matrix_vector),
    "VecMatMult": of(lambda pick, dim: matrix_vector(pick, dim)[::-1]),
    "TensorProd": of(lambda pick, dim: [Operand(d) for d in factors(pick, dim, 2)]),
    "TensorDot": of(tensor_dot),
    "Kron": of(kron),
    "BSpline": of(bspline),
    "SoftDTW_SqDist": of(soft_dtw, lambda dim: dim == 1),
    "SoftDTW": of(lambda pick, dim: costs(pick, pick.one_of((1, 2, 4, 6)), 1), lambda dim: dim == 1),
    "SoftDTWPlan": of(lambda pick, dim: costs(pick, dim, pick.integer(1, 2))),
    **{
        name: of(lambda pick, dim: [Operand(dim // 2)], even)
        for name in ("Real2Complex", "Imag2Complex", "ComplexExp1j")
    },
    **{
        name: of(lambda pick, dim: [Operand(2 * dim)])
        for name in ("ComplexReal", "ComplexImag", "ComplexAbs", "ComplexSquareAbs", "ComplexAngle")
    },
    "Complex": of(lambda pick, dim: [Operand(dim // 2), Operand(pick.one_of((dim // 2, 1)))], even),
    **{name: of(same, even) for name in ("Conj", "ComplexExp")},
    **{name: of(complex_pair, even) for name in ("ComplexAdd", "ComplexSubtract", "ComplexMult", "ComplexDivide")},
    "ComplexScal": of(lambda pick, dim: [Operand(2), Operand(dim)], even),
    "ComplexRealScal": of(lambda pick, dim: [Operand(1), Operand(dim)], even),
    "ComplexSum": of(lambda pick, dim: [Operand(2 * pick.integer(1, 5))], lambda dim: dim == 2),
    "ComplexSumT": of(lambda pick, dim: [Operand(2), dim], even),
}


def elementwise(record):
    """Operands have the dimension of the result or 1; integers are small."""

    def rule(pick, dim):
        count = sum(operand["kind"] == "v" for operand in record["operands"])
        dims = [pick.one_of((dim, 1)) for _ in range(count)]
        if dim not in dims:
            dims[pick.integer(0, count - 1)] = dim
        numbers = [pick.integer(0, 2) for _ in range(len(record["operands"]) - count)]
        if record["name"] in INTEGERS:
            numbers = INTEGERS[record["name"]](pick)
        return [*map(Operand, dims), *numbers]

    return of(rule)


def rule_of(name):
    if name in RULES:
        return RULES[name]
    return elementwise(OPERATIONS[name]) if OPERATIONS[name]["kind"] == "elementwise" else None


USED = {name: rule for name in OPERATIONS if (rule := rule_of(name))}
FITTING = {dim: [name for name, (fits, _) in USED.items() if fits(dim)] for dim in range(1, 200)}
# In which operands an operation is linear: in all together, in each while the others are kept, or in the first.
LINEAR = {
    **dict.fromkeys(("Add", "Subtract", "Minus", "Concat", "Sum", "SumT", "Elem", "ElemT"), "all"),
    **dict.fromkeys(("Extract", "ExtractT", "Complex", "ComplexReal", "ComplexImag", "Real2Complex"), "all"),
    **dict.fromkeys(("Imag2Complex", "Conj", "ComplexAdd", "ComplexSubtract", "ComplexSum", "ComplexSumT"), "all"),
    **dict.fromkeys(("Mult", "Scalprod", "MatVecMult", "VecMatMult", "TensorProd", "TensorDot", "Kron"), "each"),
    **dict.fromkeys(("ComplexMult", "ComplexScal", "ComplexRealScal"), "each"),
    **dict.fromkeys(("Divide", "Gather", "ComplexDivide"), "first"),
}
