// The device's side of a run: arrays are looked at, tables and temporary memory found, and kernels
// put on the caller's stream. Nothing here waits for the device.
#include "Device.h"
#include "Driver.h"
#include "Kernels.h"

#include "keops/Runtime/Error.h"
#include "keops/Runtime/Launch.h"
#include "keops/Runtime/Packing.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <pthread.h>

namespace keops {

namespace cuda {

namespace {

/// All that a kernel may be given.
constexpr size_t maxLaunchBytes = 4096;
constexpr size_t launchHeadBytes = offsetof(keops_launch, arrays);
constexpr size_t maxArrays = (maxLaunchBytes - launchHeadBytes) / sizeof(keops_array);
/// Of items whose temporary memory is in use at the same time.
constexpr int64_t itemBudget = int64_t(256) << 20;

/// Where the parts of the tables of a run begin, and their size.
struct TableLayout {
  size_t blocks[2], intervals[2], offsets, bytes;

  TableLayout(const Work &work, int64_t offsetCount) {
    size_t at = 0;
    auto place = [&](size_t count, size_t each) {
      at += count * each;
      return at - count * each;
    };
    for (size_t kept = 0; kept < 2; ++kept) {
      blocks[kept] = place(size_t(work.getTable(kept).block_count), sizeof(keops_block));
      intervals[kept] = place(size_t(work.getIntervalCount(kept)), sizeof(keops_interval));
    }
    offsets = place(size_t(offsetCount), sizeof(int64_t));
    bytes = at;
  }
};

/// What the caller says about where the run is to happen.
class Stream {
public:
  Stream(void *stream, const Device &device)
      : handle(static_cast<CUstream>(stream)), device(device) {
    CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
    checkResult(getDriver().cuStreamIsCapturing(handle, &status), "cuStreamIsCapturing");
    capturing = status != CU_STREAM_CAPTURE_STATUS_NONE;
  }

  CUstream get() const { return handle; }
  bool isCapturing() const { return capturing; }

  /// A number that no other stream has; without a driver that knows one, the handle.
  uint64_t getId() const {
    unsigned long long id = 0;
    if (auto *getId = getDriver().cuStreamGetId) {
      checkResult(getId(handle, &id), "cuStreamGetId");
      return id;
    }
    // This handle is another stream in every thread.
    constexpr uintptr_t ofThread = 2;
    auto number = reinterpret_cast<uintptr_t>(handle);
    return number == ofThread ? uint64_t(pthread_self()) : number;
  }

