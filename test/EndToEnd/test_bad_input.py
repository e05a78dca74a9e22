"""What users get wrong, through the real compiler: one clear error that says what was expected and what came, or the
right answer; never a crash, a hang or a fault of keops."""

import os
import re
import subprocess
import sys
import time

import ml_dtypes
import numpy as np
import pytest

from keops.numpy import Genred

# Limits of time are there to catch hangs and quadratic work; a sanitizer slows everything down.
PATIENCE = 20 if "asan" in os.environ.get("LD_PRELOAD", "") else 1

X, Y = np.ones((4, 3), np.float32), np.ones((5, 3), np.float32)
ALIASES = ["x=Vi(3)", "y=Vj(3)"]


def refused(formula, *words, aliases=ALIASES, arguments=(X, Y), error=ValueError, seconds=2.0, **options):
    """The mistake is reported by one short message that holds all the words, soon."""
    begin = time.process_time()
    with pytest.raises(error) as caught:
        Genred(formula, aliases, axis=1, **options)(*arguments)
    assert time.process_time() - begin < PATIENCE * seconds
    message = str(caught.value)
    assert "internal" not in message, message
    assert len(message) < 600, message
    for word in words:
        assert word in message, message


# ---- formulas ----------------------------------------------------------------------------------------------------

FORMULAS = {
    "SqDst(x,y)": ["unknown function 'SqDst'", "SqDist"],
    "z+x": ["'z'"],
    "SqDist(x": ["'('"],
    "SqDist(x,y))": ["')'"],
    "((x+y)": ["'('"],
    "SqDist(x,y": ["'('"],
    "": [],
    " ": [],
    "x+": [],
    "x y": [],
    "x @ y": ["@"],
    "x<y<x": [],
    "SqDist(x)": ["SqDist", "2"],
    "Exp(x,y)": ["Exp", "1"],
    "x+Concat(y,y)": ["Add", "3", "6"],
    "Elem(x,3)": ["Elem", "3"],
    "Elem(x,-1)": ["Elem", "-1"],
    "Extract(x,1,5)": ["Extract", "3"],
    "ElemT(x,3,0)": ["ElemT", "dimension 1", "3"],
    "SumT(Elem(x,0),0)": ["SumT", "0"],
    "x/0": ["zero"],
    "x/IntCst(0)": ["zero"],
    "x/0.0": ["zero"],
    "Inv(IntCst(0))": ["zero"],
    "IntInv(0)": ["zero"],
    "RatCst(1,0)": ["zero"],
    "Zero(0)": ["Zero", "0"],
    "Zero(1000000000)": ["1000000000"],
    "Var(0,1000000000,0)": ["1000000000"],
    "Var(0,4,0)": ["4", "3"],
    "Var(5,3,0)": [],
    "Var(0,3,7)": ["7"],
    "Pow(x,y)": ["Pow", "integer"],
    "Pow(x,99999999999999999999999)": ["99999999999999999999999"],
    "Grad(x*y,z,x)": ["z"],
    "Grad(x*y,x+y,x)": ["variable"],
    "Grad(SqDist(x,y),x,x)": ["Grad", "3"],
    "TensorDott(x,y,[3],[3],[0],[0])": ["unknown function", "TensorDot"],
    "TensorDot(x,y,[4],[3],[0],[0])": ["TensorDot", "product 3", "got 4"],
    "x\0+y": [],
    "é+x": [],
    "x;import os": [";"],
    "__import__('os')": [],
    "Sum_Reduction(x,0)": ["Sum_Reduction"],
    "Fused(x,y)": ["Fused"],
    "1e400*x": ["1e400"],
    "WeightedSqNorm(Concat(x,x),x)": ["WeightedSqNorm"],
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas(formula):
    refused(formula, *FORMULAS[formula])


def test_a_caret_points_at_the_mistake():
    with pytest.raises(ValueError) as caught:
        Genred("Exp(-SqDst(x,y))", ALIASES, axis=1)(X, Y)
    lines = str(caught.value).splitlines()
    (text,) = [k for k, line in enumerate(lines) if "Exp(-SqDst" in line]
    caret = re.search(r"\^~*", lines[text + 1])
    assert lines[text][caret.start() : caret.end()].startswith("SqDst")


def test_a_formula_of_ten_megabytes():
    refused("x+" * 5_000_000 + "x", seconds=5)


def test_a_name_of_ten_megabytes():
    refused("x" * 10_000_000, seconds=5)


@pytest.mark.parametrize("left, right", [("(", ")"), ("Exp(", ")"), ("-", ""), ("x+(", ")"), ("Square(x)**2**", "2"), ("(", "")])
def test_a_hundred_thousand_nested_parentheses(left, right):
    refused(left * 100_000 + "x" + right * 100_000, seconds=5)


def test_nested_reductions_and_gradients_are_limited():
    refused("Grad(" * 50_000 + "x*y" + ",x,x)" * 50_000, seconds=5)


# ---- aliases and options -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "alias, words",
    [
        ("x=Vi(0)", ["0"]),
        ("x=Vi(-3)", ["-3"]),
        ("x=Vi(1000000000)", ["1000000000"]),
        ("x=Vi(99999999999999999999)", []),
        ("x=Vk(3)", ["Vk"]),
        ("x=Vi", []),
        ("x=Vi(3", []),
        ("x", []),
        ("=Vi(3)", []),
        ("3x=Vi(3)", []),
        ("x=Vi(1.5)", []),
        ("y=Vj(3)", ["y"]),
        ("x=Vi(4,3)", []),
    ],
)
def test_aliases(alias, words):
    refused("SqDist(x,y)", *words, aliases=[alias, "y=Vj(3)"])


