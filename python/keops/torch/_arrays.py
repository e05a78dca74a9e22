"""What the core must know about PyTorch tensors."""

from contextlib import nullcontext

import torch

from ._program import TensorProgram as make_program  # noqa: F401  (the core calls it)
from ._solve import solve  # noqa: F401  (the core calls it)

name = "torch"
dtypes = {getattr(torch, kind): kind for kind in ("float16", "bfloat16", "float32", "float64")}
# The types of the parts of complex numbers.
complex_dtypes = {torch.complex64: "float32", torch.complex128: "float64"}


def is_array(x):
    # Nested tensors have no shape.
    return isinstance(x, torch.Tensor) and not x.is_nested


def check_memory(what, x):
    """Raises ValueError for a tensor that does not store its numbers one by one."""
    if x.layout is not torch.strided:
        raise ValueError(f"{what}: expected a tensor of layout torch.strided, got {x.layout}")


def name_memory(x):
    """Nothing: programs compare devices, and there is one library."""
    return None


def read_stream(caller, stream):
    """Raises ValueError unless it is None: PyTorch has a way to say it."""
    if stream is not None:
        raise ValueError(
            f"{caller}: stream: expected None for tensors, which are computed with on PyTorch's current stream; write "
            "'with torch.cuda.stream(stream):' around the call"
        )


def refuse_dtype(dtype):
    """Raises for a type that cannot be computed with."""
    raise TypeError(
        "LazyTensor: x: expected a tensor of dtype float16, bfloat16, float32, float64, complex64 or complex128, "
        f"got {dtype}"
    )


def fuse(parts):
    """Several reductions for ``make_program``, which differentiates each."""
    return tuple(parts)


# ---- What entries are gathered with ----------------------------------------------------------------------------------


def concatenate(parts, count, axis):
    """The tensor of ``count`` rows (axis 0) or columns (axis 1) that ``parts`` yields some at a time."""
    return torch.cat(list(parts), axis)


def make_mask(width, dim, dtype, data):
    """Unit vectors of ``width``, each component ``dim`` times: (width, width * dim), where the tensors ``data`` are."""
    device = next((x.device for x in data if is_array(x)), None)
    return torch.eye(width, dtype=getattr(torch, dtype), device=device).repeat_interleave(dim, 1)


# ---- What results are merged with ------------------------------------------------------------------------------------

be_quiet = nullcontext


def find_math(x):
    return torch


def on_stream(x, stream):
    return nullcontext()


def widen(x):
    """Floats in float64, as complex numbers where they are; integers as they are."""
    return x.to(torch.promote_types(x.dtype, torch.float64)) if x.dtype != torch.int64 else x


def narrow(x, like):
    return x.to(like.dtype)


def total(x, axes):
    return x.sum(axes, keepdim=True)


def product(x, axes):
    for axis in axes:
        x = x.prod(axis, keepdim=True)
    return x


def largest(x, axes, empty):
    """The largest values, the first of equal ones for derivatives, ``empty`` where there are none."""
    for axis in axes:
        x = x.max(axis, keepdim=True).values if x.shape[axis] else x.sum(axis, keepdim=True) + empty
    return x


# ---- What solvers compute with ---------------------------------------------------------------------------------------


broadcast_to = torch.broadcast_to


def zeros_like(x):
    """A new tensor, whatever the strides of ``x``."""
    return torch.zeros(x.shape, dtype=x.dtype, device=x.device)


def dot(x, y):
    """The float64 inner products of the columns of (..., M, E): (..., 1, E)."""
    return (x.double() * y.double()).sum(-2, keepdim=True)


def divide(x, y, like):
    """x / y, 0 where y is 0, in the type of the tensor ``like``."""
    return torch.where(y == 0, 0.0, x / y).to(like.dtype)


# ---- What clusters and ranges are read with --------------------------------------------------------------------------


def to_numpy(x):
    """A tensor as an array, without its gradient; other things as they are."""
    if not is_array(x):
        return x
    # Transforms take all tensors for theirs, also one that they know nothing of.
    with torch._C._DisableFuncTorch():
        x = x.detach().float() if x.dtype == torch.bfloat16 else x.detach()
        return x.resolve_neg().resolve_conj().cpu().numpy()


def from_numpy(x):
    """An array as a tensor."""
    return torch.from_numpy(x)
