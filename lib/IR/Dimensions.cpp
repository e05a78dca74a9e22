// Dimension rules: what operands an operation accepts, and the dimension of its result. Records
// name them in `inferDims`.
#include "RecordFunctions.h"

#include "keops/Frontend/Limits.h"

#include "llvm/ADT/StringExtras.h"

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

LogicalResult keops::checkBetween(StringRef name, Where loc, StringRef what, int64_t value,
                                  int64_t low, int64_t high) {
  if (value < low || value > high)
    return emitOptionalError(loc, name, ": the ", what, " must lie between ", low, " and ", high,
                             ", got ", value);
  return success();
}

LogicalResult keops::inferResult(StringRef name, Where loc, ValueRange operands, int64_t dim,
                                 Types &types) {
  ValueType first = getValueType(operands.front());
  Placement placement = Placement::P;
  for (Value operand : operands) {
    ValueType type = getValueType(operand);
    placement = join(placement, type.getPlacement());
    if (type.getElementType() != first.getElementType())
      return emitOptionalError(loc, name, ": operands must share one element type, got ",
                               first.getElementType(), " and ", type.getElementType());
  }
  types.push_back(ValueType::get(first.getContext(), dim, first.getElementType(), placement));
  return success();
}

FailureOr<int64_t> keops::inferCommonDim(StringRef name, Where loc, ValueRange operands) {
  int64_t widest = 1;
  for (Value operand : operands)
    widest = std::max(widest, getDim(operand));
  for (Value operand : operands)
    if (getDim(operand) != 1 && getDim(operand) != widest)
      return emitOptionalError(loc, name,
                               ": operands must have equal dimensions or dimension 1, got ",
                               listDims(operands));
  return widest;
}

LogicalResult keops::inferBroadcast(StringRef name, Where loc, ValueRange operands, Types &types) {
  FailureOr<int64_t> dim = inferCommonDim(name, loc, operands);
  return failed(dim) ? failure() : inferResult(name, loc, operands, *dim, types);
}

LogicalResult keops::inferScalarOf(StringRef name, Where loc, ValueRange operands, Types &types) {
  return failed(inferCommonDim(name, loc, operands)) ? failure()
                                                     : inferResult(name, loc, operands, 1, types);
}

//===-- Components and parts ----------------------------------------------------------------===//

static LogicalResult checkScalar(StringRef name, Where loc, StringRef what, Value x) {
  if (getDim(x) != 1)
    return emitOptionalError(loc, name, ": ", what, " must have dimension 1, got ", getDim(x));
  return success();
}

static LogicalResult checkSlice(StringRef name, Where loc, int64_t start, int64_t size,
                                int64_t dim) {
  if (start < 0 || size < 1 || start > dim || size > dim - start)
    return emitOptionalError(loc, name, ": ", size, " components from ", start,
                             " on do not lie within dimension ", dim);
  return success();
}

LogicalResult keops::inferSumT(StringRef name, Where loc, SumTOp::Adaptor adaptor, Types &types) {
  if (failed(checkScalar(name, loc, "the first argument", adaptor.getX())) ||
      failed(checkBetween(name, loc, "dimension", adaptor.getDim(), 1, maxDimension)))
    return failure();
  return inferResult(name, loc, adaptor.getOperands(), adaptor.getDim(), types);
}
LogicalResult keops::inferElem(StringRef name, Where loc, ElemOp::Adaptor adaptor, Types &types) {
  int64_t position = adaptor.getPosition(), dim = getDim(adaptor.getX());
  if (position < 0 || position >= dim)
    return emitOptionalError(loc, name, ": position ", position, " does not lie within dimension ",
                             dim);
  return inferResult(name, loc, adaptor.getOperands(), 1, types);
}
LogicalResult keops::inferElemT(StringRef name, Where loc, ElemTOp::Adaptor adaptor, Types &types) {
  if (failed(checkScalar(name, loc, "the first argument", adaptor.getX())) ||
      failed(checkSlice(name, loc, adaptor.getPosition(), 1, adaptor.getDim())))
    return failure();
  return inferResult(name, loc, adaptor.getOperands(), adaptor.getDim(), types);
}
LogicalResult keops::inferExtract(StringRef name, Where loc, ExtractOp::Adaptor adaptor,
                                  Types &types) {
  int64_t size = adaptor.getDim();
  if (failed(checkSlice(name, loc, adaptor.getStart(), size, getDim(adaptor.getX()))))
    return failure();
  return inferResult(name, loc, adaptor.getOperands(), size, types);
}
LogicalResult keops::inferExtractT(StringRef name, Where loc, ExtractTOp::Adaptor adaptor,
                                   Types &types) {
  int64_t size = getDim(adaptor.getX());
  if (failed(checkSlice(name, loc, adaptor.getStart(), size, adaptor.getDim())))
    return failure();
  return inferResult(name, loc, adaptor.getOperands(), adaptor.getDim(), types);
}
LogicalResult keops::inferConcat(StringRef name, Where loc, ConcatOp::Adaptor adaptor,
                                 Types &types) {
  int64_t dim = getDim(adaptor.getX()) + getDim(adaptor.getY());
  return inferResult(name, loc, adaptor.getOperands(), dim, types);
}
LogicalResult keops::inferGather(StringRef name, Where loc, GatherOp::Adaptor adaptor,
                                 Types &types) {
  if (failed(checkScalar(name, loc, "the position", adaptor.getPosition())))
    return failure();
  return inferResult(name, loc, adaptor.getOperands(), 1, types);
}
LogicalResult keops::inferOneHot(StringRef name, Where loc, OneHotOp::Adaptor adaptor,
                                 Types &types) {
  if (failed(checkScalar(name, loc, "the first argument", adaptor.getX())) ||
      failed(checkBetween(name, loc, "dimension", adaptor.getDim(), 1, maxDimension)))
    return failure();
  return inferResult(name, loc, adaptor.getOperands(), adaptor.getDim(), types);
}

