// Fuses products into sums as math.fma. No fast-math flags are involved, so equal formulas give
// equal bits wherever they are emitted.
#include "keops/Conversion/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"

namespace keops {
#define GEN_PASS_DEF_CONTRACTMULTIPLYADD
#include "keops/Conversion/Passes.h.inc"
} // namespace keops

using namespace mlir;

/// The product that only `user` reads, or null.
static arith::MulFOp singleUseProduct(Value value) {
  auto product = value.getDefiningOp<arith::MulFOp>();
  return product && product->hasOneUse() ? product : arith::MulFOp();
}

static void replace(Operation *sum, arith::MulFOp product, Value addend, bool negate) {
  OpBuilder b(sum);
  Value left = product.getLhs();
  if (negate)
    left = arith::NegFOp::create(b, sum->getLoc(), left);
  Value fused = math::FmaOp::create(b, sum->getLoc(), left, product.getRhs(), addend);
  sum->getResult(0).replaceAllUsesWith(fused);
  sum->erase();
  product.erase();
}

namespace {
class ContractMultiplyAdd : public keops::impl::ContractMultiplyAddBase<ContractMultiplyAdd> {
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      if (auto add = dyn_cast<arith::AddFOp>(op)) {
        if (arith::MulFOp product = singleUseProduct(add.getRhs()))
          replace(op, product, add.getLhs(), false);
        else if (arith::MulFOp product = singleUseProduct(add.getLhs()))
          replace(op, product, add.getRhs(), false);
      } else if (auto sub = dyn_cast<arith::SubFOp>(op)) {
        if (arith::MulFOp product = singleUseProduct(sub.getRhs()))
          replace(op, product, sub.getLhs(), true);
      }
    });
  }
};
} // namespace
