"""Solutions of linear systems that PyTorch watches: the derivative of a solution is a solution.

With A x = b and A symmetric, the gradient by b is v, where A v is the gradient by x; that by what A is made of is the
gradient of -v A x with x held; along a tangent, A x' = b' - A' x. Each is made of a solution and a reduction, which are
differentiable in turn, so that derivatives of any order follow.

As ``_function`` does for reductions, an autograd function serves eager PyTorch and torch.func, an operator what traces.
Iterations see plain tensors only."""

import torch
from torch.autograd import forward_ad

from .. import _conjugate_gradients as conjugate_gradients
from ._derivatives import pull_back, push_forward
from ._function import batch_tensors, read_ranges, reduce, run_forward, write_ranges
from ._places import find_place, move
from ._program import are_transforms_active, find_program, read_tensors


def solve(caller, arrays, product, arguments, b, settings, out=None):
    """``_conjugate_gradients.solve``, with derivatives where some are wanted."""
    if product.device is not None:
        return _solve_there(caller, arrays, product, arguments, b, settings, out)
    if not torch.compiler.is_compiling() and not torch._C._len_torch_dispatch_stack():
        _check_numbers(caller, b)
    tensors = product.fill(arguments, b)
    if not _is_watched(tensors):
        return conjugate_gradients.solve(caller, arrays, product, arguments, b, settings, out)
    _check_watched(caller, tensors, out)
    if torch.compiler.is_compiling():
        return _trace(caller, product, read_tensors(tensors), settings)
    system = _System(caller, arrays, product.program, product.place, product.ranges, settings)
    solution = system.solve(read_tensors(tensors))
    return system.found._replace(solution=solution) if settings.info else solution


def _solve_there(caller, arrays, product, arguments, b, settings, out):
    """All steps where ``product.device`` says, so that tensors are moved once."""
    there = find_place(caller, product.device, product.fill(arguments, b))
    product = conjugate_gradients.Product(product.program, product.place, product.ranges)
    if there is None:
        return solve(caller, arrays, product, arguments, b, settings, out)
    _check_watched(caller, product.fill(arguments, b), out)
    found = solve(caller, arrays, product, move(arguments, there), b.to(there), settings)
    solution = (found.solution if settings.info else found).to(b.device)
    if out is not None:
        solution = conjugate_gradients.write_out(caller, arrays, solution, out)
    return found._replace(solution=solution) if settings.info else solution


def _check_watched(caller, tensors, out):
    if out is not None and _is_watched(tensors):
        raise ValueError(f"{caller}: out: a result that PyTorch watches cannot be written to it")


def _check_numbers(caller, b):
    if b.is_meta or hasattr(b, "fake_mode"):
        raise ValueError(f"{caller}: the right-hand side: expected a tensor with numbers, not a meta or fake one")


def _is_watched(tensors):
    if torch.compiler.is_compiling() or are_transforms_active() or torch._C._len_torch_dispatch_stack():
        return True
    if forward_ad._current_level >= 0:
        return True
    return torch.is_grad_enabled() and any(isinstance(x, torch.Tensor) and x.requires_grad for x in tensors)


class _Plain(conjugate_gradients.Product):
    """The product for tensors that nobody watches any more."""

    def multiply(self, arguments, x):
        return self.program.compute_detached(self.fill(arguments, x), self.ranges)[0]


class _System:
    """A system without its tensors, which are the arguments of ``program`` with b in the ``place`` of the unknown."""

    def __init__(self, caller, arrays, program, place, ranges, settings):
        self.caller = caller
        self.arrays = arrays
        self.program = program
        self.place = place
        self.ranges = ranges
        self.settings = settings
        self.found = None

    def solve(self, tensors):
        """The solution, differentiable."""
        return _Solve.apply(self, *tensors) if _is_watched(tensors) else self.compute(tensors)

    def reduce(self, program, tensors):
        """The results of a program, differentiable."""
        return reduce(program, tensors, self.ranges)

    @torch.compiler.disable
    def compute(self, tensors):
        """The solution for plain tensors; ``found`` says how it was found. Nothing in it is worth tracing."""
        tensors = [x.detach() for x in tensors]
        b = tensors.pop(self.place)
        product, settings = _Plain(self.program, self.place, self.ranges), self.settings._replace(info=True)
        self.found = conjugate_gradients.solve(self.caller, self.arrays, product, tensors, b, settings)
        return self.found.solution

    def replace(self, tensors, x):
        """The tensors with another in the place of b."""
        return [*tensors[: self.place], x, *tensors[self.place + 1 :]]

    def pull_back(self, solution, tensors, wanted, adjoint):
        """Gradients by the tensors for which ``wanted`` is true, None for the others."""
        v = self.solve(self.replace(tensors, adjoint))
        others = self.replace(wanted, False)
        gradients = pull_back(self.program, self.replace(tensors, solution), others, [-v], self.reduce)
        if wanted[self.place]:
            gradients[self.place] = v.sum_to_size(tensors[self.place].shape)
        return gradients

    def push_forward(self, solution, tensors, tangents):
        """The derivative along the tangents, of which some are None."""
        others = self.replace(tangents, None)
        (moved,) = push_forward(self.program, self.replace(tensors, solution), others, self.reduce)
        right = tangents[self.place]
        if moved is not None:
            right = -moved if right is None else right - moved
        return None if right is None else self.solve(self.replace(tensors, right))

    def map(self, in_dims, tensors):
        """The solutions of mapped systems, with the mapped axis in front, where it is one of the batch."""
        batched = batch_tensors(self.program, in_dims, tensors)
        (shape, *_) = self.program.layout(batched).output_shapes(batched, keeps_ones=True)
        return self.solve(self.replace(batched, batched[self.place].expand(shape)))


