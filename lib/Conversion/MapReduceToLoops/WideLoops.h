// The blocks of a piece for all chunks of components: what their formulas share is computed once,
// and the states stay in memory. Sibling: ChunkLoops.
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_WIDELOOPS_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_WIDELOOPS_H

#include "PieceLoops.h"

namespace keops::loops {

/// For soft-max weights of products of long rows this is the form of attention: a panel of
/// products, their weights, and a product of the weights and the values.
class WideLoops : public PieceLoops {
public:
  WideLoops(PieceStates &states, const Tile &tile) : PieceLoops(states, tile) {}

protected:
  Values begin() override;
  Values addBlock(mlir::Value begin, mlir::Value end, mlir::ValueRange carried) override;
  Values flush(mlir::ValueRange carried) override;
  void finish(mlir::ValueRange carried) override {}

private:
  /// Computes the shared formulas of a block.
  void fillTable(SharedTable &table, mlir::Value begin, mlir::Value end);
  /// What each reduction settles for a block, given the states of the first chunk.
  llvm::SmallVector<Reduction::Settled> settle(SharedTable &table, mlir::Value begin,
                                               mlir::Value end);
  void adjustStates(llvm::ArrayRef<Reduction::Settled> settled);
  /// state = body(r, context, state) for each reduction and each chunk.
  using EachState =
      llvm::function_ref<Values(unsigned r, TileContext &context, mlir::ValueRange state)>;
  void forEachState(SharedTable *table, EachState body);
  TileContext contextOf(const Slice &slice, const PieceMemory &memory, mlir::Value chunk,
                        SharedTable *table);
};

} // namespace keops::loops

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_WIDELOOPS_H
