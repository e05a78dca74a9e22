"""No read or write outside the caller's arrays, and memory that grows with M + N only. Arrays end flush against pages
that cannot be touched, in a process of their own, so that a crash is a failed test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import keops

BUILD = Path(keops._keops.__file__).absolute().parents[2]
GUARDED = str(Path(__file__).resolve().parents[1] / "Python")
GUARD = f"""
import ctypes, sys
import numpy as np
sys.path.append({GUARDED!r})
from guarded import copied, flush, kept
"""

SWEEP = (
    GUARD
    + r"""
from keops import _keops

SIZES = (1, 15, 16, 17, 47, 48, 49, 63, 64, 65, 127, 129)
CASES = {
    "sum": ("Sum_Reduction(Exp(-SqDist(x,y))*b,{tag})", ["x=Vi(3)", "y=Vj(3)", "b=Vj(2)"]),
    "parameter": ("Sum_Reduction(Sin(x*p)+y,{tag})", ["x=Vi(5)", "y=Vj(5)", "p=Pm(5)"]),
    "looped": ("Sum_Reduction(x*y,{tag})", ["x=Vi(37)", "y=Vj(37)"]),
    "extremum": ("Min_ArgMin_Reduction(x*y,{tag})", ["x=Vi(3)", "y=Vj(3)"]),
    "best": ("KMin_ArgKMin_Reduction(SqDist(x,y),7,{tag})", ["x=Vi(3)", "y=Vj(3)"]),
    "logsumexp": ("LogSumExp_Reduction((x|y),{tag})", ["x=Vi(20)", "y=Vj(20)"]),
    "statistics": ("Fused(Var_Reduction(x*y,{tag}),Prod_Reduction(x-y,{tag}),Count_Reduction(x,{tag}))", ["x=Vi(3)", "y=Vj(3)"]),
    "raw": ("Max_SumShiftExp_Reduction((x|y),{tag},x)", ["x=Vi(37)", "y=Vj(37)"]),
    "selected": ("Grad(KMin_Reduction(SqDist(x,y),7,{tag}),y,e)", ["x=Vi(3)", "y=Vj(3)", "e=V{kept}(7)"]),
    "gradient": ("Grad(Sum_Reduction(Exp(-SqDist(x,y)),{tag}),y,e)", ["x=Vi(3)", "y=Vj(3)", "e=V{kept}(1)"]),
    "fused": ("Fused(Sum_Reduction(x-y,{tag}),Max_Reduction(x+y,{tag}))", ["x=Vi(1)", "y=Vj(1)"]),
}
name, dtype, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
rng = np.random.default_rng(seed)

def outputs_like(result, at_end):
    results = result if isinstance(result, tuple) else (result,)
    return tuple(flush(r.shape, r.dtype, at_end) for r in results)

def ends(m, n):
    '''Ranges whose blocks and intervals touch the first and the last row.'''
    def side(kept, reduced):
        rows = [[0, kept // 3], [kept - kept // 2, kept]]
        parts = [[0, 1], [reduced - 1, reduced], [0, reduced]] if reduced > 1 else [[0, 1], [0, 0], [0, 1]]
        return rows, [2, 3], parts
    return tuple(np.array(a, np.int64) for a in (*side(m, n), *side(n, m)))

for tag in (0, 1):
    text, aliases = CASES[name]
    aliases = [a.replace("{kept}", "ij"[tag]) for a in aliases]
    reduction = _keops.Reduction(text.replace("{tag}", str(tag)), aliases)
    for m in SIZES:
        n = int(rng.choice(SIZES))
        batch, ranges = ((3,), ends(m, n)) if m % 2 else ((), None)
        shapes = []
        for alias in aliases:
            category, dim = alias.split("=")[1][:2], int(alias.split("(")[1][:-1])
            shapes.append((*batch, *{"Vi": (m, dim), "Vj": (n, dim), "Pm": (dim,)}[category]))
        arrays = [rng.uniform(-1, 1, shape).astype(dtype) for shape in shapes]
        free = reduction.run(*arrays, ranges=ranges)
        for at_end in (False, True):
            out = outputs_like(free, at_end)
            held = ranges and tuple(copied(a, at_end) for a in ranges)
            reduction.run(
                *[copied(a, at_end) for a in arrays], out=out if isinstance(free, tuple) else out[0], ranges=held
            )
            for a, b in zip(out, free if isinstance(free, tuple) else (free,)):
                assert a.tobytes() == b.tobytes(), (m, n, at_end)
        for block in kept:
            del block
        kept.clear()
print("done")
"""
)

PROGRAM = (
    GUARD
    + r"""
from pathlib import Path
import keops

library = ctypes.CDLL(str(Path(keops._keops.__file__).absolute().parents[2] / "lib" / "libkeops.so"))
library.keopsGetLastError.restype = library.keopsProgramGetManifest.restype = ctypes.c_char_p

class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("formula", ctypes.c_char_p), ("aliases", ctypes.POINTER(ctypes.c_char_p)),
                ("alias_count", ctypes.c_int32), ("dtype", ctypes.c_int), ("precision", ctypes.c_int),
                ("single_threaded", ctypes.c_int32), ("schedule", ctypes.c_char_p), ("caller", ctypes.c_char_p)]

def create(formula, *aliases):
    names = (ctypes.c_char_p * len(aliases))(*(a.encode() for a in aliases))
    options = Options(ctypes.sizeof(Options), formula.encode(), names, len(aliases), 0, 0, 1, None, None)
    program = ctypes.c_void_p()
    assert library.keopsProgramCreate(ctypes.byref(options), ctypes.byref(program)) == 0, library.keopsGetLastError()
    return program
"""
)

# One row more than is mapped, past all checks: straight through the C interface.
OVERRUN = (
    PROGRAM
    + r"""
class Tensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("dtype", ctypes.c_int), ("rank", ctypes.c_int32),
                ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64))]

