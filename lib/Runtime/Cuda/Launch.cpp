// The device's side of a run: arrays are looked at, tables and temporary memory found, and kernels
// put on the caller's stream. Nothing here waits for the device, unless the caller asks for it.
#include "Arguments.h"
#include "Driver.h"
#include "Staging.h"

#include "keops/Runtime/Error.h"
#include "keops/Runtime/Packing.h"

#include <algorithm>
#include <array>

namespace keops {

using namespace cuda;

namespace {

/// Bytes of temporary memory that are in use at the same time, unless one item needs more.
constexpr int64_t itemBudget = int64_t(256) << 20;
/// As findOwner() says it.
constexpr int32_t host = -1;

std::string namePlace(int32_t number) {
  return number == host ? "the host" : concat("device ", number);
}

template <typename Describe>
void checkPlace(const Tensor &tensor, int32_t expected, Describe describe) {
  if (tensor.isEmpty())
    return;
  if (int32_t number = findOwner(tensor.data, expected); number != expected)
    raiseUserError(describe(), ": expected memory of ", namePlace(expected), ", got memory of ",
                   namePlace(number));
}

[[noreturn]] void refuseCopy(const std::string &what, const Tensor &tensor, const char *expected) {
  std::array<int64_t, maxRank> strides;
  for (int32_t axis = 0; axis < tensor.rank; ++axis)
    strides[size_t(axis)] = tensor.getStride(axis);
  raiseUserError(what, ": expected ", expected, " on a device, got strides ",
                 formatShape(strides.data(), tensor.rank), " in bytes; pass a contiguous array");
}

void checkCancelled(const RunOptions &options) {
  if ((options.cancel && __atomic_load_n(options.cancel, __ATOMIC_RELAXED)) ||
      (options.poll && options.poll(options.pollData)))
    throw Error(ErrorKind::Cancelled, "the run was cancelled");
}

/// Blocks that have something to do in the kernel that has most to do.
int64_t countUsefulBlocks(const Manifest &manifest, const ProgramExtent &extent,
                          int64_t itemsAtOnce) {
  constexpr int64_t rowsOfBlock = 128, many = int64_t(1) << 31;
  int64_t useful = std::max(extent.rows[0], extent.rows[1]) / rowsOfBlock + 1;
  for (const ManifestPieces &pieces : manifest.workspace.pieces)
    useful = std::max(useful, pieces.count(extent));
  return std::min(useful, many) * std::min(itemsAtOnce, many);
}

int64_t countBlocks(const Kernels &kernels, int64_t useful) {
  int64_t most = 1;
  for (const Kernels::Kernel &kernel : kernels.getKernels())
    most = std::max(most, std::min(useful, kernel.residentBlocks));
  return most;
}

/// Memory of the caller's, or none where the caller did not offer to give any.
CUdeviceptr askForMemory(const RunOptions &options, int64_t bytes) {
  constexpr uintptr_t alignment = 64;
  if (!options.allocate)
    return 0;
  auto memory = reinterpret_cast<uintptr_t>(options.allocate(bytes, options.allocateData));
  if (!memory)
    throw Error(ErrorKind::Memory,
                concat("not enough memory on the device: this call needs ", bytes,
                       " bytes of temporary memory, which options.allocate did not give"));
  if (memory % alignment != 0)
    raiseUserError("argument 'options.allocate': expected memory aligned to ", alignment, " bytes");
  return memory;
}

} // namespace

/// Work tables are made of them on the host.
void Launcher::checkRangePlaces(std::span<const Tensor> ranges) const {
  if (ranges.empty())
    return;
  CurrentContext context(*device);
  for (size_t k = 0; k < ranges.size(); ++k)
    checkPlace(ranges[k], host, [&] { return concat("ranges[", k, ']'); });
}

void Launcher::checkPlaces(const CheckedRun &run, int32_t number) const {
  for (size_t k = 0; k < run.inputs.size(); ++k)
    checkPlace(run.inputs[k], number, [&] { return describeInput(k); });
  for (size_t k = 0; k < run.outputs.size(); ++k)
    checkPlace(run.outputs[k], number, [&] { return describeOutput(k); });
}

void Launcher::addInPlace(const CheckedRun &run, Packing &packing, keops_array *arrays) const {
  addArrays(run, packing, arrays, arrays + run.inputs.size());
  if (auto input = packing.getCopiedInput())
    refuseCopy(describeInput(*input), run.inputs[*input], "address and strides of whole elements");
  if (auto output = packing.getCopiedOutput())
    refuseCopy(describeOutput(*output), run.outputs[*output],
               "a row-major array of whole elements");
}

/// Where the items of a batch begin depends on its shape, on the strides of the inputs, and on the
/// shapes of the outputs.
std::string Launcher::describeTables(const CheckedRun &run) const {
  std::string key;
  appendWork(key, run.work);
  const Batch &batch = run.sizes.batch;
  append(key, int64_t(run.inputs.size() + run.outputs.size()));
  append(key, batch.rank);
  if (batch.rank == 0)
    return key;
  append(key, batch.shape.data(), size_t(batch.rank) * sizeof(int64_t));
  for (size_t k = 0; k < run.inputs.size(); ++k) {
    int32_t axes = countBatchAxes(k, run.inputs[k]);
    append(key, axes);
    append(key, getByteSize(getPart(run.inputs[k].dtype)));
    for (int32_t axis = 0; axis < axes; ++axis) {
      append(key, run.inputs[k].shape[axis]);
      append(key, run.inputs[k].getStride(axis));
    }
  }
  for (const Tensor &output : run.outputs) {
    append(key, getPartCount(output.dtype));
    append(key, output.rank);
    append(key, output.shape, size_t(output.rank) * sizeof(int64_t));
  }
  return key;
}

/// The tables of a run, on the device.
CUdeviceptr Launcher::findTables(const CheckedRun &run, const Packing &packing,
                                 const TableLayout &layout, bool isCaptured) const {
  const Batch &batch = run.sizes.batch;
  return device->tables.get(describeTables(run), layout.bytes, isCaptured, [&](char *tables) {
    copyWork(run.work, layout, tables);
    auto *offsets = reinterpret_cast<int64_t *>(tables + layout.offsets);
    // One item begins where the arrays do.
    if (batch.rank == 0)
      std::fill_n(offsets, run.inputs.size() + run.outputs.size(), 0);
    else
      writeOffsets(packing, batch, run.inputs, run.outputs, offsets);
  });
}

void Launcher::runOnDevice(const CheckedRun &run) const {
  CurrentContext context(*device);
  Stream stream(run.options.stream, *device);
  if (run.options.isOnHost) {
    checkPlaces(run, host);
    Staging staging(run, stream);
    runInPlace(staging.getRun(), stream);
    staging.copyBack(stream);
  } else {
    runInPlace(run, stream);
    if (run.options.waits)
      stream.wait();
  }
}

void Launcher::runInPlace(const CheckedRun &run, const Stream &stream) const {
  size_t arrays = run.inputs.size() + run.outputs.size();
  const Kernels &kernels = program.getImage()->load(*device, manifest);
  checkCancelled(run.options);

  const Batch &batch = run.sizes.batch;
  int64_t itemsAtOnce = chooseItemsAtOnce(run, itemBudget);
  int64_t useful = countUsefulBlocks(manifest, run.extent, itemsAtOnce);
  int64_t blocks = countBlocks(kernels, useful);
  Arguments arguments(run, itemsAtOnce, blocks);
  Packing packing(0);
  addInPlace(run, packing, arguments.getArrays());
  checkPlaces(run, device->number);

  int64_t bytes = manifest.workspace.getBytes(run.extent, itemsAtOnce, int32_t(blocks));
  TableLayout layout(run.work, (batch.rank == 0 ? 1 : batch.items) * int64_t(arrays));
  bool isCaptured = stream.isCapturing();
  // Before the lock, because it is somebody else's code.
  CUdeviceptr workspace = askForMemory(run.options, bytes);
  std::lock_guard lock(device->mutex);
  if (!workspace)
    workspace = device->workspaces.get(stream.getId(), bytes, isCaptured);
  arguments.setWorkspace(workspace);
  arguments.setTables(findTables(run, packing, layout, isCaptured), layout);
  if (isCaptured)
    kernels.keep();
  arguments.launch(kernels, useful, stream);
}

} // namespace keops
