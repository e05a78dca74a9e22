// Reads of variables inside a tile, and scratch memory of its pieces.
#include "Tile.h"

#include "Functions.h"
#include "Work.h"

#include "keops/Transforms/CostModel.h"

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
    : frame(frame), op(op), schedule(*op.getSchedule()), rows(schedule.getRows()),
      chunk(schedule.getChunk()), scratch(op.getBlock()) {
  for (ReduceAttr reduce : op.getReduceAttrs())
    if (getReductionInfo(reduce.getKind()).takesK)
      chunk = 1;
  if (runsThroughChunks(op, chunk, schedule.getBlock()))
    shared = findSharedFormulas(op);
}

Type Traversal::element() {
  return getValueType(op.getBlock().getTerminator()->getOperand(0)).getElementType();
}
Type Traversal::elementType(SlotKind kind) {
  return kind == IndexSlot  ? Type(frame.b.getI64Type())
         : kind == WideSlot ? Type(frame.b.getF64Type())
                            : element();
}
Type Traversal::tileType(SlotKind kind) {
  return frame.machine.tileType(rows, schedule.getLanes(), elementType(kind));
}

//===-- Stages ------------------------------------------------------------------------------===//

void Traversal::allocateStages() {
  auto allocate = [&](Columns &columns, SlotKind kind) {
    int64_t elements = stages * stageTerms * columns.length;
    columns.stage =
        columns.count ? frame.machine.allocateStage(frame, elementType(kind), elements) : Value();
  };
  int64_t block = schedule.getBlock();
  using Room = std::pair<int64_t, int64_t>;
  for (auto [count, terms] : {Room(schedule.getStages(), stepTerms()),
                              Room(schedule.getStages(), block), Room(1, block)}) {
    stages = count;
    stageTerms = terms;
    allocate(reduced, ValueSlot);
    if (reduced.stage || !reduced.count)
      break;
  }
  allocate(reducedIndices, IndexSlot);
}

Value Traversal::placeOfStage(Value begin) {
  return stages == 1 ? frame.index(0)
                     : frame.rem(frame.sub(begin, passing.begin), frame.index(stages * stageTerms));
}

void Traversal::fillStage(Value begin) {
  Value end = frame.min(frame.add(begin, frame.index(stageTerms)), passing.end);
  Value place = placeOfStage(begin), first = frame.add(passing.rowsBefore, begin);
  for (Columns *columns : {&reduced, &reducedIndices}) {
    if (!columns->stage)
      continue;
    Value length = frame.index(columns->length);
    frame.machine.beginCopy(frame,
                            {columns->pack, frame.mul(first, length), columns->stage,
                             frame.mul(place, length), frame.mul(frame.sub(end, begin), length),
                             stageTerms * columns->length, columns->together});
  }
}

void Traversal::throughStages(const Item &item, Value begin, Value end, Machine::Body body) {
  passing = {frame.mul(item.atHand, reducedSize()), begin, end};
  bool early = hasStages() && stages > 1;
  if (early)
    fillStage(begin);
  body();
  if (early)
    frame.machine.waitForLanes(frame);
}

/// Of two stages, the one that is filled here is the one that was read before the barrier.
void Traversal::withStage(Value begin, int64_t terms, Machine::Body body) {
  if (!hasStages() || terms != stageTerms || stageBegin)
    return body();
  if (stages == 1)
    fillStage(begin);
  frame.machine.waitForCopies(frame);
  frame.machine.waitForLanes(frame);
  if (stages > 1)
    fillStage(frame.add(begin, frame.index(stageTerms)));
  stageBegin = frame.sub(begin, placeOfStage(begin));
  body();
  stageBegin = Value();
  if (stages == 1)
    frame.machine.waitForLanes(frame);
}

Value Traversal::componentOffset(const Columns &columns, Value component) {
  if (columns.together == 1)
    return frame.mul(component, frame.index(tileRows()));
  Value together = frame.index(columns.together);
  Value group = frame.b.createOrFold<arith::DivUIOp>(frame.loc, component, together);
  Value number = frame.b.createOrFold<arith::RemUIOp>(frame.loc, component, together);
  return frame.add(frame.mul(group, frame.index(tileRows() * columns.together)), number);
}

Value Traversal::vectorAt(const PieceMemory &memory, SlotKind kind, int64_t first, Value position) {
  Value vector = frame.add(frame.index(first), position);
  return frame.add(memory.bases[kind], frame.mul(vector, frame.index(tileRows())));
}

