// The patterns and the pass: every math operation that the table knows is replaced by its form.
// Forms produce no operation that the table knows, so one walk suffices.
#include "keops/Conversion/ApproximateMath.h"
#include "Table.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace keops {

MathTarget resolveMathTarget(const ApproximateMathOptions &options) {
  if (options.isa == MathIsa::Avx512)
    return MathTarget::Avx512;
  if (options.isa == MathIsa::Gpu)
    return MathTarget::Gpu;
  bool fused = options.hasFMA || options.isa == MathIsa::Avx2;
  return fused ? MathTarget::Fma : MathTarget::Plain;
}

namespace {

/// f32 and f64, alone or in fixed-size vectors of one or two dimensions.
bool isSupported(Type type) {
  auto shaped = dyn_cast<VectorType>(type);
  if (shaped && (shaped.isScalable() || shaped.getRank() < 1 || shaped.getRank() > 2))
    return false;
  Type element = getElementTypeOrSelf(type);
  return element.isF32() || element.isF64();
}

struct ExpandMathOp : RewritePattern {
  ExpandMathOp(StringRef opName, MathPrecision precision, MathTarget target, MLIRContext *context)
      : RewritePattern(opName, /*benefit=*/1, context), precision(precision), target(target) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    Type type = op->getResult(0).getType();
    if (!isSupported(type))
      return rewriter.notifyMatchFailure(op, "only f32 and f64 in vectors of rank 0 to 2");
    unsigned width = getElementTypeOrSelf(type).getIntOrFloatBitWidth();
    const approx::Row *row =
        approx::findRow(op->getName().getStringRef(), width, precision, target);
    if (!row || (target == MathTarget::Gpu && approx::isHardwareFunction(op)))
      return rewriter.notifyMatchFailure(op, "no form in the table");
    ImplicitLocOpBuilder builder(op->getLoc(), rewriter);
    approx::Kit kit(builder, type, target);
    SmallVector<Value> operands(op->getOperands());
    Value result = row->form(kit, operands);
    if (!result)
      return rewriter.notifyMatchFailure(op, "not among the operands of the form");
    rewriter.replaceOp(op, result);
    return success();
  }

  MathPrecision precision;
  MathTarget target;
};

struct ApproximateMathPass : PassWrapper<ApproximateMathPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ApproximateMathPass)

  ApproximateMathPass() = default;
  ApproximateMathPass(const ApproximateMathPass &other) : PassWrapper(other) {}
  explicit ApproximateMathPass(const ApproximateMathOptions &options) {
    precision = options.precision;
    isa = options.isa;
    fma = options.hasFMA;
    emulateHardware = options.emulateHardware;
  }

  StringRef getArgument() const override { return "keops-approximate-math"; }
  StringRef getDescription() const override {
    return "Expand math functions within stated error bounds for a level and a target";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect, math::MathDialect,
                    scf::SCFDialect, vector::VectorDialect>();
  }
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateApproximateMathPatterns(patterns, {precision, isa, fma});
    walkAndApplyPatterns(getOperation(), std::move(patterns));
    if (!emulateHardware)
      return;
    RewritePatternSet emulation(&getContext());
    populateEmulateHardwarePatterns(emulation);
    walkAndApplyPatterns(getOperation(), std::move(emulation));
  }

  Option<MathPrecision> precision{
      *this, "precision", llvm::cl::desc("Level of accuracy"),
      llvm::cl::init(MathPrecision::Default),
      llvm::cl::values(clEnumValN(MathPrecision::Fast, "fast", "about twice the default errors"),
                       clEnumValN(MathPrecision::Default, "default", "2.5 ULP"),
                       clEnumValN(MathPrecision::High, "high", "1 ULP, subnormals kept"))};
  Option<MathIsa> isa{
      *this, "isa", llvm::cl::desc("Instruction set that forms may use"),
      llvm::cl::init(MathIsa::Generic),
      llvm::cl::values(clEnumValN(MathIsa::Generic, "generic", "portable operations only"),
                       clEnumValN(MathIsa::Avx2, "avx2", "AVX2 and FMA"),
                       clEnumValN(MathIsa::Avx512, "avx512", "AVX-512 F, DQ and VL"),
                       clEnumValN(MathIsa::Gpu, "gpu", "what NVIDIA GPUs compute by themselves"))};
  Option<bool> fma{*this, "fma", llvm::cl::desc("math.fma is one instruction (generic only)"),
                   llvm::cl::init(false)};
  Option<bool> emulateHardware{*this, "emulate-hardware",
                               llvm::cl::desc("write out what isa=gpu leaves to the hardware"),
                               llvm::cl::init(false)};
};

} // namespace

void populateApproximateMathPatterns(RewritePatternSet &patterns,
                                     const ApproximateMathOptions &options) {
  MathTarget target = resolveMathTarget(options);
  llvm::StringSet<> seen;
  for (const approx::Row &row : approx::getRows())
    if (seen.insert(row.opName).second)
      patterns.add<ExpandMathOp>(row.opName, options.precision, target, patterns.getContext());
}

std::unique_ptr<Pass> createApproximateMathPass(const ApproximateMathOptions &options) {
  return std::make_unique<ApproximateMathPass>(options);
}

void registerApproximateMathPass() { PassRegistration<ApproximateMathPass>(); }

} // namespace keops
