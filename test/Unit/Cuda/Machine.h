// The state of the emulated driver. Functions.cpp is its surface for programs, Controls.cpp that
// for tests; Modules.cpp runs kernels.
#ifndef KEOPS_TEST_CUDA_MACHINE_H
#define KEOPS_TEST_CUDA_MACHINE_H

#include "EmulatedDriver.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

// The driver's interface names what its handles point to.
// NOLINTBEGIN(readability-identifier-naming)
struct CUctx_st {
  int32_t device;
};

struct CUstream_st {
  int32_t device;
  unsigned long long id;
};

struct CUmod_st;
struct CUfunc_st {
  CUmod_st *module;
  size_t number;
};
// NOLINTEND(readability-identifier-naming)

namespace keops::emulated {

/// Memory of a device: addresses that are never given twice, so that one of memory that was freed
/// is known as such.
class DeviceMemory {
public:
  DeviceMemory();

  /// 0 where there is not so much.
  CUdeviceptr allocate(size_t bytes);
  bool release(CUdeviceptr address);
  /// Whether the bytes are in memory that is allocated.
  bool holds(CUdeviceptr address, size_t bytes) const;
  bool isInRange(CUdeviceptr address) const;
  size_t getAllocated() const { return allocated; }

  size_t freeBytes = size_t(1) << 30;

private:
  CUdeviceptr base, next;
  size_t allocated = 0;
  std::map<CUdeviceptr, size_t> blocks;
};

struct EmulatedDevice {
  DeviceMemory memory;
  int32_t major = 9, minor = 0;
  CUctx_st context;
};

/// A launch as the driver keeps it.
struct KernelLaunch {
  CUfunction function;
  int32_t grid, threads;
  std::vector<int64_t> arguments; ///< a keops_launch
};

struct Capture {
  CUstream stream = nullptr;
  bool isValid = true;
  std::vector<KernelLaunch> launches;
};

class Machine {
public:
  static Machine &get();

  /// Records a call; returns the failure that it is to have.
  CUresult enter(const char *function);
  /// The same for calls that need a context that is in order.
  CUresult enterContext(const char *function);
  /// For calls that no capture allows.
  CUresult enterUnsafe(const char *function);
  CUresult launch(KernelLaunch launch, CUstream stream);
  /// Whether all that a launch points to is memory of its device.
  bool isSound(const KernelLaunch &launch);

  std::recursive_mutex mutex;
  int32_t deviceCount = 1;
  int32_t version = 12040;
  EmulatedDevice devices[maxDevices];
  CUresult sticky = CUDA_SUCCESS;
  bool hasRoom = true;
  std::map<std::string, std::pair<CUresult, int32_t>, std::less<>> failures;
  std::vector<std::string> calls;
  std::vector<int64_t> grids;
  std::vector<std::unique_ptr<CUstream_st>> streams;
  std::unique_ptr<Capture> capture;
  std::vector<std::vector<KernelLaunch>> graphs;

private:
  Machine();
};

/// The contexts that this thread has pushed.
std::vector<CUcontext> &getContexts();
CUstreamCaptureMode &getCaptureMode();

// Modules.cpp
CUresult loadModule(CUmodule &module, const void *image, int32_t device);
void unloadModule(CUmodule module);
CUfunction findFunction(CUmodule module, std::string_view name);
int32_t getDevice(CUfunction function);
CUresult runKernel(const KernelLaunch &launch);

} // namespace keops::emulated

#endif // KEOPS_TEST_CUDA_MACHINE_H
