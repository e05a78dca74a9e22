// Packing: copies the variables of each index side by side and evaluates on the way whatever
// depends on one index only.
#include "Functions.h"
#include "Phases.h"
#include "Scratch.h"
#include "Work.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace keops;
using namespace keops::loops;

void loops::evaluateMap(Frame &frame, MapOp map, const RowTable &rows, Value row,
                        function_ref<void(unsigned, OpFoldResult, Value)> store) {
  Type element = getValueType(map.getResult(0)).getElementType();
  auto leaf = [&](Emitter &, BlockArgument argument, OpFoldResult k) {
    Value source = map.getInputs()[argument.getArgNumber()];
    bool parameter = getValueType(source).getPlacement() == Placement::P;
    return rows.lookup(source).load(frame, parameter ? frame.index(0) : row, k);
  };
  auto size = [&](Placement over) {
    return toNumber(frame, frame.loadIndex(frame.terms(otherIndex(over)), row), element);
  };
  Emitter::Call call = map.getCalls() ? callsTo(frame) : nullptr;
  ScratchLayout scratch(map.getBlock());
  Emitter emitter(frame.b, element, leaf, {size, nullptr}, call,
                  scratchOf(frame, scratch, element));
  for (auto [r, formula] : llvm::enumerate(map.getBlock().getTerminator()->getOperands())) {
    if (getDim(formula) > Emitter::unrollLimit)
      emitter.prefetch(formula);
    forEachComponent(frame, getDim(formula), [&](OpFoldResult k) {
      Emitter::Scope scope(emitter);
      store(r, k, emitter.component(formula, k));
    });
  }
}

void MapReduceLowering::packRow(const Columns &columns, const RowTable &own, Value row,
                                function_ref<void(Value, Value)> store) {
  llvm::MapVector<Operation *, SmallVector<std::pair<unsigned, int64_t>>> maps;
  for (auto [argument, offset] : columns.offsets) {
    Value source = op.getInputs()[argument.getArgNumber()];
    if (auto map = source.getDefiningOp<MapOp>(); map && !rows.contains(source)) {
      maps[map].push_back({cast<OpResult>(source).getResultNumber(), offset});
      continue;
    }
    forEachComponent(frame, getDim(argument), [&, offset = offset](OpFoldResult k) {
      Value component = frame.add(toValue(frame, k), frame.index(offset));
      store(component, own.lookup(source).load(frame, row, k));
    });
  }
  for (auto &[map, wanted] : maps)
    evaluateMap(frame, cast<MapOp>(map), own, row, [&](unsigned r, OpFoldResult k, Value value) {
      for (auto [result, offset] : wanted)
        if (result == r)
          store(frame.add(toValue(frame, k), frame.index(offset)), value);
    });
}

RowTable loops::rowsOf(Frame &frame, const RowTable &rows, Operation *op, const Item &item) {
  RowTable own;
  for (Value input : op->getOperands()) {
    if (auto known = rows.find(input); known != rows.end())
      own[input] = known->second.of(frame, item);
    else
      for (auto &entry : rowsOf(frame, rows, input.getDefiningOp(), item))
        own.insert(entry);
  }
  return own;
}

void MapReduceLowering::packReduced() {
  if (!traversal.reduced.count && !traversal.reducedIndices.count)
    return;
  constexpr int64_t rowsPerTask = 512;
  frame.machine.forEachRowTask(
      frame, traversal.reducedSize(), rowsPerTask, counters, PackReduced,
      [&](const Item &item, Value begin, Value end) {
        RowTable own = rowsOf(frame, rows, op, item);
        Value rowsBefore = frame.mul(item.atHand, traversal.reducedSize());
        sequentialFor(frame, begin, end, [&](Value row) {
          for (const Columns *columns : {&traversal.reduced, &traversal.reducedIndices}) {
            if (!columns->count)
              continue;
            Value base = frame.mul(frame.add(rowsBefore, row), frame.index(columns->length));
            packRow(*columns, own, row, [&](Value component, Value value) {
              memref::StoreOp::create(frame.b, frame.loc, value, columns->pack,
                                      frame.add(base, component));
            });
          }
        });
      });
}

/// A tile's rows stand side by side for each component; rows past the end repeat the last one. They
/// are needed as long as the member works on a piece of the tile.
void MapReduceLowering::packKept(const Tile &tile) {
  RowTable own = rowsOf(frame, rows, op, tile.item);
  Value last = frame.sub(tile.rows, frame.index(1));
  for (const Columns *columns : {&traversal.kept, &traversal.keptIndices}) {
    if (!columns->count)
      continue;
    Value base = frame.ownElements(columns->perMember), together = frame.index(columns->together);
    frame.machine.forEachRow(frame, countRowsAtHand(tile), [&](Value r) {
      Value row = frame.add(tile.firstRow, frame.min(r, last));
      packRow(*columns, own, row, [&](Value component, Value value) {
        Value at = frame.add(frame.add(base, traversal.componentOffset(*columns, component)),
                             frame.mul(r, together));
        memref::StoreOp::create(frame.b, frame.loc, value, columns->pack, at);
      });
    });
  }
}
