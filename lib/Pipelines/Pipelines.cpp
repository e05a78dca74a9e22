// The order of all passes, and nothing else. This is the only file that knows it.
#include "keops/Pipelines/Pipelines.h"

#include "keops/Conversion/ApproximateMath.h"
#include "keops/Conversion/Passes.h"
#include "keops/Transforms/Passes.h"

#include "mlir/Conversion/ConvertToLLVM/ToLLVMPass.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace keops;

void keops::buildFormulaPipeline(OpPassManager &manager, const PipelineOptions &) {
  manager.addPass(createKeopsExpandComposites());
  manager.addPass(createKeopsDifferentiate());
  manager.addPass(createKeopsSimplify());
  manager.addPass(createCSEPass());
}

void keops::buildSchedulePipeline(OpPassManager &manager, const PipelineOptions &options) {
  // Fusing first lets common subexpressions of several reductions meet in one region.
  manager.addPass(createKeopsFuseReductions());
  manager.addPass(createCSEPass());
  if (options.precision != Precision::High)
    manager.addPass(createKeopsFoldScales());
  manager.addPass(createKeopsSimplify());
  manager.addPass(createCSEPass());
  manager.addPass(createKeopsPlaceValues());
  KeopsChooseScheduleOptions schedule;
  schedule.lanes32 = options.lanes32;
  schedule.gpu = options.gpu;
  schedule.force = options.schedule;
  manager.addPass(createKeopsChooseSchedule(schedule));
}

void keops::buildLoopsPipeline(OpPassManager &manager, const PipelineOptions &options) {
  ConvertMapReduceToCPUOptions loops;
  loops.threads = options.threads ? "openmp" : "none";
  if (options.gpu)
    manager.addPass(createConvertMapReduceToGPU());
  else
    manager.addPass(createConvertMapReduceToCPU(loops));
  manager.addPass(createCSEPass());
  if (options.hasFMA)
    manager.addPass(createContractMultiplyAdd());
}

static ApproximateMathOptions mathOptions(const PipelineOptions &options) {
  ApproximateMathOptions math;
  math.precision = options.precision == Precision::High   ? MathPrecision::High
                   : options.precision == Precision::Fast ? MathPrecision::Fast
                                                          : MathPrecision::Default;
  math.isa = options.hasAVX512 ? MathIsa::Avx512
             : options.hasAVX2 ? MathIsa::Avx2
                               : MathIsa::Generic;
  math.hasFMA = options.hasFMA;
  return math;
}

