"""
k-means: a photograph in sixteen colours
========================================

Lloyd's algorithm finds K colours that stand for all the colours of an image. It repeats two steps: each pixel goes to
the nearest of the K colours, and each of these becomes the mean of its pixels.

The first step is an arg-min over a matrix of pixels times colours. It is never stored, and since pixels keep their
places in memory, one compiled program serves all iterations.
"""

# %%
# Data
# ----
# A photograph that comes with scikit-learn: 273,280 pixels, points in the cube of red, green and blue.

import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

from keops.numpy import Vi, Vj

photograph = load_sample_image("china.jpg")
pixels = photograph.reshape(-1, 3).astype(np.float32) / 255
print(pixels.shape)

# %%
# Lloyd's algorithm
# -----------------
# ``min_argmin`` gives the distance to the nearest centre together with its index: the first is what the algorithm makes
# smaller in each step, the second says whose pixel it is.


def lloyd(points, centres, iterations):
    """Centres, the label of each point, and the mean squared distance in each iteration."""
    errors = []
    for _ in range(iterations):
        squares, labels = Vi(points).sqdist(Vj(centres)).min_argmin(axis=1)
        labels = labels[:, 0]
        errors.append(squares.mean(dtype=np.float64))
        counts = np.maximum(np.bincount(labels, minlength=len(centres)), 1)
        sums = [np.bincount(labels, column, len(centres)) for column in points.T]
        centres = (np.stack(sums, 1) / counts[:, None]).astype(points.dtype)
    return centres, labels, errors


start = pixels[np.random.default_rng(3).choice(len(pixels), 16, replace=False)]
lloyd(pixels, start, 1)  # compiles the program, in case that it is new
begin = time.perf_counter()
centres, labels, errors = lloyd(pixels, start, 30)
print(f"30 iterations in {time.perf_counter() - begin:.2f} s")

# %%
# The error never grows, and labels are those of a dense matrix: tested in float64, on pixels that have one nearest
# colour by more than rounding errors.

assert (np.diff(errors) <= 1e-6).all() and errors[-1] < 0.8 * errors[0]

before, labels, _ = lloyd(pixels[:20000], centres, 1)
dense = ((pixels[:20000, None].astype(float) - centres) ** 2).sum(2)
two_best = np.sort(dense, axis=1)[:, :2]
is_clear = two_best[:, 1] - two_best[:, 0] > 1e-5
assert is_clear.mean() > 0.99 and (labels == dense.argmin(1))[is_clear].all()

# %%
# Pictures
# --------

labels = Vi(pixels).sqdist(Vj(centres)).argmin(axis=1)[:, 0]
brightness = np.argsort(centres.sum(1))

fig = plt.figure(figsize=(9, 7), layout="constrained")
axes = fig.subplot_mosaic([["before", "after"], ["palette", "palette"], ["error", "colours"]], height_ratios=[5, 1, 4])
axes["before"].imshow(photograph)
axes["before"].set_title(f"{len(np.unique(photograph.reshape(-1, 3), axis=0)):,} colours")
axes["after"].imshow(centres[labels].reshape(photograph.shape))
axes["after"].set_title("16 colours")
axes["palette"].imshow(centres[brightness][None], aspect="auto")
axes["palette"].set_title("the palette")
for name in ("before", "after", "palette"):
    axes[name].set(xticks=[], yticks=[])

axes["error"].plot(np.arange(1, 31), errors, "o-", markersize=3)
axes["error"].set(xlabel="iteration", ylabel="mean squared distance", title="convergence")
axes["error"].grid(alpha=0.3)

shown = np.random.default_rng(0).choice(len(pixels), 4000, replace=False)
axes["colours"].scatter(*pixels[shown][:, [0, 2]].T, s=3, c=pixels[shown])
axes["colours"].scatter(*centres[:, [0, 2]].T, s=90, c=centres, edgecolors="black", linewidths=1.5)
axes["colours"].set(xlabel="red", ylabel="blue", title="pixels (dots) and centres (circles)", aspect="equal")
plt.show()
