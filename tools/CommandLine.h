// What the command lines of all tools share.
#ifndef KEOPS_TOOLS_COMMANDLINE_H
#define KEOPS_TOOLS_COMMANDLINE_H

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

namespace keops {

/// What --version prints, in the same words for every tool.
inline void registerVersionPrinter(llvm::StringRef tool) {
  llvm::cl::SetVersionPrinter([name = tool.str()](llvm::raw_ostream &os) {
    os << name << " " << KEOPS_VERSION << " (LLVM/MLIR " << LLVM_VERSION_STRING << ")\n";
  });
}

/// Takes a name away from an option of LLVM's own libraries, so that a tool can use it.
inline void releaseOptionName(llvm::StringRef name) {
  auto &options = llvm::cl::getRegisteredOptions();
  if (auto place = options.find(name); place != options.end())
    place->second->removeArgument();
}

} // namespace keops

#endif // KEOPS_TOOLS_COMMANDLINE_H
