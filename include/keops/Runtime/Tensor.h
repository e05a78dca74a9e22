// Arrays of a caller, as the runtime sees them.
#ifndef KEOPS_RUNTIME_TENSOR_H
#define KEOPS_RUNTIME_TENSOR_H

#include "keops/Runtime/Manifest.h"

#include <cstdint>
#include <string>

namespace keops {

/// Axes that an array may have.
inline constexpr int32_t maxRank = 32;

/// Strides are in bytes and may be anything; null strides mean row-major.
///
/// Without default values, so that a table of them costs nothing on the way to a small program.
struct Tensor {
  void *data;
  DType dtype;
  int32_t rank;
  const int64_t *shape;
  const int64_t *strides;

  int64_t getStride(int32_t axis) const { return strides ? strides[axis] : getDenseStride(axis); }
  bool isEmpty() const;

private:
  int64_t getDenseStride(int32_t axis) const;
};

/// "(3,)", "(4, 5)".
std::string formatShape(const int64_t *shape, int32_t rank);
inline std::string formatShape(const Tensor &tensor) {
  return formatShape(tensor.shape, tensor.rank);
}

} // namespace keops

#endif // KEOPS_RUNTIME_TENSOR_H
