"""KeOps 2.3's Python names for ``keops``: programs that import ``pykeops`` run unchanged.

``pykeops.numpy`` and ``pykeops.torch`` show the very objects of ``keops.numpy`` and ``keops.torch``. PyTorch is imported
when ``pykeops.torch`` is used, not before."""

import importlib
import importlib.metadata
import warnings

from keopscore._process import check_health, clean_pykeops, get_build_folder, set_build_folder, set_verbose

from . import common, config, numpy
from ._bindings import test_numpy_bindings, test_torch_bindings

# The language and the interface are those of this version; ``keops.__version__`` says what computes.
__version__ = "2.3"
default_device_id = 0

__all__ = ["check_health", "clean_pykeops", "config", "default_device_id", "get_build_folder", "numpy"]
__all__ += ["set_build_folder", "set_verbose", "test_numpy_bindings", "test_torch_bindings"]


def __getattr__(name):
    if name == "torch":
        return importlib.import_module("pykeops.torch")
    raise AttributeError(f"module 'pykeops' has no attribute {name!r}")


def _warn_of_original():
    """Says so where KeOps itself is installed as well, which this package hides."""
    try:
        version = importlib.metadata.version("pykeops")
    except importlib.metadata.PackageNotFoundError:
        return
    warnings.warn(
        f"pykeops {version} is installed, but {__file__} of keops-compat was imported; uninstall one of them",
        RuntimeWarning,
        stacklevel=3,
    )


_warn_of_original()
