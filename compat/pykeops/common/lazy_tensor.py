"""The classes that those of both libraries of arrays derive from, for programs that ask what they were given."""

from keops._lazy.complex import ComplexTensor as ComplexGenericLazyTensor
from keops._lazy.tensor import LazyTensor as GenericLazyTensor

__all__ = ["ComplexGenericLazyTensor", "GenericLazyTensor"]
