"""Kernels written by hand with AVX-512 intrinsics, the practical limit of the machine. They live outside this tree:
KEOPS_BENCH_PEERS names their folder (default: shared/bench beside the clone); absent, their rows are skipped."""

import ctypes
import os
import subprocess
from pathlib import Path

import numpy as np
from contenders import Unavailable

NAME = "hand"
ROOT = Path(__file__).resolve().parents[2]


def library():
    """Compiles the kernels for this machine, once per build folder."""
    folder = Path(os.environ.get("KEOPS_BENCH_PEERS", ROOT.parent / "shared" / "bench"))
    source = folder / "limit" / "limit.cpp"
    if not source.exists():
        raise Unavailable(f"no {source} (KEOPS_BENCH_PEERS names the folder of the hand-written kernels)")
    if " avx512f " not in Path("/proc/cpuinfo").read_text():
        raise Unavailable("the hand-written kernels need AVX-512")
    target = ROOT / "build" / "bench" / "libhand.so"
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        options = ["-std=c++17", "-O3", "-march=native", "-fopenmp", "-shared", "-fPIC"]
        subprocess.run(["clang++-22", *options, source, "-o", target], check=True, capture_output=True)
    return ctypes.CDLL(str(target))


LIBRARY = library()


def setup(threads):
    LIBRARY.set_threads(threads)


def call(function, d, columns, inputs, scale=None, dtype=None, dims=()):
    """Binds function(inputs..., [scale,] output, M, N, dims...)."""
    output = np.empty((d["M"], columns), dtype or d["dtype"])
    arrays = [d[k] for k in inputs]
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in arrays]
    args = [*pointers, *([scale] if scale else []), ctypes.c_void_p(output.ctypes.data)]
    sizes = [ctypes.c_long(size) for size in (d["M"], d["N"], *dims)]

    def run(alive=arrays):  # addresses do not keep arrays alive
        function(*args, *sizes)
        return output

    return run


def K1(d):
    return call(LIBRARY.k1_f32, d, 1, "xyb", ctypes.c_float(d["s"]))


def K2(d):
    return call(LIBRARY.k2_f32, d, 4, [*"xyb", "sigmas"])


def K3(d):
    return call(LIBRARY.k3_f32, d, 1, "xyb")


def K11(d):
    return call(LIBRARY.k1_f64, d, 1, "xyb", ctypes.c_double(d["s"]))


def K4(d):
    return call(LIBRARY.k4_f32, d, 1, "xyb", ctypes.c_float(d["eps"]))


def K5a(d):
    return call(LIBRARY.k5_f32, d, 1, "xy", dtype=np.int64)


def K6(d):
    return call(LIBRARY.k6_f32, d, 3, "xybe", ctypes.c_float(d["s"]))


def K7a(d):
    return call(LIBRARY.k7_f32, d, 1, "xyb", ctypes.c_float(d["s"]), dims=[d["dim"]])


K7b = K7a


def K8(d):
    return call(LIBRARY.k8_f32, d, d["columns"], "xyb", ctypes.c_float(d["scale"]), dims=[d["dim"], d["columns"]])
