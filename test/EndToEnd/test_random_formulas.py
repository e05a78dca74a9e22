"""Random formulas over all operations, several of them fused, with their gradients, against PyTorch in float64. Each seed
is one program; KEOPS_SLOW runs many more."""

import os

import numpy as np
import pytest

from keops import _keops

torch = pytest.importorskip("torch")

SEEDS = range(600 if os.environ.get("KEOPS_SLOW") else 24)
DIMS = (1, 2, 3, 17)
VARIABLES = {f"{name}{dim}": (category, dim) for name, category in (("x", "Vi"), ("y", "Vj"), ("p", "Pm")) for dim in DIMS}


def repeated(a, dim):
    return a.expand(*a.shape[:-1], dim) if a.shape[-1] == 1 else a


# name: (text, value). Arguments are drawn so that values and derivatives stay moderate and away from corners.
UNARY = {
    "minus": ("(-{})", lambda a: -a),
    "square": ("Square({})", lambda a: a * a),
    "sin": ("Sin({})", torch.sin),
    "cos": ("Cos({})", torch.cos),
    "exp": ("Exp(Sin({}))", lambda a: a.sin().exp()),
    "gauss": ("Exp(-Square({}))", lambda a: (-a * a).exp()),
    "log": ("Log(2+Square({}))", lambda a: (2 + a * a).log()),
    "sqrt": ("Sqrt(1+Square({}))", lambda a: (1 + a * a).sqrt()),
    "rsqrt": ("Rsqrt(1+Square({}))", lambda a: (1 + a * a).rsqrt()),
    "inv": ("Inv(2+Square({}))", lambda a: 1 / (2 + a * a)),
    "cube": ("Sin({})**3", lambda a: a.sin() ** 3),
    "powf": ("Powf(1+Square({}),RatCst(1,3))", lambda a: (1 + a * a) ** (1 / 3)),
    "half": ("({}/4+0.5)", lambda a: a / 4 + 0.5),
    "third": ("(3*Sin({})/7)", lambda a: 3 * a.sin() / 7),
    "abs": ("Abs({})", torch.abs),
    "relu": ("ReLU({})", torch.relu),
}
BINARY = {
    "add": ("({}+{})", lambda a, b: a + b),
    "sub": ("({}-{})", lambda a, b: a - b),
    "mul": ("(Sin({})*Cos({}))", lambda a, b: a.sin() * b.cos()),
    "div": ("({}/(2+Square({})))", lambda a, b: a / (2 + b * b)),
}


class Formula:
    """A text, its value as a tensor (M, N, D), and the names of the variables in it."""

    def __init__(self, text, value, names):
        self.text, self.value, self.names = text, value, names

    @property
    def dim(self):
        return self.value.shape[-1]


