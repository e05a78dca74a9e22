"""Random programs: formulas of a given dimension over all operations (``rules``), under every reduction, differentiated
or not, with every option of a request. ``choices`` makes the choices, ``comparison`` runs the programs."""

import dataclasses
import json
import re

import ml_dtypes  # noqa: F401  (NumPy learns bfloat16)
import numpy as np
from rules import FITTING, FORMS, LINEAR, POSITIVE, RECORDS, USED, WIDTHS, Operand, factors

REDUCTIONS = {record["name"]: record for record in RECORDS["reductions"]}
SIZES = (1, 2, 3, 0, 5, 7, 8, 15, 16, 17, 31, 33, 64, 100)
LARGEST = 100
# Forced shapes of loops, so that small arrays see tails, several blocks, and several pieces.
SCHEDULES = ("", "", "rows=1", "rows=3,block=4", "block=2,blocks=3", "chunk=1", "block=4,blocks=2,split=3", "lanes=4")
DTYPES = ("float64", "float32", "float64", "float32", "float16", "bfloat16")
PRECISIONS = ("default", "high", "fast")
SUM_SCHEMES = ("auto", "direct_sum", "block_sum", "kahan_scheme")
# Short numbers are stored, and computed in float32.
NARROW = ("auto", "float64", "float32")
ACCUMULATORS = {"float64": ("auto", "float64")} | dict.fromkeys(("float32", "float16", "bfloat16"), NARROW)
# How deep a formula may go.
DEPTHS = (0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 6, 8, 10, 12)
# Derivatives inside one another.
NESTING = 2
CATEGORIES = {"x": "Vi", "y": "Vj", "p": "Pm"}


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
    sum_scheme: str = "auto"
    dtype_acc: str = "auto"

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

CONSTANTS = ("1", "2", "RatCst(1,3)", "0.7", "IntInv(4)", "IntCst(3)")
# Other spellings of operations.
INFIX = {
    "Add": "({}+{})",
    "Subtract": "({}-{})",
    "Mult": "({}*{})",
    "Divide": "({}/{})",
    "Minus": "(-{})",
    "Scalprod": "({}|{})",
    "Pow": "({}**{})",
    "Powf": "({}**{})",
    "LessThan": "({}<{})",
    "LessOrEqual": "({}<={})",
    "Equal": "({}=={})",
    "NotEqual": "({}!={})",
}


