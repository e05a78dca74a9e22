// Forward mode through reductions. A policy gives, for an adjoint e of the result, formulas and
// their adjoints, which are linear in e; the derivative along a tangent is the transpose of that:
// the gradient with respect to e of the scalar products of those adjoints with the tangents of
// those formulas. So every reduction with a gradient has a forward derivative, too.
#include "Differentiate.h"
#include "keops/Transforms/Utilities.h"

using namespace mlir;
using namespace keops;

/// Function-level values and their tangents.
using Tangents = llvm::DenseMap<Value, Value>;

/// The sum of the derivatives of `formula` along the tangents of the inputs of the region, or null.
static Value differentiateAlong(Gradient &g, Value formula, const Tangents &tangents) {
  Block &block = g.op->getRegion(0).front();
  Value sum;
  for (auto [k, input] : llvm::enumerate(g.source->getOperands())) {
    Value tangent = tangents.lookup(input);
    if (!tangent)
      continue;
    Value term = DiffOp::create(g.b, g.loc, formula, block.getArgument(k), g.read(tangent));
    sum = sum ? AddOp::create(g.b, g.loc, sum, term).getResult() : term;
  }
  return sum;
}

/// The transpose of the seeds in e, at one pair.
static Value transpose(Gradient &g, ArrayRef<Seed> seeds, Value e, const Tangents &tangents) {
  Value sum, one = createRational(g.b, g.loc, getValueType(e).getElementType(), 1, 1);
  for (const Seed &seed : seeds) {
    Value moved = differentiateAlong(g, seed.formula, tangents);
    if (!moved)
      continue;
    Value product = ScalprodOp::create(g.b, g.loc, seed.adjoint, moved);
    Value term = GradOp::create(g.b, g.loc, product, e, one);
    if (seed.only)
      term = OnlyAtOp::create(g.b, g.loc, seed.only, term);
    sum = sum ? AddOp::create(g.b, g.loc, sum, term).getResult() : term;
  }
  return sum ? sum : createZero(g.b, g.loc, getValueType(e).getElementType(), getDim(e));
}

/// The tangent of one result of a reduction: a sum over the same index.
static FailureOr<Value> moveReduction(DiffOp diff, MapReduceOp source, Value result,
                                      const Tangents &tangents) {
  OpBuilder b(diff);
  Location loc = diff.getLoc();
  Value e = createZeroRows(b, loc, getValueType(result));
  auto sum = ReduceAttr::get(b.getContext(), ReductionKind::Sum);
  MapReduceOp op =
      createReduction(b, loc, source, source.getOver(), sum, TypeRange(result.getType()));
  Gradient g = startGradient(op, source, loc);
  SmallVector<Seed> seeds;
  Adjoints adjoints;
  adjoints[result] = e;
  if (failed(seedReductions(g, source, adjoints, seeds)))
    return failure();
  YieldOp::create(g.b, loc, transpose(g, seeds, g.read(e), tangents));
  if (failed(differentiateFormulas(op.getBlock())))
    return failure();
  eraseDeadFormulas(op.getBlock());
  removeUnusedInputs(op);
  return op.getResult(0);
}

/// The tangent of one result of a map: a map of the derivative of its formula.
static FailureOr<Value> moveMap(DiffOp diff, MapOp source, Value result, const Tangents &tangents) {
  OpBuilder b(diff);
  Location loc = diff.getLoc();
  auto op =
      MapOp::create(b, loc, TypeRange(result.getType()), source.getInputs(), source.getOver());
  Gradient g = startGradient(op, source, loc);
  unsigned number = cast<OpResult>(result).getResultNumber();
  Value formula = g.mapping.lookup(source.getBlock().getTerminator()->getOperand(number));
  YieldOp::create(g.b, loc, differentiateAlong(g, formula, tangents));
  if (failed(differentiateFormulas(op.getBlock())))
    return failure();
  eraseDeadFormulas(op.getBlock());
  removeUnusedInputs(op);
  return op.getResult(0);
}

static FailureOr<Value> moveResult(DiffOp diff, Operation *source, Value result,
                                   const Tangents &tangents) {
  if (auto reduction = dyn_cast<MapReduceOp>(source))
    return moveReduction(diff, reduction, result, tangents);
  if (auto map = dyn_cast<MapOp>(source))
    return moveMap(diff, map, result, tangents);
  return mlir::emitError(diff.getLoc(),
                         "Diff: the first argument must be a reduction or a formula inside one");
}

LogicalResult keops::differentiateReductionForward(DiffOp diff) {
  Tangents tangents;
  tangents[diff.getVariable()] = diff.getTangent();
  for (Operation *source : getPath(diff.getVariable(), diff.getFormula()))
    for (Value result : source->getResults()) {
      // Indices move in jumps.
      if (getValueType(result).getElementType().isInteger() ||
          (result.use_empty() && result != diff.getFormula()))
        continue;
      FailureOr<Value> tangent = moveResult(diff, source, result, tangents);
      if (failed(tangent))
        return failure();
      tangents[result] = *tangent;
    }
  replaceByRows(diff, tangents.lookup(diff.getFormula()));
  return success();
}
