"""Every simplification rule is an identity: alone, it rewrites formulas whose values, by the evaluator, are the same
before and after, also at zeros of both signs, NaN, infinities, subnormal and huge numbers. Where a rule changes
something there, docs/rationale/simplify.md says so in the words that its entry quotes, and the change is pinned
here."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np
import pytest

reference = pytest.importorskip("keops.reference")

from keops.reference_tools import Tools  # noqa: E402

TOOLS = Tools()
RATIONALE = Path(__file__).resolve().parents[3] / "docs" / "rationale" / "simplify.md"
# Rows of the other index are not needed: formulas are computed once per row of i. s and t are scalars, f and g vectors,
# z and w complex vectors.
DIMS = {"s": 1, "t": 1, "f": 3, "g": 3, "z": 4, "w": 4}
ROWS = 4000
LARGEST, TINY, EPS = np.finfo(float).max, np.finfo(float).tiny, np.finfo(float).eps
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 5e-324, -1e-310, TINY, LARGEST, -LARGEST / 2, 1e200, 1e-200, 1, -1]

# ---- what may differ ---------------------------------------------------------------------------------------------


@dataclass
class Values:
    """Arguments by name, and the results of a formula before and after a rule."""

    arguments: dict
    before: np.ndarray
    after: np.ndarray

    def __getitem__(self, name):
        return self.arguments[name]

    def same(self):
        """Bit by bit, but for the contents of NaN."""
        signs = np.signbit(self.before) == np.signbit(self.after)
        return (np.isnan(self.before) & np.isnan(self.after)) | ((self.before == self.after) & signs)

    def equal(self):
        return self.same() | (self.before == self.after)

    def close(self, size):
        """As rounding errors go: a few units of the sum of magnitudes, and of what is subnormal."""
        return self.equal() | ((abs(self.before - self.after) <= 4 * EPS * size + 1e-322) & np.isfinite(size))


@dataclass
class Rule:
    """Formulas that a rule rewrites. Nothing else said, it changes no bit. ``zero_signs``: zeros may change their sign.
    ``size``: results differ by rounding errors of this size. ``where``: what is computed there changes, and ``becomes``
    holds there. ``says`` quotes the rationale on both kinds of changes."""

    formulas: tuple
    zero_signs: bool = False
    size: Callable = None
    where: Callable = None
    becomes: Callable = lambda v: np.ones(v.after.shape, bool)
    says: str = ""

    def agrees(self, v):
        return v.close(self.size(v)) if self.size else v.equal() if self.zero_signs else v.same()


def exact(*formulas):
    return Rule(formulas)


def zero_signs(says, *formulas):
    return Rule(formulas, zero_signs=True, says=f"`{says}`")


def rounded(*formulas):
    return Rule(formulas, size=lambda v: abs(v.before))


def magnitude(a):
    return abs(a).sum(-1, keepdims=True)


def not_finite(a):
    return ~np.isfinite(a)


def is_zero(v):
    return v.after == 0


def absorbed(formula, factor, where=not_finite):
    """A zero that is written wins over what it meets."""
    return Rule((formula,), True, None, lambda v: where(factor(v)), is_zero, "stays 0 where f is infinite or NaN")


def leaves_range(a, b):
    """Whether a product of components overflows, or underflows."""
    lost = (abs(a * b) < TINY) & (a != 0) & (b != 0)
    return ((abs(a * b) > LARGEST) | lost).any(-1, keepdims=True)


def factored(formula, scalar, f, g=lambda v: np.ones(1)):
    """A scalar is multiplied with a sum instead of its terms, components of f or products with those of g."""

    def terms(v):
        return f(v) * g(v)

    def where(v):
        products = (f(v), g(v)), (scalar(v), f(v)), (scalar(v), terms(v))
        sums = magnitude(terms(v)), magnitude(scalar(v) * terms(v))
        left = [leaves_range(*factors) for factors in products] + [size > LARGEST for size in sums]
        return np.any([not_finite(scalar(v)), *left], axis=0)

    def as_written(v):
        product = scalar(v) * terms(v).sum(-1, keepdims=True)
        return (v.after == product) | (np.isnan(v.after) & np.isnan(product))

    size = lambda v: magnitude(scalar(v) * terms(v))  # noqa: E731
    return Rule((formula,), False, size, where, as_written, "where s is infinite, or where a product or a sum")


def merged(v):
    """8 * f overflows, or is so small that digits are lost, before it is divided by 32."""
    return abs(8 * v["f"]) > LARGEST


S, F, G = (lambda v, name=name: v[name] for name in "sfg")
RULES = {
    # Zeros.
    "constantZero.constant": exact("f+0.0"),
    "addZero.add": zero_signs("0+f", "Zero(3)+f", "f+Zero(3)", "s+Zero(3)"),
    "subtractZero.subtract": exact("f-Zero(3)", "s-Zero(3)"),
    "subtractFromZero.subtract": zero_signs("0-f", "Zero(3)-f"),
    "multiplyZero.mult": absorbed("f*Zero(1)", F),
    "multiplyZero.scalprod": absorbed("(Zero(3)|f)", lambda v: magnitude(F(v))),
    "multiplyZero.tensordot": absorbed("TensorDot(Zero(3),f,[3],[3],[0],[0])", lambda v: magnitude(F(v))),
    "divideZero.divide": absorbed("Zero(3)/f", F, lambda f: (f == 0) | np.isnan(f)),
    "powerOfZero.pow": exact("Pow(Zero(3),3)+f"),
    "concatZeros.concat": exact("Concat(Zero(1),Zero(2))+f"),
    "complexZeros.complex": exact("Complex(Zero(2),Zero(2))+z"),
    "whereZeros.where": exact("Where(s,Zero(3),Zero(3))"),
    "zeroOfZero.minus": zero_signs("-0", "Minus(Zero(3))"),
    **{
        f"zeroOfZero.{name.lower()}": exact(f"{name}(Zero(3))+f")
        for name in ("Square", "Abs", "Sqrt", "Rsqrt", "Sin", "Sign", "ReLU", "Sum")
    },
    "zeroOfZero.sumt": exact("SumT(Zero(1),3)+f"),
    "zeroOfZero.elem": exact("Elem(Zero(3),1)+f"),
    "zeroOfZero.elemt": exact("ElemT(Zero(1),3,1)+f"),
    "zeroOfZero.extract": exact("Extract(Zero(5),1,3)+f"),
    "zeroOfZero.extractt": exact("ExtractT(Zero(2),1,3)+f"),
    "zeroOfZero.complexreal": exact("ComplexReal(Zero(6))+f"),
    "zeroOfZero.compleximag": exact("ComplexImag(Zero(6))+f"),
    "zeroOfZero.gather": exact("Gather(Zero(3),s)"),
    **{f"oneOfZero.{name.lower()}": exact(f"{name}(Zero(3))*f") for name in ("Exp", "Exp2", "Cos", "Step")},
    "sumOfZeros.map_reduce": exact("Sum_Reduction(Zero(3),0)", "Fused(Sum_Reduction(Zero(3),0),Sum_Reduction(f,0))"),
    # Constants.
    "addConstants.add": rounded("f*(RatCst(1,3)+RatCst(1,6))"),
    "subtractConstants.subtract": rounded("f*(RatCst(1,2)-RatCst(1,6))"),
    "multiplyConstants.mult": rounded("f*(RatCst(2,3)*RatCst(3,7))"),
    "divideConstants.divide": rounded("f*(RatCst(2,3)/RatCst(3,7))"),
    "negateConstant.minus": exact("f*Minus(RatCst(1,3))"),
    "invertConstant.inv": rounded("f*Inv(RatCst(2,3))"),
    "squareConstant.square": rounded("f*Square(RatCst(2,3))"),
    "raiseConstant.pow": rounded("f*Pow(RatCst(2,3),5)", "f*Pow(RatCst(2,3),-4)"),
    "absoluteConstant.abs": exact("f*Abs(RatCst(-1,3))", "f*Abs(IntCst(5))"),
    "constantFirst.add": exact("f+2", "s+RatCst(1,3)"),
    "constantFirst.mult": exact("f*2", "s*RatCst(1,3)"),
    "multiplyOne.mult": exact("1*f", "IntCst(-1)*f", "1*s"),
    "mergeFactors.mult": Rule(
        ("RatCst(1,32)*(8*f)",),
        size=lambda v: abs(v.before),
        where=merged,
        becomes=lambda v: v.after == v["f"] / 4,
        says="an overflow of m*f",
    ),
    "negateFactor.minus": exact("Minus(3*f)", "Minus(RatCst(-1,3)*f)"),
    "divideByConstant.divide": rounded("f/2", "f/IntCst(-8)", "f/RatCst(1,3)"),
    "divideOne.divide": exact("Divide(1,f)"),
    "addSame.add": exact("f+f"),
    "multiplySame.mult": exact("f*f"),
    "smallPower.pow": exact("Pow(f,0)", "Pow(f,1)", "Pow(f,2)", "Pow(f,-1)"),
    # Signs.
    "doubleMinus.minus": exact("Minus(Minus(f))"),
    "minusDifference.minus": zero_signs("-(f-g)", "Minus(f-g)"),
    "addNegated.add": exact("f+Minus(g)", "Minus(f)+g"),
    "subtractNegated.subtract": zero_signs("(-f)-g", "f-Minus(g)", "Minus(f)-g"),
    "signOfProduct.mult": exact("Minus(f)*Minus(g)", "Minus(f)*g", "f*Minus(g)"),
    "signOfProduct.divide": exact("Minus(f)/Minus(g)", "Minus(f)/g", "f/Minus(g)"),
    "signOfScalprod.scalprod": zero_signs("Scalprod(-f,g)", "(Minus(f)|Minus(g))", "(Minus(f)|g)", "(f|Minus(g))"),
    **{f"evenFunction.{name.lower()}": exact(f"{name}(Minus(f))") for name in ("Square", "Abs", "Cos")},
    "oddFunction.sum": zero_signs("Sum(-f)", "Sum(Minus(f))"),
    "oddFunction.inv": exact("Inv(Minus(f))"),
    "oddFunction.sin": exact("Sin(Minus(f))"),
    "oddFunction.sign": zero_signs("Sign(-f)", "Sign(Minus(f))"),
    # Vectors.
    "sumOfScalar.sum": zero_signs("Sum(s)", "Sum(s)"),
    "sumOfProduct.sum": factored("Sum(s*f)", S, F),
    "sumOfRepeated.sum": rounded("Sum(SumT(s,3))"),
    "sumOfPadded.sum": zero_signs("Sum(ElemT(s))", "Sum(ElemT(s,3,1))", "Sum(ExtractT(Extract(f,0,2),1,4))"),
    "scalprodOfSame.scalprod": exact("(f|f)"),
    "scalprodOfScalar.scalprod": factored("Scalprod(s,f)", S, F),
    "scalprodOfScaled.scalprod": factored("((s*f)|g)", S, F, G),
    "scalprodOfPadded.scalprod": Rule(
        ("(ElemT(s,3,1)|g)",),
        True,
        None,
        lambda v: not_finite(v["g"][:, ::2]).any(-1, keepdims=True),
        lambda v: (v.after == v["s"] * v["g"][:, 1:2]) | np.isnan(v["s"] * v["g"][:, 1:2]),
        "NaN and infinity beside the component",
    ),
    "repeatOnce.sumt": exact("SumT(s,1)"),
    **{
        f"combineRepeated.{name.lower()}": exact(f"{name}(SumT(s,3),SumT(t,3))", f"{name}(SumT(s,3),t)")
        for name in ("Add", "Subtract", "Mult", "Divide")
    },
    **{
        f"dropRepetition.{name.lower()}": exact(f"{name}(f,SumT(s,3))", f"{name}(SumT(s,3),f)")
        for name in ("Add", "Subtract", "Mult", "Divide")
    },
    **{
        f"applyBeforeRepeating.{name.lower()}": exact(f"{name}(SumT(s,3))")
        for name in ("Minus", "Square", "Exp", "Inv", "Sqrt", "Log")
    },
    "elemOfScalar.elem": exact("Elem(s,0)", "Elem(SumT(s,3),1)"),
    "elemOfPadded.elem": exact("Elem(ElemT(s,3,1),1)", "Elem(ElemT(s,3,1),0)"),
    "elemOfSlice.elem": exact("Elem(Extract(f,1,2),1)"),
    "elemOfConcat.elem": exact("Elem(Concat(f,g),1)", "Elem(Concat(f,g),4)"),
    "padToScalar.elemt": exact("ElemT(s,1,0)"),
    "trivialSlice.extract": exact("Extract(f,0,3)", "Extract(SumT(s,4),1,3)", "Extract(f,2,1)"),
    "sliceOfSlice.extract": exact("Extract(Extract(z,1,3),1,2)"),
    "sliceOfPadded.extract": exact("Extract(ExtractT(f,1,5),1,3)"),
    "sliceOfConcat.extract": exact("Extract(Concat(f,g),1,2)", "Extract(Concat(f,g),3,2)"),
    "padToSame.extractt": exact("ExtractT(f,0,3)"),
    "concatOfSlices.concat": exact("Concat(Extract(z,1,1),Extract(z,2,2))"),
    "partOfComplex.complexreal": exact("ComplexReal(Complex(f,g))", "ComplexReal(Complex(s,f))"),
    "partOfComplex.compleximag": exact("ComplexImag(Complex(f,g))", "ComplexImag(Complex(f,s))"),
    "complexOfParts.complex": exact("Complex(ComplexReal(z),ComplexImag(z))"),
}
# Second forms of rules, which change less than the first.
SECOND = {
    "sumOfProduct.sum": "Sum(f*g)",
    "scalprodOfScalar.scalprod": "Scalprod(s,t)",
    "scalprodOfScaled.scalprod": "(SumT(s,3)|g)",
}

# ---- the tests ---------------------------------------------------------------------------------------------------


def list_rules():
    command = [TOOLS.find("keops-opt"), "--keops-simplify=only=?", "-"]
    message = subprocess.run(command, input="module {}", capture_output=True, text=True).stderr
    return re.search("there are (.*)", message)[1].split(", ")


def simplify(module, rule):
    return TOOLS.run("keops-opt", "--mlir-print-op-generic", f"--keops-simplify=only={rule}", text=module).stdout


def import_formula(text):
    """A formula is computed by a map, which shows its value as it is; a reduction stays one."""
    whole = "_Reduction" in text
    aliases = [f"{name}=Vi({dim})" for name, dim in DIMS.items()]
    module = TOOLS.import_formula(text if whole else f"Sum_Reduction({text},0)", aliases, "--dtype=f64")
    return module if whole else re.sub(
        r'"keops.map_reduce"(\(.*?\)) <\{.*?\}>', r'"keops.map"\1 <{over = #keops<placement i>}>', module
    )


def draw_arguments(seed=0):
    """Special values of all kinds beside each other and beside others; some rows of both vectors are equal."""
    rng = np.random.default_rng(seed)
    arguments = {}
    for name, dim in DIMS.items():
        array = rng.standard_normal((ROWS, dim))
        special = rng.random((ROWS, dim)) < rng.choice([0, 0.3, 0.8], (ROWS, 1))
        array[special] = rng.choice(SPECIAL, special.sum())
        arguments[name] = array
    arguments["g"][:200] = arguments["f"][:200]
    return arguments


def apply(rule, formula):
    """Values before and after a rule that must change the module."""
    module, arguments = import_formula(formula), draw_arguments()
    other = "addZero.add" if rule == "sumOfZeros.map_reduce" else "sumOfZeros.map_reduce"
    simplified = simplify(module, rule)
    assert simplified != simplify(module, other), "the rule did not apply"
    with np.errstate(all="ignore"):
        results = [reference.evaluate(text, *arguments.values())[0] for text in (module, simplified)]
    return Values(arguments, *results)


@pytest.mark.parametrize("name", RULES)
@np.errstate(all="ignore")
def test_rule(name):
    rule, changed = RULES[name], False
    for formula in rule.formulas:
        values = apply(name, formula)
        special = rule.where(values) if rule.where else np.zeros_like(values.after, bool)
        assert rule.agrees(values)[~special].all()
        assert rule.becomes(values)[special].all()
        changed |= not values.same().all()
        if rule.where:
            assert not rule.agrees(values)[special].all(), "nothing is changed where the entry says so"
    assert changed or not (rule.zero_signs or rule.where), "the entry allows more than happens"


@pytest.mark.parametrize("name", SECOND)
def test_second_forms(name):
    assert apply(name, SECOND[name]).equal().all()


def test_every_rule_has_an_entry():
    assert sorted(list_rules()) == sorted(RULES)


def test_changes_are_documented():
    text = " ".join(RATIONALE.read_text().split())
    for name, rule in RULES.items():
        assert bool(rule.where or rule.zero_signs) == bool(rule.says), name
        assert rule.says in text, f"{name}: {RATIONALE.name} does not say '{rule.says}'"
