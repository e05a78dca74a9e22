"""float16 and bfloat16 arrays: every number of both types in and out, equality with float32 programs whose results are
rounded once, accuracy against float64, and what the doors accept and refuse."""

import re
import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest
import torch
from pairs import EXTREMA, as_tuple, grid, reduce_terms, run

import keops
from keops import _keops, reference
from keops.numpy import Genred
from keops.reference_tools import Tools

TYPES = (np.float16, ml_dtypes.bfloat16)
NAMES = {np.float16: "float16", ml_dtypes.bfloat16: "bfloat16"}
SIZES = ((0, 5), (5, 0), (1, 1), (16, 17), (47, 131), (131, 1009))
ALIASES = ["x=Vi(3)", "y=Vj(3)", "b=Vj(2)", "p=Pm(1)", "e=Vi(2)"]
GAUSS = "Sum_Reduction(Exp(-p*SqDist(x,y))*b,0)"

each_type = pytest.mark.parametrize("dtype", TYPES, ids=NAMES.get)


def single(array):
    return array.astype(np.float32)


def bits(array):
    return array.view(np.uint16)


def every_number(dtype):
    return np.arange(1 << 16, dtype=np.uint16).view(dtype)[:, None]


def assert_same_bits(result, expected):
    """Any NaN is equal to any other of its sign."""
    assert result.dtype == expected.dtype and result.shape == expected.shape
    isnan = np.isnan(single(expected))
    assert np.array_equal(np.isnan(single(result)), isnan)
    assert np.array_equal(bits(result)[~isnan], bits(expected)[~isnan])


def assert_rounded(results, wide):
    """The results of a short program are those of the float32 program, rounded; indices are the same."""
    for result, expected in zip(as_tuple(results), as_tuple(wide), strict=True):
        if expected.dtype == np.int64:
            assert np.array_equal(result, expected)
        else:
            with np.errstate(over="ignore"):
                assert_same_bits(result, expected.astype(result.dtype))


def error_of_rounding(dtype):
    """Half a unit, and a little for what float32 lost before."""
    return float(ml_dtypes.finfo(dtype).eps) * 0.51


def make_arrays(m, n, dtype, seed=0):
    rng = np.random.default_rng([m, n, seed])
    shapes = ((m, 3), (n, 3), (n, 2), (1,), (m, 2))
    x, y, b, p, e = (rng.standard_normal(shape).astype(dtype) for shape in shapes)
    return [x, y, b, np.abs(p), e]


# ---- numbers ---------------------------------------------------------------------------------------------------


@each_type
@pytest.mark.parametrize("category", ("Vi", "Vj", "Pm"))
def test_every_number_is_read_and_written(category, dtype):
    """Packed rows of either index and parameters have ways of their own. Precision high keeps subnormal numbers."""
    numbers = every_number(dtype)
    with np.errstate(invalid="ignore"):
        expected = (single(numbers) + np.float32(0)).astype(dtype)
    if category == "Pm":
        reduction = Genred("p+0*x", ["p=Pm(65536)", "x=Vi(1)"], axis=1, precision="high")
        result = reduction(numbers[:, 0], np.zeros((1, 1), dtype)).T
    else:
        reduction = Genred("x", [f"x={category}(1)"], axis=int(category == "Vi"), precision="high")
        result = reduction(numbers)
    assert_same_bits(result, expected)
    signs = bits(result)[np.isnan(single(numbers))] >> 15
    assert np.array_equal(signs, bits(numbers)[np.isnan(single(numbers))] >> 15)


@each_type
def test_products_are_rounded_to_nearest_even(dtype):
    """Products of two short numbers fill float32, so that they hit ties, subnormal numbers and the overflow."""
    numbers, eps = every_number(dtype), float(ml_dtypes.finfo(dtype).eps)
    product = Genred("x*p", ["x=Vi(1)", "p=Pm(1)"], axis=1, precision="high")
    for factor in (1 + eps, 1.5, 1 + 2 * eps, 2 - eps, 0.5, eps, 1 / eps, -3.0):
        factor = np.array([factor]).astype(dtype)
        with np.errstate(all="ignore"):
            expected = (np.float32(0) + single(numbers) * single(factor)).astype(dtype)
        assert_same_bits(product(numbers, factor), expected)


