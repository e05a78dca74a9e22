"""Every name that formulas may use, in one formula each: what a KeOps user has written must be accepted here."""

import numpy as np
import pytest

from keops import _keops
from keops.numpy import Genred

ALIASES = ["x=Vi(3)", "y=Vj(3)", "s=Vi(1)", "t=Vj(1)", "c=Vi(4)", "d=Vj(4)", "p=Pm(1)"]
FORMULAS = {
    # Leaves.
    "Var": "Var(0,3,0)",
    "IntCst": "IntCst(3)*x",
    "RatCst": "RatCst(1,3)*x",
    "IntInv": "IntInv(3)*x",
    "Zero": "Zero(3)+x",
    # Arithmetic.
    "Add": "Add(x,y)",
    "Subtract": "Subtract(x,y)",
    "Minus": "Minus(x)",
    "Mult": "Mult(x,y)",
    "Divide": "Divide(x,y)",
    "Inv": "Inv(x)",
    "Square": "Square(x)",
    "Pow": "Pow(x,3)",
    "Powf": "Powf(x,t)",
    "Sqrt": "Sqrt(x)",
    "Rsqrt": "Rsqrt(x)",
    # Functions.
    "Exp": "Exp(x)",
    "Log": "Log(x)",
    "XLogX": "XLogX(x)",
    "Sin": "Sin(x)",
    "Cos": "Cos(x)",
    "SinXDivX": "SinXDivX(x)",
    "Asin": "Asin(x)",
    "Acos": "Acos(x)",
    "Atan": "Atan(x)",
    "Atan2": "Atan2(x,y)",
    "Abs": "Abs(x)",
    "Sign": "Sign(x)",
    "Step": "Step(x)",
    "ReLU": "ReLU(x)",
    "Floor": "Floor(x)",
    "Round": "Round(x,2)",
    "Clamp": "Clamp(x,y,y+1)",
    "ClampInt": "ClampInt(x,0,1)",
    "DiffClampInt": "DiffClampInt(x,0,1)",
    "Mod": "Mod(x,2,t)",
    "IfElse": "IfElse(x,y,t)",
    "Equal": "Equal(x,y)",
    "NotEqual": "NotEqual(x,y)",
    "LessThan": "LessThan(x,y)",
    "LessOrEqual": "LessOrEqual(x,y)",
    # Vectors.
    "Sum": "Sum(x)",
    "SumT": "SumT(s,3)",
    "Scalprod": "Scalprod(x,y)",
    "SqNorm2": "SqNorm2(x)",
    "Norm2": "Norm2(x)",
    "Normalize": "Normalize(x)",
    "SqDist": "SqDist(x,y)",
    "SqNormIso": "SqNormIso(s,x)",
    "SqNormDiag": "SqNormDiag(y,x)",
    "SymSqNorm": "SymSqNorm(TensorProd(y,y),x)",
    "WeightedSqNorm": "WeightedSqNorm(y,x)",
    "WeightedSqDist": "WeightedSqDist(s,x,y)",
    "Elem": "Elem(x,1)",
    "ElemT": "ElemT(s,3,1)",
    "Extract": "Extract(x,1,2)",
    "ExtractT": "ExtractT(x,1,5)",
    "Concat": "Concat(x,y)",
    "OneHot": "OneHot(s,4)",
    "Max": "Max(x)",
    "Min": "Min(x)",
    "ArgMax": "ArgMax(x)",
    "ArgMin": "ArgMin(x)",
    # Tensors.
    "MatVecMult": "MatVecMult(TensorProd(y,y),x)",
    "VecMatMult": "VecMatMult(x,TensorProd(y,y))",
    "TensorProd": "TensorProd(x,y)",
    "TensorDot": "TensorDot(c,d,[2,2],(2,2),Ind(1),[0],[1,0])",
    "Kron": "Kron(c,d,[2,2],[2,2])",
    "GradMatrix": "GradMatrix(x*y,x)",
    # Special functions.
    "BSpline": "BSpline(c,t,2)",
    "SoftDTW_SqDist": "SoftDTW_SqDist(x,y,p)",
    # Complex vectors.
    "Real2Complex": "Real2Complex(x)",
    "Imag2Complex": "Imag2Complex(x)",
    "ComplexReal": "ComplexReal(c)",
    "ComplexImag": "ComplexImag(c)",
    "Conj": "Conj(c)",
    "ComplexAbs": "ComplexAbs(c)",
    "ComplexSquareAbs": "ComplexSquareAbs(c)",
    "ComplexAngle": "ComplexAngle(c)",
    "ComplexExp": "ComplexExp(c)",
    "ComplexExp1j": "ComplexExp1j(x)",
    "ComplexAdd": "ComplexAdd(c,d)",
    "ComplexSubtract": "ComplexSubtract(c,d)",
    "ComplexMult": "ComplexMult(c,d)",
    "ComplexDivide": "ComplexDivide(c,d)",
    "ComplexRealScal": "ComplexRealScal(c,t)",
    "ComplexScal": "ComplexScal(Extract(c,0,2),d)",
    "ComplexSum": "ComplexSum(c)",
    "ComplexSumT": "ComplexSumT(Extract(c,0,2),6)",
    # Derivatives and operators.
    "Grad": "Grad(Exp(x),x,y)",
    "Diff": "Diff(Exp(x),x,y)",
    "Divergence": "Divergence(x*y,x)",
    "Laplacian": "Laplacian(SqNorm2(x*y),x)",
    "TraceOperator": "TraceOperator(x*y,x)",
    "AdjointOperator": "AdjointOperator(x*y,x,y)",
    "SumLinOperator": "SumLinOperator(x*y,x)",
    "Factorize": "Factorize(Exp(x)+Exp(x),Exp(x))",
    "AutoFactorize": "AutoFactorize(Exp(x)+Exp(x))",
    # Beyond KeOps.
    "Tanh": "Tanh(x)",
    "Sinh": "Sinh(x)",
    "Cosh": "Cosh(x)",
    "Erf": "Erf(x)",
    "Erfc": "Erfc(x)",
    "Expm1": "Expm1(x)",
    "Log1p": "Log1p(x)",
    "Sigmoid": "Sigmoid(x)",
    "Softplus": "Softplus(x)",
    "Lgamma": "Lgamma(x)",
    "Maximum": "Maximum(x,y)",
    "Minimum": "Minimum(x,y)",
    "And": "And(x,y)",
    "Or": "Or(x,y)",
    "Not": "Not(x)",
    "Hypot": "Hypot(x,y)",
    "Elem at run time": "Elem(x,t)",
}


