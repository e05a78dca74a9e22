// NVIDIA's driver as a table of functions, found by dlopen, and what its results mean in words.
// Everybody else in this folder calls the driver through it.
#ifndef KEOPS_LIB_RUNTIME_CUDA_DRIVER_H
#define KEOPS_LIB_RUNTIME_CUDA_DRIVER_H

#include "Api.h"

#include <string>

namespace keops::cuda {

/// Functions that every supported driver has (CUDA 11 and later).
#define KEOPS_CUDA_FUNCTIONS(FUNCTION)                                                             \
  FUNCTION(cuInit)                                                                                 \
  FUNCTION(cuDriverGetVersion)                                                                     \
  FUNCTION(cuGetErrorName)                                                                         \
  FUNCTION(cuGetErrorString)                                                                       \
  FUNCTION(cuDeviceGetCount)                                                                       \
  FUNCTION(cuDeviceGet)                                                                            \
  FUNCTION(cuDeviceGetName)                                                                        \
  FUNCTION(cuDeviceGetAttribute)                                                                   \
  FUNCTION(cuDeviceTotalMem_v2)                                                                    \
  FUNCTION(cuDevicePrimaryCtxRetain)                                                               \
  FUNCTION(cuCtxPushCurrent_v2)                                                                    \
  FUNCTION(cuCtxPopCurrent_v2)                                                                     \
  FUNCTION(cuModuleLoadDataEx)                                                                     \
  FUNCTION(cuModuleUnload)                                                                         \
  FUNCTION(cuModuleGetFunction)                                                                    \
  FUNCTION(cuOccupancyMaxActiveBlocksPerMultiprocessor)                                            \
  FUNCTION(cuLaunchKernel)                                                                         \
  FUNCTION(cuMemAlloc_v2)                                                                          \
  FUNCTION(cuMemFree_v2)                                                                           \
  FUNCTION(cuMemGetInfo_v2)                                                                        \
  FUNCTION(cuMemcpyHtoDAsync_v2)                                                                   \
  FUNCTION(cuMemcpyDtoHAsync_v2)                                                                   \
  FUNCTION(cuPointerGetAttributes)                                                                 \
  FUNCTION(cuStreamCreate)                                                                         \
  FUNCTION(cuStreamSynchronize)                                                                    \
  FUNCTION(cuStreamIsCapturing)                                                                    \
  FUNCTION(cuThreadExchangeStreamCaptureMode)

struct Driver {
  // NOLINTBEGIN(readability-identifier-naming)
#define KEOPS_CUDA_MEMBER(name) decltype(&::name) name = nullptr;
  KEOPS_CUDA_FUNCTIONS(KEOPS_CUDA_MEMBER)
  /// Null in drivers older than CUDA 12.0.
  KEOPS_CUDA_MEMBER(cuStreamGetId)
#undef KEOPS_CUDA_MEMBER
  // NOLINTEND(readability-identifier-naming)
  /// "13.0", the newest CUDA that the driver supports.
  std::string version;
  /// What programs are compiled for, where the driver says so itself: one that runs kernels on a
  /// processor exports a string under the name `keopsCudaTarget`. Empty: by the chip.
  std::string target;
};

/// The driver, initialised. Throws a device error that says why there is none.
const Driver &getDriver();
/// The same for destructors: null where it cannot be called.
const Driver *findDriver() noexcept;

/// "cuLaunchKernel: CUDA_ERROR_INVALID_VALUE (invalid argument)".
std::string describe(CUresult result, const char *function);
/// Throws where a call failed: a device error, or a memory error where memory is short.
void check(CUresult result, const char *function);

#define KEOPS_CUDA_CALL(function, ...)                                                             \
  ::keops::cuda::check(::keops::cuda::getDriver().function(__VA_ARGS__), #function)

} // namespace keops::cuda

#endif // KEOPS_LIB_RUNTIME_CUDA_DRIVER_H
