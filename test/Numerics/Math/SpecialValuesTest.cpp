// Arguments where a function has no error to measure but a value to hit: zeros, infinities, NaN,
// domain borders, the special pairs of pow; fpowi; and lanes that must not depend on their
// neighbours.
#include "MathKernel.h"
#include "Reference.h"
#include <cmath>
#include <gtest/gtest.h>
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
    {"math.exp", nan, 0, nan},       {"math.exp", inf, 0, inf},
    {"math.exp", -inf, 0, 0},        {"math.exp", -1e30, 0, 0},
    {"math.exp", 1e30, 0, inf},      {"math.exp", 0, 0, 1},
    {"math.exp", -0.0, 0, 1},        {"math.exp", -3e38, 0, 0},
    {"math.exp", 3e38, 0, inf},      {"math.exp", -800, 0, 0},
    {"math.exp2", nan, 0, nan},      {"math.exp2", inf, 0, inf},
    {"math.exp2", -inf, 0, 0},       {"math.exp2", -1e30, 0, 0},
    {"math.exp2", 1e30, 0, inf},     {"math.exp2", 0, 0, 1},
    {"math.exp2", -0.0, 0, 1},       {"math.exp2", 10, 0, 1024},
    {"math.exp2", -3, 0, 0.125},     {"math.exp2", 1024, 0, inf},
    {"math.log", nan, 0, nan},       {"math.log", inf, 0, inf},
    {"math.log", -inf, 0, nan},      {"math.log", 0, 0, -inf},
    {"math.log", -0.0, 0, -inf},     {"math.log", -1, 0, nan},
    {"math.log", -1e-40, 0, nan},    {"math.log", 1, 0, 0},
    {"math.sin", nan, 0, nan},       {"math.sin", inf, 0, nan},
    {"math.sin", -inf, 0, nan},      {"math.sin", 0, 0, 0},
    {"math.sin", -0.0, 0, -0.0},     {"math.cos", nan, 0, nan},
    {"math.cos", inf, 0, nan},       {"math.cos", -inf, 0, nan},
    {"math.cos", 0, 0, 1},           {"math.cos", -0.0, 0, 1},
    {"math.rsqrt", nan, 0, nan},     {"math.rsqrt", inf, 0, 0},
    {"math.rsqrt", -inf, 0, nan},    {"math.rsqrt", 0, 0, inf},
    {"math.rsqrt", -0.0, 0, -inf},   {"math.rsqrt", -1, 0, nan},
    {"math.rsqrt", 4, 0, 0.5},       {"math.powf", 0, 0, 1},
    {"math.powf", nan, 0, 1},        {"math.powf", inf, 0, 1},
    {"math.powf", -inf, -0.0, 1},    {"math.powf", 1, nan, 1},
    {"math.powf", 1, inf, 1},        {"math.powf", -1, inf, 1},
    {"math.powf", -1, -inf, 1},      {"math.powf", nan, 1, nan},
    {"math.powf", 2, nan, nan},      {"math.powf", -1, nan, nan},
    {"math.powf", 0, nan, nan},      {"math.powf", 0, 3, 0},
    {"math.powf", -0.0, 3, -0.0},    {"math.powf", -0.0, 2, 0},
    {"math.powf", -0.0, 0.5, 0},     {"math.powf", 0, -3, inf},
    {"math.powf", -0.0, -3, -inf},   {"math.powf", -0.0, -2, inf},
    {"math.powf", 0, -inf, inf},     {"math.powf", 0, inf, 0},
    {"math.powf", 0.5, inf, 0},      {"math.powf", 0.5, -inf, inf},
    {"math.powf", -0.5, inf, 0},     {"math.powf", 2, inf, inf},
    {"math.powf", 2, -inf, 0},       {"math.powf", -2, inf, inf},
    {"math.powf", inf, 0.5, inf},    {"math.powf", inf, -0.5, 0},
    {"math.powf", -inf, 3, -inf},    {"math.powf", -inf, 2, inf},
    {"math.powf", -inf, 0.5, inf},   {"math.powf", -inf, -3, -0.0},
    {"math.powf", -inf, -2, 0},      {"math.powf", -2, 3, -8},
    {"math.powf", -2, 2, 4},         {"math.powf", -2, 0.5, nan},
    {"math.powf", -2, -3, -0.125},   {"math.powf", 2, 10000, inf},
    {"math.powf", 2, -10000, 0},     {"math.powf", -2, 10001, -inf},
    {"math.powf", -2, -10001, -0.0}, {"math.powf", -1, 16777215, -1},
    {"math.powf", -1, 1e30, 1},      {"math.powf", 3, 2, 9},
    {"math.powf", 10, 3, 1000},
};

class SpecialValues : public testing::TestWithParam<Place> {
protected:
  void SetUp() override {
    std::string reason = whyNotOnThisHost(GetParam().target);
    if (!reason.empty())
      GTEST_SKIP() << reason;
  }
};

template <typename T>
void expectSame(T got, double expected, const Special &special, MathPrecision precision) {
  bool same = std::isnan(expected)
                  ? std::isnan(got)
                  : got == T(expected) && std::signbit(got) == std::signbit(expected);
  EXPECT_TRUE(same) << special.opName << "(" << special.x << ", " << special.z << ") at "
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
const char *const opNames[] = {"math.exp", "math.exp2",  "math.log", "math.sin",
                               "math.cos", "math.rsqrt", "math.powf"};

TEST_P(SpecialValues, AreHit) {
  for (MathPrecision precision : levels)
    for (const char *opName : opNames)
      for (int lanes : {0, 8}) {
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
