"""What the Python tests share: a private cache folder, the Gaussian sum and its reference."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

# Before keops is imported, which reads it. `./dev test` names an empty folder for all tests; else this is one.
_cache = tempfile.TemporaryDirectory(prefix="keops-test-")
os.environ.setdefault("KEOPS_CACHE_DIR", os.path.join(_cache.name, "cache"))
# pykeops and keopscore, for the tests and for the programs that they start.
_compat = str(Path(__file__).resolve().parents[2] / "compat")
sys.path.insert(0, _compat)
os.environ["PYTHONPATH"] = os.pathsep.join([_compat, *filter(None, [os.environ.get("PYTHONPATH")])])

import numpy as np  # noqa: E402

import keops  # noqa: E402
from keops.numpy import Genred  # noqa: E402

ALIASES = ["x=Vi(3)", "y=Vj(3)", "g=Pm(1)", "b=Vj(1)"]


@pytest.fixture(scope="session")
def gauss():
    return Genred("Exp(-SqDist(x,y)*g)*b", ALIASES, axis=1)


@pytest.fixture
def arrays():
    """x, y, g, b in float32 for M=50, N=30."""
    return make_arrays(50, 30, np.float32)


def make_arrays(m, n, dtype, seed=0):
    rng = np.random.default_rng(seed)
    shapes = [(m, 3), (n, 3), (1,), (n, 1)]
    return [(rng.random(shape) + 0.1).astype(dtype) for shape in shapes]


def reference(x, y, g, b):
    x, y, g, b = (np.asarray(a, dtype=np.float64) for a in (x, y, g, b))
    squares = ((x[:, None, :] - y[None, :, :]) ** 2).sum(-1)
    return np.exp(-squares * g.reshape(())) @ b


def assert_gauss(result, x, y, g, b):
    expected = reference(x, y, g, b)
    assert result.shape == expected.shape
    eps = np.finfo(result.dtype).eps
    assert np.abs(result - expected).max(initial=0) <= 20 * eps * (1 + np.abs(expected).max(initial=0))


def run_python(code, *arguments, **environment):
    """Runs a program in a fresh interpreter and returns its standard output."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def fake_compiler():
    """The pretending compiler library of test/Unit/Runtime, whose programs can wait for ever."""
    return _find_built("libkeops-fake-compiler.so")


def emulated_driver():
    """The driver of test/Unit/Cuda, whose devices are this processor."""
    return _find_built("libcuda-emulated.so")


def _find_built(name):
    library = Path(keops._keops.__file__).resolve().parents[2] / "lib" / name
    if not library.exists():
        pytest.skip(f"{name} is built in the build tree only")
    return str(library)
