"""Random well-typed programs for hypothesis: formulas of a given dimension over all operations of the records, under
every reduction, differentiated or not. ``comparison`` runs them."""

import dataclasses
import json
import re
from pathlib import Path

import hypothesis.strategies as st
import numpy as np

import keops
from keops import reference_ops

RECORDS = json.loads(
    (Path(keops._keops.__file__).absolute().parents[2] / "include/keops/IR/KeopsRecords.json").read_text()
)
OPERATIONS = {r["name"]: r for r in RECORDS["operations"] if r["mnemonic"] in reference_ops.OPERATIONS}
REDUCTIONS = {record["name"]: record for record in RECORDS["reductions"]}

WIDTHS = (1, 2, 3, 4, 6, 9, 17, 20)
SIZES = (1, 2, 3, 0, 5, 7, 8, 15, 16, 17, 31, 33, 64, 100)
# Forced shapes of loops, so that small arrays see tails, several blocks, and several pieces.
SCHEDULES = ("", "rows=1", "rows=3,block=4", "block=2,blocks=3", "chunk=1", "block=4,blocks=2,split=3")
DEPTH = 12
# Gradients inside one another.
NESTING = 2


@dataclasses.dataclass(frozen=True)
class Case:
    """One program and its arrays, which follow from the seed."""

    formula: str
    aliases: tuple
    dtype: str = "float64"
    precision: str = "default"
    schedule: str = ""
    sizes: tuple = (3, 4)
    seed: int = 0
    values: str = "normal"

    def arrays(self):
        rng = np.random.default_rng(self.seed)
        for alias in self.aliases:
            category, dim = re.search(r"(V[ij]|Pm)\((\d+)\)", alias).groups()
            rows = {"Vi": self.sizes[:1], "Vj": self.sizes[1:], "Pm": ()}[category]
            yield VALUES[self.values](rng, (*rows, int(dim))).astype(self.dtype)

    def write(self, path):
        path.write_text(json.dumps(dataclasses.asdict(self), indent=1) + "\n")

    @staticmethod
    def read(path):
        fields = json.loads(path.read_text())
        return Case(**{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()})


# How arrays are drawn; on the coarse grid there are zeros and ties.
VALUES = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "grid": lambda rng, shape: rng.integers(-4, 5, shape) / 4,
    "small": lambda rng, shape: rng.uniform(-0.1, 0.1, shape),
}

# ---- what an operation may stand on -----------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Operand:
    """A formula of this dimension; ``form`` keeps its values where the operation is defined."""

    dim: int
    form: str = "{}"


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
    "Pow": lambda draw: [draw(st.integers(-3, 5))],
    "Round": lambda draw: [draw(st.integers(-1, 2))],
    "ClampInt": lambda draw: [draw(st.integers(-2, 0)), draw(st.integers(1, 2))],
    "DiffClampInt": lambda draw: [draw(st.integers(-2, 0)), draw(st.integers(1, 2))],
}


def any_width(draw):
    return draw(st.sampled_from(WIDTHS))


def factors(draw, number, count):
    """``count`` factors of a number."""
    result = []
    for _ in range(count - 1):
        result.append(draw(st.sampled_from([k for k in range(1, number + 1) if number % k == 0])))
        number //= result[-1]
    return [*result, number]


def reduced(*operands):
    """A rule for results of dimension 1: operands of one width, or of the number that is given."""

    def rule(draw, dim):
        width = any_width(draw)
        return [Operand(width if o == "D" else o) for o in operands]

    return (lambda dim: dim == 1), rule


def of(make, fits=lambda dim: True):
    return fits, make


def weighted(count):
    def rule(draw, dim):
        width = draw(st.sampled_from((1, 2, 3, 4)))
        weights = draw(st.sampled_from((1, width, width * width)))
        return [Operand(weights), *[Operand(width)] * count]

    return (lambda dim: dim == 1), rule


def extract(draw, dim):
    start, after = draw(st.integers(0, 5)), draw(st.integers(0, 5))
    return [Operand(start + dim + after), start, dim]


def extract_transposed(draw, dim):
    width = draw(st.integers(1, dim))
    return [Operand(width), draw(st.integers(0, dim - width)), dim]


def element(draw, dim):
    width = any_width(draw)
    return [Operand(width), draw(st.integers(0, width - 1))]


