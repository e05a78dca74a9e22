// One tile of kept rows: where its variables come from, and the memory and loops that reductions
// use in it.
#ifndef KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_TILE_H
#define KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_TILE_H

#include "Scratch.h"

#include "keops/IR/Reduction.h"

#include <array>

namespace keops::loops {

/// The variables of one index and element type side by side: each occupies `dim` of `count`
/// components from its offset on.
struct Columns {
  mlir::Value pack;  ///< kept: memref<?xT> as [member][component / together][row of the tile]
                     ///< [component % together]; reduced: [row][component]
  mlir::Value stage; ///< of the reduced index: memref<?xT> for the rows of a step, or null
  llvm::SmallVector<std::pair<mlir::BlockArgument, int64_t>> offsets;
  int64_t count = 0;
  int64_t length = 0;    ///< of a packed row
  int64_t together = 1;  ///< components of a row that one load takes
  int64_t perMember = 0; ///< elements of a member, for the kept index
  /// Long variables begin where wide loads can.
  void append(mlir::BlockArgument argument) {
    constexpr int64_t widest = 4;
    if (getDim(argument) > Emitter::unrollLimit)
      count = llvm::alignTo(count, widest);
    offsets.push_back({argument, count});
    count += getDim(argument);
  }
  int64_t offsetOf(mlir::BlockArgument argument) const;
};

/// The kinds of memory of a piece: the computing type, 64-bit integers, and f64 where that is
/// wider; and of a member, the computing type for what passes with a block.
enum SlotKind : unsigned { ValueSlot, IndexSlot, WideSlot, PassingSlot };
constexpr unsigned slotKinds = 4;

/// The memory of one piece: by kind, the region of all pieces and this piece's element offset in
/// it.
struct PieceMemory {
  std::array<mlir::Value, slotKinds> regions, bases;
};

/// What is the same for all tiles of one map_reduce.
struct Traversal {
  Traversal(Frame &frame, MapReduceOp op);

  Frame &frame;
  MapReduceOp op;
  ScheduleAttr schedule;
  int64_t rows;        ///< vectors of a tile that are at hand: all, or one of a narrow tile
  mlir::Value rowBase; ///< index: the first row at hand among those of the tile, null for zero
  int64_t chunk; ///< components carried at a time; lists of K best are made one component at a time
  ScratchLayout scratch;
  Columns kept, reduced;                 ///< of the computing type
  Columns keptIndices, reducedIndices;   ///< 64-bit integers
  llvm::SmallVector<mlir::Value> shared; ///< formulas that all chunks read from a table, if wide
  int64_t sharedOffset = 0;              ///< of the table in passing memory, in vectors
  int64_t stages = 1, stageTerms = 0;    ///< how many stand near the members, rows of each
  mlir::Value stageBegin; ///< index: which row stands first there, or would; null while none does

