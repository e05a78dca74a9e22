// From the LLVM dialect to LLVM IR, a short optimisation pipeline, and machine code.
#include "keops/Target/Target.h"

#include "Analyses.h"
#include "Subnormals.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Target/LLVMIR/ModuleTranslation.h"

#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/Transforms/Instrumentation/AddressSanitizer.h"

#include <mutex>

using namespace mlir;
using namespace keops;

static void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser();
  });
}

static std::unique_ptr<llvm::TargetMachine> createMachine(const CpuTarget &target,
                                                          std::string &error) {
  initializeTargets();
  llvm::Triple triple(target.triple);
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!backend)
    return nullptr;
  llvm::TargetOptions options;
  return std::unique_ptr<llvm::TargetMachine>(
      backend->createTargetMachine(triple, target.cpu, target.features, options, llvm::Reloc::PIC_,
                                   std::nullopt, llvm::CodeGenOptLevel::Default));
}

/// All loops over rows and pairs stand in outlined parallel regions, or in functions that these
/// call and that are marked so. What is outside runs once a call or is a rare path: it is compiled
/// quickly instead of well.
static bool isHot(const llvm::Function &function) {
  return function.getName().contains("omp_par") || function.hasFnAttribute(llvm::Attribute::Hot);
}

/// The outlined functions of OpenMP regions exist only now, so attributes are set after
/// translation.
static void setFunctionAttributes(llvm::Module &module, const CompileOptions &options) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", options.target.cpu);
    if (!options.target.features.empty())
      function.addFnAttr("target-features", options.target.features);
    if (options.target.hasAVX512)
      function.addFnAttr("prefer-vector-width", "512");
    function.addFnAttr(llvm::Attribute::NoUnwind);
    if (options.threads && !isHot(function)) {
      function.addFnAttr(llvm::Attribute::OptimizeNone);
      function.addFnAttr(llvm::Attribute::NoInline);
    }
    if (options.sanitize)
      function.addFnAttr(llvm::Attribute::SanitizeAddress);
  }
}

/// A function with loops that another one starts. Those that it calls run in its mode.
static bool startsLoops(const llvm::Function &function, bool threads) {
  return threads ? function.getName().contains("omp_par")
                 : !function.hasFnAttribute(llvm::Attribute::Hot);
}

static LogicalResult optimise(llvm::Module &module, llvm::TargetMachine &machine, bool sanitize) {
  llvm::PassBuilder builder(&machine);
  Analyses analyses(builder);
  llvm::ModulePassManager manager;
  // Our loops are vector code already: this is as fast as O2 and takes a fifth of its time.
  StringRef text = "function(early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,loop-"
                   "mssa(licm),early-cse)";
  if (llvm::Error error = builder.parsePassPipeline(manager, text)) {
    llvm::consumeError(std::move(error));
    return failure();
  }
  if (sanitize)
    manager.addPass(llvm::AddressSanitizerPass(llvm::AddressSanitizerOptions()));
  manager.run(module, analyses.modules);
  return success();
}

FailureOr<std::unique_ptr<llvm::Module>>
keops::translateModule(ModuleOp module, llvm::LLVMContext &context, const CompileOptions &options) {
  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(options.target, error);
  if (!machine) {
    module.emitError("no code generator for '") << options.target.triple << "': " << error;
    return failure();
  }
  std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(module, context);
  if (!translated)
    return failure();
  translated->setDataLayout(machine->createDataLayout());
  translated->setTargetTriple(machine->getTargetTriple());
  setFunctionAttributes(*translated, options);
  flushSubnormals(*translated, [&](const llvm::Function &function) {
    return startsLoops(function, options.threads);
  });
  if (failed(optimise(*translated, *machine, options.sanitize))) {
    module.emitError("internal error: the optimisation pipeline was not accepted");
    return failure();
  }
  return translated;
}

FailureOr<std::string> keops::emitCode(llvm::Module &module, const CompileOptions &options,
                                       CodeKind kind) {
  std::string error;
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(options.target, error);
  if (!machine)
    return failure();
  SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  llvm::legacy::PassManager manager;
  auto type = kind == CodeKind::Object ? llvm::CodeGenFileType::ObjectFile
                                       : llvm::CodeGenFileType::AssemblyFile;
  if (machine->addPassesToEmitFile(manager, os, nullptr, type))
    return failure();
  manager.run(module);
  return std::string(bytes.begin(), bytes.end());
}
