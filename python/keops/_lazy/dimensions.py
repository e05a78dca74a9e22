"""The dimension of each operation's result, under the names that records give to their rules.

The same rules stand in lib/IR for the compiler; a test compares both for every operation. Here they serve users of
LazyTensor, who want to hear of a mistake in the line that makes it. A rule takes the name shown in messages, the
dimensions of the operands and the integers of the call."""

from math import prod

LARGEST = 1048576
MOST_COSTS = 65536
# Operations that are written between their operands.
SYMBOLS = {"Add": "+", "Subtract": "-", "Mult": "*", "Divide": "/", "Scalprod": "|"}
SYMBOLS |= {"LessThan": "<", "LessOrEqual": "<="}


def _refuse(name, text):
    raise ValueError(f"Operation {SYMBOLS.get(name, name)} {text}")


def _join(numbers):
    *most, last = map(str, numbers)
    return f"{', '.join(most)} and {last}" if most else last


def _between(name, what, value, low, high):
    if not low <= value <= high:
        _refuse(name, f"expects its {what} to lie between {low} and {high}. Received {value}.")


def _scalar(name, what, dim):
    if dim != 1:
        _refuse(name, f"expects {what} to have dimension 1. Received {dim}.")


def _even(name, dim):
    if dim % 2:
        _refuse(name, f"expects complex vectors of even dimension. Received {dim}.")


def elementwise(name, dims, integers=()):
    widest = max(dims)
    if any(dim not in (1, widest) for dim in dims):
        _refuse(name, f"expects inputs of the same dimension or dimension 1. Received {_join(dims)}.")
    return widest


def scalar(name, dims, integers=()):
    elementwise(name, dims)
    return 1


def rounding(name, dims, integers):
    _between(name, "number of digits", integers[0], -30, 30)
    return elementwise(name, dims)


def order(name, dims, integers):
    _between(name, "order", integers[0], 0, 32)
    return elementwise(name, dims)


def repetition(name, dims, integers):
    _scalar(name, "its first input", dims[0])
    _between(name, "dimension", integers[0], 1, LARGEST)
    return integers[0]


def _slice(name, start, size, dim):
    if start < 0 or size < 1 or start + size > dim:
        _refuse(name, f"expects components within dimension {dim}. Received {size} from {start} on.")


def element(name, dims, integers):
    _slice(name, integers[0], 1, dims[0])
    return 1


def transposed_element(name, dims, integers):
    dim, position = integers
    _scalar(name, "its first input", dims[0])
    _slice(name, position, 1, dim)
    return dim


def extract(name, dims, integers):
    start, size = integers
    _slice(name, start, size, dims[0])
    return size


def transposed_extract(name, dims, integers):
    start, dim = integers
    _slice(name, start, dims[0], dim)
    return dim


def concat(name, dims, integers=()):
    return sum(dims)


def gather(name, dims, integers=()):
    _scalar(name, "the position", dims[1])
    return 1


def weighted(name, dims, integers=()):
    dim = elementwise(name, dims[1:])
    return _weights(name, dims[0], {1: 0, dim: 0, dim * dim: 0})


def _weights(name, dim, expected):
    if dim not in expected:
        _refuse(name, f"expects weights of dimension {' or '.join(map(str, expected))}. Received {dim}.")
    return 1


def isotropic_norm(name, dims, integers=()):
    return _weights(name, dims[0], (1,))


def diagonal_norm(name, dims, integers=()):
    return _weights(name, dims[0], (dims[1],))


def symmetric_norm(name, dims, integers=()):
    return _weights(name, dims[0], (dims[1] ** 2,))


def splines(name, dims, integers):
    (degree,) = integers
    _scalar(name, "its second input", dims[1])
    _between(name, "order", degree, 0, 16)
    if dims[0] < degree + 2:
        _refuse(name, f"of order {degree} expects at least {degree + 2} knots. Received {dims[0]}.")
    return dims[0] - degree - 1


def time_warping(name, dims, integers=()):
    _scalar(name, "gamma", dims[2])
    _cells(name, dims[0] * dims[1])
    return 1


def _cells(name, count):
    _between(name, "number of costs", count, 1, MOST_COSTS)


def warping(name, dims, integers):
    _matrix(name, *integers)
    if dims[0] != prod(integers):
        _refuse(name, f"expects {prod(integers)} costs. Received {dims[0]}.")
    return 1


def warping_plan(name, dims, integers):
    _matrix(name, *integers)
    matrices, rest = divmod(dims[0], prod(integers))
    if rest or matrices > 6:
        _refuse(name, f"expects 1 to 6 matrices of {prod(integers)} components. Received dimension {dims[0]}.")
    return prod(integers)


def _matrix(name, rows, columns):
    _between(name, "number of rows", rows, 1, MOST_COSTS)
    _between(name, "number of columns", columns, 1, MOST_COSTS)
    _cells(name, rows * columns)


