// Structural operations between components of a vector: dimension rule, emission and adjoint of
// each.
#include "keops/IR/Emitter.h"
#include "keops/IR/Keops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace keops;

using Types = SmallVectorImpl<Type>;

static Type withDim(Value like, int64_t dim, Placement placement) {
  return ValueType::get(like.getContext(), dim, getValueType(like).getElementType(), placement);
}
static Type withDim(Value like, int64_t dim) {
  return withDim(like, dim, getValueType(like).getPlacement());
}

static LogicalResult checkElementTypes(StringRef name, std::optional<Location> loc, Value x,
                                       Value y) {
  Type a = getValueType(x).getElementType(), b = getValueType(y).getElementType();
  if (a != b)
    return emitOptionalError(loc, name, ": operands must share one element type, got ", a, " and ",
                             b);
  return success();
}

static LogicalResult checkScalar(StringRef name, std::optional<Location> loc, Value x) {
  if (getDim(x) != 1)
    return emitOptionalError(loc, name, ": the first argument must have dimension 1, got ",
                             getDim(x));
  return success();
}

static LogicalResult checkSlice(StringRef name, std::optional<Location> loc, int64_t start,
                                int64_t size, int64_t dim) {
  if (start < 0 || size < 1 || start > dim || size > dim - start)
    return emitOptionalError(loc, name, ": ", size, " components from ", start,
                             " on do not lie within dimension ", dim);
  return success();
}

static OpFoldResult constantIndex(OpBuilder &b, int64_t k) { return b.getIndexAttr(k); }

//===-- Sum and SumT ------------------------------------------------------------------------===//

LogicalResult SumOp::inferReturnTypes(MLIRContext *, std::optional<Location>, ValueRange operands,
                                      DictionaryAttr, OpaqueProperties, RegionRange, Types &types) {
  types.push_back(withDim(operands[0], 1));
  return success();
}
Value SumOp::emitComponent(Emitter &emitter, OpFoldResult) {
  return emitter.sum(getLoc(), getDim(getX()), getX(),
                     [&](OpFoldResult k) { return emitter.component(getX(), k); });
}
Value SumOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  return SumTOp::create(b, getLoc(), adjoint, getDim(getX()));
}

LogicalResult SumTOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                       ValueRange operands, DictionaryAttr attributes,
                                       OpaqueProperties properties, RegionRange regions,
                                       Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  if (failed(checkScalar("SumT", loc, operands[0])))
    return failure();
  if (int64_t dim = adaptor.getDim(); dim < 1)
    return emitOptionalError(loc, "SumT: the dimension must be at least 1, got ", dim);
  types.push_back(withDim(operands[0], adaptor.getDim()));
  return success();
}
Value SumTOp::emitComponent(Emitter &emitter, OpFoldResult) {
  return emitter.component(getX(), constantIndex(emitter.builder(), 0));
}
Value SumTOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  return SumOp::create(b, getLoc(), adjoint);
}

//===-- Scalprod ----------------------------------------------------------------------------===//

LogicalResult ScalprodOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                           ValueRange operands, DictionaryAttr, OpaqueProperties,
                                           RegionRange, Types &types) {
  int64_t a = getDim(operands[0]), b = getDim(operands[1]);
  if (a != b && a != 1 && b != 1)
    return emitOptionalError(
        loc, "Scalprod: operands must have equal dimensions or dimension 1, got ", a, " and ", b);
  if (failed(checkElementTypes("Scalprod", loc, operands[0], operands[1])))
    return failure();
  types.push_back(withDim(
      operands[0], 1,
      join(getValueType(operands[0]).getPlacement(), getValueType(operands[1]).getPlacement())));
  return success();
}
Value ScalprodOp::emitComponent(Emitter &emitter, OpFoldResult) {
  int64_t dim = std::max(getDim(getX()), getDim(getY()));
  return emitter.sum(getLoc(), dim, getOperands(), [&](OpFoldResult k) -> Value {
    SmallVector<Value> xy = emitter.components(getOperands(), k);
    return arith::MulFOp::create(emitter.builder(), getLoc(), xy[0], xy[1]);
  });
}
Value ScalprodOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned operand) {
  Value product = MultOp::create(b, getLoc(), adjoint, getOperand(1 - operand));
  if (getDim(getOperand(operand)) == 1 && getDim(product) > 1)
    return SumOp::create(b, getLoc(), product);
  if (getDim(getOperand(operand)) > getDim(product))
    return SumTOp::create(b, getLoc(), product, getDim(getOperand(operand)));
  return product;
}

