"""Clusters of points in PyTorch tensors, and block-sparse ranges made of them; ``keops.masks`` makes ranges by rules.

    lab = grid_cluster(x, 0.1)
    ranges_i, centroids, _ = cluster_ranges_centroids(x, lab)
    x, lab = sort_clusters(x, lab)
    K.ranges = from_matrix(ranges_i, ranges_i, distances(centroids) < 0.5)
"""

from .._cluster import Clusters
from . import _arrays

_clusters = Clusters(_arrays)

grid_cluster = _clusters.grid_cluster
sort_clusters = _clusters.sort_clusters
cluster_ranges = _clusters.cluster_ranges
cluster_centroids = _clusters.cluster_centroids
cluster_ranges_centroids = _clusters.cluster_ranges_centroids
from_matrix = _clusters.from_matrix
swap_axes = _clusters.swap_axes

__all__ = ["cluster_centroids", "cluster_ranges", "cluster_ranges_centroids", "from_matrix", "grid_cluster"]
__all__ += ["sort_clusters", "swap_axes"]