Columns &Traversal::columnsOf(BlockArgument argument) {
  ValueType type = getValueType(argument);
  bool isReduced = type.getPlacement() == op.getOver();
  if (type.getElementType().isInteger())
    return isReduced ? reducedIndices : keptIndices;
  return isReduced ? reduced : kept;
}

//===-- Terms -------------------------------------------------------------------------------===//

PanelTerms::PanelTerms(Traversal &traversal, const Tile &tile, Value chunkStart,
                       SmallVector<Value> rowsAtHand, Operation *before)
    : traversal(traversal), tile(tile), chunkStart(chunkStart), rows(std::move(rowsAtHand)),
      before(before),
      emitter(
          traversal.frame.b, panelType(ValueSlot),
          [this](Emitter &, BlockArgument argument, OpFoldResult k) { return leaf(argument, k); },
          {[this](Placement over) { return termCount(over); },
           [this](Placement index) { return position(index); }},
          traversal.schedule.getCalls() ? callsTo(traversal.frame) : nullptr,
          scratchOf(traversal.frame, traversal.scratch, panelType(ValueSlot)),
          // The rows of a panel do not wait for each other either.
          std::max<int64_t>(Emitter::mostSums / llvm::PowerOf2Ceil(rows.size()), 1)) {}

Value PanelTerms::get(unsigned formula, unsigned c, int64_t number) {
  Value &whole = known[{formula, c}];
  if (!whole)
    whole = component(traversal.op.getBlock().getTerminator()->getOperand(formula), c);
  return atRow(whole, number);
}

Value PanelTerms::atRow(Value whole, int64_t number) {
  Frame &frame = traversal.frame;
  return rows.size() == 1 ? whole : frame.machine.part(frame, traversal.valueType(), whole, number);
}

Value PanelTerms::getShared(unsigned s, int64_t number) {
  return atRow(emitter.component(traversal.shared[s], traversal.frame.b.getIndexAttr(0)), number);
}

void PanelTerms::readShared(SharedTable &table) {
  for (auto [s, formula] : llvm::enumerate(traversal.shared))
    emitter.define(formula, table.load(s, rows.front()));
}

Value PanelTerms::component(Value formula, unsigned c) {
  Frame &frame = traversal.frame;
  int64_t dim = getDim(formula);
  if (dim == 1 || !chunkStart)
    return emitter.component(formula, frame.b.getIndexAttr(dim == 1 ? 0 : c));
  // The last chunk may be short: its surplus components repeat the last one.
  Value k = frame.min(frame.add(chunkStart, frame.index(c)), frame.index(dim - 1));
  return emitter.component(formula, k);
}

Type PanelTerms::panelType(SlotKind kind) {
  int64_t count = traversal.rows * rows.size();
  return traversal.frame.machine.tileType(count, traversal.schedule.getLanes(),
                                          traversal.elementType(kind));
}

Value PanelTerms::forEachRow(SlotKind kind, OfRow read) {
  SmallVector<Value> values = llvm::map_to_vector(rows, read);
  return rows.size() == 1 ? values.front()
                          : traversal.frame.machine.join(traversal.frame, panelType(kind), values);
}

Value PanelTerms::forAllRows(SlotKind kind, Value value) {
  return forEachRow(kind, [&](Value) { return value; });
}

