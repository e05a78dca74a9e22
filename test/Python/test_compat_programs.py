"""Small programs in the style of those written for KeOps 2.3: they import pykeops only, and are compared with the same
computation on dense arrays."""

import importlib

import numpy as np
import pytest
import torch
from pykeops.numpy import Genred, KernelSolve, LazyTensor, Pm, Vi, Vj
from pykeops.numpy import generic_argkmin, generic_argmin, generic_logsumexp, generic_sum

import pykeops

LIBRARIES = ["numpy", "torch"]


def to_library(library, *arrays):
    return arrays if library == "numpy" else tuple(map(torch.from_numpy, arrays))


def get_library(library):
    return getattr(pykeops, library)


def sqdist(x, y):
    return ((x[..., :, None, :] - y[..., None, :, :]) ** 2).sum(-1)


def close(got, expected, tolerance=1e-10):
    got, expected = (a.detach().numpy() if isinstance(a, torch.Tensor) else a for a in (got, expected))
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


# ---- Neighbours and clusters -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", LIBRARIES)
def test_nearest_neighbours_classify(library):
    rng = np.random.default_rng(1)
    x_train, x_test = rng.random((211, 2)), rng.random((37, 2))
    labels = (np.abs(x_train - 0.5).sum(1) < 0.35).astype(np.int64)
    train, test, classes = to_library(library, x_train, x_test, labels)

    X_i = get_library(library).LazyTensor(test[:, None, :])
    X_j = get_library(library).LazyTensor(train[None, :, :])
    D_ij = ((X_i - X_j) ** 2).sum(-1)
    neighbours = D_ij.argKmin(5, dim=1)
    votes = classes[neighbours].sum(1) > 2

    expected = np.argsort(sqdist(x_test, x_train), axis=1, kind="stable")[:, :5]
    assert np.array_equal(neighbours, expected)
    assert np.array_equal(votes, labels[expected].sum(1) > 2)


@pytest.mark.parametrize("library", LIBRARIES)
def test_k_means(library):
    """Lloyd's iterations from the first K points, with the Euclidean distance and with the cosine."""
    rng = np.random.default_rng(2)
    points, K = rng.standard_normal((301, 3)), 7
    (x,) = to_library(library, points)
    x_i = get_library(library).LazyTensor(x[:, None, :])

    for metric in ("euclidean", "cosine"):
        c, dense = points[:K].copy(), points[:K].copy()
        for _ in range(6):
            (centroids,) = to_library(library, c)
            c_j = get_library(library).LazyTensor(centroids[None, :, :])
            if metric == "euclidean":
                labels = np.asarray(((x_i - c_j) ** 2).sum(-1).argmin(dim=1)).ravel()
                expected = sqdist(points, dense).argmin(1)
            else:
                labels = np.asarray((x_i | c_j).argmax(dim=1)).ravel()
                expected = (points @ dense.T).argmax(1)
            assert np.array_equal(labels, expected)
            counts = np.bincount(labels, minlength=K)[:, None]
            assert counts.all()
            c = np.stack([np.bincount(labels, column, K) for column in points.T], 1) / counts
            dense = np.stack([points[expected == k].mean(0) for k in range(K)])
            if metric == "cosine":
                c, dense = (a / np.linalg.norm(a, axis=1, keepdims=True) for a in (c, dense))
        close(c, dense)


@pytest.mark.parametrize("library", LIBRARIES)
def test_blocks_of_clusters(library):
    """A Gaussian convolution that leaves out pairs of boxes far from one another."""
    cluster = importlib.import_module(f"pykeops.{library}.cluster")
    rng = np.random.default_rng(3)
    x, y, b = to_library(library, rng.random((143, 2)), rng.random((101, 2)), rng.standard_normal((101, 1)))
    x_labels, y_labels = cluster.grid_cluster(x, 0.25), cluster.grid_cluster(y, 0.25)
    x_ranges, x_centroids, _ = cluster.cluster_ranges_centroids(x, x_labels)
    y_ranges, y_centroids, _ = cluster.cluster_ranges_centroids(y, y_labels)
    x, x_labels = cluster.sort_clusters(x, x_labels)
    (y, b), y_labels = cluster.sort_clusters((y, b), y_labels)
    keep = sqdist(x_centroids, y_centroids) < 0.4**2

    module = get_library(library)
    K_ij = (-((module.Vi(x) - module.Vj(y)) ** 2).sum(-1) / 0.1).exp()
    K_ij.ranges = cluster.from_matrix(x_ranges, y_ranges, keep)

    kept = np.asarray(keep)[np.asarray(x_labels)][:, np.asarray(y_labels)]
    assert kept.any() and not kept.all()
    dense = np.exp(-sqdist(np.asarray(x), np.asarray(y)) / 0.1) * kept
    close(K_ij @ b, dense @ np.asarray(b))
    close(K_ij.T @ x, dense.T @ np.asarray(x))


