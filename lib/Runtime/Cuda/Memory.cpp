// Allocation, uploads and bounds. The driver frees memory when all work on the device that may use
// it is done, so giving up a table or growing temporary memory waits; neither happens when runs
// repeat.
#include "Memory.h"
#include "Driver.h"

#include "keops/Runtime/Error.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace keops::cuda {

namespace {

/// A program that walks through formulas and sizes must not fill the device with their tables.
constexpr size_t mostTables = 256;
constexpr int64_t mostTableBytes = int64_t(256) << 20;
/// Streams come and go; nobody says when.
constexpr size_t mostWorkspaces = 32;
/// Smaller ones would be grown soon.
constexpr int64_t leastWorkspace = int64_t(1) << 20;
constexpr const char *workspacePurpose = "temporary memory";

[[noreturn]] void raiseNoMemory(int64_t bytes, const char *purpose) {
  size_t freeBytes = 0, totalBytes = 0;
  getDriver().cuMemGetInfo_v2(&freeBytes, &totalBytes);
  throw Error(ErrorKind::Memory,
              concat("not enough memory on the device: this call needs ", bytes, " bytes of ",
                     purpose, ", and ", freeBytes, " of ", totalBytes, " are free"));
}

} // namespace

/// Where this fails, so does what follows.
OutsideCapture::OutsideCapture() { exchange(); }

OutsideCapture::~OutsideCapture() { exchange(); }

void OutsideCapture::exchange() {
  if (const Driver *driver = findDriver())
    driver->cuThreadExchangeStreamCaptureMode(&mode);
}

Memory::Memory(int64_t bytes, const char *purpose) : bytes(bytes) {
  OutsideCapture outside;
  CUresult result = getDriver().cuMemAlloc_v2(&address, size_t(bytes));
  if (result == CUDA_ERROR_OUT_OF_MEMORY)
    raiseNoMemory(bytes, purpose);
  check(result, "cuMemAlloc");
}

Memory::Memory(Memory &&other) noexcept
    : address(std::exchange(other.address, 0)), bytes(other.bytes) {}

Memory &Memory::operator=(Memory &&other) noexcept {
  std::swap(address, other.address);
  std::swap(bytes, other.bytes);
  return *this;
}

Memory::~Memory() {
  const Driver *driver = findDriver();
  if (!address || !driver)
    return;
  OutsideCapture outside;
  // Where this fails, the context is lost and its memory with it.
  driver->cuMemFree_v2(address);
}

CUdeviceptr Tables::get(std::string_view key, int64_t bytes, bool isCaptured, const Writer &write) {
  if (auto found = tables.find(key); found != tables.end()) {
    order.splice(order.begin(), order, found->second);
    order.front().isKept |= isCaptured;
    return order.front().memory.getAddress();
  }
  trim(mostTables - 1, mostTableBytes - bytes);
  Table table{std::string(key), Memory(bytes, "tables of work"), isCaptured};
  upload(table, write);
  order.push_front(std::move(table));
  tables.emplace(order.front().key, order.begin());
  totalBytes += bytes;
  return order.front().memory.getAddress();
}

/// On a stream of its own, which is waited for: any stream may read the table afterwards, and none
/// has waited for another.
void Tables::upload(const Table &table, const Writer &write) {
  std::vector<char> content(size_t(table.memory.getBytes()));
  write(content.data());
  OutsideCapture outside;
  if (!stream)
    KEOPS_CUDA_CALL(cuStreamCreate, &stream, CU_STREAM_NON_BLOCKING);
  KEOPS_CUDA_CALL(cuMemcpyHtoDAsync_v2, table.memory.getAddress(), content.data(), content.size(),
                  stream);
  KEOPS_CUDA_CALL(cuStreamSynchronize, stream);
}

void Tables::trim(size_t mostTables, int64_t mostBytes) {
  for (auto table = order.end();
       table != order.begin() && (tables.size() > mostTables || totalBytes > mostBytes);) {
    --table;
    if (table->isKept)
      continue;
    tables.erase(table->key);
    totalBytes -= table->memory.getBytes();
    table = order.erase(table);
  }
}

CUdeviceptr Workspaces::get(uint64_t stream, int64_t bytes, bool isCaptured) {
  if (isCaptured)
    return kept.emplace_back(std::max<int64_t>(bytes, 1), workspacePurpose).getAddress();
  auto found = std::find_if(spaces.begin(), spaces.end(),
                            [&](const Space &space) { return space.stream == stream; });
  if (found != spaces.end() && found->memory.getBytes() >= bytes) {
    spaces.splice(spaces.begin(), spaces, found);
    return found->memory.getAddress();
  }
  // Freed first, so that both need not fit.
  if (found != spaces.end())
    spaces.erase(found);
  while (spaces.size() >= mostWorkspaces)
    spaces.pop_back();
  spaces.push_front({stream, allocate(std::max(bytes, leastWorkspace))});
  return spaces.front().memory.getAddress();
}

/// What other streams keep is worth less than that this run can be done.
Memory Workspaces::allocate(int64_t bytes) {
  try {
    return {bytes, workspacePurpose};
  } catch (const Error &error) {
    if (error.getKind() != ErrorKind::Memory || spaces.empty())
      throw;
  }
  spaces.clear();
  return {bytes, workspacePurpose};
}

} // namespace keops::cuda
