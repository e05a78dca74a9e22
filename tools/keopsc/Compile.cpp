// Parses, lowers as far as asked, and prints or generates code.
#include "Compile.h"

#include "keops/Frontend/Diagnostics.h"
#include "keops/Frontend/Parser.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/TargetSelect.h"

using namespace mlir;
using namespace keops;

static FailureOr<OwningOpRef<ModuleOp>> parse(const KeopscOptions &options, MLIRContext *context) {
  SmallVector<StringRef> aliases(options.aliases.begin(), options.aliases.end());
  std::string error;
  FailureOr<Type> storage = readDType(options.dtype, context, error);
  if (failed(storage))
    return emitError(UnknownLoc::get(context)) << error;
  FailureOr<SumsAttr> sums = readSums(options.sumScheme, options.accumulator, *storage, error);
  if (failed(sums))
    return emitError(UnknownLoc::get(context)) << error;
  return parseFormula(options.formula, aliases, *storage, options.symbol, options.compile.precision,
                      context, *sums);
}

/// The stage after which the module is printed or translated.
static StringRef getStage(const KeopscOptions &options) {
  return options.emit == Emit::Keops  ? "keops"
         : options.emit == Emit::MLIR ? "loops"
                                      : "llvm-dialect";
}

template <typename Printable>
static std::string print(Printable &&printable) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printable(os);
  return text;
}

/// Other targets than this machine's need their code generators.
static void initializeCodeGenerators() {
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargets();
  llvm::InitializeAllTargetMCs();
  llvm::InitializeAllAsmPrinters();
}

static FailureOr<KeopscResult> generate(ModuleOp module, const KeopscOptions &options) {
  initializeCodeGenerators();
  llvm::LLVMContext context;
  FailureOr<std::unique_ptr<llvm::Module>> translated =
      translateModule(module, context, options.compile);
  if (failed(translated))
    return failure();
  KeopscResult result;
  auto manifest = module->getAttrOfType<StringAttr>("keops.manifest");
  if (!options.header.empty())
    result.header = emitHeader(manifest.getValue(), options.formula, options.compile);
  if (options.emit == Emit::LLVM) {
    result.output = print([&](raw_ostream &os) { (*translated)->print(os, nullptr); });
    return result;
  }
  CodeKind kind = options.emit == Emit::Assembly ? CodeKind::Assembly : CodeKind::Object;
  FailureOr<std::string> code = emitCode(**translated, options.compile, kind);
  if (failed(code))
    return module.emitError("the code generator for ")
           << options.compile.target.triple << " failed";
  result.output = std::move(*code);
  return result;
}

static FailureOr<KeopscResult> generateForGpu(ModuleOp module, const KeopscOptions &options) {
  KernelCode kind = options.emit == Emit::LLVM  ? KernelCode::LLVM
                    : options.emit == Emit::PTX ? KernelCode::PTX
                                                : KernelCode::Cubin;
  FailureOr<std::string> code = emitKernels(module, *options.compile.nvptx, kind);
  if (failed(code))
    return failure();
  KeopscResult result{std::move(*code), ""};
  auto manifest = module->getAttrOfType<StringAttr>("keops.manifest");
  if (!options.header.empty())
    result.header = emitKernelsHeader(manifest.getValue(), options.formula);
  return result;
}

static FailureOr<KeopscResult> run(const KeopscOptions &options, MLIRContext *context) {
  FailureOr<OwningOpRef<ModuleOp>> module = parse(options, context);
  if (failed(module) || failed(runStages(**module, "keops", getStage(options), options.compile)))
    return failure();
  if (options.emit != Emit::Keops && options.emit != Emit::MLIR)
    return options.compile.nvptx ? generateForGpu(**module, options) : generate(**module, options);
  return KeopscResult{print([&](raw_ostream &os) { os << **module << "\n"; }), ""};
}

FailureOr<KeopscResult> keops::compileProgram(const KeopscOptions &options, raw_ostream &messages) {
  std::unique_ptr<MLIRContext> context = createContext();
  DiagnosticCollector diagnostics(context.get());
  FailureOr<KeopscResult> result = run(options, context.get());
  messages << diagnostics.getWarnings() << diagnostics.getErrors();
  if (failed(result) && !diagnostics.hasErrors())
    messages << "error: internal fault: a pass failed without saying why\n";
  return result;
}
