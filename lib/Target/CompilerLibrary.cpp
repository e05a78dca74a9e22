// The exported table of libkeops-compiler.so: requests come in as C structures, objects and
// messages leave through callbacks. Nothing of MLIR or LLVM crosses this line.
#include "Link.h"

#include "keops-c/emulator.h"

#include "keops/Frontend/Diagnostics.h"
#include "keops/Frontend/Parser.h"
#include "keops/Runtime/CompilerInterface.h"
#include "keops/Target/Target.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace keops;

namespace {
enum Status : int32_t { Done = 0, UserError = 1, InternalError = 2 };

/// A context with the dialects loaded, kept between the requests of a thread because making one
/// takes a tenth of a compilation. It collects every type and location it has seen, so it is
/// renewed at times.
MLIRContext &warmContext() {
  constexpr unsigned requestsPerContext = 256;
  thread_local std::unique_ptr<MLIRContext> context;
  thread_local unsigned requests = 0;
  if (requests++ % requestsPerContext == 0)
    context = createContext();
  return *context;
}

/// One request on its way through the corridor.
class Compilation {
public:
  explicit Compilation(const KeopsCompileRequest &request)
      : request(request), context(warmContext()), diagnostics(&context) {}

  Status parse();
  Status lower(StringRef stage);
  Status translate();
  FailureOr<std::string> code();
  FailureOr<std::string> print(StringRef stage);
  Status fail(Status status);

  std::string printModule();
  /// As one line of a log has it: the level is said by the log, the end of the line too.
  StringRef warnings() {
    StringRef text = diagnostics.getWarnings();
    text.consume_front("warning: ");
    return text.rtrim();
  }
  StringRef manifest() {
    return module->getOperation()->getAttrOfType<StringAttr>("keops.manifest").getValue();
  }
  std::string message;

private:
  Status chooseTarget();
  FailureOr<std::string> kernelCode();

  const KeopsCompileRequest &request;
  CompileOptions options;
  MLIRContext &context;
  DiagnosticCollector diagnostics;
  OwningOpRef<ModuleOp> module;
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> translated;
};
} // namespace

Status Compilation::fail(Status status) {
  if (message.empty())
    message = diagnostics.getErrors();
  // The caller says itself that this is an error.
  StringRef prefix = "error: ";
  if (StringRef(message).starts_with(prefix))
    message.erase(0, prefix.size());
  if (status == InternalError) {
    message = "internal error of the keops compiler: " + message + "\n";
    if (module)
      message += printModule();
  }
  return status;
}

Status Compilation::chooseTarget() {
  if (NvptxTarget::isName(request.target)) {
    FailureOr<NvptxTarget> target = NvptxTarget::get(request.target, message);
    if (succeeded(target))
      options.nvptx = *target;
    return succeeded(target) ? Done : UserError;
  }
  FailureOr<CpuTarget> target = CpuTarget::get(request.target, message);
  if (succeeded(target))
    options.target = *target;
  return succeeded(target) ? Done : UserError;
}

Status Compilation::parse() {
  Status status = chooseTarget();
  std::optional<Precision> precision = symbolizePrecision(request.precision);
  if (!status && !precision)
    message = "unknown precision '" + std::string(request.precision) +
              "'; expected fast, default or high";
  if (!message.empty())
    return UserError;
  options.precision = *precision;
  options.threads = StringRef(request.threads) != "none";
  options.schedule = request.schedule;
  options.sanitize = std::getenv("KEOPS_SANITIZE_GENERATED") != nullptr;
  SmallVector<StringRef> aliases;
  for (int32_t k = 0; k < request.aliasCount; ++k)
    aliases.push_back(request.aliases[k]);
  FailureOr<Type> storage = readDType(request.dtype, &context, message);
  if (failed(storage))
    return UserError;
  FailureOr<SumsAttr> sums = readSums(request.sumScheme, request.accumulator, *storage, message);
  if (failed(sums))
    return UserError;
  FailureOr<OwningOpRef<ModuleOp>> parsed =
      parseFormula(request.formula, aliases, *storage, request.symbol, *precision, &context, *sums);
  if (failed(parsed))
    return fail(UserError);
  module = std::move(*parsed);
  return Done;
}

/// Passes on formulas may still find the user at fault (a reduction without derivative, a schedule
/// that cannot be); later ones may not.
Status Compilation::lower(StringRef stage) {
  StringRef last = stage == "expanded" ? stage : "scheduled";
  if (failed(runStages(*module, "keops", last, options)))
    return fail(UserError);
  if (stage == last)
    return Done;
  return failed(runStages(*module, last, stage, options)) ? fail(InternalError) : Done;
}

