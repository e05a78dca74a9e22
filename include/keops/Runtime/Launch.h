// Checks arrays against a manifest and runs a program on them. A compiled program sees nothing that
// was not checked here.
#ifndef KEOPS_RUNTIME_LAUNCH_H
#define KEOPS_RUNTIME_LAUNCH_H

#include "keops/Runtime/Batch.h"
#include "keops/Runtime/Program.h"
#include "keops/Runtime/Work.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace keops {

/// Rows of one item, and the batch.
struct Sizes {
  int64_t i = 1;
  int64_t j = 1;
  Batch batch;
};

struct RunOptions {
  int32_t threads = 0; ///< 0: as many as the work and the settings ask for
  const int32_t *cancel = nullptr;
  int32_t (*poll)(void *) = nullptr;
  void *pollData = nullptr;
  std::span<const Tensor> ranges; ///< none for all pairs, or six; see Work.h
  // Of runs on a device:
  void *stream = nullptr;
  void *(*allocate)(int64_t bytes, void *data) = nullptr; ///< temporary memory of the device
  void *allocateData = nullptr;
  bool waits = false;    ///< until the results are there
  bool isOnHost = false; ///< all arrays are; they are copied, see Cuda/Staging.h
};

/// A run after all checks that do not depend on the machine.
struct CheckedRun {
  std::span<const Tensor> inputs, outputs;
  const RunOptions &options;
  const Sizes &sizes;
  const Work &work;
  const ProgramExtent &extent;
};

class Packing;
namespace cuda {
class Stream;
struct TableLayout;
} // namespace cuda

class Launcher {
public:
  /// `argumentNames` are the caller's names, used in messages; both references must outlive the
  /// launcher. A program of kernels needs a device.
  Launcher(const Program &program, const std::vector<std::string> &argumentNames,
           cuda::Device *device = nullptr)
      : program(program), manifest(program.getManifest()), argumentNames(argumentNames),
        device(device) {}

  /// Checks all inputs. M is read from the first i-argument, N from the first j-argument; 1 where
  /// there is none.
  Sizes checkInputs(std::span<const Tensor> inputs) const;

  /// Checks everything, then runs. Throws a Cancelled error when the run was ended early.
  void run(std::span<const Tensor> inputs, std::span<const Tensor> outputs,
           const RunOptions &options) const;

  /// The shape of one output.
  std::vector<int64_t> getOutputShape(size_t index, const Sizes &sizes) const;

  /// How many threads are worth their start for so many pairs; of a program for a GPU, how many
  /// blocks the emulator runs.
  int32_t chooseThreads(double pairs, int32_t wanted) const;

private:
  std::string describeInput(size_t index) const;
  std::string describeOutput(size_t index) const;
  void checkInput(size_t index, const Tensor &tensor) const;
  /// Axes of an input that belong to the batch.
  int32_t countBatchAxes(size_t index, const Tensor &tensor) const;
  void broadcast(std::span<const Tensor> inputs, Batch &batch) const;
  void checkOutput(size_t index, const Tensor &tensor, const Sizes &sizes) const;
  void writeOffsets(const Packing &packing, const Batch &batch, std::span<const Tensor> inputs,
                    std::span<const Tensor> outputs, int64_t *offsets) const;
  void checkAmount(const CheckedRun &run) const;
  /// All arrays as programs see them; a copy is planned for those that need one.
  void addArrays(const CheckedRun &run, Packing &packing, keops_array *inputs,
                 keops_array *outputs) const;
  /// Items whose workspace is in use at the same time, of so many bytes together.
  int64_t chooseItemsAtOnce(const CheckedRun &run, int64_t budget) const;
  void runHere(const CheckedRun &run) const;
  void raiseStep(int32_t step) const;
  /// These are in Cuda/Launch.cpp.
  void runOnDevice(const CheckedRun &run) const;
  void runInPlace(const CheckedRun &run, const cuda::Stream &stream) const;
  void checkRangePlaces(std::span<const Tensor> ranges) const;
  void checkPlaces(const CheckedRun &run, int32_t number) const;
  void addInPlace(const CheckedRun &run, Packing &packing, keops_array *arrays) const;
  /// A text that tells apart runs with different tables.
  std::string describeTables(const CheckedRun &run) const;
  unsigned long long findTables(const CheckedRun &run, const Packing &packing,
                                const cuda::TableLayout &layout, bool isCaptured) const;
  void checkOverlap(std::span<const Tensor> inputs, std::span<const Tensor> outputs) const;

  const Program &program;
  const Manifest &manifest;
  const std::vector<std::string> &argumentNames;
  cuda::Device *device;
};

} // namespace keops

#endif // KEOPS_RUNTIME_LAUNCH_H
