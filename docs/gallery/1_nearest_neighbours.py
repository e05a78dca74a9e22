"""
Nearest neighbours: reading handwritten digits
==============================================

A handwritten digit is probably the digit that the most similar images show. So we look for the K training images that
are closest to each new image, and let them vote.

The squared distances between all pairs of images are a matrix that is never stored: ``Vi`` and ``Vj`` make a formula of
it, and the reduction ``argKmin`` keeps the K best indices of each row while it goes along.
"""

# %%
# Data
# ----
# The digits that come with scikit-learn: 1797 images of 8 x 8 pixels with 17 levels of grey. Two thirds are known, the
# others are to be read.

# sphinx_gallery_thumbnail_number = 2
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from keops.numpy import Vi, Vj

digits = load_digits()
order = np.random.default_rng(0).permutation(len(digits.data))
images, labels = digits.data[order].astype(np.float32), digits.target[order]
known, unread = images[:1198], images[1198:]
known_labels, truth = labels[:1198], labels[1198:]

# %%
# Search
# ------
# ``Vi(unread)`` says that images to read are the rows of the matrix, ``Vj(known)`` that known images are its columns.

distances = Vi(unread).sqdist(Vj(known))
print(distances)

neighbours = distances.argKmin(15, axis=1)  # nearest first
print(neighbours.shape, neighbours[0])

# %%
# The same by a dense matrix in float64, sorted row by row. Pixels are small integers, so both are exact, and both put
# the smaller index first where two known images are equally far.

dense = ((unread[:, None].astype(float) - known[None]) ** 2).sum(2)
assert (neighbours == np.argsort(dense, axis=1, kind="stable")[:, :15]).all()

# %%
# Vote
# ----


def vote(neighbours):
    """The label that most neighbours have; of several, the smallest."""
    counts = (known_labels[neighbours][:, :, None] == np.arange(10)).sum(1)
    return counts.argmax(1)


numbers = np.arange(1, 16)
accuracies = [100 * (vote(neighbours[:, :k]) == truth).mean() for k in numbers]
answer = vote(neighbours[:, :5])
print(f"5 neighbours read {100 * (answer == truth).mean():.2f} % of the images correctly")
assert (answer == truth).mean() > 0.97

fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
ax.plot(numbers, accuracies, "o-")
ax.set(xlabel="number of neighbours K", ylabel="images read correctly (%)", xticks=numbers[::2])
ax.set_title(f"{len(unread)} images, {len(known)} known ones")
ax.grid(alpha=0.3)

# %%
# Who voted
# ---------
# Three images that were read correctly, and three that were not, each followed by its five neighbours.

right, wrong = np.flatnonzero(answer == truth)[:3], np.flatnonzero(answer != truth)[:3]
fig, axes = plt.subplots(6, 6, figsize=(6.4, 7.4), layout="constrained")
for row, i in zip(axes, [*right, *wrong]):
    row[0].imshow(unread[i].reshape(8, 8), cmap="gray_r")
    is_right = answer[i] == truth[i]
    row[0].set_title(f"read as {answer[i]}" + ("" if is_right else f", is {truth[i]}"), fontsize=9, weight="bold")
    for ax, j in zip(row[1:], neighbours[i]):
        ax.imshow(known[j].reshape(8, 8), cmap="Blues")
        ax.set_title(f"a {known_labels[j]}", fontsize=9)
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])
fig.suptitle("Images to read (grey) and their nearest known images (blue)")
plt.show()
