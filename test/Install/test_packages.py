"""What pip installs: the component "python" of the build, the source distribution and ``compat/``; with KEOPS_SLOW also
a wheel that is built from the source distribution."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import keops

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(keops._keops.__file__).parents[2]
COMPUTE = """
import numpy as np, keops
from keops.numpy import LazyTensor
x, y = np.random.default_rng(0).random((7, 1, 3)), np.random.default_rng(1).random((1, 5, 3))
D = ((LazyTensor(x) - LazyTensor(y)) ** 2).sum(-1)
assert np.allclose(D.sum(axis=1)[:, 0], ((x - y) ** 2).sum((1, 2)))
print(keops.__file__, keops.compiler_info()["path"], sep="\\n")
"""


def run(*command, **variables):
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def list_sources():
    """All files that belong to the tree, whether git has them already or not."""
    names = run("git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return {name for name in names if name and (ROOT / name).exists()}


def list_files(folder):
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {name for name in names if "__pycache__" not in name and ".dist-info" not in name}


def check_package(folder, cache):
    """The files of the tree and those that the build makes, which work without anything beside them."""
    sources = {name.removeprefix("python/") for name in list_sources() if name.startswith("python/keops/")}
    libraries = {name for name in list_files(folder) if ".so" in name}
    assert list_files(folder) - libraries == sources | {"keops/_lazy/_operations.py"}
    assert {name.split(".")[0] for name in libraries} == {"keops/_keops", "keops/libkeops", "keops/libkeops-compiler"}
    variables = {"PYTHONPATH": str(folder), "KEOPS_CACHE_DIR": str(cache)}
    paths = run(sys.executable, "-c", COMPUTE, **variables).splitlines()
    assert [Path(path).parent for path in paths] == [folder / "keops"] * 2
    health = run(sys.executable, "-m", "keops", **variables)
    assert str(folder / "keops") in health and "computation: passed" in health


def test_the_component_is_a_whole_package(tmp_path):
    run("cmake", "--install", BUILD, "--component", "python", "--prefix", tmp_path / "site")
    check_package(tmp_path / "site", tmp_path / "cache")


def test_an_ordinary_installation_has_no_package(tmp_path):
    run("cmake", "--install", BUILD, "--prefix", tmp_path)
    assert not [name for name in list_files(tmp_path) if name.endswith(".py")]


def make_source_distribution(folder):
    """Through the entry point that pip calls, in a process of its own because it reads the current folder."""
    code = "import sys; from scikit_build_core.build import build_sdist; print(build_sdist(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, folder], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.splitlines()[-1]


def test_the_source_distribution_is_the_tree(tmp_path):
    with tarfile.open(make_source_distribution(tmp_path)) as archive:
        names = {member.name.split("/", 1)[1] for member in archive if member.isfile()}
    assert names == list_sources() | {"PKG-INFO"}


def test_compat_is_a_distribution_of_both_names(tmp_path):
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    run(*pip, "--target", tmp_path / "site", ROOT / "compat")
    sources = {name.removeprefix("compat/") for name in list_sources() if name.startswith("compat/")}
    assert list_files(tmp_path / "site") == sources - {"pyproject.toml"}
    code = "import pykeops; pykeops.test_numpy_bindings(); print(pykeops.__file__)"
    variables = {"PYTHONPATH": str(tmp_path / "site"), "KEOPS_CACHE_DIR": str(tmp_path / "cache")}
    output = run(sys.executable, "-c", code, **variables)
    assert output.splitlines() == ["pyKeOps with numpy bindings is working!", f"{tmp_path}/site/pykeops/__init__.py"]


@pytest.mark.skipif(not os.environ.get("KEOPS_SLOW"), reason="builds everything anew, with KEOPS_SLOW=1")
@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="a wheel is not built for the sanitizer")
def test_a_wheel_of_the_source_distribution(tmp_path):
    sources = BUILD / "test-wheel"  # always the same, for the compiler cache
    run("cmake", "-E", "rm", "-rf", sources)
    with tarfile.open(make_source_distribution(tmp_path)) as archive:
        archive.extractall(sources, filter="data")
    (unpacked,) = sources.iterdir()
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    run(*pip, "--target", tmp_path / "site", f"-Cbuild-dir={sources}/build", unpacked)
    check_package(tmp_path / "site", tmp_path / "cache")
