// sin and cos of the numbers that come nearest to multiples of pi/2, for every exponent: what is
// left of such an angle has lost up to 61 bits, so that a reduction with too few bits of pi shows.
#include "MathKernel.h"
#include "Reference.h"
#include "llvm/ADT/APInt.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace keops;
using namespace keops::test;
using llvm::APInt;

namespace {

/// 2/pi after its point, 1280 bits.
const char *const twoOverPi =
    "a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e0"
    "06492eea09d1921cfe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f4"
    "9c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d"
    "7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babf0cfbc209af4361d";

/// A number of 384 bits: products of what is compared below fit.
constexpr unsigned size = 384;

/// The fraction of 2^exponent 2/pi, times 2^192.
APInt fractionOf(int exponent) {
  APInt digits(1280, twoOverPi, 16);
  if (exponent < 0)
    return digits.lshr(1280 - 192 - exponent).zextOrTrunc(size);
  return digits.shl(exponent).lshr(1280 - 192).zextOrTrunc(size);
}

/// Denominators of the continued fraction of a fraction of 2^192, as far as they have 53 bits:
/// multiplied by one it comes nearer to an integer than by anything smaller.
std::vector<uint64_t> findDenominators(const APInt &fraction, unsigned bits) {
  APInt numerator = APInt::getOneBitSet(size, 192), rest = fraction;
  APInt before(size, 0), here(size, 1);
  std::vector<uint64_t> denominators;
  while (!rest.isZero() && here.getActiveBits() <= bits) {
    denominators.push_back(here.getZExtValue());
    APInt next = numerator.udiv(rest) * here + before, remainder = numerator.urem(rest);
    numerator = rest, rest = remainder, before = here, here = next;
  }
  return denominators;
}

/// Numbers m 2^exponent above 1 next to multiples of pi/2, and their neighbours.
template <typename T>
std::vector<T> findNearMultiples(int lowest, int highest) {
  std::vector<T> found;
  for (int exponent = lowest; exponent <= highest; ++exponent)
    for (uint64_t m : findDenominators(fractionOf(exponent), std::numeric_limits<T>::digits)) {
      found.push_back(std::ldexp(T(m), exponent));
      found.push_back(-std::nextafter(found.back(), T(0)));
    }
  llvm::erase_if(found, [](T x) { return std::fabs(x) <= 1; });
  found.resize((found.size() + chunkSize - 1) / chunkSize * chunkSize);
  return found;
}

class FarAngles : public testing::TestWithParam<Place> {
protected:
  void SetUp() override {
    std::string reason = whyNotOnThisHost(GetParam().target);
    if (!reason.empty())
      GTEST_SKIP() << reason;
  }
};

template <typename T>
void measure(Place place, const char *opName, MathPrecision precision, const std::vector<T> &x) {
  const Function &function = findFunction(opName);
  MathKernel kernel({function.body, place.width, 8, 2, place.target, precision});
  std::vector<T> y(x.size());
  for (size_t at = 0; at < x.size(); at += chunkSize)
    kernel(&x[at], &x[at], &y[at]);
  double worst = 0;
  T where = 0, smallest = 1;
  for (size_t k = 0; k < x.size(); ++k) {
    double ulp = ulpError<T>(y[k], exactValue<T>(function, x[k], T(0)), false);
    if (ulp > worst)
      worst = ulp, where = x[k];
    if (x[k] != 0)
      smallest = std::min(smallest, std::fabs(y[k]));
  }
  llvm::outs() << llvm::formatv(
      "{0} f{1} {2,-7} max {3:F3} ULP over {4} angles, smallest 2^{5:F1}\n", opName, place.width,
      nameOf(place.target), worst, x.size(), std::log2(smallest));
  EXPECT_LE(worst, findBound(opName, place, precision)->maxUlp) << std::hexfloat << where;
  // The worst cases are among them.
  EXPECT_LT(smallest, sizeof(T) == 4 ? T(0x1p-28) : T(0x1p-59));
}

TEST_P(FarAngles, NextToMultiplesOfAQuarterTurn) {
  static const auto floats = findNearMultiples<float>(-23, 104);
  static const auto doubles = findNearMultiples<double>(-52, 971);
  for (const char *opName : {"math.sin", "math.cos"})
    for (MathPrecision precision : {MathPrecision::Default, MathPrecision::High})
      GetParam().width == 64 ? measure<double>(GetParam(), opName, precision, doubles)
                             : measure<float>(GetParam(), opName, precision, floats);
}

INSTANTIATE_TEST_SUITE_P(Math, FarAngles, testing::ValuesIn(allPlaces()),
                         [](const testing::TestParamInfo<Place> &info) {
                           return nameOf(info.param);
                         });

} // namespace