/// Of kernels nothing is kept: their code is made of the module at once.
Status Compilation::translate() {
  if (options.nvptx)
    return Done;
  FailureOr<std::unique_ptr<llvm::Module>> result = translateModule(*module, llvmContext, options);
  if (failed(result))
    return fail(InternalError);
  translated = std::move(*result);
  return Done;
}

std::string Compilation::printModule() {
  std::string text;
  llvm::raw_string_ostream os(text);
  module->print(os);
  return text + "\n";
}

/// PTX, and a NUL and a binary behind it where this machine has an assembler: a driver that cannot
/// take the binary takes the PTX.
FailureOr<std::string> Compilation::kernelCode() {
  FailureOr<std::string> ptx = emitKernels(*module, *options.nvptx, KernelCode::PTX);
  std::string error;
  if (FailureOr<std::string> binary = failure();
      succeeded(ptx) && succeeded(binary = assemblePTX(*ptx, *options.nvptx, error)))
    return *ptx + '\0' + *binary;
  return ptx;
}

FailureOr<std::string> Compilation::code() {
  return options.nvptx ? kernelCode() : emitCode(*translated, options, CodeKind::Object);
}

FailureOr<std::string> Compilation::print(StringRef stage) {
  if (stage != "llvm" && stage != "asm")
    return printModule();
  bool isAssembly = stage == "asm";
  if (options.nvptx)
    return emitKernels(*module, *options.nvptx, isAssembly ? KernelCode::PTX : KernelCode::LLVM);
  if (isAssembly)
    return emitCode(*translated, options, CodeKind::Assembly);
  std::string text;
  llvm::raw_string_ostream os(text);
  translated->print(os, nullptr);
  return text;
}

//===-- The table ---------------------------------------------------------------------------===//

static int32_t report(Compilation &compilation, Status status, KeopsBytesCallback error,
                      void *user) {
  error(compilation.message.data(), compilation.message.size(), user);
  return status;
}

static int32_t compile(const KeopsCompileRequest *request, KeopsBytesCallback object,
                       KeopsBytesCallback manifest, KeopsBytesCallback error, void *user) {
  Compilation compilation(*request);
  Status status = compilation.parse();
  if (!status)
    status = compilation.lower("llvm-dialect");
  if (!status)
    status = compilation.translate();
  if (status)
    return report(compilation, status, error, user);
  FailureOr<std::string> code = compilation.code();
  if (failed(code))
    return report(compilation, compilation.fail(InternalError), error, user);
  StringRef warnings = compilation.warnings();
  if (!warnings.empty())
    error(warnings.data(), warnings.size(), user);
  object(code->data(), code->size(), user);
  manifest(compilation.manifest().data(), compilation.manifest().size(), user);
  return Done;
}

static int32_t dump(const KeopsCompileRequest *request, const char *stage, KeopsBytesCallback text,
                    KeopsBytesCallback error, void *user) {
  Compilation compilation(*request);
  StringRef name = stage;
  bool machine = name == "llvm" || name == "asm";
  Status status = Done;
  if (!machine && !llvm::is_contained(getStageNames(), name)) {
    compilation.message =
        "unknown stage '" + name.str() +
        "'; expected keops, expanded, scheduled, loops, llvm-dialect, llvm or asm";
    status = UserError;
  }
  if (!status)
    status = compilation.parse();
  if (!status && name != "keops")
    status = compilation.lower(machine ? "llvm-dialect" : name);
  if (!status && machine)
    status = compilation.translate();
  if (status)
    return report(compilation, status, error, user);
  FailureOr<std::string> result = compilation.print(name);
  if (failed(result))
    return report(compilation, compilation.fail(InternalError), error, user);
  text(result->data(), result->size(), user);
  return Done;
}

static void *link(const char *object, size_t size, const char *symbol, void *openMP, void **entry,
                  KeopsBytesCallback error, void *user) {
  llvm::Expected<std::unique_ptr<LinkedProgram>> program =
      LinkedProgram::create({object, size}, symbol, openMP);
  if (!program) {
    std::string message = llvm::toString(program.takeError());
    error(message.data(), message.size(), user);
    return nullptr;
  }
  *entry = (*program)->entry();
  return program->release();
}

static void unlinkProgram(void *handle) { delete static_cast<LinkedProgram *>(handle); }

static const char *hostTarget() {
  static const std::string text = [] {
    std::string error;
    CpuTarget target = *CpuTarget::get("native", error);
    return target.triple + " " + target.cpu + " " + target.features;
  }();
  return text.c_str();
}

extern "C" __attribute__((visibility("default")))
const KeopsCompilerInterface keopsCompilerInterface = {KEOPS_COMPILER_INTERFACE_VERSION,
                                                       compile,
                                                       dump,
                                                       link,
                                                       unlinkProgram,
                                                       LLVM_VERSION_STRING,
                                                       hostTarget(),
                                                       keops_emulator_get_fault};
