"""Every rewrite of FoldScales, by its line in the table of the pass, keeps values up to the error that the table
grants, at special values too; where an intermediate result leaves the range of numbers, as the pass says, they may
change."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

reference = pytest.importorskip("keops.reference")

from keops.reference_tools import Tools  # noqa: E402

TOOLS = Tools()
PASSES = Path(__file__).resolve().parents[3] / "include" / "keops" / "Transforms" / "Passes.td"
# By placement: s, t and f stand on i; u, v and g on j; a and b are parameters.
PLACES = {"s": "Vi(1)", "t": "Vi(1)", "f": "Vi(3)", "u": "Vj(1)", "v": "Vj(1)", "g": "Vj(3)"}
PLACES |= {"a": "Pm(1)", "b": "Pm(1)"}
ROWS, DRAWS = 300, 60
LARGEST, TINY, EPS = np.finfo(float).max, np.finfo(float).tiny, np.finfo(float).eps
LOG2E = 1.4426950408889634
CONSTANT = np.full((1, 1), LOG2E)
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 5e-324, -1e-310, TINY, LARGEST, -LARGEST / 2, 1e200, 1e-200, 1, -1]


class Steps:
    """Arithmetic that remembers where a result leaves the range of numbers although its operands are in it."""

    def __init__(self):
        self.left = False

    def note(self, result, *operands):
        inside = np.all([np.isfinite(o) & (o != 0) for o in np.broadcast_arrays(*operands)], axis=0)
        self.left = self.left | (inside & ((abs(result) > LARGEST) | (abs(result) < TINY))).any(-1, keepdims=True)
        return result

    def product(self, *factors):
        result = factors[0]
        for factor in factors[1:]:
            result = self.note(result * factor, result, factor)
        return result

    def inverse(self, x):
        return self.note(1 / x, x)


def exponential(argument, size=None):
    """Errors of an exponential: relative ones, of the size of its argument."""

    def grant(steps, v):
        a = argument(steps, v)
        return (2 * abs(a if size is None else size(v)) + 8) * np.exp(a)

    return grant


def product(*factors):
    """Errors of a product whose factors are multiplied in another order."""

    def grant(steps, v):
        values = [factor(v) if callable(factor) else v[factor] for factor in factors]
        for order in itertools.permutations(values):
            result = steps.product(*order)
        return 4 * abs(result)

    return grant


def dot(v):
    return (v["f"] * v["g"]).sum(-1, keepdims=True)


def distance(v):
    return ((v["f"] - v["g"]) ** 2).sum(-1, keepdims=True)


def inverse_of(name):
    return lambda steps, v: 4 * abs(steps.product(v["s"] + v["u"], steps.inverse(v[name])))


def scaled(c):
    """Both points times the root of c log2(e), and the errors that come from their size."""

    def grant(steps, v):
        root, argument = np.sqrt(abs(c) * LOG2E), c * distance(v)
        moved = np.subtract(*(steps.product(v[name], np.full((1, 1), root)) for name in "fg"))
        steps.product(moved, moved)
        error = sum(abs(v[name] * root * moved).sum(-1, keepdims=True) for name in "fg")
        return (4 * error + 2 * abs(argument) + 8) * np.exp(argument)

    return grant


def of_factor(*names):
    """The constant joins the first factor."""
    return exponential(lambda steps, v: steps.product(CONSTANT, *(v[n] for n in names)) / LOG2E)


def of_terms(steps, v):
    """The terms of a sum, each with the constant."""
    return sum(steps.product(CONSTANT, v[x], v[y]) / LOG2E for x, y in ("su", "tv"))


# Line of the table: formulas, and units of EPS that the result may be off by.
REWRITES = {
    "`Exp(u) -> Exp2(u * log2(e))`, u computed from both indices": {
        "Exp(Sin(s+u))": exponential(lambda steps, v: np.sin(v["s"] + v["u"])),
        "Exp(Minus(Abs(s+u)))": exponential(
            lambda steps, v: -steps.product(CONSTANT, abs(v["s"] + v["u"])) / LOG2E
        ),
    },
    "the constant joins a factor of u that is placed on p, i or j": {
        "Exp(s*u)": of_factor("s", "u"),
        "Exp(Minus(a*Cos(s+u)))": exponential(
            lambda steps, v: -steps.product(CONSTANT, v["a"], np.cos(v["s"] + v["u"])) / LOG2E
        ),
        "Exp((f|g))": exponential(
            lambda steps, v: steps.product(CONSTANT, v["f"], v["g"]).sum(-1, keepdims=True) / LOG2E,
            lambda v: abs(v["f"] * v["g"]).sum(-1, keepdims=True),
        ),
        "Exp((s*u)/Cos(t+v))": exponential(
            lambda steps, v: steps.product(
                CONSTANT, v["s"], v["u"], steps.inverse(np.cos(v["t"] + v["v"]))
            )
            / LOG2E
        ),
    },
    "the constant joins a sum or difference of such products": {
        "Exp(s*u+t*v)": exponential(of_terms, lambda v: abs(v["s"] * v["u"]) + abs(v["t"] * v["v"])),
    },
    "`f / g -> f * (1 / g)`, g placed on p, or f on both indices and g on one": {
        "(s+u)/a": inverse_of("a"),
        "(s+u)/t": inverse_of("t"),
        "(s+u)/3": lambda steps, v: 4 * abs(steps.product(v["s"] + v["u"], np.full((1, 1), 1 / 3))),
    },
    "factors of a product regrouped by placement: p, i, j, both": {
        "(s*u)*a": product("s", "u", "a"),
        "Minus(s*u)*t": product("s", "u", "t"),
        "(3*(s*u))*Sin(s+u)": product(lambda v: np.full((1, 1), 3.0), "s", "u", lambda v: np.sin(v["s"] + v["u"])),
        "(a*(s*u))*b": product("a", "s", "u", "b"),
    },
    "`Sum(Square(x - y)) * c -> Sum(Square(x*s - y*s))`, s = sqrt(c)": {
        "Exp(Minus(SqDist(f,g)))": scaled(-1),
        "Exp(SqDist(f,g)*RatCst(-1,3))": scaled(-1 / 3),
    },
}
FORMULAS = [(line, formula) for line, formulas in REWRITES.items() for formula in formulas]


def draw(rng, rows, dim):
    array = rng.standard_normal((*rows, dim))
    special = rng.random(array.shape) < rng.choice([0, 0.3, 0.8])
    array[special] = rng.choice(SPECIAL, special.sum())
    return array


def draw_arguments(seed):
    """One row of j, so that the result is a single term."""
    rng = np.random.default_rng(seed)
    sizes = {"Vi": (ROWS,), "Vj": (1,), "Pm": ()}
    return {name: draw(rng, sizes[place[:2]], int(place[3])) for name, place in PLACES.items()}


def fold(formula, *options):
    """The module before and after the pass."""
    aliases = [f"{name}={place}" for name, place in PLACES.items()]
    module = TOOLS.import_formula(f"Sum_Reduction({formula},0)", aliases, "--dtype=f64", *options)
    passes = ("--keops-expand-composites", "--keops-simplify", "--keops-fold-scales")
    return [text for _, text in TOOLS.run_passes(module, *passes)][-2:]


@pytest.mark.parametrize("line, formula", FORMULAS, ids=[formula for _, formula in FORMULAS])
@np.errstate(all="ignore")
def test_rewrite(line, formula):
    before, after = fold(formula, *(["--precision=fast"] if "Sum(Square" in line else []))
    assert before != after
    assert ("exp2" in after) == formula.startswith("Exp")
    compared = 0
    for seed in range(DRAWS):
        arguments = draw_arguments(seed)
        want, got = (reference.evaluate(text, *arguments.values())[0] for text in (before, after))
        steps = Steps()
        grant = REWRITES[line][formula](steps, arguments)
        same = (want == got) | (np.isnan(want) & np.isnan(got)) | (abs(want - got) <= EPS * grant + 1e-320)
        inside = ~np.broadcast_to(steps.left, same.shape)
        assert same[inside].all(), (seed, np.argwhere(~same & inside)[0])
        compared += inside.sum()
    assert compared > DRAWS * ROWS / 4


def test_every_line_of_the_table_has_an_entry():
    description = PASSES.read_text().split("def KeopsFoldScales")[1].split("```mlir")[0]
    lines = re.findall(r"^    \| (.*?) \|", description, re.M)
    assert [line for line in lines if line not in ("rewrite", "---")] == list(REWRITES)


@pytest.mark.parametrize(
    "formula, values, want, got",
    [
        ("(s+u)/a", {"s": 1e-320, "u": 0, "a": 5e-324}, 1e-320 / 5e-324, np.inf),
        ("(s+u)/a", {"s": 0, "u": 0, "a": 5e-324}, 0, np.nan),
        ("(s*u)*a", {"s": 1e200, "u": 0, "a": 1e200}, 0, np.nan),
        ("Exp(s*u)", {"s": LARGEST, "u": 0}, 1, np.nan),
    ],
)
@np.errstate(all="ignore")
def test_what_leaves_the_range_changes(formula, values, want, got):
    zeros = {name: np.zeros((1, int(place[3]))) for name, place in PLACES.items()}
    arguments = zeros | {name: np.full((1, 1), float(value)) for name, value in values.items()}
    arguments = {name: a[0] if PLACES[name].startswith("Pm") else a for name, a in arguments.items()}
    results = [reference.evaluate(text, *arguments.values())[0].item() for text in fold(formula)]
    np.testing.assert_equal(results, [want, got])
    assert "leaves the range of numbers" in PASSES.read_text()
