"""The names of KeOps 2.3 in compat/: the objects of keops, functions of the process, dense kernels."""

import copy
import importlib
import os
import pickle
import subprocess
import sys
from unittest import mock

import numpy as np
import pytest
import torch
from conftest import emulated_driver, run_python

import keops
import pykeops
import pykeops.numpy.utils
import pykeops.torch.utils

NAMES = "ComplexLazyTensor Genred KernelSolve LazyTensor Pm Var Vi Vj".split()
NAMES += "generic_argkmin generic_argmin generic_logsumexp generic_sum".split()
KERNELS = {
    "gaussian": lambda r, s: np.exp(-(r**2) / s**2),
    "laplacian": lambda r, s: np.exp(-r / s),
    "cauchy": lambda r, s: 1 / (1 + r**2 / s**2),
    "inverse_multiquadric": lambda r, s: (1 + r**2 / s**2) ** -0.5,
}
SIZES = [(0, 3, 2), (1, 1, 1), (7, 0, 2), (7, 5, 3), (33, 130, 2)]
RESULT = """
import numpy as np
from pykeops.numpy import Vi, Vj
print(((Vi(np.ones((2, 3))) - Vj(np.zeros((4, 3)))) ** 2).sum().sum(axis=1)[:, 0].tolist())
"""


# ---- The same objects ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_objects_are_those_of_keops(library):
    ours, theirs = (importlib.import_module(f"{package}.{library}") for package in ("keops", "pykeops"))
    assert set(NAMES) == set(ours.__all__)
    for name in NAMES:
        assert getattr(theirs, name) is getattr(ours, name)
    ours, theirs = (importlib.import_module(f"{package}.{library}.cluster") for package in ("keops", "pykeops"))
    assert set(theirs.__all__) == set(ours.__all__)
    for name in ours.__all__:
        assert getattr(theirs, name) is getattr(ours, name)


def test_classes_serve_isinstance_and_pickle():
    x, y = np.arange(6.0).reshape(2, 3), np.arange(9.0).reshape(3, 3)
    lazy = (pykeops.numpy.Vi(x) | pykeops.numpy.Vj(y)).exp()
    assert isinstance(lazy, keops.numpy.LazyTensor) and isinstance(lazy, pykeops.numpy.LazyTensor)
    assert not isinstance(lazy, pykeops.torch.LazyTensor)
    again = pickle.loads(pickle.dumps(lazy))
    assert type(again) is pykeops.numpy.LazyTensor
    assert np.array_equal(again.sum(axis=1), lazy.sum(axis=1))
    genred = pykeops.torch.Genred("SqDist(x,y)", ["x=Vi(3)", "y=Vj(3)"], axis=1)
    assert genred(*map(torch.from_numpy, (x, y))).equal(
        pickle.loads(pickle.dumps(genred))(*map(torch.from_numpy, (x, y)))
    )


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_inner_modules_show_the_same(library):
    code = f"""
import pykeops.{library}.generic.generic_ops, pykeops.{library}.lazytensor.LazyTensor
from pykeops.{library}.generic.generic_red import Genred
from pykeops.{library}.generic.generic_ops import generic_sum, generic_logsumexp, generic_argmin, generic_argkmin
from pykeops.{library}.operations import KernelSolve
from pykeops.{library}.lazytensor import Vi
from pykeops.{library}.lazytensor.LazyTensor import LazyTensor, ComplexLazyTensor
from pykeops.common.lazy_tensor import ComplexGenericLazyTensor, GenericLazyTensor
import keops.{library} as ours
assert (Genred, KernelSolve, LazyTensor) == (ours.Genred, ours.KernelSolve, ours.LazyTensor)
assert pykeops.{library}.generic.generic_red.generic_sum is generic_sum is ours.generic_sum
assert issubclass(LazyTensor, GenericLazyTensor) and issubclass(ComplexLazyTensor, ComplexGenericLazyTensor)
print(Vi(0, 3).__class__ is LazyTensor)
"""
    assert run_python(code) == "True\n"


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_copies_compute_the_same(library):
    module = importlib.import_module(f"pykeops.{library}")
    x, y = (np.random.default_rng(k).random((5 + k, 3)) for k in range(2))
    if library == "torch":
        x, y = torch.from_numpy(x), torch.from_numpy(y)
    lazy = -((module.Vi(x) - module.Vj(y)) ** 2).sum()
    aliases = ["x=Vi(3)", "y=Vj(3)"]
    objects = {
        lambda f: f.sum(axis=1): lazy.exp(),
        lambda f: f(): lazy.exp().sum(axis=1, call=False),
        lambda f: f(x, y): module.Genred("SqDist(x,y)", aliases, axis=1),
        lambda f: f(x, y)[:, 0]: module.generic_sum("SqDist(x,y)", "a=Vi(1)", *aliases),
        lambda f: f(x, x, x[:, :1], alpha=1.0): module.KernelSolve(
            "Exp(-SqDist(x,y))*b", [*aliases, "b=Vj(1)"], "b", axis=1
        ),
        lambda f: f.sum(axis=1): (1j * lazy).exp(),
    }
    for compute, made in objects.items():
        for again in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
            assert type(again) is type(made)
            assert np.array_equal(compute(again), compute(made))


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_users_derive_classes(library):
    module = importlib.import_module(f"pykeops.{library}")

    class Cloud(module.LazyTensor):
        def gauss(self, other):
            return (-self.sqdist(other)).exp()

    x = np.random.default_rng(0).random((7, 3))
    points = x if library == "numpy" else torch.from_numpy(x)
    K = Cloud(points, axis=0).gauss(module.LazyTensor(points, axis=1))
    assert type(K) is Cloud and type(2 * K - 1) is Cloud and isinstance(K, module.LazyTensor)
    expected = np.exp(-((x[:, None] - x) ** 2).sum(-1))
    close((2 * K).sum(axis=1), 2 * expected.sum(1)[:, None])
    close(K @ points, expected @ x)


