"""Golden surfaces: the names of the package and the signatures of the native module."""

import subprocess
import sys
from pathlib import Path

import keops
import keops.numpy

ROOT = Path(__file__).resolve().parents[2]


def test_names():
    assert keops.__all__ == [
        "cache_clear",
        "cache_info",
        "compiler_info",
        "get_num_threads",
        "gpus",
        "reduce",
        "set_num_threads",
        "settings",
    ]
    classes = ["ComplexLazyTensor", "Genred", "KernelSolve", "LazyTensor", "Pm", "Var", "Vi", "Vj"]
    generic = ["generic_argkmin", "generic_argmin", "generic_logsumexp", "generic_sum"]
    assert keops.numpy.__all__ == classes + generic
    assert all(getattr(keops.numpy, name).__doc__ for name in keops.numpy.__all__)
    assert all(getattr(keops, name).__doc__ for name in keops.__all__)


def test_native_signatures(tmp_path):
    stub = tmp_path / "_keops.pyi"
    command = [sys.executable, "-m", "nanobind.stubgen", "-q", "-m", "keops._keops", "-o", str(stub)]
    subprocess.run(command, check=True)
    assert stub.read_text() == (ROOT / "python/keops/_keops.pyi").read_text()
