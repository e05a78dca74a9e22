// What the command line of keopsc asks for, checked.
#ifndef KEOPS_TOOLS_KEOPSC_OPTIONS_H
#define KEOPS_TOOLS_KEOPSC_OPTIONS_H

#include "keops/Target/Target.h"

#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace keops {

enum class Emit { Object, Assembly, LLVM, MLIR, Keops, PTX, Cubin };

/// A checked command line. File names are "-" for the standard streams; an empty header name asks
/// for none.
struct KeopscOptions {
  std::string formula;
  std::vector<std::string> aliases; ///< as the parser reads them: "x=Vi(3)"
  std::string symbol, output, header;
  Emit emit = Emit::Object;
  std::string dtype, sumScheme, accumulator;
  CompileOptions compile;
};

/// Parses the command line; prints help or version and exits where these are asked for.
llvm::Expected<KeopscOptions> parseCommandLine(int argc, char **argv);

} // namespace keops

#endif // KEOPS_TOOLS_KEOPSC_OPTIONS_H
