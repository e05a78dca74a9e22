"""
Block-sparse reductions: skip what is far away
==============================================

A narrow kernel is zero for most pairs of points. If points are sorted by clusters, whole blocks of the matrix are zero,
and ``ranges`` say which are not: only these are computed. Time then grows with the number of neighbours, no longer with
the square of the number of points.
"""

# %%
# Data
# ----
# A galaxy of two arms. The kernel reaches about 1/50 of its size.

import timeit

import matplotlib.pyplot as plt
import numpy as np

import keops
from keops.masks import neighbours
from keops.numpy import Vi, Vj
from keops.numpy.cluster import cluster_ranges, grid_cluster, sort_clusters

WIDTH = 0.01  # of the Gaussian
RADIUS = 4 * WIDTH  # beyond, it is less than exp(-8) = 0.0003
BOX = 0.06  # side of the boxes that make clusters


def draw_galaxy(count, rng):
    radius = np.sqrt(rng.uniform(0.002, 1, count))
    angle = 4 * radius + np.pi * rng.integers(0, 2, count) + 0.35 * rng.standard_normal(count)
    return (radius * np.stack([np.cos(angle), np.sin(angle)])).T.astype(np.float32)


def density(x, ranges=None):
    """How many points lie around each, by a Gaussian."""
    kernel = (Vi(x).sqdist(Vj(x)) / (-2 * WIDTH**2)).exp()
    kernel.ranges = ranges
    return kernel.sum(axis=1)


# %%
# Clusters and ranges
# -------------------
# Points that fall into the same box of a grid are a cluster, and get places side by side in memory. ``neighbours``
# keeps the pairs of clusters whose bounding boxes are near enough. None of this stores a matrix of points.


def prepare(x):
    labels = grid_cluster(x, BOX)
    x, labels = sort_clusters(x, labels)
    clusters = cluster_ranges(labels)
    return x, clusters, neighbours(x, clusters, x, clusters, RADIUS)


rng = np.random.default_rng(0)
x, clusters, ranges = prepare(draw_galaxy(40000, rng))
rows, ends, columns = ranges[:3]
blocks_of_row = np.diff(ends, prepend=0)
mask = np.zeros((len(clusters), len(clusters)), bool)
mask[np.repeat(np.arange(len(clusters)), blocks_of_row), np.searchsorted(clusters[:, 0], columns[:, 0])] = True
sizes = np.diff(clusters, axis=1)[:, 0]
kept = float(sizes @ mask @ sizes / len(x) ** 2)
print(f"{len(clusters)} clusters, {mask.sum()} of {mask.size} blocks kept, {100 * kept:.2f} % of all pairs")

# %%
# What is left out is known: less than exp(-8) for each pair. Compared with the complete reduction, and in float64 with
# rows of the dense matrix.

sparse, complete = density(x, ranges), density(x)
print(f"largest difference {np.abs(sparse - complete).max():.1e}, where densities reach {complete.max():.0f}")
assert kept < 0.05 and np.abs(sparse - complete).max() < 0.01

some = rng.choice(len(x), 200)
squares = ((x[some, None].astype(float) - x) ** 2).sum(2)
assert np.allclose(complete[some, 0], np.exp(-squares / (2 * WIDTH**2)).sum(1), rtol=1e-4)

# %%
# Times
# -----
# The best of three runs on this machine. Making the ranges counts as well: it is done once, and serves as long as the
# points do not move.

counts = [2500, 5000, 10000, 20000, 40000]
table = []
for count in counts:
    cloud = draw_galaxy(count, rng)
    points, _, blocks = prepare(cloud)
    runs = [lambda: density(points), lambda: density(points, blocks), lambda: prepare(cloud)]
    table.append([min(timeit.repeat(run, number=1, repeat=3)) for run in runs])
    print("{:6} points: complete {:.4f} s, in ranges {:.4f} s, making them {:.4f} s".format(count, *table[-1]))
table = np.array(table)

# %%
# Pictures
# --------

fig, axes = plt.subplots(1, 2, figsize=(9, 4.4), layout="constrained")
one = int(np.argmax(sizes))
is_near = np.repeat(mask[one], sizes)
own = slice(*clusters[one])
axes[0].scatter(*x[::4].T, s=1, color="lightgray", label="left out")
axes[0].scatter(*x[is_near].T, s=1, color="C0", label="kept")
axes[0].scatter(*x[own].T, s=1, color="C1", label="the cluster")
axes[0].set(title="a cluster and the clusters that it meets", aspect="equal", xticks=[], yticks=[])
axes[0].legend(loc="lower right", markerscale=6)
axes[1].imshow(mask, cmap="Blues", interpolation="nearest")
axes[1].set(xlabel="cluster of j", ylabel="cluster of i")
axes[1].set_title(f"block mask: {100 * kept:.1f} % of all pairs")

# %%
# Both axes are logarithmic: all pairs take four times as long for twice as many points.

fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
for times, style, label in zip(table.T, ("o-", "s-", "^:"), ("all pairs", "pairs in ranges", "making the ranges")):
    ax.loglog(counts, 1e3 * times, style, label=label)
ax.set_xticks(counts, [f"{count:,}" for count in counts])
ax.minorticks_off()
ax.set(xlabel="number of points", ylabel="time (milliseconds)")
gain = table[-1, 0] / table[-1, 1]
ax.set_title(f"{gain:.0f} times as fast at {counts[-1]:,} points ({keops.get_num_threads()} threads)")
ax.grid(alpha=0.3)
ax.legend()
plt.show()
