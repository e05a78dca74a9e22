"""The way of watched tensors: an autograd function for eager PyTorch and torch.func, an operator of torch.library for
everything that traces (torch.compile, export, fake tensors). Both take derivatives from ``_derivatives``."""

from functools import partial

import torch
from torch.autograd import forward_ad

from ._derivatives import pull_back, push_forward
from ._program import PLAIN_TYPES, are_transforms_active, find_program


def reduce(program, tensors, ranges):
    """All results of a program, a sequence of tensors; ``ranges`` are six arrays of NumPy, or None."""
    if torch.compiler.is_compiling():
        return _call_operator(program, tensors, ranges)
    if are_transforms_active():
        return _Mapped.apply(program, ranges, *tensors)
    if torch.is_grad_enabled() or forward_ad._current_level >= 0:
        return _record(program, ranges, *tensors)
    return _compute(program, tensors, ranges)


def _call_operator(program, tensors, ranges):
    return torch.ops.keops.reduce(list(tensors), program.key, write_ranges(ranges))


def _compute(program, tensors, ranges):
    if torch._C._len_torch_dispatch_stack() or not _are_plain(tensors):
        _check_fakes(program, tensors)
        return tuple(_call_operator(program, tensors, ranges))
    return program.compute_detached(tensors, ranges)


def _are_plain(tensors):
    for x in tensors:
        if type(x) not in PLAIN_TYPES:
            return False
    return True


def _check_fakes(program, tensors):
    """Outside of their mode, fake tensors go with each other only."""
    fakes = [hasattr(x, "fake_mode") for x in tensors]
    if any(fakes) and not all(fakes) and not torch._C._len_torch_dispatch_stack():
        raise ValueError(f"{program.caller}: expected real tensors or fake ones, got both")


def write_ranges(ranges):
    """Ranges as operators take them, which know tensors only."""
    return [torch.as_tensor(array) for array in ranges or ()]


def read_ranges(tensors):
    """The ranges of ``write_ranges``."""
    return tuple(tensor.numpy() for tensor in tensors) or None


# ---- The operator ----------------------------------------------------------------------------------------------------


@torch.library.custom_op("keops::reduce", mutates_args=(), device_types=("cpu", "cuda"))
def _reduce(inputs: list[torch.Tensor], program: str, ranges: list[torch.Tensor]) -> list[torch.Tensor]:
    return list(find_program(program).compute_detached(inputs, read_ranges(ranges)))


@_reduce.register_fake
def _reduce_shapes(inputs, program, ranges):
    layout = find_program(program).layout(inputs)
    kinds = {"int64": torch.int64}
    return [
        inputs[0].new_empty(shape, dtype=kinds.get(dtype, inputs[0].dtype))
        for shape, (_, dtype, _) in zip(layout.output_shapes(inputs), layout.outputs)
    ]


def _keep_inputs(ctx, inputs, output):
    tensors, ctx.program, ranges = inputs
    ctx.count = len(tensors)
    ctx.save_for_backward(*tensors, *ranges)


def _reduce_backward(ctx, adjoints):
    tensors, ranges = ctx.saved_tensors[: ctx.count], ctx.saved_tensors[ctx.count :]

    def again(program, tensors):
        return torch.ops.keops.reduce(tensors, program.key, list(ranges))

    gradients = pull_back(find_program(ctx.program), tensors, ctx.needs_input_grad[0], adjoints, again)
    return gradients, None, [None] * len(ranges)


_reduce.register_autograd(_reduce_backward, setup_context=_keep_inputs)


@_reduce.register_vmap
def _reduce_vmap(info, in_dims, inputs, program, ranges):
    batched = batch_tensors(find_program(program), in_dims[0], inputs)
    results = _unbatch(find_program(program), batched, torch.ops.keops.reduce(batched, program, ranges))
    return results, [0] * len(results)


# ---- The function ----------------------------------------------------------------------------------------------------


def _keep(ctx, program, ranges, tensors, results):
    ctx.program, ctx.ranges = program, ranges
    ctx.save_for_backward(*tensors)
    if forward_ad._current_level >= 0:
        ctx.save_for_forward(*tensors)
    indices = [result for result in results if not result.is_floating_point()]
    if indices:
        ctx.mark_non_differentiable(*indices)
    ctx.set_materialize_grads(False)


def run_forward(rule, ctx):
    """A rule of forward mode for the tensors that were saved.

    PyTorch turns forward mode off around it, so that a derivative of the derivative would be 0 without a word. With it
    on, the saved tensors must not have the tangents that the rule is for."""
    with forward_ad._set_fwd_grad_enabled(True):
        return rule(*(forward_ad.unpack_dual(x).primal for x in ctx.saved_tensors))


class _Reduce(torch.autograd.Function):
    """Outside of transforms, where a function with ``setup_context`` would take twice as long."""

    @staticmethod
    def forward(ctx, program, ranges, *tensors):
        results = _compute(program, tensors, ranges)
        _keep(ctx, program, ranges, tensors, results)
        return results

    @staticmethod
    def backward(ctx, *adjoints):
        again = partial(reduce, ranges=ctx.ranges)
        return None, None, *pull_back(ctx.program, ctx.saved_tensors, ctx.needs_input_grad[2:], adjoints, again)

    @staticmethod
    def jvp(ctx, _program, _ranges, *tangents):
        again = partial(reduce, ranges=ctx.ranges)
        return run_forward(lambda *tensors: tuple(push_forward(ctx.program, tensors, tangents, again)), ctx)


# ``Function.apply`` would unwrap what outlives a transform, which takes longer than a small reduction.
_record = super(torch.autograd.Function, _Reduce).apply


class _Mapped(_Reduce):
    """Inside of transforms."""

    @staticmethod
    def forward(program, ranges, *tensors):
        return _compute(program, tensors, ranges)

    @staticmethod
    def setup_context(ctx, inputs, output):
        program, ranges, *tensors = inputs
        _keep(ctx, program, ranges, tensors, output)

    @staticmethod
    def vmap(info, in_dims, program, ranges, *tensors):
        batched = batch_tensors(program, in_dims[2:], tensors)
        results = tuple(_unbatch(program, batched, reduce(program, batched, ranges)))
        return results, (0,) * len(results)


def batch_tensors(program, in_dims, tensors):
    """The tensors with the mapped axis in front of their batch axes, so many that all mapped ones have them in line."""
    layout = program.layout(tensors)
    moved = [x if axis is None else x.movedim(axis, 0) for x, axis in zip(tensors, in_dims)]
    counts = [
        layout.count_batch_axes(place, x) - (axis is not None) for place, (x, axis) in enumerate(zip(moved, in_dims))
    ]
    most = max(counts)
    return [
        x if axis is None else x.reshape(x.shape[0], *(1,) * (most - count), *x.shape[1:])
        for x, axis, count in zip(moved, in_dims, counts)
    ]


def _unbatch(program, batched, results):
    """The results with the mapped axis in front, even if it has length 1 and only parameters have it."""
    shapes = program.layout(batched).output_shapes(batched, keeps_ones=True)
    return [result.reshape(shape) for result, shape in zip(results, shapes)]
