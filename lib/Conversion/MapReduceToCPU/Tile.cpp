// Reads of variables inside a tile, and scratch memory of its pieces.
#include "Tile.h"

#include "Functions.h"
#include "Work.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace keops;
using namespace keops::cpu;

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
VectorType Traversal::valueType() {
  return tileType(schedule.getRows(), schedule.getLanes(), element());
}
VectorType Traversal::indexType() {
  return tileType(schedule.getRows(), schedule.getLanes(), frame.b.getI64Type());
}
VectorType Traversal::wideType() {
  return tileType(schedule.getRows(), schedule.getLanes(), frame.b.getF64Type());
}
VectorType Traversal::vectorType(SlotKind kind) {
  return kind == ValueSlot ? valueType() : kind == IndexSlot ? indexType() : wideType();
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
  return vector::BroadcastOp::create(frame.b, frame.loc, traversal.indexType(), number);
}

Value TileTerms::readReduced(const Columns &columns, int64_t offset, SlotKind kind,
                             OpFoldResult k) {
  Frame &frame = traversal.frame;
  VectorType type = traversal.vectorType(kind);
  Value row = frame.mul(tile.item.atHand, traversal.reducedSize());
  Value component = frame.add(frame.mul(row, frame.index(columns.count)),
                              toValue(frame, emitter.offset(frame.loc, k, offset)));
  if (j.getType().isIndex()) {
    Value at = frame.add(frame.mul(j, frame.index(columns.count)), component);
    Value scalar = memref::LoadOp::create(frame.b, frame.loc, columns.pack, at);
    return vector::BroadcastOp::create(frame.b, frame.loc, type, scalar);
  }
  Value at = frame.add(frame.mul(j, splatIndex(traversal, frame.index(columns.count))),
                       splatIndex(traversal, component));
  return gatherVector(frame, type, columns.pack, at);
}

Value TileTerms::position(Placement index) {
  Frame &frame = traversal.frame;
  if (index == traversal.op.getOver())
    return j.getType().isIndex() ? splatIndex(traversal, j) : j;
  SmallVector<int64_t> lanes = llvm::to_vector(llvm::seq<int64_t>(0, traversal.tileRows()));
  Value lane = arith::ConstantOp::create(frame.b, frame.loc,
                                         DenseIntElementsAttr::get(traversal.indexType(), lanes));
  return frame.add(splatIndex(traversal, tile.firstRow), lane);
}

/// All rows of a tile have as many; those of the reduced index may differ.
Value TileTerms::termCount(Placement over) {
  Frame &frame = traversal.frame;
  Value count = tile.terms;
  if (over == traversal.op.getKept() && j.getType().isIndex())
    count = frame.loadIndex(frame.terms(otherIndex(over)), j);
  else if (over == traversal.op.getKept())
    count = gatherVector(frame, traversal.indexType(), frame.terms(otherIndex(over)), j);
  return toNumber(frame, count, traversal.valueType());
}

Value TileTerms::leaf(BlockArgument argument, OpFoldResult k) {
  Frame &frame = traversal.frame;
  Placement placement = getValueType(argument).getPlacement();
  if (placement == Placement::P)
    return readInvariant(k, [&]() -> Value {
      Value scalar = tile.parameters.lookup(argument).load(frame, frame.index(0), k);
      return vector::BroadcastOp::create(frame.b, frame.loc, traversal.valueType(), scalar);
    });
  SlotKind kind = getValueType(argument).getElementType().isInteger() ? IndexSlot : ValueSlot;
  const Columns &columns = traversal.columnsOf(argument);
  if (placement == traversal.op.getOver())
    return readReduced(columns, columns.offsetOf(argument), kind, k);
  return readInvariant(k, [&]() -> Value {
    Value component = toValue(frame, emitter.offset(frame.loc, k, columns.offsetOf(argument)));
    Value column = frame.mul(component, frame.index(traversal.tileRows()));
    Value begin = frame.ownElements(columns.perThread);
    return loadVector(frame, traversal.vectorType(kind), columns.pack, frame.add(begin, column));
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
  return loadVector(traversal.frame, traversal.vectorType(kind), memory.regions[kind],
                    address(memory, array, position));
}

void TileContext::store(Location, Value value, unsigned array, Value position) {
  storeVector(traversal.frame, value, own.regions[slice.scratchKinds[array]],
              address(own, array, position));
}

std::unique_ptr<Terms> TileContext::termsAt(Value j) {
  return std::make_unique<TileTerms>(traversal, tile, chunkStart, slice.firstFormula, j, before);
}
