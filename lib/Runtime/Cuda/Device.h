// A device and what this process keeps on it: its primary context, which it shares with whoever
// else uses CUDA here, tables and temporary memory.
#ifndef KEOPS_LIB_RUNTIME_CUDA_DEVICE_H
#define KEOPS_LIB_RUNTIME_CUDA_DEVICE_H

#include "Memory.h"

#include "keops/Runtime/Cuda.h"

namespace keops::cuda {

class Device {
public:
  /// Retains the primary context, for good.
  Device(int32_t number, const DeviceInfo &info);

  const int32_t number;
  const DeviceInfo &info;
  const std::string target;

  /// Held while a run is put on a stream: its kernels must follow each other without those of
  /// another run that has the same temporary memory, and nobody may free what they read.
  std::mutex mutex;
  Tables tables;         ///< guarded by the mutex
  Workspaces workspaces; ///< guarded by the mutex

private:
  friend class CurrentContext;
  CUcontext context = nullptr;
};

/// Makes the context of a device the current one of this thread; the one before comes back.
class CurrentContext {
public:
  explicit CurrentContext(const Device &device);
  ~CurrentContext();
  CurrentContext(const CurrentContext &) = delete;
  CurrentContext &operator=(const CurrentContext &) = delete;
};

/// The number of the device that has an address, -1 where none has it. Managed memory moves to
/// where it is used, so that any number may stand for it. A context must be current.
int32_t findOwner(const void *address, int32_t ofManaged);

} // namespace keops::cuda

#endif // KEOPS_LIB_RUNTIME_CUDA_DEVICE_H