//===-- Norms, splines, sequences -----------------------------------------------------------===//

/// The first operand holds the weights, all others follow the rule of equal dimensions.
LogicalResult keops::inferWeightedNorm(StringRef name, Where loc, ValueRange operands,
                                       Types &types) {
  FailureOr<int64_t> dim = inferCommonDim(name, loc, operands.drop_front());
  if (failed(dim))
    return failure();
  int64_t weights = getDim(operands.front());
  if (weights != 1 && weights != *dim && weights != *dim * *dim)
    return emitOptionalError(loc, name, ": weights must have dimension 1, ", *dim, " or ",
                             *dim * *dim, ", got ", weights);
  return inferResult(name, loc, operands, 1, types);
}

static LogicalResult inferNorm(StringRef name, Where loc, ValueRange operands, int64_t expected,
                               Types &types) {
  if (int64_t weights = getDim(operands.front()); weights != expected)
    return emitOptionalError(loc, name, ": weights must have dimension ", expected, ", got ",
                             weights);
  return inferResult(name, loc, operands, 1, types);
}

LogicalResult keops::inferSqNormIso(StringRef name, Where loc, SqNormIsoOp::Adaptor adaptor,
                                    Types &types) {
  return inferNorm(name, loc, adaptor.getOperands(), 1, types);
}
LogicalResult keops::inferSqNormDiag(StringRef name, Where loc, SqNormDiagOp::Adaptor adaptor,
                                     Types &types) {
  return inferNorm(name, loc, adaptor.getOperands(), getDim(adaptor.getX()), types);
}
LogicalResult keops::inferSymSqNorm(StringRef name, Where loc, SymSqNormOp::Adaptor adaptor,
                                    Types &types) {
  int64_t dim = getDim(adaptor.getX());
  return inferNorm(name, loc, adaptor.getOperands(), dim * dim, types);
}

LogicalResult keops::inferBSpline(StringRef name, Where loc, BSplineOp::Adaptor adaptor,
                                  Types &types) {
  constexpr int64_t highestOrder = 16;
  int64_t knots = getDim(adaptor.getKnots()), order = adaptor.getOrder();
  if (failed(checkScalar(name, loc, "the second argument", adaptor.getX())) ||
      failed(checkBetween(name, loc, "order", order, 0, highestOrder)))
    return failure();
  if (knots < order + 2)
    return emitOptionalError(loc, name, ": order ", order, " needs at least ", order + 2,
                             " knots, got ", knots);
  return inferResult(name, loc, adaptor.getOperands(), knots - order - 1, types);
}

LogicalResult keops::inferSoftDTW(StringRef name, Where loc, SoftDTW_SqDistOp::Adaptor adaptor,
                                  Types &types) {
  int64_t cells = getDim(adaptor.getX()) * getDim(adaptor.getY());
  if (failed(checkScalar(name, loc, "gamma", adaptor.getGamma())) ||
      failed(checkBetween(name, loc, "product of both dimensions", cells, 1, maxCells)))
    return failure();
  return inferResult(name, loc, adaptor.getOperands(), 1, types);
}

LogicalResult keops::inferRound(StringRef name, Where loc, RoundOp::Adaptor adaptor, Types &types) {
  constexpr int64_t mostDigits = 30;
  if (failed(checkBetween(name, loc, "number of digits", adaptor.getDigits(), -mostDigits,
                          mostDigits)))
    return failure();
  return inferBroadcast(name, loc, adaptor.getOperands(), types);
}

//===-- Tensors -----------------------------------------------------------------------------===//

static LogicalResult inferProduct(StringRef name, Where loc, ValueRange operands, Value matrix,
                                  Value vector, Types &types) {
  int64_t cells = getDim(matrix), length = getDim(vector);
  if (cells % length != 0)
    return emitOptionalError(loc, name, ": the dimension of the matrix must be a multiple of ",
                             length, ", the dimension of the vector, got ", cells);
  return inferResult(name, loc, operands, cells / length, types);
}

