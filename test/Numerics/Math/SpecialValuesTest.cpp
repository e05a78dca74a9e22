// Arguments where a function has no error to measure but a value to hit: zeros, infinities, NaN,
// domain borders, the special pairs of pow; fpowi; and lanes that must not depend on their
// neighbours.
#include "MathKernel.h"
#include "Reference.h"
#include "gtest/gtest.h"

#include <cmath>
#include <limits>

using namespace keops;
using namespace keops::test;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Special {
  const char *opName;
  double x;
  double z;
  double expected;
};

const Special specials[] = {
    {"math.exp", nan, 0, nan},
    {"math.exp", inf, 0, inf},
    {"math.exp", -inf, 0, 0},
    {"math.exp", -1e30, 0, 0},
    {"math.exp", 1e30, 0, inf},
    {"math.exp", 0, 0, 1},
    {"math.exp", -0.0, 0, 1},
    {"math.exp", -3e38, 0, 0},
    {"math.exp", 3e38, 0, inf},
    {"math.exp", -800, 0, 0},
    {"math.exp2", nan, 0, nan},
    {"math.exp2", inf, 0, inf},
    {"math.exp2", -inf, 0, 0},
    {"math.exp2", -1e30, 0, 0},
    {"math.exp2", 1e30, 0, inf},
    {"math.exp2", 0, 0, 1},
    {"math.exp2", -0.0, 0, 1},
    {"math.exp2", 10, 0, 1024},
    {"math.exp2", -3, 0, 0.125},
    {"math.exp2", 1024, 0, inf},
    {"math.log", nan, 0, nan},
    {"math.log", inf, 0, inf},
    {"math.log", -inf, 0, nan},
    {"math.log", 0, 0, -inf},
    {"math.log", -0.0, 0, -inf},
    {"math.log", -1, 0, nan},
    {"math.log", -1e-40, 0, nan},
    {"math.log", 1, 0, 0},
    {"math.sin", nan, 0, nan},
    {"math.sin", inf, 0, nan},
    {"math.sin", -inf, 0, nan},
    {"math.sin", 0, 0, 0},
    {"math.sin", -0.0, 0, -0.0},
    {"math.cos", nan, 0, nan},
    {"math.cos", inf, 0, nan},
    {"math.cos", -inf, 0, nan},
    {"math.cos", 0, 0, 1},
    {"math.cos", -0.0, 0, 1},
    {"math.rsqrt", nan, 0, nan},
    {"math.rsqrt", inf, 0, 0},
    {"math.rsqrt", -inf, 0, nan},
    {"math.rsqrt", 0, 0, inf},
    {"math.rsqrt", -0.0, 0, -inf},
    {"math.rsqrt", -1, 0, nan},
    {"math.rsqrt", 4, 0, 0.5},
    {"math.powf", 0, 0, 1},
    {"math.powf", nan, 0, 1},
    {"math.powf", inf, 0, 1},
    {"math.powf", -inf, -0.0, 1},
    {"math.powf", 1, nan, 1},
    {"math.powf", 1, inf, 1},
    {"math.powf", -1, inf, 1},
    {"math.powf", -1, -inf, 1},
    {"math.powf", nan, 1, nan},
    {"math.powf", 2, nan, nan},
    {"math.powf", -1, nan, nan},
    {"math.powf", 0, nan, nan},
    {"math.powf", 0, 3, 0},
    {"math.powf", -0.0, 3, -0.0},
    {"math.powf", -0.0, 2, 0},
    {"math.powf", -0.0, 0.5, 0},
    {"math.powf", 0, -3, inf},
    {"math.powf", -0.0, -3, -inf},
    {"math.powf", -0.0, -2, inf},
    {"math.powf", 0, -inf, inf},
    {"math.powf", 0, inf, 0},
    {"math.powf", 0.5, inf, 0},
    {"math.powf", 0.5, -inf, inf},
    {"math.powf", -0.5, inf, 0},
    {"math.powf", 2, inf, inf},
    {"math.powf", 2, -inf, 0},
    {"math.powf", -2, inf, inf},
    {"math.powf", inf, 0.5, inf},
    {"math.powf", inf, -0.5, 0},
    {"math.powf", -inf, 3, -inf},
    {"math.powf", -inf, 2, inf},
    {"math.powf", -inf, 0.5, inf},
    {"math.powf", -inf, -3, -0.0},
    {"math.powf", -inf, -2, 0},
    {"math.powf", -2, 3, -8},
    {"math.powf", -2, 2, 4},
    {"math.powf", -2, 0.5, nan},
    {"math.powf", -2, -3, -0.125},
    {"math.powf", 2, 10000, inf},
    {"math.powf", 2, -10000, 0},
    {"math.powf", -2, 10001, -inf},
    {"math.powf", -2, -10001, -0.0},
    {"math.powf", -1, 16777215, -1},
    {"math.powf", -1, 1e30, 1},
    {"math.powf", 3, 2, 9},
    {"math.powf", 10, 3, 1000},
    {"math.expm1", nan, 0, nan},
    {"math.expm1", inf, 0, inf},
    {"math.expm1", -inf, 0, -1},
    {"math.expm1", 0, 0, 0},
    {"math.expm1", -0.0, 0, -0.0},
    {"math.expm1", -1e30, 0, -1},
    {"math.expm1", -60, 0, -1},
    {"math.expm1", 1e30, 0, inf},
    {"math.expm1", 800, 0, inf},
    {"math.expm1", 1e-44, 0, 1e-44},
    {"math.expm1", -3e-45, 0, -3e-45},
    {"math.log1p", nan, 0, nan},
    {"math.log1p", inf, 0, inf},
    {"math.log1p", -inf, 0, nan},
    {"math.log1p", 0, 0, 0},
    {"math.log1p", -0.0, 0, -0.0},
    {"math.log1p", -1, 0, -inf},
    {"math.log1p", -1.0000002, 0, nan},
    {"math.log1p", -1e30, 0, nan},
    {"math.log1p", 1e-44, 0, 1e-44},
    {"math.log1p", -3e-45, 0, -3e-45},
    {"math.sinh", nan, 0, nan},
    {"math.sinh", inf, 0, inf},
    {"math.sinh", -inf, 0, -inf},
    {"math.sinh", 0.0, 0, 0.0},
    {"math.sinh", -0.0, 0, -0.0},
    {"math.sinh", 1e30, 0, inf},
    {"math.sinh", -1e30, 0, -inf},
    {"math.sinh", 3e38, 0, inf},
    {"math.sinh", -3e38, 0, -inf},
    {"math.sinh", 800, 0, inf},
    {"math.sinh", -800, 0, -inf},
    {"math.sinh", 1e-44, 0, 1e-44},
    {"math.sinh", -1e-44, 0, -1e-44},
    {"math.cosh", nan, 0, nan},
    {"math.cosh", inf, 0, inf},
    {"math.cosh", -inf, 0, inf},
    {"math.cosh", 0, 0, 1},
    {"math.cosh", -0.0, 0, 1},
    {"math.cosh", 1e30, 0, inf},
    {"math.cosh", -800, 0, inf},
    {"math.cosh", 1e-44, 0, 1},
    {"math.tanh", nan, 0, nan},
    {"math.tanh", inf, 0, 1},
    {"math.tanh", -inf, 0, -1},
    {"math.tanh", 0.0, 0, 0.0},
    {"math.tanh", -0.0, 0, -0.0},
    {"math.tanh", 1e30, 0, 1},
    {"math.tanh", -1e30, 0, -1},
    {"math.tanh", 25, 0, 1},
    {"math.tanh", -25, 0, -1},
    {"math.tanh", 1e-44, 0, 1e-44},
    {"math.tanh", -1e-44, 0, -1e-44},
    {"math.erf", nan, 0, nan},
    {"math.erf", inf, 0, 1},
    {"math.erf", -inf, 0, -1},
    {"math.erf", 0.0, 0, 0.0},
    {"math.erf", -0.0, 0, -0.0},
    {"math.erf", 1e30, 0, 1},
    {"math.erf", -1e30, 0, -1},
    {"math.erf", 6.5, 0, 1},
    {"math.erf", -6.5, 0, -1},
    {"math.erfc", nan, 0, nan},
    {"math.erfc", inf, 0, 0},
    {"math.erfc", -inf, 0, 2},
    {"math.erfc", 0, 0, 1},
    {"math.erfc", -0.0, 0, 1},
    {"math.erfc", 30, 0, 0},
    {"math.erfc", 1e30, 0, 0},
    {"math.erfc", -1e30, 0, 2},
    {"math.erfc", -7, 0, 2},
    {"math.erfc", 1e-44, 0, 1},
    {"math.asin", nan, 0, nan},
    {"math.asin", inf, 0, nan},
    {"math.asin", -inf, 0, nan},
    {"math.asin", 0.0, 0, 0.0},
    {"math.asin", -0.0, 0, -0.0},
    {"math.asin", 1, 0, M_PI_2},
    {"math.asin", -1, 0, -M_PI_2},
    {"math.asin", 1.0000002, 0, nan},
    {"math.asin", -1.0000002, 0, nan},
    {"math.asin", 1e-44, 0, 1e-44},
    {"math.asin", -1e-44, 0, -1e-44},
    {"math.acos", nan, 0, nan},
    {"math.acos", inf, 0, nan},
    {"math.acos", -inf, 0, nan},
    {"math.acos", 0, 0, M_PI_2},
    {"math.acos", -0.0, 0, M_PI_2},
    {"math.acos", 1, 0, 0},
    {"math.acos", -1, 0, M_PI},
    {"math.acos", 1.0000002, 0, nan},
    {"math.acos", -2, 0, nan},
    {"math.atan", nan, 0, nan},
    {"math.atan", inf, 0, M_PI_2},
    {"math.atan", -inf, 0, -M_PI_2},
    {"math.atan", 0.0, 0, 0.0},
    {"math.atan", -0.0, 0, -0.0},
    {"math.atan", 1, 0, M_PI_4},
    {"math.atan", -1, 0, -M_PI_4},
    {"math.atan", 3e38, 0, M_PI_2},
    {"math.atan", -3e38, 0, -M_PI_2},
    {"math.atan", 1e-44, 0, 1e-44},
    {"math.atan", -1e-44, 0, -1e-44},
    {"math.atan2", 0.0, 0.0, 0.0},
    {"math.atan2", -0.0, 0.0, -0.0},
    {"math.atan2", 0.0, -0.0, M_PI},
    {"math.atan2", -0.0, -0.0, -M_PI},
    {"math.atan2", 0.0, 2, 0.0},
    {"math.atan2", -0.0, 2, -0.0},
    {"math.atan2", 0.0, -2, M_PI},
    {"math.atan2", -0.0, -2, -M_PI},
    {"math.atan2", 0.0, inf, 0.0},
    {"math.atan2", -0.0, inf, -0.0},
    {"math.atan2", 0.0, -inf, M_PI},
    {"math.atan2", -0.0, -inf, -M_PI},
    {"math.atan2", 2, 0, M_PI_2},
    {"math.atan2", -2, 0, -M_PI_2},
    {"math.atan2", 2, -0.0, M_PI_2},
    {"math.atan2", -2, -0.0, -M_PI_2},
    {"math.atan2", 2, inf, 0.0},
    {"math.atan2", -2, inf, -0.0},
    {"math.atan2", 2, -inf, M_PI},
    {"math.atan2", -2, -inf, -M_PI},
    {"math.atan2", inf, 0, M_PI_2},
    {"math.atan2", -inf, 0, -M_PI_2},
    {"math.atan2", inf, -0.0, M_PI_2},
    {"math.atan2", -inf, -0.0, -M_PI_2},
    {"math.atan2", inf, 2, M_PI_2},
    {"math.atan2", -inf, 2, -M_PI_2},
    {"math.atan2", inf, -2, M_PI_2},
    {"math.atan2", -inf, -2, -M_PI_2},
    {"math.atan2", inf, inf, M_PI_4},
    {"math.atan2", -inf, inf, -M_PI_4},
    {"math.atan2", inf, -inf, 3 * M_PI_4},
    {"math.atan2", -inf, -inf, -3 * M_PI_4},
    {"math.atan2", 2, 2, M_PI_4},
    {"math.atan2", -2, 2, -M_PI_4},
    {"math.atan2", 2, -2, 3 * M_PI_4},
    {"math.atan2", -2, -2, -3 * M_PI_4},
    {"math.atan2", 1e-44, 1, 1e-44},
    {"math.atan2", -1e-44, 1, -1e-44},
    {"math.atan2", 1e-44, 1e-44, M_PI_4},
    {"math.atan2", -1e-44, 1e-44, -M_PI_4},
    {"math.atan2", nan, 0, nan},
    {"math.atan2", nan, 1, nan},
    {"math.atan2", nan, inf, nan},
    {"math.atan2", 0, nan, nan},
    {"math.atan2", 1, nan, nan},
    {"math.atan2", inf, nan, nan},
    {"math.atan2", nan, nan, nan},
    {"math.floor", nan, 0, nan},
    {"math.floor", inf, 0, inf},
    {"math.floor", -inf, 0, -inf},
    {"math.floor", 0.0, 0, 0.0},
    {"math.floor", -0.0, 0, -0.0},
    {"math.floor", 1e30, 0, 1e30},
    {"math.floor", -1e30, 0, -1e30},
    {"math.floor", 8388609, 0, 8388609},
    {"math.floor", -8388609, 0, -8388609},
    {"math.floor", 0.3, 0, 0},
    {"math.floor", -0.3, 0, -1},
    {"math.floor", 2.5, 0, 2},
    {"math.floor", -2.5, 0, -3},
    {"math.floor", 0.99999994, 0, 0},
    {"math.floor", -1e-44, 0, -1},
    {"math.floor", -3, 0, -3},
    {"math.floor", 4194304.5, 0, 4194304},
    {"math.floor", -4194304.5, 0, -4194305},
    {"math.round", nan, 0, nan},
    {"math.round", inf, 0, inf},
    {"math.round", -inf, 0, -inf},
    {"math.round", 0.0, 0, 0.0},
    {"math.round", -0.0, 0, -0.0},
    {"math.round", 1e30, 0, 1e30},
    {"math.round", -1e30, 0, -1e30},
    {"math.round", 8388609, 0, 8388609},
    {"math.round", -8388609, 0, -8388609},
    {"math.round", 0.3, 0, 0.0},
    {"math.round", -0.3, 0, -0.0},
    {"math.round", 0.5, 0, 1},
    {"math.round", -0.5, 0, -1},
    {"math.round", 0.49999997, 0, 0.0},
    {"math.round", -0.49999997, 0, -0.0},
    {"math.round", 1.5, 0, 2},
    {"math.round", -1.5, 0, -2},
    {"math.round", 2.5, 0, 3},
    {"math.round", -2.5, 0, -3},
    {"math.round", -3.5, 0, -4},
    {"math.round", 3.5, 0, 4},
    {"math.round", 4194304.5, 0, 4194305},
    {"math.round", -4194304.5, 0, -4194305},
    {"math.round", 4194305.5, 0, 4194306},
    {"math.round", -4194305.5, 0, -4194306},
    {"math.copysign", 2, -0.0, -2},
    {"math.copysign", -2, 3, 2},
    {"math.copysign", 0, -1, -0.0},
    {"math.copysign", -inf, 1, inf},
};

