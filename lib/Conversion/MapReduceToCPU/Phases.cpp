// Plans the memory of a map_reduce, reduces its pieces and finishes its tiles. Packing stands in
// Pack.cpp.
#include "Phases.h"

#include "PieceLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace keops;
using namespace keops::cpu;

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
    Placement placement = getValueType(argument).getPlacement();
    if (placement == Placement::P)
      traversal.parameters[argument] = rows.lookup(op.getInputs()[argument.getArgNumber()]);
    else
      (placement == op.getOver() ? traversal.reduced : traversal.kept).append(argument);
  }
}

/// The number of components that a reduction runs through: those of its last formula.
static int64_t reducedDim(ArrayRef<Value> formulas) { return getDim(formulas.back()); }

/// State types tell which slots hold indices; they are found by emitting the initial state into a
/// detached block.
static SmallVector<bool> stateKinds(Traversal &traversal, Slice &slice) {
  Block detached;
  OpBuilder::InsertionGuard guard(traversal.frame.b);
  traversal.frame.b.setInsertionPointToStart(&detached);
  Value zero = traversal.frame.index(0);
  auto probe = MemRefType::get({ShapedType::kDynamic}, traversal.element());
  auto indexProbe = MemRefType::get({ShapedType::kDynamic}, traversal.frame.b.getI64Type());
  Value memory =
      memref::AllocaOp::create(traversal.frame.b, traversal.frame.loc, probe, ValueRange{zero});
  Value indexMemory = memref::AllocaOp::create(traversal.frame.b, traversal.frame.loc, indexProbe,
                                               ValueRange{zero});
  TileContext context(traversal, slice, {memory, indexMemory, zero, zero}, zero, {});
  SmallVector<bool> kinds;
  for (Value value : slice.reduction->init(context, traversal.op.getLoc()))
    kinds.push_back(getElementTypeOrSelf(value.getType()).isInteger());
  return kinds;
}

void MapReduceLowering::planPieces() {
  unsigned formula = 0;
  for (auto [r, attr] : llvm::enumerate(op.getReduceAttrs())) {
    SmallVector<Value> formulas = op.getFormulas(r);
    int64_t dim = reducedDim(formulas), width = std::min<int64_t>(dim, traversal.chunk);
    chunks = std::max(chunks, (dim + width - 1) / width);
    Slice slice{Reduction::create(attr, width), formula, 0, 0, {}, {}};
    for (ScratchArray array : slice.reduction->scratch(traversal.schedule.getBlock())) {
      int64_t &used = array.index ? indexVectors : valueVectors;
      slice.scratchOffsets.push_back(used);
      slice.scratchIsIndex.push_back(array.index);
      used += array.count;
    }
    SmallVector<bool> kinds = stateKinds(traversal, slice);
    slice.stateBegin = stateIsIndex.size();
    slice.stateSize = kinds.size();
    for (bool isIndex : kinds) {
      stateIsIndex.push_back(isIndex);
      stateOffsets.push_back((isIndex ? indexVectors : valueVectors)++);
    }
    slices.push_back(std::move(slice));
    formula += formulas.size();
  }
  // Outputs leave through one vector of each kind.
  ++valueVectors, ++indexVectors;
}

