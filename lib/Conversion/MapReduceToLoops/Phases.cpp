// Plans the memory of a map_reduce, reduces its pieces and finishes its tiles. Packing stands in
// Pack.cpp.
#include "Phases.h"

#include "PieceLoops.h"
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
    : frame(frame), op(op), rows(rows), outputs(outputs), traversal(frame, op) {
  planColumns();
  planPieces();
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

static SlotKind kindOf(Traversal &traversal, Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isInteger() ? IndexSlot : element == traversal.element() ? ValueSlot : WideSlot;
}

/// State types tell the kinds of its slots; they are found by emitting the initial state into a
/// detached block.
static SmallVector<SlotKind> findStateKinds(Traversal &traversal, Slice &slice) {
  Block detached;
  OpBuilder::InsertionGuard guard(traversal.frame.b);
  traversal.frame.b.setInsertionPointToStart(&detached);
  Value zero = traversal.frame.index(0);
  PieceMemory memory;
  for (unsigned kind = 0; kind < slotKinds; ++kind) {
    Type element = traversal.elementType(SlotKind(kind));
    auto probe = MemRefType::get({ShapedType::kDynamic}, element);
    memory.regions[kind] =
        memref::AllocaOp::create(traversal.frame.b, traversal.frame.loc, probe, ValueRange{zero});
    memory.bases[kind] = zero;
  }
  Tile tile{{zero, zero}, zero, zero, zero, zero, zero, zero, zero, zero, RowTable()};
  TileContext context(traversal, slice, memory, tile, {});
  SmallVector<SlotKind> kinds;
  for (Value value : slice.reduction->init(context, traversal.op.getLoc()))
    kinds.push_back(kindOf(traversal, value.getType()));
  return kinds;
}

void MapReduceLowering::planPieces() {
  unsigned formula = 0;
  for (auto [r, attr] : llvm::enumerate(op.getReduceAttrs())) {
    SmallVector<Value> formulas = op.getFormulas(r);
    TypeRange types = TypeRange(ValueRange(formulas));
    int64_t dim = getReducedDim(types), width = std::min<int64_t>(dim, traversal.chunk);
    chunks = std::max(chunks, (dim + width - 1) / width);
    Slice slice{Reduction::create(attr, width, types), formula, 0, 0, {}, {}};
    for (ScratchArray array : slice.reduction->scratch(traversal.schedule.getBlock())) {
      SlotKind kind = array.index ? IndexSlot : ValueSlot;
      slice.scratchOffsets.push_back(vectors[kind]);
      slice.scratchKinds.push_back(kind);
      vectors[kind] += array.count;
    }
    slice.stateBegin = stateKinds.size();
    for (SlotKind kind : findStateKinds(traversal, slice)) {
      stateKinds.push_back(kind);
      stateOffsets.push_back(vectors[kind]++);
    }
    slice.stateSize = stateKinds.size() - slice.stateBegin;
    slices.push_back(std::move(slice));
    formula += formulas.size();
  }
  // Outputs leave through one vector of each of their kinds.
  ++vectors[ValueSlot], ++vectors[IndexSlot];
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
  for (unsigned kind = 0; kind < slotKinds; ++kind) {
    Type element = traversal.elementType(SlotKind(kind));
    int64_t rowBytes = vectors[kind] * element.getIntOrFloatBitWidth() / 8 * chunks;
    if (!rowBytes)
      continue;
    pieceRegions[kind] = workspace.allocate(
        element, {op.getKept(), tileRows, leastPieceTerms(), mostPieces(), rowBytes * tileRows});
  }
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

/// The states of pieces that a tile is cut into shall not be the largest of all arrays.
int64_t MapReduceLowering::mostPieces() {
  constexpr int64_t mostBytes = 64 << 20, always = 64;
  int64_t bytes = 0;
  for (unsigned kind = 0; kind < slotKinds; ++kind)
    bytes += vectors[kind] * traversal.elementType(SlotKind(kind)).getIntOrFloatBitWidth() / 8;
  int64_t fit = mostBytes / std::max<int64_t>(bytes * chunks * traversal.tileRows(), 1);
  return std::min(traversal.schedule.getSplit(), std::max(fit, always));
}

/// Few tiles are cut along the reduced index. The cut depends on the sizes and the work of one item
/// only, so results depend neither on threads nor on the other items.
void MapReduceLowering::planSplit() {
  int64_t step = traversal.stepTerms();
  Value one = frame.index(1), most = frame.index(mostPieces());
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
           [&] { finishRowsAtHand(tile); });
  };
  frame.machine.forEachTask(frame, frame.mul(allTiles, split), counters, ReducePieces,
                            [&](Value piece) { unlessStopped(frame, [&] { reduce(piece); }); });
}

