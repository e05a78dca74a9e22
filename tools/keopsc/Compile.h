// The corridor as keopsc walks it: from checked options to the texts or bytes of the output files.
#ifndef KEOPS_TOOLS_KEOPSC_COMPILE_H
#define KEOPS_TOOLS_KEOPSC_COMPILE_H

#include "Options.h"

namespace keops {

struct KeopscResult {
  std::string output, header;
};

/// Fails after having written a message to `messages`; warnings go there too.
mlir::FailureOr<KeopscResult> compileProgram(const KeopscOptions &options,
                                             llvm::raw_ostream &messages);

} // namespace keops

#endif // KEOPS_TOOLS_KEOPSC_COMPILE_H
