// Which devices there are, what they are compiled for, and their contexts.
#include "Device.h"
#include "Driver.h"

#include "keops/Runtime/Error.h"
#include "keops/Runtime/ForkSafety.h"

#include <vector>

namespace keops::cuda {

namespace {

/// Compute capabilities that there are targets for; a newer GPU runs programs of an older one.
constexpr int32_t chips[] = {75, 80, 86, 87, 88, 89, 90, 100, 101, 103, 110, 120, 121};

int32_t getAttribute(CUdevice device, CUdevice_attribute attribute) {
  int value = 0;
  KEOPS_CUDA_CALL(cuDeviceGetAttribute, &value, attribute, device);
  return value;
}

DeviceInfo readInfo(int32_t number) {
  CUdevice device = 0;
  KEOPS_CUDA_CALL(cuDeviceGet, &device, number);
  char name[256] = "";
  KEOPS_CUDA_CALL(cuDeviceGetName, name, int(sizeof(name)), device);
  size_t bytes = 0;
  KEOPS_CUDA_CALL(cuDeviceTotalMem_v2, &bytes, device);
  return {name,
          getAttribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
          getAttribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
          getAttribute(device, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
          int64_t(bytes),
          getDriver().version};
}

/// The newest target that the device runs.
std::string chooseTarget(int32_t number, const DeviceInfo &info) {
  if (!getDriver().target.empty())
    return getDriver().target;
  int32_t capability = 10 * info.major + info.minor, newest = 0;
  for (int32_t chip : chips)
    newest = chip <= capability ? chip : newest;
  if (newest == 0)
    throw Error(ErrorKind::Device,
                concat("device ", number, " (", info.name, ") has compute capability ", info.major,
                       '.', info.minor, ", expected at least 7.5"));
  return concat("nvptx-sm_", newest);
}

/// All devices of this process, each made when it is first asked for and then never destroyed,
/// because threads may still run programs while the process ends.
struct Registry {
  struct Entry {
    std::unique_ptr<DeviceInfo> info;
    std::unique_ptr<Device> device;
  };
  std::mutex &mutex = createForkSafeMutex();
  std::map<int32_t, Entry> entries;
};

Registry &getRegistry() {
  static auto *registry = new Registry;
  return *registry;
}

void checkNumber(int32_t number) {
  int32_t count = getDeviceCount();
  if (number < 0 || number >= count)
    raiseUserError("expected a device from 0 to ", count - 1, " (there ",
                   count == 1 ? "is one CUDA device" : concat("are ", count, " CUDA devices"),
                   "), got ", number);
}

} // namespace

int32_t getDeviceCount() {
  int count = 0;
  KEOPS_CUDA_CALL(cuDeviceGetCount, &count);
  if (count == 0)
    throw Error(ErrorKind::Device, "no CUDA device: the driver has none to offer");
  return count;
}

const DeviceInfo &getDeviceInfo(int32_t number) {
  checkNumber(number);
  Registry &registry = getRegistry();
  std::lock_guard lock(registry.mutex);
  std::unique_ptr<DeviceInfo> &info = registry.entries[number].info;
  if (!info)
    info = std::make_unique<DeviceInfo>(readInfo(number));
  return *info;
}

Device &getDevice(int32_t number) {
  getDeviceInfo(number);
  Registry &registry = getRegistry();
  std::lock_guard lock(registry.mutex);
  Registry::Entry &entry = registry.entries[number];
  if (!entry.device)
    entry.device = std::make_unique<Device>(number, *entry.info);
  return *entry.device;
}

int32_t findOwner(const void *address, int32_t ofManaged) {
  unsigned type = 0, isManaged = 0;
  int number = -1;
  CUpointer_attribute attributes[] = {CU_POINTER_ATTRIBUTE_MEMORY_TYPE,
                                      CU_POINTER_ATTRIBUTE_IS_MANAGED,
                                      CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL};
  void *values[] = {&type, &isManaged, &number};
  KEOPS_CUDA_CALL(cuPointerGetAttributes, 3, attributes, values,
                  reinterpret_cast<CUdeviceptr>(address));
  if (isManaged)
    return ofManaged;
  return type == CU_MEMORYTYPE_DEVICE || type == CU_MEMORYTYPE_UNIFIED ? number : -1;
}

int32_t findDevice(const void *address) {
  // Of any device.
  CurrentContext context(getDevice(0));
  return findOwner(address, 0);
}

const std::string &getTarget(const Device &device) { return device.target; }

void releaseMemory() {
  Registry &registry = getRegistry();
  std::lock_guard lock(registry.mutex);
  for (auto &[number, entry] : registry.entries)
    if (entry.device && findDriver()) {
      CurrentContext context(*entry.device);
      std::lock_guard inside(entry.device->mutex);
      entry.device->tables.release();
      entry.device->workspaces.release();
    }
}

Device::Device(int32_t number, const DeviceInfo &info)
    : number(number), info(info), target(chooseTarget(number, info)) {
  CUdevice device = 0;
  KEOPS_CUDA_CALL(cuDeviceGet, &device, number);
  KEOPS_CUDA_CALL(cuDevicePrimaryCtxRetain, &context, device);
}

CurrentContext::CurrentContext(const Device &device) {
  KEOPS_CUDA_CALL(cuCtxPushCurrent_v2, device.context);
}

CurrentContext::~CurrentContext() {
  CUcontext popped;
  if (const Driver *driver = findDriver())
    driver->cuCtxPopCurrent_v2(&popped);
}

} // namespace keops::cuda
