// Turns a function of keops values into one over memory: the loops of each map_reduce (Phases.cpp)
// in the form that the machine gives them, and the manifest that tells the runtime how to run it.
#include "FunctionLowering.h"

#include "Functions.h"
#include "Phases.h"
#include "Scratch.h"
#include "Work.h"

#include "keops/IR/StorageTypes.h"
#include "keops/Transforms/CostModel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace keops {
#define GEN_PASS_DEF_CONVERTMAPREDUCETOLOOPS
#include "keops/Conversion/Passes.h.inc"
} // namespace keops

using namespace mlir;
using namespace keops;
using namespace keops::loops;

namespace {
class FunctionLowering {
public:
  FunctionLowering(func::FuncOp source, Machine &machine, Functions &functions)
      : source(source), machine(machine), functions(functions), b(source) {}
  LogicalResult run();

private:
  LogicalResult check();
  Frame createFrame();
  void evaluateItem(Frame &frame, MapOp map, const Item &item);
  void evaluateParameters(Frame &frame, Workspace &workspace);
  void lowerRows(Frame &frame, Workspace &workspace);
  void lowerMap(Frame &frame, Workspace &workspace, MapOp map);
  SmallVector<Rows> outputsOf(Frame &frame, Workspace &workspace, Operation *op);
  void copyResults(Frame &frame);
  void copyRows(Frame &frame, const Rows &from, const Rows &to, ValueType type);
  std::string manifest(const Workspace &workspace);

  func::FuncOp source;
  Machine &machine;
  Functions &functions;
  OpBuilder b;
  SmallVector<Rows> results;
  RowTable rows;
};
} // namespace

/// The operations that may stand at function level here, and their preconditions.
LogicalResult FunctionLowering::check() {
  for (Operation &op : source.getBody().front()) {
    if (auto reduce = dyn_cast<MapReduceOp>(op)) {
      if (!reduce.getSchedule())
        return reduce.emitOpError("has no schedule; run --keops-choose-schedule first");
    } else if (!isa<MapOp, func::ReturnOp>(op)) {
      return op.emitOpError("is not expected at function level before the conversion to loops");
    }
  }
  for (Value result : source.getBody().front().getTerminator()->getOperands())
    if (!result.getDefiningOp())
      return source.emitOpError("expected no argument among the results");
  return success();
}

Frame FunctionLowering::createFrame() {
  int64_t inputs = source.getNumArguments(), outputs = source.getNumResults();
  for (int64_t k = 0; k < inputs; ++k)
    rows[source.getArgument(k)] = Rows::ofCaller(k, getArgumentStorage(source, k));
  for (int64_t k = 0; k < outputs; ++k)
    results.push_back(Rows::ofCaller(inputs + k, getResultStorage(source, k)));
  Frame frame(b, source.getLoc(), machine, functions, inputs, outputs);
  machine.open(frame, source);
  readArguments(frame);
  return frame;
}

void FunctionLowering::evaluateItem(Frame &frame, MapOp map, const Item &item) {
  RowTable own = rowsOf(frame, rows, map, item);
  for (Value result : map.getResults())
    own[result] = rows.lookup(result).of(frame, item);
  evaluateMap(frame, map, own, frame.index(0), [&](unsigned r, OpFoldResult k, Value value) {
    own.lookup(map.getResult(r)).store(frame, value, frame.index(0), toValue(frame, k));
  });
}

/// Values that depend on parameters alone are computed once for an item, ahead of everything else.
void FunctionLowering::evaluateParameters(Frame &frame, Workspace &workspace) {
  for (auto map : source.getOps<MapOp>()) {
    if (map.getOver() != Placement::P)
      continue;
    for (Value result : map.getResults())
      rows[result] = allocateRows(frame, workspace, getValueType(result));
    machine.once(frame, [&] {
      machine.forAll(frame, frame.itemsAtHand,
                     [&](Value atHand) { evaluateItem(frame, map, frame.item(atHand)); });
    });
  }
}

/// A result that the function returns goes straight to its output, any other to the workspace. So
/// does one that is read again, where its output would round it.
SmallVector<Rows> FunctionLowering::outputsOf(Frame &frame, Workspace &workspace, Operation *op) {
  SmallVector<Rows> outputs;
  OperandRange returned = source.getBody().front().getTerminator()->getOperands();
  for (Value result : op->getResults()) {
    unsigned number = llvm::find(returned, result) - returned.begin();
    bool isOutput = number < returned.size();
    if (isOutput && !llvm::all_of(result.getUsers(), llvm::IsaPred<func::ReturnOp>))
      isOutput = getResultStorage(source, number) == getValueType(result).getElementType();
    outputs.push_back(isOutput ? results[number]
                               : allocateRows(frame, workspace, getValueType(result)));
    rows[result] = outputs.back();
  }
  return outputs;
}

/// A map over rows is evaluated by the reductions that read it, unless somebody else reads it too.
static bool needsRows(MapOp map) {
  return map.getOver() != Placement::P &&
         llvm::any_of(map->getUsers(), llvm::IsaPred<MapOp, func::ReturnOp>);
}

/// Enough to hide the taking of a task, few enough to share the rows among the threads.
static constexpr int64_t mapRowsPerTask = 256;

