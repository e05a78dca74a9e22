r"""
Spectral embedding: eigenvectors of a matrix that nobody stored
===============================================================

Images of the same digit lie near one another. A spectral embedding draws them so: it looks for coordinates that differ
little between neighbours, which are eigenvectors of the matrix of similarities

.. math::

   S_{ij} = \frac{1}{\sqrt{d_i d_j}} \exp \frac{-|x_i - x_j|^2}{4 s_i s_j}, \qquad  d_i = \sum_j \exp \dots,

where :math:`s_i` is the distance of image i to its seventh neighbour. SciPy's ``eigsh`` asks for nothing but products
of S and vectors, and ``aslinearoperator`` gives it these.
"""

# %%
# Similarities
# ------------
# The images are the 1797 handwritten digits that come with scikit-learn. Whatever depends on i or on j alone is
# computed once for each of them, not for each pair.

import matplotlib.pyplot as plt
import numpy as np
from scipy.sparse.linalg import eigsh
from sklearn.datasets import load_digits

from keops.numpy import Vi, Vj

images, labels = load_digits(return_X_y=True)
distances = Vi(images).sqdist(Vj(images))
reach = np.sqrt(distances.Kmin(8, axis=1)[:, 7:])  # the first neighbour of each image is itself

kernel = (-distances / (4 * Vi(reach) * Vj(reach))).exp()
scale = 1 / np.sqrt(kernel.sum(axis=1))
similarity = Vi(scale) * kernel * Vj(scale)
print(similarity)

# %%
# Eigenvectors
# ------------
# The largest eigenvalue is 1, and its eigenvector says nothing but how dense the images lie. The next ones are the
# coordinates.

values, vectors = eigsh(similarity.aslinearoperator(), k=11, v0=np.ones(len(images)))
values, vectors = values[::-1], vectors[:, ::-1]
coordinates = vectors[:, 1:] * scale
print(np.round(values, 4))

# %%
# LAPACK finds the same eigenvalues in the dense matrix.

squares = ((images[:, None] - images) ** 2).sum(2)
dense = np.exp(-squares / (4 * reach * reach.T))
dense /= np.sqrt(np.outer(dense.sum(0), dense.sum(1)))
reference = np.linalg.eigvalsh(dense)[::-1][:11]
assert abs(values[0] - 1) < 1e-10 and np.abs(values - reference).max() < 1e-10

# %%
# What coordinates know
# ---------------------
# Nothing here has seen a label. But the nearest image in these ten coordinates mostly shows the same digit.

near = Vi(coordinates).sqdist(Vj(coordinates)).argKmin(2, axis=1)[:, 1]
print(f"{100 * (labels[near] == labels).mean():.1f} % of the images have a nearest neighbour of the same digit")
assert (labels[near] == labels).mean() > 0.9

# %%
# Pictures
# --------

plt.style.use("petroff10")
fig, axes = plt.subplots(1, 2, figsize=(9, 4.4), layout="constrained")
for ax, (first, second) in zip(axes, [(0, 1), (2, 3)]):
    for digit in range(10):
        chosen = labels == digit
        ax.scatter(coordinates[chosen, first], coordinates[chosen, second], s=25, linewidths=0.2, marker=f"${digit}$")
    ax.set(xlabel=f"coordinate {first + 1}", ylabel=f"coordinate {second + 1}", xticks=[], yticks=[])
fig.suptitle("1797 images, by four of their coordinates; each is drawn as the digit that it shows")

# %%
# And the eigenvalues beside those of the dense matrix.

fig, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
ax.plot(np.arange(11), reference, "s", markersize=9, fillstyle="none", label="dense matrix, LAPACK")
ax.plot(np.arange(11), values, "o", markersize=4, label="eigsh on a LazyTensor")
ax.set(xlabel="number", ylabel="eigenvalue", title="the largest eigenvalues")
ax.grid(alpha=0.3)
ax.legend()
plt.show()