@each_type
def test_sums_are_kept_in_float32(dtype):
    """In the short types a sum of ones ends at 2048 or 256."""
    ones = np.ones((4096, 1), dtype)
    total = Genred("y", ["y=Vj(1)"], axis=1)
    assert single(total(ones))[0, 0] == 4096
    assert single(Genred("y", ["y=Vj(1)"], "Mean", axis=1)(ones))[0, 0] == 1


@each_type
def test_double_accumulators(dtype):
    """The small terms are lost in float32 and not in float64."""
    terms = np.array([2.0**15, 2.0**-14, -(2.0**15), 2.0**-14] * 512)[:, None].astype(dtype)
    exact = np.full((1, 1), 1024 * 2.0**-14).astype(dtype)
    assert_same_bits(Genred("y", ["y=Vj(1)"], axis=1, dtype_acc="float64")(terms), exact)
    assert_same_bits(Genred("y", ["y=Vj(1)"], axis=1, use_double_acc=True)(terms), exact)
    plain = Genred("y", ["y=Vj(1)"], axis=1, dtype_acc="float32", sum_scheme="direct_sum")
    assert_rounded(plain(terms), plain(single(terms)))


# ---- programs --------------------------------------------------------------------------------------------------


@each_type
@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("name", ("Sum", *EXTREMA, "LogSumExp", "SumSoftMaxWeight"))
def test_reductions(name, axis, dtype):
    options = {"opt_arg": 3} if "K" in name else {"formula2": "x"} if name == "SumSoftMaxWeight" else {}
    for m, n in SIZES:
        rng = np.random.default_rng([m, n])
        x, y = grid(rng, (m, 2), dtype, reach=12), grid(rng, (n, 2), dtype, reach=12)
        results = run(name, "x*y", ["x=Vi(2)", "y=Vj(2)"], (x, y), axis, **options)
        assert_rounded(results, run(name, "x*y", ["x=Vi(2)", "y=Vj(2)"], (single(x), single(y)), axis, **options))
        terms, weights = x.astype(float)[:, None] * y.astype(float)[None], None
        if name == "SumSoftMaxWeight":
            weights = np.broadcast_to(x.astype(float)[:, None], terms.shape)
        if axis == 0:
            terms, weights = terms.swapaxes(0, 1), None if weights is None else weights.swapaxes(0, 1)
        for result, want in zip(results, reduce_terms(name, terms, options.get("opt_arg"), weights), strict=True):
            if result.dtype == np.int64:
                assert np.array_equal(result, want)
            else:
                scale = 2 * error_of_rounding(dtype) if weights is not None else 1e-5
                np.testing.assert_allclose(result.astype(float), want, rtol=error_of_rounding(dtype), atol=scale)


@each_type
@pytest.mark.parametrize("name", ("Prod", "Var", "Count", "Mean", "Max_SumShiftExp"))
def test_other_reductions_round_once(name, dtype):
    """Their float32 programs have tests of their own."""
    for m, n in SIZES:
        x, y = make_arrays(m, n, dtype)[:2]
        x, y = x[:, :1], y[:, :1]
        results = run(name, "x*y", ["x=Vi(1)", "y=Vj(1)"], (x, y))
        assert_rounded(results, run(name, "x*y", ["x=Vi(1)", "y=Vj(1)"], (single(x), single(y))))


PROGRAMS = (
    GAUSS,
    f"Grad({GAUSS},x,e)",
    f"Grad({GAUSS},y,e)",
    f"Grad({GAUSS},p,e)",
    "Grad(LogSumExp_Reduction((x|y)*p,0),x,Elem(e,0))",
    "Grad(KMin_Reduction(SqDist(x,y),2,0),y,e)",
    "Sum_Reduction(Extract(x,1,2)*Elem(y,0)+Sqrt(Abs(Extract(y,0,2))),0)",
    "Fused(Sum_Reduction(b*(x|y),0),Max_Reduction(SqDist(x,y),0))",
)


