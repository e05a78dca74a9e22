// The blocks of a piece for one chunk of components, whose state is carried in registers. Sibling:
// WideLoops.
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_CHUNKLOOPS_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_CHUNKLOOPS_H

#include "PieceLoops.h"

namespace keops::loops {

/// What the loops carry is the concatenation of the states of all reductions.
class ChunkLoops : public PieceLoops {
public:
  ChunkLoops(PieceStates &states, const Tile &tile, mlir::Value chunk);

protected:
  Values begin() override;
  Values addBlock(mlir::Value begin, mlir::Value end, mlir::ValueRange carried) override;
  Values flush(mlir::ValueRange carried) override;
  void finish(mlir::ValueRange carried) override;

private:
  /// One list of values per reduction.
  using Summaries = llvm::SmallVector<Values>;
  Summaries summarise(mlir::Value begin, mlir::Value end);
  /// Adds the term at `j`, which is row `number` of the panel and the `slot`-th of its block.
  void addTerm(PanelTerms &panel, int64_t number, mlir::Value j, mlir::Value slot,
               Summaries &summaries);

  mlir::Value chunkStart;
  PieceMemory memory;
  llvm::SmallVector<TileContext> contexts;
};

} // namespace keops::loops

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_CHUNKLOOPS_H
