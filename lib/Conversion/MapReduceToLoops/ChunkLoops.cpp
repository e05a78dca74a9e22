// Drives the block protocol of reductions (include/keops/IR/Reduction.h) for one chunk.
#include "ChunkLoops.h"

using namespace mlir;
using namespace keops;
using namespace keops::loops;

ChunkLoops::ChunkLoops(PieceStates &states, const Tile &tile, Value chunk)
    : PieceLoops(states, tile), chunkStart(states.chunkStartOf(chunk)),
      memory(states.memoryOf(tile.piece, chunk)) {
  for (const Slice &slice : states.slices())
    contexts.emplace_back(traversal, slice, memory, tile, chunkStart);
}

ChunkLoops::Values ChunkLoops::begin() {
  Values state;
  for (auto [slice, context] : llvm::zip(states.slices(), contexts))
    llvm::append_range(state, slice.reduction->init(context, loc));
  return state;
}

ChunkLoops::Values ChunkLoops::addBlock(Value begin, Value end, ValueRange carried) {
  for (TileContext &context : contexts)
    context.setOutermostLoop(outermostLoop);
  Summaries summaries = summarise(begin, end);
  return states.forEachState(carried, [&](unsigned r, ValueRange own) {
    return states.slice(r).reduction->absorb(contexts[r], loc, own, summaries[r], begin, end);
  });
}

ChunkLoops::Values ChunkLoops::flush(ValueRange carried) {
  return states.forEachState(carried, [&](unsigned r, ValueRange own) {
    return states.slice(r).reduction->flush(contexts[r], loc, own);
  });
}

void ChunkLoops::finish(ValueRange carried) { states.store(carried, memory); }

//===-- Summaries ---------------------------------------------------------------------------===//

static PieceLoops::Values flatten(ArrayRef<PieceLoops::Values> lists) {
  PieceLoops::Values all;
  for (const PieceLoops::Values &values : lists)
    llvm::append_range(all, values);
  return all;
}

static void assign(MutableArrayRef<PieceLoops::Values> lists, ValueRange all) {
  for (PieceLoops::Values &values : lists) {
    llvm::copy(all.take_front(values.size()), values.begin());
    all = all.drop_front(values.size());
  }
}

ChunkLoops::Summaries ChunkLoops::summarise(Value begin, Value end) {
  Summaries summaries;
  for (auto [slice, context] : llvm::zip(states.slices(), contexts))
    summaries.push_back(slice.reduction->summaryInit(context, loc));
  auto addNext = [&](PanelTerms &panel, int64_t number, Value j, ValueRange before) {
    assign(summaries, before);
    addTerm(panel, number, j, frame.sub(j, begin), summaries);
    return flatten(summaries);
  };
  assign(summaries, forEachPanel(begin, end, chunkStart, flatten(summaries), addNext));
  return summaries;
}

void ChunkLoops::addTerm(PanelTerms &panel, int64_t number, Value j, Value slot,
                         Summaries &summaries) {
  for (auto [r, slice] : llvm::enumerate(states.slices())) {
    SliceTerms terms(panel, slice.firstFormula, number);
    summaries[r] = slice.reduction->summarise(contexts[r], loc, summaries[r], terms, j, slot);
  }
}
