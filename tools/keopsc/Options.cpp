// The flags of keopsc, their help, and what follows from them.
#include "Options.h"

#include "../CommandLine.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Regex.h"

using namespace llvm;
using namespace keops;

namespace {

constexpr const char *overview = R"(keopsc: compiles a formula to an object file and a C header

The formula is a reduction over the rows of point clouds, its arguments are declared by --alias:
Vi(D) has one row of D numbers per i, Vj(D) per j, Pm(D) is one row for all.

  keopsc 'Sum_Reduction(Exp(-SqDist(x,y))*b,0)' --alias x=Vi:3 --alias y=Vj:3 --alias b=Vj:1 \
         -o gauss.o --header gauss.h

The header declares gauss_call(M, N, x, y, b, out, threads) on plain arrays. With --threads=none the object
needs libc and libm alone; with --threads=openmp also LLVM's OpenMP runtime (-lomp).

With --target=nvptx-sm_90 (or another chip) it writes kernels for a GPU, as PTX or with --emit=cubin as machine
code; the header says how to launch them.
)";

cl::OptionCategory category("keopsc options");

struct Flags {
  cl::opt<std::string> formula{cl::Positional, cl::Required, cl::cat(category),
                               cl::value_desc("formula"),
                               cl::desc("<formula, or - to read it from the standard input>")};
  cl::list<std::string> aliases{
      "alias", cl::cat(category), cl::value_desc("NAME=Vi:D"),
      cl::desc("Declare an argument: NAME=Vi:3, NAME=Vj:3, NAME=Pm:1 or NAME=Vi(3); "
               "arguments are numbered in this order")};
  cl::opt<Emit> emit{
      "emit", cl::cat(category), cl::init(Emit::Object), cl::desc("What to write:"),
      cl::values(
          clEnumValN(Emit::Object, "obj", "relocatable object file (default for CPU targets)"),
          clEnumValN(Emit::Assembly, "asm", "assembly"),
          clEnumValN(Emit::LLVM, "llvm", "LLVM IR, optimised for the target"),
          clEnumValN(Emit::MLIR, "mlir", "loops over vectors, or kernels"),
          clEnumValN(Emit::Keops, "keops", "the formula in the keops dialect"),
          clEnumValN(Emit::PTX, "ptx", "PTX (default for GPU targets)"),
          clEnumValN(Emit::Cubin, "cubin", "CUDA binary; needs NVIDIA's ptxas"))};
  cl::opt<std::string> target{
      "target", cl::cat(category), cl::init("native"), cl::value_desc("name"),
      cl::desc("native (default), x86-64-v2, x86-64-v3, x86-64-v4 or aarch64; or a GPU: "
               "nvptx-sm_75, nvptx-sm_80, ... nvptx-sm_121; or gpu-emulator, "
               "gpu-emulator-races: kernels for GPUs that this machine runs")};
  cl::opt<std::string> dtype{"dtype", cl::cat(category), cl::init("f32"), cl::value_desc("type"),
                             cl::desc("Element type of all arrays: f32 (default), f64, or f16 or "
                                      "bf16, which are computed in f32")};
  cl::opt<std::string> precision{"precision", cl::cat(category), cl::init("default"),
                                 cl::value_desc("level"), cl::desc("fast, default or high")};
  cl::opt<std::string> sumScheme{
      "sum-scheme", cl::cat(category), cl::init("auto"), cl::value_desc("scheme"),
      cl::desc("How terms are added: auto, direct_sum, block_sum or kahan_scheme")};
  cl::opt<std::string> accumulator{"dtype-acc", cl::cat(category), cl::init("auto"),
                                   cl::value_desc("auto|f32|f64"),
                                   cl::desc("Type of the accumulators of sums (default auto)")};
  cl::opt<std::string> threads{"threads", cl::cat(category), cl::init("openmp"),
                               cl::value_desc("openmp|none"),
                               cl::desc("How the program uses several cores (default openmp)")};
  cl::opt<std::string> symbol{"symbol", cl::cat(category), cl::value_desc("name"),
                              cl::desc("Name of the function (default: that of the output file)")};
  cl::opt<std::string> schedule{"schedule", cl::cat(category), cl::value_desc("fields"),
                                cl::desc("Force fields of the schedule, e.g. rows=2,block=16")};
  cl::opt<bool> sanitize{"sanitize", cl::cat(category),
                         cl::desc("Check every access to memory with LLVM's AddressSanitizer")};
  cl::opt<std::string> header{"header", cl::cat(category), cl::value_desc("file"),
                              cl::desc("Also write a C header for the program")};
  cl::opt<std::string> output{
      "o", cl::cat(category), cl::value_desc("file"),
      cl::desc("Output file, - for the standard output (default: NAME.o for objects, NAME.cubin "
               "for CUDA binaries, - for text)")};
};

Error makeError(const Twine &message) { return createStringError(message); }

bool isIdentifier(StringRef name) {
  static const Regex identifier("^[A-Za-z_][A-Za-z_0-9]*$");
  return identifier.match(name);
}

