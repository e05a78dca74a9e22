// What a GPU computes by itself for float: exp2, rsqrt and the reciprocal, left in place as the
// operations of those names with fastmath<afn>, scalars and vectors alike. The patterns at the end
// write them out for a machine that has no such hardware; subnormal numbers count as zero there
// too.
#include "Table.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace keops::approx {

static constexpr auto byHardware = arith::FastMathFlags::afn;

Value Kit::hardwareExp2(Value x) { return math::Exp2Op::create(builder, x, byHardware); }
Value Kit::hardwareRsqrt(Value x) { return math::RsqrtOp::create(builder, x, byHardware); }

Value Kit::hardwareReciprocal(Value x) {
  return arith::DivFOp::create(builder, constant(1.0), x, byHardware | arith::FastMathFlags::arcp);
}

Value reciprocalHardware(Kit &kit, Operands operands) {
  bool isReciprocal = matchPattern(operands[0], m_OneFloat());
  return isReciprocal ? kit.hardwareReciprocal(operands[1]) : Value();
}

bool isHardwareFunction(Operation *op) {
  if (!isa<math::Exp2Op, math::RsqrtOp, arith::DivFOp>(op) ||
      !getElementTypeOrSelf(op->getResult(0).getType()).isF32())
    return false;
  auto flags = cast<arith::ArithFastMathInterface>(op).getFastMathFlagsAttr();
  return arith::bitEnumContainsAll(flags.getValue(), byHardware);
}

} // namespace keops::approx

namespace keops {

namespace {

using approx::Kit;

/// 0 with the sign of x for a subnormal x.
Value flush(Kit &kit, Value x) {
  Value zero = kit.withSignOf(kit.constant(0.0), x);
  return kit.select(kit.less(kit.abs(x), kit.smallestNormal()), zero, x);
}

Value emulate(Kit &kit, math::Exp2Op op) { return approx::exp2Short(kit, {op.getOperand()}); }

Value emulate(Kit &kit, math::RsqrtOp op) {
  return approx::rsqrtDivide(kit, {flush(kit, op.getOperand())});
}

Value emulate(Kit &kit, arith::DivFOp op) {
  return flush(kit, kit.div(op.getLhs(), flush(kit, op.getRhs())));
}

template <typename Op>
struct EmulateHardware : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!approx::isHardwareFunction(op))
      return rewriter.notifyMatchFailure(op, "no function of the hardware");
    ImplicitLocOpBuilder builder(op.getLoc(), rewriter);
    Kit kit(builder, op.getType(), MathTarget::Gpu);
    rewriter.replaceOp(op, emulate(kit, op));
    return success();
  }
};

} // namespace

void populateEmulateHardwarePatterns(RewritePatternSet &patterns) {
  patterns.add<EmulateHardware<math::Exp2Op>, EmulateHardware<math::RsqrtOp>,
               EmulateHardware<arith::DivFOp>>(patterns.getContext());
}

} // namespace keops
