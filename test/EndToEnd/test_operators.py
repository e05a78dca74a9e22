"""Derivatives in both modes, the operators made of them, and operators of linear maps, against NumPy formulas."""

import numpy as np
import pytest

from keops import _keops

rng = np.random.default_rng(5)
X, Y = rng.uniform(-1, 1, (17, 3)), rng.uniform(-1, 1, (19, 3))
E, U = rng.uniform(-1, 1, (17, 1)), rng.uniform(-1, 1, (17, 3))
GAP = X[:, None, :] - Y[None]
SQUARED = (GAP**2).sum(-1)
KERNEL = np.exp(-SQUARED)
MATRIX = np.einsum("jk,jl->kl", Y, Y)


def run(text, *arrays):
    return _keops.Reduction(text, ["x=Vi(3)", "y=Vj(3)", "e=Vi(1)", "u=Vi(3)"]).run(*(arrays or (X, Y, E, U)))


def close(result, expected):
    return np.allclose(result, expected, rtol=1e-12, atol=1e-12)


def column(values):
    return values.sum(1)[:, None]


K = "Exp(-SqDist(x,y))"
VALUES = {
    f"Diff({K},x,u)": column(KERNEL * -2 * np.einsum("ijk,ik->ij", GAP, U)),
    f"Diff({K},(x,y),(u,x))": column(KERNEL * -2 * np.einsum("ijk,ik->ij", GAP, U - X)),
    f"Diff(Diff({K},x,u),x,u)": column(
        KERNEL * (4 * np.einsum("ijk,ik->ij", GAP, U) ** 2 - 2 * (U**2).sum(1)[:, None])
    ),
    f"Divergence(x*{K},x)": column(KERNEL * (3 - 2 * np.einsum("ijk,ik->ij", GAP, X))),
    f"Laplacian({K},x)": column(KERNEL * (4 * SQUARED - 6)),
    f"GradMatrix(x*{K},x)": np.einsum(
        "ij,ijkl->ikl", KERNEL, np.eye(3) - 2 * X[:, None, :, None] * GAP[:, :, None, :]
    ).reshape(17, 9),
    "TraceOperator(MatVecMult(TensorProd(y,y),x),x)": np.full((17, 1), np.trace(MATRIX)),
    "TraceOperator(MatVecMult(TensorProd(y,y),x),x,u)": (U * np.diag(MATRIX)).sum(1)[:, None],
    "AdjointOperator(e*x*Elem(y,1),x,u)": E * U * Y[:, 1].sum(),
    "AdjointOperator(MatVecMult(TensorProd(y,x),u),u,y)": X * (Y**2).sum(),
    "SumLinOperator(MatVecMult(TensorProd(y,y),x),x)": np.full((17, 1), (Y.sum(1) ** 2).sum()),
    "SumLinOperator(MatVecMult(TensorProd(y,y),x),x,u,u)": ((U @ Y.T) ** 2).sum(1)[:, None],
    f"Factorize({K},SqDist(x,y))": column(KERNEL),
    f"AutoFactorize({K})": column(KERNEL),
}


@pytest.mark.parametrize("formula", VALUES)
def test_operator(formula):
    assert close(run(f"Sum_Reduction({formula},0)"), VALUES[formula])


