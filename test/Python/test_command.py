"""``python -m keops`` as users run it, in processes of its own."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

import keops


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "keops", *arguments], env={**os.environ, **environment}, capture_output=True, text=True
    )


def read(done):
    return dict(re.fullmatch(r"(.*?): +(.*)", line).groups() for line in done.stdout.splitlines())


@pytest.mark.parametrize("command", ([], ["health"]))
def test_health(command, tmp_path):
    folder = str(tmp_path / "cache")
    done = run(*command, KEOPS_CACHE_DIR=folder, KEOPS_NUM_THREADS="3")
    assert done.returncode == 0, done.stderr
    rows = read(done)
    assert rows["keops"].startswith(keops.__version__) and rows["numpy"] == np.__version__
    assert rows["Python"].startswith(sys.version.split()[0]) and rows["threads"] == "3"
    assert rows["compiler"].startswith("LLVM 22.") and keops.compiler_info()["path"] in rows["compiler"]
    assert keops.compiler_info()["host_target"].split()[1] in rows["processor"] and rows["GPU"]
    assert re.fullmatch(r"1 programs, \d+\.\d kB, " + re.escape(folder), rows["cache"])
    assert rows["computation"] == "passed, program from compiled"
    assert read(run(KEOPS_CACHE_DIR=folder))["computation"] == "passed, program from disk"


def test_health_without_a_compiler(tmp_path):
    done = run(KEOPS_CACHE_DIR=str(tmp_path / "cache"), KEOPS_COMPILER_LIBRARY="/nonexistent.so")
    assert done.returncode == 1 and not done.stderr
    rows = read(done)
    assert rows["compiler"].startswith("not available: ") and "/nonexistent.so" in rows["compiler"]
    assert rows["computation"].startswith("failed: ") and rows["cache"].startswith("0 programs")


def test_cache(tmp_path):
    folder = str(tmp_path / "cache")
    run(KEOPS_CACHE_DIR=folder)
    for command in (["cache"], ["cache", "info"]):
        assert read(run(*command, KEOPS_CACHE_DIR=folder))["cache"].startswith("1 programs, ")
    done = run("cache", "clear", KEOPS_CACHE_DIR=folder)
    assert (done.returncode, done.stdout) == (0, f"removed 1 programs from {folder}\n")
    assert read(run("cache", KEOPS_CACHE_DIR=folder))["cache"] == f"0 programs, 0.0 kB, {folder}"


@pytest.mark.parametrize("command", (["nothing"], ["cache", "eat"]))
def test_wrong_commands(command):
    done = run(*command)
    assert done.returncode == 2 and "invalid choice" in done.stderr and not done.stdout
