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
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
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
  schedule.gpu = options.machine != Machine::Cpu;
  schedule.force = options.schedule;
  manager.addPass(createKeopsChooseSchedule(schedule));
}

void keops::buildLoopsPipeline(OpPassManager &manager, const PipelineOptions &options) {
  ConvertMapReduceToCPUOptions loops;
  loops.threads = options.threads ? "openmp" : "none";
  if (options.machine == Machine::Cpu)
    manager.addPass(createConvertMapReduceToCPU(loops));
  else
    manager.addPass(createConvertMapReduceToGPU());
  manager.addPass(createCSEPass());
  if (options.hasFMA || options.machine != Machine::Cpu)
    manager.addPass(createContractMultiplyAdd());
}

static MathIsa mathIsa(const PipelineOptions &options) {
  if (options.machine != Machine::Cpu)
    return MathIsa::Gpu;
  return options.hasAVX512 ? MathIsa::Avx512 : options.hasAVX2 ? MathIsa::Avx2 : MathIsa::Generic;
}

static ApproximateMathOptions mathOptions(const PipelineOptions &options) {
  ApproximateMathOptions math;
  math.precision = options.precision == Precision::High   ? MathPrecision::High
                   : options.precision == Precision::Fast ? MathPrecision::Fast
                                                          : MathPrecision::Default;
  math.isa = mathIsa(options);
  math.hasFMA = options.hasFMA;
  math.emulateHardware = isEmulator(options.machine);
  return math;
}

static void addConversionToLLVM(OpPassManager &manager) {
  manager.addPass(createCSEPass());
  manager.addPass(createSCFToControlFlowPass());
  // All dialects in one conversion: each one more would walk the whole module again.
  ConvertToLLVMPassOptions conversion;
  conversion.allowPatternRollback = false;
  manager.addPass(createConvertToLLVMPass(conversion));
}

static void addConversionToNVVM(OpPassManager &manager) {
  manager.addPass(createCSEPass());
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createConvertKernelsToNVVM());
}

static void addEmulation(OpPassManager &manager, const PipelineOptions &options) {
  EmulateKernelsOptions kernels;
  kernels.races = options.machine == Machine::GpuEmulatorRaces;
  manager.addPass(createEmulateKernels(kernels));
  addConversionToLLVM(manager);
}

void keops::buildLLVMPipeline(OpPassManager &manager, const PipelineOptions &options) {
  manager.addPass(createApproximateMathPass(mathOptions(options)));
  ExpandShortFloatsOptions shortFloats;
  shortFloats.f16c = options.hasF16C || options.machine == Machine::Nvptx;
  manager.addPass(createExpandShortFloats(shortFloats));
  if (options.machine == Machine::Cpu)
    addConversionToLLVM(manager);
  else if (options.machine == Machine::Nvptx)
    addConversionToNVVM(manager);
  else
    addEmulation(manager, options);
  // A descriptor is built again for each use; a parallel region would take every copy along.
  manager.addPass(createCSEPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
  EmitEntryPointOptions entry;
  entry.plain = options.plainFunction;
  if (options.machine == Machine::Cpu)
    manager.addPass(createEmitEntryPoint(entry));
}

static void buildPipeline(OpPassManager &manager, const PipelineOptions &options) {
  buildFormulaPipeline(manager, options);
  buildSchedulePipeline(manager, options);
  buildLoopsPipeline(manager, options);
  buildLLVMPipeline(manager, options);
}

//===-- Command line ------------------------------------------------------------------------===//

namespace {
/// PipelineOptions as text options of a registered pipeline.
struct PipelineFlags : PassPipelineOptions<PipelineFlags> {
  Option<std::string> isa{*this, "isa", llvm::cl::desc("avx512, avx2 or generic"),
                          llvm::cl::init("avx512")};
  Option<std::string> machine{*this, "machine",
                              llvm::cl::desc("cpu, nvptx, gpu-emulator or gpu-emulator-races"),
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
    options.machine = machine == "nvptx"                ? Machine::Nvptx
                      : machine == "gpu-emulator"       ? Machine::GpuEmulator
                      : machine == "gpu-emulator-races" ? Machine::GpuEmulatorRaces
                                                        : Machine::Cpu;
    options.hasAVX512 = isa == "avx512";
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
  registerStage("keops-loops-stage", "Lower scheduled reductions to loops or kernels",
                buildLoopsPipeline);
  registerStage("keops-llvm-stage", "Lower loops or kernels to the LLVM dialect",
                buildLLVMPipeline);
  registerStage("keops-to-cpu", "From formulas to the LLVM dialect", buildPipeline);
  registerStage("keops-to-ptx", "From formulas to the NVVM dialect, of which PTX is made",
                [](OpPassManager &manager, const PipelineOptions &options) {
                  PipelineOptions gpu = options;
                  gpu.machine = Machine::Nvptx;
                  buildPipeline(manager, gpu);
                });
}

void keops::registerKeopsPasses() {
  registerKeopsTransformsPasses();
  registerKeopsConversionPasses();
  registerApproximateMathPass();
}
