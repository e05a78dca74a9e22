"""Genred on NumPy arrays: values, layouts, numbers and lists, results, copies of the object."""

import copy
import pickle
import threading

import numpy as np
import pytest
from conftest import ALIASES, assert_gauss, make_arrays
from hypothesis import given, settings
from hypothesis import strategies as st

from keops.numpy import Genred


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("m,n", [(1, 1), (50, 30), (17, 1000), (0, 5), (5, 0), (0, 0)])
def test_values(gauss, dtype, m, n):
    arrays = make_arrays(m, n, dtype)
    result = gauss(*arrays)
    assert result.dtype == dtype
    assert_gauss(result, *arrays)


def layouts(a):
    """The same values in other layouts."""
    yield "fortran", np.asfortranarray(a)
    yield "reversed", a[::-1].copy()[::-1]
    yield "columns reversed", a[:, ::-1].copy()[:, ::-1]
    yield "every other row", np.repeat(a, 2, axis=0)[::2]
    yield "part of wider rows", np.concatenate([a, a], axis=1)[:, : a.shape[1]]
    raw = np.zeros(a.nbytes + 1, np.uint8)
    raw[1:] = np.frombuffer(a.tobytes(), np.uint8)
    yield "misaligned", raw[1:].view(a.dtype).reshape(a.shape)
    records = np.zeros(a.shape[0], [("flag", "u1"), ("row", a.dtype, (a.shape[1],))])
    records["row"] = a
    yield "field of packed records", records["row"]
    frozen = a.copy()
    frozen.setflags(write=False)
    yield "read-only", frozen


@pytest.mark.parametrize("which", [0, 1, 3])
def test_any_layout(gauss, arrays, which):
    expected = gauss(*arrays)
    for name, changed in layouts(arrays[which]):
        assert np.array_equal(changed, arrays[which])
        call = list(arrays)
        call[which] = changed
        assert np.array_equal(gauss(*call), expected), name


def test_broadcast_rows(gauss, arrays):
    x, y, g, b = arrays
    rows = np.broadcast_to(x[:1], x.shape)
    assert_gauss(gauss(rows, y, g, b), rows, y, g, b)


@settings(max_examples=60, deadline=None, database=None)
@given(data=st.data())
def test_random_views(gauss, data):
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    arrays = []
    m, n = data.draw(st.integers(0, 20)), data.draw(st.integers(0, 20))
    for rows, columns in ((m, 3), (n, 3), (n, 1)):
        step, skip = data.draw(st.sampled_from([1, 2, 3, -1, -2])), data.draw(st.integers(0, 3))
        base = np.random.default_rng(rows).random((rows * abs(step) + skip, columns + skip))
        view = base.astype(dtype)[skip : skip + rows * abs(step), skip:][::step][:rows]
        arrays.append(view if data.draw(st.booleans()) else np.asfortranarray(view))
    x, y, b = arrays
    g = dtype(0.5)
    assert_gauss(gauss(x, y, g, b), x, y, g, b)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_and_lists_follow_the_arrays(gauss, dtype):
    x, y, _, b = make_arrays(5, 4, dtype)
    expected = gauss(x, y, np.array([0.5], dtype), b)
    for g in (0.5, [0.5], (0.5,), [[0.5]], dtype(0.5), np.float64(0.5), np.array(0.5, dtype)):
        result = gauss(x, y, g, b)
        assert result.dtype == dtype
        assert np.array_equal(result, expected)
    assert np.array_equal(gauss(x, y, 1, b), gauss(x, y, np.array([1], dtype), b))


def test_lists_alone_are_float64(gauss):
    x, y, g, b = make_arrays(3, 2, np.float64)
    result = gauss(x.tolist(), y.tolist(), g.tolist(), b.tolist())
    assert result.dtype == np.float64
    assert np.array_equal(result, gauss(x, y, g, b))


def test_axis_0_keeps_j():
    x, y, g, b = make_arrays(6, 9, np.float64)
    transposed = Genred("Exp(-SqDist(x,y)*g)*b", ["x=Vj(3)", "y=Vi(3)", "g=Pm(1)", "b=Vi(1)"], axis=0)
    assert transposed.formula == "Sum_Reduction(Exp(-SqDist(x,y)*g)*b,1)"


def test_out(gauss, arrays):
    expected = gauss(*arrays)
    out = np.full((50, 1), np.nan, np.float32)
    assert gauss(*arrays, out=out) is out
    assert np.array_equal(out, expected)
    wide = np.full((100, 3), np.nan, np.float32)
    gauss(*arrays, out=wide[::2, 1:2])
    assert np.array_equal(wide[::2, 1:2], expected)
    assert np.isnan(wide[1::2]).all() and np.isnan(wide[:, 0]).all()


def test_results_are_new_arrays(gauss, arrays):
    first = gauss(*arrays)
    kept = first.copy()
    gauss(arrays[0] + 1, *arrays[1:])
    assert np.array_equal(first, kept)
    assert first.flags.owndata and first.flags.c_contiguous


def test_copies_and_pickles(gauss, arrays):
    expected = gauss(*arrays)
    for other in (copy.deepcopy(gauss), pickle.loads(pickle.dumps(gauss))):
        assert np.array_equal(other(*arrays), expected)
        assert repr(other) == repr(gauss)


def test_many_threads(gauss):
    calls = [make_arrays(40 + k, 30, dtype, seed=k) for k in range(8) for dtype in (np.float32, np.float64)]
    expected = [gauss(*arrays) for arrays in calls]
    wrong = []

    def work(offset):
        for k in range(100):
            which = (k + offset) % len(calls)
            if not np.array_equal(gauss(*calls[which]), expected[which]):
                wrong.append(which)

    threads = [threading.Thread(target=work, args=(t,)) for t in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_text_of_reductions():
    def text(**arguments):
        return Genred("F(x)", ["x=Vi(1)"], **arguments).formula

    assert text() == "Sum_Reduction(F(x),1)"
    assert text(reduction_op="ArgKMin", axis=1, opt_arg=3) == "ArgKMin_Reduction(F(x),3,0)"
    assert text(reduction_op="LogSumExp", axis=1, formula2="b") == "LogSumExp_Reduction(F(x),0,b)"
    assert text(reduction_op="KMin", opt_arg=0) == "KMin_Reduction(F(x),0,1)"


def test_compile_info_and_ir(arrays):
    fresh = Genred("Exp(-SqDist(x,y)*g)*b", ALIASES, axis=1)
    assert fresh.compile_info is None
    fresh(*arrays)
    info = fresh.compile_info
    assert info["source"] in ("memory", "disk", "compiled")
    assert info["dtype"] == "float32" and info["cpu_ms"] >= 0 and info["wall_ms"] >= 0
    assert "keops.map_reduce" in fresh.ir()
    assert "keops.map_reduce" in fresh.ir("keops", dtype="float64")


def test_accuracy_options_are_part_of_the_program():
    attributes = {
        "kahan_scheme, auto": {"sum_scheme": "kahan_scheme"},
        "auto, f64": {"use_double_acc": True},
        "block_sum, f64": {"sum_scheme": "block_sum", "dtype_acc": "float64"},
        "direct_sum, f32": {"sum_scheme": "direct_sum", "dtype_acc": "float32"},
    }
    for attribute, options in attributes.items():
        assert f"#keops.sums<{attribute}>" in Genred("x", ["x=Vi(1)"], **options).ir()
    assert "#keops.sums" not in Genred("x", ["x=Vi(1)"]).ir()