Value PanelTerms::readInvariant(OpFoldResult k, function_ref<Value()> read) {
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

Value PanelTerms::readForAllLanes(const Columns &columns, Value row, Value component) {
  Frame &frame = traversal.frame;
  bool isNear = columns.stage && traversal.stageBegin;
  Value number = isNear ? frame.sub(row, traversal.stageBegin)
                        : frame.add(frame.mul(tile.item.atHand, traversal.reducedSize()), row);
  Value at = frame.add(frame.mul(number, frame.index(columns.length)), component);
  return memref::LoadOp::create(frame.b, frame.loc, isNear ? columns.stage : columns.pack, at);
}

Value PanelTerms::readReduced(const Columns &columns, Value row, int64_t offset, SlotKind kind,
                              OpFoldResult k) {
  Frame &frame = traversal.frame;
  Type type = traversal.tileType(kind);
  Value component = toValue(frame, emitter.offset(frame.loc, k, offset));
  if (row.getType().isIndex())
    return splat(frame, type, readForAllLanes(columns, row, component));
  Value length = frame.index(columns.length);
  Value before = frame.mul(tile.item.atHand, traversal.reducedSize());
  Value first = frame.add(frame.mul(before, length), component);
  Value at = frame.add(frame.mul(row, splatIndex(traversal, length)), splatIndex(traversal, first));
  return frame.machine.gather(frame, type, columns.pack, at);
}

Value PanelTerms::position(Placement index) {
  Frame &frame = traversal.frame;
  if (index == traversal.op.getOver())
    return forEachRow(IndexSlot, [&](Value row) {
      return row.getType().isIndex() ? splatIndex(traversal, row) : row;
    });
  Value row = frame.machine.numberRows(frame, traversal.indexType());
  return forAllRows(IndexSlot, frame.add(splatIndex(traversal, tile.firstRow), row));
}

/// All rows of a tile have as many; those of the reduced index may differ.
Value PanelTerms::termCount(Placement over) {
  Frame &frame = traversal.frame;
  if (over == traversal.op.getKept())
    return forEachRow(ValueSlot, [&](Value row) { return termCountAt(row); });
  return forAllRows(ValueSlot, toNumber(frame, tile.terms, traversal.valueType()));
}

Value PanelTerms::termCountAt(Value row) {
  Frame &frame = traversal.frame;
  Value table = frame.terms(traversal.op.getOver());
  Value count = row.getType().isIndex()
                    ? frame.loadIndex(table, row)
                    : frame.machine.gather(frame, traversal.indexType(), table, row);
  return toNumber(frame, count, traversal.valueType());
}

Value PanelTerms::leaf(BlockArgument argument, OpFoldResult k) {
  Frame &frame = traversal.frame;
  Placement placement = getValueType(argument).getPlacement();
  if (placement == Placement::P)
    return forAllRows(ValueSlot, readInvariant(k, [&]() -> Value {
                        Value scalar =
                            tile.parameters.lookup(argument).load(frame, frame.index(0), k);
                        return splat(frame, traversal.valueType(), scalar);
                      }));
  SlotKind kind = getValueType(argument).getElementType().isInteger() ? IndexSlot : ValueSlot;
  const Columns &columns = traversal.columnsOf(argument);
  int64_t offset = columns.offsetOf(argument);
  if (placement == traversal.op.getOver())
    return forEachRow(kind, [&](Value row) { return readReduced(columns, row, offset, kind, k); });
  return forAllRows(kind, readInvariant(k, [&]() -> Value {
                      Value component = toValue(frame, emitter.offset(frame.loc, k, offset));
                      Value begin = traversal.addRowBase(frame.ownElements(columns.perMember),
                                                         columns.together);
                      Value at = frame.add(begin, traversal.componentOffset(columns, component));
                      return frame.machine.load(frame, traversal.tileType(kind), columns.pack, at,
                                                columns.together);
                    }));
}

//===-- Shared formulas ---------------------------------------------------------------------===//

Value SharedTable::address(unsigned s, Value j) {
  int64_t first = traversal.sharedOffset + s * traversal.schedule.getBlock();
  return traversal.vectorAt(memory, PassingSlot, first, traversal.frame.sub(j, blockBegin));
}

Value SharedTable::load(unsigned s, Value j) {
  Frame &frame = traversal.frame;
  return frame.machine.load(frame, traversal.valueType(), memory.regions[PassingSlot],
                            address(s, j));
}

void SharedTable::store(Value value, unsigned s, Value j) {
  traversal.frame.machine.store(traversal.frame, value, memory.regions[PassingSlot], address(s, j));
}

//===-- Context -----------------------------------------------------------------------------===//

Value TileContext::address(const PieceMemory &memory, unsigned array, Value position) {
  return traversal.vectorAt(memory, slice.scratchKinds[array], slice.scratchOffsets[array],
                            position);
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

/// A panel of one row.
class TileContext::OwnTerms : public Terms {
public:
  OwnTerms(TileContext &context, Value row)
      : panel(context.traversal, context.tile, context.chunkStart, {row}, context.before),
        terms(panel, context.slice.firstFormula, 0) {
    if (context.table && row.getType().isIndex())
      panel.readShared(*context.table);
  }
  Value get(unsigned f, unsigned c) override { return terms.get(f, c); }

private:
  PanelTerms panel;
  SliceTerms terms;
};

std::unique_ptr<Terms> TileContext::termsAt(Value j) {
  return std::make_unique<OwnTerms>(*this, j);
}