@each_type
@pytest.mark.parametrize("formula", PROGRAMS)
def test_programs(formula, dtype):
    reduction, short = _keops.Reduction(formula, ALIASES), {"float16": "f16", "bfloat16": "bf16"}[NAMES[dtype]]
    module = Tools().import_formula(formula, ALIASES, f"--dtype={short}")
    for m, n in ((0, 3), (1, 1), (13, 29), (131, 257)):
        arrays = make_arrays(m, n, dtype)
        results = as_tuple(reduction.run(*arrays))
        assert_rounded(results, reduction.run(*map(single, arrays)))
        for result, want in zip(results, reference.evaluate(module, *arrays), strict=True):
            assert np.isfinite(want).all()
            atol = 1e-5 * (1 + np.abs(want).max(initial=0))
            np.testing.assert_allclose(result.astype(float).reshape(want.shape), want, rtol=2 * error_of_rounding(dtype), atol=atol)


@each_type
def test_results_that_are_read_again_are_not_rounded(dtype):
    """The gradient of a log-sum-exp reads the log-sum-exp, which is a result here too."""
    value = "LogSumExp_Reduction((x|y),0)"
    both = _keops.Reduction(f"Fused({value},Grad({value},x,Elem(e,0)))", ALIASES)
    alone = _keops.Reduction(f"Grad({value},x,Elem(e,0))", ALIASES)
    arrays = make_arrays(37, 41, dtype)
    assert_rounded(both.run(*arrays), both.run(*map(single, arrays)))
    assert_same_bits(both.run(*arrays)[1], alone.run(*arrays))
    twice = _keops.Reduction(f"Fused({value},{value},Grad({value},x,Elem(e,0)))", ALIASES).run(*arrays)
    assert_same_bits(twice[0], twice[1])
    assert_same_bits(twice[2], alone.run(*arrays))


@each_type
@pytest.mark.parametrize("threads", (1, 3))
def test_threads_change_nothing(threads, dtype):
    reduction, arrays = _keops.Reduction(GAUSS, ALIASES), make_arrays(1500, 2000, dtype)
    before = keops.get_num_threads()
    try:
        keops.set_num_threads(threads)
        assert_rounded(reduction.run(*arrays), reduction.run(*map(single, arrays)))
    finally:
        keops.set_num_threads(before)


# ---- the door --------------------------------------------------------------------------------------------------


def count_programs():
    """The programs that were made in this process, here or from the disk."""
    info = keops.cache_info()
    return info["compilations"] + info["disk_hits"]


def test_each_type_has_a_program_of_its_own():
    reduction = Genred("x*y+3.25", ["x=Vi(1)", "y=Vj(1)"], axis=1)
    before = count_programs()
    for dtype in (*TYPES, np.float32, np.float64, *TYPES):
        reduction(np.ones((2, 1), dtype), np.ones((3, 1), dtype))
        assert reduction.compile_info["dtype"] == np.dtype(dtype).name
    assert count_programs() == before + 4
    assert "keops.storage = bf16" in reduction.ir("expanded", "bfloat16")
    assert "keops.storage" not in reduction.ir("expanded")
    with pytest.raises(ValueError, match="Genred: dtype: expected 'float32', 'float64', 'float16' or 'bfloat16', got 'f16'"):
        reduction.ir("expanded", "f16")


@each_type
def test_any_strides_and_alignment(dtype):
    reduction, arrays = _keops.Reduction(GAUSS, ALIASES), make_arrays(31, 17, dtype)
    expected = reduction.run(*arrays)
    x, y, *others = arrays
    assert_same_bits(reduction.run(np.asfortranarray(x), y[::-1][::-1], *others), expected)
    assert_same_bits(reduction.run(x[::-1, ::-1], y[:, ::-1], *others), expected[::-1])
    odd = np.zeros(x.nbytes + 1, np.uint8)[1:].view(dtype).reshape(x.shape)
    odd[...] = x
    assert_same_bits(reduction.run(odd, y, *others), expected)
    spread = np.zeros((31, 4), dtype)
    assert reduction.run(*arrays, out=spread[:, ::2]) is not None
    assert_same_bits(spread[:, ::2].copy(), expected)
    assert not bits(spread[:, 1::2]).any()


@each_type
def test_numbers_and_lists_follow_the_arrays(dtype):
    reduction, arrays = Genred("x*p", ["x=Vi(1)", "p=Pm(1)"], axis=1), every_number(dtype)[:5]
    third = np.array([1 / 3]).astype(dtype)
    for number in (1 / 3, [1 / 3], np.float64(1 / 3), third[0]):
        assert_same_bits(reduction(arrays, number), reduction(arrays, third))
    assert_same_bits(reduction(arrays, 3), reduction(arrays, np.array([3]).astype(dtype)))
    for number in (float("nan"), float("inf"), 1e30, -1e-30, 1e-6, 65519.9, 3.3895e38):
        with np.errstate(all="ignore"):
            stored = np.array([np.float32(number)]).astype(dtype)
            assert_same_bits(reduction(arrays, number), reduction(arrays, stored))


