// Writes the C header of an ahead-of-time program: one function on plain arrays, with shapes in
// words.
#include "HeaderText.h"

#include "keops/Target/Target.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace keops;

std::string keops::emitHeader(StringRef text, StringRef formula, const CompileOptions &options) {
  Manifest manifest = Manifest::parse(text);
  std::string comment;
  raw_string_ostream os(comment);
  os << "/* " << formula << "\n *\n * All arrays are contiguous and row-major; M and N may be 0.\n";
  SmallVector<std::string> parameters = {"int64_t M", "int64_t N"};
  for (const HeaderArgument &argument : getHeaderArguments(manifest)) {
    os << " *   " << argument.name << ": " << argument.shape << "\n";
    parameters.push_back(argument.declaration);
  }
  parameters.push_back("int32_t threads");
  os << " *   threads: "
     << (options.threads ? "at least 1; link with -lomp (LLVM's OpenMP runtime)"
                         : "ignored; link with -lm")
     << "\n * Returns 0, or 2 when there is no memory for the workspace. */\n";
  return wrapHeader(manifest, comment, {"stdint.h"},
                    "int32_t " + manifest.symbol + "_call(" + join(parameters, ", ") + ");\n");
}
