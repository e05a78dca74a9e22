// What all table operations share: type inference, the chain rule with broadcasting, and the
// generated methods.
#include "keops/IR/Emitter.h"
#include "keops/IR/Keops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace keops;

/// "3 and 2", in the order of the operands.
static std::string listDims(ValueRange operands) {
  std::string text;
  for (auto [k, operand] : llvm::enumerate(operands))
    text += (k == 0                     ? ""
             : k + 1 == operands.size() ? " and "
                                        : ", ") +
            std::to_string(getDim(operand));
  return text;
}

/// The dimension rule of vectorised operations: all dimensions equal, or 1.
static FailureOr<ValueType> broadcast(StringRef name, std::optional<Location> loc,
                                      ValueRange operands) {
  ValueType widest = getValueType(operands.front());
  Placement placement = Placement::P;
  for (Value operand : operands) {
    ValueType type = getValueType(operand);
    placement = join(placement, type.getPlacement());
    if (type.getElementType() != widest.getElementType())
      return emitOptionalError(loc, name, ": operands must share one element type, got ",
                               widest.getElementType(), " and ", type.getElementType());
    if (type.getDim() > widest.getDim())
      widest = type;
  }
  for (Value operand : operands)
    if (getDim(operand) != 1 && getDim(operand) != widest.getDim())
      return emitOptionalError(loc, name,
                               ": operands must have equal dimensions or dimension 1, got ",
                               listDims(operands));
  return ValueType::get(widest.getContext(), widest.getDim(), widest.getElementType(), placement);
}

static LogicalResult inferElementwise(StringRef name, std::optional<Location> loc,
                                      ValueRange operands, SmallVectorImpl<Type> &types) {
  FailureOr<ValueType> type = broadcast(name, loc, operands);
  if (failed(type))
    return failure();
  types.push_back(*type);
  return success();
}

/// Composites give a scalar. A first operand named `s` may be a matrix of weights; all others
/// follow the rule.
static LogicalResult inferScalarComposite(StringRef name, std::optional<Location> loc,
                                          ValueRange operands, SmallVectorImpl<Type> &types) {
  bool weighted = name.starts_with("Weighted");
  ValueRange vectors = weighted ? operands.drop_front() : operands;
  FailureOr<ValueType> type = broadcast(name, loc, vectors);
  if (failed(type))
    return failure();
  Placement placement = type->getPlacement();
  if (weighted) {
    int64_t dim = type->getDim(), weights = getDim(operands.front());
    placement = join(placement, getValueType(operands.front()).getPlacement());
    if (weights != 1 && weights != dim && weights != dim * dim)
      return emitOptionalError(loc, name, ": weights must have dimension 1, ", dim, " or ",
                               dim * dim, ", got ", weights);
  }
  types.push_back(ValueType::get(type->getContext(), 1, type->getElementType(), placement));
  return success();
}

static bool isConstantOne(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  auto number = constant ? dyn_cast<IntegerAttr>(constant.getValue()) : IntegerAttr();
  return number && number.getInt() == 1;
}

/// The chain rule for one operand: adjoint times partial derivative, summed where the operand was
/// broadcast.
static Value applyPartial(OpBuilder &b, Operation *op, Value partial, Value adjoint,
                          unsigned operand) {
  if (!partial)
    return {};
  Location loc = op->getLoc();
  Value product =
      isConstantOne(partial) ? adjoint : MultOp::create(b, loc, adjoint, partial).getResult();
  bool broadcastHere = getDim(op->getOperand(operand)) < getDim(product);
  return broadcastHere ? SumOp::create(b, loc, product).getResult() : product;
}

/// Weighted squared norm by the dimension of the weights: one weight, one per component, or a
/// row-major matrix.
static Value expandWeightedSqNorm(OpBuilder &b, Location loc, Value s, Value x) {
  int64_t dim = getDim(x), weights = getDim(s);
  if (weights == 1)
    return MultOp::create(b, loc, s, SumOp::create(b, loc, SquareOp::create(b, loc, x)));
  if (weights == dim)
    return ScalprodOp::create(b, loc, s, SquareOp::create(b, loc, x));
  Value sum;
  for (int64_t row = 0; row < dim; ++row) {
    Value weightsOfRow = ExtractOp::create(b, loc, s, row * dim, dim);
    Value term = MultOp::create(b, loc, ElemOp::create(b, loc, x, row),
                                ScalprodOp::create(b, loc, weightsOfRow, x));
    sum = sum ? AddOp::create(b, loc, sum, term).getResult() : term;
  }
  return sum;
}

#include "keops/IR/KeopsOpMethods.cpp.inc"
