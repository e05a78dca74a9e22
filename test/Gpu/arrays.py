"""Where the arrays of the checks live: on a GPU as PyTorch's tensors, or on an emulated one (``emulated.py``).

``install()`` lets every reduction of this process compute there, whatever library its arrays are of: so the tests of
the CPU check a GPU, and there is one list of formulas. NumPy's arrays are copied there and back. PyTorch's are left
alone where PyTorch has a GPU, and are copied to the emulated one where it has none. There, ``TORCH_DEVICE`` is the CPU.

Three kinds of runs: on a GPU; on the emulator (KEOPS_CUDA_DRIVER names its driver); and recording (its target is empty
too), in which programs are compiled and loaded and not run, and all results are 0."""

import os

import ml_dtypes
import numpy as np
import torch

from keops import _keops

IS_EMULATED = bool(os.environ.get("KEOPS_CUDA_DRIVER"))
IS_RECORDING = IS_EMULATED and os.environ.get("KEOPS_EMULATED_TARGET") == ""
TORCH_DEVICE = "cpu" if IS_EMULATED else "cuda"

_Native = _keops.Reduction
_SHORT = np.dtype(ml_dtypes.bfloat16)


# ---- between the host and the device ---------------------------------------------------------------------------------


def to_torch(array):
    """A tensor of the host's memory; NumPy has bfloat16 from an extension that PyTorch does not know."""
    array = np.ascontiguousarray(array) if np.ndim(array) else np.asarray(array)
    is_short = array.dtype == _SHORT
    tensor = torch.tensor(array.view(np.int16) if is_short else array)
    return tensor.view(torch.bfloat16) if is_short else tensor


def to_numpy(tensor):
    tensor = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous()
    is_short = tensor.dtype == torch.bfloat16
    return tensor.view(torch.int16).numpy().view(_SHORT) if is_short else tensor.numpy()


if IS_EMULATED:
    from emulated import Tensor, put

    def get(tensor):
        return np.zeros(tensor.shape, tensor.dtype) if IS_RECORDING else tensor.read()

else:
    Tensor, get = torch.Tensor, to_numpy

    def put(array):
        return to_torch(array).cuda()


# ---- reductions ------------------------------------------------------------------------------------------------------


def _read_arrays(arguments):
    """Numbers and lists follow the arrays, as they do on the CPU."""
    arrays = [x for x in arguments if isinstance(x, np.ndarray) and x.dtype.kind in "fcV"]
    like = arrays[0].real.dtype if arrays and arrays[0].dtype.kind == "c" else arrays[0].dtype if arrays else np.float64
    return [x if isinstance(x, np.ndarray) and x.ndim else _follow(x, like) for x in arguments]


def _follow(number, like):
    kind = np.result_type(like, np.complex64) if np.iscomplexobj(number) else like
    return np.asarray(number, kind).reshape(-1)


class Reduction:
    """Stands where ``_keops.Reduction`` stands, and computes on the device."""

    def __init__(self, *args, tensor_types=(), make_tensor=None, **options):
        self._is_torch = bool(tensor_types)
        self._native = _Native(*args, **options, tensor_types=(Tensor,), make_tensor=None)

    def compute(self, arguments, out=None, ranges=None, detached=False, device=None):
        if self._is_torch and not detached:
            return NotImplemented  # whoever watches these tensors comes back with others
        results = self._native.compute(self._move(arguments), None, ranges, True)
        results = tuple(map(self._bring_back, results if isinstance(results, tuple) else (results,)))
        if out is not None:
            for place, result in zip(out if isinstance(out, tuple) else (out,), results, strict=True):
                place[...] = result
            return out
        return results if len(results) > 1 else results[0]

    def run(self, *arguments, out=None, ranges=None):
        return self.compute(arguments, out, ranges)

    def find_batch(self, arguments, detached=False, device=None):
        is_watched = self._is_torch and not detached
        return NotImplemented if is_watched else self._native.find_batch(self._move(arguments), True)

    def describe(self, dtype, gpu=0):
        return self._native.describe(dtype, 0)

    def dump(self, stage, dtype):
        return self._native.dump(stage, dtype)

    @property
    def compile_info(self):
        return self._native.compile_info

    def _move(self, arguments):
        return tuple(map(put, map(to_numpy, arguments) if self._is_torch else _read_arrays(arguments)))

    def _bring_back(self, result):
        return to_torch(get(result)) if self._is_torch else get(result)


def _choose(*args, tensor_types=(), **options):
    is_left_alone = tensor_types and not IS_EMULATED
    return (_Native if is_left_alone else Reduction)(*args, tensor_types=tensor_types, **options)


def install():
    """To be called before keops.numpy and keops.torch are imported."""
    _keops.Reduction = _choose
