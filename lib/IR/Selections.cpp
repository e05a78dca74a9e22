// Operations that know the row they are computed for (dialects/Keops/Ops/Selections.td): types,
// emission and adjoints. Indices are compared as 64-bit integers, so that no size is too large.
#include "keops/IR/Emitter.h"
#include "keops/IR/Keops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace keops;

using Types = SmallVectorImpl<Type>;

static Type onPairs(Value like, int64_t dim) {
  return ValueType::get(like.getContext(), dim, getValueType(like).getElementType(), Placement::IJ);
}

/// Lists of indices stand on i or j and have as many components as `lists` lists of `dim`.
static LogicalResult checkIndices(StringRef name, std::optional<Location> loc, Value indices,
                                  int64_t dim) {
  ValueType type = getValueType(indices);
  bool placed = type.getPlacement() == Placement::I || type.getPlacement() == Placement::J;
  if (!placed || !type.getElementType().isInteger() || dim < 1 || type.getDim() % dim != 0)
    return emitOptionalError(loc, name, ": expected lists of ", dim,
                             " 64-bit integers placed on i or j, got ", type);
  return success();
}

/// Whether component `k` of `indices` is the row at hand on the index that they do not stand on.
static Value isAtRow(Emitter &emitter, Location loc, Value indices, OpFoldResult k) {
  Value row = emitter.position(otherIndex(getValueType(indices).getPlacement()));
  return arith::CmpIOp::create(emitter.builder(), loc, arith::CmpIPredicate::eq,
                               emitter.component(indices, k), row);
}

static Value chooseOrZero(Emitter &emitter, Location loc, Value condition, Value x) {
  return arith::SelectOp::create(emitter.builder(), loc, condition, x, emitter.zero(loc));
}

/// Component c of list number `list`.
static OpFoldResult inList(Emitter &emitter, Location loc, OpFoldResult list, int64_t dim,
                           OpFoldResult c) {
  if (auto number = getConstantIntValue(list))
    return emitter.offset(loc, c, *number * dim);
  OpBuilder &b = emitter.builder();
  Value width = arith::ConstantIndexOp::create(b, loc, dim);
  Value first = arith::MulIOp::create(b, loc, cast<Value>(list), width);
  if (auto component = getConstantIntValue(c))
    return emitter.offset(loc, first, *component);
  return arith::AddIOp::create(b, loc, first, cast<Value>(c)).getResult();
}

//===-- Selections --------------------------------------------------------------------------===//

LogicalResult ScatterAtOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                            ValueRange operands, DictionaryAttr attributes,
                                            OpaqueProperties properties, RegionRange regions,
                                            Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  if (failed(checkIndices("scatter_at", loc, operands[0], adaptor.getDim())))
    return failure();
  if (::keops::getDim(operands[0]) != ::keops::getDim(operands[1]))
    return emitOptionalError(loc, "scatter_at: expected one index per component, got ",
                             ::keops::getDim(operands[0]), " and ", ::keops::getDim(operands[1]));
  types.push_back(onPairs(operands[1], adaptor.getDim()));
  return success();
}
Value ScatterAtOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  int64_t dim = getDim(), lists = ::keops::getDim(getX()) / dim;
  return emitter.sum(getLoc(), lists, getX(), [&](OpFoldResult list) -> Value {
    OpFoldResult at = inList(emitter, getLoc(), list, dim, k);
    return chooseOrZero(emitter, getLoc(), isAtRow(emitter, getLoc(), getIndices(), at),
                        emitter.component(getX(), at));
  });
}
Value ScatterAtOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned operand) {
  return operand == 1 ? GatherAtOp::create(b, getLoc(), getIndices(), adjoint).getResult()
                      : Value();
}
Value ScatterAtOp::buildTangent(OpBuilder &b, ValueRange tangents) {
  return tangents[1]
             ? ScatterAtOp::create(b, getLoc(), getIndices(), tangents[1], getDim()).getResult()
             : Value();
}