void MapReduceLowering::allocate(Workspace &workspace) {
  int64_t elementBytes = traversal.element().getIntOrFloatBitWidth() / 8,
          tileRows = traversal.tileRows();
  auto perRow = [](Placement placement, int64_t bytes, int64_t constant) {
    return placement == Placement::I ? LinearSize{constant, bytes, 0}
                                     : LinearSize{constant, 0, bytes};
  };
  // Tiles are padded to full size, and there are at most `split` more pieces than tiles.
  auto perPiece = [&](int64_t vectors, int64_t bytes) {
    int64_t rowBytes = vectors * bytes * chunks;
    return perRow(op.getKept(), rowBytes,
                  rowBytes * tileRows * (traversal.schedule.getSplit() + 1));
  };
  int64_t keptBytes = traversal.kept.count * elementBytes;
  traversal.reducedPack = workspace.allocate(
      traversal.element(), perRow(op.getOver(), traversal.reduced.count * elementBytes, 0));
  traversal.keptPack = workspace.allocate(traversal.element(),
                                          perRow(op.getKept(), keptBytes, keptBytes * tileRows));
  pieceValues = workspace.allocate(traversal.element(), perPiece(valueVectors, elementBytes));
  pieceIndices = workspace.allocate(frame.b.getI64Type(), perPiece(indexVectors, 8));
  counters = allocateCounters(frame, workspace, PhaseCount);
}

//===-- Pieces ------------------------------------------------------------------------------===//

/// Few tiles are cut along the reduced index. The cut depends on sizes only, so results never
/// depend on threads.
void MapReduceLowering::planSplit() {
  int64_t step = traversal.schedule.getBlock() * traversal.schedule.getBlocks();
  Value one = frame.index(1), most = frame.index(traversal.schedule.getSplit());
  Value someTiles = arith::MaxSIOp::create(frame.b, frame.loc, tiles, one);
  Value wanted = arith::DivSIOp::create(frame.b, frame.loc, most, someTiles);
  constexpr int64_t leastPieceSteps = 16;
  Value useful = frame.ceilDiv(traversal.reducedSize(), step * leastPieceSteps);
  split = arith::MaxSIOp::create(frame.b, frame.loc, frame.min(wanted, useful), one);
  Value steps = frame.ceilDiv(traversal.reducedSize(), step);
  Value rounded = frame.add(steps, arith::SubIOp::create(frame.b, frame.loc, split, one));
  Value stepsOfPiece = arith::DivSIOp::create(frame.b, frame.loc, rounded, split);
  pieceLength = frame.mul(stepsOfPiece, frame.index(step));
}

void MapReduceLowering::run() {
  tiles = frame.ceilDiv(traversal.keptSize(), traversal.tileRows());
  planSplit();
  parallelRegion(frame, counters, PhaseCount, [&] {
    packReduced();
    packKept();
    reducePieces();
    finishTiles();
  });
}

void MapReduceLowering::reducePieces() {
  parallelFor(frame, frame.mul(tiles, split), counters, ReducePieces,
              [&](Value piece) { reducePiece(piece); });
}

