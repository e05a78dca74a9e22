r"""
Gaussian mixture: the colours of a flower, fitted by automatic gradients
========================================================================

A Gaussian mixture says that points come from K clouds, each with a weight, a mean and a covariance. The fit maximises
the likelihood, which asks for a log-sum-exp over all clouds at each point:

.. math::

   \log p(x_i) = \log \sum_j \exp \big( \log w_j + \log |\det A_j| - \tfrac12 |A_j (x_i - m_j)|^2 \big) - \log 2\pi.

With ``keops.torch`` this is one line, and PyTorch finds gradients with respect to weights, means and covariances as it
does everywhere. Neither direction stores a matrix of points times clouds.
"""

# %%
# Data
# ----
# A photograph that comes with scikit-learn. Only the colour of pixels counts, not their brightness: each is a point
# with two coordinates, how blue and how red it is beside its own grey.

import math

import matplotlib.pyplot as plt
import torch
from matplotlib.patches import Ellipse
from sklearn.datasets import load_sample_image

from keops.torch import Vi, Vj

photograph = torch.tensor(load_sample_image("flower.jpg")) / 255
red, green, blue = photograph.reshape(-1, 3).T
grey = 0.299 * red + 0.587 * green + 0.114 * blue
pixels = torch.stack([blue - grey, red - grey], 1).contiguous()
torch.manual_seed(0)
points = pixels[torch.randperm(len(pixels))[:50000]]
print(f"{len(pixels)} pixels, {len(points)} of them for the fit")

# %%
# Model
# -----
# ``A`` is any matrix for each cloud: its covariance :math:`(A^\top A)^{-1}` is positive whatever A is.

CLOUDS = 5


class Mixture(torch.nn.Module):
    def __init__(self, points):
        super().__init__()
        chosen = points[torch.randperm(len(points))[:CLOUDS]]
        self.means = torch.nn.Parameter(chosen.clone())
        self.matrices = torch.nn.Parameter(torch.eye(2).repeat(CLOUDS, 1, 1) / points.std())
        self.scores = torch.nn.Parameter(torch.zeros(CLOUDS))

    def joint(self, points):
        """The logarithm of weight times density, for each point and cloud."""
        (a, b), (c, d) = self.matrices.permute(1, 2, 0)
        constants = self.scores.log_softmax(0) + (a * d - b * c).abs().log() - math.log(2 * math.pi)
        scaled = Vj(self.matrices.reshape(CLOUDS, 4)).matvecmult(Vi(points) - Vj(self.means))
        return Vj(constants[:, None]) - scaled.sqnorm2() / 2

    def log_likelihood(self, points):
        return self.joint(points).logsumexp(axis=1).mean()


def dense_log_likelihood(model, points):
    """The same by PyTorch's own distributions."""
    precisions = model.matrices.mT @ model.matrices
    clouds = torch.distributions.MultivariateNormal(model.means, precision_matrix=precisions)
    weights = torch.distributions.Categorical(logits=model.scores)
    return torch.distributions.MixtureSameFamily(weights, clouds).log_prob(points).mean()


# %%
# Before the fit, both must agree, and so must their gradients. In float64, to see that they are the same to the digit.

double = Mixture(points.double()).double()
some = points[:5000].double()
ours = torch.autograd.grad(double.log_likelihood(some), list(double.parameters()))
theirs = torch.autograd.grad(dense_log_likelihood(double, some), list(double.parameters()))
for (name, _), g, h in zip(double.named_parameters(), ours, theirs):
    difference = float((g - h).abs().max() / h.abs().max())
    print(f"gradient of {name}: relative difference {difference:.1e}")
    assert difference < 1e-9

# %%
# Fit
# ---

model = Mixture(points)
optimizer = torch.optim.Adam(
    [
        {"params": [model.means], "lr": 0.005},
        {"params": [model.matrices], "lr": 0.5},
        {"params": [model.scores], "lr": 0.05},
    ]
)
likelihoods = []
for step in range(200):
    optimizer.zero_grad()
    loss = -model.log_likelihood(points)
    loss.backward()
    optimizer.step()
    likelihoods.append(-loss.item())

with torch.no_grad():
    final, dense = float(model.log_likelihood(points)), float(dense_log_likelihood(model, points))
print(f"mean log-likelihood from {likelihoods[0]:.3f} to {final:.3f}; dense {dense:.3f}")
assert abs(final - dense) < 1e-3 and final > likelihoods[0] + 0.5

# %%
# To which cloud does a pixel belong? The arg-max of the same formula says it, for all pixels.

with torch.no_grad():
    labels = model.joint(pixels).argmax(axis=1)[:, 0]
    weights = model.scores.softmax(0)

# %%
# Pictures
# --------
# Each pixel of the third picture has the mean colour of its cloud.

means = torch.stack([photograph.reshape(-1, 3)[labels == k].mean(0) for k in range(CLOUDS)]).nan_to_num()

plt.style.use("petroff10")
fig, axes = plt.subplots(2, 2, figsize=(9, 7), layout="constrained")
axes[0, 0].imshow(photograph)
axes[0, 0].set_title("photograph")
axes[0, 1].imshow(means[labels].reshape(photograph.shape))
axes[0, 1].set_title("pixels by their cloud")
for ax in axes[0]:
    ax.set(xticks=[], yticks=[])

axes[1, 0].plot(likelihoods)
axes[1, 0].set(xlabel="step of Adam", ylabel="mean log-likelihood", title="fit")
axes[1, 0].grid(alpha=0.3)

ax = axes[1, 1]
ax.hexbin(*pixels.T, gridsize=80, bins="log", cmap="Greys", mincnt=1)
for k in weights.argsort(descending=True).tolist():
    covariance = torch.linalg.inv(model.matrices[k].mT @ model.matrices[k]).detach()
    values, vectors = torch.linalg.eigh(covariance)
    angle = torch.rad2deg(torch.atan2(vectors[1, 0], vectors[0, 0]))
    width, height = 4 * values.sqrt()
    center = model.means[k].detach()
    style = {"facecolor": (*means[k].tolist(), 0.4), "edgecolor": f"C{k}", "linewidth": 2}
    ax.add_patch(Ellipse(center, width, height, angle=angle, label=f"{100 * weights[k]:.0f} % of the pixels", **style))
ax.legend(loc="upper right", fontsize=9)
ax.set(xlabel="blue minus grey", ylabel="red minus grey", xlim=(-0.6, 0.45))
ax.set_title("density of pixels, clouds to two deviations")
plt.show()
