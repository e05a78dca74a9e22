// The reductions of one map_reduce and the memory of their states: planned once, then read and
// written by Phases.cpp and by the loops over pieces (ChunkLoops, WideLoops).
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_PIECESTATES_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_PIECESTATES_H

#include "Tile.h"

namespace keops::loops {

/// Of each piece there are the states of all chunks, one after another.
class PieceStates {
public:
  using Values = llvm::SmallVector<mlir::Value>;

  explicit PieceStates(Traversal &traversal);
  PieceStates(const PieceStates &) = delete;
  void allocate(Workspace &workspace, int64_t leastPieceTerms);

  Traversal &traversal() { return tiles; }
  llvm::ArrayRef<Slice> slices() const { return allSlices; }
  const Slice &slice(unsigned reduction) const { return allSlices[reduction]; }
  static SlotKind kindOf(Traversal &traversal, mlir::Type type);
  /// Pieces of all tiles together, where tiles are cut.
  int64_t mostPieces() const;

  /// body(chunk), with null for the only one.
  void forEachChunk(llvm::function_ref<void(mlir::Value chunk)> body);
  /// The first component of a chunk, null for the only one.
  mlir::Value chunkStartOf(mlir::Value chunk);
  PieceMemory memoryOf(mlir::Value piece, mlir::Value chunk);
  Values load(const Slice &slice, const PieceMemory &memory);
  /// The states of all reductions, one after another, where they are not those that `loaded` are.
  void store(mlir::ValueRange states, const PieceMemory &memory, mlir::ValueRange loaded = {});
  /// body(r, state of reduction r) for each reduction, concatenated.
  Values forEachState(mlir::ValueRange states,
                      llvm::function_ref<Values(unsigned r, mlir::ValueRange own)> body);
  /// Where outputs of a kind pass through, as an offset into its region.
  mlir::Value outputOffset(SlotKind kind, const PieceMemory &memory);

private:
  void planSlices();
  void planScratch(Slice &slice);
  void planState(Slice &slice);
  int64_t bytesOf(unsigned kind) const;
  mlir::Value stateOffset(const PieceMemory &memory, unsigned slot);

  Traversal &tiles;
  Frame &frame;
  llvm::SmallVector<Slice> allSlices;
  llvm::SmallVector<SlotKind> stateKinds;   ///< per state slot
  llvm::SmallVector<int64_t> stateOffsets;  ///< per state slot, in vectors of its kind
  std::array<int64_t, slotKinds> vectors{}; ///< of a piece and chunk by kind; passing ones of a
                                            ///< member
  int64_t chunks = 1;
  std::array<mlir::Value, slotKinds> regions; ///< memref<?xT> by kind
  int64_t passingPerMember = 0;               ///< elements
};

} // namespace keops::loops

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_PIECESTATES_H
