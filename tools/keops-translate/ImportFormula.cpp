// --import-formula: a file with a formula becomes a module. Lines that start with '#' are aliases,
// "# dtype f64", or comments.
#include "Translations.h"

#include "keops/Frontend/Diagnostics.h"
#include "keops/Frontend/Parser.h"

#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace keops;

namespace {
struct FormulaFile {
  std::string formula, dtype = "f32";
  std::vector<std::string> aliases;
};
} // namespace

/// "# x=Vi(3)" and "# Vi(3)" declare arguments; any other line after '#' is a comment.
static bool isAlias(StringRef comment) {
  static const llvm::Regex alias("^([A-Za-z_][A-Za-z_0-9]* *=[^=]|(Vi|Vj|Pm|Var|Vx|Vy) *[(])");
  return alias.match(comment);
}

static FormulaFile readFormulaFile(StringRef text) {
  FormulaFile file;
  SmallVector<StringRef> lines;
  text.split(lines, '\n');
  for (StringRef line : lines) {
    StringRef trimmed = line.trim();
    if (!trimmed.consume_front("#"))
      file.formula += (line + "\n").str();
    else if (StringRef comment = trimmed.trim(); isAlias(comment))
      file.aliases.push_back(comment.str());
    else if (comment.consume_front("dtype ") && !comment.trim().contains(' '))
      file.dtype = comment.trim().str();
  }
  file.formula = StringRef(file.formula).trim().str();
  return file;
}

namespace {
/// Options of --import-formula; they live as long as the tool.
struct ImportOptions {
  llvm::cl::list<std::string> aliases{"alias",
                                      llvm::cl::desc("declare an argument of --import-formula"),
                                      llvm::cl::value_desc("NAME=Vi(3)")};
  llvm::cl::opt<std::string> dtype{
      "dtype", llvm::cl::desc("element type of --import-formula: f32, f64, f16 or bf16; without it "
                              "the file's, or f32")};
  llvm::cl::opt<std::string> symbol{
      "symbol", llvm::cl::desc("name of the function that --import-formula makes"),
      llvm::cl::init("keops_program")};
  llvm::cl::opt<std::string> precision{
      "precision", llvm::cl::desc("precision level of --import-formula: fast, default or high"),
      llvm::cl::init("default")};
  llvm::cl::opt<std::string> sumScheme{
      "sum-scheme",
      llvm::cl::desc("sums of --import-formula: auto, direct_sum, block_sum or kahan_scheme"),
      llvm::cl::init("auto")};
  llvm::cl::opt<std::string> accumulator{
      "dtype-acc", llvm::cl::desc("type of accumulators of --import-formula: auto, f32 or f64"),
      llvm::cl::init("auto")};
};
} // namespace

static FailureOr<Precision> getPrecision(StringRef word, MLIRContext *context) {
  if (std::optional<Precision> precision = symbolizePrecision(word))
    return *precision;
  return emitError(UnknownLoc::get(context))
         << "--precision: expected fast, default or high, got '" << word << "'";
}

static FailureOr<OwningOpRef<ModuleOp>> importText(StringRef text, const ImportOptions &options,
                                                   MLIRContext *context) {
  FormulaFile file = readFormulaFile(text);
  llvm::append_range(file.aliases, options.aliases);
  SmallVector<StringRef> aliases(file.aliases.begin(), file.aliases.end());
  FailureOr<Precision> precision = getPrecision(options.precision, context);
  if (failed(precision))
    return failure();
  std::string error;
  StringRef dtype = options.dtype.empty() ? StringRef(file.dtype) : StringRef(options.dtype);
  FailureOr<Type> storage = readDType(dtype, context, error);
  if (failed(storage))
    return emitError(UnknownLoc::get(context)) << error;
  FailureOr<SumsAttr> sums = readSums(options.sumScheme, options.accumulator, *storage, error);
  if (failed(sums))
    return emitError(UnknownLoc::get(context)) << error;
  return parseFormula(file.formula, aliases, *storage, options.symbol, *precision, context, *sums);
}

void keops::registerImportFormula() {
  static ImportOptions options;
  static TranslateToMLIRRegistration registration(
      "import-formula", "read a formula and its aliases, write a module of the keops dialect",
      [](llvm::SourceMgr &sources, MLIRContext *context) -> OwningOpRef<Operation *> {
        DiagnosticCollector diagnostics(context);
        StringRef text = sources.getMemoryBuffer(sources.getMainFileID())->getBuffer();
        FailureOr<OwningOpRef<ModuleOp>> module = importText(text, options, context);
        llvm::errs() << diagnostics.getWarnings() << diagnostics.getErrors();
        return failed(module) ? nullptr
                              : OwningOpRef<Operation *>(module->release().getOperation());
      },
      [](DialectRegistry &registry) { registry.insert<KeopsDialect>(); });
}
