// Rules about the zero vector, which absorbs products and vanishes from sums. A zero in a formula
// is meant, so that 0 * inf is 0 and not NaN. The first line of each rule is the rule.
#include "Rules.h"

#include "keops/IR/Reduction.h"

using namespace mlir;
using namespace keops;

static Value zeroLike(OpBuilder &b, Operation *op) {
  return createZero(b, op->getLoc(), getElementType(op), getDim(op->getResult(0)));
}

// The constant 0 is the zero of dimension 1.
static Value constantZero(ConstantOp op, OpBuilder &b) {
  auto real = dyn_cast<FloatAttr>(op.getValue());
  auto integer = dyn_cast<IntegerAttr>(op.getValue());
  bool zero = (real && real.getValue().isZero()) || (integer && integer.getInt() == 0);
  return zero ? zeroLike(b, op) : Value();
}

// 0 + f = f + 0 = f
static Value addZero(AddOp op, OpBuilder &) {
  return isZero(op.getX()) ? op.getY() : isZero(op.getY()) ? op.getX() : Value();
}

// f - 0 = f
static Value subtractZero(SubtractOp op, OpBuilder &) {
  return isZero(op.getY()) ? op.getX() : Value();
}

// 0 - f = -f
static Value subtractFromZero(SubtractOp op, OpBuilder &b) {
  return isZero(op.getX()) ? MinusOp::create(b, op.getLoc(), op.getY()).getResult() : Value();
}

// 0 * f = f * 0 = <0, f> = <f, 0> = 0
template <typename OpTy>
static Value multiplyZero(OpTy op, OpBuilder &b) {
  return isZero(op.getX()) || isZero(op.getY()) ? zeroLike(b, op) : Value();
}

// 0 / f = 0
static Value divideZero(DivideOp op, OpBuilder &b) {
  return isZero(op.getX()) ? zeroLike(b, op) : Value();
}

// F(0) = 0 for -f, f^2, |f|, sqrt, rsqrt (guarded), sin, sign, relu, sums, repetitions and slices
template <typename OpTy>
static Value zeroOfZero(OpTy op, OpBuilder &b) {
  return isZero(op.getX()) ? zeroLike(b, op) : Value();
}

// F(0) = 1 for exp, exp2, cos, step
template <typename OpTy>
static Value oneOfZero(OpTy op, OpBuilder &b) {
  return isZero(op.getX()) ? createNumber(b, op, {1, 1}) : Value();
}

// Pow(0, m) = 0 for m > 0
static Value powerOfZero(PowOp op, OpBuilder &b) {
  return static_cast<int64_t>(op.getExponent()) > 0 && isZero(op.getX()) ? zeroLike(b, op)
                                                                         : Value();
}

// Concat(0, 0) = 0
static Value concatZeros(ConcatOp op, OpBuilder &b) {
  return isZero(op.getX()) && isZero(op.getY()) ? zeroLike(b, op) : Value();
}

// Complex(0, 0) = 0
static Value complexZeros(ComplexOp op, OpBuilder &b) {
  return isZero(op.getRe()) && isZero(op.getIm()) ? zeroLike(b, op) : Value();
}

// Where(c, 0, 0) = 0
static Value whereZeros(WhereOp op, OpBuilder &b) {
  return isZero(op.getX()) && isZero(op.getY()) ? zeroLike(b, op) : Value();
}

namespace {
// A map_reduce that only sums zeros = a map of zeros: the pairs need not be visited.
struct SumOfZeros : OpRewritePattern<MapReduceOp> {
  explicit SumOfZeros(MLIRContext *context) : OpRewritePattern(context) {
    setDebugName("sumOfZeros.map_reduce");
  }

  LogicalResult matchAndRewrite(MapReduceOp op, PatternRewriter &rewriter) const override {
    for (ReduceAttr reduce : op.getReduceAttrs())
      if (reduce.getKind() != ReductionKind::Sum)
        return rewriter.notifyMatchFailure(op, "a reduction is no sum");
    if (!llvm::all_of(op.getBlock().getTerminator()->getOperands(), isZero))
      return rewriter.notifyMatchFailure(op, "a formula is not zero");
    auto map =
        MapOp::create(rewriter, op.getLoc(), op.getResultTypes(), ValueRange(), op.getKept());
    rewriter.setInsertionPointToStart(&map.getBody().emplaceBlock());
    SmallVector<Value> zeros;
    for (Value result : op.getResults())
      zeros.push_back(
          createZero(rewriter, op.getLoc(), getValueType(result).getElementType(), getDim(result)));
    YieldOp::create(rewriter, op.getLoc(), zeros);
    rewriter.replaceOp(op, map);
    return success();
  }
};
} // namespace

void keops::populateZeroRules(RewritePatternSet &patterns) {
  addRules<constantZero, addZero, subtractZero, subtractFromZero, multiplyZero<MultOp>,
           multiplyZero<ScalprodOp>, multiplyZero<TensorDotOp>, divideZero, powerOfZero,
           concatZeros, complexZeros, whereZeros>(patterns);
  addRules<zeroOfZero<MinusOp>, zeroOfZero<SquareOp>, zeroOfZero<AbsOp>, zeroOfZero<SqrtOp>,
           zeroOfZero<RsqrtOp>, zeroOfZero<SinOp>, zeroOfZero<SignOp>, zeroOfZero<ReLUOp>,
           zeroOfZero<SumOp>, zeroOfZero<SumTOp>, zeroOfZero<ElemOp>, zeroOfZero<ElemTOp>,
           zeroOfZero<ExtractOp>, zeroOfZero<ExtractTOp>, zeroOfZero<ComplexRealOp>,
           zeroOfZero<ComplexImagOp>, zeroOfZero<GatherOp>>(patterns);
  addRules<oneOfZero<ExpOp>, oneOfZero<Exp2Op>, oneOfZero<CosOp>, oneOfZero<StepOp>>(patterns);
  patterns.add<SumOfZeros>(patterns.getContext());
}