LogicalResult keops::inferMatVecMult(StringRef name, Where loc, MatVecMultOp::Adaptor adaptor,
                                     Types &types) {
  return inferProduct(name, loc, adaptor.getOperands(), adaptor.getA(), adaptor.getB(), types);
}
LogicalResult keops::inferVecMatMult(StringRef name, Where loc, VecMatMultOp::Adaptor adaptor,
                                     Types &types) {
  return inferProduct(name, loc, adaptor.getOperands(), adaptor.getA(), adaptor.getB(), types);
}
LogicalResult keops::inferTensorProd(StringRef name, Where loc, TensorProdOp::Adaptor adaptor,
                                     Types &types) {
  int64_t cells = getDim(adaptor.getA()) * getDim(adaptor.getB());
  if (failed(checkBetween(name, loc, "product of both dimensions", cells, 1, maxDimension)))
    return failure();
  return inferResult(name, loc, adaptor.getOperands(), cells, types);
}

LogicalResult keops::inferKron(StringRef name, Where loc, KronOp::Adaptor adaptor, Types &types) {
  Dims dimsx = adaptor.getDimsx(), dimsy = adaptor.getDimsy();
  if (dimsx.size() != dimsy.size())
    return emitOptionalError(loc, name, ": both lists of dimensions must be equally long, got ",
                             dimsx.size(), " and ", dimsy.size());
  if (failed(checkShape(name, loc, "first", dimsx, getDim(adaptor.getX()))) ||
      failed(checkShape(name, loc, "second", dimsy, getDim(adaptor.getY()))))
    return failure();
  int64_t cells = getDim(adaptor.getX()) * getDim(adaptor.getY());
  if (failed(checkBetween(name, loc, "product of both dimensions", cells, 1, maxDimension)))
    return failure();
  return inferResult(name, loc, adaptor.getOperands(), cells, types);
}

//===-- Complex vectors ---------------------------------------------------------------------===//

static LogicalResult checkEven(StringRef name, Where loc, Value x) {
  if (getDim(x) % 2 != 0)
    return emitOptionalError(loc, name, ": complex vectors have even dimensions, got ", getDim(x));
  return success();
}

LogicalResult keops::inferPart(StringRef name, Where loc, Value x, Types &types) {
  return failed(checkEven(name, loc, x)) ? failure()
                                         : inferResult(name, loc, x, getDim(x) / 2, types);
}

LogicalResult keops::inferInterleaved(StringRef name, Where loc, ComplexOp::Adaptor adaptor,
                                      Types &types) {
  FailureOr<int64_t> dim = inferCommonDim(name, loc, adaptor.getOperands());
  return failed(dim) ? failure() : inferResult(name, loc, adaptor.getOperands(), 2 * *dim, types);
}

LogicalResult keops::inferComplexVectors(StringRef name, Where loc, ValueRange operands,
                                         Types &types) {
  int64_t widest = 2;
  for (Value operand : operands) {
    if (failed(checkEven(name, loc, operand)))
      return failure();
    widest = std::max(widest, getDim(operand));
  }
  for (Value operand : operands)
    if (getDim(operand) != 2 && getDim(operand) != widest)
      return emitOptionalError(loc, name,
                               ": complex operands must have equal dimensions or dimension 2, got ",
                               listDims(operands));
  return inferResult(name, loc, operands, widest, types);
}

LogicalResult keops::inferComplexScal(StringRef name, Where loc, ComplexScalOp::Adaptor adaptor,
                                      Types &types) {
  if (getDim(adaptor.getX()) != 2)
    return emitOptionalError(loc, name, ": the first argument must have dimension 2, got ",
                             getDim(adaptor.getX()));
  return inferComplexVectors(name, loc, adaptor.getOperands(), types);
}

LogicalResult keops::inferComplexRealScal(StringRef name, Where loc,
                                          ComplexRealScalOp::Adaptor adaptor, Types &types) {
  Value s = adaptor.getS(), x = adaptor.getX();
  if (getDim(s) != 1)
    std::swap(s, x);
  if (failed(checkScalar(name, loc, "one argument", s)) || failed(checkEven(name, loc, x)))
    return failure();
  return inferResult(name, loc, adaptor.getOperands(), getDim(x), types);
}

LogicalResult keops::inferComplexSum(StringRef name, Where loc, ComplexSumOp::Adaptor adaptor,
                                     Types &types) {
  return failed(checkEven(name, loc, adaptor.getX()))
             ? failure()
             : inferResult(name, loc, adaptor.getOperands(), 2, types);
}

LogicalResult keops::inferComplexSumT(StringRef name, Where loc, ComplexSumTOp::Adaptor adaptor,
                                      Types &types) {
  int64_t dim = adaptor.getDim();
  if (getDim(adaptor.getX()) != 2)
    return emitOptionalError(loc, name, ": the first argument must have dimension 2, got ",
                             getDim(adaptor.getX()));
  if (dim < 2 || dim % 2 != 0)
    return emitOptionalError(loc, name, ": the dimension must be even and at least 2, got ", dim);
  return inferResult(name, loc, adaptor.getOperands(), dim, types);
}
