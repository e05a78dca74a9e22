"""Every mistake with a LazyTensor gives one clear exception, in the line that makes it where that can be known."""

import re

import numpy as np
import pytest

from keops.numpy import LazyTensor, Pm, Var, Vi, Vj, generic_argkmin, generic_argmin, generic_logsumexp, generic_sum

RNG = np.random.default_rng(0)
X, Y = RNG.random((5, 3)), RNG.random((4, 3))
x, y, s = Vi(X), Vj(Y), Vi(X[:, :1])
K = x | y
REDUCED = K.sum(axis=1, call=False)
SYMBOLIC = (Vi(0, 3) - Vj(1, 3)).sum(axis=1)
EXPLICIT = "When 'x' is encoded as a 2D array, LazyTensor expects an explicit 'axis' value in {0,1}."
SHAPES = "If 'x' is a 3D+ tensor, its shape should be one of (..,M,1,D), (..,1,N,D) or (..,1,1,D)."
TRIPLET = "LazyTensors(tuple) is only valid if tuple = (ind,dim,cat) is a triplet of integers."
AXIS = (
    "Reductions must be called with 'axis' (or 'dim') equal to the number of batch dimensions + 0 or 1. Batch axes are "
    "reduced together with one of these, as in axis=(0, 2): without it a matrix would be left, which is never stored."
)
IS_REDUCED = "One of the inputs is a 'reduced' LazyTensor, no operation can be applied to it."
NOT_REDUCED = (
    "A LazyTensor object may be called only if it corresponds to the output of a reduction operation or solve operation."
)
KINDS = "expected an array of dtype float16, bfloat16, float32, float64, complex64 or complex128, got "
WHAT = "LazyTensor: x: expected a number, a list of numbers, a numpy array or a tuple (ind,dim,cat); got "