class SpecialValues : public testing::TestWithParam<Place> {
protected:
  void SetUp() override {
    std::string reason = whyNotOnThisHost(GetParam().target);
    if (!reason.empty())
      GTEST_SKIP() << reason;
  }
};

/// Whether C only says that the result is near: an odd multiple of pi/4.
bool isOctant(double expected) {
  return std::fabs(expected) == M_PI_4 || std::fabs(expected) == 3 * M_PI_4;
}

template <typename T>
bool isSame(T got, double expected) {
  if (std::isnan(expected))
    return std::isnan(got);
  if (isOctant(expected))
    return ulpError<T>(got, Exact<T>(expected), false) <= 1;
  return got == T(expected) && std::signbit(got) == std::signbit(expected);
}

template <typename T>
void expectSame(T got, double expected, const Special &special, MathPrecision precision) {
  EXPECT_TRUE(isSame(got, expected))
      << special.opName << "(" << special.x << ", " << special.z << ") at "
      << nameOf(precision).str() << ": got " << got << ", expected " << expected;
}

template <typename T>
void checkSpecials(Place place, MathPrecision precision, const std::string &opName, int lanes) {
  std::vector<T> x(chunkSize, T(1)), z(chunkSize, T(1)), y(chunkSize);
  std::vector<Special> chosen;
  for (const Special &special : specials)
    if (opName == special.opName)
      chosen.push_back(special);
  for (size_t k = 0; k < chosen.size(); ++k) {
    x[k] = T(chosen[k].x);
    z[k] = T(chosen[k].z);
  }
  KernelSpec spec{
      findFunction(opName).body, place.width, lanes, lanes ? 2 : 0, place.target, precision};
  MathKernel{spec}(x.data(), z.data(), y.data());
  for (size_t k = 0; k < chosen.size(); ++k)
    expectSame(y[k], chosen[k].expected, chosen[k], precision);
}

