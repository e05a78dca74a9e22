"""The way of watched tensors: an autograd function for eager PyTorch and torch.func, an operator of torch.library for
everything that traces (torch.compile, export, fake tensors). Both take derivatives from ``_derivatives``."""

import torch

from ._derivatives import pull_back, push_forward
from ._program import find_program


def reduce(program, tensors):
    """All results of a program, a sequence of tensors."""
    if torch.compiler.is_compiling():
        return torch.ops.keops.reduce(list(tensors), program.key)
    return _Reduce.apply(program, *tensors)


# ---- The operator ----------------------------------------------------------------------------------------------------


@torch.library.custom_op("keops::reduce", mutates_args=(), device_types="cpu")
def _reduce(inputs: list[torch.Tensor], program: str) -> list[torch.Tensor]:
    return list(find_program(program).compute(inputs))


@_reduce.register_fake
def _reduce_shapes(inputs, program):
    layout = find_program(program).layout(inputs)
    kinds = {"int64": torch.int64}
    return [
        inputs[0].new_empty(shape, dtype=kinds.get(dtype, inputs[0].dtype))
        for shape, (_, dtype, _) in zip(layout.output_shapes(inputs), layout.outputs)
    ]


def _keep_inputs(ctx, inputs, output):
    tensors, ctx.program = inputs
    ctx.save_for_backward(*tensors)


def _reduce_backward(ctx, adjoints):
    program = find_program(ctx.program)
    return pull_back(program, ctx.saved_tensors, ctx.needs_input_grad[0], adjoints, reduce), None


_reduce.register_autograd(_reduce_backward, setup_context=_keep_inputs)


@_reduce.register_vmap
def _reduce_vmap(info, in_dims, inputs, program):
    results = reduce(find_program(program), _batch(find_program(program), info, in_dims[0], inputs))
    return list(results), [0] * len(results)


# ---- The function ----------------------------------------------------------------------------------------------------


class _Reduce(torch.autograd.Function):
    @staticmethod
    def forward(program, *tensors):
        is_plain = all(type(x) in (torch.Tensor, torch.nn.Parameter) for x in tensors)
        if is_plain and not torch._C._len_torch_dispatch_stack():
            return program.compute(tensors)
        return tuple(torch.ops.keops.reduce(list(tensors), program.key))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.program, *tensors = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)
        ctx.mark_non_differentiable(*(result for result in output if not result.is_floating_point()))
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx, *adjoints):
        return None, *pull_back(ctx.program, ctx.saved_tensors, ctx.needs_input_grad[1:], adjoints, reduce)

    @staticmethod
    def jvp(ctx, _, *tangents):
        return tuple(push_forward(ctx.program, ctx.saved_tensors, tangents, reduce))

    @staticmethod
    def vmap(info, in_dims, program, *tensors):
        results = reduce(program, _batch(program, info, in_dims[1:], tensors))
        return results, (0,) * len(results)


def _batch(program, info, in_dims, tensors):
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
