// Small helpers on regions of formulas that several passes share.
#ifndef KEOPS_TRANSFORMS_UTILITIES_H
#define KEOPS_TRANSFORMS_UTILITIES_H

#include "keops/IR/Keops.h"

#include "mlir/IR/IRMapping.h"

namespace keops {

/// Infers the result types of `block` anew, in order: after a rewrite a value may depend on fewer
/// indices than before. Results of map and map_reduce are left alone.
void refreshTypes(mlir::Block &block);
/// refreshTypes for every region of a map or map_reduce within `root`.
void refreshAllTypes(mlir::Operation *root);
/// `value` repeated to dimension `dim` if it is a scalar and `dim` is not 1.
mlir::Value broadcastTo(mlir::OpBuilder &b, mlir::Location loc, mlir::Value value, int64_t dim);
/// Gives a new map or map_reduce its block, with one argument per input.
mlir::Block &addBlock(mlir::Operation *op);
/// Clones the formulas of `from` to where `b` stands, reading `arguments` for the arguments of
/// `from`.
mlir::IRMapping cloneFormulas(mlir::OpBuilder &b, mlir::Block &from, mlir::ValueRange arguments);
/// Erases the operations of `block` whose results nothing reads.
void eraseDeadFormulas(mlir::Block &block);
/// The region argument that stands for `input` in a map or map_reduce; added if there is none yet.
mlir::Value getOrAddInput(mlir::Operation *op, mlir::Value input);
/// Drops inputs of a map or map_reduce whose region argument is not read, and merges repeated ones.
void removeUnusedInputs(mlir::Operation *op);

} // namespace keops

#endif // KEOPS_TRANSFORMS_UTILITIES_H
