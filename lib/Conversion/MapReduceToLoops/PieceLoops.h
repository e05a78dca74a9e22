// The loops over one piece: a tile of kept rows and a part of its terms. What is done in a block is
// up to ChunkLoops and WideLoops; Phases.cpp chooses and runs them.
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_PIECELOOPS_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_PIECELOOPS_H

#include "PieceStates.h"

namespace keops::loops {

/// Four nested loops: intervals, steps of blocks, blocks of terms, terms. All reductions of a
/// map_reduce run in them side by side.
class PieceLoops {
public:
  PieceLoops(PieceStates &states, const Tile &tile);
  virtual ~PieceLoops() = default;
  using Values = llvm::SmallVector<mlir::Value>;
  /// Emits the loops over the terms [begin, end) of the tile, counted through all its intervals,
  /// after which the memory of the piece has the states.
  void run(mlir::Value begin, mlir::Value end);

protected:
  /// What the loops carry of the states before the first term, after the block [begin, end), after
  /// a step, and at the end.
  virtual Values begin() = 0;
  virtual Values addBlock(mlir::Value begin, mlir::Value end, mlir::ValueRange carried) = 0;
  virtual Values flush(mlir::ValueRange carried) = 0;
  virtual void finish(mlir::ValueRange carried) = 0;

  using EachRow = llvm::function_ref<Values(PanelTerms &panel, int64_t number, mlir::Value j,
                                            mlir::ValueRange carried)>;
  /// Carries values through body(panel, number, j, carried) for the terms [begin, end), a panel at
  /// a time, where j is row `number` of the panel.
  Values forEachPanel(mlir::Value begin, mlir::Value end, mlir::Value chunkStart,
                      mlir::ValueRange carried, EachRow body);

  PieceStates &states;
  Traversal &traversal;
  Frame &frame;
  mlir::Location loc;
  const Tile &tile;
  mlir::Operation *outermostLoop = nullptr;

private:
  /// Reduces the rows [begin, end) of the reduced index.
  Values reduceInterval(mlir::Value begin, mlir::Value end, mlir::ValueRange carried);
  Values reduceStep(mlir::Value begin, mlir::Value end, mlir::ValueRange carried);
  Values reduceBlock(mlir::Value begin, mlir::Value end, mlir::ValueRange carried);
  /// i1: whether the run is cancelled, asked after every so many terms; else what it was before.
  mlir::Value askAtTimes(mlir::Value termsDone, mlir::Value stopped);
  Values forPanelsOf(int64_t rows, mlir::Value begin, mlir::Value end, mlir::Value chunkStart,
                     mlir::ValueRange carried, EachRow body);
};

} // namespace keops::loops

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_PIECELOOPS_H