/// scf, vector, memref, arith and func, with all math expanded -> the LLVM dialect.
static void addConversionToLLVM(OpPassManager &manager, const PipelineOptions &options) {
  ExpandShortFloatsOptions shortFloats;
  shortFloats.f16c = options.hasF16C;
  manager.addPass(createExpandShortFloats(shortFloats));
  manager.addPass(createCSEPass());
  manager.addPass(createSCFToControlFlowPass());
  // All dialects in one conversion: each one more would walk the whole module again.
  ConvertToLLVMPassOptions conversion;
  conversion.allowPatternRollback = false;
  manager.addPass(createConvertToLLVMPass(conversion));
  // A descriptor is built again for each use; a parallel region would take every copy along.
  manager.addPass(createCSEPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
}

static void buildEmulatorPipeline(OpPassManager &manager, const PipelineOptions &options) {
  ApproximateMathOptions math = mathOptions(options);
  math.isa = MathIsa::Gpu;
  math.emulateHardware = true;
  manager.addPass(createApproximateMathPass(math));
  EmulateKernelsOptions kernels;
  kernels.races = options.machine == Machine::GpuEmulatorRaces;
  manager.addPass(createEmulateKernels(kernels));
  addConversionToLLVM(manager, options);
}

void keops::buildLLVMPipeline(OpPassManager &manager, const PipelineOptions &options) {
  if (options.machine != Machine::Cpu)
    return buildEmulatorPipeline(manager, options);
  manager.addPass(createApproximateMathPass(mathOptions(options)));
  addConversionToLLVM(manager, options);
  EmitEntryPointOptions entry;
  entry.plain = options.plainFunction;
  manager.addPass(createEmitEntryPoint(entry));
}

void keops::buildKernelsPipeline(OpPassManager &manager, const PipelineOptions &) {
  // Hand-over point: the conversion of map_reduce to kernels stands here, before their math.
  manager.addPass(createCSEPass());
  manager.addPass(createContractMultiplyAdd());
}

void keops::buildNVVMPipeline(OpPassManager &manager, const PipelineOptions &) {
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createConvertKernelsToNVVM());
  manager.addPass(createCSEPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
}

void keops::buildPTXPipeline(OpPassManager &manager, const PipelineOptions &options) {
  buildFormulaPipeline(manager, options);
  buildSchedulePipeline(manager, options);
  buildKernelsPipeline(manager, options);
  buildNVVMPipeline(manager, options);
}

void keops::buildCPUPipeline(OpPassManager &manager, const PipelineOptions &options) {
  buildFormulaPipeline(manager, options);
  buildSchedulePipeline(manager, options);
  buildLoopsPipeline(manager, options);
  buildLLVMPipeline(manager, options);
}

//===-- Command line ------------------------------------------------------------------------===//

namespace {
/// PipelineOptions as text options of a registered pipeline.
struct PipelineFlags : PassPipelineOptions<PipelineFlags> {
  Option<std::string> isa{*this, "isa", llvm::cl::desc("avx512, avx2, generic or gpu"),
                          llvm::cl::init("avx512")};
  Option<std::string> machine{*this, "machine",
                              llvm::cl::desc("cpu, gpu-emulator or gpu-emulator-races"),
                              llvm::cl::init("cpu")};
  Option<std::string> precision{*this, "precision", llvm::cl::desc("fast, default or high"),
                                llvm::cl::init("default")};
  Option<std::string> threads{*this, "threads", llvm::cl::desc("openmp or none"),
                              llvm::cl::init("openmp")};
  Option<std::string> schedule{*this, "schedule", llvm::cl::desc("forced schedule fields"),
                               llvm::cl::init("")};
  Option<bool> plain{*this, "plain", llvm::cl::desc("export the function on plain pointers"),
                     llvm::cl::init(false)};

  PipelineOptions get() const {
    PipelineOptions options;
    options.machine = machine == "gpu-emulator"         ? Machine::GpuEmulator
                      : machine == "gpu-emulator-races" ? Machine::GpuEmulatorRaces
                                                        : Machine::Cpu;
    options.hasAVX512 = isa == "avx512";
    options.gpu = isa == "gpu" || options.machine != Machine::Cpu;
    options.hasAVX2 = options.hasFMA = options.hasF16C = isa != "generic";
    options.lanes32 = options.hasAVX512 ? 16 : options.hasAVX2 ? 8 : 4;
    options.precision = symbolizePrecision(precision.getValue()).value_or(Precision::Default);
    options.threads = threads != "none";
    options.schedule = schedule;
    options.plainFunction = plain;
    return options;
  }
};

void registerStage(StringRef name, StringRef summary,
                   void (*build)(OpPassManager &, const PipelineOptions &)) {
  PassPipelineRegistration<PipelineFlags>(
      name, summary,
      [build](OpPassManager &manager, const PipelineFlags &flags) { build(manager, flags.get()); });
}
} // namespace

void keops::registerKeopsPipelines() {
  registerStage("keops-formula-stage", "Expand composites, derive gradients, simplify",
                buildFormulaPipeline);
  registerStage("keops-schedule-stage", "Place values, fuse reductions, choose schedules",
                buildSchedulePipeline);
  registerStage("keops-loops-stage", "Lower scheduled reductions to loops over vectors",
                buildLoopsPipeline);
  registerStage("keops-llvm-stage", "Lower loops to the LLVM dialect", buildLLVMPipeline);
  registerStage("keops-kernels-stage", "Lower scheduled reductions to kernels for GPUs",
                buildKernelsPipeline);
  registerStage("keops-nvvm-stage", "Lower kernels to the LLVM and NVVM dialects",
                buildNVVMPipeline);
  registerStage("keops-to-ptx", "From formulas to the NVVM dialect, of which PTX is made",
                buildPTXPipeline);
  registerStage("keops-to-cpu", "From formulas to the LLVM dialect", buildCPUPipeline);
}

void keops::registerKeopsPasses() {
  registerKeopsTransformsPasses();
  registerKeopsConversionPasses();
  registerApproximateMathPass();
}
