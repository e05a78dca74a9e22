"""What annotations are written with, and the keywords of reductions. Python has Self and Unpack from 3.11 on, type
checkers have them always."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack
else:
    Self = Unpack = Any

__all__ = ["TYPE_CHECKING", "Any", "Options", "Self", "Unpack"]


class Options(TypedDict, total=False):
    """The keywords of all reductions, which ``Reducing`` describes."""

    call: bool
    out: Any
    keepdim: bool
    ranges: Any
    backend: str | None
    device_id: int | None
    stream: Any
    sum_scheme: str
    dtype_acc: str
    use_double_acc: bool
    precision: str
    enable_chunks: bool
    use_fast_math: bool
