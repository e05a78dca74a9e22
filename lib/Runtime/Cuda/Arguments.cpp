// Tables written, and the launch structure filled and handed over.
#include "Arguments.h"
#include "Driver.h"

#include <algorithm>
#include <cstring>

namespace keops::cuda {

static size_t getBlockBytes(const Work &work, size_t kept) {
  return size_t(work.getTable(kept).block_count) * sizeof(keops_block);
}

static size_t getIntervalBytes(const Work &work, size_t kept) {
  return size_t(work.getIntervalCount(kept)) * sizeof(keops_interval);
}

TableLayout::TableLayout(const Work &work, int64_t offsetCount) {
  size_t at = 0;
  for (size_t kept = 0; kept < 2; ++kept) {
    blocks[kept] = at;
    at += getBlockBytes(work, kept);
    intervals[kept] = at;
    at += getIntervalBytes(work, kept);
  }
  offsets = at;
  bytes = int64_t(at) + offsetCount * int64_t(sizeof(int64_t));
}

void copyWork(const Work &work, const TableLayout &layout, char *tables) {
  for (size_t kept = 0; kept < 2; ++kept) {
    const keops_work &table = work.getTable(kept);
    std::memcpy(tables + layout.blocks[kept], table.blocks, getBlockBytes(work, kept));
    std::memcpy(tables + layout.intervals[kept], table.intervals, getIntervalBytes(work, kept));
  }
}

void appendWork(std::string &key, const Work &work) {
  for (size_t kept = 0; kept < 2; ++kept) {
    const keops_work &table = work.getTable(kept);
    append(key, table.block_count);
    append(key, table.blocks, getBlockBytes(work, kept));
    append(key, work.getIntervalCount(kept));
    append(key, table.intervals, getIntervalBytes(work, kept));
  }
}

size_t Arguments::getMostArrays() { return (mostBytes - headBytes) / sizeof(keops_array); }

Arguments::Arguments(const CheckedRun &run, int64_t itemsAtOnce, int64_t blocks)
    : bytes(headBytes + (run.inputs.size() + run.outputs.size()) * sizeof(keops_array)) {
  std::memset(memory, 0, headBytes);
  keops_args &args = get().args;
  args.size_i = run.sizes.i;
  args.size_j = run.sizes.j;
  args.work[0] = run.work.getTable(0);
  args.work[1] = run.work.getTable(1);
  args.items = run.sizes.batch.items;
  args.items_at_once = itemsAtOnce;
  args.threads = int32_t(blocks);
}

void Arguments::setTables(CUdeviceptr tables, const TableLayout &layout) {
  keops_args &args = get().args;
  for (size_t kept = 0; kept < 2; ++kept) {
    args.work[kept].blocks = toPointer<const keops_block>(tables + layout.blocks[kept]);
    args.work[kept].intervals = toPointer<const keops_interval>(tables + layout.intervals[kept]);
  }
  args.item_offsets = toPointer<const int64_t>(tables + layout.offsets);
}

void Arguments::launch(const Kernels &kernels, int64_t usefulBlocks, const Stream &stream) {
  const keops_args &args = get().args;
  for (int64_t &item = get().first_item; item < args.items; item += args.items_at_once)
    for (const Kernels::Kernel &kernel : kernels.getKernels())
      launch(kernel, std::min(usefulBlocks, kernel.residentBlocks), stream);
}

void Arguments::launch(const Kernels::Kernel &kernel, int64_t blocks, const Stream &stream) {
  // How the driver is told of arguments in one piece: each value behind the number of its meaning.
  enum : uintptr_t { End = 0, Buffer = 1, BufferSize = 2 };
  auto tag = [](uintptr_t number) { return reinterpret_cast<void *>(number); };
  void *extra[] = {tag(Buffer), memory, tag(BufferSize), &bytes, tag(End)};
  stream.check(getDriver().cuLaunchKernel(kernel.function, unsigned(blocks), 1, 1, kernel.threads,
                                          1, 1, 0, stream.get(), nullptr, extra),
               "cuLaunchKernel");
}

} // namespace keops::cuda
