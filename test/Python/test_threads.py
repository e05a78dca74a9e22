"""How many threads a reduction uses: keops' own number, environment, threadpoolctl; and many Python threads at once."""

import shutil

import pytest
from conftest import run_python

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


@pytest.mark.parametrize("imports", ("", "import torch; torch.ones(3000, 300) @ torch.ones(300, 3000)"))
def test_threadpoolctl_limits(imports):
    """Also within the block in which keops runs for the first time, and beside PyTorch's OpenMP runtime."""
    for limit, more in ((1, 0), (3, 2), (None, 3)):
        assert count_threads(LIMITED.replace("LIMIT", str(limit)), imports, OMP_NUM_THREADS="4") == more
    assert count_threads(LIMITED.replace("LIMIT", "1") + "f(x, x)", imports, OMP_NUM_THREADS="4") == 3


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
    info = run_python("import keops, threadpoolctl; print(threadpoolctl.threadpool_info()[-1]['filepath'])").strip()
    copy = tmp_path / "libomp-1a2b.so"
    shutil.copy(info, copy)
    copy.write_bytes(copy.read_bytes().replace(b"libomp.so", b"libomx.so"))
    load = f"import ctypes; ctypes.CDLL({str(copy)!r}).omp_get_max_threads()"
    others = "print({line.split()[-1] for line in open('/proc/self/maps') if '/libomp' in line} - {" + repr(str(copy)) + "})"
    assert run_python(f"{load}\nimport keops\n{others}") == "set()\n"
    assert count_threads(first=load, OMP_NUM_THREADS="4") == 3
