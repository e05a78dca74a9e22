"""What KeOps 2.3 gets wrong, line by line of our list of its mistakes: each line is a test named after it."""

import warnings

import numpy as np
import pytest

from keops import _keops
from keops.numpy import Genred

rng = np.random.default_rng(11)


def run(text, aliases, *arrays, **options):
    return _keops.Reduction(text, aliases, **options).run(*arrays)


def test_1_constants_and_powers_are_exact_in_the_computing_type():
    x = np.array([[3.0]])
    assert run("Sum_Reduction(IntCst(16777217)*x,0)", ["x=Vi(1)"], x)[0, 0] == 3 * 16777217
    assert run("Sum_Reduction(RatCst(1,3)*x,0)", ["x=Vi(1)"], x / 3)[0, 0] == (1 / 3) * 1.0
    power = run("Sum_Reduction(Powf(x,1.5),0)", ["x=Vi(1)"], x - 1)[0, 0]
    assert abs(power - 2**1.5) < 1e-15


BROADCAST = ["IfElse(c,a,b)", "Powf(2+a,s)", "Powf(2+s,b)", "Atan2(a,s)", "Atan2(s,b)", "IfElse(s,a,b*s)"]


@pytest.mark.parametrize("formula", BROADCAST)
def test_2_gradients_of_choices_and_of_broadcast_operands(formula):
    arrays = {name: rng.uniform(0.1, 1, (1, dim)) for name, dim in (("c", 3), ("a", 3), ("b", 3), ("s", 1))}
    arrays["c"] *= [1, -1, 1]
    aliases = [f"{n}=Vi({v.shape[1]})" for n, v in arrays.items()]
    value = _keops.Reduction(f"Sum_Reduction(Sum({formula}),0)", aliases)
    for name in "abs":
        gradient = run(f"Sum_Reduction(Grad(Sum({formula}),{name},1),0)", aliases, *arrays.values())
        for k in range(arrays[name].shape[1]):
            moved = [{**arrays, name: arrays[name] + h * np.eye(arrays[name].shape[1])[k]} for h in (1e-6, -1e-6)]
            above, below = (value.run(*m.values())[0, 0] for m in moved)
            assert abs(gradient[0, k] - (above - below) / 2e-6) < 1e-8


def test_3_soft_dtw_is_right_everywhere():
    x, y, gamma = rng.uniform(-1, 1, (5, 4)), rng.uniform(-1, 1, (7, 3)), np.array([0.5])
    expected = np.zeros((5, 7))
    for i, a in enumerate(x):
        for j, b in enumerate(y):
            r = np.full((5, 4), np.inf)
            r[0, 0] = 0
            for k in range(4):
                for m in range(3):
                    before = np.array([r[k, m], r[k, m + 1], r[k + 1, m]])
                    least = before.min()
                    r[k + 1, m + 1] = (a[k] - b[m]) ** 2 + least - 0.5 * np.log(np.exp((least - before) / 0.5).sum())
            expected[i, j] = r[4, 3]
    aliases = ["x=Vi(4)", "y=Vj(3)", "g=Pm(1)"]
    assert np.allclose(run("Sum_Reduction(SoftDTW_SqDist(x,y,g),0)", aliases, x, y, gamma)[:, 0], expected.sum(1))
    assert np.allclose(run("Min_Reduction(SoftDTW_SqDist(x,y,g),1)", aliases, x, y, gamma)[:, 0], expected.min(0))


def test_3_splines_in_float64_with_a_derivative():
    from scipy.interpolate import BSpline

    knots, x = np.array([[0.0, 1, 2, 4, 5, 7]]), np.linspace(2.1, 3.9, 9)[:, None]
    aliases = ["t=Pm(6)", "x=Vi(1)"]
    values = run("Sum_Reduction(BSpline(t,x,2),0)", aliases, knots[0], x)
    slopes = run("Sum_Reduction(GradMatrix(BSpline(t,x,2),x),0)", aliases, knots[0], x)
    for k in range(3):
        spline = BSpline(knots[0], np.eye(3)[k], 2)
        assert np.allclose(values[:, k], spline(x[:, 0]), rtol=1e-13, atol=1e-15)
        assert np.allclose(slopes[:, k], spline.derivative()(x[:, 0]), rtol=1e-13, atol=1e-15)


def test_3_derivatives_at_removable_singularities():
    zero = np.zeros((1, 1))
    assert run("Sum_Reduction(Grad(SinXDivX(x),x,1),0)", ["x=Vi(1)"], zero)[0, 0] == 0
    assert run("Sum_Reduction(Grad(XLogX(x),x,1),0)", ["x=Vi(1)"], zero)[0, 0] == -np.inf


def test_4_log_sum_exp_of_nothing():
    x, y = np.zeros((2, 1)), np.zeros((3, 1))
    aliases = ["x=Vi(1)", "y=Vj(1)"]
    assert (run("LogSumExp_Reduction(x+y,0)", aliases, x, y[:0]) == -np.inf).all()
    assert (run("LogSumExp_Reduction(x+y,0)", aliases, x, y - np.inf) == -np.inf).all()
    weighted = Genred("x+y", aliases, reduction_op="LogSumExpWeight", axis=1, formula2="y+2")(x, y)
    assert weighted.shape == (2, 1) and np.allclose(weighted, np.log(6))