constexpr MathPrecision levels[] = {MathPrecision::Fast, MathPrecision::Default,
                                    MathPrecision::High};
const char *const opNames[] = {
    "math.exp",   "math.exp2",  "math.log",     "math.sin",  "math.cos",  "math.rsqrt",
    "math.powf",  "math.expm1", "math.log1p",   "math.sinh", "math.cosh", "math.tanh",
    "math.erf",   "math.erfc",  "math.asin",    "math.acos", "math.atan", "math.atan2",
    "math.floor", "math.round", "math.copysign"};

TEST_P(SpecialValues, AreHit) {
  for (MathPrecision precision : levels)
    for (const char *opName : opNames)
      for (int lanes : {0, 8}) {
        if (repeatsLevelBelow(opName, GetParam(), precision))
          continue;
        if (GetParam().width == 64)
          checkSpecials<double>(GetParam(), precision, opName, lanes);
        else
          checkSpecials<float>(GetParam(), precision, opName, lanes);
      }
}

template <typename T>
void checkNeighbours(Place place) {
  std::vector<T> calm(chunkSize, T(0)), disturbed, z(chunkSize), first(chunkSize),
      second(chunkSize);
  for (size_t k = 0; k < chunkSize; ++k)
    calm[k] = T(0.37) * T(k) - T(900);
  disturbed = calm;
  for (size_t k = 3; k < chunkSize; k += 7)
    disturbed[k] = k % 2 ? T(1e30) : T(nan);
  MathKernel kernel(
      {"%y = math.sin %x : $T", place.width, 8, 2, place.target, MathPrecision::Default});
  kernel(calm.data(), z.data(), first.data());
  kernel(disturbed.data(), z.data(), second.data());
  for (size_t k = 0; k < chunkSize; ++k)
    if (k % 7 != 3) {
      EXPECT_EQ(first[k], second[k]) << "sin(" << calm[k] << ") depends on its neighbours";
    }
}