class Writer:
    """Writes one program. ``nesting`` is how many derivatives may still be nested, ``banned`` the variables that the
    formula at hand must not read."""

    def __init__(self, pick):
        self.pick, self.nesting, self.banned = pick, NESTING, set()

    # ---- formulas -----------------------------------------------------------------------------------------------

    def variable(self, dim):
        return self.pick.one_of([name for name in (f"{c}{dim}" for c in CATEGORIES) if name not in self.banned])

    def leaf(self, dim):
        if self.pick.chance(4):
            return f"Zero({dim})"
        return self.pick.one_of(CONSTANTS) if dim == 1 and self.pick.chance(20) else self.variable(dim)

    def formula(self, dim, depth):
        return self.pick.part(lambda: self.write(dim, depth))

    def write(self, dim, depth):
        if depth <= 0 or dim not in FITTING:
            return self.leaf(dim)
        if self.nesting and self.pick.chance(8):
            return self.operator(dim, depth)
        name = self.pick.one_of(FITTING[dim])
        return self.call(name, USED[name][1](self.pick, dim), depth)

    def call(self, name, arguments, depth):
        """One operand goes deep, the others stay shallow."""
        deep = self.pick.one_of([k for k, a in enumerate(arguments) if isinstance(a, Operand)])
        texts = []
        for k, argument in enumerate(arguments):
            left = depth - 1 if k == deep else min(depth - 1, self.pick.integer(0, 2))
            texts.append(self.operand(name, k, argument.dim, left) if isinstance(argument, Operand) else str(argument))
        return self.spell(name, texts)

    def operand(self, name, k, dim, depth):
        text, forms = self.formula(dim, depth), FORMS.get(name, [])
        if k < len(forms) and self.pick.chance(90):
            return self.pick.one_of(forms[k]).format(text)
        # The compiler refuses to divide by what is written as zero.
        is_divisor = name == "Inv" or (name == "Divide" and k == 1)
        return forms[k][0].format(text) if is_divisor and text.startswith("Zero(") else text

    def spell(self, name, texts):
        return INFIX[name].format(*texts) if name in INFIX and self.pick.chance(30) else f"{name}({','.join(texts)})"

    # ---- operators on formulas ----------------------------------------------------------------------------------

    def operator(self, dim, depth):
        self.nesting -= 1
        fitting = [make for make, fits in OPERATORS.values() if fits(dim)]
        text = self.pick.one_of(fitting)(self, dim, depth)
        self.nesting += 1
        return text

    def depending(self, dim, variable, depth):
        """A formula that mostly depends on a variable."""
        text = self.formula(dim, depth - 1)
        if variable not in variables_of(text) and self.pick.chance(90):
            text = f"({text}*{self.pick.one_of(('Sin(Sum({}))', 'Norm2({})', 'Elem({},0)')).format(variable)})"
        return text

    def derived(self, dim, width, depth):
        variable = self.variable(width)
        return self.depending(dim, variable, depth), variable

    def gradient(self, dim, depth):
        rows = self.pick.integer(1, 3)
        text, variable = self.derived(rows, dim, depth)
        return f"Grad({text},{variable},{self.formula(rows, 1)})"

    def differential(self, dim, depth):
        """Along one variable, or along two."""
        text, variable = self.derived(dim, self.pick.integer(1, 3), depth)
        tangent = self.formula(int(variable[1:]), 1)
        if self.pick.chance(80):
            return f"Diff({text},{variable},{tangent})"
        other = self.variable(self.pick.integer(1, 3))
        return f"Diff({text},({variable},{other}),({tangent},{self.formula(int(other[1:]), 1)}))"

    def gradient_matrix(self, dim, depth):
        text, variable = self.derived(*factors(self.pick, dim, 2), depth)
        return f"GradMatrix({text},{variable})"

    def divergence(self, dim, depth):
        width = self.pick.integer(1, 3)
        text, variable = self.derived(width, width, depth)
        return f"Divergence({text},{variable})"

    def laplacian(self, dim, depth):
        text, variable = self.derived(1, self.pick.integer(1, 3), depth)
        return f"Laplacian({text},{variable})"

    def trace(self, dim, depth):
        width = self.pick.integer(1, 3)
        text, variable = self.linear_map(width, width, depth)
        return f"TraceOperator({text},{variable}{self.weights((width,), self.pick.integer(0, 1))})"

    def adjoint(self, dim, depth):
        rows = self.pick.integer(1, 3)
        text, variable = self.linear_map(rows, dim, depth)
        return f"AdjointOperator({text},{variable},{self.formula(rows, 1)})"

    def sum_of_map(self, dim, depth):
        rows, columns = self.pick.integer(1, 3), self.pick.integer(1, 3)
        text, variable = self.linear_map(rows, columns, depth)
        return f"SumLinOperator({text},{variable}{self.weights((rows, columns), self.pick.integer(0, 2))})"

    def weights(self, dims, count):
        return "".join(f",{self.formula(dim, 1)}" for dim in dims[:count])

    def factorize(self, dim, depth):
        return f"Factorize({self.formula(dim, depth - 1)},{self.formula(self.pick.integer(1, 3), 1)})"

    def auto_factorize(self, dim, depth):
        return f"AutoFactorize({self.formula(dim, depth - 1)})"

    # ---- linear maps --------------------------------------------------------------------------------------------

    def linear_map(self, dim, width, depth):
        """A formula that is linear in a variable, and the variable."""
        variable = self.variable(width)
        self.banned.add(variable)
        text = self.linear(dim, variable, min(depth - 1, 3))
        self.banned.discard(variable)
        return text, variable

    def linear(self, dim, variable, depth):
        fitting = [name for name in FITTING.get(dim, ()) if name in LINEAR]
        if depth <= 0 or not fitting:
            return self.fitted(dim, variable)
        name = self.pick.one_of(fitting)
        arguments = USED[name][1](self.pick, dim)
        operands = [k for k, a in enumerate(arguments) if isinstance(a, Operand)]
        chosen = {"all": operands, "first": [0]}.get(LINEAR[name]) or [self.pick.one_of(operands)]
        texts = [str(a) for a in arguments]
        for k in operands:
            width = arguments[k].dim
            texts[k] = self.linear(width, variable, depth - 1) if k in chosen else self.operand(name, k, width, 1)
        return self.spell(name, texts)

    def fitted(self, dim, variable):
        """The variable, cut or repeated to a dimension."""
        width = int(variable[1:])
        if dim == width:
            return variable
        if dim == 1:
            return self.pick.one_of((f"Sum({variable})", f"Elem({variable},{self.pick.integer(0, width - 1)})"))
        if width == 1:
            return f"SumT({variable},{dim})"
        if dim < width:
            return f"Extract({variable},{self.pick.integer(0, width - dim)},{dim})"
        return f"ExtractT({variable},{self.pick.integer(0, dim - width)},{dim})"

    # ---- reductions ---------------------------------------------------------------------------------------------

    def reduction(self, depth, names):
        """A reduction, the dimension of its first result, and its tag."""
        record = REDUCTIONS[self.pick.one_of(names)]
        shape, tag = record["results"][0]["shape"], self.pick.integer(0, 1)
        dim = 1 if "G" in shape else self.pick.one_of(WIDTHS)
        weight_dim, arguments = 1, [str(tag)]
        if "G" in shape and (record["name"] == "SumSoftMaxWeight" or self.pick.chance(50)):
            weight_dim = self.pick.one_of(WIDTHS)
            weight = self.formula(weight_dim, self.pick.integer(0, 3))
            arguments.append(self.pick.one_of(POSITIVE).format(weight) if record["name"] == "LogSumExp" else weight)
        if shape == "max(D,G)":
            dim = self.pick.one_of((1, weight_dim) if weight_dim > 1 else WIDTHS)
        best = self.pick.one_of((1, 2, 3, 5)) if record["takesK"] else 1
        if record["takesK"]:
            arguments.insert(0, str(best))
        sizes = {"D": dim, "KD": best * dim, "G": weight_dim, "max(D,G)": max(dim, weight_dim), "1+G": 1 + weight_dim}
        name = self.pick.one_of((record["name"], *record["aliases"]))
        return f"{name}_Reduction({','.join([self.formula(dim, depth), *arguments])})", sizes[shape], tag

    def vector(self, dim, category):
        """A formula that depends on one index alone. It stands outside of all reductions, where gradients by parameters
        do not lead."""
        name = f"{category}{dim}"
        formulas = (name, name, f"Zero({dim})") if category == "p" else (name, name, f"Sin({name})", f"Zero({dim})")
        return self.pick.one_of(formulas)

    def reduction_derivative(self, depth):
        """Grad(R, v, e) stands, and so does what the next derivative starts from, where v does; Diff(R, v, u) where R
        does."""
        text, dim, tag = self.reduction(depth, DIFFERENTIABLE)
        for _ in range(self.pick.integer(1, NESTING)):
            variable = self.pick.one_of(variables_of(text) or ["x2"])
            name, saved = self.pick.one_of(("Grad", "Diff")), ""
            if self.pick.chance(10):
                name, saved = f"{name}_WithSavedForward", f",{'xy'[tag]}{dim}"
            if name.startswith("Diff"):
                text = f"{name}({text},{variable},{self.vector(int(variable[1:]), variable[0])}{saved})"
                continue
            text = f"{name}({text},{variable},{self.vector(dim, 'xy'[tag])}{saved})"
            dim, tag = int(variable[1:]), {"x": 0, "y": 1, "p": tag}[variable[0]]
        return text

    def result(self, depth):
        if self.pick.chance(35):
            return self.reduction_derivative(min(depth, 6))
        if self.pick.chance(2):
            return f"Zero_Reduction({self.pick.one_of(WIDTHS)},{self.pick.integer(0, 1)})"
        return self.reduction(depth, list(REDUCTIONS))[0]

    def program(self):
        depth, count = self.pick.one_of(DEPTHS), self.pick.one_of((1, 1, 1, 1, 1, 1, 2, 3))
        texts = [self.result(depth if k == 0 else min(depth, 3)) for k in range(count)]
        return texts[0] if count == 1 else f"Fused({','.join(texts)})"