  void checkResult(CUresult result, const char *function) const {
    if (result == CUDA_ERROR_INVALID_HANDLE || result == CUDA_ERROR_INVALID_CONTEXT)
      raiseUserError("argument 'options': expected a stream of device ", device.number,
                     ", got one of another device or one that was destroyed (",
                     describe(result, function), ')');
    check(result, function);
  }

private:
  CUstream handle;
  const Device &device;
  bool capturing = false;
};

enum class Place { Device, OtherDevice, Host };

/// Where an address is, and on which device.
Place findPlace(const void *address, int32_t expected, int32_t &number) {
  unsigned type = 0, isManaged = 0;
  int ordinal = -1;
  CUpointer_attribute attributes[] = {CU_POINTER_ATTRIBUTE_MEMORY_TYPE,
                                      CU_POINTER_ATTRIBUTE_IS_MANAGED,
                                      CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL};
  void *values[] = {&type, &isManaged, &ordinal};
  KEOPS_CUDA_CALL(cuPointerGetAttributes, 3, attributes, values,
                  reinterpret_cast<CUdeviceptr>(address));
  number = ordinal;
  if (isManaged)
    return Place::Device;
  if (type != CU_MEMORYTYPE_DEVICE && type != CU_MEMORYTYPE_UNIFIED)
    return Place::Host;
  return ordinal == expected ? Place::Device : Place::OtherDevice;
}

template <typename Describe>
void checkPlace(const Tensor &tensor, const Device &device, Describe describe) {
  if (tensor.isEmpty())
    return;
  int32_t number = -1;
  Place place = findPlace(tensor.data, device.number, number);
  if (place == Place::Host)
    raiseUserError(describe(), ": expected memory of device ", device.number,
                   ", got memory of the host");
  if (place == Place::OtherDevice)
    raiseUserError(describe(), ": expected memory of device ", device.number,
                   ", got memory of device ", number);
}

/// Blocks that have something to do in the most parallel kernel.
int64_t countUsefulBlocks(const Manifest &manifest, const ProgramExtent &extent,
                          int64_t itemsAtOnce) {
  constexpr int64_t rowsOfBlock = 128, many = int64_t(1) << 31;
  int64_t useful = 1;
  for (const ManifestPieces &pieces : manifest.workspace.pieces)
    useful = std::max(useful, pieces.count(extent));
  for (int64_t rows : extent.rows)
    useful = std::max(useful, rows / rowsOfBlock + 1);
  return std::min(useful, many) * std::min(itemsAtOnce, many);
}

/// What a kernel is given, in the form that the driver copies.
class LaunchArguments {
public:
  LaunchArguments(size_t arrays) : bytes(launchHeadBytes + arrays * sizeof(keops_array)) {
    std::memset(memory, 0, launchHeadBytes);
  }
  keops_launch &get() { return *reinterpret_cast<keops_launch *>(memory); }
  keops_array *getArrays() { return reinterpret_cast<keops_array *>(memory + launchHeadBytes); }
  void launch(const Kernels::Kernel &kernel, int64_t blocks, const Stream &stream);

private:
  alignas(keops_launch) char memory[maxLaunchBytes];
  size_t bytes;
};

void LaunchArguments::launch(const Kernels::Kernel &kernel, int64_t blocks, const Stream &stream) {
  // Tags of the driver's interface: a buffer of arguments, its size, the end of the list.
  void *extra[] = {reinterpret_cast<void *>(1), memory, reinterpret_cast<void *>(2), &bytes,
                   nullptr};
  stream.checkResult(getDriver().cuLaunchKernel(kernel.function, unsigned(blocks), 1, 1,
                                                kernel.threads, 1, 1, 0, stream.get(), nullptr,
                                                extra),
                     "cuLaunchKernel");
}

void append(std::string &key, const void *data, size_t bytes) {
  key.append(static_cast<const char *>(data), bytes);
}
void append(std::string &key, int64_t number) { append(key, &number, sizeof(number)); }

void appendWork(std::string &key, const Work &work) {
  for (size_t kept = 0; kept < 2; ++kept) {
    const keops_work &table = work.getTable(kept);
    append(key, table.block_count);
    append(key, work.getIntervalCount(kept));
    append(key, table.blocks, size_t(table.block_count) * sizeof(keops_block));
    append(key, table.intervals, size_t(work.getIntervalCount(kept)) * sizeof(keops_interval));
  }
}

void copyWork(const Work &work, const TableLayout &layout, char *content) {
  for (size_t kept = 0; kept < 2; ++kept) {
    const keops_work &table = work.getTable(kept);
    std::memcpy(content + layout.blocks[kept], table.blocks,
                size_t(table.block_count) * sizeof(keops_block));
    std::memcpy(content + layout.intervals[kept], table.intervals,
                size_t(work.getIntervalCount(kept)) * sizeof(keops_interval));
  }
}

void *allocate(const RunOptions &options, int64_t bytes) {
  constexpr uintptr_t alignment = 64;
  void *memory = options.allocate(bytes, options.allocateData);
  if (!memory)
    throw Error(ErrorKind::Memory,
                concat("not enough memory on the device: this call needs ", bytes,
                       " bytes of temporary memory, and the caller's "
                       "allocator has none"));
  if (reinterpret_cast<uintptr_t>(memory) % alignment != 0)
    raiseUserError("argument 'options': expected an allocator of memory aligned to ", alignment,
                   " bytes");
  return memory;
}

} // namespace

} // namespace cuda

using namespace cuda;

void Launcher::checkPlaces(const CheckedRun &run) const {
  for (size_t k = 0; k < run.inputs.size(); ++k)
    checkPlace(run.inputs[k], *device, [&] { return describeInput(k); });
  for (size_t k = 0; k < run.outputs.size(); ++k)
    checkPlace(run.outputs[k], *device, [&] { return describeOutput(k); });
}

void Launcher::addInPlace(const CheckedRun &run, Packing &packing, keops_array *arrays) const {
  auto fail = [](const std::string &what, const Tensor &tensor, const char *expected) {
    std::vector<int64_t> strides;
    for (int32_t axis = 0; axis < tensor.rank; ++axis)
      strides.push_back(tensor.getStride(axis));
    raiseUserError(what, ": expected ", expected, " on a device, got strides ",
                   formatShape(strides.data(), tensor.rank), " in bytes; pass a contiguous array");
  };
  addArrays(run, packing, arrays, arrays + run.inputs.size());
  if (auto input = packing.getCopiedInput())
    fail(describeInput(*input), run.inputs[*input], "address and strides of whole elements");
  if (auto output = packing.getCopiedOutput())
    fail(describeOutput(*output), run.outputs[*output], "a row-major array of whole elements");
}

/// What is written for a batch depends on the batch and on where its items begin in the inputs.
std::string Launcher::describeTables(const CheckedRun &run) const {
  std::string key;
  appendWork(key, run.work);
  const Batch &batch = run.sizes.batch;
  append(key, batch.rank);
  append(key, batch.shape.data(), size_t(batch.rank) * sizeof(int64_t));
  append(key, int64_t(run.inputs.size() + run.outputs.size()));
  if (batch.rank == 0)
    return key;
  for (size_t k = 0; k < run.inputs.size(); ++k) {
    int32_t axes = countBatchAxes(k, run.inputs[k]);
    append(key, axes);
    append(key, getByteSize(run.inputs[k].dtype));
    for (int32_t axis = 0; axis < axes; ++axis) {
      append(key, run.inputs[k].shape[axis]);
      append(key, run.inputs[k].getStride(axis));
    }
  }
  for (const Tensor &output : run.outputs) {
    append(key, getPartCount(output.dtype));
    append(key, output.shape + batch.rank, size_t(output.rank - batch.rank) * sizeof(int64_t));
  }
  return key;
}

void Launcher::runOnDevice(const CheckedRun &run) const {
  size_t count = run.inputs.size() + run.outputs.size();
  if (count > maxArrays)
    raiseUserError("expected at most ", maxArrays, " arguments and outputs on a device, got ",
                   count);
  CurrentContext context(*device);
  Stream stream(run.options.stream, *device);
  const Kernels &kernels = program.getImage()->load(*device, manifest);
  LaunchArguments arguments(count);
  Packing packing(0);
  addInPlace(run, packing, arguments.getArrays());
  checkPlaces(run);

  const Batch &batch = run.sizes.batch;
  int64_t itemsAtOnce = chooseItemsAtOnce(run, itemBudget);
  int64_t useful = countUsefulBlocks(manifest, run.extent, itemsAtOnce), most = 1;
  for (const Kernels::Kernel &kernel : kernels.getKernels())
    most = std::max(most, std::min(useful, kernel.residentBlocks));
  int64_t bytes = manifest.workspace.getBytes(run.extent, itemsAtOnce, int32_t(most));
  // One item begins where the arrays do.
  int64_t offsetCount = std::max<int64_t>(batch.rank > 0 ? batch.items : 1, 1) * int64_t(count);
  TableLayout layout(run.work, offsetCount);

  // Before the lock, because it is somebody else's code.
  void *workspace = run.options.allocate ? allocate(run.options, bytes) : nullptr;
  std::lock_guard lock(device->mutex);
  if (stream.isCapturing())
    kernels.keep();
  if (!workspace)
    workspace = reinterpret_cast<void *>(
        device->workspaces.get(stream.getId(), bytes, stream.isCapturing()));
  char *tables = reinterpret_cast<char *>(device->tables.get(
      describeTables(run), int64_t(layout.bytes), stream.isCapturing(), [&](char *content) {
        copyWork(run.work, layout, content);
        auto *offsets = reinterpret_cast<int64_t *>(content + layout.offsets);
        std::fill_n(offsets, offsetCount, 0);
        if (batch.rank > 0)
          writeOffsets(packing, batch, run.inputs, run.outputs, offsets);
      }));

  keops_args &args = arguments.get().args;
  args.size_i = run.sizes.i;
  args.size_j = run.sizes.j;
  args.workspace = workspace;
  for (size_t kept = 0; kept < 2; ++kept) {
    args.work[kept] = run.work.getTable(kept);
    args.work[kept].blocks = reinterpret_cast<const keops_block *>(tables + layout.blocks[kept]);
    args.work[kept].intervals =
        reinterpret_cast<const keops_interval *>(tables + layout.intervals[kept]);
  }
  args.items = batch.items;
  args.items_at_once = itemsAtOnce;
  args.item_offsets = reinterpret_cast<const int64_t *>(tables + layout.offsets);
  args.threads = int32_t(most);
  for (int64_t &item = arguments.get().first_item; item < batch.items; item += itemsAtOnce)
    for (const Kernels::Kernel &kernel : kernels.getKernels())
      arguments.launch(kernel, std::min(useful, kernel.residentBlocks), stream);
}

} // namespace keops
