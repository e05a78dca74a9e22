// Rules about sums over components, repeated scalars and slices. The first line of each rule is the
// rule; D stands for a dimension above 1, s and a for scalars.
#include "Rules.h"

using namespace mlir;
using namespace keops;

/// a if `value` is SumT(a, D), otherwise null.
static Value repeated(Value value) {
  auto repeat = value.getDefiningOp<SumTOp>();
  return repeat ? repeat.getX() : Value();
}

//===-- Sums and products -------------------------------------------------------------------===//

// Sum(s) = s
static Value sumOfScalar(SumOp op, OpBuilder &) {
  return getDim(op.getX()) == 1 ? op.getX() : Value();
}

// Sum(f * g) = <f, g>, and s * Sum(f) for a scalar factor s
static Value sumOfProduct(SumOp op, OpBuilder &b) {
  auto product = op.getX().getDefiningOp<MultOp>();
  if (!product || !product->hasOneUse())
    return {};
  Value f = product.getX(), g = product.getY();
  if (getDim(f) == getDim(g))
    return ScalprodOp::create(b, op.getLoc(), f, g);
  if (getDim(g) == 1)
    std::swap(f, g);
  return MultOp::create(b, op.getLoc(), f, SumOp::create(b, op.getLoc(), g));
}

// Sum(SumT(a, D)) = D * a
static Value sumOfRepeated(SumOp op, OpBuilder &b) {
  Value a = repeated(op.getX());
  return a ? MultOp::create(b, op.getLoc(), createNumber(b, op, {getDim(op.getX()), 1}), a)
                 .getResult()
           : Value();
}

// Sum(ElemT(a)) = a, Sum(ExtractT(f)) = Sum(f)
static Value sumOfPadded(SumOp op, OpBuilder &b) {
  if (auto padded = op.getX().getDefiningOp<ElemTOp>())
    return padded.getX();
  if (auto padded = op.getX().getDefiningOp<ExtractTOp>())
    return SumOp::create(b, op.getLoc(), padded.getX());
  return {};
}

// <f, f> = Sum(Square(f))
static Value scalprodOfSame(ScalprodOp op, OpBuilder &b) {
  if (op.getX() != op.getY())
    return {};
  return SumOp::create(b, op.getLoc(), SquareOp::create(b, op.getLoc(), op.getX()));
}

// <s, g> = s * Sum(g), and s * g when g is a scalar too
static Value scalprodOfScalar(ScalprodOp op, OpBuilder &b) {
  Value s = op.getX(), g = op.getY();
  if (getDim(s) != 1)
    std::swap(s, g);
  if (getDim(s) != 1)
    return {};
  Value sum = getDim(g) == 1 ? g : SumOp::create(b, op.getLoc(), g).getResult();
  return MultOp::create(b, op.getLoc(), s, sum);
}

// <SumT(s), g> = <s, g>, <s * f, g> = s * <f, g>, and the same on the right. A product that is
// computed once per row stays there.
static Value scalprodOfScaled(ScalprodOp op, OpBuilder &b) {
  Placement placement = getValueType(op.getResult()).getPlacement();
  for (unsigned k : {0u, 1u}) {
    Value other = op.getOperand(1 - k);
    if (Value s = repeated(op.getOperand(k)))
      return ScalprodOp::create(b, op.getLoc(), s, other);
    auto product = op.getOperand(k).getDefiningOp<MultOp>();
    if (!product || !product->hasOneUse() || getDim(product.getX()) == getDim(product.getY()) ||
        getValueType(product).getPlacement() != placement)
      continue;
    bool left = getDim(product.getX()) == 1;
    Value s = product.getOperand(left ? 0 : 1), f = product.getOperand(left ? 1 : 0);
    return MultOp::create(b, op.getLoc(), s, ScalprodOp::create(b, op.getLoc(), f, other));
  }
  return {};
}

// <ElemT(a, k), g> = a * Elem(g, k)
static Value scalprodOfPadded(ScalprodOp op, OpBuilder &b) {
  for (unsigned k : {0u, 1u})
    if (auto padded = op.getOperand(k).getDefiningOp<ElemTOp>())
      return MultOp::create(
          b, op.getLoc(), padded.getX(),
          ElemOp::create(b, op.getLoc(), op.getOperand(1 - k), padded.getPosition()));
  return {};
}

