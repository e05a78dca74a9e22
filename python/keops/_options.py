"""Options of a call that Genred and LazyTensor share, and their checks."""

BACKENDS = ("auto", "CPU", "GPU", "GPU_1D", "GPU_1D_device", "GPU_1D_host")
BACKENDS += ("GPU_2D", "GPU_2D_device", "GPU_2D_host")


def check_call(caller, arrays, backend, device_id, ranges):
    """Raises ValueError for a backend that is unknown or not the CPU, TypeError for other types.

    ``arrays`` says what is computed on, in messages."""
    if not isinstance(backend, str):
        raise TypeError(f"{caller}: backend: expected a string, got {type(backend).__name__}")
    if not isinstance(device_id, (int, type(None))):
        raise TypeError(f"{caller}: device_id: expected an integer, got {type(device_id).__name__}")
    if backend not in BACKENDS:
        raise ValueError(f"{caller}: backend: expected one of {', '.join(BACKENDS)}; got {backend!r}")
    if backend.startswith("GPU") or device_id not in (-1, None):
        raise ValueError(
            f"{caller}: {arrays} are computed on the CPU; got backend={backend!r}, device_id={device_id!r}"
        )
    if ranges is not None:
        raise NotImplementedError(f"{caller}: ranges are not supported yet")


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
