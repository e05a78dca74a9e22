// Checks arrays against a manifest and runs a program on them. A compiled program sees nothing that
// was not checked here.
#ifndef KEOPS_RUNTIME_LAUNCH_H
#define KEOPS_RUNTIME_LAUNCH_H

#include "keops/Runtime/Batch.h"
#include "keops/Runtime/Program.h"

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
};

class Packing;

class Launcher {
public:
  /// `argumentNames` are the caller's names, used in messages; both references must outlive the
  /// launcher.
  Launcher(const Program &program, const std::vector<std::string> &argumentNames)
      : program(program), manifest(program.getManifest()), argumentNames(argumentNames) {}

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
  void checkOverlap(std::span<const Tensor> inputs, std::span<const Tensor> outputs) const;

  const Program &program;
  const Manifest &manifest;
  const std::vector<std::string> &argumentNames;
};

} // namespace keops

#endif // KEOPS_RUNTIME_LAUNCH_H