def test_names_can_be_mocked():
    with mock.patch("pykeops.torch.LazyTensor") as fake:
        from pykeops.torch import LazyTensor

        assert LazyTensor is fake
        assert keops.torch.LazyTensor is not fake
    assert pykeops.torch.LazyTensor is keops.torch.LazyTensor


def test_torch_is_imported_when_it_is_used():
    code = "import sys, pykeops, keopscore, pykeops.numpy.cluster, pykeops.numpy.utils, pykeops.common.utils\n"
    code += "print('torch' in sys.modules, pykeops.torch.Genred.__module__, 'torch' in sys.modules)"
    assert run_python(code).split() == ["False", "keops.torch", "True"]
    with pytest.raises(AttributeError, match="has no attribute 'tensorflow'"):
        pykeops.tensorflow


def test_what_programs_ask_before_they_use_a_gpu():
    import keopscore

    assert pykeops.default_device_id == 0
    code = "import pykeops\nfrom pykeops.common.gpu_utils import get_gpu_number\n"
    code += "print(pykeops.config.gpu_available, get_gpu_number())"
    assert run_python(code, KEOPS_CUDA_DRIVER="/nowhere.so") == "False 0\n"
    assert run_python(code, KEOPS_CUDA_DRIVER=emulated_driver()) == "True 1\n"
    assert tuple(map(int, pykeops.__version__.split("."))) >= (2, 3)
    assert (keopscore.auto_factorize, keopscore.debug_ops, keopscore.debug_ops_at_exec) == (False, False, False)
    code = "import keopscore\nkeopscore.config.use_cuda = True\nkeopscore.auto_factorize = True\n"
    assert run_python(code + RESULT).split() == ["[12.0,", "12.0]"]


def test_an_installed_original_is_not_hidden_silently(tmp_path):
    folder = tmp_path / "pykeops-2.3.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: pykeops\nVersion: 2.3\n")
    code = "import sys, warnings\nsys.path.append(sys.argv[1])\nwarnings.simplefilter('error')\n"
    code += "try:\n    import pykeops\nexcept RuntimeWarning as told:\n    print(told)"
    assert run_python(code, str(tmp_path)).startswith("pykeops 2.3 is installed, but ")
    assert run_python(code, str(tmp_path / "elsewhere")) == ""