WRONG = [
    # Construction.
    (lambda: LazyTensor(X), ValueError, EXPLICIT),
    (lambda: LazyTensor(X, axis=X), TypeError, "LazyTensor: axis: expected 0, 1, 2 or None, got ndarray"),
    (lambda: LazyTensor(X, axis=3), ValueError, "LazyTensor: axis: expected 0 or 1, got 3"),
    (lambda: LazyTensor(X, 0, is_complex="no"), TypeError, "LazyTensor: is_complex: expected True or False, got str"),
    (lambda: LazyTensor(X[:, None], axis=0), ValueError, "'axis' parameter should not be given when 'x' is a 3D tensor."),
    (lambda: LazyTensor(RNG.random((2, 3, 4))), ValueError, SHAPES),
    (lambda: LazyTensor(RNG.random((2, 3, 5, 4))), ValueError, SHAPES),
    (lambda: LazyTensor(RNG.random((5, 1, 3, 1, 4))) + LazyTensor(RNG.random((4, 6, 1, 2, 4))), ValueError, "Incompatible batch dimensions: (5, 1) and (4, 6)."),
    (lambda: LazyTensor(RNG.random((2, 3, 1, 4))).sum(axis=0), ValueError, AXIS),
    (lambda: LazyTensor(RNG.random((2, 3, 1, 4))).min_reduction(axis=3), ValueError, AXIS),
    (lambda: LazyTensor(X[0], axis=1), ValueError, "a number or a vector of parameters has axis 2 or None, got 1"),
    (lambda: LazyTensor((1, 2)), ValueError, TRIPLET),
    (lambda: LazyTensor((1, 2.0, 0)), ValueError, TRIPLET),
    (lambda: LazyTensor((0, 0, 0)), ValueError, "expected ind >= 0, dim >= 1 and cat 0, 1 or 2; got (0, 0, 0)"),
    (lambda: LazyTensor((2**62, 1, 0)), ValueError, "expected ind >= 0, dim >= 1 and cat 0, 1 or 2; got (4611686018427387904, 1, 0)"),
    (lambda: LazyTensor((0, 1, 3)), ValueError, "expected ind >= 0, dim >= 1 and cat 0, 1 or 2; got (0, 1, 3)"),
    (lambda: LazyTensor("x"), TypeError, WHAT + "str"),
    (lambda: LazyTensor(), TypeError, WHAT + "NoneType"),
    (lambda: LazyTensor(True), TypeError, WHAT + "bool"),
    (lambda: LazyTensor({}), TypeError, WHAT + "dict"),
    (lambda: LazyTensor([]), ValueError, "expected at least one number, got an empty list"),
    (lambda: LazyTensor([1.0, "2"]), TypeError, "expected a list of numbers, got a list with str"),
    (lambda: LazyTensor([True]), TypeError, "expected a list of numbers, got a list with bool"),
    (lambda: LazyTensor(np.arange(3)), TypeError, KINDS + "int64"),
    (lambda: LazyTensor(X > 0, axis=0), TypeError, KINDS + "bool"),
    (lambda: Vi(X.astype(">f4")), TypeError, KINDS + ">f4"),
    (lambda: Vi(X.astype("clongdouble")), TypeError, KINDS + "complex256"),
    (lambda: Vi(X[None]), ValueError, "'axis' parameter should not be given when 'x' is a 3D tensor."),
    (lambda: Vi(X[:, :0]), ValueError, "expected at least one column, got shape (5, 0)"),
    (lambda: Pm(X[0, :0]), ValueError, "expected at least one number, got an empty array"),
    (lambda: Vi(X, 3), ValueError, TRIPLET),
    (lambda: Var(X), TypeError, "Var: cat: expected 0, 1 or 2, got None"),
    (lambda: Var(X, cat=X), TypeError, "Var: cat: expected 0, 1 or 2, got array("),
    # Operations.
    (lambda: x + Vi(X[:3]), ValueError, "Incompatible values for attribute ni: 5 and 3."),
    (lambda: y * Vj(Y[:3]), ValueError, "Incompatible values for attribute nj: 4 and 3."),
    (lambda: x - Vj(Y.astype("float32")), ValueError, "Incompatible values for attribute _dtype: float64 and float32."),
    (lambda: x + Vj(Y[:, :2]), ValueError, "Operation + expects inputs of the same dimension or dimension 1. Received 3 and 2."),
    (lambda: (x | y[:2]), ValueError, "Operation | expects inputs of the same dimension. Received 3 and 2."),
    (lambda: (x | s), ValueError, "Operation | expects inputs of the same dimension. Received 3 and 1."),
    (lambda: x.sqdist(y[:2]), ValueError, "Operation SqDist expects inputs of the same dimension or dimension 1. Received 3 and 2."),
    (lambda: x.weightedsqnorm(y[:2]), ValueError, "expects weights of dimension 1 or 3 or 9. Received 2."),
    (lambda: x.clamp([1.0, 2.0], 3), ValueError, "Operation Clamp expects inputs of the same dimension or dimension 1. Received 3, 2 and 1."),
    (lambda: x + "y", TypeError, WHAT + "str"),
    (lambda: x + None, TypeError, WHAT + "NoneType"),
    (lambda: x * X, ValueError, EXPLICIT),
    (lambda: x**"2", ValueError, "LazyTensor: power: expected an int, a float or a LazyTensor, got str"),
    (lambda: x**True, ValueError, "LazyTensor: power: expected an int, a float or a LazyTensor, got bool"),
    (lambda: 2**x, TypeError, "unsupported operand"),
    (lambda: x // 2, TypeError, "unsupported operand"),
    (lambda: x % 2, TypeError, "unsupported operand"),
    (lambda: x & y, TypeError, "unsupported operand"),
    (lambda: hash(x), TypeError, "unhashable"),
    (lambda: len(x), TypeError, "has no len"),
    (lambda: min(x), ValueError, "Operation Elem expects components within dimension 3. Received 1 from 3 on."),
    (lambda: REDUCED + 1, ValueError, IS_REDUCED),
    (lambda: 1.0 * REDUCED, ValueError, IS_REDUCED),
    (lambda: REDUCED.exp(), ValueError, IS_REDUCED),
    (lambda: REDUCED.sum(axis=1), ValueError, IS_REDUCED),
    (lambda: x.norm(1), ValueError, "KeOps only supports norms over the last dimension."),
    (lambda: x.elem(3), ValueError, "expects components within dimension 3. Received 1 from 3 on."),
    (lambda: x.elem(-1), ValueError, "expects components within dimension 3. Received 1 from -1 on."),
    (lambda: x.elem(1.0), TypeError, "Operation Elem expects an integer. Received 1.0."),
    (lambda: x.extract(1, 3), ValueError, "expects components within dimension 3. Received 3 from 1 on."),
    (lambda: x.extract(1, 0), ValueError, "expects components within dimension 3. Received 0 from 1 on."),
    (lambda: x[-1], ValueError, "Received 1 from -1 on."),
    (lambda: x[::2], ValueError, "only the last axis can be indexed"),
    (lambda: x["a":], ValueError, "only the last axis can be indexed"),
    (lambda: x[::X], ValueError, "only the last axis can be indexed"),
    (lambda: x[...], ValueError, "only the last axis can be indexed"),
    (lambda: x[0, :, 1], ValueError, "only the last axis can be indexed"),
    (lambda: x[:, 1], ValueError, "only the last axis can be indexed"),
    (lambda: x[2:1], ValueError, "Received -1 from 2 on."),
    (lambda: x.one_hot(4), ValueError, "Operation OneHot expects its first input to have dimension 1. Received 3."),
    (lambda: LazyTensor.concatenate([x, x]), ValueError, "expected a tuple of at least one LazyTensor"),
    (lambda: LazyTensor.concatenate(()), ValueError, "expected a tuple of at least one LazyTensor"),
    (lambda: LazyTensor.concatenate((X, X)), ValueError, "expected LazyTensors, got ndarray"),
    (lambda: LazyTensor.cat((x, x), 0), ValueError, "only the last axis is supported, got 0"),
    (lambda: x.keops_tensordot(y, (3,), (3,), (0.5,), (0,)), TypeError, "Operation TensorDot expects a tuple of integers. Received (0.5,)."),
    (lambda: x.keops_tensordot(y, (2,), (3,), (), ()), ValueError, "expects positive dimensions of product 3. Received [2]."),
    (lambda: x.keops_kron(y, 3, 3), ValueError, "LazyTensor: keops_kron: dimfself: expected a tuple, got int"),
    (lambda: K.grad(x * 1.0, s), ValueError, "LazyTensor: grad: v: expected a variable (Vi, Vj, Pm), got LazyTensor"),
    (lambda: K.grad(X, s), ValueError, "LazyTensor: grad: v: expected a variable (Vi, Vj, Pm), got ndarray"),
    (lambda: K.grad(x, x), ValueError, "Operation Grad expects two inputs of one dimension. Received 1 and 3."),
    (lambda: K.diff(x, s), ValueError, "Operation Diff expects two inputs of one dimension. Received 3 and 1."),
    (lambda: K.divergence(x), ValueError, "Operation Divergence expects two inputs of one dimension. Received 1 and 3."),
    (lambda: x.laplacian(x), ValueError, "Operation Laplacian expects a formula of dimension 1. Received 3."),
    (lambda: x.unary("Nothing"), ValueError, "LazyTensor: 'Nothing' is not an operation of formulas"),
    (lambda: x.unary("Add"), ValueError, "LazyTensor: Add takes 2 formulas and 0 integers, got 1 and 0"),
    (lambda: x.unary("Exp", dimres=2), ValueError, "Operation Exp gives dimension 3. Received dimres=2."),
    (lambda: x.binary(s, "Add", dimcheck="same"), ValueError, "Operation Add expects inputs of the same dimension. Received 3 and 1."),
    # Reductions.
    (lambda: x.sum(axis=3), ValueError, AXIS),
    (lambda: x.sum_reduction(axis=2), ValueError, AXIS),
    (lambda: x.sum(axis=-4), ValueError, AXIS),
    (lambda: x.logsumexp(), TypeError, "a reduction needs axis (or dim) 0 or 1, got None"),
    (lambda: x.sum(axis=True), TypeError, "a reduction needs axis (or dim) 0 or 1, got True"),
    (lambda: x.sum(axis=1, keepdim="yes"), TypeError, "LazyTensor: Sum: keepdim: expected True or False, got str"),
    (lambda: x.sum(axis=1, optional_flags=[]), TypeError, "unexpected keyword argument 'optional_flags'"),
    (lambda: x.sum(out=X), TypeError, "LazyTensor: Sum over components takes no 'out'"),
    (lambda: K.Kmin(0, axis=1), ValueError, "LazyTensor: K: expected a positive integer, got 0"),
    (lambda: K.Kmin(2.0, axis=1), TypeError, "LazyTensor: K: expected an integer, got float"),
    (lambda: K.Kmin([2], axis=1), TypeError, "LazyTensor: K: expected an integer, got list"),
    (lambda: K.reduction("Nothing", axis=1), ValueError, "unknown reduction 'Nothing_Reduction'"),
    (lambda: K.sum(axis=X), TypeError, "a reduction needs axis (or dim) 0 or 1, got array("),
    (lambda: K.sum(axis=1, call="no"), TypeError, "LazyTensor: Sum: call: expected True or False, got str"),
    (lambda: K.sum(axis=1, use_double_acc=X), TypeError, "LazyTensor: Sum: use_double_acc: expected True or False"),
    (lambda: K.sum(axis=1, backend=3), TypeError, "LazyTensor: backend: expected a string, got int"),
    (lambda: K.sum(axis=1, device_id="0"), TypeError, "LazyTensor: device_id: expected an integer, got str"),
    (lambda: K.reduction(3, axis=1), TypeError, "LazyTensor: reduction_op: expected a string, got int"),
    (lambda: x.unary("Exp", dimres=X), TypeError, "LazyTensor: dimres: expected an integer, got ndarray"),
    (lambda: x.binary(s, "Add", dimcheck=X), TypeError, "LazyTensor: dimcheck: expected a string, got ndarray"),
    (lambda: setattr(x * 1.0, "backend", []), TypeError, "LazyTensor: backend: expected a string, got list"),
    (lambda: REDUCED.promote(x, ("ni",)), ValueError, IS_REDUCED),
    (lambda: K.unary(3), TypeError, "LazyTensor: operation: expected a string, got int"),
    (lambda: x.norm(X), ValueError, "KeOps only supports norms over the last dimension."),
    (lambda: K.sum(axis=1, backend="TPU"), ValueError, "LazyTensor: backend: expected one of auto, CPU, GPU"),
    (lambda: K.sum(axis=1, device_id=-2), ValueError, "device_id: expected the number of a GPU, or -1, got -2"),
    (lambda: K.sum(axis=1, backend="CPU", device_id=0), ValueError, "expected -1 with backend='CPU', got 0"),
    (lambda: K.sum(axis=1, ranges=()), TypeError, "LazyTensor: ranges: expected a tuple of six integer arrays"),
    (lambda: K.sum(axis=1, sum_scheme="best"), ValueError, "LazyTensor: sum_scheme: expected 'auto'"),
    (lambda: K.sum(axis=1, sum_scheme=3), TypeError, "LazyTensor: Sum: sum_scheme: expected a string, got int"),
    (lambda: K.sum(axis=1, dtype_acc="float64", use_double_acc=True), ValueError, "are two ways to say one thing"),
    (lambda: K.sum(axis=1, out=np.empty((3, 1))), ValueError, "output 1 (sum): expected shape (5, 1), got (3, 1)"),
    (lambda: (x / 0).sum(axis=1), ValueError, "division by a literal zero"),
    (lambda: K.logsumexp(axis=1, weight="w"), TypeError, WHAT + "str"),
    # Calls.
    (lambda: K(), ValueError, NOT_REDUCED),
    (lambda: REDUCED(X), ValueError, "Invalid number of arguments in call to Genred (should be 0 and got 1)."),
    (lambda: SYMBOLIC(X), ValueError, "Invalid number of arguments in call to Genred (should be 2 and got 1)."),
    (lambda: SYMBOLIC(), ValueError, "Invalid number of arguments in call to Genred (should be 2 and got 0)."),
    (lambda: SYMBOLIC(X, Y[:, :2]), ValueError, "LazyTensor: argument 2: expected shape (N, 3), got (4, 2)"),
    (lambda: SYMBOLIC(X, Y.astype("float32")), ValueError, "LazyTensor: argument 2: expected dtype float64, got float32"),
    (lambda: SYMBOLIC(X, Y, call=False), TypeError, "LazyTensor: unexpected keyword argument 'call'"),
    (lambda: (Vi(0, 3) - Vi(X)).sum(axis=1)(X[:3]), ValueError, "rows like argument"),
    (lambda: (Vi(0, 3) + Vj(0, 3)).sum(axis=1), ValueError, "symbolic variable 0 is used as (0, 3, 0) and (0, 3, 1)"),
    (lambda: (Vi(0, 3) + Vj(2, 3)).sum(axis=1), ValueError, "numbered 0, 1, 2, ... without holes: 1 is missing"),
    # Products.
    (lambda: x @ Y, ValueError, "The 'K @ v' syntax is only supported for LazyTensors 'K' whose trailing dimension is equal to 1"),
    (lambda: K @ [1.0, 2.0], TypeError, "LazyTensor: K @ v: expected an array v, got list"),
    (lambda: K @ K, TypeError, "LazyTensor: K @ v: expected an array v, got LazyTensor"),
    (lambda: K @ X, ValueError, "Incompatible values for attribute nj: 4 and 5."),
    (lambda: K @ np.ones(()), ValueError, "LazyTensor: K @ v: expected an array (N,) or (..., N, E), got a number"),
    (lambda: setattr(K, "ranges", (1, 2)), TypeError, "LazyTensor: ranges: expected a tuple of six integer arrays"),
    (lambda: Y @ K, TypeError, "unsupported operand"),
    # Short forms of Genred.
    (lambda: generic_sum("x", "a", "x=Vi(1)"), ValueError, "generic_sum: output: expected a description such as"),
    (lambda: generic_argmin("x", "a = Pm(1)", "x=Vi(1)"), ValueError, "generic_argmin: output: expected a description such as"),
    (lambda: generic_logsumexp("x", None, "x=Vi(1)"), TypeError, "generic_logsumexp: output: expected a string, got NoneType"),
    (lambda: generic_argkmin("x", "a = Vi(1)", 3), TypeError, "Genred: aliases[0]: expected a string, got int"),
]


@pytest.mark.parametrize("case", range(len(WRONG)), ids=[message[:60] for _, _, message in WRONG])
def test_wrong(case):
    call, error, message = WRONG[case]
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_iteration_gives_components_and_ends_with_an_error():
    components = iter(x)
    assert [next(components).formula for _ in range(3)] == [f"Elem(Var(0,3,0),{k})" for k in range(3)]
    with pytest.raises(ValueError):
        next(components)


def test_a_failed_reduction_leaves_the_object_usable():
    with pytest.raises(ValueError):
        K.sum(axis=1, out=np.empty(3))
    assert np.allclose(K.sum(axis=1)[:, 0], (X @ Y.T).sum(1))


def test_accepted_values():
    for value, dim in ((np.float32(2), 1), (np.float64(2), 1), (2.0, 1), (np.array(2.0), 1), ([1, 2.0], 2), (X[0], 3)):
        parameter = Pm(value)
        assert (parameter.axis, parameter.ndim, parameter.shape) == (2, dim, (1, 1) if dim == 1 else (1, 1, dim))
    for value in (3, np.int64(3)):
        assert LazyTensor(value).formula == "IntCst(3)"
    assert np.allclose((x * np.float32(0.5) + np.float64(0.25)).sum(axis=1), X * 0.5 + 0.25)
    assert np.allclose((X[0] * x - Pm(X[1])).sum(axis=1), X[0] * X - X[1])
    assert np.allclose((np.float64(2.0) * x).sum(axis=1), 2 * X)
    assert LazyTensor(X[None]).axis == 1 and LazyTensor(X[:, None]).axis == 0 and LazyTensor(X[None, :1]).axis == 2


def test_generic():
    aliases = "x = Vi(3)", "y = Vj(3)"
    d = ((X[:, None] - Y[None]) ** 2).sum(-1)
    assert np.allclose(generic_sum("SqDist(x,y)", "a = Vi(1)", *aliases)(X, Y)[:, 0], d.sum(1))
    assert np.allclose(generic_sum("SqDist(x,y)", "a = Vj(1)", *aliases)(X, Y)[:, 0], d.sum(0))
    assert np.allclose(generic_logsumexp("SqDist(x,y)", "a = Vi(1)", *aliases)(X, Y)[:, 0], np.log(np.exp(d).sum(1)))
    assert np.array_equal(generic_argmin("SqDist(x,y)", "Vi(1)", *aliases)(X, Y)[:, 0], d.argmin(1))
    assert np.array_equal(generic_argkmin("SqDist(x,y)", "a = Vj(3)", *aliases)(X, Y), np.argsort(d, 0)[:3].T)
