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
/// What the states of the pieces of one map_reduce take: docs of MapReduceToLoops/Storage.h.
struct ManifestPieces {
  char kept; ///< 'i' or 'j'
  int64_t tileRows, leastTerms, split, bytes;
};
/// One kernel of a program for GPUs: its name and how many threads a block of it has.
struct ManifestKernel {
  std::string name;
  int64_t threads;
};
struct Manifest {
  std::string symbol;
  llvm::SmallVector<ManifestInput> inputs;
  llvm::SmallVector<ManifestOutput> outputs;
  /// In the order in which they are launched; empty in programs for CPUs.
  llvm::SmallVector<ManifestKernel> kernels;
  /// Bytes of workspace: in all, for each thread, and for each item once, by row, by block and for
  /// its pieces.
  int64_t workspaceConstant = 0, workspacePerThread = 0, workspacePerItem = 0, workspacePerI = 0,
          workspacePerJ = 0, workspacePerBlockI = 0, workspacePerBlockJ = 0;
  llvm::SmallVector<ManifestPieces> pieces;

  static Manifest parse(llvm::StringRef text);
};

} // namespace keops

#endif // KEOPS_CONVERSION_MANIFEST_H