//===-- Elem and ElemT ----------------------------------------------------------------------===//

LogicalResult ElemOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                       ValueRange operands, DictionaryAttr attributes,
                                       OpaqueProperties properties, RegionRange regions,
                                       Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  int64_t position = adaptor.getPosition();
  if (position < 0 || position >= getDim(operands[0]))
    return emitOptionalError(loc, "Elem: position ", position, " does not lie within dimension ",
                             getDim(operands[0]));
  types.push_back(withDim(operands[0], 1));
  return success();
}
Value ElemOp::emitComponent(Emitter &emitter, OpFoldResult) {
  return emitter.component(getX(), constantIndex(emitter.builder(), getPosition()));
}
Value ElemOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  return ElemTOp::create(b, getLoc(), adjoint, getDim(getX()), getPosition());
}

LogicalResult ElemTOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                        ValueRange operands, DictionaryAttr attributes,
                                        OpaqueProperties properties, RegionRange regions,
                                        Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  if (failed(checkScalar("ElemT", loc, operands[0])) ||
      failed(checkSlice("ElemT", loc, adaptor.getPosition(), 1, adaptor.getDim())))
    return failure();
  types.push_back(withDim(operands[0], adaptor.getDim()));
  return success();
}
Value ElemTOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  OpFoldResult zero = constantIndex(emitter.builder(), 0);
  return emitter.select(
      getLoc(), k, getPosition(), getPosition() + 1,
      [&] { return emitter.component(getX(), zero); }, [&] { return emitter.zero(getLoc()); });
}
Value ElemTOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  return ElemOp::create(b, getLoc(), adjoint, getPosition());
}

//===-- Extract and ExtractT ----------------------------------------------------------------===//

LogicalResult ExtractOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                          ValueRange operands, DictionaryAttr attributes,
                                          OpaqueProperties properties, RegionRange regions,
                                          Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  if (failed(checkSlice("Extract", loc, adaptor.getStart(), adaptor.getDim(),
                        ::keops::getDim(operands[0]))))
    return failure();
  types.push_back(withDim(operands[0], adaptor.getDim()));
  return success();
}
Value ExtractOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  return emitter.component(getX(), emitter.offset(getLoc(), k, getStart()));
}
Value ExtractOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  return ExtractTOp::create(b, getLoc(), adjoint, getStart(), ::keops::getDim(getX()));
}

LogicalResult ExtractTOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                           ValueRange operands, DictionaryAttr attributes,
                                           OpaqueProperties properties, RegionRange regions,
                                           Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  if (failed(checkSlice("ExtractT", loc, adaptor.getStart(), ::keops::getDim(operands[0]),
                        adaptor.getDim())))
    return failure();
  types.push_back(withDim(operands[0], adaptor.getDim()));
  return success();
}
Value ExtractTOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  int64_t start = getStart(), end = start + ::keops::getDim(getX());
  return emitter.select(
      getLoc(), k, start, end,
      [&] { return emitter.component(getX(), emitter.offset(getLoc(), k, -start)); },
      [&] { return emitter.zero(getLoc()); });
}
Value ExtractTOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned) {
  return ExtractOp::create(b, getLoc(), adjoint, getStart(), ::keops::getDim(getX()));
}

//===-- Concat ------------------------------------------------------------------------------===//

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         ValueRange operands, DictionaryAttr, OpaqueProperties,
                                         RegionRange, Types &types) {
  if (failed(checkElementTypes("Concat", loc, operands[0], operands[1])))
    return failure();
  types.push_back(withDim(
      operands[0], getDim(operands[0]) + getDim(operands[1]),
      join(getValueType(operands[0]).getPlacement(), getValueType(operands[1]).getPlacement())));
  return success();
}
Value ConcatOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  int64_t first = getDim(getX());
  return emitter.select(
      getLoc(), k, 0, first, [&] { return emitter.component(getX(), k); },
      [&] { return emitter.component(getY(), emitter.offset(getLoc(), k, -first)); });
}
Value ConcatOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned operand) {
  int64_t start = operand == 0 ? 0 : getDim(getX());
  return ExtractOp::create(b, getLoc(), adjoint, start, getDim(getOperand(operand)));
}
