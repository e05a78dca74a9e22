// Checks arrays against a manifest and runs a program on them. A compiled program sees nothing that
// was not checked here.
#ifndef KEOPS_RUNTIME_LAUNCH_H
#define KEOPS_RUNTIME_LAUNCH_H

#include "keops/Runtime/Program.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace keops {

/// An array of the caller. Strides are in bytes and may be anything; null strides mean row-major.
///
/// Without default values, so that a table of them costs nothing on the way to a small program.
struct Tensor {
  void *data;
  DType dtype;
  int32_t rank;
  const int64_t *shape;
  const int64_t *strides;

  int64_t getStride(int32_t axis) const;
};

struct Sizes {
  int64_t i = 1;
  int64_t j = 1;
};

struct RunOptions {
  int32_t threads = 0; ///< 0: as many as the work and the settings ask for
  const int32_t *cancel = nullptr;
  int32_t (*poll)(void *) = nullptr;
  void *pollData = nullptr;
};

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
  std::vector<int64_t> getOutputShape(size_t index, Sizes sizes) const;

  /// How many threads are worth their start for these sizes.
  int32_t chooseThreads(Sizes sizes, int32_t wanted) const;

private:
  std::string describeInput(size_t index) const;
  std::string describeOutput(size_t index) const;
  void checkInput(size_t index, const Tensor &tensor) const;
  void checkOutput(size_t index, const Tensor &tensor, Sizes sizes) const;
  void checkOverlap(std::span<const Tensor> inputs, std::span<const Tensor> outputs) const;

  const Program &program;
  const Manifest &manifest;
  const std::vector<std::string> &argumentNames;
};

} // namespace keops

#endif // KEOPS_RUNTIME_LAUNCH_H
