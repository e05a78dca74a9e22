// Decides what is hoisted, by one backward scan over the region.
#include "Choice.h"
#include "keops/Transforms/CostModel.h"

using namespace mlir;
using namespace keops;

/// Constants cost nothing in the loop. What only moves components around costs nothing either, and
/// its result would often take more memory than what it is made from; its operands may still be
/// worth hoisting.
static bool isFree(Operation *op) {
  return isa<ConstantOp, ZeroOp, SumTOp, ConcatOp, ElemOp, ElemTOp, ExtractOp, ExtractTOp>(op);
}

namespace {
/// The places where a formula is computed when all hoisting is done: a set of placements.
struct Places {
  bool contains(Placement place) const { return bits & (1u << static_cast<uint32_t>(place)); }
  void insert(Placement place) { bits |= 1u << static_cast<uint32_t>(place); }
  void insert(Places others) { bits |= others.bits; }
  bool empty() const { return bits == 0; }
  uint32_t bits = 0;
};
} // namespace

/// Where the operands of `op` are needed, if `op` is needed at `places`; says whether `op` is
/// hoisted to its own place.
static std::pair<Places, bool> placeOperands(Operation *op, Places places) {
  Placement own = getValueType(op->getResult(0)).getPlacement();
  if (own == Placement::IJ || isFree(op))
    return {places, false};
  Places hoisted;
  hoisted.insert(own);
  bool leaves = places.bits != hoisted.bits;
  return {hoisted, leaves};
}

/// So many values of one index are hoisted whatever they cost. Each of them is read from memory for
/// every pair, which is no better than a few instructions.
static constexpr size_t mostCheapRoots = 64;

/// Keeps the roots whose computation contains a function that is worth calling.
static void dropCheap(Block &block, SmallVectorImpl<Value> &roots) {
  llvm::SmallPtrSet<Operation *, 32> dear;
  for (Operation &op : block)
    if (isWorthCalling(&op) || llvm::any_of(op.getOperands(), [&](Value operand) {
          return dear.contains(operand.getDefiningOp());
        }))
      dear.insert(&op);
  llvm::erase_if(roots, [&](Value root) { return !dear.contains(root.getDefiningOp()); });
}

SmallVector<Value> keops::chooseHoisted(Block &block, Placement placement) {
  llvm::DenseMap<Operation *, Places> needed;
  SmallVector<Value> roots;
  auto need = [&](Operation *op, Places places) {
    for (Value operand : op->getOperands())
      if (Operation *def = operand.getDefiningOp())
        needed[def].insert(places);
  };
  Places loop;
  loop.insert(Placement::IJ);
  need(block.getTerminator(), loop);
  for (Operation &op : llvm::reverse(block.without_terminator())) {
    Places places = needed.lookup(&op);
    if (places.empty())
      continue;
    auto [operands, leaves] = placeOperands(&op, places);
    need(&op, operands);
    if (leaves && getValueType(op.getResult(0)).getPlacement() == placement)
      roots.push_back(op.getResult(0));
  }
  if (roots.size() > mostCheapRoots)
    dropCheap(block, roots);
  return SmallVector<Value>(llvm::reverse(roots));
}
