"""Linear systems: LazyTensor.solve, KernelSolve and LinearOperator against dense solutions in float64."""

import pickle
import re
import warnings

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, aslinearoperator, eigsh, gmres, lobpcg

from conftest import run_python

from keops.numpy import KernelSolve, LazyTensor, Pm, Vi, Vj

ALIASES = ["x=Vi(3)", "y=Vj(3)", "g=Pm(1)", "a=Vj(2)"]
FORMULA = "Exp(-SqDist(x,y)*g)*a"
TIGHT = {"alpha": 0.1, "eps": 1e-12}


def make_system(rows, columns, dtype="float64", seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((rows, 3)).astype(dtype), rng.standard_normal((rows, columns)).astype(dtype)


def lazy_kernel(x, g=4):
    return (-Vi(x).sqdist(Vj(x)) * g).exp()


def dense_kernel(x, g=4):
    x = x.astype("float64")
    return np.exp(-g * ((x[:, None] - x[None]) ** 2).sum(-1))


def dense_solution(x, b, alpha, g=4):
    return np.linalg.solve(dense_kernel(x, g) + alpha * np.eye(len(x)), b.astype("float64"))


@pytest.mark.parametrize("rows", (1, 2, 17, 300))
@pytest.mark.parametrize("columns", (1, 5))
@pytest.mark.parametrize("dtype, tolerance", (("float64", 1e-9), ("float32", 2e-4)))
def test_against_the_dense_solution(rows, columns, dtype, tolerance):
    x, b = make_system(rows, columns, dtype)
    # float32 cannot come closer than its rounding times the condition of the system, 300 / 0.1 at most.
    eps = 1e-12 if dtype == "float64" else 1e-6
    expected = dense_solution(x, b, 0.1)
    for other in (Vi(b), Vj(b), b):
        solution = lazy_kernel(x).solve(other, alpha=0.1, eps=eps)
        assert solution.dtype == dtype and solution.shape == b.shape
        assert np.allclose(solution, expected, rtol=tolerance, atol=tolerance)


def test_no_rows():
    x, b = make_system(0, 2)
    assert lazy_kernel(x).solve(b).shape == (0, 2)


def test_the_tolerance_is_absolute_unless_asked():
    x, b = make_system(60, 1)
    for scale in (1, 1e6):
        found = lazy_kernel(x).solve(scale * b, alpha=0.1, info=True)
        assert found.converged and found.residual**2 <= b.size * 1e-12
        residual = scale * b - (dense_kernel(x) + 0.1 * np.eye(60)) @ found.solution
        assert np.linalg.norm(residual) <= 60**0.5 * 1e-6 + 1e-9 * scale
    relative = lazy_kernel(x).solve(1e6 * b, alpha=0.1, eps=0, rtol=1e-3, info=True)
    assert relative.converged and relative.iterations < found.iterations
    assert relative.residual <= 1e-3 * 1e6 * np.linalg.norm(b)


def test_a_small_right_hand_side_is_solved_by_zero():
    x, b = make_system(5, 1)
    assert not lazy_kernel(x).solve(1e-9 * b).any()
    assert not lazy_kernel(x).solve(0 * b, eps=0).any()


def test_columns_of_very_different_size():
    x, b = make_system(40, 3)
    b = b * [1.0, 1e-7, 0.0]
    found = lazy_kernel(x).solve(b, alpha=0.5, eps=0, rtol=1e-9, info=True)
    assert found.converged and np.allclose(found.solution, dense_solution(x, b, 0.5), rtol=1e-7, atol=0)
    assert not found.solution[:, 2].any()


def test_a_preconditioner_saves_iterations():
    rng = np.random.default_rng(0)
    x, b = make_system(200, 2)
    weights = 10.0 ** rng.uniform(-2, 2, (200, 1))
    K = Vi(weights) * lazy_kernel(x, 200) * Vj(weights)
    matrix = weights * dense_kernel(x, 200) * weights.T
    options = {"alpha": 0.0, "eps": 0, "rtol": 1e-9, "info": True, "maxiter": 20000}
    plain, better = K.solve(b, **options), K.solve(b, preconditioner=lambda r: r / weights**2, **options)
    assert better.converged and 3 * better.iterations < plain.iterations
    assert np.allclose(matrix @ better.solution, b, atol=1e-7)


def test_a_warning_where_it_does_not_converge():
    x, b = make_system(50, 1)
    with pytest.warns(RuntimeWarning, match="LazyTensor: solve: conjugate gradients did not converge: after maxiter=3 "):
        found = lazy_kernel(x).solve(b, maxiter=3, info=True)
    assert (found.iterations, found.converged) == (3, False) and found.residual > 1e-6 * 50**0.5
    with pytest.warns(RuntimeWarning, match="after 0 iterations the operator turned out not to be positive definite"):
        assert not (-lazy_kernel(x)).solve(b).any()
    b[0] = np.nan
    with pytest.warns(RuntimeWarning, match="or values are not finite"):
        lazy_kernel(x).solve(b)


def test_no_warning_where_it_converges():
    x, b = make_system(50, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lazy_kernel(x).solve(b, alpha=0.1)


def test_later_calls_copies_and_out():
    x, b = make_system(23, 2)
    expected = lazy_kernel(x).solve(b, alpha=0.1)
    later = lazy_kernel(x).solve(Vi(b), alpha=0.1, call=False)
    for solver in (later, later.t(), pickle.loads(pickle.dumps(later))):
        assert np.array_equal(solver(), expected)
    out = np.empty((46, 2))[::2]
    assert later(out=out) is out and np.array_equal(out, expected)
    assert str(later).splitlines()[2:] == [
        "    shape: (23, 23, 2)",
        "    reduction: Solve (axis=1)",
        "        formula2: Var(3,2,0)",
        "        opt_arg: alpha=0.1, eps=1e-06, rtol=0, maxiter=1000",
    ]
    assert (later.axis, [v.shape for v in later.variables]) == (1, [(23, 3), (23, 3), (23, 2)])


def test_symbolic_systems():
    x, b = make_system(31, 2)
    expected = dense_solution(x, b, 0.1)
    options = {"alpha": 0.1, "eps": 1e-12}
    symbolic = (-Vi(0, 3).sqdist(Vj(1, 3)) * 4).exp().solve(Vi(2, 2), **options)
    assert np.allclose(symbolic(x, x, b), expected)
    # The unknown inside the expression; the right-hand side may have its number.
    a = Vj(0, 2)
    product = lazy_kernel(x) * a
    assert np.allclose(product.solve(Vi(0, 2), var=a, **options)(b), expected)
    assert np.allclose(product.solve(Vi(b), var=a, **options), expected)
    everything = (-Vi(0, 3).sqdist(Vj(1, 3)) * Pm(2, 1)).exp() * Vj(3, 2)
    assert np.allclose(everything.solve(Vi(3, 2), var=Vj(3, 2), **options)(x, x, 4.0, b), expected)
    # A matrix of components: two systems that are coupled.
    mixing = np.array([[2.0, 0.5], [0.5, 1.0]])
    coupled = (lazy_kernel(x) * Pm(mixing.ravel()).matvecmult(a)).solve(Vi(b), var=a, **options)
    matrix = np.kron(dense_kernel(x), mixing) + 0.1 * np.eye(62)
    assert np.allclose(coupled.ravel(), np.linalg.solve(matrix, b.ravel()))


def test_the_right_hand_side_may_be_part_of_the_kernel():
    x, _ = make_system(20, 1)
    solution = lazy_kernel(x).solve(Vi(x), alpha=0.1, eps=1e-12)
    assert np.allclose(solution, dense_solution(x, x, 0.1))


@pytest.mark.parametrize("rows", (1, 37))
@pytest.mark.parametrize("axis", (0, 1))
def test_kernel_solve(rows, axis):
    x, b = make_system(rows, 2)
    aliases = ALIASES if axis == 1 else ["x=Vj(3)", "y=Vi(3)", "g=Pm(1)", "a=Vi(2)"]
    solver = KernelSolve(FORMULA, aliases, "a", axis=axis)
    expected = dense_solution(x, b, 0.1)
    assert np.allclose(solver(x, x, 4.0, b, alpha=0.1, eps=1e-12), expected)
    found = solver(x, x, 4.0, b, alpha=0.1, rtol=1e-3, info=True, backend="CPU")
    assert found.converged and found.residual <= 1e-3 * np.linalg.norm(b)
    assert repr(solver).endswith(f",{1 - axis})', argument 3)")


def test_kernel_solve_by_position():
    x, b = make_system(11, 2)
    expected = KernelSolve(FORMULA, ALIASES, "a", 1)(x, x, 4.0, b, alpha=0.1)
    swapped = ["a = Vj(3, 2)", "x=Vi(0,3)", "y=Vj(1,3)", "g=Pm(2,1)"]
    for aliases, unknown in ((ALIASES, "Var(3,2,1)"), (swapped, "a"), (swapped, "Var(3,2,1)")):
        assert np.array_equal(KernelSolve(FORMULA, aliases, unknown, 1)(x, x, 4.0, b, alpha=0.1), expected)
    # The order of arguments is that of the NumPy door of KeOps.
    positional = KernelSolve(FORMULA, ALIASES, "a", 1, None, None, "float64", False, "direct_sum")
    assert np.allclose(positional(x, x, 4.0, b, alpha=0.1), expected)


# Two clusters of unequal size, without pairs between them.
RANGES = np.array([[0, 9], [9, 20]])
BLOCKS = (RANGES, np.array([1, 2]), RANGES) * 2


def test_block_sparse_kernels():
    x, b = make_system(20, 2)
    labels = np.arange(20) >= 9
    matrix = np.where(labels[:, None] == labels, dense_kernel(x), 0.0)
    expected = np.linalg.solve(matrix + 0.1 * np.eye(20), b)
    kernel = lazy_kernel(x)
    assert np.allclose(kernel.solve(b, alpha=0.1, eps=1e-12, ranges=BLOCKS), expected)
    kernel.ranges = BLOCKS
    assert np.allclose(kernel.solve(b, alpha=0.1, eps=1e-12), expected)
    solver = KernelSolve(FORMULA, ALIASES, "a", axis=1)
    assert np.allclose(solver(x, x, 4.0, b, alpha=0.1, eps=1e-12, ranges=BLOCKS), expected)


def test_a_batch_of_formulas():
    systems = [make_system(13, 2, seed=seed) for seed in range(3)]
    x, b = (np.stack(arrays) for arrays in zip(*systems))
    solutions = KernelSolve(FORMULA, ALIASES, "a", axis=1)(x, x, 4.0, b, alpha=0.1, eps=1e-12)
    assert solutions.shape == (3, 13, 2)
    assert all(np.allclose(found, dense_solution(*system, 0.1)) for found, system in zip(solutions, systems))


@pytest.mark.parametrize("axis", (0, 1))
@pytest.mark.parametrize("rows", (13, 1, 0))
@pytest.mark.parametrize("batches", (((3,), (3,)), ((2, 1), (3,)), ((), (2,)), ((3,), ()), ((1,), ()), ((0,), (1,))))
def test_batches_of_systems(batches, rows, axis):
    """Items are systems of their own, whose iterations end where the last one has converged."""
    rng = np.random.default_rng(0)
    x, b = rng.random((*batches[0], rows, 3)), rng.standard_normal((*batches[1], rows, 2))
    matrix = np.exp(-4 * ((x[..., :, None, :] - x[..., None, :, :]) ** 2).sum(-1)) + 0.1 * np.eye(rows)
    expected = np.linalg.solve(matrix, b)
    kernel = (-LazyTensor(x[..., :, None, :]).sqdist(LazyTensor(x[..., None, :, :])) * 4).exp()
    unknown = Vj(0, 2)
    # One row of several axes would be a parameter.
    solutions = [] if rows == 1 and x.ndim > 2 else [kernel.solve(b, **TIGHT), (kernel * unknown).solve(b, unknown, **TIGHT)]
    if rows > 1 and b.ndim > 2:
        right = LazyTensor(b[..., :, None, :] if axis else b[..., None, :, :])
        solutions.append(kernel.solve(right, call=False, **TIGHT)())
    aliases = ALIASES if axis == 1 else ["x=Vj(3)", "y=Vi(3)", "g=Pm(1)", "a=Vi(2)"]
    solutions.append(KernelSolve(FORMULA, aliases, "a", axis=axis)(x, x, 4.0, b, **TIGHT))
    found = KernelSolve(FORMULA, aliases, "a", axis=axis)(x, x, 4.0, b, info=True, **TIGHT)
    assert found.converged and found.residual < 1e-6
    for solution in (*solutions, found.solution):
        assert solution.shape == expected.shape and np.allclose(solution, expected)


def test_batches_that_do_not_fit():
    x, b = np.random.default_rng(0).random((2, 5, 3)), np.ones((3, 5, 2))
    kernel = (-LazyTensor(x[:, :, None]).sqdist(LazyTensor(x[:, None]))).exp()
    with pytest.raises(ValueError, match=r"Incompatible batch dimensions: \(2,\) and \(3,\)."):
        kernel.solve(b)
    with pytest.raises(ValueError, match="Genred: argument"):
        KernelSolve(FORMULA, ALIASES, "a", axis=1)(x, x, 4.0, b)


def test_linear_operators():
    x, b = make_system(40, 3)
    kernel, matrix = lazy_kernel(x), dense_kernel(x)
    for operator in (kernel.aslinearoperator(), aslinearoperator(kernel)):
        assert isinstance(operator, LinearOperator) and operator.shape == (40, 40) and operator.dtype == "float64"
        assert np.allclose(operator @ b, matrix @ b) and np.allclose(operator.matvec(b[:, 0]), matrix @ b[:, 0])
        assert operator.matvec(b[:, :1]).shape == (40, 1)
        ridge = operator + 0.1 * aslinearoperator(np.eye(40))
        solution, status = gmres(ridge, b[:, 0], rtol=1e-10)
        assert status == 0 and np.allclose(solution, np.linalg.solve(matrix + 0.1 * np.eye(40), b[:, 0]))
        expected = np.linalg.eigvalsh(matrix)[-3:]
        assert np.allclose(eigsh(operator, k=3)[0], expected)
        assert np.allclose(lobpcg(operator, b.copy(), tol=1e-8, maxiter=200)[0][::-1], expected)


def test_linear_operators_of_rectangles():
    x, y = make_system(7, 1)[0], make_system(4, 1, seed=1)[0]
    K, matrix = Vi(x) | Vj(y), x @ y.T
    operator = K.aslinearoperator()
    v, w = np.arange(8.0).reshape(4, 2), np.arange(14.0).reshape(7, 2)
    assert np.allclose(operator.matmat(v), matrix @ v) and np.allclose(operator.rmatmat(w), matrix.T @ w)
    assert np.allclose(operator.rmatvec(w[:, 0]), matrix.T @ w[:, 0]) and np.allclose(operator.T @ w, matrix.T @ w)
    assert np.allclose(operator.H @ w, matrix.T @ w) and np.allclose((operator.H @ operator) @ v, matrix.T @ matrix @ v)
    assert np.allclose(operator @ (v + 1j * v**2), matrix @ (v + 1j * v**2))
    single = (Vi(x.astype("float32")) | Vj(y.astype("float32"))).aslinearoperator()
    assert single.dtype == "float32" and np.allclose(single @ v, matrix @ v, rtol=1e-5)


X, B = make_system(5, 2)
K = lazy_kernel(X)
A = Vj(0, 2)
SOLVER = KernelSolve(FORMULA, ALIASES, "a", axis=1)
SYMBOLIC = (K * A).solve(Vi(0, 2), var=A)
WRONG = [
    (lambda: K.solve(B, alpha=np.nan), ValueError, "LazyTensor: solve: alpha: expected a finite number, got nan"),
    (lambda: K.solve(B, eps=np.inf), ValueError, "LazyTensor: solve: eps: expected a finite number >= 0, got inf"),
    (lambda: K.solve(B, eps=-1.0), ValueError, "LazyTensor: solve: eps: expected a finite number >= 0, got -1.0"),
    (lambda: K.solve(B, rtol="0"), TypeError, "LazyTensor: solve: rtol: expected a number, got str"),
    (lambda: K.solve(B, maxiter=0), ValueError, "LazyTensor: solve: maxiter: expected a positive integer, got 0"),
    (lambda: K.solve(B, maxiter=1.5), TypeError, "LazyTensor: solve: maxiter: expected an integer, got float"),
    (lambda: K.solve(B, preconditioner=B), TypeError, "preconditioner: expected a function of a residual, got ndarray"),
    (lambda: K.solve(B, preconditioner=lambda r: r[:, 0]), ValueError, "expected a result float64 (5, 2), got float64 (5,)"),
    (lambda: K.solve(B, info="x"), TypeError, "LazyTensor: solve: info: expected True or False, got str"),
    (lambda: K.solve(B, foo=1), TypeError, "LazyTensor: solve: unexpected keyword argument 'foo'"),
    (lambda: K.solve(B, out=np.broadcast_to(np.zeros(2), (5, 2))), ValueError, "solve: out: cannot be written: "),
    (lambda: K.solve(B, alpha=10**400), ValueError, "solve: alpha: expected a finite number, got 1000"),
    (lambda: K.solve(B, eps=1e308, out=np.empty((5, 2), int)), ValueError, "solve: out: expected float64 (5, 2), got int64"),
    (lambda: K.solve(B, out=np), ValueError, "solve: out: expected float64 (5, 2), got module"),
    (lambda: K.solve(B, out=np.empty((5, 1))), ValueError, "solve: out: expected float64 (5, 2), got float64 (5, 1)"),
    (lambda: K.solve(B[:, 0]), ValueError, "other: expected a variable (Vi, Vj) or an array (..., M, E), got ndarray"),
    (lambda: K.solve(Vi(B) + 1), ValueError, "other: expected a variable (Vi, Vj) or an array (..., M, E), got LazyTensor"),
    (lambda: K.solve(Pm(B[0])), ValueError, "other: expected a variable (Vi, Vj) or an array (..., M, E), got LazyTensor"),
    (lambda: K.solve(B[:3]), ValueError, "Incompatible values for attribute nj: 5 and 3."),
    (lambda: (Vi(X) | Vj(X[:3])).solve(B[:3]), ValueError, "solve: expected as many rows as columns, got shape (5, 3)"),
    (lambda: (Vi(X) * Vj(X)).solve(B), ValueError, "Operation * expects inputs of the same dimension or dimension 1. Received 3 and 2."),
    (lambda: (Vi(X) * Vj(X)).solve(B[:, :1]), ValueError, "Operation Solve expects two inputs of one dimension. Received 3 and 1."),
    (lambda: K.solve(B, var=Vj(B)), ValueError, "var: expected a symbolic variable, such as Vj(0, 3), got an expression"),
    (lambda: K.solve(B, var=B), ValueError, "var: expected a symbolic variable, such as Vj(0, 3), got ndarray"),
    (lambda: K.solve(B, var=A), ValueError, "var: Var(0, 2, 1) does not occur in the expression"),
    (lambda: K.sum(axis=1, call=False).solve(B), ValueError, "One of the inputs is a 'reduced' LazyTensor"),
    (lambda: K.solve(Vi(B), call=False) + 1, ValueError, "One of the inputs is a 'reduced' LazyTensor"),
    (lambda: SYMBOLIC(), ValueError, "Invalid number of arguments in call to Genred (should be 1 and got 0)."),
    (lambda: SYMBOLIC(B[:, :1]), ValueError, "the right-hand side: expected shape (M, 2), got (5, 1)"),
    (lambda: SYMBOLIC(B.tolist()), TypeError, "the right-hand side: expected a numpy array, got list"),
    (lambda: SYMBOLIC(B.astype(int)), TypeError, "the right-hand side: expected dtype float32 or float64, got int64"),
    (lambda: K.T.aslinearoperator() @ B[:3], ValueError, "dimension mismatch"),
    (lambda: (Vi(X) * Vj(X)).aslinearoperator(), ValueError, "LazyTensor: aslinearoperator: expected a matrix"),
    (lambda: (Vi(X) * Pm(X))[0].aslinearoperator(), ValueError, "without batch axes and with arrays; got shape (5, 5, 1)"),
    (lambda: SOLVER(X, X, 4.0), ValueError, "KernelSolve: expected at least 4 arguments, got 3"),
    (lambda: SOLVER(X, X, 4.0, B[:, :1]), ValueError, "KernelSolve: the right-hand side: expected shape (M, 2), got (5, 1)"),
    (lambda: SOLVER(X, X[:4], 4.0, B), ValueError, "Genred: argument 4 (a): expected"),
    (lambda: SOLVER(X, X, 4.0, B, eps=np.nan), ValueError, "KernelSolve: eps: expected a finite number >= 0, got nan"),
    (lambda: SOLVER(X, X, 4.0, B, backend="TPU"), ValueError, "KernelSolve: backend: expected one of"),
    (lambda: KernelSolve(FORMULA, ALIASES, "z"), ValueError, "KernelSolve: varinvalias: expected the name of an alias of"),
    (lambda: KernelSolve(FORMULA, ALIASES, 3), TypeError, "KernelSolve: varinvalias: expected a string, got int"),
]


@pytest.mark.parametrize("case", range(len(WRONG)), ids=[message[:60] for _, _, message in WRONG])
def test_wrong(case):
    call, error, message = WRONG[case]
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_import_does_not_load_scipy():
    assert run_python("import sys, keops.numpy; print('scipy' in sys.modules)").strip() == "False"
