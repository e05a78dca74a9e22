// Constants, zeros and the symbolic gradient: verification, emission, adjoints (there are none).
#include "keops/IR/Emitter.h"
#include "keops/IR/Keops.h"

using namespace mlir;
using namespace keops;

LogicalResult ConstantOp::verify() {
  ValueType type = getValueType(getResult());
  if (type.getDim() != 1 || type.getPlacement() != Placement::P)
    return emitOpError("expected a result of dimension 1 placed on p, got ") << type;
  if (auto rational = dyn_cast<RationalAttr>(getValue());
      rational && rational.getDenominator() <= 1)
    return emitOpError("expected a denominator of at least 2, got ") << rational.getDenominator();
  return success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

Value ConstantOp::emitComponent(Emitter &emitter, OpFoldResult) {
  return emitter.constant(getLoc(), getValue());
}
Value ConstantOp::buildAdjoint(OpBuilder &, Value, unsigned) { return {}; }
Value ConstantOp::buildTangent(OpBuilder &, ValueRange) { return {}; }

Value ZeroOp::emitComponent(Emitter &emitter, OpFoldResult) { return emitter.zero(getLoc()); }
Value ZeroOp::buildAdjoint(OpBuilder &, Value, unsigned) { return {}; }
Value ZeroOp::buildTangent(OpBuilder &, ValueRange) { return {}; }

/// Whether a value is reduced already: the result of a reduction, or its derivative.
static bool isReduced(Value value) {
  if (auto grad = value.getDefiningOp<GradOp>())
    return isReduced(grad.getFormula());
  if (auto diff = value.getDefiningOp<DiffOp>())
    return isReduced(diff.getFormula());
  return value.getDefiningOp<MapReduceOp>() != nullptr;
}

LogicalResult DiffOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                       ValueRange operands, DictionaryAttr, OpaqueProperties,
                                       RegionRange, SmallVectorImpl<Type> &types) {
  ValueType formula = getValueType(operands[0]), variable = getValueType(operands[1]),
            tangent = getValueType(operands[2]);
  if (!isa<BlockArgument>(operands[1]))
    return emitOptionalError(loc, "Diff: the second argument must be a variable");
  if (variable.getDim() != tangent.getDim())
    return emitOptionalError(loc,
                             "Diff: the third argument must have the dimension of the second, ",
                             variable.getDim(), ", got ", tangent.getDim());
  Placement placement =
      join(formula.getPlacement(), join(variable.getPlacement(), tangent.getPlacement()));
  if (isReduced(operands[0]))
    placement = formula.getPlacement();
  types.push_back(ValueType::get(context, formula.getDim(), formula.getElementType(), placement));
  return success();
}

LogicalResult GradOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                       ValueRange operands, DictionaryAttr, OpaqueProperties,
                                       RegionRange, SmallVectorImpl<Type> &types) {
  ValueType formula = getValueType(operands[0]), variable = getValueType(operands[1]),
            adjoint = getValueType(operands[2]);
  if (!isa<BlockArgument>(operands[1]))
    return emitOptionalError(loc, "Grad: the second argument must be a variable");
  if (formula.getDim() != adjoint.getDim())
    return emitOptionalError(loc, "Grad: the third argument must have the dimension of the first, ",
                             formula.getDim(), ", got ", adjoint.getDim());
  // A gradient of a reduction lives where its variable lives (for a parameter: where the reduction
  // lives, its rows are summed by the caller); a gradient of a formula lives where any of the three
  // does.
  Placement placement =
      join(formula.getPlacement(), join(variable.getPlacement(), adjoint.getPlacement()));
  if (isReduced(operands[0]))
    placement =
        variable.getPlacement() == Placement::P ? formula.getPlacement() : variable.getPlacement();
  types.push_back(ValueType::get(context, variable.getDim(), variable.getElementType(), placement));
  return success();
}
