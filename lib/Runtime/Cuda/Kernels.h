// The kernels of one program on one device.
#ifndef KEOPS_LIB_RUNTIME_CUDA_KERNELS_H
#define KEOPS_LIB_RUNTIME_CUDA_KERNELS_H

#include "Device.h"

#include <atomic>
#include <string_view>
#include <vector>

namespace keops::cuda {

class Kernels {
public:
  struct Kernel {
    CUfunction function = nullptr;
    unsigned threads = 0;
    int64_t residentBlocks = 0; ///< that the device runs at the same time
  };

  /// Loads the code, which PTX or a binary is. The context of the device must be current.
  Kernels(Device &device, const Manifest &manifest, const char *code);
  ~Kernels();
  Kernels(const Kernels &) = delete;
  Kernels &operator=(const Kernels &) = delete;

  /// In the order of their launches.
  const std::vector<Kernel> &getKernels() const { return kernels; }
  /// A graph refers to them, so that they must never go.
  void keep() const { isKept = true; }

private:
  Kernel find(const ManifestKernel &kernel) const;

  Device &device;
  CUmodule module = nullptr;
  std::vector<Kernel> kernels;
  mutable std::atomic<bool> isKept{false};
};

} // namespace keops::cuda

#endif // KEOPS_LIB_RUNTIME_CUDA_KERNELS_H