@pytest.mark.parametrize(
    "options, words",
    [
        ({"reduction_op": "Smu"}, ["Smu", "Sum"]),
        ({"reduction_op": ""}, []),
        ({"reduction_op": "KMin"}, ["K"]),
        ({"reduction_op": "KMin", "opt_arg": 0}, ["0"]),
        ({"reduction_op": "KMin", "opt_arg": -2}, ["-2"]),
        ({"reduction_op": "ArgKMin", "opt_arg": 10**9}, ["1000000000"]),
        ({"reduction_op": "ArgKMin", "opt_arg": 10**30}, []),
        ({"reduction_op": "ArgKMin", "opt_arg": "two"}, ["two"]),
        ({"reduction_op": "Sum", "opt_arg": 3}, []),
        ({"reduction_op": "SumSoftMaxWeight"}, ["second formula"]),
        ({"reduction_op": "LogSumExp", "formula2": "q"}, ["q"]),
        ({"reduction_op": "Sum", "formula2": "x"}, []),
        ({"precision": "exact"}, ["exact", "high"]),
        ({"schedule": "rows=-1"}, ["rows"]),
        ({"schedule": "colour=3"}, ["colour"]),
        ({"schedule": "lanes=0"}, ["lanes", "64", "0"]),
        ({"schedule": "rows=9223372036854775807"}, ["rows", "9223372036854775807"]),
        ({"schedule": "split=1000000000"}, ["split", "1000000000"]),
        ({"schedule": "rows"}, ["rows"]),
    ],
)
def test_options(options, words):
    refused("SqDist(x,y)", *words, **options)


@pytest.mark.parametrize("schedule", ("lanes=7", "lanes=1", "rows=1,block=1", "rows=8,lanes=4", "split=1,blocks=1", " rows = 2 ,"))
def test_odd_schedules_compute_the_same(schedule):
    rng = np.random.default_rng(0)
    x, y = rng.random((50, 3)), rng.random((301, 3))
    want = ((x[:, None] - y[None]) ** 2).sum((1, 2))
    result = Genred("SqDist(x,y)", ALIASES, axis=1, schedule=schedule)(x, y)
    assert np.allclose(result[:, 0], want, rtol=1e-14)


def test_vectors_where_a_scalar_is_needed():
    refused("x*y", "dimension 1", "3", reduction_op="Max_SumShiftExp")
    refused("x*y", "dimension 1", "3", "2", reduction_op="LogSumExp", formula2="Extract(y,0,2)")


# ---- arrays --------------------------------------------------------------------------------------------------------

