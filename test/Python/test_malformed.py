"""Malformed arguments of every kind at everything public: a clean exception or a right answer, never a crash.

The calls are made by ``malformed`` in processes of their own, on arrays between protected pages."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import malformed
import numpy as np
import pytest
import surface
from conftest import emulated_driver

EXAMPLES = 100 if os.environ.get("KEOPS_SLOW") else 4


def try_calls(library, group, cache):
    """What the process that tries the calls reports; where it dies, the call that it died of."""
    return run([Path(__file__).with_name("malformed.py"), library, group, str(EXAMPLES)], cache)


def run(arguments, cache):
    with open(cache / "calls", "w+") as calls:
        environment = {**os.environ, "KEOPS_CACHE_DIR": str(cache / "cache")}
        command = [sys.executable, *arguments]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=calls, text=True, env=environment)
        calls.seek(0)
        last = calls.read()[-3000:]
    return "" if done.returncode == 0 else done.stdout or f"exit code {done.returncode}; the last calls were\n{last}"


@pytest.mark.parametrize("group", surface.GROUPS)
@pytest.mark.parametrize("library", ("numpy", "torch"))
def test_everything_public_refuses_cleanly_or_computes(library, group, tmp_path):
    if library == "torch":
        pytest.importorskip("torch")
    failures = try_calls(library, group, tmp_path)
    assert not failures, failures


def test_what_concerns_the_process(tmp_path, monkeypatch):
    monkeypatch.setenv("KEOPS_CUDA_DRIVER", emulated_driver())
    failures = try_calls("numpy", "process", tmp_path)
    assert not failures, failures


# ---- What must be found ----------------------------------------------------------------------------------------------


def test_a_crash_is_found(tmp_path):
    code = "import ctypes, sys; print('f of 0 (None)', file=sys.stderr, flush=True); ctypes.string_at(0)"
    failures = run(["-c", code], tmp_path)
    assert "exit code -" in failures and "f of 0 (None)" in failures


def spoil(x):
    x[0] = 3


PLANTED = {
    "none of the exceptions": lambda x: {}[3],
    "says nothing": lambda x: raise_one(ValueError()),
    "says nothing to a user": lambda x: raise_one(ValueError("internal: x")),
    "it comes from": lambda x: np.zeros(3).reshape(x),
    "writes to its arguments": spoil,
    "another result for copies": lambda x: x.strides,
}


def raise_one(error):
    raise error


@pytest.mark.parametrize("fault", PLANTED)
def test_a_fault_is_found(fault):
    entry = surface.Entry("planted", PLANTED[fault], [])
    with pytest.raises(AssertionError, match=fault):
        malformed.check(malformed.Call(entry, 0, [np.ones((4, 2))[::2]], {}))


def test_what_is_public_is_in_the_lists():
    """A function or class that a public module defines has a place in ``__all__``, which is what is tried."""
    for name in ("keops", "keops.masks", "keops.numpy", "keops.numpy.cluster"):
        module = importlib.import_module(name)
        own = {
            key for key, value in vars(module).items() if getattr(value, "__module__", None) == name and callable(value)
        }
        assert {key for key in own if not key.startswith("_")} <= set(module.__all__)
