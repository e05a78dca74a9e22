"""Batches: every item has the bits that it has alone, whatever is broadcast and whichever threads compute it."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from pairs import REDUCTIONS, as_tuple, eps_of

import keops
from keops import _keops
from keops.numpy import Genred

MORE = ("Mean", "Var", "Prod", "Any", "All", "Count", "Max_SumShiftExp")
# Batch axes of x, y and p: the same, broadcast, missing, empty, one.
BATCHES = [
    ((3,), (3,), (3,)),
    ((2, 1), (1, 3), (2, 3)),
    ((), (4,), ()),
    ((5,), (), (1,)),
    ((), (), (4,)),
    ((2, 3), (3,), (2, 1)),
    ((1,), (1,), (1,)),
    ((0,), (1,), ()),
    ((2, 0), (), (2, 1)),
]
SIZES = [(0, 3), (3, 0), (1, 1), (50, 30), (67, 131), (1, 3001)]


@pytest.fixture
def threads():
    before = keops.get_num_threads()
    yield keops.set_num_threads
    keops.set_num_threads(before)


def draw(rng, batches, m, n, dim, dtype):
    shapes = ((m, dim), (n, dim), (dim,))
    return [rng.standard_normal((*batch, *shape)).astype(dtype) for batch, shape in zip(batches, shapes)]


def items_of(batches, arrays):
    """The arrays of each item of the batch, and its place."""
    shape = np.broadcast_shapes(*batches)
    whole = [
        np.broadcast_to(a, (*shape, *a.shape[len(batch) :])) for a, batch in zip(arrays, batches, strict=True)
    ]
    for place in itertools.product(*map(range, shape)):
        yield place, [a[place] for a in whole]


def make(name, axis, dim=3):
    options = {"opt_arg": 4} if name.startswith(("K", "ArgK")) else {}
    scalar = name in ("LogSumExp", "SumSoftMaxWeight", "Max_SumShiftExp")
    if name in ("LogSumExp", "SumSoftMaxWeight"):
        options["formula2"] = "y"
    formula = "(x|y*p)" if scalar else "x*y-p"
    return Genred(formula, [f"x=Vi({dim})", f"y=Vj({dim})", f"p=Pm({dim})"], reduction_op=name, axis=axis, **options)


def assert_items(reduction, batches, arrays):
    results = as_tuple(reduction(*arrays))
    shape = np.broadcast_shapes(*batches)
    for place, own in items_of(batches, arrays):
        for whole, alone in zip(results, as_tuple(reduction(*own)), strict=True):
            assert whole.shape == (*shape, *alone.shape) and whole.dtype == alone.dtype
            assert whole[place].tobytes() == alone.tobytes()
    return results


@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("name", (*REDUCTIONS, *MORE))
def test_items_have_the_bits_that_they_have_alone(name, axis):
    rng = np.random.default_rng(len(name) + axis)
    reduction = make(name, axis)
    for batches in BATCHES[:4]:
        m, n = SIZES[rng.integers(2, len(SIZES))]
        assert_items(reduction, batches, draw(rng, batches, m, n, 3, np.float32))


@pytest.mark.parametrize("dtype", (np.float16, np.float32, np.float64))
@pytest.mark.parametrize("batches", BATCHES, ids=str)
def test_shapes_and_values(batches, dtype, threads):
    rng = np.random.default_rng(3)
    reduction = Genred("Exp(-SqDist(x,y))*p", ["x=Vi(3)", "y=Vj(3)", "p=Pm(3)"], axis=1)
    for m, n in SIZES:
        arrays = draw(rng, batches, m, n, 3, dtype)
        x, y, p = (a.astype(np.float64) for a in arrays)
        squares = ((x[..., :, None, :] - y[..., None, :, :]) ** 2).sum(-1)
        expected = np.exp(-squares).sum(-1)[..., None] * p[..., None, :]
        results = []
        for count in (1, 4):
            threads(count)
            results.append(reduction(*arrays))
        assert results[0].shape == (*np.broadcast_shapes(*batches), m, 3) == expected.shape
        assert results[0].tobytes() == results[1].tobytes()
        scale = np.abs(expected).max(initial=1)
        assert np.abs(results[0] - expected).max(initial=0) <= 40 * eps_of(dtype) * scale


def test_more_items_than_the_workspace_has_room_for(threads):
    rng = np.random.default_rng(4)
    batches = ((2500,), (2500,), (2500,))
    arrays = draw(rng, batches, 70, 33, 3, np.float32)
    for name in ("Sum", "KMin_ArgKMin"):
        threads(4)
        many = as_tuple(make(name, 1)(*arrays))
        threads(1)
        for part, result in zip(assert_items(make(name, 1), batches, arrays), many, strict=True):
            assert part.tobytes() == result.tobytes()


@pytest.mark.parametrize("variable", "xyp")
@pytest.mark.parametrize("name", ("Sum", "LogSumExp", "Mean", "Var", "Min", "KMin"))
def test_gradients(name, variable):
    rng = np.random.default_rng(5)
    best = ",2" if name == "KMin" else ""
    text = f"Grad({name}_Reduction(SqDist(x,y)*(p|y){best},0),{variable},e)"
    reduction = _keops.Reduction(text, ["x=Vi(3)", "y=Vj(3)", "p=Pm(3)", f"e=Vi({2 if best else 1})"])
    batches = ((2, 1), (1, 3), (2, 3), (3,))
    arrays = draw(rng, batches[:3], 29, 41, 3, np.float64) + [rng.standard_normal((3, 29, 2 if best else 1))]
    assert_items(reduction.run, batches, arrays)


def test_several_reductions_and_complex_arrays():
    rng = np.random.default_rng(6)
    batches = ((4,), (), ())
    fused = _keops.Reduction("Fused(Sum_Reduction(x*y,0),ArgMax_Reduction(x-y*p,0))", ["x=Vi(3)", "y=Vj(3)", "p=Pm(3)"])
    assert_items(fused.run, batches, draw(rng, batches, 20, 30, 3, np.float32))
    product = Genred("ComplexMult(x,y)", ["x=Vi(4)", "y=Vj(4)"], axis=1, complex_result=True)
    x, y = (rng.standard_normal((*shape, 4)).view(complex) for shape in ((2, 5), (3, 1, 7)))
    assert np.allclose(product(x, y), (x[:, :, None, :] * y[..., None, :, :]).sum(-2))
    assert_items(product, ((), (3, 1)), [x[0][None][0], y])


def test_any_strides_will_do():
    rng = np.random.default_rng(7)
    reduction = make("Sum", 1)
    x, y, p = draw(rng, ((4,), (4,), (4,)), 21, 22, 3, np.float32)
    expected = reduction(x, y, p)
    records = np.zeros(y.shape, [("skip", "u1"), ("value", "f4")])["value"]
    records[...] = y
    for other in (records, np.asfortranarray(y), y[:, ::-1].copy()[:, ::-1], y[::-1].copy()[::-1]):
        assert reduction(np.asfortranarray(x), other, p[::-1].copy()[::-1]).tobytes() == expected.tobytes()


def test_out():
    rng = np.random.default_rng(8)
    reduction = make("Min_ArgMin", 1)
    arrays = draw(rng, ((2, 1), (3,), ()), 9, 8, 3, np.float32)
    expected = reduction(*arrays)
    values = np.zeros((2, 3, 9, 6), np.float32)[..., ::2]
    indices = np.asfortranarray(np.zeros((2, 3, 9, 3), np.int64))
    reduction(*arrays, out=(values, indices))
    assert np.array_equal(values, expected[0]) and np.array_equal(indices, expected[1])
    with pytest.raises(ValueError, match=r"output 1 \(min\): expected shape \(2, 3, 9, 3\), got \(6, 9, 3\)"):
        reduction(*arrays, out=(np.zeros((6, 9, 3), np.float32), indices))


WRONG = [
    (((5, 1), (4, 6), ()), r"argument 2 \(y\): expected batch dimensions that broadcast with \(5, 1\), got \(4, 6\)"),
    (((3,), (), (2,)), r"argument 3 \(p\): expected batch dimensions that broadcast with \(3,\), got \(2,\)"),
    (((2, 3), (0,), ()), r"argument 2 \(y\): expected batch dimensions that broadcast with \(2, 3\), got \(0,\)"),
]


@pytest.mark.parametrize("batches, message", WRONG)
def test_batches_that_do_not_broadcast(batches, message):
    with pytest.raises(ValueError, match="Genred: " + message):
        make("Sum", 1)(*draw(np.random.default_rng(0), batches, 4, 5, 3, np.float32))


def test_sizes_and_components_are_still_checked():
    x, y, p = draw(np.random.default_rng(0), ((2,), (2,), ()), 4, 5, 3, np.float32)
    with pytest.raises(ValueError, match=r"argument 1 \(x\): expected shape \(M, 3\), got \(2, 4, 2\)"):
        make("Sum", 1)(x[..., :2], y, p)
    two = Genred("x*y*z", ["x=Vi(3)", "y=Vj(3)", "z=Vj(3)"], axis=1)
    with pytest.raises(ValueError, match=r"argument 3 \(z\): expected N = 5 rows like argument 2 \(y\), got 4"):
        two(x, y, y[:, :4])


LARGE = """
import resource
import numpy as np
import keops
from keops.numpy import Genred

reduction = Genred("SqDist(x,y)", ["x=Vi(3)", "y=Vj(3)"], reduction_op="Min", axis=1)
rng = np.random.default_rng(0)
x, y = rng.random((1000, 1, 3)).astype("f4"), rng.random((10000, 3)).astype("f4")
reduction(x[:2], y)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert reduction(x, y).shape == (1000, 1, 1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_broadcast_arrays_are_not_copied():
    """A copy of y for each item would take 120 MB."""
    done = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 50_000, "peak memory in kB"