ARRAYS = {
    "count": ((X,), ValueError, ["2", "1"]),
    "too many": ((X, Y, Y), ValueError, ["2", "3"]),
    "rank": ((X[0], Y), ValueError, ["x", "(3,)"]),
    "rank 3": ((X[..., None], Y), ValueError, ["x", "(4, 3, 1)"]),
    "dimension": ((X, Y[:, :2]), ValueError, ["y", "3", "(5, 2)"]),
    "types": ((X, Y.astype(np.float64)), (ValueError, TypeError), ["float32", "float64"]),
    "integers": ((X.astype(np.int32), Y.astype(np.int32)), (ValueError, TypeError), ["int32"]),
    "half": ((X.astype(np.float16), Y), (ValueError, TypeError), ["float16", "float32"]),
    "quarter": ((X.astype(ml_dtypes.float8_e4m3), Y), (ValueError, TypeError), ["float8_e4m3", "float32"]),
    "long": ((X.astype(np.longdouble), Y.astype(np.longdouble)), (ValueError, TypeError), [str(np.dtype(np.longdouble))]),
    "complex": ((X.astype(np.complex64), Y), (ValueError, TypeError), ["complex64"]),
    "objects": ((X.astype(object), Y), (ValueError, TypeError), ["x"]),
    "big endian": ((X.astype(">f4"), Y.astype(">f4")), (ValueError, TypeError), ["x"]),
    "None": ((None, Y), (ValueError, TypeError), ["x"]),
    "text": (("x", Y), (ValueError, TypeError), ["x"]),
}


@pytest.mark.parametrize("mistake", ARRAYS)
def test_arrays(mistake):
    arguments, error, words = ARRAYS[mistake]
    refused("SqDist(x,y)", *words, arguments=arguments, error=error)


def test_different_numbers_of_rows():
    refused("x*z", "z", "4", "5", aliases=["x=Vi(3)", "z=Vi(3)"], arguments=(X, Y))


def misaligned(array):
    memory = np.empty(array.nbytes + 1, np.uint8)
    out = np.frombuffer(memory.data, array.dtype, array.size, 1).reshape(array.shape)
    out[...] = array
    assert not out.flags.aligned
    return out