def tensor(array, rows):
    shape = (ctypes.c_int64 * 2)(rows, array.shape[1])
    return Tensor(array.ctypes.data, 0, 2, shape, None)

program = create("Sum_Reduction(x*y,0)", "x=Vi(3)", "y=Vj(3)")
where, excess = sys.argv[1], int(sys.argv[2])
rows = {"x": 50, "y": 60}
arrays = {"x": flush((50, 3), "f4", True), "y": flush((60, 3), "f4", True), "out": flush((50, 3), "f4", True)}
claimed = {"x": 50, "y": 60, "out": 50}
if where == "out":  # the output has one row less than the kept index
    arrays["out"] = flush((50 - excess, 3), "f4", True)
else:
    claimed[where] += excess
    if where == "x":
        claimed["out"] += excess
        arrays["out"] = np.empty((60, 3), "f4")
inputs = (Tensor * 2)(tensor(arrays["x"], claimed["x"]), tensor(arrays["y"], claimed["y"]))
outputs = (Tensor * 1)(tensor(arrays["out"], claimed["out"]))
status = library.keopsProgramRun(program, inputs, 2, outputs, 1, None)
assert status == 0, library.keopsGetLastError()
print("done")
"""
)


# The workspace, too, is as large as the manifest says (to the next multiple of 64) and lies between protected pages.
# This calls the function of a program that was compiled ahead of time.
WORKSPACE = (
    PROGRAM
    + r"""
class Array(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("row_stride", ctypes.c_int64), ("component_stride", ctypes.c_int64)]

class Work(ctypes.Structure):
    _fields_ = [("blocks", ctypes.c_void_p), ("intervals", ctypes.c_void_p), ("block_count", ctypes.c_int64),
                ("most_terms", ctypes.c_int64)]

class Arguments(ctypes.Structure):
    _fields_ = [("m", ctypes.c_int64), ("n", ctypes.c_int64), ("inputs", ctypes.POINTER(Array)),
                ("outputs", ctypes.POINTER(Array)), ("workspace", ctypes.c_void_p), ("cancel", ctypes.c_void_p),
                ("poll", ctypes.c_void_p), ("poll_data", ctypes.c_void_p), ("work", Work * 2), ("items", ctypes.c_int64),
                ("items_at_once", ctypes.c_int64), ("offsets", ctypes.c_void_p), ("threads", ctypes.c_int32)]

def dense(kept, reduced):
    blocks, intervals = np.array([0, kept, 0, 1, reduced]), np.array([0, reduced])
    held.extend((blocks, intervals))
    return Work(blocks.ctypes.data, intervals.ctypes.data, 1, reduced)

path, symbol, formula, *aliases = sys.argv[1:]
entry = getattr(ctypes.CDLL(path), symbol)
manifest = library.keopsProgramGetManifest(create(formula, *aliases)).decode()
lines = [line.split() for line in manifest.splitlines()]
(costs,) = [list(map(int, line[1:])) for line in lines if line[0] == "workspace"]
constant, per_thread, per_item, per_i, per_j, per_i_block, per_j_block = costs
pieces = [(line[1], *map(int, line[2:])) for line in lines if line[0] == "pieces"]
held = []

