"""Clusters of points, and the block-sparse ranges that keep some pairs of clusters.

``Clusters`` holds the functions that ``keops.numpy.cluster`` and its siblings show. Labels and ranges are few and are
computed by NumPy; ``arrays``, the adapter of a library, brings them from and to its arrays."""

import numpy as np

from ._options import check_ranges, read_array, swap_ranges

NAMES = ("cluster_centroids", "cluster_ranges", "cluster_ranges_centroids", "from_matrix", "grid_cluster")
NAMES += ("sort_clusters", "swap_axes")
# Tables have a row for each label up to the largest one.
_MOST_LABELS = 1 << 31


class Clusters:
    """The functions for the arrays of one library, whose adapter has ``to_numpy`` and ``from_numpy``."""

    def __init__(self, arrays):
        self._arrays = arrays
        self._make = arrays.from_numpy

    def grid_cluster(self, x, size):
        """The label of each point's box in a regular grid: int32 numbers 0, 1, ..., in lexicographic order of the boxes.

        ``x`` is (N, D), ``size`` the side of the boxes, a number or one for each axis. ValueError for other shapes, for
        sizes that are not positive and for points that are not finite."""
        points = self._read_points("grid_cluster", "x", x).astype(np.float64)
        sizes = self._read("grid_cluster", "size", size).astype(np.float64)
        if sizes.shape not in ((), (1,), points.shape[1:]) or not (sizes > 0).all():
            raise ValueError(f"grid_cluster: size: expected a positive number or {points.shape[1]} of them, got {size}")
        boxes = np.floor(points / sizes)
        if not np.isfinite(boxes).all():
            raise ValueError("grid_cluster: x: expected finite numbers")
        order = np.lexsort(boxes.T[::-1])
        ordered = boxes[order]
        is_new = (ordered[1:] != ordered[:-1]).any(1)
        labels = np.zeros(len(points), np.int32)
        labels[order[1:]] = np.cumsum(is_new)
        return self._make(labels)

    def sort_clusters(self, x, lab):
        """``x`` in the order of its labels, and the labels in order; points of one label keep their order.

        ``x`` is an array or a tuple or list of arrays, of which a tuple is returned."""
        labels = self._read_labels("sort_clusters", lab)
        order = np.argsort(labels, kind="stable")
        many = x if isinstance(x, (tuple, list)) else (x,)
        for name, array in (("lab", lab), *(("x", array) for array in many)):
            self._check_rows(name, array, len(labels))
        places = self._make(order)
        ordered = tuple(array[places] for array in many)
        return (ordered if isinstance(x, (tuple, list)) else ordered[0]), lab[places]

    def cluster_ranges(self, lab, Nlab=None):
        """Where each cluster begins and ends among sorted points: (C, 2) int64.

        ``Nlab`` may hold the number of points of each cluster."""
        labels = self._read_labels("cluster_ranges", lab)
        counts = np.bincount(labels) if Nlab is None else self._read_counts("cluster_ranges", "Nlab", Nlab, labels)
        ends = np.cumsum(counts, dtype=np.int64)
        return self._make(np.stack([ends - counts, ends], 1))

    def cluster_centroids(self, x, lab, Nlab=None, weights=None, weights_c=None):
        """The means of the clusters, (C, D), of points with ``weights`` (N,) if given.

        ``Nlab`` and ``weights_c`` may hold the number of points and the weight of each cluster."""
        points, labels = self._read_clusters("cluster_centroids", x, lab)
        factors = None if weights is None else self._read_weights("cluster_centroids", weights, labels)
        name, divisors = ("Nlab", Nlab) if weights is None else ("weights_c", weights_c)
        if divisors is None:
            divisors = np.bincount(labels, factors)
        else:
            divisors = self._read_counts("cluster_centroids", name, divisors, labels)
        return self._make(self._average(points, labels, factors, divisors))

    def cluster_ranges_centroids(self, x, lab, weights=None, min_weight=1e-9):
        """``cluster_ranges``, ``cluster_centroids`` and the weights of the clusters, without weights their sizes.

        Points count with a weight of at least ``min_weight``."""
        points, labels = self._read_clusters("cluster_ranges_centroids", x, lab)
        factors = None
        if weights is not None:
            least = self._read_number("cluster_ranges_centroids", "min_weight", min_weight)
            factors = np.maximum(self._read_weights("cluster_ranges_centroids", weights, labels), least)
        divisors = np.bincount(labels, factors)
        centroids = self._average(points, labels, factors, divisors)
        return self.cluster_ranges(lab), self._make(centroids), self._make(divisors.astype(points.dtype))

    def from_matrix(self, ranges_i, ranges_j, keep):
        """The six arrays of ranges that keep those pairs of clusters for which ``keep`` (Mc, Nc) is true.

        ``ranges_i`` (Mc, 2) and ``ranges_j`` (Nc, 2) say where the clusters begin and end."""
        rows, columns = (
            self._read_ranges(name, ranges) for name, ranges in (("ranges_i", ranges_i), ("ranges_j", ranges_j))
        )
        kept = self._read("from_matrix", "keep", keep)
        if kept.shape != (len(rows), len(columns)):
            raise ValueError(f"from_matrix: keep: expected shape {(len(rows), len(columns))}, got {kept.shape}")
        kept = kept.astype(bool)
        halves = (*_keep_blocks(rows, columns, kept), *_keep_blocks(columns, rows, kept.T))
        return tuple(map(self._make, halves))

    def swap_axes(self, ranges):
        """The ranges of the transposed pairs: the last three arrays first. None stays None."""
        if ranges is not None:
            check_ranges("swap_axes", ranges)
        return swap_ranges(ranges)

    # ---- Arguments ---------------------------------------------------------------------------------------------------

    def _read(self, function, name, value):
        """An array of real numbers, of NumPy."""
        numbers = read_array(function, name, value, self._arrays.to_numpy)
        if numbers.dtype.kind not in "biuf" or numbers.dtype.itemsize > 8:
            raise TypeError(f"{function}: {name}: expected real numbers of at most 64 bits, got {numbers.dtype}")
        return numbers

    def _read_number(self, function, name, value):
        number = self._read(function, name, value)
        if number.ndim:
            raise ValueError(f"{function}: {name}: expected a number, got shape {number.shape}")
        return number

    def _check_rows(self, name, array, count):
        if not self._arrays.is_array(array) or not len(array.shape):
            raise TypeError(f"sort_clusters: {name}: expected an array with rows, got {type(array).__name__}")
        self._arrays.check_memory(f"sort_clusters: {name}", array)
        if array.shape[0] != count:
            raise ValueError(f"sort_clusters: {name}: expected {count} rows, as many as labels, got {array.shape[0]}")

    def _read_points(self, function, name, x):
        points = self._read(function, name, x)
        if points.ndim != 2 or points.shape[1] == 0:
            raise ValueError(f"{function}: {name}: expected shape (N, D) with D of at least 1, got {points.shape}")
        return points

    def _read_labels(self, function, lab):
        labels = self._read(function, "lab", lab)
        if labels.ndim != 1 or (labels.size and labels.dtype.kind not in "iu"):
            raise ValueError(f"{function}: lab: expected integers (N,), got {labels.dtype} {labels.shape}")
        if labels.size and not 0 <= labels.min() <= labels.max() < _MOST_LABELS:
            wrong = labels.min() if labels.min() < 0 else labels.max()
            raise ValueError(f"{function}: lab: expected labels from 0 to {_MOST_LABELS - 1}, got {wrong}")
        return labels.astype(np.int64)

    def _read_clusters(self, function, x, lab):
        points, labels = self._read_points(function, "x", x), self._read_labels(function, lab)
        if len(points) != len(labels):
            raise ValueError(f"{function}: lab: expected {len(points)} labels, one for each point, got {len(labels)}")
        return points, labels

    def _read_counts(self, function, name, counts, labels):
        """What there is of each cluster."""
        given = self._read(function, name, counts)
        if given.ndim != 1 or (labels.size and labels.max() >= len(given)):
            raise ValueError(f"{function}: {name}: expected a number for each label, got shape {given.shape}")
        return given

    def _read_weights(self, function, weights, labels):
        factors = self._read(function, "weights", weights)
        if factors.shape != labels.shape:
            raise ValueError(f"{function}: weights: expected shape {labels.shape}, got {factors.shape}")
        return factors

    def _read_ranges(self, name, ranges):
        given = self._read("from_matrix", name, ranges)
        if given.ndim != 2 or given.shape[1] != 2 or given.dtype.kind not in "iu":
            raise ValueError(f"from_matrix: {name}: expected integers (C, 2), got {given.dtype} {given.shape}")
        return given.astype(np.int64)

    # ---- Sums over clusters ------------------------------------------------------------------------------------------

    @staticmethod
    def _average(points, labels, factors, divisors):
        scaled = points if factors is None else points * factors[:, None]
        sums = np.stack([np.bincount(labels, column, len(divisors)) for column in scaled.T], 1)
        with np.errstate(invalid="ignore"):
            return (sums / divisors[:, None]).astype(points.dtype)


def make_clusters(arrays):
    """The functions of one library, in the order of NAMES."""
    return tuple(getattr(Clusters(arrays), name) for name in NAMES)


def _keep_blocks(rows, columns, keep):
    """Blocks, the end of each one's part of the intervals, and the intervals."""
    return rows, np.cumsum(keep.sum(1), dtype=np.int64), columns[np.nonzero(keep)[1]]
