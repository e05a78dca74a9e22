// exp(x) computed as exp2(x * log2(e)), the form the compiler uses where x was itself computed: the
// rounded product adds a relative error of at most 2 eps |x|, in which eps is half the distance
// from 1 to the next number.
#include "MathKernel.h"
#include "Reference.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace keops;
using namespace keops::test;

namespace {

class FoldedExp : public testing::TestWithParam<Place> {
protected:
  void SetUp() override {
    std::string reason = whyNotOnThisHost(GetParam().target);
    if (!reason.empty())
      GTEST_SKIP() << reason;
  }
};

double exp2Bound(Place place) {
  for (const MathBound &bound : getMathBounds())
    if (bound.opName == "math.exp2" && bound.width == place.width && bound.target == place.target &&
        bound.precision == MathPrecision::Default)
      return bound.maxUlp;
  return 0;
}

/// Error beyond that of exp2 itself, in units of eps |x| relative to the result.
template <typename T>
double addedError(T x, T got, Exact<T> exact, double ownUlp) {
  Exact<T> eps = std::ldexp(Exact<T>(1), -std::numeric_limits<T>::digits);
  Exact<T> relative = std::fabs((Exact<T>(got) - exact) / exact);
  return double((relative - 2 * eps * ownUlp) / (eps * std::fabs(x)));
}

template <typename T>
void sweep(Place place) {
  const Function &function = findFunction("math.exp");
  MathKernel kernel(
      {"%k = arith.constant $C(1.4426950408889634) : $T\n%p = arith.mulf %x, %k : $T\n"
       "%y = math.exp2 %p : $T",
       place.width, int(512 / place.width), 2, place.target, MathPrecision::Default});
  std::vector<T> x, z, y(chunkSize);
  makeSamples<T>(function, chunkSize * 12, x, z);
  double worst = 0, worstUlp = 0;
  for (size_t at = 0; at < x.size(); at += chunkSize) {
    kernel(&x[at], &z[at], y.data());
    for (size_t k = 0; k < chunkSize; ++k) {
      Exact<T> exact = exactValue<T>(function, x[at + k], T(0));
      if (!(std::fabs(exact) > std::numeric_limits<T>::min() && std::isfinite(T(exact)) &&
            x[at + k] != 0))
        continue;
      worst = std::max(worst, addedError<T>(x[at + k], y[k], exact, exp2Bound(place)));
      worstUlp = std::max(worstUlp, ulpError<T>(y[k], exact, true));
    }
  }
  llvm::outs() << llvm::formatv("exp as exp2 f{0} {1,-7} adds {2:F3} eps |x|; {3:F1} ULP in all\n",
                                place.width, nameOf(place.target), worst, worstUlp);
  llvm::outs().flush();
  EXPECT_LE(worst, 2.0);
}

TEST_P(FoldedExp, AddsAtMostTwoEpsTimesTheArgument) {
  return GetParam().width == 64 ? sweep<double>(GetParam()) : sweep<float>(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Math, FoldedExp, testing::ValuesIn(allPlaces()),
                         [](const testing::TestParamInfo<Place> &info) {
                           return nameOf(info.param);
                         });

} // namespace