  mlir::Type element();
  mlir::Type elementType(SlotKind kind);
  /// What a member has of all rows of a tile.
  mlir::Type valueType() { return tileType(ValueSlot); }
  mlir::Type indexType() { return tileType(IndexSlot); }
  mlir::Type wideType() { return tileType(WideSlot); }
  mlir::Type tileType(SlotKind kind);
  /// Room near the members for the rows of a step, or of a block where that is too much.
  void allocateStages();
  /// The stages of the reduced rows [begin, end) are those that `body` goes through. All lanes come
  /// here together, and to each of them.
  void throughStages(const Item &item, mlir::Value begin, mlir::Value end, Machine::Body body);
  /// Has the next rows, from `begin` on, near around `body`, if a stage has `terms` of them and
  /// they are not there yet.
  void withStage(mlir::Value begin, int64_t terms, Machine::Body body);
  /// The columns of an argument placed on i or j.
  Columns &columnsOf(mlir::BlockArgument argument);
  /// Where a tile that begins at `offset` of some memory, rows `stride` elements apart, has the
  /// first row at hand.
  mlir::Value addRowBase(mlir::Value offset, int64_t stride = 1) {
    return rowBase ? frame.add(offset, frame.mul(rowBase, frame.index(stride))) : offset;
  }
  /// Where a kept row of a tile has a component, counted from that of the first row.
  mlir::Value componentOffset(const Columns &columns, mlir::Value component);
  /// Where the vector `position` (index) of an array begins, which itself begins with vector
  /// `first` of its kind.
  mlir::Value vectorAt(const PieceMemory &memory, SlotKind kind, int64_t first,
                       mlir::Value position);
  int64_t tileRows() const { return schedule.getRows() * schedule.getLanes(); }
  int64_t stepTerms() const { return schedule.getBlock() * schedule.getBlocks(); }
  mlir::Value reducedSize() { return frame.size(op.getOver()); }
  const WorkTable &work() { return frame.work(op.getKept()); }

private:
  bool hasStages() { return reduced.stage || reducedIndices.stage; }
  /// Where in the stages the row `begin` stands, with which one begins.
  mlir::Value placeOfStage(mlir::Value begin);
  void fillStage(mlir::Value begin);

  /// What goes through the stages.
  struct {
    mlir::Value rowsBefore, begin, end; ///< index: of earlier items; of this one
  } passing;
};

/// Kept rows of one item that are reduced together: all are of one block of the work table.
struct Tile {
  Item item;
  mlir::Value slot;           ///< index: its number among the tiles of the items at hand
  mlir::Value piece;          ///< index: its part of the reduced index, among those of all tiles
  mlir::Value part;           ///< index: the same among those of the tile
  mlir::Value firstRow, rows; ///< index: of the item, and how many of the tile are rows
  mlir::Value firstInterval, lastInterval, terms; ///< index: what the rows are reduced over
  RowTable parameters;                            ///< region arguments placed on p
};

/// A reduction of the traversal with its place among the yielded formulas and in the memory of a
/// piece.
struct Slice {
  std::unique_ptr<Reduction> reduction;
  unsigned firstFormula;
  unsigned stateBegin, stateSize;
  llvm::SmallVector<int64_t> scratchOffsets; ///< per scratch array, in vectors of its kind
  llvm::SmallVector<SlotKind> scratchKinds;
};

/// The shared formulas of a traversal at the pairs of one block, in the memory of a member.
class SharedTable {
public:
  SharedTable(Traversal &traversal, const PieceMemory &memory, mlir::Value blockBegin)
      : traversal(traversal), memory(memory), blockBegin(blockBegin) {}
  /// Shared formula number `s` at reduced row `j` (type index) of the block.
  mlir::Value load(unsigned s, mlir::Value j);
  void store(mlir::Value value, unsigned s, mlir::Value j);

private:
  mlir::Value address(unsigned s, mlir::Value j);

