// The stages of the corridor by name, and the context in which they run.
#include "keops/Target/Target.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/OpenMPToLLVM/ConvertOpenMPToLLVM.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/OpenMP/OpenMPToLLVMIRTranslation.h"

using namespace mlir;
using namespace keops;

void keops::registerKeopsDialects(DialectRegistry &registry) {
  registry.insert<KeopsDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                  gpu::GPUDialect, LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect,
                  nvgpu::NVGPUDialect, NVVM::NVVMDialect, omp::OpenMPDialect, scf::SCFDialect,
                  ub::UBDialect, vector::VectorDialect>();
  arith::registerConvertArithToLLVMInterface(registry);
  cf::registerConvertControlFlowToLLVMInterface(registry);
  registerConvertFuncToLLVMInterface(registry);
  registerConvertMathToLLVMInterface(registry);
  registerConvertMemRefToLLVMInterface(registry);
  registerConvertOpenMPToLLVMInterface(registry);
  ub::registerConvertUBToLLVMInterface(registry);
  vector::registerConvertVectorToLLVMInterface(registry);
  registerBuiltinDialectTranslation(registry);
  registerGPUDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
  registerOpenMPDialectTranslation(registry);
}

std::unique_ptr<MLIRContext> keops::createContext() {
  DialectRegistry registry;
  registerKeopsDialects(registry);
  auto context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  // Diagnostics are read by people who wrote a formula and never saw an operation.
  context->printOpOnDiagnostic(false);
  context->loadDialect<KeopsDialect, func::FuncDialect>();
  return context;
}

namespace {
struct Stage {
  StringRef name;
  void (*build)(OpPassManager &, const PipelineOptions &);
};
} // namespace

static constexpr StringRef stageNames[] = {"keops", "expanded", "scheduled", "loops",
                                           "llvm-dialect"};
static void buildNothing(OpPassManager &, const PipelineOptions &) {}
static const Stage stages[] = {{stageNames[0], buildNothing},
                               {stageNames[1], buildFormulaPipeline},
                               {stageNames[2], buildSchedulePipeline},
                               {stageNames[3], buildLoopsPipeline},
                               {stageNames[4], buildLLVMPipeline}};

ArrayRef<StringRef> keops::getStageNames() { return stageNames; }

LogicalResult keops::runStages(ModuleOp module, StringRef from, StringRef to,
                               const CompileOptions &options) {
  PassManager manager(module.getContext());
  // Verified once, below: after each pass it would cost a quarter of the compile time. keops-opt
  // does it after each.
  manager.enableVerifier(false);
  bool started = false;
  for (const Stage &stage : stages) {
    if (started)
      stage.build(manager, options.pipeline());
    started |= stage.name == from;
    if (stage.name == to)
      return success(succeeded(manager.run(module)) && succeeded(verify(module)));
  }
  return module.emitError("unknown stage '") << to << "'";
}