def concat(draw, dim):
    first = draw(st.integers(1, dim - 1))
    return [Operand(first), Operand(dim - first)]


def matrix_vector(draw, dim):
    inner = draw(st.integers(1, 4))
    return [Operand(dim * inner), Operand(inner)]


def tensor_dot(draw, dim):
    """Kept axes multiply to the dimension; contracted axes are put anywhere."""
    kept = factors(draw, dim, draw(st.integers(1, 3)))
    cut = draw(st.integers(0, len(kept)))
    summed = draw(st.lists(st.integers(1, 3), max_size=2))
    shapes, places = [], []
    for axes in (kept[:cut], kept[cut:]):
        order = draw(st.permutations(range(len(axes) + len(summed))))
        joined = [*axes, *summed]
        shapes.append([joined[k] for k in order] or [1])
        places.append([order.index(len(axes) + k) for k in range(len(summed))])
    rank = sum(len(s) for s in shapes) - 2 * len(summed)
    lists = [*shapes, *places, draw(st.permutations(range(rank)))]
    texts = [f"[{','.join(map(str, numbers))}]" for numbers in lists]
    return [*(Operand(int(np.prod(s))) for s in shapes), *texts]


def kron(draw, dim):
    rank = draw(st.integers(1, 2))
    shapes = list(zip(*(factors(draw, n, 2) for n in factors(draw, dim, rank))))
    return [*(Operand(int(np.prod(s))) for s in shapes), *(f"[{','.join(map(str, s))}]" for s in shapes)]


def bspline(draw, dim):
    order = draw(st.integers(0, 3))
    return [Operand(dim + order + 1), Operand(1), order]


def soft_dtw(draw, dim):
    return [Operand(draw(st.integers(1, 3))), Operand(draw(st.integers(1, 3))), Operand(1)]


def costs(draw, cells, matrices):
    rows, columns = factors(draw, cells, 2)
    return [Operand(cells * matrices), rows, columns]


def even(dim):
    return dim % 2 == 0


def complex_pair(draw, dim):
    dims = [dim, draw(st.sampled_from((dim, 2)))]
    return [Operand(d) for d in draw(st.permutations(dims))]


def same(*operands):
    return lambda draw, dim: [Operand(dim) for _ in operands]


