"""Clusters of points and block-sparse ranges: the functions of ``keops.numpy.cluster``."""

from keops.numpy.cluster import cluster_centroids, cluster_ranges, cluster_ranges_centroids, from_matrix
from keops.numpy.cluster import grid_cluster, sort_clusters, swap_axes

__all__ = ["cluster_centroids", "cluster_ranges", "cluster_ranges_centroids", "from_matrix", "grid_cluster"]
__all__ += ["sort_clusters", "swap_axes"]
