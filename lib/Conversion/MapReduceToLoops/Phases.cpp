// Plans the memory of a map_reduce, reduces its pieces and finishes its tiles. Packing stands in
// Pack.cpp.
#include "Phases.h"

#include "ChunkLoops.h"
#include "WideLoops.h"
#include "Work.h"

#include "keops/Transforms/CostModel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace keops;
using namespace keops::loops;

//===-- Plan --------------------------------------------------------------------------------===//

MapReduceLowering::MapReduceLowering(Frame &frame, Workspace &workspace, MapReduceOp op,
                                     const RowTable &rows, ArrayRef<Rows> outputs)
    : frame(frame), op(op), rows(rows), outputs(outputs), traversal(frame, op), states(traversal) {
  planColumns();
  allocate(workspace);
}

void MapReduceLowering::planColumns() {
  for (BlockArgument argument : op.getBlock().getArguments()) {
    if (argument.use_empty())
      continue;
    if (getValueType(argument).getPlacement() != Placement::P)
      traversal.columnsOf(argument).append(argument);
  }
}

void MapReduceLowering::allocate(Workspace &workspace) {
  int64_t tileRows = traversal.tileRows();
  Type integer = frame.b.getI64Type();
  auto allocateColumns = [&](Columns &columns, Type element, bool isReduced) {
    int64_t elementBytes = element.getIntOrFloatBitWidth() / 8;
    columns.together = frame.machine.componentsOfLoad(element, columns.count);
    columns.length = llvm::alignTo(columns.count, columns.together);
    int64_t bytes = columns.length * elementBytes;
    LinearSize size = isReduced ? LinearSize::ofRows(op.getOver(), bytes)
                                : LinearSize::ofMembers(bytes * tileRows);
    columns.pack = workspace.allocate(element, size);
    columns.perMember = size.perMember / elementBytes;
  };
  allocateColumns(traversal.reduced, traversal.element(), true);
  allocateColumns(traversal.kept, traversal.element(), false);
  if (traversal.reducedIndices.count)
    allocateColumns(traversal.reducedIndices, integer, true);
  if (traversal.keptIndices.count)
    allocateColumns(traversal.keptIndices, integer, false);
  states.allocate(workspace, leastPieceTerms());
  // One more element is the number of all tiles of an item.
  LinearSize perBlock = LinearSize::ofBlocks(op.getKept(), 8);
  perBlock.constant += 8;
  tilesBefore = workspace.allocate(integer, perBlock);
  piecesDone =
      workspace.allocate(integer, LinearSize::ofRows(op.getKept(), llvm::divideCeil(8, tileRows)) +
                                      LinearSize::ofBlocks(op.getKept(), 8));
  counters = allocateCounters(frame, workspace, PhaseCount);
}

//===-- Pieces ------------------------------------------------------------------------------===//

/// Blocks are cut into tiles one after another.
void MapReduceLowering::countTiles() {
  const WorkTable &work = traversal.work();
  Value all =
      sequentialFor(frame, frame.index(0), work.blockCount, 1, frame.index(0),
                    [&](Value block, ValueRange before) -> SmallVector<Value> {
                      frame.storeIndex(before.front(), tilesBefore, block);
                      Value rows = frame.sub(blockField(frame, work, block, BlockEnd),
                                             blockField(frame, work, block, BlockBegin));
                      return {frame.add(before.front(), frame.ceilDiv(rows, traversal.tileRows()))};
                    })
          .front();
  frame.storeIndex(all, tilesBefore, work.blockCount);
}

void MapReduceLowering::planTiles() {
  // Each block has at most one tile that is not full.
  Value fullTiles = frame.div(frame.size(op.getKept()), frame.index(traversal.tileRows()));
  Value mostTiles = frame.add(fullTiles, traversal.work().blockCount);
  // Packing needs nothing of this.
  frame.machine.onceBesideRows(frame, [&] {
    frame.machine.inSequence(frame, [&] { countTiles(); });
    frame.machine.forAll(frame, frame.mul(frame.itemsAtHand, mostTiles),
                         [&](Value slot) { frame.storeIndex(frame.index(0), piecesDone, slot); });
  });
  tiles = frame.loadIndex(tilesBefore, traversal.work().blockCount);
  allTiles = frame.mul(frame.itemsAtHand, tiles);
}

