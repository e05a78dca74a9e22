// Reads of variables inside a tile, and scratch memory of its pieces.
#include "Tile.h"

#include "Functions.h"
#include "Work.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace keops;
using namespace keops::loops;

int64_t Columns::offsetOf(BlockArgument argument) const {
  for (auto [known, offset] : offsets)
    if (known == argument)
      return offset;
  llvm_unreachable("variable without a column");
}

Traversal::Traversal(Frame &frame, MapReduceOp op)
    : frame(frame), op(op), schedule(*op.getSchedule()), chunk(schedule.getChunk()),
      scratch(op.getBlock()) {
  for (ReduceAttr reduce : op.getReduceAttrs())
    if (getReductionInfo(reduce.getKind()).takesK)
      chunk = 1;
}

Type Traversal::element() {
  return getValueType(op.getBlock().getTerminator()->getOperand(0)).getElementType();
}
Type Traversal::elementType(SlotKind kind) {
  return kind == ValueSlot   ? element()
         : kind == IndexSlot ? Type(frame.b.getI64Type())
                             : Type(frame.b.getF64Type());
}
Type Traversal::tileType(SlotKind kind) {
  return frame.machine.tileType(schedule.getRows(), schedule.getLanes(), elementType(kind));
}

//===-- Stages ------------------------------------------------------------------------------===//

void Traversal::allocateStages() {
  reduced.stage = reducedIndices.stage = Value();
  for (Columns *columns : {&reduced, &reducedIndices})
    if (columns->count)
      columns->stage = frame.machine.allocateStage(
          frame, elementType(columns == &reduced ? ValueSlot : IndexSlot),
          stepTerms() * columns->length);
}

void Traversal::fillStages(const Item &item, Value begin, Value end) {
  for (Columns *columns : {&reduced, &reducedIndices}) {
    if (!columns->stage)
      continue;
    Value length = frame.index(columns->length);
    Value first = frame.add(frame.mul(item.atHand, reducedSize()), begin);
    frame.machine.fillStage(frame, columns->stage, columns->pack, frame.mul(first, length),
                            frame.mul(frame.sub(end, begin), length));
    stageBegin = begin;
  }
  if (stageBegin)
    frame.machine.waitForLanes(frame);
}

void Traversal::releaseStages() {
  if (stageBegin)
    frame.machine.waitForLanes(frame);
  stageBegin = Value();
}

Columns &Traversal::columnsOf(BlockArgument argument) {
  ValueType type = getValueType(argument);
  bool isReduced = type.getPlacement() == op.getOver();
  if (type.getElementType().isInteger())
    return isReduced ? reducedIndices : keptIndices;
  return isReduced ? reduced : kept;
}

//===-- Terms -------------------------------------------------------------------------------===//

TileTerms::TileTerms(Traversal &traversal, const Tile &tile, Value chunkStart,
                     unsigned firstFormula, Value j, Operation *before)
    : traversal(traversal), tile(tile), chunkStart(chunkStart), j(j), firstFormula(firstFormula),
      before(before),
      emitter(
          traversal.frame.b, traversal.valueType(),
          [this](Emitter &, BlockArgument argument, OpFoldResult k) { return leaf(argument, k); },
          {[this](Placement over) { return termCount(over); },
           [this](Placement index) { return position(index); }},
          traversal.schedule.getCalls() ? callsTo(traversal.frame) : nullptr,
          scratchOf(traversal.frame, traversal.scratch, traversal.valueType())) {}

Value TileTerms::get(unsigned f, unsigned c) {
  Frame &frame = traversal.frame;
  Value formula = traversal.op.getBlock().getTerminator()->getOperand(firstFormula + f);
  int64_t dim = getDim(formula);
  if (dim == 1 || !chunkStart)
    return emitter.component(formula, frame.b.getIndexAttr(dim == 1 ? 0 : c));
  // The last chunk may be short: its surplus components repeat the last one.
  Value k = frame.min(frame.add(chunkStart, frame.index(c)), frame.index(dim - 1));
  return emitter.component(formula, k);
}

Value TileTerms::readInvariant(OpFoldResult k, function_ref<Value()> read) {
  // More than registers can hold is read where it is needed.
  constexpr int64_t mostColumns = 64;
  OpBuilder::InsertionGuard guard(traversal.frame.b);
  if (before && getConstantIntValue(k) && traversal.kept.count <= mostColumns)
    traversal.frame.b.setInsertionPoint(before);
  return read();
}

