"""The forms of kernels under compute-sanitizer; on the emulator, watched for races by it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import arrays
import pytest

FORMS = str(Path(__file__).with_name("forms.py"))
# Each allocation of its own, so that what lies behind an array is nobody's.
UNPOOLED = {"PYTORCH_NO_CUDA_MEMORY_CACHING": "1"}


def run_forms(*before, **variables):
    command = [*before, sys.executable, FORMS]
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def find_sanitizer():
    return shutil.which("compute-sanitizer", path=os.environ["PATH"] + ":/usr/local/cuda/bin")


@pytest.mark.skipif(arrays.IS_EMULATED, reason="there is no GPU")
@pytest.mark.skipif(not find_sanitizer(), reason="compute-sanitizer is not installed")
@pytest.mark.parametrize("tool", ("memcheck", "racecheck"))
def test_with_compute_sanitizer(tool):
    # What PyTorch asks the driver in vain is its own affair.
    options = ("--report-api-errors", "no") if tool == "memcheck" else ()
    text = run_forms(find_sanitizer(), "--tool", tool, "--error-exitcode", "9", *options, **UNPOOLED)
    assert "ERROR SUMMARY: 0 errors" in text or "RACECHECK SUMMARY: 0 hazards" in text, text


@pytest.mark.skipif(not arrays.IS_EMULATED, reason="there is a GPU")
def test_with_the_emulator():
    target = "" if arrays.IS_RECORDING else "gpu-emulator-races"
    assert "gradient: " in run_forms(KEOPS_EMULATED_TARGET=target)


def test_grids_do_not_change_a_bit():
    digests = {blocks: run_forms(KEOPS_GPU_BLOCKS=blocks) for blocks in ("0", "1", "7")}
    assert digests["0"] == digests["1"] == digests["7"]
