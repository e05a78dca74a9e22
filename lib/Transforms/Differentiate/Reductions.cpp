// Differentiation of reductions: the gradient of a map_reduce is a map_reduce of the gradient of
// its formulas, weighted as the record of each reduction says. Formulas.cpp does the part inside
// the regions.
#include "Differentiate.h"
#include "keops/IR/Reduction.h"
#include "keops/Transforms/Utilities.h"

using namespace mlir;
using namespace keops;

using Adjoints = llvm::DenseMap<Value, Value>;
/// A formula inside the region that is being built, and its adjoint.
using Seed = std::pair<Value, Value>;

//===-- Building operations with a region ---------------------------------------------------===//

static ValueType placed(Value like, Placement placement) {
  ValueType type = getValueType(like);
  return ValueType::get(type.getContext(), type.getDim(), type.getElementType(), placement);
}

static MapReduceOp createReduction(OpBuilder &b, Location loc, MapReduceOp like, Placement over,
                                   ReductionKind kind, Type result) {
  ArrayAttr reductions = b.getArrayAttr({ReduceAttr::get(b.getContext(), kind, 0)});
  return MapReduceOp::create(b, loc, TypeRange(result), like.getInputs(), over, reductions,
                             like.getPrecision(), ScheduleAttr());
}

//===-- The policies of reductions ----------------------------------------------------------===//

namespace {
/// One operation of the gradient while it is being built: `op` holds a copy of the formulas of
/// `source`.
struct Gradient {
  OpBuilder b;
  Operation *op;
  Operation *source;
  IRMapping mapping;
  Location loc;

  /// A value of the function, as an argument of the region.
  Value read(Value value) { return getOrAddInput(op, value); }
};
} // namespace

/// The log of the sum of exp(F), beside the softmax whose first formula is F.
static Value createLogSumExp(MapReduceOp softmax, unsigned reduction, Operation *before) {
  OpBuilder b(before);
  Location loc = softmax.getLoc();
  Value formula = softmax.getFormulas(reduction)[0];
  auto type = placed(formula, softmax.getKept());
  MapReduceOp op =
      createReduction(b, loc, softmax, softmax.getOver(), ReductionKind::LogSumExp, type);
  Block &block = addBlock(op);
  b.setInsertionPointToStart(&block);
  IRMapping mapping = cloneFormulas(b, softmax.getBlock(), block.getArguments());
  Value one = createRational(b, loc, type.getElementType(), 1, 1);
  YieldOp::create(b, loc, ValueRange{mapping.lookup(formula), one});
  return op.getResult(0);
}

/// R = log(sum(exp(F) G)): the weight of a term is w = exp(F - R); F receives <e w, G>, G receives
/// e w.
static void seedLogSumExp(Gradient &g, ArrayRef<Value> formulas, Value result, Value adjoint,
                          SmallVectorImpl<Seed> &seeds) {
  Value shifted = SubtractOp::create(g.b, g.loc, formulas[0], g.read(result));
  Value weighted = MultOp::create(g.b, g.loc, g.read(adjoint), ExpOp::create(g.b, g.loc, shifted));
  seeds.emplace_back(formulas[0], ScalprodOp::create(g.b, g.loc, weighted, formulas[1]));
  seeds.emplace_back(formulas[1], weighted);
}

/// R = sum(exp(F) G) / sum(exp(F)): with L the log of the divisor, the weight of a term is w =
/// exp(F - L); F receives w <e, G - R>, G receives w e.
static void seedSoftmax(Gradient &g, unsigned reduction, ArrayRef<Value> formulas, Value result,
                        Value adjoint, SmallVectorImpl<Seed> &seeds) {
  Value logSum = createLogSumExp(cast<MapReduceOp>(g.source), reduction, g.op);
  Value e = g.read(adjoint);
  Value weight =
      ExpOp::create(g.b, g.loc, SubtractOp::create(g.b, g.loc, formulas[0], g.read(logSum)));
  Value centred = SubtractOp::create(g.b, g.loc, formulas[1], g.read(result));
  seeds.emplace_back(
      formulas[0], MultOp::create(g.b, g.loc, weight, ScalprodOp::create(g.b, g.loc, e, centred)));
  seeds.emplace_back(formulas[1], MultOp::create(g.b, g.loc, weight, e));
}

