// The functions that the special function unit of a GPU approximates, as calls of NVVM intrinsics,
// and a check that all others have an instruction. Runs before the conversion to LLVM, whose own
// patterns would call a library that users do not have.
#include "HardwareMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

/// An approximation is asked for by a flag, so that nobody gets one by accident.
static bool hasFlags(arith::FastMathFlags flags, arith::FastMathFlags wanted) {
  return arith::bitEnumContainsAll(flags, wanted);
}

/// The intrinsic that approximates `op`, or nothing. The units know f32 alone.
static StringRef getIntrinsic(Operation *op) {
  if (op->getNumResults() != 1 || !getElementTypeOrSelf(op->getResult(0)).isF32())
    return {};
  auto afn = arith::FastMathFlags::afn, arcp = arith::FastMathFlags::arcp;
  if (auto exp2 = dyn_cast<math::Exp2Op>(op); exp2 && hasFlags(exp2.getFastmath(), afn))
    return "llvm.nvvm.ex2.approx.ftz.f32";
  if (auto rsqrt = dyn_cast<math::RsqrtOp>(op); rsqrt && hasFlags(rsqrt.getFastmath(), afn))
    return "llvm.nvvm.rsqrt.approx.ftz.f";
  if (auto sqrt = dyn_cast<math::SqrtOp>(op); sqrt && hasFlags(sqrt.getFastmath(), afn))
    return "llvm.nvvm.sqrt.approx.ftz.f";
  if (auto division = dyn_cast<arith::DivFOp>(op);
      division && hasFlags(division.getFastmath(), arcp | afn))
    return matchPattern(division.getLhs(), m_OneFloat()) ? "llvm.nvvm.rcp.approx.ftz.f"
                                                         : "llvm.nvvm.div.full.ftz";
  return {};
}

/// What the intrinsic takes: a reciprocal has no numerator.
static ValueRange getArguments(Operation *op, StringRef intrinsic) {
  bool isReciprocal = intrinsic == "llvm.nvvm.rcp.approx.ftz.f";
  return ValueRange(op->getOperands()).drop_front(isReciprocal);
}

/// One call for each element: a thread has no vector unit.
static Value callForEach(OpBuilder &b, Operation *op, StringRef intrinsic) {
  Location loc = op->getLoc();
  auto call = [&](ValueRange scalars) -> Value {
    return LLVM::CallIntrinsicOp::create(b, loc, scalars[0].getType(), b.getStringAttr(intrinsic),
                                         scalars)
        .getResult(0);
  };
  ValueRange arguments = getArguments(op, intrinsic);
  auto type = dyn_cast<VectorType>(op->getResult(0).getType());
  if (!type)
    return call(arguments);
  SmallVector<Value> results;
  for (int64_t k = 0; k < type.getNumElements(); ++k)
    results.push_back(call(llvm::map_to_vector(arguments, [&](Value argument) -> Value {
      return vector::ExtractOp::create(b, loc, argument, k);
    })));
  return vector::FromElementsOp::create(b, loc, type, results);
}

static LogicalResult checkShape(Operation *op) {
  auto type = dyn_cast<VectorType>(op->getResult(0).getType());
  if (type && (type.getRank() != 1 || type.isScalable()))
    return op->emitOpError("expected a scalar or a vector of one dimension, got ") << type;
  return success();
}

static LogicalResult check(Operation *op) {
  // Each of these is one instruction, or a short exact sequence, for f32 and f64.
  if (isa<math::AbsFOp, math::CeilOp, math::CopySignOp, math::FloorOp, math::FmaOp,
          math::RoundEvenOp, math::SqrtOp, math::TruncOp>(op))
    return success();
  return op->emitOpError("has no instruction on a GPU; run --keops-approximate-math first");
}

LogicalResult keops::selectHardwareMath(Operation *root) {
  SmallVector<std::pair<Operation *, StringRef>> approximated;
  WalkResult result = root->walk([&](Operation *op) -> WalkResult {
    bool isMath = isa_and_present<math::MathDialect>(op->getDialect());
    if (isMath && failed(checkShape(op)))
      return WalkResult::interrupt();
    if (StringRef intrinsic = getIntrinsic(op); !intrinsic.empty())
      approximated.push_back({op, intrinsic});
    else if (isMath)
      return check(op);
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  for (auto [op, intrinsic] : approximated) {
    OpBuilder b(op);
    op->getResult(0).replaceAllUsesWith(callForEach(b, op, intrinsic));
    op->erase();
  }
  return success();
}
