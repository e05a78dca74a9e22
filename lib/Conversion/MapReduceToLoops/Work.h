// Reads of the work table of a run (include/keops-c/program.h) and of the tiles of its blocks.
// Consumers: the phases of a map_reduce (Phases.cpp, Pack.cpp) and maps over rows
// (FunctionLowering.cpp).
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_WORK_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_WORK_H

#include "Storage.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace keops::loops {

/// The fields of keops_block, in its order.
enum BlockField : int64_t {
  BlockBegin,
  BlockEnd,
  BlockFirstInterval,
  BlockLastInterval,
  BlockTerms,
  BlockFieldCount
};
mlir::Value blockField(Frame &frame, const WorkTable &work, mlir::Value block, BlockField field);

/// Tables that say how many terms each row has, where a formula of `function` asks for it.
void countTerms(Frame &frame, Workspace &workspace, mlir::func::FuncOp function);
/// The number of terms as a number of type `type`; `terms` are 64-bit integers in its shape.
mlir::Value toNumber(Frame &frame, mlir::Value terms, mlir::Type type);

/// The last of `count` blocks with at most `tile` tiles before it, by bisection of a memref<?xi64>.
mlir::Value findBlock(Frame &frame, mlir::Value tilesBefore, mlir::Value count, mlir::Value tile);

} // namespace keops::loops

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_WORK_H