@each_type
def test_tensors_of_torch(dtype):
    """They come through DLPack; what torch and NumPy call bfloat16 is one type."""
    arrays = make_arrays(31, 17, dtype)
    tensors = [torch.from_numpy(bits(a).astype(np.int16)).view(getattr(torch, NAMES[dtype])) for a in arrays]
    reduction = _keops.Reduction(GAUSS, ALIASES)
    expected = reduction.run(*arrays)
    assert_same_bits(reduction.run(*tensors), expected)
    assert_same_bits(reduction.run(tensors[0].flip(0).T.contiguous().T, *tensors[1:]), expected[::-1])
    out = torch.empty(31, 2, dtype=tensors[0].dtype)
    assert reduction.run(*tensors, out=out) is out
    assert_same_bits(out.view(torch.int16).numpy().view(dtype), expected)
    with pytest.raises(ValueError, match="argument 2 .y.: expected dtype b?float16, got float32"):
        reduction.run(tensors[0], tensors[1].float(), *tensors[2:])
    with pytest.raises(ValueError, match="argument 2 .y.: expected dtype b?float16, got torch.int32"):
        reduction.run(tensors[0], tensors[1].int(), *tensors[2:])
    with pytest.raises(ValueError, match="argument 1 .x.: cannot be read as an array: .*grad"):
        Genred("x", ["x=Vi(3)"])(torch.ones(31, 3, requires_grad=True))


WITHOUT_ML_DTYPES = """
import sys
sys.modules["ml_dtypes"] = None
import torch
from keops.numpy import Genred
x, out = torch.full((5, 1), 1.5, dtype=torch.bfloat16), torch.zeros(1, 1, dtype=torch.bfloat16)
total = Genred("x*p", ["x=Vj(1)", "p=Pm(1)"], axis=1)
print(total(x, 2, out=out).item())
try:
    total(x, 2)
except ValueError as error:
    print(error)
"""


def test_bfloat16_without_the_package_that_names_it():
    done = subprocess.run([sys.executable, "-c", WITHOUT_ML_DTYPES], capture_output=True, text=True)
    message = "Genred: results of dtype bfloat16 need the package ml_dtypes, or an array given as out"
    assert done.stdout == f"15.0\n{message}\n", done.stderr


@pytest.mark.parametrize(
    "index, other, message",
    [
        (1, np.float32, "argument 2 (y): expected dtype float16, got float32"),
        (1, ml_dtypes.bfloat16, "argument 2 (y): expected dtype float16, got bfloat16"),
        (0, ml_dtypes.bfloat16, "argument 2 (y): expected dtype bfloat16, got float16"),
        (0, np.float64, "argument 2 (y): expected dtype float64, got float16"),
        (2, np.complex64, "argument 3 (b): expected dtype float16, got complex64"),
        (2, ">f2", "argument 3 (b): expected dtype float16, got >f2"),
        (1, ml_dtypes.float8_e5m2, "argument 2 (y): expected dtype float16, got float8_e5m2"),
    ],
)
def test_mixed_types_are_refused(index, other, message):
    arrays = make_arrays(4, 3, np.float16)
    arrays[index] = arrays[index].astype(other)
    with pytest.raises(ValueError, match=re.escape("Genred: " + message)):
        _keops.Reduction(GAUSS, ALIASES, caller="Genred").run(*arrays)


def test_wrong_outputs_and_accumulators():
    arrays, reduction = make_arrays(4, 3, np.float16), _keops.Reduction(GAUSS, ALIASES)
    for out in (np.zeros((4, 2), np.float32), np.zeros((4, 2), ml_dtypes.bfloat16), np.zeros((4, 1), np.complex64)):
        with pytest.raises(ValueError, match=f"output 1 .sum.: expected dtype float16, got {out.dtype}"):
            reduction.run(*arrays, out=out)
    with pytest.raises(ValueError, match="dtype_acc: expected 'auto', 'float32' or 'float64', got 'float16'"):
        Genred("x", ["x=Vi(1)"], dtype_acc="float16")