@pytest.mark.parametrize(
    "formula, value",
    {
        "(x==y)": 0,
        "(x!=y)": 1,
        "x**0.5": 2,
        "x**y": 4**3,
        "0.5*x": 2,
        "TensorDot(x,y,Ind(1),Ind(1),Ind(0),Ind(0))": 12,
        "Vi(0,1)*Vj(1,1)": 12,
        "RatCst(1,2)+IntCst(1)": 1.5,
    }.items(),
)
def test_5_syntax_that_the_manual_promises(formula, value):
    x, y = np.array([[4.0]]), np.array([[3.0]])
    for aliases in (["x=Vi(1)", "y=Vj(1)"], ["x=Vx(1)", "y=Vy(1)"], ["x=Var(0,1,0)", "y=Var(1,1,1)"]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Vx and Vy are old spellings
            assert run(f"Sum_Reduction({formula},0)", aliases, x, y)[0, 0] == value


def test_6_shapes_and_types_are_checked():
    reduction = Genred("SqDist(x,y)", ["x=Vi(3)", "y=Vj(3)"], axis=1)
    x = np.zeros((4, 3))
    for wrong in (x[:, :2], x.astype(np.float32), x[0, 0], x.astype(int), "x"):
        with pytest.raises((ValueError, TypeError), match="y"):
            reduction(x, wrong)


def test_7_one_hot_out_of_range_is_zero():
    where = np.array([[-1.6], [-5.0], [2.5], [1e9], [np.inf], [-np.inf], [np.nan]])
    assert not run("Sum_Reduction(OneHot(k,3),0)", ["k=Vi(1)"], where).any()


@pytest.mark.parametrize("scheme", ["auto", "direct_sum", "block_sum"])
@pytest.mark.parametrize("rows", [1, 40])
def test_8_double_accumulators_are_honoured_everywhere(rows, scheme):
    """Few kept rows are cut into pieces of the reduced index, many are not."""
    x, y = np.ones((rows, 1), np.float32), np.full((300_001, 1), 0.1, np.float32)
    y[0] = 3e4
    options = {"sum_scheme": scheme, "use_double_acc": True}
    total = Genred("x*y", ["x=Vi(1)", "y=Vj(1)"], axis=1, **options)(x, y)
    assert total.dtype == np.float32
    tolerance = 2e-6 if scheme == "block_sum" else 6e-8  # blocks are summed in float32 first
    assert abs(total / y.astype(float).sum() - 1).max() <= tolerance


@pytest.mark.parametrize("schedule", ["", "rows=1", "rows=2,block=4,blocks=2", "split=8", "chunk=1"])
@pytest.mark.parametrize("name", ["Sum", "Min", "ArgMax", "Max_ArgMax", "LogSumExp", "ArgKMin"])
def test_9_every_reduction_under_every_scheme(name, schedule):
    x, y = rng.uniform(-1, 1, (37, 2)), rng.uniform(-1, 1, (61, 2))
    tag = "3,0" if name == "ArgKMin" else "0"
    text, aliases = f"{name}_Reduction(SqDist(x,y),{tag})", ["x=Vi(2)", "y=Vj(2)"]
    terms = ((x[:, None] - y) ** 2).sum(-1)
    expected = {
        "Sum": lambda: [terms.sum(1)],
        "Min": lambda: [terms.min(1)],
        "ArgMax": lambda: [terms.argmax(1)],
        "Max_ArgMax": lambda: [terms.max(1), terms.argmax(1)],
        "LogSumExp": lambda: [np.log(np.exp(terms).sum(1))],
        "ArgKMin": lambda: list(np.argsort(terms, axis=1)[:, :3].T),
    }[name]()
    result = run(text, aliases, x, y, schedule=schedule) if schedule else run(text, aliases, x, y)
    results = result if isinstance(result, tuple) else (result,)
    columns = np.concatenate([np.asarray(r).reshape(37, -1) for r in results], 1)
    assert np.allclose(columns.T, expected, rtol=1e-13)


def test_10_indices_beyond_what_float32_can_hold():
    n = 2**24 + 3
    y = np.zeros((n, 1), np.float32)
    y[n - 1] = 1
    assert run("ArgMax_Reduction(x*y,0)", ["x=Vi(1)", "y=Vj(1)"], np.ones((1, 1), np.float32), y)[0, 0] == n - 1


@pytest.mark.parametrize("name", ["MinArgMin", "MaxArgMax", "KMinArgKMin"])
def test_13_names_without_underscore(name):
    x, y = rng.uniform(-1, 1, (4, 2)), rng.uniform(-1, 1, (5, 2))
    options = {"opt_arg": 2} if name.startswith("K") else {}
    values, indices = Genred("SqDist(x,y)", ["x=Vi(2)", "y=Vj(2)"], reduction_op=name, axis=1, **options)(x, y)
    assert indices.dtype == np.int64 and values.shape == indices.shape


def test_13_complex_scal():
    z, w = np.array([[1.0, 2.0]]), np.array([[3.0, -1.0, 0.5, 2.0]])
    product = ((1 + 2j) * (w[0, ::2] + 1j * w[0, 1::2])).view(float)
    assert np.allclose(run("Sum_Reduction(ComplexScal(z,w),0)", ["z=Vi(2)", "w=Vi(4)"], z, w), product)
