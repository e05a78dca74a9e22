// From kernels in the NVVM dialect to LLVM IR, a short optimisation pipeline, and PTX. Needs no
// part of a CUDA toolkit.
#include "keops/Target/Nvptx.h"

#include "Analyses.h"
#include "NvptxPasses.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"

#include <mutex>

// The code generator alone: llvm/Support/TargetSelect.h offers it together with all others.
extern "C" {
void LLVMInitializeNVPTXTargetInfo(void);
void LLVMInitializeNVPTXTarget(void);
void LLVMInitializeNVPTXTargetMC(void);
void LLVMInitializeNVPTXAsmPrinter(void);
}

using namespace mlir;
using namespace keops;

static void initializeNvptx() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
}

/// Without features the code generator takes the lowest version of PTX that knows the chip, so
/// that the oldest driver can read it.
static std::unique_ptr<llvm::TargetMachine> createMachine(const NvptxTarget &target,
                                                          std::string &error) {
  initializeNvptx();
  // The name says that pointers in parameters of kernels are to global memory.
  llvm::Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!backend)
    return nullptr;
  return std::unique_ptr<llvm::TargetMachine>(
      backend->createTargetMachine(triple, target.chip, /*Features=*/"", llvm::TargetOptions(),
                                   std::nullopt, std::nullopt, llvm::CodeGenOptLevel::Default));
}

/// No flag on subnormal numbers: with it a negation is an instruction of its own, because it must
/// flush them; without it it is a part of the next. What should flush says so (`.ftz`).
static void setFunctionAttributes(llvm::Module &module) {
  for (llvm::Function &function : module)
    if (!function.isDeclaration())
      function.addFnAttr(llvm::Attribute::NoUnwind);
}

/// Values in registers, tests at the end of loops, then unrolled ones and what that shows. The code
/// generator itself reduces addresses to increments.
static LogicalResult optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PassBuilder builder(&machine);
  Analyses analyses(builder);
  llvm::FunctionPassManager manager;
  manager.addPass(OrderAtomics());
  if (!NvptxTarget{machine.getTargetCPU().str()}.hasAsyncCopies())
    manager.addPass(CopyAtOnce());
  StringRef before = "sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,"
                     "loop-mssa(loop-rotate,licm)";
  StringRef after = "loop-unroll<O3;runtime;no-upperbound;no-profile-peeling>,sroa,"
                    "early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,"
                    "loop-mssa(licm),early-cse<memssa>,simplifycfg,infer-alignment";
  llvm::Error error = builder.parsePassPipeline(manager, before);
  manager.addPass(ChooseUnrollCounts());
  if (!error)
    error = builder.parsePassPipeline(manager, after);
  if (error) {
    llvm::consumeError(std::move(error));
    return failure();
  }
  for (llvm::Function &function : module)
    if (!function.isDeclaration())
      manager.run(function, analyses.functions);
  return success();
}

/// A GPU has no library that could hold a missing function.
static LogicalResult checkCalls(ModuleOp module, const llvm::Module &translated) {
  for (const llvm::Function &function : translated)
    if (function.isDeclaration() && !function.isIntrinsic())
      return module.emitError("kernels call the function '")
             << function.getName() << "', which does not exist on a GPU";
  return success();
}

static FailureOr<gpu::GPUModuleOp> findKernels(ModuleOp module) {
  auto modules = module.getOps<gpu::GPUModuleOp>();
  if (llvm::hasSingleElement(modules))
    return *modules.begin();
  return module.emitError("expected a module with one gpu.module of kernels");
}

static FailureOr<std::unique_ptr<llvm::Module>>
translateKernels(ModuleOp module, llvm::LLVMContext &context, llvm::TargetMachine &machine) {
  FailureOr<gpu::GPUModuleOp> kernels = findKernels(module);
  if (failed(kernels))
    return failure();
  // Before the translation, which takes the alignment of every access from it.
  std::string layout = machine.createDataLayout().getStringRepresentation();
  (*kernels)->setAttr(LLVM::LLVMDialect::getDataLayoutAttrName(),
                      StringAttr::get(module.getContext(), layout));
  std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(*kernels, context);
  if (!translated || failed(checkCalls(module, *translated)))
    return failure();
  translated->setTargetTriple(machine.getTargetTriple());
  setFunctionAttributes(*translated);
  if (failed(optimise(*translated, machine)))
    return module.emitError("internal error: the optimisation pipeline was not accepted");
  return translated;
}

static FailureOr<std::string> emitPTX(llvm::Module &module, llvm::TargetMachine &machine) {
  SmallVector<char, 0> text;
  llvm::raw_svector_ostream os(text);
  llvm::legacy::PassManager manager;
  if (machine.addPassesToEmitFile(manager, os, nullptr, llvm::CodeGenFileType::AssemblyFile))
    return failure();
  manager.run(module);
  return std::string(text.begin(), text.end());
}

static std::string print(const llvm::Module &module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module.print(os, nullptr);
  return text;
}

FailureOr<std::string> keops::emitKernels(ModuleOp module, const NvptxTarget &target,
                                          KernelCode kind) {
  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(target, error);
  if (!machine)
    return module.emitError("no code generator for ") << target.chip << ": " << error;
  llvm::LLVMContext context;
  FailureOr<std::unique_ptr<llvm::Module>> translated = translateKernels(module, context, *machine);
  if (failed(translated))
    return failure();
  if (kind == KernelCode::LLVM)
    return print(**translated);
  FailureOr<std::string> code = emitPTX(**translated, *machine);
  if (failed(code))
    return module.emitError("the code generator for ") << target.chip << " failed";
  if (kind == KernelCode::Cubin && failed(code = assemblePTX(*code, target, error)))
    return emitError(UnknownLoc::get(module.getContext())) << error;
  return code;
}
