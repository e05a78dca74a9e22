// What is asked of a stream, and the message for one that is not the device's.
#include "Stream.h"
#include "Driver.h"

#include "keops/Runtime/Error.h"

#include <pthread.h>

namespace keops::cuda {

Stream::Stream(void *stream, const Device &device)
    : handle(static_cast<CUstream>(stream)), device(device) {
  CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
  check(getDriver().cuStreamIsCapturing(handle, &status), "cuStreamIsCapturing");
  capturing = status != CU_STREAM_CAPTURE_STATUS_NONE;
}

uint64_t Stream::getId() const {
  if (auto *getStreamId = getDriver().cuStreamGetId) {
    unsigned long long id = 0;
    check(getStreamId(handle, &id), "cuStreamGetId");
    return id;
  }
  // This handle is another stream in every thread.
  constexpr uintptr_t ofThread = 2;
  auto number = reinterpret_cast<uintptr_t>(handle);
  return number == ofThread ? uint64_t(pthread_self()) : number;
}

void Stream::wait() const { check(getDriver().cuStreamSynchronize(handle), "cuStreamSynchronize"); }

void Stream::check(CUresult result, const char *function) const {
  if (result == CUDA_ERROR_INVALID_HANDLE || result == CUDA_ERROR_INVALID_CONTEXT)
    raiseUserError("stream: expected one of device ", device.number,
                   ", got one of another device or one that was destroyed (",
                   describe(result, function), ')');
  cuda::check(result, function);
}

void waitForStream(int32_t device, void *stream) {
  CurrentContext context(getDevice(device));
  Stream(stream, getDevice(device)).wait();
}

} // namespace keops::cuda