# ---- Systems of equations --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("kernel", ["gaussian", "laplacian"])
def test_interpolation(library, kernel):
    rng = np.random.default_rng(4)
    points, grid = rng.random((97, 1)), np.linspace(0, 1, 13)[:, None]
    values = np.sin(9 * points) + 0.1 * rng.standard_normal(points.shape)
    x, t, b = to_library(library, points, grid, values)
    module, alpha = get_library(library), 0.5

    def make_kernel(x, y):
        D_ij = ((module.LazyTensor(x[:, None, :]) - module.LazyTensor(y[None, :, :])) ** 2).sum(-1)
        return (-D_ij / (2 * 0.1**2)).exp() if kernel == "gaussian" else (-D_ij.sqrt() / 0.1).exp()

    a = make_kernel(x, x).solve(b, alpha=alpha)
    mean = make_kernel(t, x) @ a

    def make_dense(x, y):
        D = sqdist(x, y)
        return np.exp(-D / (2 * 0.1**2)) if kernel == "gaussian" else np.exp(-np.sqrt(D) / 0.1)

    expected = np.linalg.solve(alpha * np.eye(97) + make_dense(points, points), values)
    close(a, expected, 1e-4)
    close(mean, make_dense(grid, points) @ expected, 1e-4)


def test_kernel_solve_by_formula():
    rng = np.random.default_rng(5)
    x, b = rng.random((61, 2)), rng.random((61, 2))
    gamma = np.array([1 / 0.2**2])
    solver = KernelSolve(
        "Exp(- g * SqDist(x,y)) * a", ["x = Vi(2)", "y = Vj(2)", "a = Vj(2)", "g = Pm(1)"], "a", axis=1
    )
    dense = np.exp(-gamma * sqdist(x, x)) + 0.3 * np.eye(61)
    close(solver(x, x, b, gamma, alpha=0.3, eps=1e-9), np.linalg.solve(dense, b), 1e-6)


def test_eigenvectors_by_scipy():
    from scipy.sparse.linalg import aslinearoperator, eigsh

    x = np.random.default_rng(6).random((83, 2))
    K_xx = (-((LazyTensor(x[:, None, :]) - LazyTensor(x[None, :, :])) ** 2).sum(-1) / 0.5).exp()
    values = eigsh(aslinearoperator(K_xx), k=4, return_eigenvectors=False)
    close(np.sort(values), np.linalg.eigvalsh(np.exp(-sqdist(x, x) / 0.5))[-4:], 1e-8)


# ---- Formulas as text ------------------------------------------------------------------------------------------------


def test_arguments_in_any_order():
    rng = np.random.default_rng(7)
    x, y, b, p = rng.random((23, 3)), rng.random((31, 3)), rng.random((31, 2)), rng.random(1)
    K = np.exp(-p * sqdist(x, y))
    formula = "Exp(-p * SqDist(x, y)) * b"
    orders = {
        ("p = Pm(1)", "x = Vi(3)", "y = Vj(3)", "b = Vj(2)"): (p, x, y, b),
        ("b=Vj(2)", "y=Vj(3)", "p=Pm(1)", "x=Vi(3)"): (b, y, p, x),
        ("b = Vj(3,2)", "x = Vi(1,3)", "p = Pm(0,1)", "y = Vj(2,3)"): (p, x, y, b),
    }
    for aliases, arrays in orders.items():
        close(Genred(formula, list(aliases), reduction_op="Sum", axis=1)(*arrays), K @ b)
    numbered = "Exp(-Var(0,1,2) * SqDist(Var(1,3,0), Var(2,3,1))) * Var(3,2,1)"
    close(Genred(numbered, [], axis=1)(p, x, y, b), K @ b)
    # The axis that is left out is the first, so that the sum is one over i.
    close(Genred("Exp(-p * SqDist(x, y))", list(orders)[0][:3])(p, x, y), K.sum(0)[:, None])
    close(generic_sum(formula, "a = Vi(2)", *list(orders)[0])(p, x, y, b), K @ b)


