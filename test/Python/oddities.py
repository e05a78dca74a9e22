"""Values that are put in the place of right arguments by ``malformed``: of every type, size, layout and library."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np


class Pretender:
    """Looks like an array from afar."""

    shape, ndim, dtype = (5, 3), 2, np.dtype("float64")

    def __len__(self):
        return 5

    def __repr__(self):
        return "Pretender()"


class Refuser:
    """Is asked for an array and gives none."""

    def __array__(self, *args, **keywords):
        raise ValueError("no array here")

    def __repr__(self):
        return "Refuser()"


def _list_itself():
    made = []
    made.append(made)
    return made


NUMBERS = [
    0, 1, -1, 2, 3, 7, 255, 2**31, 2**62, -(2**62), 2**63, 10**30, 0.5, -0.0, math.nan, math.inf, -math.inf, 1j,
    complex(math.nan, 1), 1e308, 10**400, True, False, Fraction(1, 3), Decimal("0.1"), np.float32(1), np.int64(2),
    np.float64(math.nan), np.bool_(True), np.longdouble(1), np.complex64(1j), np.uint8(3), np.datetime64(0, "s"),
]
TEXTS = [
    "", "x", "\0", "é", "x" * 70_000, "a = Vi(1)", "a = Vi(0)", "a = Vi(99999999999999999999)", "Vi(3)", "x=Vi(3)",
    "Var(0,3,0)", "Var(0,3,7)", "Var(99999999999999999999,3,0)", "Exp(", ")", "x y", "1/0", "x/0", "Foo(x)", "x,y",
    "IntCst(99999999999999999999)", "SumT(x,1000000000000)", "OneHot(x,0)", "Elem(x,-1)", "Grad(x,y)", "(" * 9_000,
    "Sum", "KMin", "Nothing", "auto", "CPU", "GPU", "float64", "float16", "kahan_scheme", "fast", "llvm", "b", "+",
]
OTHERS = [
    None, b"x", bytearray(3), memoryview(b"abc"), (), (1,), (0, 3, 0), (2**62, 3, 0), (0, 2**62, 0), (0, -1, 0),
    (0, 3, 2**62), (1.0, 2.0, 3.0), (3, 3), (-1, 3), (2**62, 2**62), [], [1.0], [1, 2, 3], [[1.0]], [[1], [2, 3]],
    [math.nan], ["a"], [None], [1j], [10**400], {}, {1: 2}, {"call": 3}, {1}, range(3), range(10**9), slice(None),
    slice(1, 9), slice(2, 1), slice("a"), slice(None, None, 2), Ellipsis, NotImplemented, int, len, object(),
    Pretender(), Refuser(), np, np.dtype("f4"), _list_itself(), (slice(None), slice(None), 0),
]


def list_arrays(a):
    """NumPy arrays of all kinds, most of the size of ``a``."""
    big = np.repeat(np.repeat(a, 2, 0), 2, 1)
    shifted = np.frombuffer(b"\0" + a.tobytes(), np.uint8)[1:].view(a.dtype).reshape(a.shape)
    frozen = a.copy()
    frozen.setflags(write=False)
    odd = [
        a[::-1], a[:, ::-1], big[::2, ::2], np.asfortranarray(a), np.broadcast_to(a[:1], a.shape), shifted, frozen,
        a.astype(">f8"), a.T, a[0], a[:, 0], a[None], a[:, None], a[None, :, None], a[:0], a[:, :0], a[:, :1], a[:1],
    ]
    odd += [a.astype(kind) for kind in ("f2", "f4", "g", "F", "D", "i1", "i4", "i8", "u8", "?", "O", "S8", "U8")]
    odd += [
        np.full_like(a, math.nan), np.full_like(a, math.inf), -a, a * 1e300, np.array(1.0), np.array(None),
        a[None, None], np.zeros(5, "f8,i4"), np.zeros((5, 3), "M8[s]"), np.ma.masked_array(a, a > 0.7),
        a.view(np.recarray), np.array([]), np.zeros((0, 0)), np.zeros((1,) * 40 + (5, 3)), np.zeros((3, 0, 5, 1, 3)),
        a[:3], a[1:], big, np.array([0, 0, 1, 1, 1]), np.array([-1, 0, 0, 0, 2**40]), np.array([1, 0, 1, 0, 2**62]),
        np.arange(10).reshape(5, 2), np.array([[0, 2], [2, 9]]), np.array([[0, 2], [1, 5]]),
        np.array([[3, 1], [-2, 5]]), np.eye(2), np.eye(2) * math.nan,
    ]
    return odd + [
        np.lib.stride_tricks.as_strided(a, a.shape, (8, 8)),
        np.float64(0.5),
        np.ones((5, 5)),
        np.ones((2, 2, 2)),
    ]


def list_tensors(a):
    """Tensors of all kinds, most of the size of ``a``."""
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode

    t = torch.from_numpy(a.copy())
    odd = [torch.from_numpy(x) for x in list_arrays(a) if _is_for_torch(x)]
    odd += [
        t.bfloat16(), t.to(torch.float8_e5m2), t.to(torch.complex32), (t * 1j).conj(), (t * 1j).conj().imag,
        t.to("meta"), t.clone().requires_grad_(), (t * 1.0).requires_grad_() * 2, torch.nn.Parameter(t), t.to_sparse(),
        t.to_sparse_csr(), torch.quantize_per_tensor(t.float(), 0.1, 0, torch.qint8), t.float().to_mkldnn(),
        torch.nested.nested_tensor([t[0], t[1]]), torch.empty(5, 3, device="meta"), a,
    ]
    with torch.inference_mode():
        odd.append(t * 1.0)
    odd.append(FakeTensorMode().from_tensor(t))
    return odd + [torch.Size([5, 3]), torch.float32, torch.device("cpu"), t.untyped_storage()]


def _is_for_torch(x):
    try:
        import torch

        torch.from_numpy(x)
        return True
    except (TypeError, ValueError):
        return False


def spoil_ranges(ranges):
    """Ranges of which some are wrong and some only look so."""

    def change(place, part):
        return (*ranges[:place], np.array(part), *ranges[place + 1 :])

    plain = [np.asarray(part) for part in ranges]
    made = [
        ranges, list(ranges), ranges[:5], (*ranges, None), change(0, [[0, 3], [2, 5]]), change(0, [[0, 2], [2, 6]]),
        change(0, [[2, 5], [0, 2]]), change(0, [[-1, 2], [2, 5]]), change(0, [[2, 0], [5, 2]]),
        change(0, [0, 2, 2, 5]), change(1, [2, 1]), change(1, [1, 3]), change(1, [-1, 2]), change(1, [1]),
        change(1, [1, 2**62]), change(1, []), change(2, [[0, 4], [1, 5]]), change(2, [[0, 2**63 - 1], [1, 3]]),
        change(2, [[-(2**63), 0], [1, 3]]), change(2, []), change(2, [[0.0, 4.0], [1.0, 3.0]]),
        change(0, [["a", "b"]]), change(1, [[1, 2]]), change(3, None), change(4, 3),
    ]
    made += [tuple(part.astype(kind) for part in plain) for kind in ("i4", "u8", ">i8", "f8", "?", "O")]
    return [
        *made,
        tuple(part[::-1] for part in plain),
        tuple(np.zeros(0, np.int64) for _ in plain),
        tuple(map(str, range(6))),
    ]


def list_wrong(library):
    """Everything that is put in the place of a right argument."""
    a = np.random.default_rng(1).uniform(0.5, 1, (5, 3))
    arrays = list_arrays(a) if library.name == "numpy" else list_tensors(a)
    return [*NUMBERS, *TEXTS, *OTHERS, *arrays, *spoil_ranges(library.ranges())]
