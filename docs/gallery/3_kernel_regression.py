r"""
Kernel regression with uncertainty: a map of mountains from 1500 measurements
=============================================================================

The height of a landscape was measured at some places. What is it elsewhere, and how sure can one be? A Gaussian process
(in geology, kriging) answers both: heights are taken for random, with a covariance :math:`k(x, y)` that decreases with
distance. Given measurements :math:`b` at places :math:`x_j` with noise of variance :math:`\alpha`,

.. math::

   \text{mean}(z) &= k(z, x) \, (k(x, x) + \alpha)^{-1} \, b, \\
   \text{variance}(z) &= k(z, z) - k(z, x) \, (k(x, x) + \alpha)^{-1} \, k(x, z).

``K.solve(b, alpha)`` is the inverse: conjugate gradients, whose steps are products with a matrix that is not stored.
"""

# %%
# Data
# ----
# The heights of a region of the Appalachian mountains, which come with Matplotlib: a grid of 344 x 403 points. We know
# 1500 of them, measured with an error of 10 m; in one corner nobody has been.

import matplotlib.cbook
import matplotlib.pyplot as plt
import numpy as np

from keops.numpy import KernelSolve, Vi, Vj

with matplotlib.cbook.get_sample_data("jacksboro_fault_dem.npz") as data:
    heights = data["elevation"].astype(float)

rng = np.random.default_rng(0)
rows, columns = heights.shape
grid = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), 2).reshape(-1, 2) / 100.0
is_reachable = ~((grid[:, 0] < 1.2) & (grid[:, 1] > 2.7))
places = rng.choice(np.flatnonzero(is_reachable), 1500, replace=False)
NOISE = 10.0
x = grid[places]
measured = heights.reshape(-1, 1)[places] + NOISE * rng.standard_normal((len(places), 1))
print(f"{heights.size} points, {len(x)} of them known, heights from {heights.min():.0f} to {heights.max():.0f} m")

# %%
# Model
# -----
# Mountains have slopes, and are rough: a Matern covariance, whose samples can be differentiated once, fits them better
# than a Gaussian. ``REACH`` says how fast the correlation falls, in units of 100 grid points; of a few
# values that were tried, this one has the largest likelihood.

REACH = 0.15
SCALE = measured.std()
average = measured.mean()


def covariance(a, b):
    """k(a_i, b_j) of unit variance, a matrix that is never stored."""
    r = (3**0.5 / REACH) * (a - b).norm2()
    return (1 + r) * (-r).exp()


alpha = (NOISE / SCALE) ** 2
b = (measured - average) / SCALE
solution = covariance(Vi(x), Vj(x)).solve(b, alpha=alpha, eps=1e-5, info=True)
print(f"{solution.iterations} iterations, residual {float(np.max(solution.residual)):.1e}")

mean = average + SCALE * (covariance(Vi(grid), Vj(x)) @ solution.solution)

# %%
# The same with a dense matrix, and by ``KernelSolve``, which takes the formula as a string.

r = (3**0.5 / REACH) * np.sqrt(((x[:, None] - x) ** 2).sum(2))
matrix = (1 + r) * np.exp(-r) + alpha * np.eye(len(x))
dense = np.linalg.solve(matrix, b)
assert np.abs(solution.solution - dense).max() < 0.01 * np.abs(dense).max()

formula = "(1 + g*Norm2(x-y)) * Exp(-g*Norm2(x-y)) * a"
solve = KernelSolve(formula, ["x=Vi(2)", "y=Vj(2)", "g=Pm(1)", "a=Vj(1)"], "a", axis=1)
again = solve(x, x, np.array([3**0.5 / REACH]), b, alpha=alpha, eps=1e-5)
assert np.abs(solution.solution - again).max() < 0.01 * np.abs(dense).max()

# %%
# Uncertainty
# -----------
# Along a line from west to east the variance needs one linear system for each of its points. They are the columns of
# one right-hand side and are solved side by side.

ROW = 60
along = np.arange(0, columns, 6)
line = grid.reshape(rows, columns, 2)[ROW, along]
known_to_line = covariance(Vi(x), Vj(line)).dense()
explained = known_to_line * covariance(Vi(x), Vj(x)).solve(known_to_line, alpha=alpha, eps=1e-5)
deviation = SCALE * np.sqrt(1 - explained.sum(0))

dense = 1 - (known_to_line * np.linalg.solve(matrix, known_to_line)).sum(0)
assert np.abs(deviation - SCALE * np.sqrt(dense)).max() < 0.01 * SCALE

guess, true = mean.reshape(rows, columns)[ROW, along], heights[ROW, along]
inside = 100 * (np.abs(true - guess) < 2 * deviation).mean()
error = np.sqrt(((mean - heights.reshape(-1, 1))[is_reachable] ** 2).mean())
print(f"root mean square error {error:.1f} m where measurements are; constant guess {heights.std():.1f} m")
print(f"{inside:.0f} % of the true heights on the line lie within two standard deviations")
assert error < 0.5 * heights.std() and inside > 85

# %%
# Pictures
# --------

fig, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained", sharey=True)
limits = {"vmin": heights.min(), "vmax": heights.max(), "cmap": "cividis", "origin": "lower"}
axes[0].imshow(heights, **limits)
axes[0].plot(*(100 * x[:, ::-1].T), ".", color="white", markersize=1.2)
axes[0].set_title("true heights, measurements (dots)")
picture = axes[1].imshow(mean.reshape(rows, columns), **limits)
axes[1].axhline(ROW, color="white", linestyle="--")
axes[1].set_title("expected heights")
for ax in axes:
    ax.set_xlabel("west to east (grid points)")
axes[0].set_ylabel("grid points")
fig.colorbar(picture, ax=axes, label="height (m)", shrink=0.8)

# %%
# Where measurements are dense, the band is narrow; where there are none, it is as wide as if nothing were known.

fig, ax = plt.subplots(figsize=(9, 3.6), layout="constrained")
ax.fill_between(along, guess - 2 * deviation, guess + 2 * deviation, alpha=0.3, label="two standard deviations")
ax.plot(along, guess, label="expected height")
ax.plot(along, true, "--", color="black", linewidth=1, label="true height")
ax.axvline(270, color="gray", linewidth=1)
ax.annotate("no measurements", (272, ax.get_ylim()[0]), textcoords="offset points", xytext=(2, 5), color="dimgray")
ax.set(xlabel="west to east (grid points)", ylabel="height (m)", xlim=(0, columns - 1))
ax.set_title(f"along the dashed line: {inside:.0f} % of the true heights lie within the band")
ax.legend(loc="upper left", ncols=3)
plt.show()