# ---- The process -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_bindings_are_checked(library, capsys):
    check = getattr(pykeops, f"test_{library}_bindings")
    check()
    assert capsys.readouterr().out == f"pyKeOps with {library} bindings is working!\n"
    wrong = mock.patch("pykeops._bindings._EXPECTED", [[63.0], [91.0]])
    with wrong, pytest.raises(RuntimeError, match="is not working"):
        check()


def test_health_is_that_of_the_command(capsys):
    pykeops.check_health()
    out = capsys.readouterr().out
    assert f"keops:       {keops.__version__}" in out and "computation: passed" in out


@pytest.mark.parametrize("level, val, shown", [("warning", True, 1), ("info", False, 0), ("debug", True, 1)])
def test_messages_can_be_asked_for(tmp_path, level, val, shown):
    code = f"import pykeops\npykeops.set_verbose({val})" + RESULT
    environment = {**os.environ, "KEOPS_LOG": level, "KEOPS_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr.count("info: compiled") == shown, done.stderr
    with pytest.raises(TypeError, match="set_verbose: val: expected a bool, got str"):
        pykeops.set_verbose("no")


def test_cache_is_emptied(tmp_path):
    code = RESULT + "import pykeops, keops\nbefore = keops.cache_info()\npykeops.clean_pykeops()\n"
    code += "after = keops.cache_info()\nprint(*(i[k] for i in (before, after) for k in ('disk_entries', "
    code += "'programs_in_memory')))"
    out = run_python(code, KEOPS_CACHE_DIR=str(tmp_path / "cache"))
    assert out.splitlines()[-1] == "1 1 0 0"


def test_build_folder_holds_at_once_and_for_children(tmp_path, monkeypatch):
    first, other = pykeops.get_build_folder(), tmp_path / "cache"
    monkeypatch.setenv("KEOPS_CACHE_DIR", first)
    pykeops.set_build_folder(other)
    try:
        assert pykeops.get_build_folder() == str(other)
        pykeops.clean_pykeops()
        pykeops.test_numpy_bindings()
        assert len(os.listdir(other)) == 1
        assert run_python("import pykeops; print(pykeops.get_build_folder())").strip() == str(other)
        pykeops.clean_pykeops()
        assert os.listdir(other) == []
    finally:
        pykeops.set_build_folder(first)
    assert pykeops.get_build_folder() == first
    with pytest.raises(TypeError, match="set_build_folder: path: expected a path or None, got int"):
        pykeops.set_build_folder(3)


def test_build_folder_before_anything_else(tmp_path):
    code = "import pathlib, sys, pykeops\npykeops.set_build_folder(pathlib.Path(sys.argv[1]))" + RESULT
    code += "print(pykeops.get_build_folder())"
    folder = tmp_path / "cache"
    assert run_python(code, str(folder)).splitlines()[-1] == str(folder)
    assert os.listdir(folder)


def test_default_build_folder_is_restored(tmp_path):
    code = "import os, pykeops\npykeops.set_build_folder()\nprint(pykeops.get_build_folder())"
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": "", "KEOPS_CACHE_FOLDER": ""}
    assert run_python(code, **home).strip() == str(tmp_path / ".cache" / "keops")


# ---- Helpers ---------------------------------------------------------------------------------------------------------


def points(m, n, d):
    rng = np.random.default_rng(m + n)
    x, y = rng.standard_normal((m, d)), rng.standard_normal((n, d))
    y[:1] = x[:1] if m else y[:1]  # a distance of 0
    return x, y


def close(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("m, n, d", SIZES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_dense_kernels(kernel, m, n, d):
    x, y = points(m, n, d)
    r = np.array([[np.linalg.norm(a - b) for b in y] for a in x]).reshape(m, n)
    expected = KERNELS[kernel](r, 0.7)
    close(pykeops.numpy.utils.np_kernel(x, y, 0.7, kernel), expected)
    close(pykeops.numpy.utils.log_np_kernel(x, y, 0.7, kernel), np.log(expected))
    close(pykeops.torch.utils.torch_kernel(*map(torch.from_numpy, (x, y)), 0.7, kernel), expected)


@pytest.mark.parametrize("m, n, d", SIZES)
@pytest.mark.parametrize("kernel", KERNELS)
def test_dense_gradients(kernel, m, n, d):
    x, y = points(m, n, d)
    tensor = torch.from_numpy(x).requires_grad_()
    pykeops.torch.utils.torch_kernel(tensor, torch.from_numpy(y), 0.7, kernel).sum().backward()
    factors = pykeops.numpy.utils.grad_np_kernel(x, y, 0.7, kernel)
    differences = pykeops.numpy.utils.differences(x, y)
    assert differences.shape == (d, m, n)
    close((2 * factors * differences).sum(2).T, tensor.grad)
    assert np.array_equal(pykeops.torch.utils.differences(tensor.detach(), torch.from_numpy(y)), differences)


def test_kernels_on_the_sphere():
    angles = np.array([0.0, 0.5, 2.0, np.pi])
    rays = np.stack([np.cos(angles), np.sin(angles)], 1)
    cosine = np.cos(angles[:, None] - angles)
    np_kernel_sphere = pykeops.numpy.utils.np_kernel_sphere
    close(np_kernel_sphere(rays, rays, 0.5, "linear"), cosine)
    close(np_kernel_sphere(rays, rays, 0.5, "binet"), cosine**2)
    # Squared chords are 2 - 2 cos.
    chords = ((rays[:, None] - rays) ** 2).sum(2)
    close(np_kernel_sphere(rays, rays, 0.5, "gaussian_oriented"), np.exp(-chords / 0.25))
    unoriented = np_kernel_sphere(rays, rays, 0.5, "gaussian_unoriented")
    close(unoriented, np_kernel_sphere(rays, -rays, 0.5, "gaussian_unoriented"))
    close(unoriented, np.exp(-2 * np.sin(angles[:, None] - angles) ** 2 / 0.25))


def test_other_helpers():
    large = np.array([[1000.0, -2000.0], [1001.0, -2000.0]])
    for axis in (0, 1):
        peak = large.max(axis, keepdims=True)
        expected = np.log(np.exp(large - peak).sum(axis)) + peak.squeeze(axis)
        close(pykeops.numpy.utils.log_sum_exp(large, axis), expected)
        close(pykeops.torch.utils.log_sum_exp(torch.from_numpy(large), axis), expected)
    x, y = points(3, 4, 2)
    close(pykeops.numpy.utils.squared_distances(x, y), [[(a - b) @ (a - b) for b in y] for a in x])
    close(pykeops.torch.utils.squared_distances(*map(torch.from_numpy, (x, y))), ((x[:, None] - y) ** 2).sum(2))
    for axis, kept in ((0, 1), (1, 0)):
        assert pykeops.common.utils.axis2cat(axis) == kept


def test_helpers_name_what_they_know():
    x = np.zeros((2, 3))
    for name in ("np_kernel", "log_np_kernel", "grad_np_kernel"):
        with pytest.raises(ValueError, match=f"{name}: kernel: expected one of gaussian, .*; got 'gauss'"):
            getattr(pykeops.numpy.utils, name)(x, x, 1.0, "gauss")
    with pytest.raises(ValueError, match="np_kernel_sphere: kernel: expected one of linear, .*; got 'cauchy'"):
        pykeops.numpy.utils.np_kernel_sphere(x, x, 1.0, "cauchy")
    with pytest.raises(ValueError, match="torch_kernel: kernel: expected one of gaussian, .*; got 'gauss'"):
        pykeops.torch.utils.torch_kernel(torch.zeros(2, 3), torch.zeros(2, 3), 1.0, "gauss")
    with pytest.raises(ValueError, match="axis2cat: axis: expected 0 or 1, got 2"):
        pykeops.common.utils.axis2cat(2)


def test_warm_up_computes():
    for warm_up in (pykeops.numpy.utils.WarmUpGpu, pykeops.torch.utils.WarmUpGpu):
        before = sum(keops.cache_info()[k] for k in ("memory_hits", "disk_hits", "compilations"))
        warm_up()
        assert sum(keops.cache_info()[k] for k in ("memory_hits", "disk_hits", "compilations")) > before
    with pytest.raises(ValueError, match="WarmUpGpu: lang: expected one of numpy, torch, pytorch; got 'matlab'"):
        pykeops.common.utils.WarmUpGpu("matlab")
