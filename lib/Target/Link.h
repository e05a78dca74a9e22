// Links a compiled object into this process. Used by CompilerLibrary.cpp and by the tests
// of the emulator.
#ifndef KEOPS_LIB_TARGET_LINK_H
#define KEOPS_LIB_TARGET_LINK_H

#include "llvm/Support/Error.h"

#include <memory>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace keops {

/// An object in memory, ready to be called.
class LinkedProgram {
public:
  /// `openMP` is a handle of dlopen or null.
  static llvm::Expected<std::unique_ptr<LinkedProgram>>
  create(llvm::StringRef object, llvm::StringRef symbol, void *openMP);
  ~LinkedProgram();
  void *entry() const { return address; }

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
  void *address = nullptr;
};

} // namespace keops

#endif // KEOPS_LIB_TARGET_LINK_H
