"""Every mistake in a call gives one clear exception that names the argument, what was expected and what came."""

import re

import numpy as np
import pytest

from keops.numpy import Genred, generic_sum


def change(arrays, index, value):
    changed = list(arrays)
    changed[index] = value
    return changed


WRONG = [
    (0, lambda a: a[:, :2], "argument 1 (x): expected shape (M, 3), got (50, 2)"),
    (0, lambda a: a[0], "argument 1 (x): expected shape (M, 3), got (3,)"),
    (0, lambda a: a[..., None], "argument 1 (x): expected shape (M, 3), got (50, 3, 1)"),
    (0, lambda a: a.astype(np.float64), "argument 2 (y): expected dtype float64, got float32"),
    (1, lambda a: a.astype(np.float64), "argument 2 (y): expected dtype float32, got float64"),
    (1, lambda a: a.astype(np.int32), "argument 2 (y): expected dtype float32, got int32"),
    (1, lambda a: a.astype(np.int64), "argument 2 (y): expected dtype float32, got int64"),
    (1, lambda a: a.astype(np.float16), "argument 2 (y): expected dtype float32, got float16"),
    (1, lambda a: a.astype(np.complex64), "argument 2 (y): expected dtype float32 or, where the dimension is even, complex64, got complex64 for dimension 3"),
    (1, lambda a: a.astype(np.complex128), "argument 2 (y): expected dtype float32 or, where the dimension is even, complex64, got complex128 for dimension 3"),
    (1, lambda a: a.astype(">f4"), "argument 2 (y): expected dtype float32, got >f4"),
    (1, lambda a: a > 0, "argument 2 (y): expected dtype float32, got bool"),
    (2, lambda a: [1, 2], "argument 3 (g): expected shape (1,), got (2,)"),
    (2, lambda a: 10**400, "argument 3 (g): cannot be read as a number: int too large to convert to float"),
    (2, lambda a: "1.5", "argument 3 (g): expected an array, got str"),
    (2, lambda a: None, "argument 3 (g): expected an array, got NoneType"),
    (2, lambda a: 1j, "argument 3 (g): expected dtype float32 or, where the dimension is even, complex64, got complex64 for dimension 1"),
    (2, lambda a: [1j], "argument 3 (g): cannot be read as an array: "),
    (2, lambda a: [[1, 2], [3]], "argument 3 (g): cannot be read as an array: "),
    (2, lambda a: object(), "argument 3 (g): cannot be read as an array: "),
    (3, lambda a: a[:5], "argument 4 (b): expected N = 30 rows like argument 2 (y), got 5"),
    (3, lambda a: a[:, 0], "argument 4 (b): expected shape (N, 1), got (30,)"),
    (3, lambda a: 1.0, "argument 4 (b): expected shape (N, 1), got ()"),
]


@pytest.mark.parametrize("index,spoil,message", WRONG, ids=[m for _, _, m in WRONG])
def test_wrong_argument(gauss, arrays, index, spoil, message):
    with pytest.raises(ValueError, match=re.escape("Genred: " + message)):
        gauss(*change(arrays, index, spoil(arrays[index])))


def test_wrong_count(gauss, arrays):
    with pytest.raises(ValueError, match="Genred: expected 4 arguments, got 3"):
        gauss(*arrays[:3])
    with pytest.raises(ValueError, match="Genred: expected 4 arguments, got 300"):
        gauss(*(arrays[:1] * 300))


def test_wrong_out(gauss, arrays):
    def refuse(out, message):
        with pytest.raises(ValueError, match="(?i)" + re.escape("Genred: " + message)):
            gauss(*arrays, out=out)

    refuse(np.zeros((3, 1), np.float32), "output 1 (Sum): expected shape (50, 1), got (3, 1)")
    refuse(np.zeros((50, 1)), "output 1 (Sum): expected dtype float32, got float64")
    refuse(np.zeros((50, 1), np.int8), "output 1: expected dtype float32, got int8")
    refuse(arrays[0][:, :1], "output 1 (Sum): expected memory of its own, but it overlaps argument 1 (x)")
    refuse([1.0], "output 1: expected a writable array, got list")
    refuse((1, 2), "out: expected 1 array(s)")
    buffer = np.zeros(100, np.float32)
    for strides in ((0, 4), (2, 4), (-3, 4)):
        wrong = np.lib.stride_tricks.as_strided(buffer[50:], (50, 1), strides)
        refuse(wrong, f"output 1 (Sum): axis 0 has stride {strides[0]}, so its elements share memory")
    frozen = np.zeros((50, 1), np.float32)
    frozen.setflags(write=False)
    refuse(frozen, "output 1: expected a writable array, got float32")