LAYOUTS = {
    "column-major": np.asfortranarray,
    "every other row": lambda a: np.repeat(a, 2, axis=0)[::2],
    "every other component": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "backwards": lambda a: a[::-1].copy()[::-1],
    "misaligned": misaligned,
    "read-only": lambda a: (a.setflags(write=False), a)[1],
    "broadcast": lambda a: np.broadcast_to(a[:1], a.shape),
    "nested lists": lambda a: a,
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", (np.float32, np.float64))
def test_layouts_give_the_same_bits(layout, dtype):
    rng = np.random.default_rng(0)
    x, y = rng.random((70, 3)).astype(dtype), rng.random((40, 3)).astype(dtype)
    laid = [LAYOUTS[layout](a.copy()) for a in (x, y)]
    plain = [np.ascontiguousarray(a) for a in laid]
    for name, options in (("Sum", {}), ("ArgKMin", {"opt_arg": 3})):
        reduction = Genred("SqDist(x,y)", ALIASES, reduction_op=name, axis=1, **options)
        assert reduction(*laid).tobytes() == reduction(*plain).tobytes()


def test_nothing_to_reduce_and_nothing_to_keep():
    empty = np.empty((0, 3), np.float32)
    assert (Genred("x*y", ALIASES, axis=1)(X, empty) == np.zeros((4, 3))).all()
    assert Genred("x*y", ALIASES, axis=1)(empty, Y).shape == (0, 3)
    assert Genred("x*y", ALIASES, axis=0)(empty, Y).shape == (5, 3)
    assert Genred("x*y", ALIASES, axis=1)(empty, empty).shape == (0, 3)


# ---- the cache folder ----------------------------------------------------------------------------------------------

USE = """
import numpy as np
from keops.numpy import Genred
x = np.arange(12, dtype=np.float32).reshape(4, 3)
g = Genred("SqDist(x,y)", ["x=Vi(3)", "y=Vj(3)"], axis=1)
result = g(x, x)
assert np.array_equal(result[:, 0], ((x[:, None] - x[None]) ** 2).sum((1, 2)))
print(g.compile_info["source"])
"""


def use_cache(folder):
    done = subprocess.run(
        [sys.executable, "-c", USE], env={**os.environ, "KEOPS_CACHE_DIR": str(folder)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_cache_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", "/proc/keops", "/dev/null/keops"):
        assert use_cache(folder) == "compiled"


def damage(path, kind):
    data = path.read_bytes()
    middle = len(data) // 2
    path.chmod(0o600)
    path.write_bytes(
        {
            "empty": b"",
            "truncated": data[:middle],
            "one bit": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
            "longer": data + b"more",
            "noise": bytes(np.random.default_rng(0).integers(0, 256, len(data), np.uint8)),
        }[kind]
    )


@pytest.mark.parametrize("kind", ("empty", "truncated", "one bit", "longer", "noise"))
def test_a_corrupted_cache_entry_is_compiled_anew(kind, tmp_path):
    folder = tmp_path / "cache"
    assert use_cache(folder) == "compiled"
    assert use_cache(folder) == "disk"
    entries = [p for p in folder.rglob("*") if p.is_file()]
    assert entries
    for entry in entries:
        damage(entry, kind)
    assert use_cache(folder) == "compiled"
    assert use_cache(folder) == "disk"


# ---- large but right -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dim", (784, 4096))
@pytest.mark.parametrize("dtype", (np.float32, np.float64))
def test_long_vectors(dim, dtype):
    rng = np.random.default_rng(dim)
    x, y = rng.standard_normal((19, dim)).astype(dtype), rng.standard_normal((23, dim)).astype(dtype)
    b = rng.standard_normal((23, 2)).astype(dtype)
    aliases = [f"x=Vi({dim})", f"y=Vj({dim})", "b=Vj(2)"]
    eps = np.finfo(dtype).eps
    wide = [a.astype(np.longdouble) for a in (x, y, b)]
    distances = ((wide[0][:, None] - wide[1][None]) ** 2).sum(2)
    begin = time.process_time()
    result = Genred("SqDist(x,y)*b", aliases, axis=1)(x, y, b)
    terms = distances[:, :, None] * wide[2][None]
    assert np.abs(result - terms.sum(1)).max() <= dim / 4 * eps * np.abs(terms).sum(1).max()
    nearest = Genred("SqDist(x,y)", aliases, reduction_op="ArgMin", axis=1)(x, y, b)
    assert np.array_equal(nearest[:, 0], distances.argmin(1))
    scale = dtype(1 / dim)
    gradient = Genred(f"Grad(Exp(-SqDist(x,y)*RatCst(1,{dim}))*b,x,b)", aliases, axis=1)
    weights = np.exp(-distances * wide[0].dtype.type(scale)) * (wide[2] ** 2).sum(1)
    want = -2 * scale * (weights[:, :, None] * (wide[0][:, None] - wide[1][None])).sum(1)
    assert np.abs(gradient(x, y, b) - want).max() <= 100 * eps * np.abs(want).max()
    summed = Genred("x*y", aliases, axis=0)(x, y, b)
    assert np.allclose(summed, (wide[0].sum(0)[None] * wide[1]).astype(float), rtol=0, atol=40 * eps * 19)
    assert time.process_time() - begin < PATIENCE * 5


def test_long_sums():
    """A thousand terms, written by programs that write formulas."""
    begin = time.process_time()
    x = np.random.default_rng(0).random((5, 3)).astype(np.float32)
    assert np.allclose(Genred("+".join(["x"] * 1000), ["x=Vi(3)"], axis=1)(x), 1000 * x, rtol=1000 * 6e-8)  # half an eps each
    terms = "+".join(f"{k}*Exp(-x*x/{k})" for k in range(1, 301))
    want = sum(k * np.exp(-np.square(x.astype(float)) / k) for k in range(1, 301))
    assert np.allclose(Genred(terms, ["x=Vi(3)"], axis=1)(x), want, rtol=1e-5)
    products = "*".join(f"(x+{k})" for k in range(1, 101))
    wide = x.astype(np.float64)
    want = np.prod([wide + k for k in range(1, 101)], axis=0)
    assert np.allclose(Genred(products, ["x=Vi(3)"], axis=1)(wide), want, rtol=1e-12)
    assert time.process_time() - begin < PATIENCE * 20
