// The stages of the corridor as pass pipelines. Each can be run alone, dumped after, and restarted
// from.
#ifndef KEOPS_PIPELINES_PIPELINES_H
#define KEOPS_PIPELINES_PIPELINES_H

#include "keops/IR/Keops.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

#include <string>

namespace keops {

/// What runs a program: the CPU by loops over vectors, or kernels of a GPU thread by thread on the
/// CPU, as they are or with every access to memory watched.
enum class Machine { Cpu, GpuEmulator, GpuEmulatorRaces };

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
  /// Kernels for a GPU instead of loops over vectors.
  bool gpu = false;
  /// Schedule fields forced by hand, e.g. "rows=2,block=16".
  std::string schedule;
};

/// Formulas as written -> composites expanded, gradients derived, simplified.
void buildFormulaPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);
/// -> scales folded, values placed, reductions fused, schedules chosen.
void buildSchedulePipeline(mlir::OpPassManager &manager, const PipelineOptions &options);
/// -> loops over vectors with OpenMP, or kernels.
void buildLoopsPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);
/// -> the LLVM dialect, with exported functions, for any machine.
void buildLLVMPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);
/// All of the above.
void buildCPUPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);

/// Instead of loops: kernels of the gpu dialect.
void buildKernelsPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);
/// -> the LLVM and NVVM dialects.
void buildNVVMPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);
/// From formulas to there.
void buildPTXPipeline(mlir::OpPassManager &manager, const PipelineOptions &options);

/// Registers `--keops-to-cpu`, `--keops-to-ptx` and the single stages `--keops-formula-stage`,
/// `--keops-schedule-stage`, `--keops-loops-stage`, `--keops-llvm-stage`, `--keops-kernels-stage`,
/// `--keops-nvvm-stage`.
void registerKeopsPipelines();
/// Registers every pass of the project.
void registerKeopsPasses();

} // namespace keops

#endif // KEOPS_PIPELINES_PIPELINES_H
