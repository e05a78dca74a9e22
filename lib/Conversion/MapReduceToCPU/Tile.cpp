// Reads of variables inside a tile, and scratch memory of its pieces.
#include "Tile.h"

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
    : frame(frame), op(op), schedule(*op.getSchedule()), chunk(schedule.getChunk()) {
  for (ReduceAttr reduce : op.getReduceAttrs())
    if (getReductionInfo(reduce.getKind()).takesK)
      chunk = 1;
}

Type Traversal::element() {
  return getValueType(op.getBlock().getTerminator()->getOperand(0)).getElementType();
}
VectorType Traversal::valueType() {
  return VectorType::get({schedule.getRows(), schedule.getLanes()}, element());
}
VectorType Traversal::indexType() {
  return VectorType::get({schedule.getRows(), schedule.getLanes()}, frame.b.getI64Type());
}

//===-- Terms -------------------------------------------------------------------------------===//

TileTerms::TileTerms(Traversal &traversal, Value tile, Value chunkStart, unsigned firstFormula,
                     Value j, Operation *before)
    : traversal(traversal), tile(tile), chunkStart(chunkStart), j(j), firstFormula(firstFormula),
      before(before), emitter(traversal.frame.b, traversal.valueType(),
                              [this](Emitter &, BlockArgument argument, OpFoldResult k) {
                                return leaf(argument, k);
                              }) {}

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
  OpBuilder::InsertionGuard guard(traversal.frame.b);
  if (before && getConstantIntValue(k))
    traversal.frame.b.setInsertionPoint(before);
  return read();
}

Value TileTerms::readReduced(int64_t offset, OpFoldResult k) {
  Frame &frame = traversal.frame;
  Value component = toValue(frame, emitter.offset(frame.loc, k, offset));
  if (j.getType().isIndex()) {
    Value at = frame.add(frame.mul(j, frame.index(traversal.reduced.count)), component);
    Value scalar = memref::LoadOp::create(frame.b, frame.loc, traversal.reducedPack, at);
    return vector::BroadcastOp::create(frame.b, frame.loc, traversal.valueType(), scalar);
  }
  auto splat = [&](Value index) -> Value {
    Value number = arith::IndexCastOp::create(frame.b, frame.loc, frame.b.getI64Type(), index);
    return vector::BroadcastOp::create(frame.b, frame.loc, traversal.indexType(), number);
  };
  Value at = frame.add(frame.mul(j, splat(frame.index(traversal.reduced.count))), splat(component));
  return gatherVector(frame, traversal.valueType(), traversal.reducedPack, at);
}

Value TileTerms::leaf(BlockArgument argument, OpFoldResult k) {
  Frame &frame = traversal.frame;
  Placement placement = getValueType(argument).getPlacement();
  if (placement == Placement::P)
    return readInvariant(k, [&]() -> Value {
      Value scalar = traversal.parameters.lookup(argument).load(frame, frame.index(0), k);
      return vector::BroadcastOp::create(frame.b, frame.loc, traversal.valueType(), scalar);
    });
  if (placement == traversal.op.getOver())
    return readReduced(traversal.reduced.offsetOf(argument), k);
  return readInvariant(k, [&]() -> Value {
    Value component =
        toValue(frame, emitter.offset(frame.loc, k, traversal.kept.offsetOf(argument)));
    Value column = frame.add(frame.mul(tile, frame.index(traversal.kept.count)), component);
    return loadVector(frame, traversal.valueType(), traversal.keptPack,
                      frame.mul(column, frame.index(traversal.tileRows())));
  });
}

//===-- Context -----------------------------------------------------------------------------===//

Value TileContext::address(const PieceMemory &memory, unsigned array, Value position) {
  Frame &frame = traversal.frame;
  Value base = slice.scratchIsIndex[array] ? memory.indexBase : memory.valueBase;
  Value vector = frame.add(frame.index(slice.scratchOffsets[array]), position);
  return frame.add(base, frame.mul(vector, frame.index(traversal.tileRows())));
}

Value TileContext::load(Location, unsigned array, Value position, Piece piece) {
  const PieceMemory &memory = piece == Piece::Own ? own : other;
  bool isIndex = slice.scratchIsIndex[array];
  return loadVector(traversal.frame, isIndex ? indexType() : valueType(),
                    isIndex ? memory.indices : memory.values, address(memory, array, position));
}

void TileContext::store(Location, Value value, unsigned array, Value position) {
  storeVector(traversal.frame, value, slice.scratchIsIndex[array] ? own.indices : own.values,
              address(own, array, position));
}

std::unique_ptr<Terms> TileContext::termsAt(Value j) {
  return std::make_unique<TileTerms>(traversal, tile, chunkStart, slice.firstFormula, j, before);
}
