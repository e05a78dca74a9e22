"""LazyTensor: an expression and the arrays that are bound to its variables.

The three entries ``_unary``, ``_binary`` and ``_apply`` make all expressions; methods stand in ``arithmetic``,
``reducing`` and the generated ``_operations``. Arrays are told from other things by ``_arrays``, the adapter of a
library, which ``keops.numpy`` sets in its subclass."""

from __future__ import annotations

from .._options import read_flag, read_ranges, read_text
from .._typing import Any, Options, Self, Unpack
from . import tracing
from .arithmetic import Arithmetic
from .complex import holds_complex
from .construct import Seen, find_key, read, read_array, read_integers
from .domain import find_domain
from .entries import Entries
from .nodes import binary, leaves, load, make, move_variables, remember, save, unary
from .plumbing import Plumbing
from .programs import write_formulas
from .reducing import Reducing
from .reporting import Reporting
from .solving import Solving


_NOT_REDUCED = (
    "A LazyTensor object may be called only if it corresponds to the output of a reduction operation "
    "or solve operation."
)
_new = object.__new__


class LazyTensor(Solving, Reducing, Entries, Reporting, Plumbing, Arithmetic):
    """An array of shape (M, N, D) given by a formula of its entries, which is never stored.

    Parameters
    ----------
    x
        A 2-D array (M, D) with ``axis=0`` or (N, D) with ``axis=1``; an array (..., M, 1, D) or (..., 1, N, D), where
        the axes in front are those of a batch and broadcast as NumPy's do; a 0-D or 1-D array, an array (B, D) with
        ``axis=2`` or (..., 1, 1, D), a float or a list of numbers, which become parameters; an int, which is a constant
        of the formula; a tuple (ind, dim, cat), which is a symbolic variable: argument number ``ind`` of the later
        call, of dimension ``dim``, on the index i (0), j (1) or none (2). Arrays are float16, bfloat16, float32 or
        float64. Of complex arrays and numbers it becomes a ComplexLazyTensor. ``keops.numpy`` takes NumPy's arrays and
        those on a GPU that ``Genred`` takes, such as CuPy's and JAX's; results are of the same library and on the same
        device, and arrays of different libraries or devices do not go together.
    axis : int, optional
        0, 1 or 2 for 2-D arrays.
    is_complex : bool
        Whether real numbers, too, become a ComplexLazyTensor.

    Raises
    ------
    ValueError, TypeError
        For other shapes, dtypes and types.
    """

    __slots__ = ("_node", "_keys", "_data", "_domain", "_reduced", "_run")
    __array_ufunc__ = None  # so that ``array * lazy`` asks us
    __hash__ = None
    _is_complex = False

    def __new__(cls, x=None, axis=None, is_complex=False):
        is_complex = is_complex is not False and read_flag("LazyTensor", "is_complex", is_complex)
        if cls._is_complex or not (is_complex or holds_complex(cls._arrays, x)):
            return _new(cls)
        made = _new(cls._complex_type)
        if not isinstance(made, cls):  # Python will not do it then
            made.__init__(x, axis)
        return made

    def __init__(self, x=None, axis=None, is_complex=False) -> None:
        self._node, self._keys, self._data, self._domain = read(self._arrays, x, axis)

    # ---- Entries of all operations -----------------------------------------------------------------------------------

    @classmethod
    def _build(cls, node, keys, data, domain):
        made = _new(cls)
        made._node = node
        made._keys = keys
        made._data = data
        made._domain = domain
        return made

    @classmethod
    def _from_variable(cls, x, dim, category):
        """Vi, Vj and Pm."""
        if dim is not None:
            return cls((x, dim, category))
        if type(x) is cls._array_type and not tracing.is_tracing():
            try:
                found = leaves.get((x.shape, x.dtype, category))
            except RuntimeError:  # of a tensor without a shape, which is refused below
                found = None
            if found is not None:
                made = _new(cls)
                made._node, made._domain = found
                made._keys = (id(x) | category,)
                made._data = (x,)
                return made
        return cls._from_new(x, category)

    @classmethod
    def _from_new(cls, x, category):
        """The same for arrays of a new shape or type, and for what is no array."""
        if type(x) is not cls._array_type or tracing.is_tracing() or holds_complex(cls._arrays, x):
            return cls(x, category)
        made = cls._build(*read_array(cls._arrays, x, category))
        remember((x.shape, x.dtype, category), (made._node, made._domain))
        return made

    def _lift(self, other):
        """Any operand as a LazyTensor."""
        if type(other) is self._array_type and other.ndim == 1:
            return self._from_variable(other, None, 2)
        return self._lift_new(other)

    def _lift_new(self, other):
        if isinstance(other, LazyTensor):
            return other
        if holds_complex(self._arrays, other):
            return self._complex_type(other)
        return self._build(*read(self._arrays, other, None))

    def _cast(self, cls):
        """The same components as an object of another class."""
        return cls._build(self._node, self._keys, self._data, self._domain)

    def _unary(self, form):
        node = self._node
        made = _new(self.__class__)
        made._node = node.memo.get(form) or unary(form, node)
        made._keys = self._keys
        made._data = self._data
        made._domain = self._domain
        return made

    def _binary(self, form, other):
        if other.__class__ is not self.__class__:
            other = self._lift(other)
            if other._is_complex and not self._is_complex:
                return self._binary_complex(form, other)
        keys = self._keys
        for key in other._keys:
            if key in keys:
                return self._binary_sharing(form, other)
        node, right, domain = self._node, other._node, self._domain
        made = _new(self.__class__)
        # Sizes first: where both are wrong, they are what the user can see.
        if domain is not other._domain:
            domain = domain.merged.get(other._domain) or domain.merge(other._domain)
        made._domain = domain
        made._node = node.memo.get((form, right)) or binary(form, node, right)
        made._keys = keys + other._keys
        made._data = self._data + other._data
        return made

    def _binary_sharing(self, form, other):
        """``_binary`` of operands with a common variable."""
        domain = self._domain.merged.get(other._domain) or self._domain.merge(other._domain)
        keys, data, places = merge_variables(self._keys, self._data, other._keys, other._data)
        node, right = self._node, other._node
        made = node.memo.get((form, (right,), (places,)))
        if made is None:
            made = make(form, (node, right), (tuple(range(len(self._keys))), places))
        return self._build(made, keys, data, domain)

    def _binary_complex(self, form, other):
        """``_binary`` of a real and a complex operand."""
        return other._binary(form, self) if form == "Mult" else self.real2complex()._binary(form, other)

    def _apply(self, form, others=(), integers=()):
        """Any operation."""
        others = tuple(map(self._lift, others))
        if any(other._is_complex for other in others) and not self._is_complex:
            raise ValueError(f"LazyTensor: {form} is not defined for complex numbers")
        keys, data, domain = self._keys, self._data, self._domain
        nodes, maps = [self._node], [tuple(range(len(keys)))]
        for other in others:
            domain = domain.merged.get(other._domain) or domain.merge(other._domain)
            nodes.append(other._node)
            keys, data, places = merge_variables(keys, data, other._keys, other._data)
            maps.append(places)
        node = make(form, tuple(nodes), tuple(maps), read_integers(form, integers))
        return self._build(node, keys, data, domain)

    # ---- Properties --------------------------------------------------------------------------------------------------

    @property
    def _formula_node(self):
        node = self._node
        return node.children[0] if node.form == "reduced" else node

    @property
    def ndim(self) -> int:
        """The dimension D of the vectors."""
        return self._node.dim

    @property
    def ni(self) -> int | None:
        """The number M of rows, None where it is not known."""
        return self._domain.ni

    @property
    def nj(self) -> int | None:
        """The number N of columns, None where it is not known."""
        return self._domain.nj

    @property
    def batchdims(self) -> tuple[int, ...] | None:
        """The lengths of the batch axes, which stand in front of M and N; None without a batch."""
        return self._domain.batchdims

    @property
    def nbatchdims(self) -> int:
        """The number of batch axes."""
        return self._domain.nbatchdims

    @property
    def dtype(self) -> str | None:
        """The name of the arrays' element type, None where there are no arrays."""
        return self._domain._dtype

    @property
    def _dtype(self):
        return self._domain._dtype

    @property
    def _shape(self):
        """(..., M, N, D), with 1 for sizes that are not known."""
        domain = self._domain
        rows = 1 if domain.ni is None else domain.ni
        return (*(domain.batchdims or ()), rows, 1 if domain.nj is None else domain.nj, self._node.dim)

    @property
    def shape(self) -> tuple[int, ...]:
        """(..., M, N, D), or (..., M, N) where D is 1."""
        shape = self._shape
        return shape[:-1] if shape[-1] == 1 else shape

    def dim(self) -> int:
        """The number of axes, that of D included."""
        return len(self._shape)

    @property
    def axis(self) -> int | None:
        """The category of a variable (0: i, 1: j, 2: parameter), the axis of a reduction, None otherwise."""
        node = self._node
        if node.form == "reduced":
            return self._reduced.axis
        return node.variables[0][0] if node.form == "Var" else None

    @property
    def formula(self) -> str:
        """The formula as text."""
        return write_formulas(self._formula_node)[0]

    @property
    def formula2(self) -> str | None:
        """The formula of the weight as text, None where there is none."""
        return write_formulas(self._formula_node)[1]

    @property
    def variables(self) -> tuple[Any, ...]:
        """What is bound to the variables, in their order; symbolic variables are left out."""
        return tuple(x for x in self._data if x is not None)

    @property
    def symbolic_variables(self) -> tuple[tuple[int, int, int], ...]:
        """(ind, dim, cat) of each symbolic variable."""
        return tuple((k, dim, category) for category, dim, k in self._node.variables if k is not None)

    @property
    def backend(self) -> str | None:
        """The backend of later reductions, None for the usual one; may be set."""
        return self._domain.backend

    @backend.setter
    def backend(self, value) -> None:
        if value is not None:
            read_text("LazyTensor", "backend", value)
        self._choose(backend=value)

    @property
    def ranges(self) -> Any:
        """The ranges of later reductions, None for all of i and j; may be set."""
        return self._domain.ranges

    @ranges.setter
    def ranges(self, value) -> None:
        read_ranges("LazyTensor", self._arrays, value)
        self._choose(ranges=value)

    # ---- Calls, transposition, copies --------------------------------------------------------------------------------

    def __call__(self, *args, **kwargs) -> Any:
        """Computes a reduction made with ``call=False``, or with symbolic variables.

        ``args`` are arrays for the symbolic variables in the order of their numbers: (M, D), (N, D) or (D,).
        ``backend``, ``device_id``, ``ranges``, ``out`` and ``stream`` are remembered by the object.
        """
        try:
            run = self._run
        except AttributeError:
            raise ValueError(_NOT_REDUCED) from None
        if args or kwargs or run is None:
            return self._call_with(args, kwargs)
        return run()

    def t(self) -> Self:
        """The same with i and j exchanged: ``K.t()[j, i] = K[i, j]``."""
        keys = tuple(_transpose_key(key) for key in self._keys)
        node, domain = move_variables(self._formula_node, _TRANSPOSED), self._domain.transpose()
        transposed = self._build(node, keys, self._data, domain)
        if self._node.form == "reduced":
            return transposed._with_program(self._reduced.transpose(node))
        return transposed

    @property
    def T(self) -> Self:
        """The same with i and j exchanged."""
        return self.t()

    def __matmul__(self, v, **kwargs: Unpack[Options]) -> Any:
        """The product of the (M, N) matrix with an array: (N,) gives (M,), (N, E) gives (M, E).

        Batch axes of both stand in front and broadcast. Keyword arguments are those of reductions. ValueError where D
        is not 1 or shapes do not fit.
        """
        if self.ndim != 1:
            raise ValueError(
                "The 'K @ v' syntax is only supported for LazyTensors 'K' whose trailing dimension is equal to 1; "
                f"this one has dimension {self.ndim}."
            )
        if not self._arrays.is_array(v):
            raise TypeError(f"LazyTensor: K @ v: expected an array v, got {type(v).__name__}")
        if not v.shape:
            raise ValueError("LazyTensor: K @ v: expected an array (N,) or (..., N, E), got a number")
        columns = v[:, None] if len(v.shape) == 1 else v
        product = self._binary("Mult", self._read_columns(columns))
        result = product._reduce("Sum", product.nbatchdims + 1, None, None, None, kwargs)
        return result[..., 0] if len(v.shape) == 1 and not isinstance(result, LazyTensor) else result

    def _read_columns(self, v):
        """An array (..., N, E) as a variable of j."""
        if len(v.shape) == 2:
            return self._from_variable(v, None, 1)
        # One row would be a parameter.
        if v.shape[-2] == 1 and self.nj not in (None, 1):
            raise ValueError(f"Incompatible values for attribute nj: {self.nj} and 1.")
        return self._lift(v[..., None, :, :])

    def matvec(self, v) -> Any:
        """``K @ v``, as scipy.sparse.linalg.aslinearoperator expects it."""
        return self.__matmul__(v)

    def rmatvec(self, v) -> Any:
        """``K.T @ v``."""
        return self.T.__matmul__(v)

    matmat = matvec
    rmatmat = rmatvec

    def __reduce__(self):
        reduced = self._reduced.save() if self._node.form == "reduced" else None
        state = (save(self._formula_node), self._data, self._domain.save(), reduced)
        return _restore, (type(self), *state)

    def __repr__(self) -> str:
        node = self._formula_node
        lines = ["KeOps LazyTensor", f"    formula: {self.formula}"]
        if node.is_symbolic:
            symbols = ", ".join(f"Var{symbol}" for symbol in self.symbolic_variables)
            lines.append(f"    symbolic variables: {symbols}")
        lines.append(f"    shape: {self.shape}")
        if self._node.form == "reduced":
            lines += self._reduced.describe(self.formula2)
        return "\n".join(lines)


def merge_variables(keys, data, other_keys, other_data):
    """The variables of both, and the places of the others among them; new ones come last."""
    places = []
    for key, datum in zip(other_keys, other_data):
        if key in keys:
            places.append(keys.index(key))
            continue
        places.append(len(keys))
        keys += (key,)
        data += (datum,)
    return keys, data, tuple(places)


_TRANSPOSED = (1, 0, 2)


def _transpose_key(key):
    if type(key) is tuple:
        number, dim, category = key
        return (number, dim, _TRANSPOSED[category])
    if type(key) is Seen:
        return Seen(key.array, _TRANSPOSED[key.category])
    return key if key < 0 else (key & ~3) | _TRANSPOSED[key & 3]


def _restore(cls, rows, data, fields, reduced):
    node = load(rows)
    keys = tuple(
        (number, dim, category) if number is not None else find_key(datum, category)
        for (category, dim, number), datum in zip(node.variables, data)
    )
    made = cls._build(node, keys, data, find_domain(*fields))
    return made if reduced is None else made._restore_reduced(*reduced)