//===-- Repeated scalars --------------------------------------------------------------------===//

// SumT(a, 1) = a
static Value repeatOnce(SumTOp op, OpBuilder &) { return op.getDim() == 1 ? op.getX() : Value(); }

// SumT(a) * SumT(b) = SumT(a * b), SumT(a) * s = SumT(a * s); the same for +, - and /
template <typename OpTy>
static Value combineRepeated(OpTy op, OpBuilder &b) {
  Value x = repeated(op.getX()), y = repeated(op.getY());
  if (getDim(op.getX()) == 1)
    x = op.getX();
  if (getDim(op.getY()) == 1)
    y = op.getY();
  if (!x || !y || getDim(op.getResult()) == 1)
    return {};
  return OpTy::create(b, op.getLoc(), x, y);
}

// f * SumT(a, D) = f * a when f has dimension D; the same for +, - and /
template <typename OpTy>
static Value dropRepetition(OpTy op, OpBuilder &b) {
  int64_t dim = getDim(op.getResult());
  if (Value a = repeated(op.getY()); a && getDim(op.getX()) == dim && !repeated(op.getX()))
    return OpTy::create(b, op.getLoc(), op.getX(), a);
  if (Value a = repeated(op.getX()); a && getDim(op.getY()) == dim && !repeated(op.getY()))
    return OpTy::create(b, op.getLoc(), a, op.getY());
  return {};
}

// F(SumT(a)) = SumT(F(a)) for functions of one operand
template <typename OpTy>
static Value applyBeforeRepeating(OpTy op, OpBuilder &b) {
  Value a = repeated(op.getX());
  return a ? OpTy::create(b, op.getLoc(), a).getResult() : Value();
}

//===-- Slices ------------------------------------------------------------------------------===//

// Elem(s, 0) = s, Elem(SumT(a), k) = a
static Value elemOfScalar(ElemOp op, OpBuilder &) {
  return getDim(op.getX()) == 1 ? op.getX() : repeated(op.getX());
}

// Elem(ElemT(a, n), k) = a if n = k, otherwise 0
static Value elemOfPadded(ElemOp op, OpBuilder &b) {
  auto padded = op.getX().getDefiningOp<ElemTOp>();
  if (!padded)
    return {};
  return padded.getPosition() == op.getPosition()
             ? padded.getX()
             : createZero(b, op.getLoc(), getElementType(op), 1);
}

// Elem(Extract(f, s, d), k) = Elem(f, s + k)
static Value elemOfSlice(ElemOp op, OpBuilder &b) {
  auto slice = op.getX().getDefiningOp<ExtractOp>();
  if (!slice)
    return {};
  return ElemOp::create(b, op.getLoc(), slice.getX(), slice.getStart() + op.getPosition());
}

// Elem(Concat(f, g), k) = Elem(f, k) or Elem(g, k - dim f)
static Value elemOfConcat(ElemOp op, OpBuilder &b) {
  auto concat = op.getX().getDefiningOp<ConcatOp>();
  if (!concat)
    return {};
  int64_t first = getDim(concat.getX()), k = op.getPosition();
  return k < first ? ElemOp::create(b, op.getLoc(), concat.getX(), k)
                   : ElemOp::create(b, op.getLoc(), concat.getY(), k - first);
}

// ElemT(a, 1, 0) = a
static Value padToScalar(ElemTOp op, OpBuilder &) { return op.getDim() == 1 ? op.getX() : Value(); }

// Extract(f, 0, dim f) = f, Extract(SumT(a), s, d) = SumT(a, d), Extract(f, s, 1) = Elem(f, s)
static Value trivialSlice(ExtractOp op, OpBuilder &b) {
  if (keops::getDim(op.getX()) == static_cast<int64_t>(op.getDim()))
    return op.getX();
  if (Value a = repeated(op.getX()))
    return a;
  if (op.getDim() == 1)
    return ElemOp::create(b, op.getLoc(), op.getX(), op.getStart());
  return {};
}

// Extract(Extract(f, s, d), t, e) = Extract(f, s + t, e)
static Value sliceOfSlice(ExtractOp op, OpBuilder &b) {
  auto slice = op.getX().getDefiningOp<ExtractOp>();
  if (!slice)
    return {};
  return ExtractOp::create(b, op.getLoc(), slice.getX(), slice.getStart() + op.getStart(),
                           op.getDim());
}