/// "x=Vi:3" is written "x=Vi(3)" in formulas; anything else is left to the parser.
std::string convertAlias(StringRef text) {
  auto [head, numbers] = text.split(':');
  if (numbers.empty())
    return text.str();
  std::string list = numbers.str();
  std::replace(list.begin(), list.end(), ':', ',');
  return (head + "(" + list + ")").str();
}

Expected<std::string> readFormula(StringRef text) {
  if (text != "-")
    return text.str();
  ErrorOr<std::unique_ptr<MemoryBuffer>> input = MemoryBuffer::getSTDIN();
  if (!input)
    return makeError("cannot read the standard input: " + input.getError().message());
  return (*input)->getBuffer().trim().str();
}

bool isText(Emit emit) { return emit != Emit::Object && emit != Emit::Cubin; }
bool isProgram(Emit emit) { return emit != Emit::MLIR && emit != Emit::Keops; }
bool isForCpu(Emit emit) { return emit == Emit::Object || emit == Emit::Assembly; }
bool isForGpu(Emit emit) { return emit == Emit::PTX || emit == Emit::Cubin; }

/// The name of the function: as asked for, or after the output file, or a fixed one.
Expected<std::string> chooseSymbol(StringRef asked, StringRef output) {
  if (!asked.empty() && !isIdentifier(asked))
    return makeError("--symbol: expected a C identifier, got '" + asked + "'");
  StringRef stem = sys::path::stem(output);
  return !asked.empty() ? asked.str() : isIdentifier(stem) ? stem.str() : "keops_program";
}

Error readChoices(const Flags &flags, KeopscOptions &options) {
  std::optional<Precision> precision = symbolizePrecision(flags.precision);
  if (!precision)
    return makeError("--precision: expected fast, default or high, got '" + flags.precision + "'");
  if (flags.threads != "openmp" && flags.threads != "none")
    return makeError("--threads: expected openmp or none, got '" + flags.threads + "'");
  options.dtype = flags.dtype;
  options.sumScheme = flags.sumScheme;
  options.accumulator = flags.accumulator;
  options.compile.precision = *precision;
  options.compile.threads = flags.threads == "openmp";
  options.compile.plainFunction = true;
  options.compile.sanitize = flags.sanitize;
  options.compile.schedule = flags.schedule;
  return Error::success();
}

/// Flags that mean nothing for kernels are refused where they were given.
Error readGpuTarget(const Flags &flags, KeopscOptions &options) {
  if (!flags.emit.getNumOccurrences())
    options.emit = Emit::PTX;
  if (isForCpu(options.emit))
    return makeError("--emit=obj and --emit=asm need a CPU target, got --target=" + flags.target +
                     "; use --emit=ptx or --emit=cubin");
  if (flags.threads.getNumOccurrences())
    return makeError("--threads needs a CPU target, got --target=" + flags.target +
                     "; the threads of a GPU are chosen at launch");
  if (flags.sanitize)
    return makeError("--sanitize needs a CPU target, got --target=" + flags.target);
  std::string error;
  FailureOr<NvptxTarget> target = NvptxTarget::get(flags.target, error);
  if (failed(target))
    return makeError("--target: " + error);
  options.compile.nvptx = *target;
  return Error::success();
}

Error readTarget(const Flags &flags, KeopscOptions &options) {
  if (NvptxTarget::isName(flags.target))
    return readGpuTarget(flags, options);
  if (isForGpu(options.emit))
    return makeError("--emit=ptx and --emit=cubin need a GPU target such as --target=nvptx-sm_90, "
                     "got --target=" +
                     flags.target);
  std::string error;
  FailureOr<CpuTarget> target = CpuTarget::get(flags.target, error);
  if (failed(target))
    return makeError("--target: " + error);
  options.compile.target = *target;
  // The function that a header declares is not in such an object.
  if (target->machine != Machine::Cpu && !flags.header.empty())
    return makeError("--header needs a CPU or a GPU, got --target=" + flags.target +
                     ", whose programs run inside libkeops");
  return Error::success();
}

} // namespace

Expected<KeopscOptions> keops::parseCommandLine(int argc, char **argv) {
  releaseOptionName("threads");
  static Flags flags;
  registerVersionPrinter("keopsc");
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, overview);
  KeopscOptions options;
  options.emit = flags.emit;
  options.header = flags.header;
  if (Error error = readChoices(flags, options))
    return error;
  if (Error error = readTarget(flags, options))
    return error;
  if (!options.header.empty() && !isProgram(options.emit))
    return makeError("--header needs --emit=obj, asm, llvm, ptx or cubin");
  Expected<std::string> formula = readFormula(flags.formula),
                        symbol = chooseSymbol(flags.symbol, flags.output);
  if (!formula || !symbol)
    return joinErrors(formula.takeError(), symbol.takeError());
  options.formula = *formula;
  options.symbol = *symbol;
  StringRef suffix = options.emit == Emit::Cubin ? ".cubin" : ".o";
  options.output = !flags.output.empty()  ? flags.output
                   : isText(options.emit) ? "-"
                                          : (options.symbol + suffix).str();
  for (const std::string &alias : flags.aliases)
    options.aliases.push_back(convertAlias(alias));
  return options;
}