class _Solve(torch.autograd.Function):
    @staticmethod
    def forward(system, *tensors):
        return system.compute(tensors)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.system, *tensors = inputs
        ctx.save_for_backward(output, *tensors)
        ctx.save_for_forward(output, *tensors)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx, adjoint):
        solution, *tensors = ctx.saved_tensors
        if adjoint is None:
            return (None,) * (1 + len(tensors))
        return None, *ctx.system.pull_back(solution, tensors, ctx.needs_input_grad[1:], adjoint)

    @staticmethod
    def jvp(ctx, _system, *tangents):
        return run_forward(lambda x, *tensors: ctx.system.push_forward(x, tensors, tangents), ctx)

    @staticmethod
    def vmap(info, in_dims, system, *tensors):
        return system.map(in_dims[1:], tensors), 0


# ---- The operator ----------------------------------------------------------------------------------------------------


def _trace(caller, product, tensors, settings):
    if settings.info or settings.preconditioner is not None:
        raise ValueError(f"{caller}: info and preconditioner: expected none of them while torch.compile traces")
    *numbers, _, _, is_coupled = settings
    options = [*map(float, numbers), float(is_coupled)]
    key, ranges = product.program.key, write_ranges(product.ranges)
    return torch.ops.keops.solve(list(tensors), key, product.place, caller, options, ranges)


class _TracedSystem(_System):
    """A system whose solutions and reductions are operators."""

    def __init__(self, program, place, caller, options, ranges):
        from . import _arrays

        *tolerances, maxiter, is_coupled = options
        settings = conjugate_gradients.Settings(*tolerances, int(maxiter), None, False, bool(is_coupled))
        super().__init__(caller, _arrays, find_program(program), place, ranges, settings)
        self.options = options

    def solve(self, tensors):
        return torch.ops.keops.solve(tensors, self.program.key, self.place, self.caller, self.options, self.ranges)

    def reduce(self, program, tensors):
        return torch.ops.keops.reduce(tensors, program.key, self.ranges)


@torch.library.custom_op("keops::solve", mutates_args=(), device_types=("cpu", "cuda"))
def _solve(
    inputs: list[torch.Tensor], program: str, place: int, caller: str, options: list[float], ranges: list[torch.Tensor]
) -> torch.Tensor:
    return _TracedSystem(program, place, caller, options, read_ranges(ranges)).compute(inputs)


@_solve.register_fake
def _solve_shape(inputs, program, place, caller, options, ranges):
    (shape, *_) = find_program(program).layout(inputs).output_shapes(inputs)
    return inputs[place].new_empty(shape)


def _keep_inputs(ctx, inputs, output):
    tensors, program, place, caller, options, ranges = inputs
    ctx.description = program, place, caller, options
    ctx.count = 1 + len(tensors)
    ctx.save_for_backward(output, *tensors, *ranges)


def _solve_backward(ctx, adjoint):
    solution, *tensors = ctx.saved_tensors[: ctx.count]
    ranges = list(ctx.saved_tensors[ctx.count :])
    system = _TracedSystem(*ctx.description, ranges)
    gradients = system.pull_back(solution, tensors, ctx.needs_input_grad[0], adjoint)
    return gradients, None, None, None, None, [None] * len(ranges)


_solve.register_autograd(_solve_backward, setup_context=_keep_inputs)


@_solve.register_vmap
def _solve_vmap(info, in_dims, inputs, program, place, caller, options, ranges):
    return _TracedSystem(program, place, caller, options, ranges).map(in_dims[0], inputs), 0
