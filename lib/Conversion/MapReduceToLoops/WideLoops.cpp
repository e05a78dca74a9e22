// Drives the block protocol of reductions (include/keops/IR/Reduction.h) for all chunks at once.
#include "WideLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace keops;
using namespace keops::loops;

TileContext WideLoops::contextOf(const Slice &slice, const PieceMemory &memory, Value chunk,
                                 SharedTable *table) {
  TileContext context(traversal, slice, memory, tile, states.chunkStartOf(chunk));
  context.setOutermostLoop(outermostLoop);
  context.setTable(table);
  return context;
}

void WideLoops::forEachState(SharedTable *table, EachState body) {
  states.forEachChunk([&](Value chunk) {
    PieceMemory memory = states.memoryOf(tile.piece, chunk);
    Values before, next;
    for (auto [r, slice] : llvm::enumerate(states.slices())) {
      TileContext context = contextOf(slice, memory, chunk, table);
      Values state = states.load(slice, memory);
      llvm::append_range(next, body(r, context, state));
      llvm::append_range(before, state);
    }
    states.store(next, memory, before);
  });
}

WideLoops::Values WideLoops::begin() {
  forEachState(nullptr, [&](unsigned r, TileContext &context, ValueRange) {
    return states.slice(r).reduction->init(context, loc);
  });
  return {};
}

WideLoops::Values WideLoops::addBlock(Value begin, Value end, ValueRange) {
  SharedTable table(traversal, states.memoryOf(tile.piece, frame.index(0)), begin);
  fillTable(table, begin, end);
  SmallVector<Reduction::Settled> settled = settle(table, begin, end);
  adjustStates(settled);
  forEachState(&table, [&](unsigned r, TileContext &context, ValueRange state) {
    return states.slice(r).reduction->absorbChunk(context, loc, state, settled[r], begin, end);
  });
  return {};
}

void WideLoops::fillTable(SharedTable &table, Value begin, Value end) {
  forEachPanel(begin, end, {}, {},
               [&](PanelTerms &panel, int64_t number, Value j, ValueRange) -> Values {
                 for (unsigned s = 0; s < traversal.shared.size(); ++s)
                   table.store(panel.getShared(s, number), s, j);
                 return {};
               });
}

SmallVector<Reduction::Settled> WideLoops::settle(SharedTable &table, Value begin, Value end) {
  SmallVector<Reduction::Settled> settled;
  Value first = frame.index(0);
  PieceMemory memory = states.memoryOf(tile.piece, first);
  for (const Slice &slice : states.slices()) {
    TileContext context = contextOf(slice, memory, first, &table);
    settled.push_back(
        slice.reduction->settle(context, loc, states.load(slice, memory), begin, end));
  }
  return settled;
}

void WideLoops::adjustStates(ArrayRef<Reduction::Settled> settled) {
  Value any;
  for (const Reduction::Settled &own : settled)
    if (own.changes)
      any = any ? frame.b.createOrFold<arith::OrIOp>(loc, any, own.changes) : own.changes;
  if (!any)
    return;
  onlyIf(frame, any, [&] {
    forEachState(nullptr, [&](unsigned r, TileContext &context, ValueRange state) {
      return states.slice(r).reduction->adjust(context, loc, state, settled[r]);
    });
  });
}

WideLoops::Values WideLoops::flush(ValueRange) {
  forEachState(nullptr, [&](unsigned r, TileContext &context, ValueRange state) {
    return states.slice(r).reduction->flush(context, loc, state);
  });
  return {};
}
