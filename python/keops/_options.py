"""Options of a call that Genred and LazyTensor share, and their checks."""

import numpy as np

RANGES = ("ranges_i", "slices_i", "redranges_j", "ranges_j", "slices_j", "redranges_i")
BACKENDS = ("auto", "CPU", "GPU", "GPU_1D", "GPU_1D_device", "GPU_1D_host")
BACKENDS += ("GPU_2D", "GPU_2D_device", "GPU_2D_host")


def read_device(caller, backend, device_id):
    """Where to compute, as programs take it: None for where the arrays are, "cpu", "cuda" for any GPU, "cuda:1".

    ValueError for a backend that is unknown and for a negative number, TypeError for other types."""
    if not isinstance(backend, str):
        raise TypeError(f"{caller}: backend: expected a string, got {type(backend).__name__}")
    if not isinstance(device_id, (int, type(None))):
        raise TypeError(f"{caller}: device_id: expected an integer, got {type(device_id).__name__}")
    if backend not in BACKENDS:
        raise ValueError(f"{caller}: backend: expected one of {', '.join(BACKENDS)}; got {backend!r}")
    number = -1 if device_id is None else int(device_id)
    if number < -1 or (backend == "CPU" and number != -1):
        expected = "-1 with backend='CPU'" if backend == "CPU" else "the number of a GPU, or -1"
        raise ValueError(f"{caller}: device_id: expected {expected}, got {device_id}")
    if number >= 0:
        return f"cuda:{number}"
    return None if backend == "auto" else "cpu" if backend == "CPU" else "cuda"


def read_place(caller, arrays, backend, device_id, stream):
    """Where and on which stream to compute, as keywords of programs; ``arrays`` is the adapter of a library."""
    place = {"device": read_device(caller, backend, device_id), "stream": arrays.read_stream(caller, stream)}
    return {name: value for name, value in place.items() if value is not None}


def read_flag(caller, name, value):
    """True or False; messages call it ``name`` of ``caller``."""
    if not isinstance(value, int):
        raise TypeError(f"{caller}: {name}: expected True or False, got {type(value).__name__}")
    return bool(value)


def read_text(caller, name, value):
    """A string."""
    if not isinstance(value, str):
        raise TypeError(f"{caller}: {name}: expected a string, got {type(value).__name__}")
    return value


def read_array(caller, name, value, convert=np.asarray):
    """What ``convert`` makes of a value, an array of NumPy; TypeError where it makes none."""
    try:
        return np.asarray(convert(value))
    except Exception as problem:
        raise TypeError(f"{caller}: {name}: cannot be read as an array: {problem}") from None


def read_ranges(caller, arrays, ranges):
    """The six arrays of block-sparse ranges as int64 arrays of NumPy; None stays None. Their contents are checked where
    they are used. ``arrays`` is the adapter of a library."""
    if ranges is None:
        return None
    check_ranges(caller, ranges)
    return tuple(_read_range(caller, arrays, k, entry) for k, entry in enumerate(ranges))


def check_ranges(caller, ranges):
    """Raises TypeError for what is no tuple of six."""
    if not isinstance(ranges, (tuple, list)) or len(ranges) != len(RANGES):
        given = f"{len(ranges)} entries" if isinstance(ranges, (tuple, list)) else type(ranges).__name__
        raise TypeError(f"{caller}: ranges: expected a tuple of six integer arrays ({', '.join(RANGES)}), got {given}")


def _read_range(caller, arrays, place, entry):
    name = f"ranges[{place}] ({RANGES[place]})"
    what, array = f"{caller}: {name}", read_array(caller, name, entry, arrays.to_numpy)
    if array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"{what}: expected integers, got {array.dtype}")
    # A list without intervals does not say that these have a begin and an end.
    if array.shape == (0,) and "ranges" in RANGES[place]:
        array = array.reshape(0, 2)
    return np.ascontiguousarray(array, np.int64)


def swap_ranges(ranges):
    """The ranges of the transposed pairs: the last three arrays first. None stays None."""
    return None if ranges is None else (*ranges[3:], *ranges[:3])


def choose_accumulator(caller, dtype_acc, use_double_acc):
    """The type in which sums are kept, of the two options that name it."""
    if use_double_acc and dtype_acc != "auto":
        raise ValueError(
            f"{caller}: use_double_acc=True and dtype_acc={dtype_acc!r} are two ways to say one thing; "
            "expected one of them"
        )
    return "float64" if use_double_acc else dtype_acc


def write_reduction(formula, reduction_op, axis, opt_arg, formula2):
    """``{Red}_Reduction({formula}[,{opt_arg}],{tagI}[,{formula2}])``, where tagI is 0 when i is kept."""
    parts = [formula]
    if opt_arg is not None:
        parts.append(str(opt_arg))
    parts.append(str(1 - axis))
    if formula2 is not None:
        parts.append(formula2)
    return f"{reduction_op}_Reduction({','.join(parts)})"
