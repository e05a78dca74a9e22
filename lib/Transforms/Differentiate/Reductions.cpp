// Differentiation of reductions: the gradient of a map_reduce is a map_reduce of the gradient of
// its formulas, weighted as Policies.cpp says. Formulas.cpp does the part inside the regions.
#include "Differentiate.h"
#include "keops/Transforms/Utilities.h"

using namespace mlir;
using namespace keops;

/// The formulas of `g.source` that receive an adjoint, through the results that have one.
static LogicalResult seedResults(Gradient &g, const Adjoints &adjoints,
                                 SmallVectorImpl<Seed> &seeds) {
  auto source = dyn_cast<MapReduceOp>(g.source);
  if (source)
    return seedReductions(g, source, adjoints, seeds);
  Operation *yield = g.source->getRegion(0).front().getTerminator();
  for (auto [result, formula] : llvm::zip(g.source->getResults(), yield->getOperands()))
    if (Value adjoint = adjoints.lookup(result))
      seeds.push_back({g.mapping.lookup(formula), g.read(adjoint), Value()});
  return success();
}

//===-- Contributions and their sum ---------------------------------------------------------===//

/// Ends the region: the sum over seeds and over the arguments that stand for `input`.
static void yieldGradients(Gradient &g, ArrayRef<Seed> seeds, Value input) {
  Block &block = g.op->getRegion(0).front();
  Value sum;
  for (auto [k, operand] : llvm::enumerate(g.source->getOperands()))
    for (const Seed &seed : seeds) {
      if (operand != input)
        continue;
      Value gradient = GradOp::create(g.b, g.loc, seed.formula, block.getArgument(k), seed.adjoint);
      if (seed.only)
        gradient = OnlyAtOp::create(g.b, g.loc, seed.only, gradient);
      sum = sum ? AddOp::create(g.b, g.loc, sum, gradient).getResult() : gradient;
    }
  if (!sum)
    sum = createZero(g.b, g.loc, getElementType(g.op), getDim(input));
  YieldOp::create(g.b, g.loc, sum);
}

/// The operation whose region will hold the gradient of `source`; its result stands on `target`.
static FailureOr<Operation *> createGradient(OpBuilder &b, GradOp grad, Operation *source,
                                             Value input, Placement target) {
  Type type = placed(input, target);
  if (auto reduction = dyn_cast<MapReduceOp>(source))
    return createReduction(b, grad.getLoc(), reduction, otherIndex(target),
                           ReduceAttr::get(b.getContext(), ReductionKind::Sum), type)
        .getOperation();
  auto map = dyn_cast<MapOp>(source);
  if (map && map.getOver() == target)
    return MapOp::create(b, grad.getLoc(), TypeRange(type), map.getInputs(), target).getOperation();
  return mlir::emitError(grad.getLoc(), "Grad: cannot differentiate through ")
         << source->getName() << " with respect to an argument that stands on another index";
}

/// What `source` adds to the adjoint of its input, given the adjoints of its results.
static FailureOr<Value> buildContribution(GradOp grad, Operation *source, Value input,
                                          Placement target, const Adjoints &adjoints) {
  OpBuilder b(grad);
  FailureOr<Operation *> op = createGradient(b, grad, source, input, target);
  if (failed(op))
    return failure();
  Gradient g = startGradient(*op, source, grad.getLoc());
  SmallVector<Seed> seeds;
  if (failed(seedResults(g, adjoints, seeds)))
    return failure();
  yieldGradients(g, seeds, input);
  if (failed(differentiateFormulas((*op)->getRegion(0).front())))
    return failure();
  removeUnusedInputs(*op);
  return (*op)->getResult(0);
}

/// A keops.map over the index of `type` that yields one formula of `inputs`.
static Value createMap(OpBuilder &b, Location loc, ValueType type, ValueRange inputs,
                       function_ref<Value(ValueRange)> formula) {
  auto map = MapOp::create(b, loc, TypeRange(type), inputs, type.getPlacement());
  Block &block = addBlock(map);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&block);
  YieldOp::create(b, loc, formula(block.getArguments()));
  return map.getResult(0);
}

static Value addRows(GradOp grad, Value x, Value y) {
  OpBuilder b(grad);
  return createMap(b, grad.getLoc(), getValueType(x), {x, y}, [&](ValueRange xy) -> Value {
    return AddOp::create(b, grad.getLoc(), xy[0], xy[1]);
  });
}

Value keops::createZeroRows(OpBuilder &b, Location loc, ValueType type) {
  return createMap(b, loc, type, {}, [&](ValueRange) -> Value {
    return createZero(b, loc, type.getElementType(), type.getDim());
  });
}

void keops::replaceByRows(Operation *op, Value derivative) {
  OpBuilder b(op);
  Value result = op->getResult(0);
  if (!derivative)
    derivative = createZeroRows(b, op->getLoc(), getValueType(result));
  result.replaceAllUsesWith(derivative);
  op->erase();
}

/// Adds to the adjoints of all inputs of `source` that depend on the variable. The gradient of a
/// parameter has one row per row of the differentiated reduction, on whichever index a reduction on
/// the way stands.
static LogicalResult pushBack(GradOp grad, Operation *source,
                              const llvm::SetVector<Operation *> &path, Adjoints &adjoints) {
  llvm::SmallSetVector<Value, 8> inputs(source->operand_begin(), source->operand_end());
  for (Value input : inputs) {
    if (input != grad.getVariable() && !path.contains(input.getDefiningOp()))
      continue;
    // Indices move in jumps.
    if (getValueType(input).getElementType().isInteger())
      continue;
    bool variable = input == grad.getVariable();
    ValueType type = variable ? getValueType(grad.getResult()) : getValueType(input);
    FailureOr<Value> contribution =
        buildContribution(grad, source, input, type.getPlacement(), adjoints);
    if (failed(contribution))
      return failure();
    Value &sum = adjoints[input];
    sum = sum ? addRows(grad, sum, *contribution) : *contribution;
  }
  return success();
}

LogicalResult keops::differentiateReduction(GradOp grad) {
  Operation *root = grad.getFormula().getDefiningOp();
  if (!isa_and_nonnull<MapReduceOp, MapOp>(root))
    return mlir::emitError(grad.getLoc(),
                           "Grad: the first argument must be a reduction or a formula inside one");
  Adjoints adjoints;
  adjoints[grad.getFormula()] = grad.getAdjoint();
  llvm::SetVector<Operation *> path = getPath(grad.getVariable(), grad.getFormula());
  for (Operation *source : llvm::reverse(path)) {
    bool reached =
        llvm::any_of(source->getResults(), [&](Value result) { return adjoints.count(result); });
    if (reached && failed(pushBack(grad, source, path, adjoints)))
      return failure();
  }
  replaceByRows(grad, adjoints.lookup(grad.getVariable()));
  return success();
}
