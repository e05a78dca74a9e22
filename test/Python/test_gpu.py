"""Arrays on a GPU, in a process of its own whose driver is an emulated one: only there do they exist everywhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import emulated_driver, run_python

from keops.numpy import Genred

unwatched = pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="fibers do not tell the sanitizer of their stacks")


@unwatched
@pytest.mark.parametrize("program", ["emulated_gpu.py", "host_arrays.py", "device_arrays.py", "described_arrays.py", "device_streams.py", "device_lazy.py"])
def test_arrays_for_a_gpu(program):
    environment = {**os.environ, "KEOPS_CUDA_DRIVER": emulated_driver(), "KEOPS_TARGET": "native"}
    program = Path(__file__).with_name(program)
    modules = str(Path(__file__).resolve().parents[1] / "Gpu")  # what they share with the checks of a GPU
    environment["PYTHONPATH"] = os.pathsep.join([modules, environment.get("PYTHONPATH", "")])
    done = subprocess.run([sys.executable, program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == "done\n", done.stderr


NO_GPU = """
import numpy as np
from keops.numpy import Genred, Vi, Vj, KernelSolve
x = np.ones((3, 1))
product = Genred("x*y", ["x=Vi(1)", "y=Vj(1)"], axis=1)
solver = KernelSolve("x*y*b", ["x=Vi(1)", "y=Vj(1)", "b=Vj(1)"], "b", axis=1)
for call in (
    lambda: product(x, x, backend="GPU"),
    lambda: product(x, x, device_id=0),
    lambda: (Vi(x) * Vj(x)).sum(1, backend="GPU_2D"),
    lambda: solver(x, x, x, backend="GPU_1D"),
):
    try:
        call()
    except RuntimeError as error:
        print(error)
print(product(x, x).tolist())
"""


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"DRIVER": "/nowhere.so"}, "no CUDA device: NVIDIA's driver cannot be loaded: /nowhere.so"),
        ({"DEVICES": "0"}, "no CUDA device: cuInit: CUDA_ERROR_NO_DEVICE"),
        ({"CAPABILITIES": "7.0"}, "device 0 .* has compute capability 7.0, expected at least 7.5"),
        ({"VERSION": "11040"}, "device 0 .*: the driver, for CUDA 11.4, is too old for PTX 7.8 of this program"),
    ],
)
def test_without_a_gpu_the_reason_is_said_and_the_processor_computes(environment, reason):
    settings = {f"KEOPS_EMULATED_{name}": value for name, value in environment.items()}
    driver = environment.get("DRIVER") or emulated_driver()
    settings |= {"KEOPS_EMULATED_TARGET": "", "KEOPS_CUDA_DRIVER": driver}
    *refused, computed = run_python(NO_GPU, **settings).splitlines()
    refused = [line for line in refused if not line.startswith(" ")]
    assert len(refused) == 4 and computed == "[[3.0], [3.0], [3.0]]"
    for line in refused:
        assert re.match("(Genred|LazyTensor): (" + reason + ")", line), line


SOLVERS = """
import warnings
import numpy as np
import keops
from keops.numpy import KernelSolve, Vi, Vj
warnings.simplefilter("ignore")  # kernels that do nothing solve nothing
x, b = np.ones((2, 5, 3)), np.ones((5, 2))
solver = KernelSolve("Exp(-SqDist(x,y))*b", ["x=Vi(3)", "y=Vj(3)", "b=Vj(2)"], "b", axis=1)
print(solver(x, x, b, backend="GPU").shape)
print((-((Vi(x[0]) - Vj(x[0])) ** 2).sum(-1)).exp().solve(b, device_id=0).shape)
print(keops.cache_info()["compilations"])
"""


@unwatched
def test_solvers_run_from_recorded_programs(tmp_path):
    (tmp_path / "programs").mkdir(mode=0o700)
    environment = {"KEOPS_PROGRAMS": str(tmp_path / "programs"), "KEOPS_CUDA_DRIVER": emulated_driver()}
    environment |= {"KEOPS_EMULATED_TARGET": "", "KEOPS_EMULATED_VERSION": "13000", "KEOPS_TARGET": "native"}
    recorded = run_python(SOLVERS, **environment, KEOPS_CACHE_DIR=str(tmp_path / "first")).split("\n")
    assert recorded[:3] == ["(2, 5, 2)", "(5, 2)", "2"]
    environment |= {"KEOPS_COMPILER_LIBRARY": "/nowhere.so", "KEOPS_CACHE_DIR": str(tmp_path / "second")}
    assert run_python(SOLVERS, **environment).split("\n")[:3] == ["(2, 5, 2)", "(5, 2)", "0"]


def health(environment):
    command = [sys.executable, "-m", "keops"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_health_names_the_gpus():
    environment = {**os.environ, "KEOPS_CUDA_DRIVER": emulated_driver()}
    assert re.search(r"^GPU: +\S.*\(sm_\d+, \d+ GiB\); driver for CUDA \d+\.\d$", health(environment), re.M)
    assert re.search("^GPU: +none: .*/nowhere.so", health(environment | {"KEOPS_CUDA_DRIVER": "/nowhere.so"}), re.M)


class OnGpu:
    """An array that only says where it is."""

    def __dlpack__(self, **_):
        raise BufferError("it is on a GPU")

    def __dlpack_device__(self):
        return 2, 0


def test_numpy_arrays_are_not_on_a_gpu():
    with pytest.raises((TypeError, ValueError), match="argument 1"):
        Genred("x+y", ["x=Vi(1)", "y=Vj(1)"], axis=1)(OnGpu(), np.ones((1, 1)))