LogicalResult GatherAtOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                           ValueRange operands, DictionaryAttr, OpaqueProperties,
                                           RegionRange, Types &types) {
  if (failed(checkIndices("gather_at", loc, operands[0], getDim(operands[1]))))
    return failure();
  types.push_back(onPairs(operands[1], getDim(operands[0])));
  return success();
}
Value GatherAtOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  OpBuilder &b = emitter.builder();
  OpFoldResult c;
  if (auto constant = getConstantIntValue(k)) {
    c = b.getIndexAttr(*constant % getDim(getX()));
  } else {
    Value dim = arith::ConstantIndexOp::create(b, getLoc(), getDim(getX()));
    c = arith::RemUIOp::create(b, getLoc(), cast<Value>(k), dim).getResult();
  }
  return chooseOrZero(emitter, getLoc(), isAtRow(emitter, getLoc(), getIndices(), k),
                      emitter.component(getX(), c));
}
Value GatherAtOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned operand) {
  return operand == 1
             ? ScatterAtOp::create(b, getLoc(), getIndices(), adjoint, getDim(getX())).getResult()
             : Value();
}
Value GatherAtOp::buildTangent(OpBuilder &b, ValueRange tangents) {
  return tangents[1] ? GatherAtOp::create(b, getLoc(), getIndices(), tangents[1]).getResult()
                     : Value();
}

LogicalResult OnlyAtOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         ValueRange operands, DictionaryAttr, OpaqueProperties,
                                         RegionRange, Types &types) {
  if (failed(checkIndices("only_at", loc, operands[0], 1)))
    return failure();
  types.push_back(onPairs(operands[1], getDim(operands[1])));
  return success();
}
/// Counts hits, so that long lists of indices become a loop.
static Value isAnyAtRow(Emitter &emitter, Location loc, Value indices) {
  OpBuilder &b = emitter.builder();
  Value hits = emitter.sum(loc, getDim(indices), {}, [&](OpFoldResult at) -> Value {
    return chooseOrZero(emitter, loc, isAtRow(emitter, loc, indices, at),
                        emitter.constant(loc, b.getI64IntegerAttr(1)));
  });
  return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, hits, emitter.zero(loc));
}
Value OnlyAtOp::emitComponent(Emitter &emitter, OpFoldResult k) {
  Value any = emitter.shared(*this, [&] { return isAnyAtRow(emitter, getLoc(), getIndices()); });
  return chooseOrZero(emitter, getLoc(), any, emitter.component(getX(), k));
}
Value OnlyAtOp::buildAdjoint(OpBuilder &b, Value adjoint, unsigned operand) {
  return operand == 1 ? OnlyAtOp::create(b, getLoc(), getIndices(), adjoint).getResult() : Value();
}
Value OnlyAtOp::buildTangent(OpBuilder &b, ValueRange tangents) {
  return tangents[1] ? OnlyAtOp::create(b, getLoc(), getIndices(), tangents[1]).getResult()
                     : Value();
}

//===-- Sizes -------------------------------------------------------------------------------===//

/// Rows of one index may each be reduced over another number of rows of the other one.
LogicalResult SizeOp::verify() {
  ValueType type = getValueType(getResult());
  if (getOver() != Placement::I && getOver() != Placement::J)
    return emitOpError("expected an index i or j, got ") << stringifyPlacement(getOver());
  Placement kept = otherIndex(getOver());
  if (type.getDim() != 1 || type.getPlacement() != kept)
    return emitOpError("expected a result of dimension 1 placed on ")
           << stringifyPlacement(kept) << ", got " << type;
  return success();
}
Value SizeOp::emitComponent(Emitter &emitter, OpFoldResult) { return emitter.size(getOver()); }
Value SizeOp::buildAdjoint(OpBuilder &, Value, unsigned) { return {}; }
Value SizeOp::buildTangent(OpBuilder &, ValueRange) { return {}; }
