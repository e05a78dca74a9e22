"""A small reduction for each library of arrays: whether it works, and the call that timing scripts begin with."""

import importlib

_ALIASES = ["x = Vi(3)", "y = Vj(3)"]
_EXPECTED = [[63.0], [90.0]]


def test_numpy_bindings():
    """Computes squared distances of NumPy arrays and says that this works; RuntimeError where the result is wrong."""
    _check_bindings("numpy")


def test_torch_bindings():
    """The same for PyTorch tensors."""
    _check_bindings("torch")


def _check_bindings(library):
    result = compute(library)
    if result != _EXPECTED:
        raise RuntimeError(f"pyKeOps with {library} bindings is not working: expected {_EXPECTED}, got {result}")
    print(f"pyKeOps with {library} bindings is working!")


def compute(library):
    """Sums of squared distances of the points 1..9 to each of 3..8, as a list."""
    import numpy as np

    x, y = np.arange(1.0, 10.0).reshape(3, 3), np.arange(3.0, 9.0).reshape(2, 3)
    if library == "torch":
        import torch

        x, y = torch.from_numpy(x), torch.from_numpy(y)
    genred = importlib.import_module(f"keops.{library}").Genred
    return genred("SqNorm2(x - y)", _ALIASES)(x, y).tolist()