TEST_P(SpecialValues, LanesDoNotDependOnNeighbours) {
  return GetParam().width == 64 ? checkNeighbours<double>(GetParam())
                                : checkNeighbours<float>(GetParam());
}

double exactPower(double x, double y) { return std::pow(x, y); }
long double exactPower(long double x, long double y) { return std::pow(x, y); }

template <typename T>
void checkIntegerPower(Place place, int exponent) {
  std::vector<T> x, z, y(chunkSize);
  makeSamples<T>(findFunction("math.rsqrt"), chunkSize, x, z);
  std::string body = "%n = arith.constant dense<" + std::to_string(exponent) +
                     "> : vector<2x8xi32>\n" + "%y = math.fpowi %x, %n : $T, vector<2x8xi32>";
  MathKernel kernel({body, place.width, 8, 2, place.target, MathPrecision::Default});
  kernel(x.data(), z.data(), y.data());
  for (size_t k = 0; k < chunkSize; ++k) {
    // The exponent need not be a float, so the exact value takes it in the wider type.
    Exact<T> exact = exactPower(Exact<T>(x[k]), Exact<T>(exponent));
    EXPECT_LE(ulpError<T>(y[k], exact, false), sizeof(T) == 4 ? 0.6 : 1.25)
        << x[k] << " to the power " << exponent;
  }
}

TEST_P(SpecialValues, IntegerPowers) {
  for (int exponent : {-7, -1, 0, 1, 2, 3, 100, 2147483647})
    GetParam().width == 64 ? checkIntegerPower<double>(GetParam(), exponent)
                           : checkIntegerPower<float>(GetParam(), exponent);
}

INSTANTIATE_TEST_SUITE_P(Math, SpecialValues, testing::ValuesIn(allPlaces()),
                         [](const testing::TestParamInfo<Place> &info) {
                           return nameOf(info.param);
                         });

} // namespace
