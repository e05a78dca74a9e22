// What --version prints, in the same words for every tool.
#ifndef KEOPS_TOOLS_VERSION_H
#define KEOPS_TOOLS_VERSION_H

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

namespace keops {

inline void registerVersionPrinter(llvm::StringRef tool) {
  llvm::cl::SetVersionPrinter([name = tool.str()](llvm::raw_ostream &os) {
    os << name << " " << KEOPS_VERSION << " (LLVM/MLIR " << LLVM_VERSION_STRING << ")\n";
  });
}

} // namespace keops

#endif // KEOPS_TOOLS_VERSION_H
