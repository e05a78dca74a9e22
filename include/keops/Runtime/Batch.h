// Leading axes of the arrays of one run: how they broadcast, and where each item of the batch
// begins in an array. Consumers: Launch.cpp and Packing.cpp.
#ifndef KEOPS_RUNTIME_BATCH_H
#define KEOPS_RUNTIME_BATCH_H

#include "keops/Runtime/Tensor.h"

#include <array>

namespace keops {

/// The batch axes of all arrays together.
struct Batch {
  int32_t rank = 0;
  int64_t items = 1;                  ///< set by count()
  std::array<int64_t, maxRank> shape; ///< `rank` lengths

  /// Begins with `axes` axes of length 1.
  void begin(int32_t axes);
  /// Broadcasts the first `axes` axes of an array, at most `rank`, with what there is: the last
  /// ones stand side by side, and length 1 fits any. False where one does not fit.
  bool add(const Tensor &tensor, int32_t axes);
  /// Counts the items; false where there are more than memory can hold.
  bool count();
  /// Writes where the items begin in an array whose first `axes` axes are of the batch and have
  /// these strides, to every `step`-th number from `offsets` on.
  void writeOffsets(const Tensor &tensor, int32_t axes, const int64_t *strides, int64_t *offsets,
                    int64_t step) const;
};

} // namespace keops

#endif // KEOPS_RUNTIME_BATCH_H