// Extract(ExtractT(f, s, D), s, dim f) = f
static Value sliceOfPadded(ExtractOp op, OpBuilder &) {
  auto padded = op.getX().getDefiningOp<ExtractTOp>();
  bool inverse = padded && padded.getStart() == op.getStart() &&
                 keops::getDim(padded.getX()) == static_cast<int64_t>(op.getDim());
  return inverse ? padded.getX() : Value();
}

// Extract(Concat(f, g), s, d) = Extract of f or of g, when it lies within one of them
static Value sliceOfConcat(ExtractOp op, OpBuilder &b) {
  auto concat = op.getX().getDefiningOp<ConcatOp>();
  if (!concat)
    return {};
  int64_t first = keops::getDim(concat.getX()), start = op.getStart(), dim = op.getDim();
  if (start + dim <= first)
    return ExtractOp::create(b, op.getLoc(), concat.getX(), start, dim);
  return start >= first
             ? ExtractOp::create(b, op.getLoc(), concat.getY(), start - first, dim).getResult()
             : Value();
}

// ExtractT(f, 0, dim f) = f
static Value padToSame(ExtractTOp op, OpBuilder &) {
  return keops::getDim(op.getX()) == static_cast<int64_t>(op.getDim()) ? op.getX() : Value();
}

// Concat(Extract(f, s, d), Extract(f, s + d, e)) = Extract(f, s, d + e)
static Value concatOfSlices(ConcatOp op, OpBuilder &b) {
  auto x = op.getX().getDefiningOp<ExtractOp>(), y = op.getY().getDefiningOp<ExtractOp>();
  if (!x || !y || x.getX() != y.getX() || x.getStart() + x.getDim() != y.getStart())
    return {};
  return ExtractOp::create(b, op.getLoc(), x.getX(), x.getStart(), x.getDim() + y.getDim());
}

//===-- Complex parts -----------------------------------------------------------------------===//

// ComplexReal(Complex(f, g)) = f and ComplexImag(Complex(f, g)) = g, when f and g have one
// dimension
template <typename OpTy>
static Value partOfComplex(OpTy op, OpBuilder &b) {
  auto complex = op.getX().template getDefiningOp<ComplexOp>();
  if (!complex)
    return {};
  Value part = std::is_same_v<OpTy, ComplexRealOp> ? complex.getRe() : complex.getIm();
  int64_t dim = getDim(op.getResult());
  if (getDim(part) == dim)
    return part;
  return isZero(part) ? createZero(b, op.getLoc(), getElementType(op), dim)
                      : SumTOp::create(b, op.getLoc(), part, dim).getResult();
}

// Complex(ComplexReal(f), ComplexImag(f)) = f
static Value complexOfParts(ComplexOp op, OpBuilder &) {
  auto re = op.getRe().getDefiningOp<ComplexRealOp>();
  auto im = op.getIm().getDefiningOp<ComplexImagOp>();
  return re && im && re.getX() == im.getX() ? re.getX() : Value();
}

void keops::populateVectorRules(RewritePatternSet &patterns) {
  addRules<sumOfScalar, sumOfProduct, sumOfRepeated, sumOfPadded, scalprodOfSame, scalprodOfScalar,
           scalprodOfScaled, scalprodOfPadded, repeatOnce>(patterns);
  addRules<combineRepeated<AddOp>, combineRepeated<SubtractOp>, combineRepeated<MultOp>,
           combineRepeated<DivideOp>, dropRepetition<AddOp>, dropRepetition<SubtractOp>,
           dropRepetition<MultOp>, dropRepetition<DivideOp>>(patterns);
  addRules<applyBeforeRepeating<MinusOp>, applyBeforeRepeating<SquareOp>,
           applyBeforeRepeating<ExpOp>, applyBeforeRepeating<InvOp>, applyBeforeRepeating<SqrtOp>,
           applyBeforeRepeating<LogOp>>(patterns);
  addRules<elemOfScalar, elemOfPadded, elemOfSlice, elemOfConcat, padToScalar, trivialSlice,
           sliceOfSlice, sliceOfPadded, sliceOfConcat, padToSame, concatOfSlices>(patterns);
  addRules<partOfComplex<ComplexRealOp>, partOfComplex<ComplexImagOp>, complexOfParts>(patterns);
}
