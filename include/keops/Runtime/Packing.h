// Turns the caller's arrays into what compiled programs can address: whole elements at strides
// counted in elements, complex numbers as two of them, and row-major outputs. Arrays that already
// are like that, which is nearly all, are passed through without a copy.
#ifndef KEOPS_RUNTIME_PACKING_H
#define KEOPS_RUNTIME_PACKING_H

#include "keops-c/program.h"
#include "keops/Frontend/Limits.h"
#include "keops/Runtime/Launch.h"

#include <array>
#include <optional>

namespace keops {

int64_t countElements(const Tensor &tensor);
/// The elements of an array one after another, row-major, and back to where the array has them.
void gather(const Tensor &source, char *target);
void scatter(const char *source, const Tensor &target);

/// Plans the copies of one run in two steps, because all memory of a run is one buffer: first every
/// array is added, then the buffer exists and the copies are made.
class Packing {
public:
  /// Copies are placed behind the workspace of the program.
  explicit Packing(int64_t workspaceBytes) : bytes(workspaceBytes) {}

  keops_array addInput(const Tensor &tensor, bool isParameter);
  /// `rowElements` are the components of a row.
  keops_array addOutput(const Tensor &tensor, int64_t rowElements);
  /// Room for `rows` x `columns` 64-bit numbers; returns where it begins.
  int64_t reserveNumbers(int64_t rows, int64_t columns);
  /// Where the items of the batch begin in an array, in elements; see Batch.h.
  void writeInputOffsets(size_t index, const Tensor &tensor, const Batch &batch, int32_t axes,
                         int64_t *offsets, int64_t step) const;
  void writeOutputOffsets(const Tensor &tensor, const Batch &batch, int64_t *offsets,
                          int64_t step) const;
  int64_t getBytes() const { return bytes; }
  /// The first array that needs a copy.
  std::optional<size_t> getCopiedInput() const { return getFirst(inputCopies, inputCopyCount); }
  std::optional<size_t> getCopiedOutput() const { return getFirst(outputCopies, outputCopyCount); }

  /// Copies inputs into the buffer and sets the pointers of all arrays that were given a place in
  /// it.
  void copyInputs(char *buffer, std::span<const Tensor> inputs, keops_array *inputArrays,
                  keops_array *outputArrays) const;
  /// Copies results from the buffer to where the caller wants them.
  void copyOutputs(const char *buffer, std::span<const Tensor> outputs) const;

private:
  struct Copy {
    int32_t index;
    int64_t offset;
  };
  using Copies = std::array<Copy, maxArguments>;
  static std::optional<size_t> getFirst(const Copies &copies, int32_t count) {
    return count > 0 ? std::optional<size_t>(copies[0].index) : std::nullopt;
  }
  int64_t reserve(const Tensor &tensor);
  int64_t reserve(int64_t count, int64_t each);

  int64_t bytes;
  Copies inputCopies;
  Copies outputCopies;
  int32_t inputCount = 0;
  int32_t outputCount = 0;
  int32_t inputCopyCount = 0;
  int32_t outputCopyCount = 0;
};

} // namespace keops

#endif // KEOPS_RUNTIME_PACKING_H
