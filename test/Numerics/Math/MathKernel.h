// Compiles one math expression, expanded by ApproximateMath for a target and level, to a native
// loop over an array.
#ifndef KEOPS_TEST_NUMERICS_MATH_MATHKERNEL_H
#define KEOPS_TEST_NUMERICS_MATH_MATHKERNEL_H

#include "keops/Conversion/ApproximateMath.h"
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace keops::test {

/// Elements per call of a kernel: a multiple of every vector shape under test.
inline constexpr size_t chunkSize = 5376;

struct KernelSpec {
  /// Operations that define %y of type $T from %x (and %z), e.g. "%y = math.exp %x : $T"; $C(v) is
  /// a constant.
  std::string body;
  unsigned width = 32;
  /// Lanes of a vector, 0 for a scalar.
  int lanes = 16;
  /// Rows of a 2-D vector, 0 for none.
  int rows = 0;
  MathTarget target = MathTarget::Plain;
  MathPrecision precision = MathPrecision::Default;
  /// Builds what the first arith.negf of the body stands for, if set.
  std::function<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::Value)> builder = {};
};

class MathKernel {
public:
  explicit MathKernel(const KernelSpec &spec);
  ~MathKernel();
  MathKernel(MathKernel &&) noexcept;

  /// Applies the expression to chunkSize elements of type float or double.
  void operator()(const void *x, const void *z, void *y) const { function(x, z, y); }

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
  void (*function)(const void *, const void *, void *) = nullptr;
};

/// Where a kernel runs, as a parameter of a test. What a GPU leaves to its hardware is emulated.
struct Place {
  unsigned width;
  MathTarget target;
};
std::vector<Place> allPlaces();
std::string nameOf(const Place &place);
void PrintTo(const Place &place, std::ostream *os);

/// The promise of the table for a function at a place and level, or null.
const MathBound *findBound(llvm::StringRef opName, Place place, MathPrecision precision);

/// Whether a level uses the form of the level below it, so that one kernel serves both.
bool repeatsLevelBelow(llvm::StringRef opName, Place place, MathPrecision precision);

/// Why code for the target cannot run here; empty if it can.
std::string whyNotOnThisHost(MathTarget target);

llvm::StringRef nameOf(MathTarget target);
llvm::StringRef nameOf(MathPrecision precision);

} // namespace keops::test

#endif // KEOPS_TEST_NUMERICS_MATH_MATHKERNEL_H