@pytest.mark.parametrize("name", FORMULAS)
def test_formula(name):
    assert "map_reduce" in Genred(FORMULAS[name], ALIASES, axis=1).ir("keops")


@pytest.mark.parametrize("name", ["Grad_WithSavedForward", "Diff_WithSavedForward"])
def test_derivatives_with_a_saved_result(name):
    """The result of the reduction may be given; what it saves elsewhere is saved here in any case."""
    x, y = np.linspace(0, 1, 12).reshape(4, 3), np.linspace(-1, 1, 15).reshape(5, 3)
    e, r = np.ones((4, 3 if name.startswith("Diff") else 1)), np.zeros((4, 1))
    aliases = ["x=Vi(3)", "y=Vj(3)", f"e=Vi({e.shape[1]})", "r=Vi(1)"]
    reduction = "LogSumExp_Reduction(-SqDist(x,y),0)"
    given = _keops.Reduction(f"{name}({reduction},x,e,r)", aliases).run(x, y, e, r)
    plain = _keops.Reduction(f"{name[:4]}({reduction},x,e)", aliases).run(x, y, e, r)
    assert np.array_equal(given, plain)


# Name: further arguments, shapes of the results per row for a formula of dimension 3.
REDUCTIONS = {
    "Sum": ({}, [(3,)]),
    "Min": ({}, [(3,)]),
    "Max": ({}, [(3,)]),
    "ArgMin": ({}, [(3,)]),
    "ArgMax": ({}, [(3,)]),
    "Min_ArgMin": ({}, [(3,), (3,)]),
    "Max_ArgMax": ({}, [(3,), (3,)]),
    "KMin": ({"opt_arg": 2}, [(2, 3)]),
    "ArgKMin": ({"opt_arg": 2}, [(2, 3)]),
    "KMin_ArgKMin": ({"opt_arg": 2}, [(2, 3), (2, 3)]),
    "Prod": ({}, [(3,)]),
    "KMax": ({"opt_arg": 2}, [(2, 3)]),
    "ArgKMax": ({"opt_arg": 2}, [(2, 3)]),
    "Any": ({}, [(3,)]),
    "All": ({}, [(3,)]),
    "Count": ({}, [(3,)]),
    "Mean": ({}, [(3,)]),
    "Var": ({}, [(3,)]),
}
SCALAR_REDUCTIONS = {
    "Max_SumShiftExp": ({}, [(2,)]),
    "Max_SumShiftExpWeight": ({"formula2": "y"}, [(4,)]),
    "LogSumExp": ({}, [(1,)]),
    "LogSumExpWeight": ({"formula2": "y"}, [(3,)]),
    "SumSoftMaxWeight": ({"formula2": "y"}, [(3,)]),
    "SoftMax": ({"formula2": "y"}, [(3,)]),
}


def shapes_of(formula, name, options):
    x, y = np.linspace(0, 1, 12).reshape(4, 3), np.linspace(0, 1, 15).reshape(5, 3)
    results = Genred(formula, ["x=Vi(3)", "y=Vj(3)"], reduction_op=name, axis=1, **options)(x, y)
    return [r.shape for r in (results if isinstance(results, tuple) else (results,))]


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reduction(name):
    options, shapes = REDUCTIONS[name]
    assert shapes_of("x*y", name, options) == [(4, *shape) for shape in shapes]


@pytest.mark.parametrize("name", SCALAR_REDUCTIONS)
def test_scalar_reduction(name):
    options, shapes = SCALAR_REDUCTIONS[name]
    assert shapes_of("(x|y)", name, options) == [(4, *shape) for shape in shapes]


def test_a_misspelt_name_is_corrected():
    with pytest.raises(Exception, match="did you mean 'Laplacian'"):
        _keops.Reduction("Sum_Reduction(Laplacean(x,x),0)", ["x=Vi(3)"]).run(np.zeros((2, 3)))
