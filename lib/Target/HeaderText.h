// Words that the C headers of programs for CPUs and of kernels for GPUs share.
#ifndef KEOPS_LIB_TARGET_HEADERTEXT_H
#define KEOPS_LIB_TARGET_HEADERTEXT_H

#include "keops/Conversion/Manifest.h"

#include <string>

namespace keops {

/// An argument of a function on plain arrays.
struct HeaderArgument {
  std::string declaration; ///< "const float *x"
  std::string name;        ///< "x"
  std::string shape;       ///< "M x 3", with what the C type does not say about the elements
  int64_t components;      ///< of a row
};
/// Of the inputs, then of the outputs.
llvm::SmallVector<HeaderArgument> getHeaderArguments(const Manifest &manifest);

/// "#ifndef", the headers of C `includes`, and `extern "C"` around the declarations of a header.
std::string wrapHeader(const Manifest &manifest, llvm::StringRef comment,
                       llvm::ArrayRef<llvm::StringRef> includes, llvm::StringRef declarations);

} // namespace keops

#endif // KEOPS_LIB_TARGET_HEADERTEXT_H
