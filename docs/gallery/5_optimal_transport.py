r"""
Optimal transport: the shortest way from i to j
===============================================

How do 1000 points that form one letter become 1000 points that form another, so that all together move as little as
possible? Entropic optimal transport answers with a plan :math:`P`, a matrix that says how much of point i goes to point
j, and which has the form

.. math::

   P_{ij} = \frac{1}{M N} \exp \frac{f_i + g_j - |x_i - y_j|^2 / 2}{\varepsilon}.

Sinkhorn's algorithm finds the numbers f and g in turns, each by a log-sum-exp over the other. The plan is never stored:
it is a LazyTensor, and what one wants of it are reductions.
"""

# %%
# Data
# ----
# Points inside the outlines of two letters, drawn at random.

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.textpath import TextPath
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from keops.numpy import Vi, Vj


def fill(letter, count, rng):
    """Points in the outline of a letter, whose middle is the origin."""
    path = TextPath((0, 0), letter, size=1, prop={"family": "serif", "weight": "bold"})
    low, high = path.get_extents().get_points()
    points = rng.uniform(low, high, (50 * count, 2))
    return points[path.contains_points(points)][:count] - (low + high) / 2


rng = np.random.default_rng(0)
x, y = fill("i", 1000, rng), fill("j", 1000, rng)

# %%
# Sinkhorn's algorithm
# --------------------
# The softer the problem, the faster it converges: the algorithm begins with a large :math:`\varepsilon` and makes it
# smaller in each step.

EPSILON = 1.5e-4
cost = Vi(x).sqdist(Vj(y)) / 2


def soft_minimum(cost, values, epsilon, axis):
    """Minus epsilon times the logarithm of the mean of exp((values - cost) / epsilon) over the given axis."""
    count = len(values)
    other = Vj(values) if axis == 1 else Vi(values)
    return -epsilon * (((other - cost) / epsilon).logsumexp(axis=axis) - np.log(count))


f, g = np.zeros((len(x), 1)), np.zeros((len(y), 1))
for epsilon in np.concatenate([np.geomspace(1, EPSILON, 40), np.full(360, EPSILON)]):
    f = soft_minimum(cost, g, epsilon, axis=1)
    g = soft_minimum(cost, f, epsilon, axis=0)

plan = ((Vi(f) + Vj(g) - cost) / EPSILON).exp() / (len(x) * len(y))
mass_left, mass_arrived = plan.sum(axis=1) * len(x), plan.sum(axis=0) * len(y)
print(f"mass that leaves a point, from {mass_left.min():.4f} to {mass_left.max():.4f} of its own")
total = float((plan * cost).sum(axis=1).sum())
assert np.abs(mass_arrived - 1).max() < 1e-9 and np.abs(mass_left - 1).mean() < 0.01

# %%
# With a dense matrix, the same plan. And the exact optimum, which takes no epsilon: a little less costs are possible,
# but no more than the entropy of the plan allows, :math:`\varepsilon \log N`.

squares = cdist(x, y, "sqeuclidean") / 2
dense = np.exp((f + g.T - squares) / EPSILON) / (len(x) * len(y))
assert np.abs(plan.dense() - dense).max() < 1e-9 * dense.max()

chosen = linear_sum_assignment(squares)
exact = squares[chosen].mean()
print(f"cost {total:.5f}, exact optimum {exact:.5f}, difference at most {EPSILON * np.log(len(x)):.5f}")
assert abs(total - exact) < EPSILON * np.log(len(x))

# %%
# Where points go
# ---------------
# Each point goes to many, a little to each; the mean of these is a map from one cloud to the other. That is a softmax
# over j with the points y as values. The larger :math:`\varepsilon`, the more it shrinks towards the middle.

targets = ((Vj(g) - cost) / EPSILON).sumsoftmaxweight(Vj(y), axis=1)
assert np.abs(targets - dense @ y / dense.sum(1, keepdims=True)).max() < 1e-6

# %%
# Pictures
# --------

shown = slice(None, None, 4)
fig, ax = plt.subplots(figsize=(6, 6), layout="constrained")
shift = np.array([0.9, 0])
starts, ends = x[shown], targets[shown] + shift
ax.plot(*np.stack([starts, ends]).transpose(2, 0, 1), color="gray", linewidth=0.5, alpha=0.7, zorder=1)
ax.scatter(*x.T, s=5, label="x (letter i)")
ax.scatter(*(y + shift).T, s=5, label="y (letter j)")
ax.scatter(*(targets + shift).T, s=3, color="black", label="where the plan sends x")
ax.set_aspect("equal")
ax.set_axis_off()
fig.suptitle("every fourth line of the transport plan")
fig.legend(loc="outside lower center", ncols=3, markerscale=3)

# %%
# Points on their way. Each keeps the colour that it has in the beginning.

fig, axes = plt.subplots(1, 5, figsize=(9, 3.6), layout="constrained", sharex=True, sharey=True)
height = x[:, 1]
for ax, t in zip(axes, np.linspace(0, 1, 5)):
    points = ax.scatter(*((1 - t) * x + t * targets).T, s=3, c=height, cmap="viridis")
    ax.set_title(f"t = {t:.2f}")
    ax.set_aspect("equal")
    ax.set_axis_off()
fig.colorbar(points, ax=axes, label="height of a point at t = 0", shrink=0.8)
plt.show()
