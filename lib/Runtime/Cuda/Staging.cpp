// One block of the device's memory for all arrays of a run, filled by one copy.
#include "Staging.h"
#include "Driver.h"

#include "keops/Runtime/Error.h"
#include "keops/Runtime/Packing.h"

namespace keops::cuda {

Staging::Staging(const CheckedRun &run, const Stream &stream)
    : run(run), inputBytes(add(run.inputs, inputs, 0)),
      bytes(add(run.outputs, outputs, inputBytes)), contents(size_t(bytes)),
      memory(bytes + 1, "copies of the arrays") {
  for (std::vector<Tensor> *copies : {&inputs, &outputs})
    for (Tensor &copy : *copies)
      copy.data = reinterpret_cast<void *>(memory.getAddress() + CUdeviceptr(copy.data));
  for (size_t k = 0; k < inputs.size(); ++k)
    gather(run.inputs[k], find(inputs[k]));
  if (inputBytes > 0)
    stream.check(getDriver().cuMemcpyHtoDAsync_v2(memory.getAddress(), contents.data(),
                                                  size_t(inputBytes), stream.get()),
                 "cuMemcpyHtoDAsync");
}

int64_t Staging::add(std::span<const Tensor> arrays, std::vector<Tensor> &copies,
                     int64_t offset) const {
  constexpr int64_t alignment = 256, most = int64_t(1) << 57;
  for (const Tensor &array : arrays) {
    copies.push_back(
        {reinterpret_cast<void *>(offset), array.dtype, array.rank, array.shape, nullptr});
    offset += countElements(array) * getByteSize(array.dtype);
    offset = (offset + alignment - 1) / alignment * alignment;
    if (offset > most)
      raiseUserError("the arrays are too large to be copied to a device");
  }
  return offset;
}

char *Staging::find(const Tensor &copy) {
  return contents.data() + (CUdeviceptr(copy.data) - memory.getAddress());
}

void Staging::copyBack(const Stream &stream) {
  if (bytes > inputBytes)
    stream.check(getDriver().cuMemcpyDtoHAsync_v2(contents.data() + inputBytes,
                                                  memory.getAddress() + CUdeviceptr(inputBytes),
                                                  size_t(bytes - inputBytes), stream.get()),
                 "cuMemcpyDtoHAsync");
  stream.wait();
  for (size_t k = 0; k < outputs.size(); ++k)
    scatter(find(outputs[k]), run.outputs[k]);
}

} // namespace keops::cuda
