// Broadcasting as NumPy does it, without copies: an axis of length 1 has stride 0.
#include "keops/Runtime/Batch.h"

#include <algorithm>

namespace keops {

std::string formatShape(const int64_t *shape, int32_t rank) {
  std::string text = "(";
  for (int32_t axis = 0; axis < rank; ++axis)
    text += (axis ? ", " : "") + std::to_string(shape[axis]);
  return text + (rank == 1 ? ",)" : ")");
}

bool Tensor::isEmpty() const { return std::find(shape, shape + rank, 0) != shape + rank; }

int64_t Tensor::getDenseStride(int32_t axis) const {
  int64_t stride = getByteSize(dtype);
  for (int32_t k = axis + 1; k < rank; ++k)
    stride *= shape[k];
  return stride;
}

void Batch::begin(int32_t axes) {
  rank = axes;
  std::fill_n(shape.begin(), rank, 1);
}

bool Batch::add(const Tensor &tensor, int32_t axes) {
  int64_t *own = shape.data() + (rank - axes);
  for (int32_t axis = 0; axis < axes; ++axis) {
    int64_t length = tensor.shape[axis];
    if (length != 1 && own[axis] != 1 && own[axis] != length)
      return false;
    own[axis] = length == 1 ? own[axis] : length;
  }
  return true;
}

bool Batch::count() {
  items = 1;
  if (std::find(shape.begin(), shape.begin() + rank, 0) != shape.begin() + rank) {
    items = 0;
    return true;
  }
  for (int32_t axis = 0; axis < rank; ++axis)
    if (__builtin_mul_overflow(items, shape[size_t(axis)], &items))
      return false;
  return items <= int64_t(1) << 40;
}

void Batch::writeOffsets(const Tensor &tensor, int32_t axes, const int64_t *strides,
                         int64_t *offsets, int64_t step) const {
  std::array<int64_t, maxRank> index{}, moves{};
  for (int32_t axis = 0; axis < axes; ++axis)
    if (tensor.shape[axis] != 1)
      moves[size_t(rank - axes + axis)] = strides[axis];
  int64_t offset = 0;
  for (int64_t item = 0; item < items; ++item, offsets += step) {
    *offsets = offset;
    for (auto axis = size_t(rank); axis-- > 0;) {
      offset += moves[axis];
      if (++index[axis] < shape[axis])
        break;
      offset -= moves[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

} // namespace keops
