"""The checks of a GPU themselves: they pass on the emulator, find wrong results, and say where there is no GPU.
With KEOPS_SLOW, also those of a package that is unpacked elsewhere, whose native module is built there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import keops

FOLDER = Path(__file__).resolve().parent
BUILD = Path(keops._keops.__file__).parents[2]
DRIVER = BUILD / "lib/libcuda-emulated.so"
SOME = "test_repeated_runs or test_threads or test_with_the_emulator or test_lazy or (test_operation and Exp-float32)"

pytestmark = [
    pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="fibers do not tell the sanitizer of their stacks"),
    pytest.mark.skipif(not DRIVER.exists(), reason="the emulated driver is built in the build tree only"),
]


def check(folder=FOLDER, chosen=SOME, **variables):
    environment = {**os.environ, "KEOPS_CUDA_DRIVER": str(DRIVER), "KEOPS_TARGET": "native", **variables}
    command = [sys.executable, folder / "check.py", "-n", "0", "-k", chosen]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_checks_pass_on_the_emulator():
    done = check()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("checked on: Emulated GPU 0")
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) == 11, done.stdout


def test_checks_find_kernels_that_compute_nothing():
    done = check(chosen="test_a_million_terms", KEOPS_EMULATED_TARGET="", KEOPS_EMULATED_VERSION="13000")
    assert done.returncode == 1 and "passed" not in done.stdout, done.stdout + done.stderr


def test_no_gpu_is_said_in_one_line():
    done = check(KEOPS_CUDA_DRIVER="/nowhere.so")
    assert done.returncode == 1 and re.fullmatch(".*no CUDA device: .*/nowhere.so.*\n", done.stderr), done.stderr


@pytest.mark.skipif("KEOPS_SLOW" not in os.environ, reason="builds the native module")
def test_a_package_works_elsewhere(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    import package

    package.copy_files(tmp_path)
    (tmp_path / "programs").mkdir(mode=0o700)
    done = check(tmp_path / "test/Gpu", KEOPS_COMPILER_LIBRARY=str(BUILD / "lib/libkeops-compiler.so"))
    assert done.returncode == 0 and "keops of the package" in done.stdout, done.stdout + done.stderr
    assert list((tmp_path / "programs").iterdir()) == [], "what runs on the emulator is for no GPU"
