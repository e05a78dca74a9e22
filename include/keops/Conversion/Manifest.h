// The manifest of a program, read back on the compiler's side (the runtime has its own reader and
// no LLVM).
#ifndef KEOPS_CONVERSION_MANIFEST_H
#define KEOPS_CONVERSION_MANIFEST_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace keops {

/// One argument: where it stands, its dimension, its element type, its name in the formula.
struct ManifestInput {
  char placement; ///< 'i', 'j' or 'p'
  int64_t dim;
  std::string element, name;
};
/// One result: the index of its rows, its element type, its name and its shape per row.
struct ManifestOutput {
  char placement; ///< 'i' or 'j'
  std::string element, name;
  llvm::SmallVector<int64_t> shape;
  int64_t components() const;
};
/// One kernel of a program for a GPU, in the order of their launches: the threads of its blocks.
struct ManifestKernel {
  std::string name;
  int64_t threads;
};
struct Manifest {
  std::string symbol;
  llvm::SmallVector<ManifestInput> inputs;
  llvm::SmallVector<ManifestOutput> outputs;
  llvm::SmallVector<ManifestKernel> kernels;
  /// Bytes of workspace: in all, for each thread, and for each item once, by row and by block.
  int64_t workspaceConstant = 0, workspacePerThread = 0, workspacePerItem = 0, workspacePerI = 0,
          workspacePerJ = 0, workspacePerBlockI = 0, workspacePerBlockJ = 0;

  static Manifest parse(llvm::StringRef text);
};

} // namespace keops

#endif // KEOPS_CONVERSION_MANIFEST_H
