// Counts operations and live registers of a map_reduce. The numbers are cycles of a vector unit
// relative to an addition, rounded; they order alternatives and need not be exact.
#include "keops/Transforms/CostModel.h"
#include "keops/IR/Emitter.h"
#include "keops/IR/Reduction.h"

using namespace mlir;
using namespace keops;

//===-- Operations per pair -----------------------------------------------------------------===//

/// A component costs what the record says; a sum over operands costs that for each of its terms.
static int64_t costOf(Operation *op) {
  if (isa<ConstantOp, ZeroOp, YieldOp>(op))
    return 0;
  const FormulaInfo *info = getFormulaInfo(op);
  int64_t components = getDim(op->getResult(0));
  if (auto dot = dyn_cast<TensorDotOp>(op))
    return info->cost * components * dot.getTermCount();
  for (Value operand : op->getOperands())
    components = std::max(components, getDim(operand));
  return (info ? info->cost : 1) * components;
}

static int64_t costOfReduction(ReduceAttr reduce, ArrayRef<Value> formulas) {
  const ReductionInfo &info = getReductionInfo(reduce.getKind());
  int64_t dim = getDim(formulas[0]);
  if (info.formulas == 2)
    return 10 * dim + 2 * getDim(formulas[1]);
  if (info.takesK || reduce.getKind() == ReductionKind::Var)
    return 4 * dim;
  return info.sums || reduce.getKind() == ReductionKind::Prod ? dim : 2 * dim;
}

int64_t keops::estimateCost(MapReduceOp op) {
  int64_t cost = 0;
  for (Operation &formula : op.getBlock())
    cost += costOf(&formula);
  for (auto [r, reduce] : llvm::enumerate(op.getReduceAttrs()))
    cost += costOfReduction(reduce, op.getFormulas(r));
  return std::max<int64_t>(cost, 1);
}

//===-- Size of the code --------------------------------------------------------------------===//

// Compile time is LLVM's, and in proportion to the code that it gets: docs/performance.md has the
// figures behind these sizes. Both count additions.

/// Formulas of more code in one row call their functions. A call of a tile of several rows is as
/// fast as code in place; small formulas do without, so that what their functions share is shared.
static constexpr int64_t mostCodeInPlace = 250;
/// All rows of a tile together have at most this much code, unless one row has more. By then
/// registers are spilled in any tile.
static constexpr int64_t mostCodeOfTile = 2000;
/// Functions that cost less are as short as a call that saves its registers.
static constexpr int64_t leastCostOfCall = 8;

/// Long vectors and long sums are loops.
static int64_t unrolled(int64_t components) { return std::min(components, Emitter::unrollLimit); }

/// How often the code of `op` is written, in place or as a call.
static int64_t placesOf(Operation *op) {
  if (isa<ConstantOp, ZeroOp, YieldOp>(op))
    return 0;
  if (isa<ScratchOpInterface>(op))
    return 1;
  int64_t components = getDim(op->getResult(0));
  if (auto dot = dyn_cast<TensorDotOp>(op))
    return unrolled(components) * unrolled(dot.getTermCount());
  for (Value operand : op->getOperands())
    components = std::max(components, getDim(operand));
  return unrolled(components);
}

static int64_t costOfPlace(Operation *op) {
  const FormulaInfo *info = getFormulaInfo(op);
  return info ? info->cost : 1;
}

bool keops::isWorthCalling(Operation *op) { return costOfPlace(op) >= leastCostOfCall; }

/// The code of one row, where functions are written in place or called.
static int64_t codeOf(Block &block, bool calls) {
  constexpr int64_t codeOfCall = 2;
  int64_t code = 0;
  for (Operation &op : block)
    code += placesOf(&op) * (calls && isWorthCalling(&op) ? codeOfCall : costOfPlace(&op));
  return code;
}

int64_t keops::estimateCode(Block &block) { return codeOf(block, /*calls=*/false); }

bool keops::isLarge(Block &block) { return estimateCode(block) > mostCodeInPlace; }

//===-- Registers ---------------------------------------------------------------------------===//

RegisterModel keops::getRegisterModel(int64_t lanes32) {
  int64_t registers = lanes32 >= 16 ? 32 : 16;
  return {lanes32, registers, /*mostRows=*/4, /*mostChunk=*/registers / 2};
}

