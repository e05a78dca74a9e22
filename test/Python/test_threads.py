"""How many threads a reduction uses: keops' own number, environment, threadpoolctl; and many Python threads at once."""

import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from conftest import fake_compiler, make_arrays, run_python

import keops
import keops.numpy as kn
import keops.torch as kt

# Prints how many threads the process has more after reductions that are worth many.
COUNT = """
import os
FIRST
import numpy as np, keops
from keops.numpy import Genred
x = np.random.default_rng(0).random((3000, 3)).astype("float32")
before = len(os.listdir("/proc/self/task"))
f = Genred("Exp(-SqDist(x,y))", ["x=Vi(3)", "y=Vj(3)"], axis=1)
RUN
print(len(os.listdir("/proc/self/task")) - before)
"""


def count_threads(run="f(x, x)", first="", **environment):
    code = COUNT.replace("FIRST", first).replace("RUN", run)
    return int(run_python(code, **{"KEOPS_WORK_PER_THREAD": "1000", **environment}))


def test_environment():
    assert count_threads(OMP_NUM_THREADS="3") == 2
    assert count_threads(OMP_NUM_THREADS="3", KEOPS_NUM_THREADS="4") == 3
    assert count_threads(OMP_NUM_THREADS="4", KEOPS_NUM_THREADS="1") == 0


def test_own_number():
    assert count_threads("keops.set_num_threads(4); f(x, x)", OMP_NUM_THREADS="1") == 3
    assert count_threads("keops.set_num_threads(1); f(x, x)", OMP_NUM_THREADS="4") == 0
    assert count_threads("keops.set_num_threads(1); keops.set_num_threads(0); f(x, x)", OMP_NUM_THREADS="4") == 3


# Only OpenMP's runtimes: NumPy's BLAS would start threads when it is allowed more of them.
LIMITED = """
from threadpoolctl import threadpool_limits
with threadpool_limits(LIMIT, user_api="openmp"): f(x, x)
"""


def test_threadpoolctl_limits():
    """Also within the block in which keops runs for the first time."""
    for limit, more in ((1, 0), (3, 2), (None, 3)):
        assert count_threads(LIMITED.replace("LIMIT", str(limit)), OMP_NUM_THREADS="4") == more


def test_threadpoolctl_limits_beside_pytorch():
    """PyTorch has an OpenMP runtime of its own, whose threads are there before the count begins."""
    multiply = "import torch; torch.ones(3000, 300) @ torch.ones(300, 3000)"
    code = LIMITED.replace("LIMIT", "1")
    assert count_threads(code, multiply, OMP_NUM_THREADS="4") == 0
    assert count_threads(code + "f(x, x)", multiply, OMP_NUM_THREADS="4") == 3


def test_threadpoolctl_lists_the_runtime():
    code = """
import keops, threadpoolctl
libraries = [pool for pool in threadpoolctl.threadpool_info() if pool["prefix"] == "libomp"]
print(*(pool["user_api"] + str(pool["num_threads"]) for pool in libraries))
with threadpoolctl.threadpool_limits(2, user_api="openmp"):
    print(keops.get_num_threads())
print(keops.get_num_threads())
"""
    assert run_python(code, OMP_NUM_THREADS="5").split() == ["openmp5", "2", "5"]


def test_a_runtime_that_is_there_is_shared(tmp_path):
    """Two runtimes of LLVM's family in one process end it. Wheels bring theirs along under a name of their own."""
    mapped = "[line.split()[-1] for line in open('/proc/self/maps') if '/libomp' in line]"
    original = run_python(f"import keops; print({mapped}[0])").strip()
    copy = tmp_path / "libomp-1a2b.so"
    shutil.copy(original, copy)
    copy.write_bytes(copy.read_bytes().replace(b"libomp.so", b"libomx.so"))
    load = f"import ctypes; ctypes.CDLL({str(copy)!r}).omp_get_max_threads()"
    assert run_python(f"{load}\nimport keops\nprint(*set({mapped}))").strip() == str(copy)
    assert count_threads(first=load, OMP_NUM_THREADS="4") == 3


# ---- Python threads --------------------------------------------------------------------------------------------------


def compute(number, rounds, together):
    """Formulas that all threads have and formulas of one thread, by turns in NumPy and in PyTorch with a gradient."""
    rng = np.random.default_rng(number)
    together.wait()
    for turn in range(rounds):
        factor = 1000 * number + turn if turn % 2 else turn + 2
        x, y = rng.random((rng.integers(0, 40), 2)), rng.random((rng.integers(1, 700), 2))
        differences = x[:, None] * factor - y
        if turn % 3 == 0:
            result = (kn.Vi(x) * factor - kn.Vj(y)).cos().sum().sum(1)
            by_text = kn.Genred(f"Sum(Cos(x*{factor}-y))", ["x=Vi(2)", "y=Vj(2)"], axis=0)(x, y)
            assert np.allclose(by_text[:, 0], np.cos(differences).sum((0, 2)))
        else:
            leaf = torch.from_numpy(x).requires_grad_()
            result = (kt.Vi(leaf) * factor - kt.Vj(torch.from_numpy(y))).cos().sum().sum(1)
            (gradient,) = torch.autograd.grad(result.sum(), leaf)
            assert np.allclose(gradient, -factor * np.sin(differences).sum(1))
            result = result.detach()
        assert np.allclose(result[:, 0], np.cos(differences).sum((1, 2)))
        if turn == rounds // 2:
            keops.cache_clear(disk=False)
    return number


def test_eight_threads_compile_and_run_at_once():
    together, interval = threading.Barrier(8), sys.getswitchinterval()
    try:
        sys.setswitchinterval(1e-5)
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda number: compute(number, 8, together), range(8))) == list(range(8))
    finally:
        sys.setswitchinterval(interval)


def test_one_reduction_in_many_threads(gauss):
    calls = [make_arrays(m, n, dtype, seed=m) for m in (1, 7, 130) for n in (1, 50) for dtype in ("float32", "float64")]
    expected = [gauss(*arrays) for arrays in calls]
    with ThreadPoolExecutor(8) as pool:
        for results in pool.map(lambda _: [gauss(*arrays) for arrays in calls], range(32)):
            assert all(map(np.array_equal, results, expected))


def test_other_threads_go_on_during_a_compilation():
    """Nobody is asked to hand on the interpreter: others only go on where a thread lets go of it by itself."""
    code = """
import sys, threading, time
from keops.numpy import Genred
count, over = 0, False
def go_on():
    global count
    while not over:
        count += 1
        time.sleep(0)
threading.Thread(target=go_on).start()
sys.setswitchinterval(1000)
before = count
for k in range(20):
    Genred(f"slow{k}", ["x=Vi(1)"])._reduction.describe("float64")  # compiles and does not run
print(count > before)
over = True
"""
    assert run_python(code, KEOPS_COMPILER_LIBRARY=fake_compiler()) == "True\n"
