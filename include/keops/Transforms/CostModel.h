// What a map_reduce costs, how much code it becomes, and which register tile suits it.
// ChooseSchedule, the conversion to loops and the program's manifest read it.
#ifndef KEOPS_TRANSFORMS_COSTMODEL_H
#define KEOPS_TRANSFORMS_COSTMODEL_H

#include "keops/IR/Keops.h"

namespace keops {

/// Scalar operations per pair (i, j), a function call such as exp counting as several.
int64_t estimateCost(MapReduceOp op);

/// The registers of the target.
struct RegisterModel {
  int64_t lanes32;   ///< 32-bit lanes of one register; on a GPU the threads of a block
  int64_t registers; ///< how many there are; on a GPU those that a thread may keep in the loop
  int64_t mostRows;
  int64_t mostChunk;
  int64_t mostSums = 0; ///< of all rows of a tile, where results are summed up chunk by chunk
  int64_t split;        ///< pieces that all members of a team together have use for
  bool lanesAreThreads = false;
  /// Where rows are long, for the numbers of a panel of pairs and their state; none: no panels.
  int64_t panelRegisters = 0;
  int64_t mostPanelRows = 1, mostPanel = 1, mostPanelChunk = 1;
};
/// Of a CPU: 32 registers with AVX-512 (16 lanes), 16 otherwise.
RegisterModel getRegisterModel(int64_t lanes32);
/// Of a GPU.
RegisterModel getThreadModel();

/// How many vector registers one row of `op` keeps alive in the loop over the reduced index.
int64_t estimateLiveVectors(MapReduceOp op, int64_t chunk);
/// How many 32-bit registers a thread of a GPU needs in that loop, under the schedule of `op`.
int64_t estimateThreadRegisters(MapReduceOp op);
/// Instructions that one row of the formulas in `block` becomes, written in place.
int64_t estimateCode(mlir::Block &block);
/// Whether the formulas of a block become so much code that functions are called instead.
bool isLarge(mlir::Block &block);
/// Whether calling `op` is shorter than writing it in place.
bool isWorthCalling(mlir::Operation *op);

/// Formulas of pairs and of dimension 1 from which the yielded ones are made: all chunks of
/// components need them.
llvm::SmallVector<mlir::Value> findSharedFormulas(MapReduceOp op);
/// Whether results have more components than `chunk`, and these share formulas: then all chunks are
/// reduced within each block of terms, and not one after another.
bool runsThroughChunks(MapReduceOp op, int64_t chunk, int64_t block);

/// The schedule that the model prefers.
ScheduleAttr chooseSchedule(MapReduceOp op, const RegisterModel &model);

} // namespace keops

#endif // KEOPS_TRANSFORMS_COSTMODEL_H