# name: (dimensions that fit, the arguments): an Operand, a number, or text. Elementwise operations need no line.
RULES = {
    **{name: reduced("D") for name in ("Sum", "SqNorm2", "Norm2", "Max", "Min", "ArgMax", "ArgMin")},
    **{name: reduced("D", "D") for name in ("Scalprod", "SqDist", "SqNormDiag")},
    "SqNormIso": reduced(1, "D"),
    "SymSqNorm": of(lambda draw, dim: [Operand(9), Operand(3)], lambda dim: dim == 1),
    "WeightedSqNorm": weighted(1),
    "WeightedSqDist": weighted(2),
    "Normalize": of(same("x")),
    "SumT": of(lambda draw, dim: [Operand(1), dim]),
    "Elem": of(element, lambda dim: dim == 1),
    "Gather": of(lambda draw, dim: [Operand(any_width(draw)), Operand(1)], lambda dim: dim == 1),
    "ElemT": of(lambda draw, dim: [Operand(1), dim, draw(st.integers(0, dim - 1))]),
    "OneHot": of(lambda draw, dim: [Operand(1), dim]),
    "Extract": of(extract),
    "ExtractT": of(extract_transposed),
    "Concat": of(concat, lambda dim: dim > 1),
    "MatVecMult": of(matrix_vector),
    "VecMatMult": of(lambda draw, dim: matrix_vector(draw, dim)[::-1]),
    "TensorProd": of(lambda draw, dim: [Operand(d) for d in factors(draw, dim, 2)]),
    "TensorDot": of(tensor_dot),
    "Kron": of(kron),
    "BSpline": of(bspline),
    "SoftDTW_SqDist": of(soft_dtw, lambda dim: dim == 1),
    "SoftDTW": of(lambda draw, dim: costs(draw, draw(st.sampled_from((1, 2, 4, 6))), 1), lambda dim: dim == 1),
    "SoftDTWPlan": of(lambda draw, dim: costs(draw, dim, draw(st.integers(1, 2)))),
    **{
        name: of(lambda draw, dim: [Operand(dim // 2)], even)
        for name in ("Real2Complex", "Imag2Complex", "ComplexExp1j")
    },
    **{
        name: of(lambda draw, dim: [Operand(2 * dim)])
        for name in ("ComplexReal", "ComplexImag", "ComplexAbs", "ComplexSquareAbs", "ComplexAngle")
    },
    "Complex": of(lambda draw, dim: [Operand(dim // 2), Operand(draw(st.sampled_from((dim // 2, 1))))], even),
    **{name: of(same("x"), even) for name in ("Conj", "ComplexExp")},
    **{
        name: of(complex_pair, even)
        for name in ("ComplexAdd", "ComplexSubtract", "ComplexMult", "ComplexScal", "ComplexDivide")
    },
    "ComplexRealScal": of(lambda draw, dim: [Operand(1), Operand(dim)], even),
    "ComplexSum": of(lambda draw, dim: [Operand(2 * draw(st.integers(1, 5)))], lambda dim: dim == 2),
    "ComplexSumT": of(lambda draw, dim: [Operand(2), dim], even),
}


def elementwise(record):
    """Operands have the dimension of the result or 1; integers are small."""

    def rule(draw, dim):
        count = sum(operand["kind"] == "v" for operand in record["operands"])
        dims = [draw(st.sampled_from((dim, 1))) for _ in range(count)]
        if dim not in dims:
            dims[draw(st.integers(0, count - 1))] = dim
        numbers = [draw(st.integers(0, 2)) for _ in range(len(record["operands"]) - count)]
        if record["name"] in INTEGERS:
            numbers = INTEGERS[record["name"]](draw)
        return [*map(Operand, dims), *numbers]

    return (lambda dim: True), rule


def rule_of(name):
    if name in RULES:
        return RULES[name]
    return elementwise(OPERATIONS[name]) if OPERATIONS[name]["kind"] == "elementwise" else None


USED = {name: rule for name in OPERATIONS if (rule := rule_of(name))}
WITHOUT_RULE = sorted(set(OPERATIONS) - set(USED))
FITTING = {dim: [name for name, (fits, _) in USED.items() if fits(dim)] for dim in range(1, 200)}
CONSTANTS = ("1", "2", "RatCst(1,3)", "0.7", "IntInv(4)", "IntCst(3)")

# ---- formulas ---------------------------------------------------------------------------------------------------


class Writer:
    """Writes one program; remembers how many gradients may still be nested."""

    def __init__(self, draw):
        self.draw, self.nesting = draw, NESTING

    def one_of(self, options):
        return self.draw(st.sampled_from(options))

    def chance(self, percent):
        return self.draw(st.integers(0, 99)) >= 100 - percent

    def variable(self, dim):
        return f"{self.one_of('xyp')}{dim}"

    def leaf(self, dim):
        if self.chance(4):
            return f"Zero({dim})"
        return self.one_of(CONSTANTS) if dim == 1 and self.chance(20) else self.variable(dim)

    def formula(self, dim, depth):
        if depth <= 0 or dim not in FITTING:
            return self.leaf(dim)
        if self.nesting and self.chance(8):
            return self.derivative(dim, depth)
        name = self.one_of(FITTING[dim])
        return self.call(name, USED[name][1](self.draw, dim), depth)

    def call(self, name, arguments, depth):
        """One operand goes deep, the others stay shallow."""
        operands = [k for k, a in enumerate(arguments) if isinstance(a, Operand)]
        deep = self.one_of(operands)
        texts = []
        for k, argument in enumerate(arguments):
            if not isinstance(argument, Operand):
                texts.append(str(argument))
                continue
            left = depth - 1 if k == deep else min(depth - 1, self.draw(st.integers(0, 2)))
            text = self.formula(argument.dim, left)
            forms = FORMS.get(name, [])
            if k < len(forms) and self.chance(90):
                text = self.one_of(forms[k]).format(text)
            texts.append(text)
        return f"{name}({','.join(texts)})"

    def derivative(self, dim, depth):
        """A derivative with respect to a variable on which the formula mostly depends."""
        self.nesting -= 1
        kind = self.one_of(
            ("Grad", "Grad", "Diff", "Diff", "GradMatrix") + (("Divergence", "Laplacian") if dim == 1 else ())
        )
        small = self.one_of((1, 2, 3))
        rows, columns = {
            "Grad": (small, dim),
            "Diff": (dim, small),
            "GradMatrix": factors(self.draw, dim, 2),
            "Divergence": (small, small),
            "Laplacian": (1, small),
        }[kind]
        variable, text = self.variable(columns), self.formula(rows, depth - 1)
        if variable not in variables_of(text) and self.chance(90):
            text = f"({text}*{self.one_of(('Sin(Sum({}))', 'Norm2({})', 'Elem({},0)')).format(variable)})"
        direction = {"Grad": rows, "Diff": columns}.get(kind)
        self.nesting += 1
        return f"{kind}({text},{variable}{',' + self.formula(direction, 1) if direction else ''})"

    # ---- reductions ---------------------------------------------------------------------------------------------

    def reduction(self, depth, names):
        """A reduction, the dimension of its first result, and its tag."""
        record = REDUCTIONS[self.one_of(names)]
        name, shape, tag = record["name"], record["results"][0]["shape"], self.draw(st.integers(0, 1))
        dim = 1 if "G" in shape else self.one_of(WIDTHS)
        weight_dim, arguments = 1, [str(tag)]
        if "G" in shape and (name == "SumSoftMaxWeight" or self.chance(50)):
            weight_dim = self.one_of(WIDTHS)
            weight = self.formula(weight_dim, self.draw(st.integers(0, 3)))
            arguments.append(self.one_of(POSITIVE).format(weight) if name == "LogSumExp" else weight)
        if shape == "max(D,G)":
            dim = self.one_of((1, weight_dim) if weight_dim > 1 else WIDTHS)
        best = self.one_of((1, 2, 3, 5)) if record["takesK"] else 1
        if record["takesK"]:
            arguments.insert(0, str(best))
        sizes = {"D": dim, "KD": best * dim, "G": weight_dim, "max(D,G)": max(dim, weight_dim), "1+G": 1 + weight_dim}
        return f"{name}_Reduction({','.join([self.formula(dim, depth), *arguments])})", sizes[shape], tag

    def reduction_gradient(self, depth):
        """Grad(R, v, e): the result, and so what the next gradient starts from, stands where v does."""
        text, dim, tag = self.reduction(depth, DIFFERENTIABLE)
        for _ in range(self.draw(st.integers(1, 1 if text.startswith("Prod") else NESTING))):
            variable = self.one_of(variables_of(text) or ["x2"])
            text = f"Grad({text},{variable},{'xy'[tag]}{dim})"
            dim, tag = int(variable[1:]), {"x": 0, "y": 1, "p": tag}[variable[0]]
        return text

    def program(self):
        depth = self.draw(st.integers(0, DEPTH))
        if self.chance(35):
            return self.reduction_gradient(min(depth, 6))
        count = self.one_of((1, 1, 1, 2, 3))
        texts = [self.reduction(depth if k == 0 else min(depth, 3), list(REDUCTIONS))[0] for k in range(count)]
        return texts[0] if count == 1 else f"Fused({','.join(texts)})"


def is_differentiable(record):
    """The gradient of Max_SumShiftExp is one of what becomes of its results, not of themselves."""
    return len(record["results"]) == 1 and not record["derivative"].startswith(("none", "shiftexp"))


DIFFERENTIABLE = [name for name, record in REDUCTIONS.items() if is_differentiable(record)]
CATEGORIES = {"x": "Vi", "y": "Vj", "p": "Pm"}


def variables_of(formula):
    """In a fixed order; x3 stands on i and has 3 components."""
    return sorted(set(re.findall(r"\b[xyp]\d+\b", formula)), key=lambda name: (name[0], int(name[1:])))


def aliases_of(formula):
    return tuple(f"{name}={CATEGORIES[name[0]]}({name[1:]})" for name in variables_of(formula))


@st.composite
def cases(draw):
    formula = Writer(draw).program()
    return Case(
        formula,
        aliases_of(formula),
        draw(st.sampled_from(("float64", "float32"))),
        draw(st.sampled_from(("default", "high"))),
        draw(st.sampled_from(SCHEDULES)),
        (draw(st.sampled_from(SIZES)), draw(st.sampled_from(SIZES))),
        draw(st.integers(0, 9)),
        draw(st.sampled_from(tuple(VALUES))),
    )
