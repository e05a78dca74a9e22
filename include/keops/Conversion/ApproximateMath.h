// Expansion of exponentials, logarithms, powers, circular and hyperbolic functions and their
// inverses, erf and erfc into arith, vector, math.fma, x86 intrinsics and what the hardware of a
// GPU computes by itself, with a stated error bound for each function, level and target.
// lib/Conversion/ApproximateMath holds the table and the forms.
#ifndef KEOPS_CONVERSION_APPROXIMATEMATH_H
#define KEOPS_CONVERSION_APPROXIMATEMATH_H

#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"
#include <memory>

namespace keops {

/// Levels of accuracy, as in the precision attribute of the keops dialect.
enum class MathPrecision { Fast, Default, High };

/// Instruction sets that the emitted forms distinguish. Generic uses portable arith operations
/// only. Gpu keeps three functions of f32 that such hardware has, and marks them with
/// fastmath<afn>: math.exp2, math.rsqrt and the reciprocal, an arith.divf of 1.
enum class MathIsa { Generic, Avx2, Avx512, Gpu };

struct ApproximateMathOptions {
  MathPrecision precision = MathPrecision::Default;
  MathIsa isa = MathIsa::Generic;
  /// Whether math.fma is one instruction; implied by the other instruction sets.
  bool hasFMA = false;
  /// Writes out what Gpu keeps, so that the program runs where there is no such hardware.
  bool emulateHardware = false;
};

/// What the forms of one target class may use: Plain has no fused multiply-add.
enum class MathTarget { Plain, Fma, Avx512, Gpu };

MathTarget resolveMathTarget(const ApproximateMathOptions &options);

/// One promise of the table: the error of a function applied to a stored value.
struct MathBound {
  llvm::StringRef opName;
  unsigned width;
  MathPrecision precision;
  MathTarget target;
  /// Largest error in units in the last place of the exact result.
  double maxUlp;
  /// Numbers below the smallest normal one may be taken for zero, as argument and as result.
  bool mayFlush;
  /// Beyond this magnitude of the argument a slower, exact path is taken (infinity: no such path).
  double fastDomain;
  /// How the function is computed, in a few words.
  llvm::StringRef method;
};

/// Every promise, expanded over levels and targets; tests and documentation read this.
llvm::SmallVector<MathBound> getMathBounds();

/// Adds one pattern per function. They create functions beside the one being rewritten (the slow
/// path of sin and cos), so they must run on a module and not on a single function.
void populateApproximateMathPatterns(mlir::RewritePatternSet &patterns,
                                     const ApproximateMathOptions &options);

/// Adds patterns that expand the functions which Gpu keeps; they take subnormal numbers for zero,
/// as the hardware does.
void populateEmulateHardwarePatterns(mlir::RewritePatternSet &patterns);

/// The pass `--keops-approximate-math=precision=<fast|default|high>
/// isa=<generic|avx2|avx512|gpu> fma=<bool> emulate-hardware=<bool>` on modules.
std::unique_ptr<mlir::Pass> createApproximateMathPass(const ApproximateMathOptions &options = {});

void registerApproximateMathPass();

} // namespace keops

#endif // KEOPS_CONVERSION_APPROXIMATEMATH_H