void FunctionLowering::lowerMap(Frame &frame, Workspace &workspace, MapOp map) {
  SmallVector<Rows> outputs = outputsOf(frame, workspace, map);
  auto evaluateRows = [&](const Item &item, Value begin, Value end) {
    RowTable own = rowsOf(frame, rows, map, item);
    SmallVector<Rows> targets;
    for (const Rows &output : outputs)
      targets.push_back(output.of(frame, item));
    sequentialFor(frame, begin, end, [&](Value row) {
      evaluateMap(frame, map, own, row, [&](unsigned r, OpFoldResult k, Value value) {
        targets[r].store(frame, value, row, toValue(frame, k));
      });
    });
  };
  Value counters = allocateCounters(frame, workspace, 1), size = frame.size(map.getOver());
  machine.region(frame, counters, 1, [&] {
    machine.forEachRowTask(frame, size, mapRowsPerTask, counters, 0, evaluateRows);
  });
}

void FunctionLowering::lowerRows(Frame &frame, Workspace &workspace) {
  for (Operation &op : source.getBody().front()) {
    frame.loc = op.getLoc();
    if (auto reduce = dyn_cast<MapReduceOp>(op)) {
      SmallVector<Rows> outputs = outputsOf(frame, workspace, reduce);
      MapReduceLowering(frame, workspace, reduce, rows, outputs).run();
    } else if (auto map = dyn_cast<MapOp>(op); map && needsRows(map)) {
      lowerMap(frame, workspace, map);
    }
  }
}

/// What is returned twice, or stands in the workspace, is copied to its output.
void FunctionLowering::copyResults(Frame &frame) {
  OperandRange returned = source.getBody().front().getTerminator()->getOperands();
  for (auto [number, value] : llvm::enumerate(returned)) {
    Rows computed = rows.lookup(value);
    if (computed.isSame(results[number]))
      continue;
    copyRows(frame, computed, results[number], getValueType(value));
  }
}

void FunctionLowering::copyRows(Frame &frame, const Rows &from, const Rows &to, ValueType type) {
  Value size = frame.size(type.getPlacement());
  auto copyRow = [&](const Rows &source, const Rows &target, Value row) {
    forEachComponent(frame, type.getDim(), [&](OpFoldResult k) {
      target.store(frame, source.load(frame, row, k), row, toValue(frame, k));
    });
  };
  machine.once(frame, [&] {
    sequentialFor(frame, frame.index(0), frame.itemsAtHand, [&](Value atHand) {
      Item item = frame.item(atHand);
      Rows source = from.of(frame, item), target = to.of(frame, item);
      machine.forAll(frame, size, [&](Value row) { copyRow(source, target, row); });
    });
  });
}

//===-- Manifest ----------------------------------------------------------------------------===//

/// Scalar operations per pair, from which the runtime decides about threads.
static int64_t costPerPair(func::FuncOp source) {
  int64_t cost = 1;
  source.walk([&](MapReduceOp op) { cost += estimateCost(op); });
  return cost;
}

static void describeOutput(Value result, Type storage, llvm::raw_ostream &os) {
  auto op = result.getDefiningOp<MapReduceOp>();
  if (!op) {
    ValueType type = getValueType(result);
    os << "output " << stringifyPlacement(type.getPlacement()) << " " << storage << " value "
       << type.getDim() << "\n";
    return;
  }
  unsigned number = 0;
  for (auto [r, attr] : llvm::enumerate(op.getReduceAttrs())) {
    SmallVector<Value> formulas = op.getFormulas(r);
    for (const ResultInfo &info : getReductionInfo(attr.getKind()).results) {
      if (op.getResult(number++) != result)
        continue;
      os << "output " << stringifyPlacement(op.getKept()) << " " << storage << " " << info.name;
      for (int64_t extent : getResultShape(info, attr, TypeRange(ValueRange(formulas))))
        os << " " << extent;
      os << "\n";
    }
  }
}

std::string FunctionLowering::manifest(const Workspace &workspace) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "keops-program 3\nsymbol " << source.getSymName() << "\n";
  for (BlockArgument argument : source.getArguments()) {
    ValueType type = getValueType(argument);
    auto name = source.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "keops.name");
    os << "input " << stringifyPlacement(type.getPlacement()) << " " << type.getDim() << " "
       << getArgumentStorage(source, argument.getArgNumber()) << " "
       << (name ? name.getValue() : StringRef("-")) << "\n";
  }
  OperandRange returned = source.getBody().front().getTerminator()->getOperands();
  for (auto [number, result] : llvm::enumerate(returned))
    describeOutput(result, getResultStorage(source, number), os);
  workspace.describe(os);
  os << "cost " << costPerPair(source) << "\n";
  machine.describe(os);
  return text;
}

LogicalResult FunctionLowering::run() {
  if (failed(check()))
    return failure();
  Frame frame = createFrame();
  Workspace workspace(frame);
  allocateScratch(frame, workspace, source);
  countTerms(frame, workspace, source);
  machine.forItemsAtHand(frame, [&] {
    evaluateParameters(frame, workspace);
    lowerRows(frame, workspace);
    frame.loc = source.getLoc();
    copyResults(frame);
  });
  machine.close(frame);
  source->getParentOfType<ModuleOp>()->setAttr("keops.manifest",
                                               b.getStringAttr(manifest(workspace)));
  source.erase();
  return success();
}

SmallVector<func::FuncOp> loops::findFormulas(ModuleOp module) {
  SmallVector<func::FuncOp> formulas;
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isDeclaration() &&
        llvm::any_of(function.getResultTypes(), llvm::IsaPred<ValueType>))
      formulas.push_back(function);
  return formulas;
}

LogicalResult loops::lowerFunction(func::FuncOp source, Machine &machine, Functions &functions) {
  return FunctionLowering(source, machine, functions).run();
}
