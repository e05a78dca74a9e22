// One buffer per thread, taken out while in use.
#include "keops/Runtime/Workspace.h"
#include "keops/Runtime/Error.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace keops {

namespace {

constexpr size_t alignment = 64;
/// Larger buffers go back to the system after the run: nobody expects an idle library to hold more.
constexpr size_t maxKeptBytes = size_t(64) << 20;
constexpr size_t minBytes = size_t(64) << 10;

struct KeptBuffer {
  char *data = nullptr;
  size_t capacity = 0;
  ~KeptBuffer() { std::free(data); }
};

thread_local KeptBuffer kept;

} // namespace

Workspace::Workspace(int64_t bytes)
    : data(std::exchange(kept.data, nullptr)), capacity(std::exchange(kept.capacity, 0)) {
  size_t needed = (std::max(size_t(bytes), minBytes) + alignment - 1) / alignment * alignment;
  if (capacity >= needed)
    return;
  std::free(data);
  data = static_cast<char *>(std::aligned_alloc(alignment, needed));
  capacity = data ? needed : 0;
  if (!data)
    throw Error(ErrorKind::Memory,
                concat("not enough memory: this call needs ", bytes, " bytes of temporary memory"));
}

Workspace::~Workspace() {
  if (!kept.data && capacity <= maxKeptBytes) {
    kept.data = data;
    kept.capacity = capacity;
  } else {
    std::free(data);
  }
}

} // namespace keops
