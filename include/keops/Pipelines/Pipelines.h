// The stages of the corridor as pass pipelines. Each can be run alone, dumped after, and restarted
// from.
#ifndef KEOPS_PIPELINES_PIPELINES_H
#define KEOPS_PIPELINES_PIPELINES_H

#include "keops/IR/Keops.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

#include <string>

namespace keops {

/// What runs a program: the CPU by loops over vectors; kernels on a GPU of NVIDIA; the same kernels
/// thread by thread on the CPU, as they are or with every access to memory watched.
enum class Machine { Cpu, Nvptx, GpuEmulator, GpuEmulatorRaces };
inline bool isEmulator(Machine machine) {
  return machine == Machine::GpuEmulator || machine == Machine::GpuEmulatorRaces;
}

/// What the stages need to know about the machine and the request.
struct PipelineOptions {
  Machine machine = Machine::Cpu;
  /// 32-bit lanes of a vector register.
  int64_t lanes32 = 16;
  bool hasFMA = true;
  bool hasAVX512 = true;
  bool hasAVX2 = true;
  /// One instruction converts f16.
  bool hasF16C = true;
  Precision precision = Precision::Default;
  /// OpenMP worksharing, or plain loops.
  bool threads = true;
  /// Also export the function on plain pointers.
  bool plainFunction = false;
  /// Schedule fields forced by hand, e.g. "rows=2,block=16".
  std::string schedule;
};

/// Formulas as written -> composites expanded, gradients derived, simplified.
void buildFormulaPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);
/// -> scales folded, values placed, reductions fused, schedules chosen.
void buildSchedulePipeline(mlir::OpPassManager &manager, const PipelineOptions &options);
/// -> loops over vectors with OpenMP, or kernels.
void buildLoopsPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);
/// -> the LLVM dialect: exported functions, or kernels with operations of the NVVM dialect.
void buildLLVMPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);

/// Registers the single stages `--keops-formula-stage`, `--keops-schedule-stage`,
/// `--keops-loops-stage` and `--keops-llvm-stage`, and all of them as `--keops-to-cpu` and
/// `--keops-to-ptx`.
void registerKeopsPipelines();
/// Registers every pass of the project.
void registerKeopsPasses();

} // namespace keops

#endif // KEOPS_PIPELINES_PIPELINES_H
