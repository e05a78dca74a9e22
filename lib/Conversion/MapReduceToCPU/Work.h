// Reads of the work table of a run (include/keops-c/program.h) and of the tiles of its blocks.
// Consumers: the phases of a map_reduce (Phases.cpp, Pack.cpp) and maps over rows
// (MapReduceToCPU.cpp).
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOCPU_WORK_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOCPU_WORK_H

#include "Storage.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace keops::cpu {

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

/// Inside a parallel region: body(item, begin, end) for parts of at most `most` of `size` rows of
/// each item at hand.
void forEachRowTask(
    Frame &frame, mlir::Value size, int64_t most, mlir::Value counters, int64_t counter,
    llvm::function_ref<void(const Item &item, mlir::Value begin, mlir::Value end)> body);

} // namespace keops::cpu

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOCPU_WORK_H
