// Counts operations and live registers of a map_reduce. The numbers are cycles of a vector unit
// relative to an addition, rounded; they order alternatives and need not be exact.
#include "keops/Transforms/CostModel.h"
#include "keops/IR/Emitter.h"
#include "keops/IR/Reduction.h"

#include "llvm/ADT/SetVector.h"

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
  if (auto scatter = dyn_cast<ScatterAtOp>(op))
    return unrolled(components) * unrolled(getDim(scatter.getX()) / components);
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
  RegisterModel model;
  model.lanes32 = lanes32;
  model.registers = lanes32 >= 16 ? 32 : 16;
  model.mostRows = 4;
  model.mostChunk = model.registers / 2;
  model.mostSums = model.registers - model.registers / 4;
  model.panelRegisters = model.registers / 2;
  model.mostPanelRows = model.registers / 8;
  model.mostPanel = 4;
  model.mostPanelChunk = model.mostChunk;
  model.split = 64;
  return model;
}

/// Beyond the loop a sum has three more registers for each component, of the 255 of a thread. As
/// many threads as a multiprocessor can have need 32 to 64 registers each, and 128 threads in a
/// block leave it several blocks to choose from.
RegisterModel keops::getThreadModel() {
  RegisterModel model;
  model.lanes32 = 128;
  model.registers = 64;
  model.mostRows = 8;
  model.mostChunk = 16;
  // Some tasks for each of a thousand blocks that run at once.
  model.split = 8192;
  model.lanesAreThreads = true;
  model.mostSums = 32;
  model.panelRegisters = 208;
  model.mostPanelRows = 2;
  model.mostPanel = 16;
  model.mostPanelChunk = 16;
  return model;
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

static int64_t countStates(MapReduceOp op, int64_t chunk) {
  int64_t states = 0;
  for (auto [r, reduce] : llvm::enumerate(op.getReduceAttrs()))
    states += stateVectors(reduce, op.getFormulas(r), chunk);
  return states;
}

int64_t keops::estimateLiveVectors(MapReduceOp op, int64_t chunk) {
  constexpr int64_t temporaries = 4;
  int64_t live = temporaries + countStates(op, chunk);
  for (Value argument : op.getBlock().getArguments())
    if (getValueType(argument).getPlacement() == op.getKept())
      // Longer vectors are read in loops, a few components at a time.
      live += getDim(argument) <= Emitter::unrollLimit ? getDim(argument) : 2;
  return live;
}

/// A sum has three numbers for each component of a row: in blocks, in all, and what was lost.
static constexpr int64_t slotsOfState = 3;

static bool isDouble(MapReduceOp op) {
  return getValueType(op.getFormulas(0).front()).getElementType().isF64();
}

int64_t keops::estimateThreadRegisters(MapReduceOp op) {
  ScheduleAttr schedule = *op.getSchedule();
  constexpr int64_t temporaries = 6;
  int64_t states = countStates(op, schedule.getChunk());
  int64_t ofRow = schedule.getPanel() == 1
                      ? estimateLiveVectors(op, schedule.getChunk())
                      : schedule.getPanel() + slotsOfState * states + temporaries;
  // Doubles that are on their way take registers, too.
  return isDouble(op) ? 2 * (ofRow + schedule.getPanel()) * schedule.getRows()
                      : ofRow * schedule.getRows();
}

//===-- Wide results ------------------------------------------------------------------------===//

static void collectShared(Value formula, llvm::SetVector<Value> &shared) {
  Operation *op = formula.getDefiningOp();
  if (!op || getValueType(formula).getPlacement() != Placement::IJ)
    return;
  if (getDim(formula) == 1) {
    shared.insert(formula);
    return;
  }
  for (Value operand : op->getOperands())
    collectShared(operand, shared);
}

SmallVector<Value> keops::findSharedFormulas(MapReduceOp op) {
  llvm::SetVector<Value> shared;
  for (Value yielded : op.getBlock().getTerminator()->getOperands())
    collectShared(yielded, shared);
  return shared.takeVector();
}

bool keops::runsThroughChunks(MapReduceOp op, int64_t chunk, int64_t block) {
  // States pass through memory once for each block.
  if (block == 1)
    return false;
  int64_t dim = 1;
  for (auto [r, reduce] : llvm::enumerate(op.getReduceAttrs())) {
    if (getReductionInfo(reduce.getKind()).takesK)
      return false;
    SmallVector<Value> formulas = op.getFormulas(r);
    dim = std::max(dim, getReducedDim(TypeRange(ValueRange(formulas))));
  }
  return dim > chunk && !findSharedFormulas(op).empty();
}

//===-- The choice --------------------------------------------------------------------------===//

/// How many components of the widest result are carried at a time: as many as are allowed, since
/// every further chunk computes the shared part of the formula again. Sorted lists are kept one
/// component at a time.
static int64_t chooseChunk(MapReduceOp op, int64_t mostChunk) {
  int64_t chunk = 1;
  for (auto [r, reduce] : llvm::enumerate(op.getReduceAttrs())) {
    if (getReductionInfo(reduce.getKind()).takesK)
      return 1;
    SmallVector<Value> formulas = op.getFormulas(r);
    int64_t dim = getReducedDim(TypeRange(ValueRange(formulas)));
    chunk = std::max(chunk, std::min(dim, mostChunk));
  }
  return chunk;
}

/// A table is as large as the tile; that of one row fits into the cache more often.
static bool keepsTables(MapReduceOp op) {
  return llvm::any_of(op.getBlock(), llvm::IsaPred<ScratchOpInterface>);
}

/// Whether the kept rows are so long that they are read from memory for each reduced row.
static bool hasLongRows(MapReduceOp op) {
  return llvm::any_of(op.getBlock().getArguments(), [&](BlockArgument argument) {
    return getValueType(argument).getPlacement() == op.getKept() && !argument.use_empty() &&
           getDim(argument) > Emitter::unrollLimit;
  });
}

namespace {
/// Rows of both indices that are computed together, and what is carried for them.
struct RegisterTile {
  int64_t rows, panel, chunk;
  bool wide; ///< all chunks are reduced within each block
};
} // namespace

/// Of a result that is reduced in chunks within blocks, as many components as registers can sum up
/// for all rows of a tile.
static int64_t widestChunk(const RegisterModel &model, int64_t width, int64_t rows) {
  return std::max<int64_t>(model.mostSums / width / rows, 1);
}

/// A row keeps its variables in registers.
static RegisterTile chooseRows(MapReduceOp op, const RegisterModel &model, int64_t width,
                               int64_t block) {
  int64_t chunk = chooseChunk(op, model.mostChunk);
  bool wide = runsThroughChunks(op, chunk, block);
  int64_t live = estimateLiveVectors(op, wide ? 1 : chunk);
  int64_t rows = std::clamp<int64_t>(model.registers / width / live, 1, model.mostRows);
  int64_t code = codeOf(op.getBlock(), isLarge(op.getBlock()));
  rows = std::clamp<int64_t>(mostCodeOfTile / std::max<int64_t>(code, 1), 1, rows);
  if (keepsTables(op))
    rows = 1;
  return {rows, /*panel=*/1, wide ? widestChunk(model, width, rows) : chunk, wide};
}

/// Whether rows are worth computing in panels: on a CPU, if their components are summed up.
static bool suitsPanels(MapReduceOp op, const RegisterModel &model) {
  return hasLongRows(op) && !keepsTables(op) && !isLarge(op.getBlock()) &&
         (model.lanesAreThreads || !findSharedFormulas(op).empty());
}

/// Pairs keep one number each while the components pass by.
static RegisterTile choosePanel(MapReduceOp op, const RegisterModel &model, int64_t width,
                                int64_t block) {
  int64_t chunk = chooseChunk(op, model.mostPanelChunk / width);
  bool wide = runsThroughChunks(op, chunk, block);
  // Compilers for CPUs keep the state in memory while the components pass by.
  int64_t state = wide || !model.lanesAreThreads ? 0 : slotsOfState * countStates(op, chunk);
  // Loads of doubles fill as many registers as their sums; those of a wide state have no room.
  int64_t panel = model.mostPanel / (width * width * (state > model.mostPanel ? 2 : 1));
  int64_t ofRow = panel + state;
  int64_t rows = std::clamp<int64_t>(model.panelRegisters / width / ofRow, 1, model.mostPanelRows);
  // Of a sum over components four stand in its loop, of which the estimate takes all for written
  // out.
  constexpr int64_t writtenOut = Emitter::unrollLimit / Emitter::mostSums;
  int64_t code = std::max<int64_t>(codeOf(op.getBlock(), /*calls=*/false) / writtenOut, 1);
  panel = std::clamp<int64_t>(mostCodeOfTile / (rows * code), 1, panel);
  return {rows, panel, wide ? widestChunk(model, width, rows) : chunk, wide};
}

ScheduleAttr keops::chooseSchedule(MapReduceOp op, const RegisterModel &model) {
  // Precision high and Kahan's scheme compensate every addition: no plain sums within blocks.
  bool compensated = op.getPrecision() == Precision::High ||
                     (op.getSums() && op.getSums()->getScheme() == SumScheme::KahanScheme);
  int64_t block = compensated ? 1 : 16, blocks = compensated ? 1 : 8;
  // On a GPU a double takes two registers, on a CPU half the lanes.
  int64_t bytes = isDouble(op) ? 8 : 4, width = model.lanesAreThreads ? bytes / 4 : 1;
  bool calls = isLarge(op.getBlock());
  bool inPanels = !compensated && suitsPanels(op, model);
  RegisterTile tile =
      inPanels ? choosePanel(op, model, width, block) : chooseRows(op, model, width, block);
  // States pass through the caches once for each block; rows of a GPU's wait near its threads.
  constexpr int64_t longer = 4;
  if (tile.wide && !model.lanesAreThreads)
    block *= longer, blocks /= longer;
  if (model.lanesAreThreads)
    tile.rows = llvm::bit_floor<uint64_t>(tile.rows);
  int64_t lanes =
      model.lanesAreThreads ? model.lanes32 : std::max<int64_t>(model.lanes32 * 4 / bytes, 1);
  // Fewer rows would be a second copy of the loops for little.
  constexpr int64_t leastRowsToNarrow = 4;
  bool narrow = model.lanesAreThreads && tile.rows >= leastRowsToNarrow;
  // A second stage costs no registers, and few blocks have nothing else to do while one is filled.
  int64_t stages = model.lanesAreThreads ? 2 : 1;
  return ScheduleAttr::get(op.getContext(), tile.rows, lanes, block, blocks, tile.chunk,
                           model.split, tile.panel, stages, narrow, calls);
}
