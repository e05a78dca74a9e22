"""What an expression inherits from its arrays and hands on: element type, sizes, and the user's choices.

Domains without choices of the user are one object for each content, and remember whom they were merged with, so that
combining two expressions costs one look-up."""

from .._options import swap_ranges
from . import tracing

# Domains kept before the table is emptied: sizes may change with every call.
MOST_DOMAINS = 4096
_FIELDS = ("library", "_dtype", "ni", "nj", "backend", "ranges", "batchdims", "memory")


class Domain:
    """``library`` says whose arrays, ``memory`` in words whose memory, where the adapter's may be several's; None in any
    field means that nothing is known."""

    __slots__ = (*_FIELDS, "nbatchdims", "is_plain", "merged")

    def __init__(self, library, dtype, ni, nj, backend, ranges, batchdims, memory):
        self.library = library
        self._dtype = dtype
        self.ni = ni
        self.nj = nj
        self.backend = backend
        self.ranges = ranges
        self.batchdims = batchdims
        self.memory = memory
        self.nbatchdims = 0 if batchdims is None else len(batchdims)
        # Whether a reduction may run at once and with the usual options.
        self.is_plain = dtype is not None and backend is None and ranges is None
        self.merged = {}

    def merge(self, other):
        """The domain of an expression made of both; raises ValueError where they contradict each other."""
        fields = [_merge_field(name, getattr(self, name), getattr(other, name)) for name in _FIELDS]
        if len(self.merged) > MOST_DOMAINS:
            self.merged.clear()
        merged = self.merged[other] = find_domain(*fields)
        return merged

    def replace(self, **changes):
        """The same with other values in some fields."""
        return find_domain(*(changes.get(name, getattr(self, name)) for name in _FIELDS))

    def transpose(self):
        return self.replace(ni=self.nj, nj=self.ni, ranges=swap_ranges(self.ranges))

    def save(self):
        return tuple(getattr(self, name) for name in _FIELDS)


def _merge_field(name, mine, others):
    if mine is None or others is None:
        return others if mine is None else mine
    if name == "batchdims":
        return _broadcast(mine, others)
    if mine is others or (name != "ranges" and mine == others):
        return mine
    raise ValueError(f"Incompatible values for attribute {name}: {mine} and {others}.")


def _broadcast(mine, others):
    """As NumPy does it: the last axes stand side by side, length 1 fits any."""
    longest = max(len(mine), len(others))
    pairs = zip(*((1,) * (longest - len(lengths)) + lengths for lengths in (mine, others)))
    merged = tuple(b if a == 1 else a for a, b in pairs)
    if any(length not in (1, whole) for own in (mine, others) for length, whole in zip(own[::-1], merged[::-1])):
        raise ValueError(f"Incompatible batch dimensions: {mine} and {others}.")
    return merged


_domains = {}


def find_domain(
    library, dtype=None, ni=None, nj=None, backend=None, ranges=None, batchdims=None, memory=None
):
    """The domain with these fields."""
    if ranges is not None or tracing.is_tracing():
        return Domain(library, dtype, ni, nj, backend, ranges, batchdims, memory)
    key = (library, dtype, ni, nj, backend, None, batchdims, memory)
    found = _domains.get(key)
    if found is None:
        if len(_domains) > MOST_DOMAINS:
            _domains.clear()
        found = _domains[key] = Domain(*key)
    return found
