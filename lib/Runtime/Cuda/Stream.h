// The stream that a run is put on: the caller's.
#ifndef KEOPS_LIB_RUNTIME_CUDA_STREAM_H
#define KEOPS_LIB_RUNTIME_CUDA_STREAM_H

#include "Device.h"

namespace keops::cuda {

class Stream {
public:
  /// The context of the device must be current. Throws a user error where the stream is not the
  /// device's.
  Stream(void *stream, const Device &device);

  CUstream get() const { return handle; }
  /// Whether what is put on it goes into a graph.
  bool isCapturing() const { return capturing; }
  /// A number that no other stream has while this one lives.
  uint64_t getId() const;
  /// Until all that was put on it is done.
  void wait() const;
  /// As check() of Driver.h, for calls that take the stream.
  void check(CUresult result, const char *function) const;

private:
  CUstream handle;
  const Device &device;
  bool capturing;
};

} // namespace keops::cuda

#endif // KEOPS_LIB_RUNTIME_CUDA_STREAM_H
