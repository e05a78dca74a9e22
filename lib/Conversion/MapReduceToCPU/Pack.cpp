// Packing: copies the variables of each index side by side and evaluates on the way whatever
// depends on one index only.
#include "Functions.h"
#include "Phases.h"
#include "Scratch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace keops;
using namespace keops::cpu;

void cpu::evaluateMap(Frame &frame, MapOp map, const RowTable &rows, Value row,
                      function_ref<void(unsigned, OpFoldResult, Value)> store) {
  Type element = getValueType(map.getResult(0)).getElementType();
  auto leaf = [&](Emitter &, BlockArgument argument, OpFoldResult k) {
    Value source = map.getInputs()[argument.getArgNumber()];
    bool parameter = getValueType(source).getPlacement() == Placement::P;
    return rows.lookup(source).load(frame, parameter ? frame.index(0) : row, k);
  };
  auto size = [&](Placement index) { return splatSize(frame, element, index); };
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

void MapReduceLowering::packRow(const Columns &columns, Value row,
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
      store(component, rows.lookup(source).load(frame, row, k));
    });
  }
  for (auto &[map, wanted] : maps)
    evaluateMap(frame, cast<MapOp>(map), rows, row, [&](unsigned r, OpFoldResult k, Value value) {
      for (auto [result, offset] : wanted)
        if (result == r)
          store(frame.add(toValue(frame, k), frame.index(offset)), value);
    });
}

void MapReduceLowering::packReduced() {
  if (!traversal.reduced.count && !traversal.reducedIndices.count)
    return;
  constexpr int64_t rowsPerTask = 512;
  Value size = traversal.reducedSize(), rowsOfTask = frame.index(rowsPerTask);
  parallelFor(frame, frame.ceilDiv(size, rowsPerTask), counters, PackReduced, [&](Value task) {
    Value begin = frame.mul(task, rowsOfTask), end = frame.min(frame.add(begin, rowsOfTask), size);
    sequentialFor(frame, begin, end, [&](Value row) {
      for (const Columns *columns : {&traversal.reduced, &traversal.reducedIndices}) {
        if (!columns->count)
          continue;
        Value base = frame.mul(row, frame.index(columns->count));
        packRow(*columns, row, [&](Value component, Value value) {
          memref::StoreOp::create(frame.b, frame.loc, value, columns->pack,
                                  frame.add(base, component));
        });
      }
    });
  });
}

/// A tile's rows stand side by side for each component; rows past the end repeat the last one.
void MapReduceLowering::packKept() {
  if (!traversal.kept.count && !traversal.keptIndices.count)
    return;
  Value tileRows = frame.index(traversal.tileRows());
  parallelFor(frame, tiles, counters, PackKept, [&](Value tile) {
    Value last = arith::SubIOp::create(frame.b, frame.loc, traversal.keptSize(), frame.index(1));
    for (const Columns *columns : {&traversal.kept, &traversal.keptIndices}) {
      if (!columns->count)
        continue;
      Value base = frame.mul(frame.mul(tile, frame.index(columns->count)), tileRows);
      sequentialFor(frame, frame.index(0), tileRows, [&](Value r) {
        Value row = frame.min(frame.add(frame.mul(tile, tileRows), r), last);
        packRow(*columns, row, [&](Value component, Value value) {
          Value at = frame.add(frame.add(base, frame.mul(component, tileRows)), r);
          memref::StoreOp::create(frame.b, frame.loc, value, columns->pack, at);
        });
      });
    }
  });
}
