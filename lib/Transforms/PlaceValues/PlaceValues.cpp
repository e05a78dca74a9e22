// Moves the subformulas that Choice.cpp picks into keops.map operations in front of their
// map_reduce.
#include "Choice.h"
#include "keops/Transforms/Passes.h"
#include "keops/Transforms/Utilities.h"

namespace keops {
#define GEN_PASS_DEF_KEOPSPLACEVALUES
#include "keops/Transforms/Passes.h.inc"
} // namespace keops

using namespace mlir;
using namespace keops;

/// The operations that `roots` are computed by, in order.
static SmallVector<Operation *> getSlice(Block &block, ArrayRef<Value> roots) {
  llvm::SmallPtrSet<Operation *, 16> needed;
  for (Value root : roots)
    needed.insert(root.getDefiningOp());
  SmallVector<Operation *> slice;
  for (Operation &op : llvm::reverse(block)) {
    if (!needed.contains(&op))
      continue;
    slice.push_back(&op);
    for (Value operand : op.getOperands())
      if (Operation *def = operand.getDefiningOp())
        needed.insert(def);
  }
  return SmallVector<Operation *>(llvm::reverse(slice));
}

/// A map over `placement` that computes `roots` from the inputs of `op`.
static MapOp createMap(MapReduceOp op, Placement placement, ArrayRef<Value> roots) {
  OpBuilder b(op);
  auto map = MapOp::create(b, op.getLoc(), TypeRange(ValueRange(roots)), op.getInputs(), placement);
  Block &block = addBlock(map);
  b.setInsertionPointToStart(&block);
  IRMapping mapping;
  mapping.map(op.getBlock().getArguments(), block.getArguments());
  for (Operation *formula : getSlice(op.getBlock(), roots))
    b.clone(*formula, mapping);
  SmallVector<Value> results;
  for (Value root : roots)
    results.push_back(mapping.lookup(root));
  YieldOp::create(b, op.getLoc(), results);
  removeUnusedInputs(map);
  return map;
}

/// Parameters first: rows may be computed from hoisted parameters, not the other way round.
void keops::placeValues(MapReduceOp op) {
  for (Placement placement : {Placement::P, Placement::I, Placement::J}) {
    SmallVector<Value> roots = chooseHoisted(op.getBlock(), placement);
    if (roots.empty())
      continue;
    MapOp map = createMap(op, placement, roots);
    for (auto [root, result] : llvm::zip(roots, map.getResults()))
      root.replaceAllUsesWith(getOrAddInput(op, result));
    eraseDeadFormulas(op.getBlock());
  }
  removeUnusedInputs(op);
}

namespace {
struct PlaceValuesPass : keops::impl::KeopsPlaceValuesBase<PlaceValuesPass> {
  void runOnOperation() override {
    getOperation()->walk([](MapReduceOp op) { placeValues(op); });
  }
};
} // namespace
