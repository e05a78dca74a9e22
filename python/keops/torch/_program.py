"""A compiled program on tensors: straight to ``_keops`` where nothing watches, else through ``_function``.

``TensorProgram`` stands where ``_keops.Reduction`` stands for NumPy; ``_derivatives`` makes programs of programs."""

import re
from functools import cached_property, lru_cache

import torch
from torch.autograd import forward_ad

from .. import _keops
from ._layout import Layout

are_transforms_active = torch._C._are_functorch_transforms_active
_is_followed = torch.compiler.is_dynamo_compiling
_count_dispatch_modes = torch._C._len_torch_dispatch_stack
_Tensor = torch.Tensor
# Those whose numbers are what lies in memory; a tensor of another type may do anything when it is used.
PLAIN_TYPES = (torch.Tensor, torch.nn.Parameter)
# Between the texts of a key, characters that ASCII has for the purpose.
_ITEMS, _LISTS = "\x1f", "\x1e"
_PAIR = re.compile(r"\w+_Arg\w+_Reduction\(")
_DTYPES = {kind: getattr(torch, kind) for kind in ("float16", "bfloat16", "float32", "float64", "int64")}

SHORT_DTYPES = (torch.float16, torch.bfloat16)
_REAL_DTYPES = (torch.float32, torch.float64, *SHORT_DTYPES)
_PARTS = {torch.complex64: torch.float32, torch.complex128: torch.float64}


def _make_tensor(shape, dtype):
    return torch.empty(shape, dtype=_DTYPES[dtype])


class TensorProgram:
    """One or several reductions of the same arguments.

    ``parts`` is a reduction's text or a tuple of such; a call gives one tensor for each result of each part. The other
    arguments are those of ``_keops.Reduction``."""

    def __init__(
        self,
        parts,
        aliases,
        precision="default",
        schedule="",
        caller="keops",
        sum_scheme="auto",
        dtype_acc="auto",
        complex_result=False,
    ):
        self.parts = (parts,) if isinstance(parts, str) else tuple(parts)
        self.aliases = tuple(aliases)
        self.caller = caller
        self.options = (precision, schedule, caller, sum_scheme, dtype_acc)
        self.is_complex = complex_result
        self.key = _LISTS.join(map(_ITEMS.join, (self.parts, self.aliases, self.options)))
        self._layout = None
        # Whoever traces only needs the program's name, its key.
        if not torch.compiler.is_compiling():
            self._native
        self._derived = {}

    @cached_property
    def _native(self):
        text = self.parts[0] if len(self.parts) == 1 else f"Fused({','.join(self.parts)})"
        tensors = {"tensor_types": PLAIN_TYPES, "make_tensor": _make_tensor}
        return _keops.Reduction(text, list(self.aliases), *self.options, **tensors)

    @property
    def dump(self):
        return self._native.dump

    @property
    def compile_info(self):
        return self._native.compile_info

    # ---- Calls -------------------------------------------------------------------------------------------------------

    def compute(self, args, out=None, ranges=None, device=None):
        """Computes: one tensor, or a tuple where there are several results. ``device`` is what ``read_device`` gives."""
        if device is not None:
            return _places.compute(self, args, out, ranges, device)
        # As _is_observed(): a function would cost as much as the questions.
        if _is_followed() or are_transforms_active() or _count_dispatch_modes() or forward_ad._current_level >= 0:
            return self._run_watched(args, out, ranges)
        results = self._native.compute(args, out, ranges)
        if results is NotImplemented:
            if any(map(_is_recorded, args)) or _is_cast(args):
                return self._run_watched(args, out, ranges)
            results = self._native.compute(tuple(map(_resolve, _follow(args))), out, ranges, True)
        return _as_complex(results) if self.is_complex and out is None else results

    def _run_watched(self, args, out, ranges):
        if out is not None:
            self._refuse_out()
        results = _function.reduce(self, read_tensors(args), ranges)
        results = results[0] if len(results) == 1 else tuple(results)
        return _as_complex(results) if self.is_complex else results

    def _refuse_out(self):
        raise ValueError(
            f"{self.caller}: out: expected None where PyTorch watches the result (gradients, transforms, autocast)"
        )

    def refuse_watched(self, args):
        """Raises ValueError where the results for these arguments are none to be copied to ``out``."""
        if _is_observed() or any(map(_is_recorded, args)) or _is_cast(args):
            self._refuse_out()

    def compute_detached(self, tensors, ranges):
        """The results for tensors, as a tuple, without a record for gradients."""
        results = self._native.compute(tuple(tensors), None, ranges, True)
        if results is NotImplemented:
            results = self._native.compute(tuple(map(_resolve, tensors)), None, ranges, True)
        return results if isinstance(results, tuple) else (results,)

    def find_batch(self, args, device=None):
        """The shape of the batch that arguments have together, where the tensors are."""
        batch = self._native.find_batch(tuple(args))
        if batch is NotImplemented:
            batch = self._native.find_batch(tuple(map(_resolve, read_tensors(args))), True)
        return batch

    # ---- Derivatives -------------------------------------------------------------------------------------------------

    def describe(self, dtype, gpu=-1):
        """Category and dimension of each argument and more, and what results are, for arrays of this element type."""
        return self._native.describe(dtype, gpu)

    def layout(self, tensors):
        """What arguments and results look like, which is the same for all element types."""
        if self._layout is None:
            self._layout = Layout(*self.describe(_get_dtype_name(tensors), _get_gpu(tensors)))
        return self._layout

    def adjoint(self, layout, places, outputs):
        """The gradients by the arguments at ``places``, one after another, each from every one of ``outputs``."""
        return self._derive("Grad", layout, places, outputs)

    def tangent(self, layout, places, outputs):
        """The derivatives of ``outputs``, one after another, each along a tangent of every one of ``places``."""
        return self._derive("Diff", layout, places, outputs)

    def _derive(self, kind, layout, places, outputs):
        key = kind, places, outputs
        if key not in self._derived:
            given = outputs if kind == "Grad" else places
            numbers = {k: len(self.aliases) + position for position, k in enumerate(given)}
            name = layout.name_adjoint if kind == "Grad" else layout.name_input
            new = {k: name(k, number) for k, number in numbers.items()}
            if kind == "Grad":
                pairs = [(k, place, new[k]) for place in places for k in outputs]
            else:
                pairs = [(k, place, new[place]) for k in outputs for place in places]
            parts = [f"{kind}({self._find_part(k)},{layout.name_input(place)},{vector})" for k, place, vector in pairs]
            precision, _, *others = self.options
            self._derived[key] = TensorProgram(parts, self.aliases + tuple(new.values()), precision, "", *others)
        return self._derived[key]

    def _find_part(self, output):
        """The part that a result belongs to: pairs of values and indices are two results of one part."""
        owners = [part for part in self.parts for _ in range(2 if _PAIR.match(part) else 1)]
        return owners[output]