class Program:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.m, self.n = (int(v) for v in self.rng.choice([1, 2, 7, 18, 33], 2))
        self.arrays = {}
        for name, (category, dim) in VARIABLES.items():
            rows = {"Vi": (self.m,), "Vj": (self.n,), "Pm": ()}[category]
            self.arrays[name] = self.rng.uniform(-1.5, 1.5, (*rows, dim))
        self.leaves = {n: torch.tensor(a, requires_grad=True) for n, a in self.arrays.items()}

    def pick(self, options):
        return options[int(self.rng.integers(len(options)))]

    def variable(self, dim):
        name = self.pick([n for n, (_, d) in VARIABLES.items() if d == dim])
        leaf = self.leaves[name]
        shaped = {"x": leaf[:, None], "y": leaf[None], "p": leaf}[name[0]]
        return Formula(name, shaped.expand(self.m, self.n, dim), {name})

    def formula(self, dim, depth):
        if depth == 0:
            return self.variable(dim)
        kind = self.rng.random()
        if kind < 0.45:
            text, value = UNARY[self.pick(list(UNARY))]
            a = self.formula(dim, depth - 1)
            return Formula(text.format(a.text), value(a.value), a.names)
        if kind < 0.8 or dim == 17 and kind < 0.9:
            text, value = BINARY[self.pick(list(BINARY))]
            a, b = self.formula(dim, depth - 1), self.formula(self.pick((dim, 1)), depth - 1)
            if self.rng.random() < 0.5:
                a, b = b, a
            return Formula(text.format(a.text, b.text), value(a.value, b.value), a.names | b.names)
        return self.structural(dim, depth - 1)

    def structural(self, dim, depth):
        if dim == 1:
            a = self.formula(self.pick((2, 3, 17)), depth)
            b = self.formula(a.dim, depth)
            text, value = self.pick(
                [
                    ("SqDist({a},{b})", lambda: ((a.value - b.value) ** 2).sum(-1, True)),
                    ("({a}|{b})", lambda: (a.value * b.value).sum(-1, True)),
                    ("Sum({a}*{b})", lambda: (a.value * b.value).sum(-1, True)),
                    ("Sqrt(1+SqNorm2({a}))", lambda: (1 + (a.value**2).sum(-1, True)).sqrt()),
                    ("WeightedSqNorm({a},{b})", lambda: (a.value * b.value**2).sum(-1, True)),
                    ("Elem({a},1)", lambda: a.value[..., 1:2]),
                ]
            )
            names = a.names | b.names if "{b}" in text else a.names
            return Formula(text.format(a=a.text, b=b.text), value(), names)
        if dim == 3 and self.rng.random() < 0.5:
            a, b = self.formula(1, depth), self.formula(2, depth)
            return Formula(f"Concat({a.text},{b.text})", torch.cat((a.value, b.value), -1), a.names | b.names)
        if dim == 2:
            a = self.formula(17, depth)
            return Formula(f"Extract({a.text},9,2)", a.value[..., 9:11], a.names)
        a = self.formula(1, depth)
        return Formula(f"SumT({a.text},{dim})", repeated(a.value, dim), a.names)

    def reduction(self, axis):
        """Text, expected result, bound of the error, and the names that it depends on."""
        kind = self.pick(("Sum", "Mean", "Var", "Max", "LogSumExp", "SumSoftMaxWeight"))
        scalar = kind in ("LogSumExp", "SumSoftMaxWeight")
        f = self.formula(1 if scalar else self.pick(DIMS), 3)
        names = f.names
        if kind == "Sum":
            text, value, bound = f.text, f.value.sum(axis), f.value.abs().sum(axis)
        elif kind == "Mean":
            text, value, bound = f.text, f.value.mean(axis), f.value.abs().mean(axis)
        elif kind == "Var":
            text, value, bound = f.text, f.value.var(axis, unbiased=False), f.value.abs().amax(axis) ** 2
        elif kind == "Max":
            text, value, bound = f.text, f.value.amax(axis), f.value.abs().amax(axis)
        else:
            g = self.formula(self.pick(DIMS), 2)
            names = names | g.names
            text = f"{f.text},{1 - axis},Exp(Sin({g.text}))"
            weights = g.value.sin().exp()
            value = torch.logsumexp(f.value + weights.log(), axis)
            if kind == "SumSoftMaxWeight":
                value = (torch.softmax(f.value, axis) * weights).sum(axis)
            return f"{kind}_Reduction({text})", value, value.abs() + f.value.abs().amax(axis), names
        return f"{kind}_Reduction({text},{1 - axis})", value, bound, names

    def run(self, text, extra=()):
        aliases = [f"{n}={category}({dim})" for n, (category, dim) in VARIABLES.items()]
        arrays = list(self.arrays.values())
        for name, category, array in extra:
            aliases.append(f"{name}={category}({array.shape[-1]})")
            arrays.append(array)
        result = _keops.Reduction(text, aliases, "high").run(*arrays)
        return result if isinstance(result, tuple) else (result,)


def assert_close(result, want, bound, text):
    want, bound = want.detach().numpy(), bound.detach().numpy()
    assert result.shape == want.shape, text
    assert (np.abs(result - want) <= 1e-12 * (1 + bound)).all(), text


@pytest.mark.parametrize("seed", SEEDS)
def test_values(seed):
    program = Program(seed)
    axis = seed % 2
    reductions = [program.reduction(axis) for _ in range(3)]
    text = f"Fused({','.join(r[0] for r in reductions)})"
    for result, (one, want, bound, _) in zip(program.run(text), reductions, strict=True):
        assert_close(result, want, bound, one)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients(seed):
    program = Program(seed + 10_000)
    axis = seed % 2
    text, value, _, names = program.reduction(axis)
    while text.startswith("Max"):
        text, value, _, names = program.reduction(axis)
    e = program.rng.uniform(-1, 1, value.shape)
    placed = ("e", ("Vj", "Vi")[axis], e)
    for name in sorted(names)[:2]:
        (want,) = torch.autograd.grad(value, program.leaves[name], torch.tensor(e), retain_graph=True)
        (result,) = program.run(f"Grad({text},{name},e)", [placed])
        result = result.sum(0) if name[0] == "p" else result
        assert_close(result, want, want.abs().amax() + torch.full(want.shape, program.m + program.n), text)
