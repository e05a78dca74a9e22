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

/// The second operand of a derivative is a variable; the third, a vector, has the dimension of
/// operand `like`.
static LogicalResult checkDerivative(StringRef name, std::optional<Location> loc,
                                     ValueRange operands, unsigned like) {
  if (!isa<BlockArgument>(operands[1]))
    return emitOptionalError(loc, name, ": the second argument must be a variable");
  int64_t expected = getDim(operands[like]), got = getDim(operands[2]);
  if (got != expected)
    return emitOptionalError(loc, name, ": the third argument must have the dimension of the ",
                             like == 0 ? "first, " : "second, ", expected, ", got ", got);
  return success();
}

/// A derivative of a formula lives where any of the operands does.
static Placement joinPlacements(ValueRange operands) {
  Placement placement = Placement::P;
  for (Value operand : operands)
    placement = join(placement, getValueType(operand).getPlacement());
  return placement;
}

/// The element type is that of the tangent: an index has a derivative too, which is zero.
LogicalResult DiffOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                       ValueRange operands, DictionaryAttr, OpaqueProperties,
                                       RegionRange, SmallVectorImpl<Type> &types) {
  if (failed(checkDerivative("Diff", loc, operands, 1)))
    return failure();
  ValueType formula = getValueType(operands[0]);
  Placement placement = isReduced(operands[0]) ? formula.getPlacement() : joinPlacements(operands);
  Type elementType = getValueType(operands[2]).getElementType();
  types.push_back(ValueType::get(context, formula.getDim(), elementType, placement));
  return success();
}

/// A gradient of a reduction lives where its variable lives; for a parameter, where the reduction
/// lives: its rows are summed by the caller.
LogicalResult GradOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                       ValueRange operands, DictionaryAttr, OpaqueProperties,
                                       RegionRange, SmallVectorImpl<Type> &types) {
  if (failed(checkDerivative("Grad", loc, operands, 0)))
    return failure();
  ValueType formula = getValueType(operands[0]), variable = getValueType(operands[1]);
  Placement placement = joinPlacements(operands);
  if (isReduced(operands[0]))
    placement =
        variable.getPlacement() == Placement::P ? formula.getPlacement() : variable.getPlacement();
  types.push_back(ValueType::get(context, variable.getDim(), variable.getElementType(), placement));
  return success();
}
