"""Operators between a tensor and a LazyTensor, where PyTorch is asked first: ``tensor * lazy``, and, while
``torch.compile`` traces, ``lazy * tensor`` too."""

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
}


class TensorOperators:
    __slots__ = ()

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        name = _METHODS.get(function.__name__)
        # While tracing, PyTorch has exchanged the operands of K @ v; v @ K has no meaning.
        if function.__name__ == "matmul" and torch.compiler.is_compiling():
            name = "__matmul__"
        if name is None or len(args) != 2 or not isinstance(args[1], TensorOperators):
            return NotImplemented
        return getattr(args[1], name)(args[0])
