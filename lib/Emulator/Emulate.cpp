// The host's side of an emulated program: launches all kernels for one group of items after
// another, as the host of a GPU does. Blocks run one after another on the calling thread.
#include "Block.h"

#include <algorithm>
#include <cstddef>
#include <new>

using namespace keops::emulator;

static thread_local std::string lastFault;

/// Fibers are kept from run to run. A run takes them for itself, because a poll callback may start
/// another one in its middle.
static std::unique_ptr<FiberPool> &getSpareFibers() {
  static thread_local std::unique_ptr<FiberPool> spare;
  return spare;
}

namespace {
/// A keops_launch with its arrays behind it.
class Launch {
public:
  Launch(const keops_args &args, const keops_emulated_program &program)
      : memory(offsetof(keops_launch, arrays) +
               size_t(program.inputs + program.outputs) * sizeof(keops_array)),
        launch(reinterpret_cast<keops_launch *>(memory.data())) {
    launch->args = args;
    // A kernel that reads these anyway must fail here too.
    launch->args.inputs = launch->args.outputs = nullptr;
    std::copy_n(args.inputs, program.inputs, launch->arrays);
    std::copy_n(args.outputs, program.outputs, launch->arrays + program.inputs);
  }
  keops_launch &get() { return *launch; }

private:
  std::vector<char> memory;
  keops_launch *launch;
};
} // namespace

static Outcome runKernel(const keops_emulated_kernel &kernel, const keops_launch &launch,
                         FiberPool &fibers) {
  KernelRun run(kernel, launch, launch.args.threads, fibers);
  for (int64_t block = 0; block < launch.args.threads; ++block)
    if (run.getOutcome().step == KEOPS_STEP_OK)
      run.runBlock(block);
  return run.getOutcome();
}

static Outcome runProgram(const keops_args &args, const keops_emulated_program &program,
                          FiberPool &fibers) {
  Launch launch(args, program);
  Outcome outcome;
  int64_t &item = launch.get().first_item;
  for (item = 0; item < args.items; item += args.items_at_once)
    for (int64_t k = 0; k < program.kernel_count && outcome.step == KEOPS_STEP_OK; ++k)
      outcome = runKernel(program.kernels[k], launch.get(), fibers);
  return outcome;
}

int32_t keops_emulate(const keops_args *args, const keops_emulated_program *program) {
  try {
    std::unique_ptr<FiberPool> fibers = std::move(getSpareFibers());
    if (!fibers)
      fibers = std::make_unique<FiberPool>();
    Outcome outcome = runProgram(*args, *program, *fibers);
    // A run that was stopped leaves fibers in their middle.
    if (outcome.step == KEOPS_STEP_OK)
      getSpareFibers() = std::move(fibers);
    lastFault = std::move(outcome.fault);
    return outcome.step;
  } catch (const std::bad_alloc &) {
    return KEOPS_STEP_NO_MEMORY;
  }
}

const char *keops_emulator_get_fault() { return lastFault.c_str(); }