Tile MapReduceLowering::tileOf(Value piece) {
  const WorkTable &work = traversal.work();
  auto [slot, part] = frame.machine.divide(frame, piece, split);
  auto [atHand, number] = frame.machine.divide(frame, slot, tiles);
  Item item = frame.item(atHand);
  Value block = findBlock(frame, tilesBefore, work.blockCount, number);
  Value begin = blockField(frame, work, block, BlockBegin);
  Value before = frame.sub(number, frame.loadIndex(tilesBefore, block));
  Value first = frame.add(begin, frame.mul(before, frame.index(traversal.tileRows())));
  Value left = frame.sub(blockField(frame, work, block, BlockEnd), first);
  Tile tile{item,
            slot,
            piece,
            part,
            first,
            frame.min(left, frame.index(traversal.tileRows())),
            blockField(frame, work, block, BlockFirstInterval),
            blockField(frame, work, block, BlockLastInterval),
            blockField(frame, work, block, BlockTerms),
            RowTable()};
  for (BlockArgument argument : op.getBlock().getArguments())
    if (!argument.use_empty() && getValueType(argument).getPlacement() == Placement::P)
      tile.parameters[argument] =
          rows.lookup(op.getInputs()[argument.getArgNumber()]).of(frame, item);
  return tile;
}

/// Few tiles are cut along the reduced index. The cut depends on the sizes and the work of one item
/// only, so results depend neither on threads nor on the other items.
void MapReduceLowering::planSplit() {
  int64_t step = traversal.stepTerms();
  Value one = frame.index(1), most = frame.index(states.mostPieces());
  Value wanted = frame.machine.divide(frame, most, frame.max(tiles, one)).first;
  Value terms = traversal.work().mostTerms;
  Value useful = countUsefulPieces(frame, terms, leastPieceTerms());
  split = frame.max(frame.min(wanted, useful), one);
  Value steps = frame.add(frame.ceilDiv(terms, step), frame.sub(split, one));
  pieceLength = frame.mul(frame.machine.divide(frame, steps, split).first, frame.index(step));
}

void MapReduceLowering::run() {
  llvm::SaveAndRestore lanes(frame.lanes, traversal.schedule.getLanes());
  llvm::SaveAndRestore live(frame.liveValues, estimateThreadRegisters(op));
  planTiles();
  planSplit();
  frame.machine.region(frame, counters, PhaseCount, [&] {
    packReduced();
    reducePieces();
  });
}

/// Whoever reduces the last piece of a tile finishes it. Pieces are merged in their order whoever
/// that is.
void MapReduceLowering::reducePieces() {
  auto reduce = [&](Value piece) {
    traversal.allocateStages();
    Tile tile = tileOf(piece);
    packKept(tile);
    forRowsAtHand(tile, [&](const Tile &part) { reducePiece(part); });
    Value others = frame.sub(split, frame.index(1));
    onlyIf(frame, frame.machine.comesLast(frame, piecesDone, tile.slot, others),
           [&] { forRowsAtHand(tile, [&](const Tile &part) { finishTile(part); }); });
  };
  frame.machine.forEachTask(frame, frame.mul(allTiles, split), counters, ReducePieces,
                            [&](Value piece) { unlessStopped(frame, [&] { reduce(piece); }); });
}

Value MapReduceLowering::isNarrow(const Tile &tile) {
  ScheduleAttr schedule = traversal.schedule;
  if (!schedule.getNarrow() || schedule.getRows() == 1)
    return {};
  Value half = frame.index(schedule.getRows() / 2 * schedule.getLanes());
  return arith::CmpIOp::create(frame.b, frame.loc, arith::CmpIPredicate::sle, tile.rows, half);
}

Value MapReduceLowering::countRowsAtHand(const Tile &tile) {
  Value all = frame.index(traversal.tileRows()), narrow = isNarrow(tile);
  if (!narrow)
    return all;
  Value lanes = frame.index(traversal.schedule.getLanes());
  Value own = frame.mul(frame.ceilDiv(tile.rows, traversal.schedule.getLanes()), lanes);
  return arith::SelectOp::create(frame.b, frame.loc, narrow, own, all);
}