bool MapReduceLowering::canBeNarrow() {
  return traversal.schedule.getNarrow() && traversal.schedule.getRows() > 1;
}

Value MapReduceLowering::isNarrow(const Tile &tile) {
  ScheduleAttr schedule = traversal.schedule;
  if (!canBeNarrow())
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

/// Where there are loops over one vector of rows, all tiles are finished by them: that takes a
/// small part of the time, and its code is long.
void MapReduceLowering::finishRowsAtHand(const Tile &tile) {
  auto finish = [&](const Tile &part) { finishTile(part); };
  canBeNarrow() ? forEachVector(tile, finish) : finish(tile);
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
  forEachChunk([&](Value chunk) {
    PieceMemory memory = memoryOf(tile.piece, chunk);
    PieceLoops loops(traversal, slices, memory, tile, chunkStartOf(chunk));
    storeState(loops.reduce(begin, end), memory);
  });
}

//===-- Memory of pieces --------------------------------------------------------------------===//

void MapReduceLowering::forEachChunk(function_ref<void(Value)> body) {
  if (chunks == 1)
    return body({});
  sequentialFor(frame, frame.index(0), frame.index(chunks), [&](Value chunk) { body(chunk); });
}

Value MapReduceLowering::chunkStartOf(Value chunk) {
  return chunk ? frame.mul(chunk, frame.index(traversal.chunk)) : Value();
}

PieceMemory MapReduceLowering::memoryOf(Value piece, Value chunk) {
  Value number = frame.mul(piece, frame.index(chunks));
  if (chunk)
    number = frame.add(number, chunk);
  PieceMemory memory{pieceRegions, {}};
  for (unsigned kind = 0; kind < slotKinds; ++kind)
    if (vectors[kind])
      memory.bases[kind] = traversal.addRowBase(
          frame.mul(number, frame.index(vectors[kind] * traversal.tileRows())));
  return memory;
}

Value MapReduceLowering::stateOffset(const PieceMemory &memory, unsigned slot) {
  return frame.add(memory.bases[stateKinds[slot]],
                   frame.index(stateOffsets[slot] * traversal.tileRows()));
}

SmallVector<Value> MapReduceLowering::loadState(const Slice &slice, PieceMemory memory) {
  SmallVector<Value> state;
  for (unsigned slot = slice.stateBegin; slot < slice.stateBegin + slice.stateSize; ++slot)
    state.push_back(frame.machine.load(frame, traversal.tileType(stateKinds[slot]),
                                       memory.regions[stateKinds[slot]],
                                       stateOffset(memory, slot)));
  return state;
}

void MapReduceLowering::storeState(ValueRange state, PieceMemory memory) {
  for (auto [slot, value] : llvm::enumerate(state))
    frame.machine.store(frame, value, memory.regions[stateKinds[slot]], stateOffset(memory, slot));
}

//===-- Tiles -------------------------------------------------------------------------------===//

void MapReduceLowering::finishTile(const Tile &tile) {
  forEachChunk([&](Value chunk) { finishChunk(tile, chunk); });
}

void MapReduceLowering::finishChunk(const Tile &tile, Value chunk) {
  unsigned firstResult = 0;
  for (auto [slice, attr] : llvm::zip(slices, op.getReduceAttrs())) {
    finishSlice(slice, firstResult, tile, chunk);
    firstResult += getReductionInfo(attr.getKind()).results.size();
  }
}

void MapReduceLowering::finishSlice(const Slice &slice, unsigned firstResult, const Tile &tile,
                                    Value chunk) {
  Location loc = op.getLoc();
  Value firstPiece = frame.mul(tile.slot, split);
  PieceMemory own = memoryOf(firstPiece, chunk);
  TileContext context(traversal, slice, own, tile, chunkStartOf(chunk));
  SmallVector<Value> state = sequentialFor(
      frame, frame.index(1), split, 1, loadState(slice, own), [&](Value s, ValueRange merged) {
        PieceMemory other = memoryOf(frame.add(firstPiece, s), chunk);
        context.setOther(other);
        return slice.reduction->merge(context, loc, merged, loadState(slice, other));
      });
  unsigned number = &slice - slices.data();
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
  Value start = chunkStartOf(chunk);
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
  SlotKind kind = kindOf(traversal, vector.getType());
  Value buffer = memory.regions[kind];
  Value base =
      frame.add(memory.bases[kind], frame.index((vectors[kind] - 1) * traversal.tileRows()));
  frame.machine.scatter(frame, vector, tile.rows, buffer, base, [&](Value row, Value element) {
    output.store(frame, element, frame.add(tile.firstRow, row), component);
  });
}
