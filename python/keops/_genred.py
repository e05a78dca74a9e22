"""Genred: a reduction given by a formula string. Builds the text of the reduction and asks the adapter of a library of
arrays for the program, as ``_arrays``, which ``keops.numpy`` and ``keops.torch`` set in their subclasses."""

from __future__ import annotations

import warnings
from numbers import Integral

from ._options import choose_accumulator, read_flag, read_place, read_ranges, read_text, write_reduction
from ._typing import Any


def _check_aliases(aliases):
    if not isinstance(aliases, (list, tuple)):
        given = "a string" if isinstance(aliases, str) else type(aliases).__name__
        raise TypeError(f"Genred: aliases: expected a list of strings, got {given}")
    for k, alias in enumerate(aliases):
        read_text("Genred", f"aliases[{k}]", alias)


def _check_axis(axis):
    if isinstance(axis, bool) or not isinstance(axis, Integral):
        raise TypeError(f"Genred: axis: expected 0 or 1, got {type(axis).__name__}")
    if axis not in (0, 1):
        raise ValueError(f"Genred: axis: expected 0 or 1, got {axis!r}")


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

    sum_scheme : str
        How sums (and means, log-sum-exps, soft-max sums) add up their terms. ``"block_sum"``: partial sums of blocks in
        the type of the arrays, then in ``dtype_acc``; ``"direct_sum"``: in ``dtype_acc`` from the first term on;
        ``"kahan_scheme"``: every addition compensated; ``"auto"``: ``"direct_sum"`` where ``dtype_acc`` is wider than
        the arrays, else ``"block_sum"``.
    dtype_acc : str
        ``"float32"`` or ``"float64"``, the type in which sums are kept; ``"auto"`` is that of the arrays.
    use_double_acc : bool
        Another spelling of ``dtype_acc="float64"``.
    complex_result : bool
        The formula computes complex numbers, real and imaginary part side by side: results are complex64 or complex128
        arrays with half as many columns. Indices stay what they are.

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
        complex_result=False,
    ) -> None:
        texts = {"formula": formula, "reduction_op": reduction_op, "sum_scheme": sum_scheme, "dtype_acc": dtype_acc}
        texts |= {"precision": precision, "schedule": schedule}
        if formula2 is not None:
            texts["formula2"] = formula2
        for name, value in texts.items():
            read_text("Genred", name, value)
        _check_aliases(aliases)
        _check_axis(axis)
        if dtype is not None or cuda_type is not None:
            warnings.warn(
                "Genred: dtype and cuda_type are ignored; the arrays decide",
                DeprecationWarning,
                stacklevel=2,
            )
        dtype_acc = choose_accumulator("Genred", dtype_acc, read_flag("Genred", "use_double_acc", use_double_acc))
        text = write_reduction(formula, reduction_op, axis, opt_arg, formula2)
        options = (precision, schedule, "Genred", sum_scheme, dtype_acc)
        options += (read_flag("Genred", "complex_result", complex_result),)
        self._arguments = (text, list(aliases), *options)
        self._reduction = self._arrays.make_program(*self._arguments)

    def __call__(self, *args, backend="auto", device_id=-1, ranges=None, out=None, stream=None) -> Any:
        """Compute on arrays, one for each alias: ``Vi`` (..., M, D), ``Vj`` (..., N, D), ``Pm`` (..., D) or a number.

        The axes in front are those of a batch and broadcast as NumPy's do, without copies; the result has them all.

        All arrays have one dtype: float32, float64, float16 or bfloat16 (of the package ml_dtypes); any strides will
        do. The two short types are computed and summed in float32, and results are rounded to them once. Where the
        formula takes complex numbers as pairs of components, complex64 arrays of D columns may stand beside float32
        ones for arguments of dimension 2 D, complex128 beside float64. ``out`` may hold the result: an array, or a
        tuple of arrays where the reduction has several results.

        ``backend`` is ``"auto"``: arrays on a GPU are computed with there, others by the CPU; ``"CPU"``; or ``"GPU"``
        (``"GPU_1D"`` and the like are the same): arrays of the host are copied to the GPU ``device_id``, 0 unless it is
        given, and results back, to ``out`` too. ``device_id`` alone asks for that GPU. ValueError where arrays are on another one,
        RuntimeError, which says why, where there is none.

        ``keops.numpy`` also takes arrays on a GPU that export DLPack or, as Numba's, ``__cuda_array_interface__``
        without a mask, and gives results of the first one's library: CuPy's, Numba's, and those of others that follow
        the array API standard, such as JAX's. Libraries without a way to make arrays need ``out``.

        ``stream`` is the CUDA stream for such arrays: its address as an int, 0 or 1 for the default stream, 2 for that
        of each thread, or an object with ``__cuda_stream__``, ``ptr`` (CuPy) or ``cuda_stream``. It waits for what
        their libraries have put on other streams for the arguments. None is the stream that CuPy uses now; the one that
        ``__cuda_array_interface__`` of the first array names; else the default one. Results of CuPy are not waited for:
        on another stream than ``stream``, use them, and free arguments, after waiting for it. Results of other
        libraries are waited for, unless ``stream`` and ``out`` are both given. TypeError for what is no stream,
        ValueError for other numbers, for a stream of another device, and for arrays of the host. ``keops.torch`` takes
        none: it computes on PyTorch's current stream, which ``with torch.cuda.stream(stream):`` chooses.

        ``ranges`` restricts the pairs to blocks: six integer arrays ``(ranges_i, slices_i, redranges_j, ranges_j,
        slices_j, redranges_i)``, as :mod:`keops.numpy.cluster` and :mod:`keops.masks` make them. With ``axis=1``, rows
        ``ranges_i[k, 0]`` to ``ranges_i[k, 1]`` (exclusive) are reduced over the j in the intervals
        ``redranges_j[slices_i[k-1]:slices_i[k]]``; the last three arrays say the same for ``axis=0``. Rows of no block
        get the result of an empty reduction. Indices count all of j, and all items of a batch have the same ranges.
        """
        if backend != "auto" or ranges is not None or device_id != -1 or stream is not None:
            place = read_place("Genred", self._arrays, backend, device_id, stream)
            return self._reduction.compute(args, out, read_ranges("Genred", self._arrays, ranges), **place)
        return self._reduction.compute(args, out)

    @property
    def formula(self) -> str:
        """The whole reduction, as given to the compiler."""
        return self._arguments[0]

    @property
    def compile_info(self) -> dict[str, Any] | None:
        """Where the latest program came from ('memory', 'disk' or 'compiled') and what it cost, as a dict."""
        return self._reduction.compile_info

    def ir(self, stage="keops", dtype="float32") -> str:
        """The program after a stage of the compiler: keops, expanded, scheduled, loops, llvm or asm."""
        return self._reduction.dump(read_text("Genred: ir", "stage", stage), read_text("Genred: ir", "dtype", dtype))

    def explain(self, dtype="float32") -> str:
        """The schedule that the compiler chose for each loop of the program, and why, in words."""
        from ._explain import explain

        return explain(self.ir("scheduled", dtype))

    def __repr__(self) -> str:
        return f"Genred({self._arguments[0]!r}, {self._arguments[1]!r})"

    def __getstate__(self):
        return self._arguments

    def __setstate__(self, state):
        self._arguments = state
        self._reduction = self._arrays.make_program(*state)