def test_rows_of_out_that_share_memory():
    x, y = np.ones((5, 3)), np.ones((4, 3))
    difference = Genred("x-y", ["x=Vi(3)", "y=Vj(3)"], axis=1)
    buffer = np.zeros(40)
    shared = np.lib.stride_tricks.as_strided(buffer, (5, 3), (16, 8))
    with pytest.raises(ValueError, match=r"(?i)output 1 \(sum\): axis 0 has stride 16, so its elements share memory"):
        difference(x, y, out=shared)
    for strides in ((24, 8), (8, 40), (-24, 8), (32, -8)):
        own = np.lib.stride_tricks.as_strided(buffer[20:], (5, 3), strides)
        if strides[0] > 0:
            own = np.lib.stride_tricks.as_strided(buffer[2:], (5, 3), strides)
        assert np.array_equal(difference(x + 1, y, out=own), np.full((5, 3), 4.0))


def test_wrong_call_options(gauss, arrays):
    for options, error in (
        ({"backend": "TPU"}, ValueError),
        ({"device_id": -2}, ValueError),
        ({"device_id": 0, "backend": "CPU"}, ValueError),
        ({"ranges": ()}, TypeError),
        ({"keepdims": True}, TypeError),
    ):
        with pytest.raises(error):
            gauss(*arrays, **options)


@pytest.mark.parametrize(
    "arguments,error,message",
    [
        ((3, ["x=Vi(1)"]), TypeError, "Genred: formula: expected a string, got int"),
        (("x", "x=Vi(1)"), TypeError, "Genred: aliases: expected a list of strings, got a string"),
        (("x", [1]), TypeError, r"Genred: aliases\[0\]: expected a string, got int"),
        (("x", 1), TypeError, "Genred: aliases: expected a list of strings, got int"),
        (("x", ["x=Vi(1)"], "Sum", np.ones(2)), TypeError, "Genred: axis: expected 0 or 1, got ndarray"),
        (("x", ["x=Vi(1)"], "Sum", True), TypeError, "Genred: axis: expected 0 or 1, got bool"),
        (("x", ["x=Vi(1)"], "Sum", 2), ValueError, "Genred: axis: expected 0 or 1, got 2"),
        (("x", ["x=Vi(1)"], None), TypeError, "Genred: reduction_op: expected a string, got NoneType"),
    ],
)
def test_wrong_construction(arguments, error, message):
    with pytest.raises(error, match=message):
        Genred(*arguments)


def test_wrong_options():
    with pytest.raises(ValueError, match="^Genred: precision: expected 'default', 'fast' or 'high', got 'best'"):
        Genred("x", ["x=Vi(1)"], precision="best")
    with pytest.raises(ValueError, match="^Genred: sum_scheme: expected 'auto', 'direct_sum', 'block_sum' or 'kahan_scheme', got 'best'"):
        Genred("x", ["x=Vi(1)"], sum_scheme="best")
    with pytest.raises(ValueError, match="^Genred: dtype_acc: expected 'auto', 'float32' or 'float64', got 'float16'"):
        Genred("x", ["x=Vi(1)"], dtype_acc="float16")
    with pytest.raises(TypeError, match="^Genred: dtype_acc: expected a string, got NoneType"):
        Genred("x", ["x=Vi(1)"], dtype_acc=None)
    for name in ("precision", "schedule", "sum_scheme"):
        with pytest.raises(TypeError, match=f"^Genred: {name}: expected a string, got int"):
            Genred("x", ["x=Vi(1)"], **{name: 3})
    for name in ("use_double_acc", "complex_result"):
        with pytest.raises(TypeError, match=f"^Genred: {name}: expected True or False, got ndarray"):
            Genred("x", ["x=Vi(1)"], **{name: np.ones(2)})
    with pytest.raises(ValueError, match="^Genred: use_double_acc=True and dtype_acc='float64' are two ways"):
        Genred("x", ["x=Vi(1)"], dtype_acc="float64", use_double_acc=True)
    with pytest.warns(DeprecationWarning):
        Genred("x", ["x=Vi(1)"], dtype="float32")


def test_wrong_stages(gauss):
    for keyword in ("stage", "dtype"):
        with pytest.raises(TypeError, match=f"^Genred: ir: {keyword}: expected a string, got int"):
            gauss.ir(**{keyword: 0})


def test_wrong_keywords_of_short_forms():
    for keyword in ("axis", "reduction_op", "nothing"):
        with pytest.raises(TypeError, match=f"^generic_sum: unexpected keyword argument '{keyword}'"):
            generic_sum("x", "a = Vi(1)", "x=Vj(1)", **{keyword: 0})


def test_huge_formulas(arrays):
    for formula in ("(" * 100_000 + "x" + ")" * 100_000, "x" * 10_000_000):
        with pytest.raises(ValueError, match="Genred: the formula has [0-9]+ characters; at most 65536"):
            Genred(formula, ["x=Vi(3)"])(arrays[0])
    with pytest.raises(ValueError, match="Genred: got 1000 aliases; at most 256|expected 0 to 256 aliases"):
        Genred("x", ["x=Vi(3)"] * 1000)(arrays[0])


def test_a_failed_call_leaves_the_object_usable(gauss, arrays):
    expected = gauss(*arrays)
    with pytest.raises(ValueError):
        gauss(arrays[0])
    assert np.array_equal(gauss(*arrays), expected)
