// Formulas whose shape depends on dimensions: composites and derivatives that no fixed DAG of a
// record can say.
#include "RecordFunctions.h"

using namespace mlir;
using namespace keops;

//===-- Norms -------------------------------------------------------------------------------===//

Value keops::expandWeightedSqNorm(OpBuilder &b, Location loc, Value s, Value x) {
  if (getDim(s) == 1)
    return SqNormIsoOp::create(b, loc, s, x);
  if (getDim(s) == getDim(x))
    return SqNormDiagOp::create(b, loc, s, x);
  return SymSqNormOp::create(b, loc, s, x);
}

//===-- Splines: C. de Boor, A Practical Guide to Splines, chapter IX -----------------------===//

/// n / d, and 0 where the divisor is 0, with a derivative that is finite there too.
static Value divideOrZero(OpBuilder &b, Location loc, Value n, Value d) {
  Value one = createRational(b, loc, getValueType(n).getElementType(), 1, 1);
  Value divisor = WhereOp::create(b, loc, d, d, one);
  Value zero = createZero(b, loc, getValueType(n).getElementType(), 1);
  return WhereOp::create(b, loc, d, DivideOp::create(b, loc, n, divisor), zero);
}

static Value slice(OpBuilder &b, Location loc, Value x, int64_t start, int64_t dim) {
  return ExtractOp::create(b, loc, x, start, dim);
}

Value keops::expandBSpline(OpBuilder &b, Location loc, Value knots, Value x, int64_t order) {
  int64_t count = getDim(knots) - 1;
  Value left = slice(b, loc, knots, 0, count), right = slice(b, loc, knots, 1, count);
  Value splines = MultOp::create(b, loc, LessOrEqualOp::create(b, loc, left, x),
                                 LessThanOp::create(b, loc, x, right));
  for (int64_t k = 1; k <= order; ++k) {
    --count;
    Value begin = slice(b, loc, knots, 0, count), begin1 = slice(b, loc, knots, 1, count);
    Value end = slice(b, loc, knots, k, count), end1 = slice(b, loc, knots, k + 1, count);
    Value rise = divideOrZero(b, loc, SubtractOp::create(b, loc, x, begin),
                              SubtractOp::create(b, loc, end, begin));
    Value fall = divideOrZero(b, loc, SubtractOp::create(b, loc, end1, x),
                              SubtractOp::create(b, loc, end1, begin1));
    splines = AddOp::create(b, loc, MultOp::create(b, loc, rise, slice(b, loc, splines, 0, count)),
                            MultOp::create(b, loc, fall, slice(b, loc, splines, 1, count)));
  }
  return splines;
}

//===-- Tensors -----------------------------------------------------------------------------===//

static Value contract(OpBuilder &b, Location loc, Value x, Value y, Dims dimsx, Dims dimsy,
                      Dims contx, Dims conty, Dims permutation = {}) {
  return TensorDotOp::create(b, loc, x, y, dimsx, dimsy, contx, conty, permutation);
}

Value keops::expandMatVecMult(OpBuilder &b, Location loc, Value matrix, Value vector) {
  int64_t columns = getDim(vector);
  return contract(b, loc, matrix, vector, {getDim(matrix) / columns, columns}, {columns}, {1}, {0});
}
Value keops::expandVecMatMult(OpBuilder &b, Location loc, Value vector, Value matrix) {
  int64_t rows = getDim(vector);
  return contract(b, loc, vector, matrix, {rows}, {rows, getDim(matrix) / rows}, {0}, {0});
}
Value keops::expandTensorProd(OpBuilder &b, Location loc, Value x, Value y) {
  return contract(b, loc, x, y, {getDim(x)}, {getDim(y)}, {}, {});
}

/// Costs are what depends on the dimensions; with them in units of gamma the recursion needs no
/// gamma.
Value keops::expandSoftDTW(OpBuilder &b, Location loc, Value x, Value y, Value gamma) {
  int64_t n = getDim(x), m = getDim(y);
  Value one = createRational(b, loc, getValueType(x).getElementType(), 1, 1);
  Value rows = expandTensorProd(b, loc, x, SumTOp::create(b, loc, one, m));
  Value columns = expandTensorProd(b, loc, SumTOp::create(b, loc, one, n), y);
  Value gaps = SubtractOp::create(b, loc, rows, columns);
  Value costs = DivideOp::create(b, loc, SquareOp::create(b, loc, gaps), gamma);
  return MultOp::create(b, loc, gamma, SoftDTWOp::create(b, loc, costs, n, m));
}

/// Axis k of x and axis k of y come to stand side by side.
Value keops::expandKron(OpBuilder &b, Location loc, Value x, Value y, Dims dimsx, Dims dimsy) {
  SmallVector<int64_t> permutation;
  for (int64_t offset : {0, 1})
    for (size_t k = 0; k < dimsx.size(); ++k)
      permutation.push_back(static_cast<int64_t>(2 * k) + offset);
  return contract(b, loc, x, y, dimsx, dimsy, {}, {}, permutation);
}

//===-- Complex numbers and functions -------------------------------------------------------===//

Value keops::expandComplexRealScal(OpBuilder &b, Location loc, Value s, Value x) {
  return MultOp::create(b, loc, s, x);
}

/// j_n' = (n j_(n-1) - (n+1) j_(n+1)) / (2n+1): DLMF 10.51.2.
Value keops::buildSphericalBesselPartial(OpBuilder &b, Location loc, Value x, int64_t order) {
  Type element = getValueType(x).getElementType();
  auto term = [&](int64_t factor, int64_t of) -> Value {
    return MultOp::create(b, loc, createRational(b, loc, element, factor, 2 * order + 1),
                          SphericalBesselOp::create(b, loc, x, of));
  };
  Value next = term(-(order + 1), order + 1);
  return order == 0 ? next : AddOp::create(b, loc, term(order, order - 1), next).getResult();
}