FORMULAS = [
    "Sin(x)*y",
    "(x|y)*x/(2+Square(y))",
    "Norm2(x-y)*Concat(Elem(x,0),Extract(y,0,2))",
    "MatVecMult(TensorProd(x,y),Cos(x))",
    "TensorDot(x,y*x,[3],[3],[],[],[1,0])",
    "Kron(x,Extract(x,0,2),[3],[2])",
    "IfElse(x-y,x*x,Exp(x))",
    "Clamp(x,y,y+1)+Maximum(x,y)*Minimum(x,2*y)",
    "Max(x*y)+Min(Sin(x))+Gather(x*x,ArgMax(x))",
    "Normalize(x)*SymSqNorm(TensorProd(y,y),x)",
    "ComplexMult(Concat(x,y),ComplexExp(Concat(y,Sin(x))))",
    "ComplexDivide(Concat(x,y),ComplexExp1j(x))",
    "ComplexAbs(Concat(x,y))*ComplexSquareAbs(Concat(y,x))",
    "SinXDivX(x*y)+XLogX(2+x)+Powf(2+x,y)+Sigmoid(x)",
    "Hypot(x,y)+Mod(x,2,y)+Pow(x,3)*Rsqrt(2+x)",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_both_modes_agree_with_each_other_and_with_differences(formula):
    """<e, dF u> = <dF^T e, u>, and both equal the central difference in float64."""
    forward = run(f"Sum_Reduction(Sum(Diff({formula},x,u)),0)")
    reverse = run(f"Sum_Reduction(Scalprod(u,Grad({formula},x,0*({formula})+1)),0)")
    assert close(forward, reverse)
    h = 1e-6
    above, below = (run(f"Sum_Reduction(Sum({formula}),0)", X + s * U, Y, E, U) for s in (h, -h))
    assert np.allclose(forward, (above - below) / (2 * h), rtol=1e-6, atol=1e-6)


ARRAYS = {"x": X, "y": Y, "p": rng.uniform(0.5, 1, 3), "u": U, "w": rng.uniform(-1, 1, (19, 3)), "q": rng.uniform(-1, 1, 3)}
PLACES = [f"{name}={place}(3)" for name, place in zip(ARRAYS, ("Vi", "Vj", "Pm", "Vi", "Vj", "Pm"))]
REDUCTIONS = [
    "Sum_Reduction(Exp(-SqDist(p*x,y))*y,0)",
    "Sum_Reduction(Exp(-SqDist(p*x,y))*x,1)",
    "Min_Reduction(x*y*p,0)",
    "KMin_Reduction(SqDist(x,p*y),3,1)",
    "LogSumExp_Reduction(-SqDist(p*x,y),0)",
    "LogSumExp_Reduction((x|p*y),0,Exp(x*y))",
    "SumSoftMaxWeight_Reduction((x|p*y),0,x*y)",
    "Mean_Reduction(Sin(p*x*y),0)",
    "Var_Reduction(Sin(p*x*y),1)",
    "Prod_Reduction(1+p*x*y/4,0)",
    "Grad(Sum_Reduction(Exp(-SqDist(p*x,y)),0),x,1)",
]


@pytest.mark.parametrize("variable, tangent", [("x", "u"), ("y", "w"), ("p", "q")])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_reductions_in_forward_mode(reduction, variable, tangent):
    forward = _keops.Reduction(f"Diff({reduction},{variable},{tangent})", PLACES).run(*ARRAYS.values())
    value = _keops.Reduction(reduction, PLACES)
    moved = [{**ARRAYS, variable: ARRAYS[variable] + h * ARRAYS[tangent]} for h in (1e-6, -1e-6)]
    above, below = (value.run(*arrays.values()) for arrays in moved)
    assert forward.shape == above.shape
    assert np.allclose(forward, (above - below) / 2e-6, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("position", [-1.6, -1.4, -1.0, -0.4, 0.49, 0.5, 1.5, 1.51, 18.49, 18.5, np.nan, np.inf])
def test_positions_are_cut_towards_zero_and_never_leave_the_vector(position):
    """OneHot and Elem with a run-time index; dimension 19 is a loop, 3 is unrolled."""
    values = rng.uniform(1, 2, (1, 19))
    where = int(position + 0.5) if np.isfinite(position) else -1
    for dim in (3, 19):
        x, p = values[:, :dim], np.full((1, 1), position)
        hot = _keops.Reduction(f"Sum_Reduction(OneHot(p,{dim}),0)", ["p=Vi(1)"]).run(p)
        elem = _keops.Reduction("Sum_Reduction(Elem(x,p),0)", [f"x=Vi({dim})", "p=Vi(1)"]).run(x, p)
        inside = 0 <= where < dim
        assert np.array_equal(hot[0], [float(inside and k == where) for k in range(dim)])
        assert elem[0, 0] == (x[0, where] if inside else 0)


@pytest.mark.parametrize("dim", [1, 3, 19])
def test_extreme_components_with_ties_and_nan(dim):
    rows = rng.integers(0, 3, (50, dim)).astype(float)
    rows[::7, dim // 2] = np.nan
    for name, better in (("Max", np.greater), ("Min", np.less)):
        best, where = rows[:, 0].copy(), np.zeros(len(rows))
        for k in range(1, dim):
            wins = better(rows[:, k], best)
            best[wins], where[wins] = rows[wins, k], k
        value = _keops.Reduction(f"Sum_Reduction({name}(x),0)", [f"x=Vi({dim})"]).run(rows)
        place = _keops.Reduction(f"Sum_Reduction(Arg{name}(x),0)", [f"x=Vi({dim})"]).run(rows)
        assert np.array_equal(value[:, 0], best, equal_nan=True) and np.array_equal(place[:, 0], where)