static Value splatIndex(Traversal &traversal, Value index) {
  Frame &frame = traversal.frame;
  Value number = arith::IndexCastOp::create(frame.b, frame.loc, frame.b.getI64Type(), index);
  return splat(frame, traversal.indexType(), number);
}

Value TileTerms::locate(const Columns &columns, Value component) {
  Frame &frame = traversal.frame;
  Value row = columns.stage ? frame.sub(j, traversal.stageBegin)
                            : frame.add(frame.mul(tile.item.atHand, traversal.reducedSize()), j);
  return frame.add(frame.mul(row, frame.index(columns.length)), component);
}

Value TileTerms::readReduced(const Columns &columns, int64_t offset, SlotKind kind,
                             OpFoldResult k) {
  Frame &frame = traversal.frame;
  Type type = traversal.tileType(kind);
  Value component = toValue(frame, emitter.offset(frame.loc, k, offset));
  if (j.getType().isIndex()) {
    Value scalar =
        memref::LoadOp::create(frame.b, frame.loc, columns.stage ? columns.stage : columns.pack,
                               locate(columns, component));
    return splat(frame, type, scalar);
  }
  Value length = frame.index(columns.length);
  Value row = frame.mul(tile.item.atHand, traversal.reducedSize());
  Value first = frame.add(frame.mul(row, length), component);
  Value at = frame.add(frame.mul(j, splatIndex(traversal, length)), splatIndex(traversal, first));
  return frame.machine.gather(frame, type, columns.pack, at);
}

Value TileTerms::position(Placement index) {
  Frame &frame = traversal.frame;
  if (index == traversal.op.getOver())
    return j.getType().isIndex() ? splatIndex(traversal, j) : j;
  Value row = frame.machine.numberRows(frame, traversal.indexType());
  return frame.add(splatIndex(traversal, tile.firstRow), row);
}

/// All rows of a tile have as many; those of the reduced index may differ.
Value TileTerms::termCount(Placement over) {
  Frame &frame = traversal.frame;
  Value count = tile.terms;
  if (over == traversal.op.getKept() && j.getType().isIndex())
    count = frame.loadIndex(frame.terms(otherIndex(over)), j);
  else if (over == traversal.op.getKept())
    count = frame.machine.gather(frame, traversal.indexType(), frame.terms(otherIndex(over)), j);
  return toNumber(frame, count, traversal.valueType());
}

Value TileTerms::leaf(BlockArgument argument, OpFoldResult k) {
  Frame &frame = traversal.frame;
  Placement placement = getValueType(argument).getPlacement();
  if (placement == Placement::P)
    return readInvariant(k, [&]() -> Value {
      Value scalar = tile.parameters.lookup(argument).load(frame, frame.index(0), k);
      return splat(frame, traversal.valueType(), scalar);
    });
  SlotKind kind = getValueType(argument).getElementType().isInteger() ? IndexSlot : ValueSlot;
  const Columns &columns = traversal.columnsOf(argument);
  if (placement == traversal.op.getOver())
    return readReduced(columns, columns.offsetOf(argument), kind, k);
  return readInvariant(k, [&]() -> Value {
    Value component = toValue(frame, emitter.offset(frame.loc, k, columns.offsetOf(argument)));
    Value column = frame.mul(component, frame.index(traversal.tileRows()));
    Value begin = frame.ownElements(columns.perMember);
    return frame.machine.load(frame, traversal.tileType(kind), columns.pack,
                              frame.add(begin, column));
  });
}

//===-- Context -----------------------------------------------------------------------------===//

Value TileContext::address(const PieceMemory &memory, unsigned array, Value position) {
  Frame &frame = traversal.frame;
  Value base = memory.bases[slice.scratchKinds[array]];
  Value vector = frame.add(frame.index(slice.scratchOffsets[array]), position);
  return frame.add(base, frame.mul(vector, frame.index(traversal.tileRows())));
}

Value TileContext::load(Location, unsigned array, Value position, Piece piece) {
  const PieceMemory &memory = piece == Piece::Own ? own : other;
  SlotKind kind = slice.scratchKinds[array];
  return traversal.frame.machine.load(traversal.frame, traversal.tileType(kind),
                                      memory.regions[kind], address(memory, array, position));
}

void TileContext::store(Location, Value value, unsigned array, Value position) {
  traversal.frame.machine.store(traversal.frame, value, own.regions[slice.scratchKinds[array]],
                                address(own, array, position));
}

std::unique_ptr<Terms> TileContext::termsAt(Value j) {
  return std::make_unique<TileTerms>(traversal, tile, chunkStart, slice.firstFormula, j, before);
}