static LogicalResult seedReduction(Gradient &g, GradOp grad, MapReduceOp source, unsigned reduction,
                                   Value result, Value adjoint, SmallVectorImpl<Seed> &seeds) {
  const ReductionInfo &info = getReductionInfo(source.getReduceAttrs()[reduction].getKind());
  SmallVector<Value> formulas;
  for (Value formula : source.getFormulas(reduction))
    formulas.push_back(g.mapping.lookup(formula));
  if (info.derivative == "sum")
    seeds.emplace_back(formulas[0], g.read(adjoint));
  else if (info.derivative == "logsumexp")
    seedLogSumExp(g, formulas, result, adjoint, seeds);
  else if (info.derivative == "softmax")
    seedSoftmax(g, reduction, formulas, result, adjoint, seeds);
  else
    return mlir::emitError(grad.getLoc(), "Grad: ")
           << info.name << "_Reduction has no gradient"
           << info.derivative.drop_front(StringRef("none").size());
  return success();
}

/// The formulas of `g.source` that receive an adjoint, through the results that have one.
static LogicalResult seedResults(Gradient &g, GradOp grad, const Adjoints &adjoints,
                                 SmallVectorImpl<Seed> &seeds) {
  auto source = dyn_cast<MapReduceOp>(g.source);
  if (!source) {
    Operation *yield = g.source->getRegion(0).front().getTerminator();
    for (auto [result, formula] : llvm::zip(g.source->getResults(), yield->getOperands()))
      if (Value adjoint = adjoints.lookup(result))
        seeds.emplace_back(g.mapping.lookup(formula), g.read(adjoint));
    return success();
  }
  unsigned result = 0;
  for (auto [r, reduce] : llvm::enumerate(source.getReduceAttrs()))
    for (unsigned k = 0; k < getReductionInfo(reduce.getKind()).results.size(); ++k, ++result)
      if (Value adjoint = adjoints.lookup(source.getResult(result)))
        if (failed(seedReduction(g, grad, source, r, source.getResult(result), adjoint, seeds)))
          return failure();
  return success();
}

//===-- Contributions and their sum ---------------------------------------------------------===//

/// Ends the region: the sum over seeds and over the arguments that stand for `input`.
static void yieldGradients(Gradient &g, ArrayRef<Seed> seeds, Value input) {
  Block &block = g.op->getRegion(0).front();
  Value sum;
  for (auto [k, operand] : llvm::enumerate(g.source->getOperands()))
    for (auto [formula, adjoint] : seeds) {
      if (operand != input)
        continue;
      Value gradient = GradOp::create(g.b, g.loc, formula, block.getArgument(k), adjoint);
      sum = sum ? AddOp::create(g.b, g.loc, sum, gradient).getResult() : gradient;
    }
  YieldOp::create(g.b, g.loc, sum);
}

/// The operation whose region will hold the gradient of `source`; its result stands on `target`.
static FailureOr<Operation *> createGradient(OpBuilder &b, GradOp grad, Operation *source,
                                             Value input, Placement target) {
  Type type = placed(input, target);
  if (auto reduction = dyn_cast<MapReduceOp>(source))
    return createReduction(b, grad.getLoc(), reduction, otherIndex(target), ReductionKind::Sum,
                           type)
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
  Block &block = addBlock(*op);
  b.setInsertionPointToStart(&block);
  IRMapping mapping = cloneFormulas(b, source->getRegion(0).front(), block.getArguments());
  Gradient g{b, *op, source, mapping, grad.getLoc()};
  SmallVector<Seed> seeds;
  if (failed(seedResults(g, grad, adjoints, seeds)))
    return failure();
  yieldGradients(g, seeds, input);
  if (failed(differentiateFormulas(block)))
    return failure();
  removeUnusedInputs(*op);
  return (*op)->getResult(0);
}

/// A keops.map over the index of `type` that yields one formula of `inputs`.
static Value createMap(GradOp grad, ValueType type, ValueRange inputs,
                       function_ref<Value(OpBuilder &, ValueRange)> formula) {
  OpBuilder b(grad);
  auto map = MapOp::create(b, grad.getLoc(), TypeRange(type), inputs, type.getPlacement());
  Block &block = addBlock(map);
  b.setInsertionPointToStart(&block);
  YieldOp::create(b, grad.getLoc(), formula(b, block.getArguments()));
  return map.getResult(0);
}

static Value addRows(GradOp grad, Value x, Value y) {
  return createMap(grad, getValueType(x), {x, y}, [&](OpBuilder &b, ValueRange xy) -> Value {
    return AddOp::create(b, grad.getLoc(), xy[0], xy[1]);
  });
}

static Value createZeroRows(GradOp grad, ValueType type) {
  return createMap(grad, type, {}, [&](OpBuilder &b, ValueRange) -> Value {
    return createZero(b, grad.getLoc(), type.getElementType(), type.getDim());
  });
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
  Value gradient = adjoints.lookup(grad.getVariable());
  if (!gradient)
    gradient = createZeroRows(grad, getValueType(grad.getResult()));
  grad.getResult().replaceAllUsesWith(gradient);
  grad.erase();
  return success();
}
