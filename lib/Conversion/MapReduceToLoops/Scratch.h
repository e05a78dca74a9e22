// Scratch memory of formula operations that run through a table: one region of the workspace for
// each thread of a team, reused for every pair. Loops.cpp gives each thread its own.
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_SCRATCH_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_SCRATCH_H

#include "Storage.h"

#include "keops/IR/Emitter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace keops::loops {

/// Where the operations of a block keep their numbers, counted in values of the computing type.
struct ScratchLayout {
  explicit ScratchLayout(mlir::Block &block);
  llvm::DenseMap<mlir::Operation *, int64_t> offsets;
  int64_t total = 0;
};

/// What an emitter of values of `type` is given. `layout` must outlive it.
Emitter::Scratch scratchOf(Frame &frame, const ScratchLayout &layout, mlir::Type type);

/// Gives `frame` the scratch memory that the formulas of `function` need, if any.
void allocateScratch(Frame &frame, Workspace &workspace, mlir::func::FuncOp function);

} // namespace keops::loops

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_SCRATCH_H
