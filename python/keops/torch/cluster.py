"""Clusters of points in PyTorch tensors, and block-sparse ranges made of them; ``keops.masks`` makes ranges by rules.

    lab = grid_cluster(x, 0.1)
    ranges_i, centroids, _ = cluster_ranges_centroids(x, lab)
    x, lab = sort_clusters(x, lab)
    K.ranges = from_matrix(ranges_i, ranges_i, distances(centroids) < 0.5)
"""

from .._cluster import NAMES as __all__  # noqa: F401, N811
from .._cluster import make_clusters
from . import _arrays

cluster_centroids, cluster_ranges, cluster_ranges_centroids, from_matrix, *_others = make_clusters(_arrays)
grid_cluster, sort_clusters, swap_axes = _others