def count_pieces(kept, terms, tile_rows, least_terms, split):
    # Tiles of all rows in one block, each cut where there are few.
    tiles = kept // tile_rows + 1
    return max(tiles, min(split, tiles * min(max(-(-terms // least_terms), 1), 1024)))

dtypes = {"f32": "f4", "i64": "i8"}
for m, n in ((1, 1), (1, 5000), (5000, 1), (0, 3), (3, 0), (17, 17), (48, 129), (65, 63), (200, 2100)):
    rows = {"i": m, "j": n, "p": 1}
    size = constant + per_thread + per_item + per_i * m + per_j * n + per_i_block + per_j_block
    for kept_index, tile_rows, least_terms, split, each in pieces:
        sizes = (m, n) if kept_index == "i" else (n, m)
        size += each * count_pieces(*sizes, tile_rows, least_terms, split)
    size = -(-size // 64) * 64  # the workspace starts at a multiple of 64, also when it ends at the page
    for at_end in (False, True):
        inputs, outputs = [], []
        for line in lines:
            if line[0] == "input":
                inputs.append(flush((rows[line[1]], int(line[2])), dtypes[line[3]], at_end))
                inputs[-1][...] = np.random.default_rng(1).uniform(-1, 1, inputs[-1].shape)
            elif line[0] == "output":
                outputs.append(flush((rows[line[1]], int(np.prod([int(d) for d in line[4:]]))), dtypes[line[2]], at_end))
        workspace = flush((size,), "u1", at_end)
        def describe(arrays):
            return (Array * len(arrays))(*(Array(a.ctypes.data, a.shape[1], 1) for a in arrays))
        offsets = np.zeros(len(inputs) + len(outputs), np.int64)
        call = Arguments(m, n, describe(inputs), describe(outputs), workspace.ctypes.data, None, None, None,
                         (Work * 2)(dense(m, n), dense(n, m)), 1, 1, offsets.ctypes.data, 1)
        assert entry(ctypes.byref(call)) == 0
    kept.clear()
print("done")
"""
)


def run_script(script, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("dtype", ("float32", "float64", "float16"))
@pytest.mark.parametrize("case", "sum parameter looped extremum best logsumexp statistics raw selected gradient fused".split())
def test_arrays_flush_against_protected_pages(case, dtype):
    done = run_script(SWEEP, case, dtype, 7)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"


def test_the_guard_holds_without_an_overrun():
    assert run_script(OVERRUN, "x", 0).stdout == "done\n"


@pytest.mark.parametrize("where", ("x", "y", "out"))
def test_a_planted_overrun_of_one_row_is_caught(where):
    done = run_script(OVERRUN, where, 1)
    caught = done.returncode in (-11, -7) or "AddressSanitizer" in done.stderr
    assert caught, (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "formula, dims",
    [
        ("Sum_Reduction(Exp(-SqDist(x,y)),0)", 3),
        ("Sum_Reduction(x*y,1)", 37),
        ("KMin_ArgKMin_Reduction(SqDist(x,y),20,0)", 3),
        ("Min_ArgMin_Reduction(x-y,1)", 17),
        ("SumSoftMaxWeight_Reduction((x|y),0,y)", 20),
        ("Grad(LogSumExp_Reduction((x|y)+SqNorm2(y)*SqNorm2(x),0),y,Elem(x,0))", 2),
    ],
)
def test_the_workspace_is_as_large_as_the_manifest_says(formula, dims, tmp_path):
    compiler, aliases = BUILD / "bin" / "keopsc", [f"x=Vi({dims})", f"y=Vj({dims})"]
    if not compiler.exists() or not shutil.which("cc"):
        pytest.skip("needs keopsc and a C compiler")
    command = [compiler, formula, "--threads=none", "-o", tmp_path / "body.o", "--symbol", "program"]
    subprocess.run([*command, *(f"--alias={a}" for a in aliases)], check=True)
    library = tmp_path / "body.so"
    subprocess.run(["cc", "-shared", tmp_path / "body.o", "-o", library, "-lm"], check=True)
    done = run_script(WORKSPACE, library, "program", formula, *aliases)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"


LARGE = r"""
import resource, sys
import numpy as np
import keops
from keops.numpy import Genred

name = sys.argv[1]
options = {"opt_arg": 5} if "KMin" in name else {}
reduction = Genred("SqDist(x,y)", ["x=Vi(3)", "y=Vj(3)"], reduction_op=name, axis=1, **options)
rng = np.random.default_rng(0)
x, y = (rng.random((20_000, 3)).astype(np.float32) for _ in range(2))
reduction(x[:100], y[:100])
keops.set_num_threads(2)
reduction(x[:5000], y[:100])  # the team of threads is there
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
reduction(x, y)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitizer's shadow memory counts too")
@pytest.mark.parametrize("name", ("Sum", "KMin_ArgKMin", "LogSumExp"))
def test_memory_grows_with_m_plus_n(name):
    """The table of pairs would take 1.6 GB."""
    done = run_script(LARGE, name)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 50_000, "peak memory in kB"
