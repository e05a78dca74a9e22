// GPUs of NVIDIA, as the rest of the runtime sees them: devices by number, and programs whose
// kernels they run. Behind it stands lib/Runtime/Cuda, which puts runs on a device too
// (Launcher::runOnDevice); nothing here loads the driver before somebody asks for a device.
#ifndef KEOPS_RUNTIME_CUDA_H
#define KEOPS_RUNTIME_CUDA_H

#include "keops/Runtime/Manifest.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace keops::cuda {

class Device;
class Kernels;

/// What is known of a device without using it. The text lives as long as the process.
struct DeviceInfo {
  std::string name;
  int32_t major = 0, minor = 0; ///< compute capability
  int32_t multiprocessors = 0;
  int64_t memoryBytes = 0;
  std::string driverVersion; ///< "13.0", the newest CUDA that the driver supports
};

/// Throws a device error that says why where there is none.
int32_t getDeviceCount();
/// Both throw a user error where there is no such number; the second throws a device error where
/// the device is too old or out of order.
const DeviceInfo &getDeviceInfo(int32_t number);
Device &getDevice(int32_t number);
/// What programs for a device are compiled for: a name of `keopsc --target`.
const std::string &getTarget(const Device &device);
/// The device that has an address, -1 where none has it.
int32_t findDevice(const void *address);
/// Until all that was put on a stream of a device is done.
void waitForStream(int32_t device, void *stream);
/// Gives memory back that is kept between runs, where no run can use it any more.
void releaseMemory();

/// Code of the kernels of a program, and what the devices that were asked made of it.
class Image {
public:
  /// PTX; or a binary; or PTX, a NUL, and a binary of it, which is preferred where it runs.
  explicit Image(std::string code);
  ~Image();

  /// The kernels of a manifest, ready on a device. Throws a device error that says what the driver
  /// has against them.
  const Kernels &load(Device &device, const Manifest &manifest) const;

private:
  std::string code;
  mutable std::mutex mutex;
  mutable std::map<const Device *, std::unique_ptr<const Kernels>> loaded;
};

} // namespace keops::cuda

#endif // KEOPS_RUNTIME_CUDA_H
