// The two phases of one map_reduce: pack the reduced rows; then, piece by piece, pack
// the rows of the tile, reduce, and finish the tile if that was its last piece.
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_PHASES_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_PHASES_H

#include "PieceStates.h"

namespace keops::loops {

/// Evaluates the region of `map` at one row and hands component k of result r to `store`.
void evaluateMap(
    Frame &frame, MapOp map, const RowTable &rows, mlir::Value row,
    llvm::function_ref<void(unsigned r, mlir::OpFoldResult k, mlir::Value value)> store);

/// The rows of one item that `op` reads, and those that maps among its inputs read.
RowTable rowsOf(Frame &frame, const RowTable &rows, mlir::Operation *op, const Item &item);

/// Lowers one map_reduce whose inputs are in `rows` (or results of maps, which are evaluated while
/// packing) and whose results go to `outputs`.
class MapReduceLowering {
public:
  MapReduceLowering(Frame &frame, Workspace &workspace, MapReduceOp op, const RowTable &rows,
                    llvm::ArrayRef<Rows> outputs);
  void run();

private:
  enum Phase : int64_t { PackReduced, ReducePieces, PhaseCount };

  void planColumns();
  void allocate(Workspace &workspace);
  void countTiles();
  void planTiles();
  void planSplit();
  int64_t leastPieceTerms() { return traversal.stepTerms() * frame.machine.leastSteps(); }
  /// The tile of this piece.
  Tile tileOf(mlir::Value piece);

  void packReduced();
  void packKept(const Tile &tile);
  void packRow(const Columns &columns, const RowTable &own, mlir::Value row,
               llvm::function_ref<void(mlir::Value component, mlir::Value value)> store);
  void reducePieces();
  /// i1: whether the tile is reduced one vector of rows at a time.
  mlir::Value isNarrow(const Tile &tile);
  /// Rows of a tile that are computed, with those that stand for none.
  mlir::Value countRowsAtHand(const Tile &tile);
  /// body(tile), or for each vector of rows of a narrow tile.
  void forRowsAtHand(const Tile &tile, llvm::function_ref<void(const Tile &)> body);
  void forEachVector(const Tile &tile, llvm::function_ref<void(const Tile &)> body);
  void reducePiece(const Tile &tile);
  void finishTile(const Tile &tile);
  void finishChunk(const Tile &tile, mlir::Value chunk);
  void finishSlice(const Slice &slice, unsigned firstResult, const Tile &tile, mlir::Value chunk);
  mlir::Value componentOf(const ResultInfo &result, unsigned slice, mlir::Value position,
                          Reduction::Origin origin, mlir::Value chunk);
  void scatter(mlir::Value vector, const Rows &output, const Tile &tile, mlir::Value component,
               PieceMemory memory);

  Frame &frame;
  MapReduceOp op;
  const RowTable &rows;
  llvm::ArrayRef<Rows> outputs;
  Traversal traversal;

  PieceStates states;
  mlir::Value counters;           ///< memref<?xi64>, one element per phase
  mlir::Value tilesBefore;        ///< memref<?xi64>, by block of the work table
  mlir::Value piecesDone;         ///< memref<?xi64>, by tile
  mlir::Value tiles, allTiles;    ///< index: of an item, of all items at hand
  mlir::Value split, pieceLength; ///< index
};

} // namespace keops::loops

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_PHASES_H