/// Beyond the loop a sum has three more registers for each component, of the 255 of a thread. As
/// many threads as a multiprocessor can have need 32 to 64 registers each, and 128 threads in a
/// block leave it several blocks to choose from.
RegisterModel keops::getThreadModel() {
  return {/*lanes32=*/128, /*registers=*/64, /*mostRows=*/8, /*mostChunk=*/16,
          /*lanesAreThreads=*/true};
}

/// Vectors of the inner loop that carry the state of one reduction.
static int64_t stateVectors(ReduceAttr reduce, ArrayRef<Value> formulas, int64_t chunk) {
  const ReductionInfo &info = getReductionInfo(reduce.getKind());
  int64_t width = std::min(getReducedDim(TypeRange(ValueRange(formulas))), chunk);
  if (info.formulas == 2)
    return width + 2 * std::min(getDim(formulas[0]), width);
  bool indices = llvm::any_of(info.results, [](const ResultInfo &result) { return result.index; });
  return indices ? 2 * width : width;
}

int64_t keops::estimateLiveVectors(MapReduceOp op, int64_t chunk) {
  constexpr int64_t temporaries = 4;
  int64_t live = temporaries;
  for (Value argument : op.getBlock().getArguments())
    if (getValueType(argument).getPlacement() == op.getKept())
      // Longer vectors are read in loops, a few components at a time.
      live += getDim(argument) <= Emitter::unrollLimit ? getDim(argument) : 2;
  for (auto [r, reduce] : llvm::enumerate(op.getReduceAttrs()))
    live += stateVectors(reduce, op.getFormulas(r), chunk);
  return live;
}

//===-- The choice --------------------------------------------------------------------------===//

/// How many components of the widest result are carried at a time: as many as the model allows,
/// since every further chunk computes the shared part of the formula again. Sorted lists are kept
/// one component at a time.
static int64_t chooseChunk(MapReduceOp op, const RegisterModel &model) {
  int64_t chunk = 1;
  for (auto [r, reduce] : llvm::enumerate(op.getReduceAttrs())) {
    if (getReductionInfo(reduce.getKind()).takesK)
      return 1;
    SmallVector<Value> formulas = op.getFormulas(r);
    int64_t dim = getReducedDim(TypeRange(ValueRange(formulas)));
    chunk = std::max(chunk, std::min(dim, model.mostChunk));
  }
  return chunk;
}

static bool isDouble(MapReduceOp op) {
  return getValueType(op.getFormulas(0).front()).getElementType().isF64();
}

ScheduleAttr keops::chooseSchedule(MapReduceOp op, const RegisterModel &model) {
  constexpr int64_t split = 64;
  // Precision high and Kahan's scheme compensate every addition: no plain sums within blocks.
  bool compensated = op.getPrecision() == Precision::High ||
                     (op.getSums() && op.getSums()->getScheme() == SumScheme::KahanScheme);
  int64_t block = compensated ? 1 : 16, blocks = compensated ? 1 : 8;
  int64_t chunk = chooseChunk(op, model);
  // On a GPU a double takes two registers, on a CPU half the lanes.
  int64_t width = isDouble(op) ? 2 : 1;
  int64_t registers = model.lanesAreThreads ? model.registers / width : model.registers;
  int64_t rows = std::clamp<int64_t>(registers / estimateLiveVectors(op, chunk), 1, model.mostRows);
  bool calls = isLarge(op.getBlock());
  int64_t code = codeOf(op.getBlock(), calls);
  rows = std::clamp<int64_t>(mostCodeOfTile / std::max<int64_t>(code, 1), 1, rows);
  // A table is as large as the tile; that of one row fits into the cache more often.
  if (llvm::any_of(op.getBlock(), llvm::IsaPred<ScratchOpInterface>))
    rows = 1;
  if (model.lanesAreThreads)
    rows = llvm::bit_floor<uint64_t>(rows);
  int64_t lanes =
      model.lanesAreThreads ? model.lanes32 : std::max<int64_t>(model.lanes32 / width, 1);
  return ScheduleAttr::get(op.getContext(), rows, lanes, block, blocks, chunk, split, calls);
}
