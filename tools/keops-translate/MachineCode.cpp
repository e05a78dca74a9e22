// --to-llvmir, --to-asm, --to-object and --to-ptx: modules at any stage of the corridor become
// code.
#include "../CommandLine.h"
#include "Translations.h"

#include "keops/IR/Keops.h"
#include "keops/Target/Target.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/TargetSelect.h"

using namespace mlir;
using namespace keops;

namespace {
/// Options of the translations to code; they live as long as the tool.
struct CodeOptions {
  llvm::cl::opt<std::string> target{
      "target", llvm::cl::init("native"),
      llvm::cl::desc("CPU of --to-llvmir, --to-asm and --to-object: native, x86-64-v2, x86-64-v3, "
                     "x86-64-v4 or aarch64; GPU of --to-llvmir, --to-ptx and --to-object (a CUDA "
                     "binary, by NVIDIA's ptxas): nvptx-sm_75 (default of --to-ptx; runs on all "
                     "later ones), nvptx-sm_80, ... nvptx-sm_121")};
  llvm::cl::opt<std::string> threads{"threads", llvm::cl::init("openmp"),
                                     llvm::cl::desc("threads of the code: openmp or none")};
};
} // namespace

/// Where in the corridor a module stands, by the operations in it.
static StringRef findStage(ModuleOp module) {
  bool formulas = false, scheduled = true, functions = false, kernels = false;
  module.walk([&](Operation *op) {
    functions |= isa<func::FuncOp>(op);
    kernels |= isa<gpu::GPUFuncOp>(op);
    formulas |= isa<MapReduceOp, MapOp, GradOp>(op);
    auto reduce = dyn_cast<MapReduceOp>(op);
    scheduled &= !reduce || reduce.getSchedule().has_value();
  });
  if (formulas)
    return scheduled ? "scheduled" : "keops";
  if (!module.getOps<gpu::GPUModuleOp>().empty())
    return kernels ? "loops" : "llvm-dialect";
  return functions ? "loops" : "llvm-dialect";
}

static LogicalResult readTarget(ModuleOp module, StringRef name, CompileOptions &options) {
  std::string error;
  if (NvptxTarget::isName(name)) {
    FailureOr<NvptxTarget> target = NvptxTarget::get(name, error);
    if (failed(target))
      return module.emitError("--target: ") << error;
    options.nvptx = *target;
    return success();
  }
  FailureOr<CpuTarget> target = CpuTarget::get(name, error);
  if (failed(target))
    return module.emitError("--target: ") << error;
  options.target = *target;
  return success();
}

static FailureOr<CompileOptions> getOptions(ModuleOp module, const CodeOptions &flags,
                                            StringRef target) {
  if (flags.threads != "openmp" && flags.threads != "none")
    return module.emitError("--threads: expected openmp or none, got '") << flags.threads << "'";
  CompileOptions options;
  if (failed(readTarget(module, target, options)))
    return failure();
  options.threads = flags.threads == "openmp";
  options.plainFunction = true;
  module.walk([&](MapReduceOp op) { options.precision = op.getPrecision(); });
  return options;
}

static LogicalResult writeKernels(ModuleOp module, const CompileOptions &options, KernelCode kind,
                                  raw_ostream &os) {
  if (failed(runStages(module, findStage(module), "llvm-dialect", options)))
    return failure();
  FailureOr<std::string> code = emitKernels(module, *options.nvptx, kind);
  if (failed(code))
    return failure();
  os << *code;
  return success();
}

static LogicalResult writePTX(ModuleOp module, const CodeOptions &flags, raw_ostream &os) {
  bool given = flags.target.getNumOccurrences();
  StringRef target = given ? StringRef(flags.target) : NvptxTarget::getNames().front();
  FailureOr<CompileOptions> options = getOptions(module, flags, target);
  if (failed(options))
    return failure();
  if (!options->nvptx)
    return module.emitError("--to-ptx needs a GPU target such as nvptx-sm_90, got '")
           << target << "'";
  return writeKernels(module, *options, KernelCode::PTX, os);
}

static LogicalResult writeCode(ModuleOp module, const CodeOptions &flags,
                               std::optional<CodeKind> kind, raw_ostream &os) {
  FailureOr<CompileOptions> options = getOptions(module, flags, flags.target);
  if (succeeded(options) && options->nvptx && kind == CodeKind::Assembly)
    return module.emitError("--to-asm needs a CPU target, got '")
           << flags.target << "'; use --to-ptx";
  if (succeeded(options) && options->nvptx)
    return writeKernels(module, *options, kind ? KernelCode::Cubin : KernelCode::LLVM, os);
  if (succeeded(options) && !module.getOps<gpu::GPUModuleOp>().empty())
    return module.emitError("kernels need a GPU target such as nvptx-sm_90, got '")
           << flags.target << "'";
  if (failed(options) || failed(runStages(module, findStage(module), "llvm-dialect", *options)))
    return failure();
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargets();
  llvm::InitializeAllTargetMCs();
  llvm::InitializeAllAsmPrinters();
  llvm::LLVMContext context;
  FailureOr<std::unique_ptr<llvm::Module>> translated = translateModule(module, context, *options);
  if (failed(translated))
    return failure();
  if (!kind) {
    (*translated)->print(os, nullptr);
    return success();
  }
  FailureOr<std::string> code = emitCode(**translated, *options, *kind);
  if (failed(code))
    return module.emitError("the code generator for ") << options->target.triple << " failed";
  os << *code;
  return success();
}

static void registerCode(StringRef name, StringRef summary, const CodeOptions &flags,
                         std::optional<CodeKind> kind) {
  TranslateFromMLIRRegistration registration(
      name, summary,
      [&flags, kind](ModuleOp module, raw_ostream &os) {
        return writeCode(module, flags, kind, os);
      },
      registerKeopsDialects);
}

void keops::registerMachineCode() {
  releaseOptionName("threads");
  static CodeOptions flags;
  registerCode("to-llvmir", "write a module as LLVM IR, optimised for the target", flags,
               std::nullopt);
  registerCode("to-asm", "write a module as assembly", flags, CodeKind::Assembly);
  registerCode("to-object", "write a module as a relocatable object file", flags, CodeKind::Object);
  TranslateFromMLIRRegistration ptx(
      "to-ptx", "write a module as PTX, for GPUs of NVIDIA",
      [](ModuleOp module, raw_ostream &os) { return writePTX(module, flags, os); },
      registerKeopsDialects);
}