def always(dim):
    return True


def scalar(dim):
    return dim == 1


# name: how it is written, and which dimensions it can have.
OPERATORS = {
    "Grad": (Writer.gradient, always),
    "Diff": (Writer.differential, always),
    "GradMatrix": (Writer.gradient_matrix, always),
    "Divergence": (Writer.divergence, scalar),
    "Laplacian": (Writer.laplacian, scalar),
    "TraceOperator": (Writer.trace, scalar),
    "AdjointOperator": (Writer.adjoint, always),
    "SumLinOperator": (Writer.sum_of_map, scalar),
    "Factorize": (Writer.factorize, always),
    "AutoFactorize": (Writer.auto_factorize, always),
}


def is_differentiable(record):
    """One of the results is not an index; the pair of Max_SumShiftExp has a derivative only through what becomes of
    it."""
    values = [result for result in record["results"] if not result["index"]]
    return len(values) == 1 and not record["derivative"].startswith(("none", "shiftexp"))


DIFFERENTIABLE = [name for name, record in REDUCTIONS.items() if is_differentiable(record)]


def names_of(formula):
    return set(re.findall(r"\b([A-Za-z_]\w*)\(", formula))


def variables_of(formula):
    """In a fixed order; x3 stands on i and has 3 components."""
    return sorted(set(re.findall(r"\b[xyp]\d+\b", formula)), key=lambda name: (name[0], int(name[1:])))


def aliases_of(formula):
    return tuple(f"{name}={CATEGORIES[name[0]]}({name[1:]})" for name in variables_of(formula))


def sums(formula):
    """Whether there is something that the options of sums apply to."""
    return any(
        record["sums"] and names_of(formula) & {f"{name}_Reduction" for name in (record["name"], *record["aliases"])}
        for record in RECORDS["reductions"]
    )


def draw_size(pick):
    return pick.integer(0, LARGEST) if pick.chance(20) else pick.one_of(SIZES)


def draw_case(pick):
    formula = Writer(pick).program()
    # Without arguments there is no array that has another type.
    dtype = pick.one_of(DTYPES) if variables_of(formula) else "float64"
    return Case(
        formula,
        aliases_of(formula),
        dtype,
        pick.one_of(PRECISIONS),
        pick.one_of(SCHEDULES),
        (draw_size(pick), draw_size(pick)),
        pick.integer(0, 9),
        pick.one_of(tuple(VALUES)),
        *((pick.one_of(SUM_SCHEMES), pick.one_of(ACCUMULATORS[dtype])) if sums(formula) and pick.chance(50) else ()),
    )
