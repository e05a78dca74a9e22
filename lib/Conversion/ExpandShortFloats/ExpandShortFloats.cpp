// Writes conversions between f32 and the storage types f16 and bf16 in integer arithmetic where the
// target has no instruction for them: LLVM would call a library that linked programs do not have.
#include "keops/Conversion/Passes.h"

#include "../ApproximateMath/Kit.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"

namespace keops {
#define GEN_PASS_DEF_EXPANDSHORTFLOATS
#include "keops/Conversion/Passes.h.inc"
} // namespace keops

using namespace mlir;
using keops::approx::Kit;

/// The first normal number of f16, and the first that rounds to its infinity.
static constexpr double leastNormalHalf = 0x1p-14, overflowHalf = 65520.0;
/// Dropping these bits of f32 leaves the mantissa of f16.
static constexpr int halfShift = 13;

/// Exponents of f16 and f32 differ by 112: added to normal numbers, replaced by that of infinity in
/// what is not finite, and found by a subtraction for subnormal numbers.
static Value widenHalf(Kit &kit, Value word) {
  Value sign = kit.shiftLeft(kit.andBits(word, kit.bits(0x8000)), 16);
  Value shifted = kit.shiftLeft(kit.andBits(word, kit.bits(0x7fff)), halfShift);
  Value normal = kit.fromBits(kit.addBits(shifted, kit.bits(112u << 23)));
  Value offset = kit.fromBits(kit.addBits(shifted, kit.bits(113u << 23)));
  Value subnormal = kit.sub(offset, kit.constant(leastNormalHalf));
  Value notFinite = kit.fromBits(kit.orBits(shifted, kit.bits(0xffu << 23)));
  Value large = kit.select(kit.greater(normal, 65504.0), notFinite, normal);
  return kit.flipSign(kit.select(kit.less(normal, leastNormalHalf), subnormal, large), sign);
}

static Value widenBFloat(Kit &kit, Value word) { return kit.fromBits(kit.shiftLeft(word, 16)); }

/// Half a unit less one is added, and one more where the last bit kept is odd. Adding 1/2 rounds
/// subnormal numbers in the right place. A NaN keeps its leading bits and becomes quiet.
static Value narrowToHalf(Kit &kit, Value number) {
  Value size = kit.abs(number), word = kit.toBits(size);
  Value odd = kit.andBits(kit.shiftRight(word, halfShift), kit.bits(1));
  Value rounded = kit.addBits(kit.addBits(word, kit.bits(0xfffu - (112u << 23))), odd);
  Value normal = kit.shiftRight(rounded, halfShift);
  Value subnormal =
      kit.subBits(kit.toBits(kit.add(size, kit.constant(0.5))), kit.toBits(kit.constant(0.5)));
  Value payload = kit.andBits(kit.shiftRight(word, halfShift), kit.bits(0x3ff));
  Value isNaN = kit.compare(arith::CmpFPredicate::UNO, number, number);
  Value notFinite = kit.select(isNaN, kit.orBits(payload, kit.bits(0x7e00)), kit.bits(0x7c00));
  Value large = kit.select(kit.less(size, overflowHalf), normal, notFinite);
  Value result = kit.select(kit.less(size, leastNormalHalf), subnormal, large);
  return kit.orBits(result, kit.shiftRight(kit.signBit(number), 16));
}

static Value narrowToBFloat(Kit &kit, Value number) {
  Value word = kit.toBits(number), leading = kit.shiftRight(word, 16);
  Value odd = kit.andBits(leading, kit.bits(1));
  Value rounded = kit.shiftRight(kit.addBits(kit.addBits(word, kit.bits(0x7fff)), odd), 16);
  Value isNaN = kit.compare(arith::CmpFPredicate::UNO, number, number);
  return kit.select(isNaN, kit.orBits(leading, kit.bits(0x40)), rounded);
}

/// `type` with other elements.
static Type withElement(Type type, Type element) {
  auto shaped = dyn_cast<VectorType>(type);
  return shaped ? Type(shaped.clone(element)) : element;
}

static Value expandWidening(ImplicitLocOpBuilder &b, arith::ExtFOp op, bool isHalf) {
  Kit kit(b, op.getType(), keops::MathTarget::Plain);
  Type half = withElement(op.getType(), b.getI16Type());
  Value bits = arith::BitcastOp::create(b, half, op.getIn());
  Value word = arith::ExtUIOp::create(b, withElement(op.getType(), b.getI32Type()), bits);
  return isHalf ? widenHalf(kit, word) : widenBFloat(kit, word);
}

static Value expandNarrowing(ImplicitLocOpBuilder &b, arith::TruncFOp op, bool isHalf) {
  Kit kit(b, op.getIn().getType(), keops::MathTarget::Plain);
  Value word = isHalf ? narrowToHalf(kit, op.getIn()) : narrowToBFloat(kit, op.getIn());
  Value bits = arith::TruncIOp::create(b, withElement(op.getType(), b.getI16Type()), word);
  return arith::BitcastOp::create(b, op.getType(), bits);
}

namespace {
class ExpandShortFloats : public keops::impl::ExpandShortFloatsBase<ExpandShortFloats> {
public:
  using ExpandShortFloatsBase::ExpandShortFloatsBase;
  void runOnOperation() override {
    getOperation().walk([&](Operation *op) {
      if (auto widen = dyn_cast<arith::ExtFOp>(op))
        expand(widen, widen.getIn().getType(), widen.getType(), expandWidening);
      else if (auto narrow = dyn_cast<arith::TruncFOp>(op))
        expand(narrow, narrow.getType(), narrow.getIn().getType(), expandNarrowing);
    });
  }

private:
  template <typename Op>
  void expand(Op op, Type narrow, Type wide,
              Value (*write)(ImplicitLocOpBuilder &, Op, bool isHalf)) {
    bool isHalf = getElementTypeOrSelf(narrow).isF16();
    bool isShort = isHalf ? !f16c : getElementTypeOrSelf(narrow).isBF16();
    if (!isShort || !getElementTypeOrSelf(wide).isF32())
      return;
    ImplicitLocOpBuilder b(op.getLoc(), op);
    op.replaceAllUsesWith(write(b, op, isHalf));
    op.erase();
  }
};
} // namespace
