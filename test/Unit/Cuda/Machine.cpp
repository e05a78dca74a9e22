// Memory, calls and captures of the emulated driver.
#include "Machine.h"

#include "keops-c/program.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <sys/mman.h>

namespace keops::emulated {

/// Address space alone; pages come with their first use.
static constexpr size_t rangeBytes = size_t(1) << 36;
static constexpr size_t alignment = 256, pageBytes = 4096, largeBytes = 1 << 18;
/// What memory holds that nobody has written, or that was given back.
static constexpr int garbage = 0xA5;

DeviceMemory::DeviceMemory() {
  void *range = mmap(nullptr, rangeBytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  base = next = reinterpret_cast<CUdeviceptr>(range);
}

CUdeviceptr DeviceMemory::allocate(size_t bytes) {
  if (bytes > freeBytes || next + bytes > base + rangeBytes)
    return 0;
  CUdeviceptr address = next;
  blocks[address] = bytes;
  // A gap, so that one past the end is nobody's.
  next += (bytes + 2 * alignment) / alignment * alignment;
  freeBytes -= bytes;
  allocated += bytes;
  std::memset(reinterpret_cast<void *>(address), garbage, bytes);
  return address;
}

bool DeviceMemory::release(CUdeviceptr address) {
  auto found = blocks.find(address);
  if (found == blocks.end())
    return false;
  auto *memory = reinterpret_cast<char *>(address);
  std::memset(memory, garbage, found->second);
  // Addresses are not used again: pages must be, or a long test fills the machine.
  if (found->second >= largeBytes)
    madvise(memory + pageBytes - address % pageBytes, (found->second / pageBytes - 1) * pageBytes,
            MADV_DONTNEED);
  freeBytes += found->second;
  allocated -= found->second;
  blocks.erase(found);
  return true;
}

bool DeviceMemory::holds(CUdeviceptr address, size_t bytes) const {
  auto after = blocks.upper_bound(address);
  if (after == blocks.begin())
    return false;
  auto [begin, size] = *std::prev(after);
  return address + bytes <= begin + size;
}

bool DeviceMemory::isInRange(CUdeviceptr address) const {
  return address >= base && address < base + rangeBytes;
}

Machine &Machine::get() {
  // Leaked on purpose: programs are unloaded while the process ends.
  static auto *machine = new Machine;
  return *machine;
}

Machine::Machine() {
  if (const char *count = std::getenv("KEOPS_EMULATED_DEVICES"))
    deviceCount = std::clamp(std::atoi(count), 0, maxDevices);
  if (const char *number = std::getenv("KEOPS_EMULATED_VERSION"))
    version = std::atoi(number);
  std::istringstream capabilities;
  if (const char *list = std::getenv("KEOPS_EMULATED_CAPABILITIES"))
    capabilities.str(list);
  for (int32_t k = 0; k < maxDevices; ++k) {
    EmulatedDevice &device = devices[k];
    device.context = {k};
    char point, comma;
    int32_t major, minor;
    if (capabilities >> major >> point >> minor) {
      device.major = major, device.minor = minor;
      capabilities >> comma;
    }
  }
}

CUresult Machine::enter(const char *function) {
  std::lock_guard lock(mutex);
  calls.emplace_back(function);
  auto failure = failures.find(function);
  if (failure == failures.end() || failure->second.second == 0)
    return CUDA_SUCCESS;
  --failure->second.second;
  return failure->second.first;
}

CUresult Machine::enterContext(const char *function) {
  CUresult result = enter(function);
  if (result == CUDA_SUCCESS && getContexts().empty())
    return CUDA_ERROR_INVALID_CONTEXT;
  return result == CUDA_SUCCESS ? sticky : result;
}

CUresult Machine::enterUnsafe(const char *function) {
  std::lock_guard lock(mutex);
  CUresult result = enterContext(function);
  if (result != CUDA_SUCCESS || !capture || getCaptureMode() == CU_STREAM_CAPTURE_MODE_RELAXED)
    return result;
  capture->isValid = false;
  return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

bool Machine::isSound(const KernelLaunch &launch) {
  const auto &given = *reinterpret_cast<const keops_launch *>(launch.arguments.data());
  const DeviceMemory &memory = devices[getDevice(launch.function)].memory;
  auto holds = [&](const void *address, size_t bytes) {
    return memory.holds(reinterpret_cast<CUdeviceptr>(address), bytes);
  };
  bool isSound = holds(given.args.workspace, 1) && holds(given.args.item_offsets, 8);
  for (const keops_work &work : given.args.work)
    isSound &= holds(work.blocks, size_t(work.block_count) * sizeof(keops_block)) &&
               (!work.intervals || holds(work.intervals, 0));
  size_t head = offsetof(keops_launch, arrays);
  size_t count = (launch.arguments.size() * 8 - head) / sizeof(keops_array);
  const keops_array *arrays = given.arrays;
  for (size_t k = 0; k < count; ++k)
    isSound &= !arrays[k].data || holds(arrays[k].data, 1);
  return isSound;
}

CUresult Machine::launch(KernelLaunch launch, CUstream stream) {
  std::lock_guard lock(mutex);
  if (stream && stream->device != getDevice(launch.function))
    return CUDA_ERROR_INVALID_HANDLE;
  grids.push_back(launch.grid);
  if (capture && capture->stream == stream) {
    capture->launches.push_back(std::move(launch));
    return CUDA_SUCCESS;
  }
  if (!isSound(launch))
    return sticky = CUDA_ERROR_ILLEGAL_ADDRESS;
  return runKernel(launch);
}

std::vector<CUcontext> &getContexts() {
  static thread_local std::vector<CUcontext> contexts;
  return contexts;
}

CUstreamCaptureMode &getCaptureMode() {
  static thread_local CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  return mode;
}

} // namespace keops::emulated
