// What the kernels of a run are given (keops_launch), and the tables in device memory that it
// points to. Filled by Launch.cpp.
#ifndef KEOPS_LIB_RUNTIME_CUDA_ARGUMENTS_H
#define KEOPS_LIB_RUNTIME_CUDA_ARGUMENTS_H

#include "Kernels.h"
#include "Stream.h"

#include "keops-c/program.h"
#include "keops/Runtime/Launch.h"

namespace keops::cuda {

/// Where the tables of a run stand, one behind another.
struct TableLayout {
  TableLayout(const Work &work, int64_t offsetCount);

  size_t blocks[2], intervals[2], offsets;
  int64_t bytes;
};

/// Writes the work of a run; offsets stand behind it.
void copyWork(const Work &work, const TableLayout &layout, char *tables);
/// Adds everything that copyWork writes to a key.
void appendWork(std::string &key, const Work &work);
inline void append(std::string &key, const void *data, size_t bytes) {
  key.append(static_cast<const char *>(data), bytes);
}
inline void append(std::string &key, int64_t number) { append(key, &number, sizeof(number)); }

class Arguments {
public:
  /// Inputs and outputs that a launch has room for.
  static size_t getMostArrays();

  Arguments(const CheckedRun &run, int64_t itemsAtOnce, int64_t blocks);

  /// Inputs, then outputs.
  keops_array *getArrays() { return reinterpret_cast<keops_array *>(memory + headBytes); }
  void setWorkspace(CUdeviceptr workspace) { get().args.workspace = toPointer<void>(workspace); }
  void setTables(CUdeviceptr tables, const TableLayout &layout);
  /// Puts all kernels on a stream, for one group of items after another. Of each kernel no more
  /// blocks than are useful, nor than the device runs at the same time.
  void launch(const Kernels &kernels, int64_t usefulBlocks, const Stream &stream);

private:
  /// All that the driver takes.
  static constexpr size_t mostBytes = 4096;
  static constexpr size_t headBytes = offsetof(keops_launch, arrays);

  template <typename T>
  static T *toPointer(CUdeviceptr address) {
    return reinterpret_cast<T *>(uintptr_t(address));
  }
  keops_launch &get() { return *reinterpret_cast<keops_launch *>(memory); }
  void launch(const Kernels::Kernel &kernel, int64_t blocks, const Stream &stream);

  alignas(keops_launch) char memory[mostBytes];
  size_t bytes;
};

} // namespace keops::cuda

#endif // KEOPS_LIB_RUNTIME_CUDA_ARGUMENTS_H
