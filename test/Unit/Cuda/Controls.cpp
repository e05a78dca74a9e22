// What tests do with the emulated driver.
#include "Machine.h"

#include <algorithm>
#include <utility>

namespace keops::emulated {

static std::unique_lock<std::recursive_mutex> lockMachine() {
  return std::unique_lock(Machine::get().mutex);
}

void setDeviceCount(int32_t count) { Machine::get().deviceCount = count; }

void setCapability(int32_t device, int32_t major, int32_t minor) {
  Machine::get().devices[device].major = major;
  Machine::get().devices[device].minor = minor;
}

void setFreeBytes(int32_t device, size_t bytes) {
  Machine::get().devices[device].memory.freeBytes = bytes;
}

void fail(const char *function, CUresult result, int32_t times) {
  auto lock = lockMachine();
  Machine::get().failures[function] = {result, times};
}

void setRoom(bool isThere) { Machine::get().hasRoom = isThere; }

void setSticky(CUresult result) { Machine::get().sticky = result; }

std::vector<std::string> takeCalls() {
  auto lock = lockMachine();
  return std::exchange(Machine::get().calls, {});
}

std::vector<int64_t> takeGrids() {
  auto lock = lockMachine();
  return std::exchange(Machine::get().grids, {});
}

size_t getAllocatedBytes(int32_t device) {
  return Machine::get().devices[device].memory.getAllocated();
}

int32_t getCurrentDevice() { return getContexts().empty() ? -1 : getContexts().back()->device; }

void *allocate(int32_t device, size_t bytes) {
  auto lock = lockMachine();
  return reinterpret_cast<void *>(Machine::get().devices[device].memory.allocate(bytes));
}

void release(void *address) {
  auto lock = lockMachine();
  for (EmulatedDevice &device : Machine::get().devices)
    device.memory.release(reinterpret_cast<CUdeviceptr>(address));
}

CUstream createStream(int32_t device) {
  auto lock = lockMachine();
  auto &streams = Machine::get().streams;
  // The default stream has the first number.
  streams.push_back(std::make_unique<CUstream_st>(CUstream_st{device, streams.size() + 2}));
  return streams.back().get();
}

void beginCapture(CUstream stream) {
  auto lock = lockMachine();
  Machine::get().capture = std::make_unique<Capture>();
  Machine::get().capture->stream = stream;
}

int32_t endCapture(CUstream stream) {
  auto lock = lockMachine();
  Machine &machine = Machine::get();
  std::unique_ptr<Capture> capture = std::move(machine.capture);
  if (!capture || capture->stream != stream || !capture->isValid)
    return -1;
  machine.graphs.push_back(std::move(capture->launches));
  return int32_t(machine.graphs.size()) - 1;
}

CUresult replay(int32_t graph) {
  auto lock = lockMachine();
  Machine &machine = Machine::get();
  for (const KernelLaunch &launch : machine.graphs[size_t(graph)]) {
    if (!machine.isSound(launch))
      return machine.sticky = CUDA_ERROR_ILLEGAL_ADDRESS;
    if (CUresult result = runKernel(launch))
      return result;
  }
  return CUDA_SUCCESS;
}

} // namespace keops::emulated
