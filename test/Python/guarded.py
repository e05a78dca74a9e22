"""Arrays whose first or last byte touches a page that may be neither read nor written, so that an access beside them
ends the process. Used by the programs that test_memory, test_guarded and test_malformed start."""

import ctypes
import mmap

import numpy as np

PAGE = mmap.PAGESIZE
libc = ctypes.CDLL(None, use_errno=True)
kept = []  # mappings live until this list is emptied


def flush(shape, dtype, at_end):
    """An array of zeros that ends (or begins) where its pages do."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    room = -(-max(size, 1) // PAGE) * PAGE
    block = mmap.mmap(-1, room + 2 * PAGE)
    kept.append(block)
    start = ctypes.addressof(ctypes.c_char.from_buffer(block))
    for page in (start, start + PAGE + room):
        assert libc.mprotect(ctypes.c_void_p(page), PAGE, 0) == 0, ctypes.get_errno()
    offset = PAGE + (room - size if at_end else 0)
    return np.frombuffer(block, np.dtype(dtype), int(np.prod(shape)), offset).reshape(shape)


def copied(array, at_end=True):
    """A copy of the array between protected pages."""
    out = flush(array.shape, array.dtype, at_end)
    out[...] = array
    return out