@lru_cache(maxsize=4096)
def find_program(key):
    """The program with this key, for those who can only hand on a string."""
    parts, aliases, options = (texts.split(_ITEMS) for texts in key.split(_LISTS))
    return TensorProgram(parts, [alias for alias in aliases if alias], *options)


# ---- Arguments and results -------------------------------------------------------------------------------------------


def _is_observed():
    """Whether anything follows or transforms what is computed with any tensors."""
    return _is_followed() or are_transforms_active() or _count_dispatch_modes() or forward_ad._current_level >= 0


def _is_recorded(x):
    return isinstance(x, _Tensor) and (x.requires_grad or type(x) not in PLAIN_TYPES)


def _resolve(x):
    """A tensor whose numbers are what lies in memory."""
    return x.detach().as_subclass(_Tensor).resolve_neg().resolve_conj() if isinstance(x, _Tensor) else x


def find_device(args):
    """Where the first tensor is, None without tensors."""
    return next((x.device for x in args if isinstance(x, _Tensor)), None)


def _follow(args):
    """On a GPU, numbers and lists as tensors there."""
    device = find_device(args)
    return args if device is None or device.type == "cpu" else read_tensors(args)


def _is_cast(args):
    return _is_cast_on(find_device(args))


def _is_cast_on(device):
    return torch.is_autocast_enabled(device.type if device else "cpu")


def read_tensors(args):
    """All arguments as real tensors of one element type; numbers and lists follow the tensors, to their device too."""
    device = find_device(args)
    is_cast = _is_cast_on(device)
    if not is_cast and _are_real(args):
        return args
    found = (x.dtype for x in args if isinstance(x, _Tensor))
    like = next((kind for kind in found if kind.is_floating_point or kind.is_complex), None)
    dtype = _PARTS.get(like, like) or torch.float64
    if is_cast and dtype in SHORT_DTYPES:
        dtype = torch.float32
    return [_read_tensor(x, dtype, is_cast, device) for x in args]


def _are_real(args):
    for x in args:
        if not isinstance(x, _Tensor) or x.dtype not in _REAL_DTYPES or not x.ndim:
            return False
    return True


def _read_tensor(x, dtype, is_cast, device):
    if not isinstance(x, _Tensor):
        kind = torch.promote_types(dtype, torch.complex32) if isinstance(x, complex) else dtype
        x = torch.tensor(x, dtype=kind, device=device)
    if x.is_complex():
        x = torch.view_as_real(x.resolve_conj()).flatten(-2)
    if is_cast and x.dtype in SHORT_DTYPES:
        x = x.to(dtype)
    return x.reshape(1) if x.dim() == 0 else x


def _as_complex(results):
    """Pairs of components as complex numbers; indices stay what they are."""
    if isinstance(results, tuple):
        return tuple(map(_as_complex, results))
    return torch.view_as_complex(results.unflatten(-1, (-1, 2))) if results.is_floating_point() else results


def _get_gpu(tensors):
    """The number of the GPU that will compute; fake tensors may be on one that is not there."""
    x = tensors[0]
    return x.get_device() if type(x) in PLAIN_TYPES and x.device.type == "cuda" else -1


def _get_dtype_name(tensors):
    return str(tensors[0].dtype).removeprefix("torch.")


# At the end, because it takes from here what stands above.
from . import _function, _places  # noqa: E402