void MapReduceLowering::reducePiece(Value piece) {
  Type flag = frame.b.getI1Type();
  auto call = func::CallOp::create(frame.b, frame.loc, "keops_should_stop", flag,
                                   ValueRange{frame.context});
  Value yes = arith::ConstantIntOp::create(frame.b, frame.loc, 1, 1);
  Value goOn = arith::XOrIOp::create(frame.b, frame.loc, call.getResult(0), yes);
  auto unlessStopped = scf::IfOp::create(frame.b, frame.loc, goOn, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(frame.b);
  frame.b.setInsertionPointToStart(unlessStopped.thenBlock());
  Value tile = arith::DivSIOp::create(frame.b, frame.loc, piece, split);
  Value begin = frame.mul(arith::RemSIOp::create(frame.b, frame.loc, piece, split), pieceLength);
  Value end = frame.min(frame.add(begin, pieceLength), traversal.reducedSize());
  forEachChunk([&](Value chunk) {
    PieceMemory memory = memoryOf(piece, chunk);
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
  return {pieceValues, pieceIndices,
          frame.mul(number, frame.index(valueVectors * traversal.tileRows())),
          frame.mul(number, frame.index(indexVectors * traversal.tileRows()))};
}

Value MapReduceLowering::stateOffset(const PieceMemory &memory, unsigned slot) {
  Value base = stateIsIndex[slot] ? memory.indexBase : memory.valueBase;
  return frame.add(base, frame.index(stateOffsets[slot] * traversal.tileRows()));
}

SmallVector<Value> MapReduceLowering::loadState(const Slice &slice, PieceMemory memory) {
  SmallVector<Value> state;
  for (unsigned slot = slice.stateBegin; slot < slice.stateBegin + slice.stateSize; ++slot)
    state.push_back(
        loadVector(frame, stateIsIndex[slot] ? traversal.indexType() : traversal.valueType(),
                   stateIsIndex[slot] ? memory.indices : memory.values, stateOffset(memory, slot)));
  return state;
}

void MapReduceLowering::storeState(ValueRange state, PieceMemory memory) {
  for (auto [slot, value] : llvm::enumerate(state))
    storeVector(frame, value, stateIsIndex[slot] ? memory.indices : memory.values,
                stateOffset(memory, slot));
}

//===-- Tiles -------------------------------------------------------------------------------===//

void MapReduceLowering::finishTiles() {
  parallelFor(frame, tiles, counters, FinishTiles,
              [&](Value tile) { forEachChunk([&](Value chunk) { finishChunk(tile, chunk); }); });
}

void MapReduceLowering::finishChunk(Value tile, Value chunk) {
  unsigned firstResult = 0;
  for (auto [slice, attr] : llvm::zip(slices, op.getReduceAttrs())) {
    finishSlice(slice, firstResult, tile, chunk);
    firstResult += getReductionInfo(attr.getKind()).results.size();
  }
}

void MapReduceLowering::finishSlice(const Slice &slice, unsigned firstResult, Value tile,
                                    Value chunk) {
  Location loc = op.getLoc();
  Value firstPiece = frame.mul(tile, split);
  PieceMemory own = memoryOf(firstPiece, chunk);
  TileContext context(traversal, slice, own, tile, chunkStartOf(chunk));
  SmallVector<Value> state = sequentialFor(
      frame, frame.index(1), split, 1, loadState(slice, own), [&](Value s, ValueRange merged) {
        PieceMemory other = memoryOf(frame.add(firstPiece, s), chunk);
        context.setOther(other);
        return slice.reduction->merge(context, loc, merged, loadState(slice, other));
      });
  const ReductionInfo &info =
      getReductionInfo(op.getReduceAttrs()[&slice - slices.data()].getKind());
  int64_t dim = reducedDim(op.getFormulas(&slice - slices.data()));
  slice.reduction->finish(context, loc, state, [&](unsigned result, Value position, Value value) {
    bool lists = info.results[result].shape == "KD";
    Value component = lists ? frame.mul(position, frame.index(dim)) : position;
    if (Value start = chunkStartOf(chunk))
      component =
          frame.min(frame.add(component, start),
                    lists ? frame.add(component, frame.index(dim - 1)) : frame.index(dim - 1));
    scatter(value, outputs[firstResult + result], tile, component, own);
  });
}

/// Writes the lanes that are rows of the output; the vector passes through the last vector of the
/// piece's memory.
void MapReduceLowering::scatter(Value vector, const Rows &output, Value tile, Value component,
                                PieceMemory memory) {
  bool isIndex = getElementTypeOrSelf(vector.getType()).isInteger();
  Value buffer = isIndex ? memory.indices : memory.values;
  int64_t last = (isIndex ? indexVectors : valueVectors) - 1;
  Value base = frame.add(isIndex ? memory.indexBase : memory.valueBase,
                         frame.index(last * traversal.tileRows()));
  storeVector(frame, vector, buffer, base);
  Value tileRows = frame.index(traversal.tileRows()), first = frame.mul(tile, tileRows);
  Value left = arith::SubIOp::create(frame.b, frame.loc, traversal.keptSize(), first);
  sequentialFor(frame, frame.index(0), frame.min(left, tileRows), [&](Value r) {
    Value lane = memref::LoadOp::create(frame.b, frame.loc, buffer, frame.add(base, r));
    output.store(frame, lane, frame.add(first, r), component);
  });
}