  Traversal &traversal;
  PieceMemory memory;
  mlir::Value blockBegin;
};

/// The formulas of a traversal at a panel of reduced rows: computed as one value for all of them.
/// They are emitted where the first of them is asked for.
class PanelTerms {
public:
  /// `rows`: as in ReductionContext::termsAt; `before`: an operation in front of which
  /// loop-invariant reads are placed, or null.
  PanelTerms(Traversal &traversal, const Tile &tile, mlir::Value chunkStart,
             llvm::SmallVector<mlir::Value> rows, mlir::Operation *before);
  PanelTerms(const PanelTerms &) = delete;
  /// Component `c` of the chunk of a yielded formula, at the row with this number.
  mlir::Value get(unsigned formula, unsigned c, int64_t number);
  /// Shared formula number `s` at the row with this number.
  mlir::Value getShared(unsigned s, int64_t number);
  /// Takes shared formulas from there; the panel has one row.
  void readShared(SharedTable &table);

private:
  using OfRow = llvm::function_ref<mlir::Value(mlir::Value row)>;
  mlir::Type panelType(SlotKind kind);
  /// The values that `read` gives for each row; the one of all rows.
  mlir::Value forEachRow(SlotKind kind, OfRow read);
  mlir::Value forAllRows(SlotKind kind, mlir::Value value);
  mlir::Value component(mlir::Value formula, unsigned c);
  mlir::Value atRow(mlir::Value whole, int64_t number);
  mlir::Value leaf(mlir::BlockArgument argument, mlir::OpFoldResult k);
  mlir::Value readInvariant(mlir::OpFoldResult k, llvm::function_ref<mlir::Value()> read);
  mlir::Value readReduced(const Columns &columns, mlir::Value row, int64_t offset, SlotKind kind,
                          mlir::OpFoldResult k);
  /// Component `component` of the packed row that is the same for all lanes.
  mlir::Value readForAllLanes(const Columns &columns, mlir::Value row, mlir::Value component);
  /// Over how many rows of `over` the row of the other index is reduced.
  mlir::Value termCount(Placement over);
  mlir::Value termCountAt(mlir::Value row);
  /// The rows of the pairs on `index`, as 64-bit integers by lane.
  mlir::Value position(Placement index);

  Traversal &traversal;
  const Tile &tile;
  mlir::Value chunkStart;
  llvm::SmallVector<mlir::Value> rows;
  mlir::Operation *before;
  Emitter emitter;
  llvm::DenseMap<std::pair<unsigned, unsigned>, mlir::Value> known;
};

/// The formulas of one reduction, from its first one on, at one row of a panel.
class SliceTerms : public Terms {
public:
  SliceTerms(PanelTerms &panel, unsigned firstFormula, int64_t number)
      : panel(panel), firstFormula(firstFormula), number(number) {}
  mlir::Value get(unsigned f, unsigned c) override {
    return panel.get(firstFormula + f, c, number);
  }

private:
  PanelTerms &panel;
  unsigned firstFormula;
  int64_t number;
};

/// The view that a reduction has of its tile.
class TileContext : public ReductionContext {
public:
  TileContext(Traversal &traversal, const Slice &slice, PieceMemory own, const Tile &tile,
              mlir::Value chunkStart)
      : traversal(traversal), slice(slice), own(own), other(own), tile(tile),
        chunkStart(chunkStart) {}

  mlir::OpBuilder &builder() override { return traversal.frame.b; }
  mlir::Type valueType() override { return traversal.valueType(); }
  mlir::Type indexType() override { return traversal.indexType(); }
  mlir::Type wideType() override { return traversal.wideType(); }
  mlir::Value load(mlir::Location loc, unsigned array, mlir::Value position, Piece piece) override;
  void store(mlir::Location loc, mlir::Value value, unsigned array, mlir::Value position) override;
  std::unique_ptr<Terms> termsAt(mlir::Value j) override;
  mlir::Value size() override { return tile.terms; }
  int64_t blockSize() override { return traversal.schedule.getBlock(); }
  Precision precision() override { return traversal.op.getPrecision(); }
  SumsAttr sums() override { return traversal.op.getSumsAttr(); }

  void setOther(PieceMemory memory) { other = memory; }
  /// Reads that do not depend on the reduced index go in front of `loop`.
  void setOutermostLoop(mlir::Operation *loop) { before = loop; }
  /// Terms read shared formulas from there.
  void setTable(SharedTable *shared) { table = shared; }

private:
  class OwnTerms;
  mlir::Value address(const PieceMemory &memory, unsigned array, mlir::Value position);

  Traversal &traversal;
  const Slice &slice;
  PieceMemory own, other;
  const Tile &tile;
  mlir::Value chunkStart;
  mlir::Operation *before = nullptr;
  SharedTable *table = nullptr;
};

} // namespace keops::loops

#endif // KEOPS_LIB_CONVERSION_MAPREDUCETOLOOPS_TILE_H
