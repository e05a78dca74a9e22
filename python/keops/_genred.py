"""Genred: a reduction given by a formula string. Builds the text of the reduction; all else happens in ``_keops``."""

import warnings

from . import _keops

_BACKENDS = ("auto", "CPU", "GPU", "GPU_1D", "GPU_1D_device", "GPU_1D_host")
_BACKENDS += ("GPU_2D", "GPU_2D_device", "GPU_2D_host")
_SUM_SCHEMES = ("auto", "direct_sum", "block_sum", "kahan_scheme")


def _reduction_text(formula, reduction_op, axis, opt_arg, formula2):
    """``{Red}_Reduction({formula}[,{opt_arg}],{tagI}[,{formula2}])``, where tagI is 0 when i is kept."""
    parts = [formula]
    if opt_arg is not None:
        parts.append(str(opt_arg))
    parts.append(str(1 - axis))
    if formula2 is not None:
        parts.append(formula2)
    return f"{reduction_op}_Reduction({','.join(parts)})"


def _check_text(name, value, optional=False):
    if not isinstance(value, str) and not (optional and value is None):
        raise TypeError(f"Genred: {name}: expected a string, got {type(value).__name__}")


def _choose_precision(precision, dtype_acc, use_double_acc, sum_scheme):
    """Wider accumulators and Kahan sums are asked for accuracy, which 'high' gives by compensated sums."""
    if sum_scheme not in _SUM_SCHEMES:
        raise ValueError(
            f"Genred: sum_scheme: expected one of {', '.join(_SUM_SCHEMES)}; got {sum_scheme!r}"
        )
    if dtype_acc not in ("auto", "float16", "float32", "float64"):
        raise ValueError(
            f"Genred: dtype_acc: expected 'auto', 'float32' or 'float64', got {dtype_acc!r}"
        )
    if use_double_acc and dtype_acc != "auto":
        raise ValueError("Genred: dtype_acc and use_double_acc are two ways to say one thing")
    accurate = use_double_acc or dtype_acc == "float64" or sum_scheme == "kahan_scheme"
    return "high" if accurate else precision


class Genred:
    """A reduction of a formula over one index of ``F(p, x_i, y_j)``.

    Parameters
    ----------
    formula : str
        For example ``"Exp(-SqDist(x,y)*g)*b"``.
    aliases : list of str
        One for each argument: ``"x=Vi(3)"`` has a row of 3 for each i, ``Vj`` for each j, ``Pm`` is one vector.
    reduction_op : str
        ``"Sum"``, ``"Min"``, ``"ArgKMin"``, ``"LogSumExp"`` and so on.
    axis : int
        1 reduces over j and keeps i; 0 (the default) reduces over i and keeps j.
    opt_arg : int, optional
        K of the K-best reductions.
    formula2 : str, optional
        The weight of the log-sum-exp family.
    precision : str
        ``"fast"``, ``"default"`` or ``"high"``.

    ``dtype_acc``, ``use_double_acc`` and ``sum_scheme`` choose ``precision="high"`` where they ask for accuracy.
    ``enable_chunks``, ``rec_multVar_highdim`` and ``use_fast_math`` are accepted for the sake of existing programs:
    the compiler makes these choices itself.
    """

    def __init__(
        self,
        formula,
        aliases,
        reduction_op="Sum",
        axis=0,
        dtype=None,
        opt_arg=None,
        formula2=None,
        cuda_type=None,
        dtype_acc="auto",
        use_double_acc=False,
        sum_scheme="auto",
        enable_chunks=True,
        rec_multVar_highdim=False,
        use_fast_math=True,
        precision="default",
        schedule="",
    ):
        _check_text("formula", formula)
        _check_text("reduction_op", reduction_op)
        _check_text("formula2", formula2, optional=True)
        if isinstance(aliases, str):
            raise TypeError("Genred: aliases: expected a list of strings, got a string")
        for k, alias in enumerate(aliases):
            _check_text(f"aliases[{k}]", alias)
        if axis not in (0, 1):
            raise ValueError(f"Genred: axis: expected 0 or 1, got {axis!r}")
        if dtype is not None or cuda_type is not None:
            warnings.warn(
                "Genred: dtype and cuda_type are ignored; the arrays decide",
                DeprecationWarning,
                stacklevel=2,
            )
        precision = _choose_precision(precision, dtype_acc, use_double_acc, sum_scheme)
        text = _reduction_text(formula, reduction_op, axis, opt_arg, formula2)
        self._arguments = (text, list(aliases), precision, schedule)
        self._reduction = _keops.Reduction(*self._arguments, caller="Genred")

    def __call__(self, *args, backend="auto", device_id=-1, ranges=None, out=None):
        """Compute on arrays, one for each alias: ``Vi`` (M, D), ``Vj`` (N, D), ``Pm`` (D,) or a number.

        All arrays have one dtype, float32 or float64; any strides will do. ``out`` may hold the result: an array, or a
        tuple of arrays where the reduction has several results.
        """
        if backend != "auto" or ranges is not None or device_id != -1:
            self._check_call(backend, device_id, ranges)
        return self._reduction.run(*args, out=out)

    @staticmethod
    def _check_call(backend, device_id, ranges):
        if backend not in _BACKENDS:
            raise ValueError(
                f"Genred: backend: expected one of {', '.join(_BACKENDS)}; got {backend!r}"
            )
        if backend.startswith("GPU") or device_id not in (-1, None):
            raise ValueError(
                f"Genred: NumPy arrays are computed on the CPU; got backend={backend!r}, "
                f"device_id={device_id!r}"
            )
        if ranges is not None:
            raise NotImplementedError("Genred: ranges are not supported yet")

    @property
    def formula(self):
        """The whole reduction, as given to the compiler."""
        return self._arguments[0]

    @property
    def compile_info(self):
        """Where the latest program came from ('memory', 'disk' or 'compiled') and what it cost, as a dict."""
        return self._reduction.compile_info

    def ir(self, stage="keops", dtype="float32"):
        """The program after a stage of the compiler: keops, expanded, scheduled, loops, llvm or asm."""
        return self._reduction.dump(stage, dtype)

    def __repr__(self):
        return f"Genred({self._arguments[0]!r}, {self._arguments[1]!r})"

    def __getstate__(self):
        return self._arguments

    def __setstate__(self, state):
        self._arguments = state
        self._reduction = _keops.Reduction(*state, caller="Genred")
