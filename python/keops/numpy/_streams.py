"""The streams that callers name: numbers, and objects of libraries that have one."""

from numbers import Integral

LEGACY, PER_THREAD = 1, 2
# No object lies at smaller addresses than this.
_FIRST_ADDRESS = 4096


def read_stream(caller, stream):
    """The number of a stream as DLPack counts: 1 for the default one, 2 for that of each thread, else its address, a
    ``cudaStream_t``. None stays None.

    ``stream`` is such a number, where 0 is the default one too, or an object that has one: by the protocol
    ``__cuda_stream__``, as ``ptr`` (CuPy) or as ``cuda_stream`` (PyTorch). TypeError for other things, ValueError for
    numbers that are no stream's."""
    if stream is None:
        return None
    number = _find_number(stream)
    if isinstance(number, bool) or not isinstance(number, Integral):
        raise TypeError(
            f"{caller}: stream: expected None, the number of a CUDA stream, or an object with __cuda_stream__, ptr or "
            f"cuda_stream; got {type(stream).__name__}"
        )
    if not 0 <= number <= PER_THREAD and not _FIRST_ADDRESS <= number < 1 << 63:
        raise ValueError(f"{caller}: stream: expected 0, 1, 2 or the address of a CUDA stream, got {number}")
    return int(number) or LEGACY


def _find_number(stream):
    if isinstance(stream, Integral):
        return stream
    if hasattr(stream, "__cuda_stream__"):
        return _ask(stream)
    return getattr(stream, "ptr", getattr(stream, "cuda_stream", None))


def _ask(stream):
    """What ``__cuda_stream__`` says: a version, of which there is 0, and the number."""
    try:
        version, number = stream.__cuda_stream__()
    except Exception:  # of somebody else's code, and where it is not what it must be
        return None
    return number if version == 0 else None