def test_gradient_as_text():
    rng = np.random.default_rng(8)
    x, y, p, a, e = (rng.random(shape) for shape in ((19, 3), (29, 3), (1,), (29, 1), (19, 3)))
    aliases = ["p=Pm(1)", "a=Vj(1)", "x=Vi(3)", "y=Vj(3)"]
    weights = (p - a.T) ** 2
    exponent = np.exp(x[:, None, :] + y)
    close(Genred("Square(p-a)*Exp(x+y)", aliases, axis=1)(p, a, x, y), (weights[..., None] * exponent).sum(1))
    gradient = Genred("Grad(Square(p-a)*Exp(x+y), a, e)", [*aliases, "e=Vi(3)"], reduction_op="Sum", axis=0)
    expected = (-2 * (p - a.T)[..., None] * exponent * e[:, None, :]).sum((0, 2))
    close(gradient(p, a, x, y, e), expected[:, None])


def test_formula_with_elements_of_a_parameter():
    rng = np.random.default_rng(9)
    x, y, p = rng.standard_normal((17, 2)), rng.standard_normal((41, 2)), rng.standard_normal(2)
    my_conv = Genred(
        "Pow((X|Y),2) * ((Elem(P,0) * X) + (Elem(P,1) * Y))", ["P = Pm(2)", "X = Vi(2)", "Y = Vj(2)"], axis=1
    )
    scores = ((x @ y.T) ** 2)[:, :, None]
    close(my_conv(p, x, y), (scores * (p[0] * x[:, None, :] + p[1] * y)).sum(1))


def test_neighbours_and_log_sums_as_text():
    rng = np.random.default_rng(10)
    x, y, b = rng.random((23, 2)), rng.random((47, 2)), rng.random((47, 1))
    D, aliases = sqdist(x, y), ["x = Vi(2)", "y = Vj(2)"]
    order = np.argsort(D, axis=1, kind="stable")
    nearest = Genred("SqDist(x,y)", aliases, reduction_op="ArgKMin", axis=1, opt_arg=3)(x, y)
    assert np.array_equal(nearest, order[:, :3])
    assert np.array_equal(generic_argkmin("SqDist(x,y)", "a = Vi(3)", *aliases)(x, y), order[:, :3])
    assert np.array_equal(generic_argmin("SqDist(x,y)", "a = Vi(1)", *aliases)(x, y), order[:, :1])
    close(generic_logsumexp("-SqDist(x,y)", "a = Vj(1)", *aliases)(x, y), np.log(np.exp(-D).sum(0))[:, None])
    weighted = Genred("-SqDist(x,y)", [*aliases, "b = Vj(1)"], reduction_op="LogSumExp", axis=1, formula2="b")
    close(weighted(x, y, b), np.log(np.exp(-D) @ b))


@pytest.mark.parametrize("library", LIBRARIES)
def test_soft_max_of_distances(library):
    rng = np.random.default_rng(11)
    arrays = rng.standard_normal((31, 3)), rng.standard_normal((53, 3)), rng.standard_normal((53, 2))
    x, y, b = to_library(library, *arrays)
    module = get_library(library)
    by_text = module.Genred(
        "SqDist(x,y)", ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)"], reduction_op="SumSoftMaxWeight", axis=1, formula2="b"
    )
    D_ij = ((module.LazyTensor(x[:, None, :]) - module.LazyTensor(y[None, :, :])) ** 2).sum(-1)

    D = sqdist(*arrays[:2])
    weights = np.exp(D - D.max(1, keepdims=True))
    expected = weights @ arrays[2] / weights.sum(1, keepdims=True)
    close(by_text(x, y, b), expected)
    close(D_ij.sumsoftmaxweight(module.LazyTensor(b[None, :, :]), dim=1), expected)


# ---- Expressions -----------------------------------------------------------------------------------------------------


