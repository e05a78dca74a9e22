// The decision what needs a copy, and the strided copies themselves.
#include "keops/Runtime/Packing.h"
#include "keops/Runtime/Error.h"

#include <algorithm>
#include <cstring>

namespace keops {

namespace {

constexpr int64_t copyAlignment = 64;

/// Complex numbers whose parts are not one component after another.
bool hasGaps(const Tensor &tensor) {
  int32_t last = tensor.rank - 1;
  return getPartCount(tensor.dtype) == 2 && tensor.rank > 0 && tensor.shape[last] > 1 &&
         tensor.getStride(last) != getByteSize(tensor.dtype);
}

/// Whether all components lie at multiples of their size. Strides of axes that are never walked do
/// not count.
bool isAddressable(const Tensor &tensor) {
  if (hasGaps(tensor))
    return false;
  int64_t size = getByteSize(getPart(tensor.dtype));
  if (reinterpret_cast<uintptr_t>(tensor.data) % uintptr_t(size) != 0)
    return false;
  for (int32_t axis = 0; axis < tensor.rank; ++axis)
    if (tensor.shape[axis] > 1 && tensor.getStride(axis) % size != 0)
      return false;
  return true;
}

bool isRowMajor(const Tensor &tensor) {
  int64_t expected = getByteSize(tensor.dtype);
  for (int32_t axis = tensor.rank; axis-- > 0; expected *= tensor.shape[axis])
    if (tensor.shape[axis] > 1 && tensor.getStride(axis) != expected)
      return false;
  return true;
}

/// Steps through all elements in row-major order, calling visit(address) for each.
template <typename Visit>
void forEachElement(const Tensor &tensor, Visit visit) {
  std::array<int64_t, maxRank> index{};
  char *address = static_cast<char *>(tensor.data);
  for (int64_t left = countElements(tensor); left > 0; --left) {
    visit(address);
    for (int32_t axis = tensor.rank; axis-- > 0;) {
      address += tensor.getStride(axis);
      if (++index[axis] < tensor.shape[axis])
        break;
      address -= tensor.getStride(axis) * tensor.shape[axis];
      index[axis] = 0;
    }
  }
}

} // namespace

int64_t countElements(const Tensor &tensor) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < tensor.rank; ++axis)
    count *= tensor.shape[axis];
  return count;
}

void gather(const Tensor &source, char *target) {
  auto size = size_t(getByteSize(source.dtype));
  if (!source.isEmpty() && isRowMajor(source)) {
    std::memcpy(target, source.data, size_t(countElements(source)) * size);
    return;
  }
  forEachElement(source, [&](const char *element) {
    std::memcpy(target, element, size);
    target += size;
  });
}

void scatter(const char *source, const Tensor &target) {
  auto size = size_t(getByteSize(target.dtype));
  if (!target.isEmpty() && isRowMajor(target)) {
    std::memcpy(target.data, source, size_t(countElements(target)) * size);
    return;
  }
  forEachElement(target, [&](char *element) {
    std::memcpy(element, source, size);
    source += size;
  });
}

int64_t Packing::reserve(int64_t count, int64_t each) {
  int64_t offset = (bytes + copyAlignment - 1) / copyAlignment * copyAlignment;
  int64_t size = 0;
  if (__builtin_mul_overflow(count, each, &size) || __builtin_add_overflow(offset, size, &bytes))
    raiseUserError("the arrays are too large to be copied, and their strides ask for a copy");
  return offset;
}

int64_t Packing::reserve(const Tensor &tensor) {
  return reserve(countElements(tensor), getByteSize(tensor.dtype));
}

int64_t Packing::reserveNumbers(int64_t rows, int64_t columns) {
  return reserve(rows, columns * int64_t(sizeof(int64_t)));
}

keops_array Packing::addInput(const Tensor &tensor, bool isParameter) {
  int32_t index = inputCount++;
  int64_t size = getByteSize(getPart(tensor.dtype)), parts = getPartCount(tensor.dtype);
  int64_t components = (tensor.rank > 0 ? tensor.shape[tensor.rank - 1] : 1) * parts;
  if (!isAddressable(tensor)) {
    inputCopies[inputCopyCount++] = {index, reserve(tensor)};
    return {nullptr, isParameter ? 0 : components, 1};
  }
  return {tensor.data, isParameter ? 0 : tensor.getStride(tensor.rank - 2) / size,
          tensor.rank > 0 && parts == 1 ? tensor.getStride(tensor.rank - 1) / size : 1};
}

keops_array Packing::addOutput(const Tensor &tensor, int64_t rowElements) {
  int32_t index = outputCount++;
  if (isAddressable(tensor) && isRowMajor(tensor))
    return {tensor.data, rowElements, 1};
  outputCopies[outputCopyCount++] = {index, reserve(tensor)};
  return {nullptr, rowElements, 1};
}

void Packing::writeInputOffsets(size_t index, const Tensor &tensor, const Batch &batch,
                                int32_t axes, int64_t *offsets, int64_t step) const {
  bool isCopied = false;
  for (int32_t k = 0; k < inputCopyCount; ++k)
    isCopied |= size_t(inputCopies[size_t(k)].index) == index;
  int64_t size = getByteSize(getPart(tensor.dtype));
  std::array<int64_t, maxRank> strides;
  Tensor source = tensor;
  source.strides = isCopied ? nullptr : tensor.strides;
  for (int32_t axis = 0; axis < axes; ++axis)
    strides[size_t(axis)] = source.getStride(axis) / size;
  // Leading ones that the batch does not have.
  int32_t surplus = std::max(axes - batch.rank, 0);
  source.shape += surplus;
  batch.writeOffsets(source, axes - surplus, strides.data() + surplus, offsets, step);
}

/// Programs write row-major.
void Packing::writeOutputOffsets(const Tensor &tensor, const Batch &batch, int64_t *offsets,
                                 int64_t step) const {
  int64_t length = getPartCount(tensor.dtype);
  for (int32_t axis = batch.rank; axis < tensor.rank; ++axis)
    length *= tensor.shape[axis];
  for (int64_t item = 0; item < batch.items; ++item)
    offsets[item * step] = item * length;
}

void Packing::copyInputs(char *buffer, std::span<const Tensor> inputs, keops_array *inputArrays,
                         keops_array *outputArrays) const {
  for (int32_t k = 0; k < inputCopyCount; ++k) {
    auto [index, offset] = inputCopies[k];
    inputArrays[index].data = buffer + offset;
    gather(inputs[index], buffer + offset);
  }
  for (int32_t k = 0; k < outputCopyCount; ++k)
    outputArrays[outputCopies[k].index].data = buffer + outputCopies[k].offset;
}

void Packing::copyOutputs(const char *buffer, std::span<const Tensor> outputs) const {
  for (int32_t k = 0; k < outputCopyCount; ++k)
    scatter(buffer + outputCopies[k].offset, outputs[size_t(outputCopies[k].index)]);
}

} // namespace keops
