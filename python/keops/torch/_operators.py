"""Operators between a tensor and a LazyTensor, where PyTorch is asked first: ``tensor * lazy``, and, while
``torch.compile`` traces, ``lazy * tensor`` too.

While it traces, both ``lazy @ tensor`` and ``tensor @ lazy`` come as the function of (tensor, lazy) that stands for the
second. Only the first has a meaning, and only a look at the tracer says which of them it was."""

import sys

import torch

# What PyTorch calls with (tensor, lazy), and the method of the LazyTensor that computes it from the tensor.
_METHODS = {
    "add": "__radd__",
    "sub": "__rsub__",
    "mul": "__rmul__",
    "div": "__rtruediv__",
    "true_divide": "__rtruediv__",
    "__or__": "__ror__",
    "bitwise_or": "__ror__",
    "lt": "__gt__",
    "le": "__ge__",
    "gt": "__lt__",
    "ge": "__le__",
    "eq": "__eq__",
    "ne": "__ne__",
    "__eq__": "__eq__",
    "__ne__": "__ne__",
    # The other order, which only tracing asks for.
    "rsub": "__sub__",
    "__rsub__": "__sub__",
    "__rdiv__": "__truediv__",
    "__rmatmul__": "__matmul__",
}


# Where PyTorch exchanges the operands of an operator, and the variable that it needs for it.
_EXCHANGER, _EXCHANGED = "_handle_insert_op_in_graph", "tmp"
_NOT_DEFINED = (
    "LazyTensor: v @ K is not defined for a tensor v and a LazyTensor K; expected K @ v, which gives K v, or K.T @ v. "
    "If this was K @ v, torch.compile of this version of PyTorch hides that: expected K.matvec(v)"
)


def _were_exchanged():
    """Whether the operator that is traced now had its operands in the other order; False where that is not known."""
    frame = sys._getframe()
    while frame is not None and frame.f_code.co_name != _EXCHANGER:
        frame = frame.f_back
    return frame is not None and _EXCHANGED in frame.f_locals


# What torch.compiler.assume_constant_result sets, for which it would import the tracer: call, do not trace.
_were_exchanged._dynamo_marked_constant = True


class TensorOperators:
    __slots__ = ()

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        name = _METHODS.get(function.__name__)
        if function is torch.Tensor.matmul and torch.compiler.is_compiling():
            if not _were_exchanged():
                raise TypeError(_NOT_DEFINED)
            name = "__matmul__"
        if name is None or len(args) != 2 or not isinstance(args[1], TensorOperators):
            return NotImplemented
        return getattr(args[1], name)(args[0])