def test_symbolic_variables():
    rng = np.random.default_rng(12)
    x, y, b, s = rng.random((11, 3)), rng.random((13, 3)), rng.random((13, 2)), rng.random(1) + 0.5
    kernel = (-((Vi(0, 3) - Vj(1, 3)) ** 2).sum() / Pm(2, 1)).exp() * Vj(3, 2)
    K = np.exp(-sqdist(x, y) / s)
    close(kernel.sum_reduction(axis=1)(x, y, s, b), K @ b)
    bound = ((-((Vi(x) - Vj(y)) ** 2).sum() / Pm(s)).exp() * Vj(b)).sum_reduction(axis=1, call=False)
    close(bound(), K @ b)


@pytest.mark.parametrize("library", LIBRARIES)
def test_batches(library):
    rng = np.random.default_rng(13)
    arrays = rng.random((3, 1, 17, 2)), rng.random((1, 2, 23, 2)), rng.random((3, 2, 23, 4))
    x, y, b = to_library(library, *arrays)
    LazyTensor = get_library(library).LazyTensor
    K_ij = (-((LazyTensor(x[..., :, None, :]) - LazyTensor(y[..., None, :, :])) ** 2).sum(-1)).exp()
    dense = np.exp(-sqdist(*arrays[:2]))
    assert tuple(K_ij.shape) == (3, 2, 17, 23)
    close(K_ij @ b, dense @ arrays[2])
    close(K_ij.sum(dim=3), dense.sum(3)[..., None])


# ---- Gradients -------------------------------------------------------------------------------------------------------


def test_gaussian_mixture_descends():
    """A mixture whose precision matrices are full: weightedsqdist of points to means, log-sum-exp by weights."""
    generator = torch.Generator().manual_seed(14)
    x = torch.rand(89, 2, generator=generator, dtype=torch.float64)
    start = [torch.rand(*shape, generator=generator, dtype=torch.float64) for shape in ((5, 2), (5, 2, 2), (5, 1))]
    from pykeops.torch import Vi, Vj

    def measure(mu, A, w):
        metric = A @ A.transpose(1, 2) + torch.eye(2, dtype=torch.float64)
        scale = w.softmax(0) * metric.det().sqrt()[:, None]
        D_ij = Vi(x).weightedsqdist(Vj(mu), Vj(metric.reshape(5, 4)))
        return -(-D_ij).logsumexp(dim=1, weight=Vj(scale)).mean()

    def measure_densely(mu, A, w):
        metric = A @ A.transpose(1, 2) + torch.eye(2, dtype=torch.float64)
        scale = w.softmax(0) * metric.det().sqrt()[:, None]
        d = x[:, None, :] - mu
        return -((-torch.einsum("ijk,jkl,ijl->ij", d, metric, d)).exp() @ scale).log().mean()

    traces = [descend(cost, [p.clone().requires_grad_() for p in start]) for cost in (measure, measure_densely)]
    close(np.array(traces[0]), np.array(traces[1]))
    assert traces[0][-1] < traces[0][0]


def descend(cost, parameters):
    optimiser, trace = torch.optim.Adam(parameters, lr=0.05), []
    for _ in range(5):
        optimiser.zero_grad()
        loss = cost(*parameters)
        loss.backward()
        optimiser.step()
        trace.append(loss.item())
    return trace


def test_shooting_differentiates_through_gradients():
    """Points carried by momenta, of which the end is differentiated: gradients of gradients."""
    generator = torch.Generator().manual_seed(15)
    q, p, target = (torch.randn(29, 3, generator=generator, dtype=torch.float64) for _ in range(3))
    from pykeops.torch import Vi, Vj

    def multiply(x, y, b):
        return (-((Vi(x) - Vj(y)) ** 2).sum(-1) / 2.0).exp() @ b

    def multiply_densely(x, y, b):
        return (-sqdist(x, y) / 2.0).exp() @ b

    def shoot(product):
        momentum = p.clone().requires_grad_()
        points, moving = q.clone().requires_grad_(), momentum
        for _ in range(2):
            energy = 0.5 * (moving * product(points, points, moving)).sum()
            by_points, by_momenta = torch.autograd.grad(energy, (points, moving), create_graph=True)
            points, moving = points + 0.1 * by_momenta, moving - 0.1 * by_points
        return torch.autograd.grad(((points - target) ** 2).sum(), momentum)[0]

    close(shoot(multiply), shoot(multiply_densely))
