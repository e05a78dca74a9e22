// Arrays of the host on a device, for one run that asks for it: copied there, and results back.
// What runs do with arrays that are there already is in Launch.cpp.
#ifndef KEOPS_LIB_RUNTIME_CUDA_STAGING_H
#define KEOPS_LIB_RUNTIME_CUDA_STAGING_H

#include "Stream.h"

#include "keops/Runtime/Launch.h"

#include <vector>

namespace keops::cuda {

class Staging {
public:
  /// Puts the copies of the inputs on the stream. The context of the device must be current.
  Staging(const CheckedRun &run, const Stream &stream);

  /// The run on the device's arrays, all of them row-major.
  CheckedRun getRun() const {
    return {inputs, outputs, run.options, run.sizes, run.work, run.extent};
  }
  /// Waits for the results and writes them to the run's own outputs.
  void copyBack(const Stream &stream);

private:
  int64_t add(std::span<const Tensor> arrays, std::vector<Tensor> &copies, int64_t offset) const;
  /// Where a copy is on the host.
  char *find(const Tensor &copy);

  const CheckedRun &run;
  std::vector<Tensor> inputs, outputs; ///< their data are offsets until there is memory
  int64_t inputBytes, bytes;
  std::vector<char> contents; ///< of the memory: inputs, then outputs
  Memory memory;              ///< a byte more, so that empty arrays have addresses in it too
};

} // namespace keops::cuda

#endif // KEOPS_LIB_RUNTIME_CUDA_STAGING_H
