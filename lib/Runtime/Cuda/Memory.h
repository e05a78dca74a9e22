// Device memory that outlives a run, so that runs alike allocate and copy nothing: tables by what
// is in them, and temporary memory by stream. The context of the device must be current.
//
// A run that is captured into a graph may be replayed as long as the process lives; what it was
// given is not given back then.
#ifndef KEOPS_LIB_RUNTIME_CUDA_MEMORY_H
#define KEOPS_LIB_RUNTIME_CUDA_MEMORY_H

#include "Api.h"

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace keops::cuda {

/// Memory of a device, freed with this object.
class Memory {
public:
  /// Throws a memory error that says how much was asked for, and for what.
  Memory(int64_t bytes, const char *purpose);
  ~Memory();
  Memory(Memory &&other) noexcept;
  Memory &operator=(Memory &&other) noexcept;

  CUdeviceptr getAddress() const { return address; }
  int64_t getBytes() const { return bytes; }

private:
  CUdeviceptr address = 0;
  int64_t bytes;
};

/// Tables that runs have in common, the least recently used given up first.
class Tables {
public:
  /// Fills a table of so many bytes.
  using Writer = std::function<void(char *)>;

  /// The table of a key, which must say all that the writer writes.
  CUdeviceptr get(std::string_view key, int64_t bytes, bool isCaptured, const Writer &write);
  void release() { trim(0, 0); }

private:
  struct Table {
    std::string key;
    Memory memory;
    bool isKept;
  };
  void upload(const Table &table, const Writer &write);
  /// Frees tables beyond these bounds.
  void trim(size_t mostTables, int64_t mostBytes);

  std::list<Table> order; ///< most recently used first
  std::unordered_map<std::string_view, std::list<Table>::iterator> tables;
  int64_t totalBytes = 0;
  CUstream stream = nullptr; ///< of uploads
};

/// What runs of one stream compute in, one after another.
class Workspaces {
public:
  /// `stream` identifies a stream as long as it lives.
  CUdeviceptr get(uint64_t stream, int64_t bytes, bool isCaptured);
  void release() { spaces.clear(); }

private:
  struct Space {
    uint64_t stream;
    Memory memory;
  };
  Memory allocate(int64_t bytes);

  std::list<Space> spaces; ///< most recently used first
  std::list<Memory> kept;  ///< of captured runs
};

/// While it lives, this thread may allocate and free although a stream is capturing, which would
/// otherwise end the capture. Nothing that is done so is a part of the graph.
class OutsideCapture {
public:
  OutsideCapture();
  ~OutsideCapture();
  OutsideCapture(const OutsideCapture &) = delete;
  OutsideCapture &operator=(const OutsideCapture &) = delete;

private:
  void exchange();

  CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_RELAXED;
};

} // namespace keops::cuda

#endif // KEOPS_LIB_RUNTIME_CUDA_MEMORY_H
