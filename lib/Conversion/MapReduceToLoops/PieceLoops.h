// The loops over one piece: a tile of kept rows and a part of its terms. Phases.cpp runs
// them.
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_PIECELOOPS_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_PIECELOOPS_H

#include "Tile.h"

namespace keops::loops {

/// Four nested loops: intervals, steps of blocks, blocks of terms, terms. All reductions of a
/// map_reduce run in them side by side; the carried state is the concatenation of theirs.
class PieceLoops {
public:
  PieceLoops(Traversal &traversal, llvm::ArrayRef<Slice> slices, PieceMemory memory,
             const Tile &tile, mlir::Value chunkStart);
  using Values = llvm::SmallVector<mlir::Value>;
  /// Emits the loops over the terms [begin, end) of the tile, counted through all its intervals,
  /// and returns the state after them.
  Values reduce(mlir::Value begin, mlir::Value end);

private:
  /// Reduces the rows [begin, end) of the reduced index.
  Values reduceInterval(mlir::Value begin, mlir::Value end, mlir::ValueRange state);
  Values reduceStep(mlir::Value begin, mlir::Value end, mlir::ValueRange state);
  Values reduceBlock(mlir::Value begin, mlir::Value end, mlir::ValueRange state);
  /// i1: whether the run is cancelled, asked after every so many terms; else what it was before.
  mlir::Value askAtTimes(mlir::Value termsDone, mlir::Value stopped);
  /// One list of values per reduction.
  using Summaries = llvm::SmallVector<Values>;
  Summaries summarise(mlir::Value begin, mlir::Value end);
  /// Adds the terms [begin, end), a panel at a time, of the block that begins at `blockBegin`.
  void addPanels(mlir::Value blockBegin, mlir::Value begin, mlir::Value end, int64_t panel,
                 Summaries &summaries);
  /// Adds the term at `j`, which is row `number` of the panel and the `slot`-th of its block.
  void addTerm(PanelTerms &panel, int64_t number, mlir::Value j, mlir::Value slot,
               Summaries &summaries);
  Values initialState();
  /// body(r, state of reduction r) for each reduction, concatenated.
  Values forEachState(mlir::ValueRange state,
                      llvm::function_ref<Values(unsigned r, mlir::ValueRange own)> body);

  Traversal &traversal;
  Frame &frame;
  mlir::Location loc;
  llvm::ArrayRef<Slice> slices;
  const Tile &tile;
  mlir::Value chunkStart;
  mlir::Operation *outermostLoop = nullptr;
  llvm::SmallVector<TileContext> contexts;
};

} // namespace keops::loops

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_PIECELOOPS_H