def _product(name, matrix, vector):
    if matrix % vector:
        _refuse(name, f"expects a matrix whose dimension is a multiple of {vector}. Received {matrix}.")
    return matrix // vector


def matrix_vector(name, dims, integers=()):
    return _product(name, dims[0], dims[1])


def vector_matrix(name, dims, integers=()):
    return _product(name, dims[1], dims[0])


def tensor_product(name, dims, integers=()):
    _between(name, "product of dimensions", dims[0] * dims[1], 1, LARGEST)
    return dims[0] * dims[1]


def _shape(name, axes, dim):
    if any(length < 1 for length in axes) or prod(axes) != dim:
        _refuse(name, f"expects positive dimensions of product {dim}. Received {list(axes)}.")


def kronecker(name, dims, integers):
    if len(integers[0]) != len(integers[1]):
        _refuse(name, f"expects two lists of one length. Received {list(integers[0])} and {list(integers[1])}.")
    _shape(name, integers[0], dims[0])
    _shape(name, integers[1], dims[1])
    return tensor_product(name, dims)


def _contracted(name, axes, chosen):
    if len(set(chosen)) != len(chosen) or any(not 0 <= axis < len(axes) for axis in chosen):
        _refuse(name, f"expects different axes between 0 and {len(axes) - 1}. Received {list(chosen)}.")
    return [axes[axis] for axis in chosen]


def tensor_contraction(name, dims, integers):
    first, second, of_first, of_second, permutation = integers
    _shape(name, first, dims[0])
    _shape(name, second, dims[1])
    removed = _contracted(name, first, of_first)
    if removed != _contracted(name, second, of_second):
        _refuse(name, f"expects contracted axes of equal lengths. Received {list(of_first)} and {list(of_second)}.")
    kept = len(first) + len(second) - 2 * len(removed)
    if permutation and sorted(permutation) != list(range(kept)):
        _refuse(name, f"expects a permutation of {kept} axes. Received {list(permutation)}.")
    dim = dims[0] * dims[1] // prod(removed) ** 2
    _between(name, "dimension", dim, 1, LARGEST)
    return dim


def complex_vectors(name, dims, integers=()):
    widest = max(2, *dims)
    for dim in dims:
        _even(name, dim)
    if any(dim not in (2, widest) for dim in dims):
        _refuse(name, f"expects complex inputs of the same dimension or dimension 2. Received {_join(dims)}.")
    return widest


def complex_part(name, dims, integers=()):
    _even(name, dims[0])
    return dims[0] // 2


def interleaved(name, dims, integers=()):
    return 2 * elementwise(name, dims)


def complex_scaling(name, dims, integers=()):
    if dims[0] != 2:
        _refuse(name, f"expects its first input to have dimension 2. Received {dims[0]}.")
    return complex_vectors(name, dims)


def real_scaling(name, dims, integers=()):
    number, vector = dims if dims[0] == 1 else dims[::-1]
    _scalar(name, "one input", number)
    _even(name, vector)
    return vector


def complex_sum(name, dims, integers=()):
    _even(name, dims[0])
    return 2


def complex_repetition(name, dims, integers):
    if dims[0] != 2:
        _refuse(name, f"expects its first input to have dimension 2. Received {dims[0]}.")
    if integers[0] < 2 or integers[0] % 2:
        _refuse(name, f"expects an even dimension of at least 2. Received {integers[0]}.")
    return integers[0]


RULES = {
    "inferElementwise": elementwise,
    "inferScalar": scalar,
    "inferRound": rounding,
    "inferOrder": order,
    "inferSumT": repetition,
    "inferOneHot": repetition,
    "inferElem": element,
    "inferElemT": transposed_element,
    "inferExtract": extract,
    "inferExtractT": transposed_extract,
    "inferConcat": concat,
    "inferGather": gather,
    "inferWeighted": weighted,
    "inferSqNormIso": isotropic_norm,
    "inferSqNormDiag": diagonal_norm,
    "inferSymSqNorm": symmetric_norm,
    "inferBSpline": splines,
    "inferSoftDTW": time_warping,
    "inferWarping": warping,
    "inferWarpingPlan": warping_plan,
    "inferMatVecMult": matrix_vector,
    "inferVecMatMult": vector_matrix,
    "inferTensorProd": tensor_product,
    "inferKron": kronecker,
    "inferTensorDot": tensor_contraction,
    "inferComplex": complex_vectors,
    "inferComplexPart": complex_part,
    "inferRealToComplex": interleaved,
    "inferInterleaved": interleaved,
    "inferComplexScal": complex_scaling,
    "inferComplexRealScal": real_scaling,
    "inferComplexSum": complex_sum,
    "inferComplexSumT": complex_repetition,
}