void MapReduceLowering::forRowsAtHand(const Tile &tile, function_ref<void(const Tile &)> body) {
  Value narrow = isNarrow(tile);
  if (!narrow)
    return body(tile);
  auto branch = scf::IfOp::create(frame.b, frame.loc, narrow, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(frame.b);
  frame.b.setInsertionPointToStart(branch.thenBlock());
  forEachVector(tile, body);
  frame.b.setInsertionPointToStart(branch.elseBlock());
  body(tile);
}

void MapReduceLowering::forEachVector(const Tile &tile, function_ref<void(const Tile &)> body) {
  Value zero = frame.index(0), lanes = frame.index(traversal.schedule.getLanes());
  llvm::SaveAndRestore one(traversal.rows, int64_t(1));
  llvm::SaveAndRestore outside(traversal.rowBase);
  sequentialFor(frame, zero, tile.rows, traversal.schedule.getLanes(), {},
                [&](Value base, ValueRange) -> SmallVector<Value> {
                  traversal.rowBase = base;
                  Tile part = tile;
                  part.firstRow = frame.add(tile.firstRow, base);
                  part.rows = frame.min(frame.sub(tile.rows, base), lanes);
                  body(part);
                  return {};
                });
}

void MapReduceLowering::reducePiece(const Tile &tile) {
  Value begin = frame.mul(tile.part, pieceLength);
  Value end = frame.min(frame.add(begin, pieceLength), tile.terms);
  if (!traversal.shared.empty())
    return WideLoops(states, tile).run(begin, end);
  states.forEachChunk([&](Value chunk) { ChunkLoops(states, tile, chunk).run(begin, end); });
}

//===-- Tiles -------------------------------------------------------------------------------===//

void MapReduceLowering::finishTile(const Tile &tile) {
  states.forEachChunk([&](Value chunk) { finishChunk(tile, chunk); });
}

void MapReduceLowering::finishChunk(const Tile &tile, Value chunk) {
  unsigned firstResult = 0;
  for (auto [slice, attr] : llvm::zip(states.slices(), op.getReduceAttrs())) {
    finishSlice(slice, firstResult, tile, chunk);
    firstResult += getReductionInfo(attr.getKind()).results.size();
  }
}

void MapReduceLowering::finishSlice(const Slice &slice, unsigned firstResult, const Tile &tile,
                                    Value chunk) {
  Location loc = op.getLoc();
  Value firstPiece = frame.mul(tile.slot, split);
  PieceMemory own = states.memoryOf(firstPiece, chunk);
  TileContext context(traversal, slice, own, tile, states.chunkStartOf(chunk));
  SmallVector<Value> state = sequentialFor(
      frame, frame.index(1), split, 1, states.load(slice, own), [&](Value s, ValueRange merged) {
        PieceMemory other = states.memoryOf(frame.add(firstPiece, s), chunk);
        context.setOther(other);
        return slice.reduction->merge(context, loc, merged, states.load(slice, other));
      });
  unsigned number = &slice - states.slices().data();
  const ReductionInfo &info = getReductionInfo(op.getReduceAttrs()[number].getKind());
  slice.reduction->finish(
      context, loc, state,
      [&](unsigned result, Value position, Value value, Reduction::Origin origin) {
        Value component = componentOf(info.results[result], number, position, origin, chunk);
        scatter(value, outputs[firstResult + result].of(frame, tile.item), tile, component, own);
      });
}

/// The component of an output at `position` of a chunk. The last chunk may be short: its surplus
/// repeats the last component.
Value MapReduceLowering::componentOf(const ResultInfo &result, unsigned slice, Value position,
                                     Reduction::Origin origin, Value chunk) {
  SmallVector<Value> formulas = op.getFormulas(slice);
  int64_t dim = getReducedDim(TypeRange(ValueRange(formulas)));
  bool lists = result.shape == "KD", shared = origin == Reduction::Origin::Result;
  Value component = lists ? frame.mul(position, frame.index(dim)) : position;
  Value start = states.chunkStartOf(chunk);
  if (!start || shared)
    return component;
  int64_t last = result.shape == "1+G" ? dim : dim - 1;
  return frame.min(frame.add(component, start),
                   lists ? frame.add(component, frame.index(last)) : frame.index(last));
}

/// Writes the lanes that are rows of the output; the vector passes through the last vector of the
/// piece's memory.
void MapReduceLowering::scatter(Value vector, const Rows &output, const Tile &tile, Value component,
                                PieceMemory memory) {
  SlotKind kind = PieceStates::kindOf(traversal, vector.getType());
  Value base = states.outputOffset(kind, memory);
  frame.machine.scatter(frame, vector, tile.rows, memory.regions[kind], base,
                        [&](Value row, Value element) {
                          output.store(frame, element, frame.add(tile.firstRow, row), component);
                        });
}
