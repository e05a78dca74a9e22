r"""
Attention: an image that cleans itself
======================================

Softmax attention mixes values :math:`v_j` with weights that tell how well key j answers query i:

.. math::

   a_i = \sum_j \frac{\exp (s \langle q_i, k_j \rangle)}{\sum_l \exp (s \langle q_i, k_l \rangle)} \, v_j.

That is a reduction, ``sumsoftmaxweight``, of a formula. Here it works on an image: queries and keys are made of small
patches, values are the pixels in their middle. Noise differs from place to place while patterns come again, so that a
mean over similar places is cleaner than each of them.
"""

# %%
# Attention in one line
# ---------------------
# Arrays as in PyTorch, (batch, heads, length, features). ``LazyTensor`` takes axes in front of the last three for those
# of a batch.

import timeit

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_sample_image
from torch.nn.functional import pad, scaled_dot_product_attention, unfold

from keops.masks import causal
from keops.torch import LazyTensor


def attention(q, k, v, scale, ranges=None):
    scores = (LazyTensor(q[..., :, None, :]) * LazyTensor(k[..., None, :, :])).sum(-1) * scale
    return scores.sumsoftmaxweight(LazyTensor(v[..., None, :, :]), axis=-2, ranges=ranges)


# %%
# The same as PyTorch's
# ---------------------
# Values and gradients, for all pairs and with a causal mask, which are ranges of ``keops.masks``.

torch.manual_seed(0)
q, k, v = (torch.randn(2, 4, 300, 16, dtype=torch.float64, requires_grad=True) for _ in range(3))
weight = torch.randn(2, 4, 300, 16, dtype=torch.float64)
for is_causal in (False, True):
    ranges = causal(300) if is_causal else None
    results = (attention(q, k, v, 0.25, ranges), scaled_dot_product_attention(q, k, v, scale=0.25, is_causal=is_causal))
    gradients = (torch.autograd.grad((result * weight).sum(), (q, k, v)) for result in results)
    pairs = [results, *zip(*gradients)]
    worst = max(float((ours - theirs).detach().abs().max()) for ours, theirs in pairs)
    print(f"causal={is_causal}: largest difference of values and gradients {worst:.1e}")
    assert worst < 1e-12

# %%
# Data
# ----
# A part of a photograph that comes with scikit-learn, made grey and noisy. Its 14,400 pixels are the values. Two places
# are similar if the patches of 5 x 5 pixels around them are:
#
# .. math::
#
#    -\tfrac12 |p_i - p_j|^2 = \big\langle (p_i, 1), (p_j, -\tfrac12 |p_j|^2) \big\rangle - \tfrac12 |p_i|^2.
#
# The last term does not depend on j, so that the softmax does not see it. The brackets are queries and keys.

photograph = torch.tensor(load_sample_image("china.jpg")).float()[60:180, 200:320].mean(2) / 255
noisy = photograph + 0.1 * torch.randn(photograph.shape)

patches = unfold(pad(noisy[None, None], (2, 2, 2, 2), mode="reflect"), 5)[0].T
queries = torch.cat([patches, torch.ones(len(patches), 1)], 1)
keys = torch.cat([patches, -(patches**2).sum(1, keepdim=True) / 2], 1)
values = noisy.reshape(-1, 1)
print(queries.shape, keys.shape, values.shape)

# %%
# Clean
# -----

SHARPNESS = 12.0
cleaned = attention(queries, keys, values, SHARPNESS)
theirs = scaled_dot_product_attention(queries[None], keys[None], values[None], scale=SHARPNESS)[0]
print(f"largest difference from PyTorch's attention, in float32: {(cleaned - theirs).abs().max():.1e}")
assert torch.allclose(cleaned, theirs, atol=1e-4)
cleaned = cleaned.reshape(noisy.shape)


def error(image):
    return float(((image - photograph) ** 2).mean().sqrt())


print(f"root mean square error: {error(noisy):.3f} noisy, {error(cleaned):.3f} cleaned")
assert error(cleaned) < 0.65 * error(noisy)

# %%
# Where one pixel looks
# ---------------------
# A row of the matrix of weights, here computed by itself: the pixels that the one in the circle is a mean of.

QUERY = (52, 60)
i = QUERY[0] * noisy.shape[1] + QUERY[1]
row = (queries[i] @ keys.T * SHARPNESS).softmax(0).reshape(noisy.shape)

fig, axes = plt.subplots(2, 2, figsize=(8, 7.4), layout="constrained")
panels = [(photograph, "photograph"), (noisy, f"noisy: error {error(noisy):.3f}")]
panels += [(cleaned, f"cleaned by attention: error {error(cleaned):.3f}")]
for ax, (image, title) in zip(axes.flat, panels):
    ax.imshow(image, cmap="gray", vmin=0, vmax=1)
    ax.set(title=title, xticks=[], yticks=[])
picture = axes[1, 1].imshow(row.clamp(min=1e-6), cmap="viridis", norm="log")
axes[1, 1].plot(*QUERY[::-1], "o", color="white", fillstyle="none", markersize=12, markeredgewidth=2)
axes[1, 1].set(title="weights of the pixel in the circle", xticks=[], yticks=[])
fig.colorbar(picture, ax=axes[1, 1], label="weight (1e-6 or less: darkest)", shrink=0.8)

# %%
# Times
# -----
# The best of several runs on this machine. PyTorch's function does not store the matrix either, and is made for this
# one formula; beside it stands what does store it.


def milliseconds(function, repeat=10):
    return 1e3 * min(timeit.repeat(function, number=1, repeat=repeat))


lengths, table = [500, 1000, 2000, 4000], []
for length in lengths:
    q, k, v = (torch.randn(1, 1, length, 16) for _ in range(3))
    table.append(
        (
            milliseconds(lambda: attention(q, k, v, 0.25)),
            milliseconds(lambda: scaled_dot_product_attention(q, k, v, scale=0.25)),
            milliseconds(lambda: (q @ k.mT * 0.25).softmax(-1) @ v),
        )
    )
    print("length {}: keops {:.1f} ms, torch {:.1f} ms, dense {:.1f} ms".format(length, *table[-1]))

fig, ax = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
labels = ("LazyTensor, sumsoftmaxweight", "torch, scaled_dot_product_attention", "torch, matrix stored")
for times, style, label in zip(zip(*table), ("o-", "s-", "^:"), labels):
    ax.loglog(lengths, times, style, label=label)
ax.set_xticks(lengths, [f"{length:,}" for length in lengths])
ax.minorticks_off()
ax.set(xlabel="length of the sequence", ylabel="time (milliseconds)", title="softmax attention, 16 features, float32")
ax.grid(alpha=0.3)
ax.legend()
plt.show()
