// libcuda-emulated.so: a driver that runs kernels on the emulator of GPUs, for tests. It has the
// functions of lib/Runtime/Cuda/Api.h, devices whose memory lies in ranges of its own, and the
// controls below. What is put on a stream is done at once; calls are recorded by name, can be made
// to fail, and are checked as a driver checks them. Environment:
//   KEOPS_EMULATED_DEVICES       how many devices there are (1)
//   KEOPS_EMULATED_TARGET        the target of programs (gpu-emulator); empty for that of the
//                                chips, whose PTX is loaded and does nothing
//   KEOPS_EMULATED_CAPABILITIES  those of the devices (9.0,9.0,9.0,9.0)
//   KEOPS_EMULATED_VERSION       the newest CUDA that the driver supports (12040)
//   KEOPS_EMULATED_INIT          what cuInit returns
#ifndef KEOPS_TEST_CUDA_EMULATEDDRIVER_H
#define KEOPS_TEST_CUDA_EMULATEDDRIVER_H

#include "Api.h"

#include <cstdint>
#include <string>
#include <vector>

#define KEOPS_EMULATED_EXPORT __attribute__((visibility("default")))

namespace keops::emulated {

constexpr int32_t maxDevices = 4;

KEOPS_EMULATED_EXPORT void setDeviceCount(int32_t count);
KEOPS_EMULATED_EXPORT void setCapability(int32_t device, int32_t major, int32_t minor);
/// What is left of a device's memory; nothing that is allocated goes away.
KEOPS_EMULATED_EXPORT void setFreeBytes(int32_t device, size_t bytes);
/// Lets the next `times` calls of a function fail.
KEOPS_EMULATED_EXPORT void fail(const char *function, CUresult result, int32_t times = 1);
/// Whether a multiprocessor has room for a block of any kernel.
KEOPS_EMULATED_EXPORT void setRoom(bool isThere);
/// Lets everything that needs a context fail from now on, or ends that.
KEOPS_EMULATED_EXPORT void setSticky(CUresult result);

/// The names of the functions that were called since the last time.
KEOPS_EMULATED_EXPORT std::vector<std::string> takeCalls();
/// The grids of the kernels that were launched since the last time.
KEOPS_EMULATED_EXPORT std::vector<int64_t> takeGrids();
KEOPS_EMULATED_EXPORT size_t getAllocatedBytes(int32_t device);
/// The current context of this thread; its device, or -1.
KEOPS_EMULATED_EXPORT int32_t getCurrentDevice();

/// Memory of a device for arrays of tests; calls of these are not recorded.
KEOPS_EMULATED_EXPORT void *allocate(int32_t device, size_t bytes);
KEOPS_EMULATED_EXPORT void release(void *address);
KEOPS_EMULATED_EXPORT CUstream createStream(int32_t device);

/// From here on launches on a stream are kept and not run, and calls that a capture does not allow
/// end it.
KEOPS_EMULATED_EXPORT void beginCapture(CUstream stream);
/// Returns a number for replay(), or -1 where the capture did not survive.
KEOPS_EMULATED_EXPORT int32_t endCapture(CUstream stream);
KEOPS_EMULATED_EXPORT CUresult replay(int32_t graph);

} // namespace keops::emulated

#endif // KEOPS_TEST_CUDA_EMULATEDDRIVER_H
