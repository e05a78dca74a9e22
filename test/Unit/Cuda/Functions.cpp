// The driver's functions, in the order of their declarations.
#include "Machine.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace keops::emulated;

#define KEOPS_ENTER(how)                                                                           \
  Machine &machine = Machine::get();                                                               \
  if (CUresult failure = machine.how(__func__))                                                    \
  return failure

static const char *readEnvironment(const char *name, const char *standard) {
  const char *value = std::getenv(name);
  return value ? value : standard;
}

// NOLINTBEGIN(readability-identifier-naming)
#pragma GCC visibility push(default)
extern "C" {

/// How the runtime knows what to compile for.
extern const char *keopsCudaTarget;
const char *keopsCudaTarget = readEnvironment("KEOPS_EMULATED_TARGET", "gpu-emulator");

CUresult cuInit(unsigned) {
  KEOPS_ENTER(enter);
  if (CUresult result = std::atoi(readEnvironment("KEOPS_EMULATED_INIT", "0")))
    return result;
  return machine.deviceCount > 0 ? CUDA_SUCCESS : CUDA_ERROR_NO_DEVICE;
}

CUresult cuDriverGetVersion(int *version) {
  KEOPS_ENTER(enter);
  *version = machine.version;
  return CUDA_SUCCESS;
}

static const std::pair<CUresult, const char *> errors[] = {
    {CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE"},
    {CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY"},
    {CUDA_ERROR_STUB_LIBRARY, "CUDA_ERROR_STUB_LIBRARY"},
    {CUDA_ERROR_NO_DEVICE, "CUDA_ERROR_NO_DEVICE"},
    {CUDA_ERROR_INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT"},
    {CUDA_ERROR_INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE"},
    {CUDA_ERROR_NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
    {CUDA_ERROR_INVALID_PTX, "CUDA_ERROR_INVALID_PTX"},
    {CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"},
    {CUDA_ERROR_INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE"},
    {CUDA_ERROR_ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS"},
    {CUDA_ERROR_LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED"}};

CUresult cuGetErrorName(CUresult error, const char **text) {
  for (auto [code, name] : errors)
    if (code == error) {
      *text = name;
      return CUDA_SUCCESS;
    }
  return CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGetErrorString(CUresult, const char **text) {
  *text = "as the emulated driver says";
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int *count) {
  KEOPS_ENTER(enter);
  *count = machine.deviceCount;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  KEOPS_ENTER(enter);
  *device = ordinal;
  return ordinal < machine.deviceCount ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
  KEOPS_ENTER(enter);
  std::snprintf(name, size_t(length), "Emulated GPU %d", device);
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device) {
  KEOPS_ENTER(enter);
  const EmulatedDevice &known = machine.devices[device];
  *value = attribute == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR   ? known.major
           : attribute == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR ? known.minor
                                                                       : 2;
  return CUDA_SUCCESS;
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
  KEOPS_ENTER(enter);
  const DeviceMemory &memory = machine.devices[device].memory;
  *bytes = memory.freeBytes + memory.getAllocated();
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  KEOPS_ENTER(enter);
  *context = &machine.devices[device].context;
  return CUDA_SUCCESS;
}

CUresult cuCtxPushCurrent_v2(CUcontext context) {
  KEOPS_ENTER(enter);
  getContexts().push_back(context);
  return CUDA_SUCCESS;
}

CUresult cuCtxPopCurrent_v2(CUcontext *context) {
  KEOPS_ENTER(enter);
  if (getContexts().empty())
    return CUDA_ERROR_INVALID_CONTEXT;
  *context = getContexts().back();
  getContexts().pop_back();
  return CUDA_SUCCESS;
}

CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned, CUjit_option *,
                            void **) {
  KEOPS_ENTER(enterUnsafe);
  return loadModule(*module, image, getCurrentDevice());
}

CUresult cuModuleUnload(CUmodule module) {
  KEOPS_ENTER(enterUnsafe);
  unloadModule(module);
  return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
  KEOPS_ENTER(enterContext);
  *function = findFunction(module, name);
  return *function ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, CUfunction function, int,
                                                     size_t) {
  KEOPS_ENTER(enterContext);
  // Kernels of one program differ, as registers make them.
  *blocks = machine.hasRoom ? 1 + int(function->number % 2) : 0;
  return CUDA_SUCCESS;
}

CUresult cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ,
                        unsigned blockX, unsigned blockY, unsigned blockZ, unsigned sharedBytes,
                        CUstream stream, void **parameters, void **extra) {
  KEOPS_ENTER(enterContext);
  bool isPlain = gridY == 1 && gridZ == 1 && blockY == 1 && blockZ == 1 && gridX > 0;
  bool isBuffer = !parameters && extra && extra[0] == reinterpret_cast<void *>(1) &&
                  extra[2] == reinterpret_cast<void *>(2) && !extra[4];
  if (!isPlain || !isBuffer || sharedBytes)
    return CUDA_ERROR_INVALID_VALUE;
  if (getDevice(function) != getCurrentDevice())
    return CUDA_ERROR_INVALID_CONTEXT;
  size_t bytes = *static_cast<size_t *>(extra[3]);
  if (bytes > 4096 || bytes % 8 != 0)
    return CUDA_ERROR_INVALID_VALUE;
  KernelLaunch launch{function, int32_t(gridX), int32_t(blockX), std::vector<int64_t>(bytes / 8)};
  std::memcpy(launch.arguments.data(), extra[1], bytes);
  return machine.launch(std::move(launch), stream);
}

CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  KEOPS_ENTER(enterUnsafe);
  std::lock_guard lock(machine.mutex);
  if (bytes == 0)
    return CUDA_ERROR_INVALID_VALUE;
  *address = machine.devices[getCurrentDevice()].memory.allocate(bytes);
  return *address ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

CUresult cuMemFree_v2(CUdeviceptr address) {
  KEOPS_ENTER(enterUnsafe);
  std::lock_guard lock(machine.mutex);
  bool isKnown = machine.devices[getCurrentDevice()].memory.release(address);
  return isKnown ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuMemGetInfo_v2(size_t *freeBytes, size_t *totalBytes) {
  KEOPS_ENTER(enterContext);
  const DeviceMemory &memory = machine.devices[getCurrentDevice()].memory;
  *freeBytes = memory.freeBytes;
  *totalBytes = memory.freeBytes + memory.getAllocated();
  return CUDA_SUCCESS;
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr target, const void *source, size_t bytes, CUstream) {
  KEOPS_ENTER(enterUnsafe);
  std::lock_guard lock(machine.mutex);
  if (!machine.devices[getCurrentDevice()].memory.holds(target, bytes))
    return CUDA_ERROR_INVALID_VALUE;
  std::memcpy(reinterpret_cast<void *>(target), source, bytes);
  return CUDA_SUCCESS;
}

CUresult cuMemcpyDtoHAsync_v2(void *target, CUdeviceptr source, size_t bytes, CUstream) {
  KEOPS_ENTER(enterUnsafe);
  std::lock_guard lock(machine.mutex);
  if (!machine.devices[getCurrentDevice()].memory.holds(source, bytes))
    return CUDA_ERROR_INVALID_VALUE;
  std::memcpy(target, reinterpret_cast<void *>(source), bytes);
  return CUDA_SUCCESS;
}

/// Of memory that no device has it tells zeros, not a failure.
CUresult cuPointerGetAttributes(unsigned count, CUpointer_attribute *attributes, void **values,
                                CUdeviceptr address) {
  KEOPS_ENTER(enterContext);
  int owner = -1;
  for (int32_t k = 0; k < maxDevices; ++k)
    if (machine.devices[k].memory.isInRange(address))
      owner = k;
  for (unsigned k = 0; k < count; ++k)
    *static_cast<int *>(values[k]) =
        attributes[k] == CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL ? owner
        : attributes[k] == CU_POINTER_ATTRIBUTE_MEMORY_TYPE && owner >= 0
            ? int(CU_MEMORYTYPE_DEVICE)
            : 0;
  return CUDA_SUCCESS;
}

CUresult cuStreamCreate(CUstream *stream, unsigned) {
  KEOPS_ENTER(enterContext);
  *stream = createStream(getCurrentDevice());
  return CUDA_SUCCESS;
}

CUresult cuStreamSynchronize(CUstream) {
  KEOPS_ENTER(enterUnsafe);
  return CUDA_SUCCESS;
}

/// As with a driver, a stream of another device is an invalid handle.
static CUresult checkStream(CUstream stream) {
  return !stream || stream->device == getCurrentDevice() ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuStreamIsCapturing(CUstream stream, CUstreamCaptureStatus *status) {
  KEOPS_ENTER(enterContext);
  std::lock_guard lock(machine.mutex);
  bool isCapturing = machine.capture && machine.capture->stream == stream;
  *status = CUstreamCaptureStatus(isCapturing ? 1 : 0);
  return checkStream(stream);
}

CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode *mode) {
  KEOPS_ENTER(enter);
  std::swap(*mode, getCaptureMode());
  return CUDA_SUCCESS;
}

CUresult cuStreamGetId(CUstream stream, unsigned long long *id) {
  KEOPS_ENTER(enterContext);
  *id = stream ? stream->id : 1;
  return checkStream(stream);
}
}
#pragma GCC visibility pop
// NOLINTEND(readability-identifier-naming)
