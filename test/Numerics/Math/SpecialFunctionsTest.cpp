// The builders of SpecialFunctions.h, compiled and measured against sums in long double, at their
// poles, and at the roots of lgamma, where the error must stay small next to the result.
#include "keops/IR/SpecialFunctions.h"
#include "MathKernel.h"
#include "Reference.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"

#include <array>
#include <cmath>
#include <limits>
#include <random>

using namespace keops;
using namespace keops::test;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr long double pi = 3.14159265358979323846264338327950288L;
/// Stands for lgamma among the orders of polygamma.
constexpr int lgammaOrder = -1;

MathKernel makeKernel(int order, unsigned width, int lanes, MathTarget target) {
  KernelSpec spec{"%y = arith.negf %x : $T", width, lanes, lanes ? 2 : 0, target};
  spec.builder = [=](mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x) {
    return order == lgammaOrder ? createLgamma(builder, loc, x)
                                : createPolygamma(builder, loc, order, x);
  };
  return MathKernel(spec);
}

constexpr int maclaurinTerms = 12;

/// B_2k / (2k)! for k = 1, 2, ...
std::array<long double, maclaurinTerms> makeBernoulliRatios() {
  std::array<long double, maclaurinTerms> ratios;
  for (int k = 1; k <= maclaurinTerms; ++k) {
    long double zeta = std::riemann_zeta((long double)(2 * k));
    ratios[k - 1] = (k % 2 ? 2 : -2) * zeta / powl(2 * pi, 2 * k);
  }
  return ratios;
}

/// What the series of Euler and Maclaurin adds to the sum of (w + n)^-s beyond its first two terms.
long double maclaurinTail(int s, long double w) {
  static const auto ratios = makeBernoulliRatios();
  long double rising = s, power = powl(w, -s - 1), sum = 0;
  for (int k = 1; k <= maclaurinTerms; ++k) {
    sum += ratios[k - 1] * rising * power;
    rising *= (long double)(s + 2 * k - 1) * (s + 2 * k);
    power /= w * w;
  }
  return sum;
}

long double polygammaPositive(int order, long double x) {
  constexpr int terms = 16;
  int s = order + 1;
  long double w = x + terms;
  long double sum = order ? powl(w, 1 - s) / (s - 1) : -logl(w);
  sum += powl(w, -s) / 2 + maclaurinTail(s, w);
  for (int n = terms - 1; n >= 0; --n)
    sum += powl(x + n, -s);
  return (order % 2 ? 1 : -1) * tgammal(order + 1) * sum;
}

/// On the left half line by the recurrence, not by the reflection that is under test.
long double exactPolygamma(int order, long double x) {
  if (x > 0)
    return polygammaPositive(order, x);
  long double sum = 0;
  for (; x < 0; x += 1)
    sum += powl(x, -order - 1);
  return polygammaPositive(order, x) - (order % 2 ? -1 : 1) * tgammal(order + 1) * sum;
}

long double exactValue(int order, long double x) {
  return order == lgammaOrder ? lgammal(x) : exactPolygamma(order, x);
}

/// What a sweep covers and the error it may find, in units of the larger of the result and `least`.
struct Sweep {
  int order;
  double low, high;
  bool logarithmic;
  double least;
  double maxUlp;
};

const Sweep sweeps[] = {
    {lgammaOrder, 0.5, 2.5, false, 0, 6},
    {lgammaOrder, 2.5, 12, false, 0, 6},
    {lgammaOrder, -20, 20, true, 0, 6},
    {lgammaOrder, -12, 0, false, 1, 8},
    {0, 0, 12, false, 1, 6},
    {0, -20, 20, true, 1, 6},
    {0, -12, 0, false, 1, 8},
    {1, 0, 12, false, 0, 6},
    {1, -20, 20, true, 0, 6},
    {1, -12, 0, false, 0, 6},
    {2, 0, 12, false, 0, 6},
    {2, -6, 6, true, 0, 6},
    {2, -12, 0, false, 62, 8},
    {3, 0, 12, false, 0, 8},
    {7, 0, 12, false, 0, 12},
    {12, 0, 12, false, 0, 20},
    {20, 0, 12, false, 0, 36},
    {20, -4, 8, true, 0, 36},
};

template <typename T>
void drawArguments(const Sweep &sweep, std::vector<T> &x) {
  std::mt19937_64 random(20250722);
  std::uniform_real_distribution<double> range(sweep.low, sweep.high);
  for (T &value : x)
    value = T(sweep.logarithmic ? std::pow(10, range(random)) : range(random));
}

template <typename T>
double errorOf(const Sweep &sweep, T x, T got) {
  long double exact = exactValue(sweep.order, x);
  if (std::isinf(T(exact)) && got == T(exact))
    return 0;
  long double size = std::max(
      std::fabs(exact), (long double)std::max(sweep.least, double(std::numeric_limits<T>::min())));
  return double(std::fabs(got - exact) /
                std::ldexp(1.0L, std::ilogb(size) + 1 - std::numeric_limits<T>::digits));
}

template <typename T>
void measure(Place place, const Sweep &sweep) {
  std::vector<T> x(chunkSize), z(chunkSize), y(chunkSize);
  drawArguments(sweep, x);
  makeKernel(sweep.order, place.width, 512 / place.width, place.target)(x.data(), z.data(),
                                                                        y.data());
  double worst = 0;
  T at = 0;
  for (size_t k = 0; k < chunkSize; ++k)
    if (double error = errorOf(sweep, x[k], y[k]); !(error <= worst))
      worst = error, at = x[k];
  llvm::outs() << llvm::formatv(
      "order {0,2} f{1} {2,-7} [{3}, {4}]{5} max {6,6:F3} promised {7,5:F2} at {8}\n", sweep.order,
      place.width, nameOf(place.target), sweep.low, sweep.high, sweep.logarithmic ? " log" : "",
      worst, place.width == 64 ? sweep.maxUlp : 1.0, double(at));
  EXPECT_LE(worst, place.width == 64 ? sweep.maxUlp : 1.0)
      << "order " << sweep.order << ", x = " << at;
}

class SpecialFunctions : public testing::TestWithParam<Place> {
protected:
  void SetUp() override {
    std::string reason = whyNotOnThisHost(GetParam().target);
    if (!reason.empty())
      GTEST_SKIP() << reason;
  }
};

TEST_P(SpecialFunctions, StayWithinTheirBounds) {
  for (const Sweep &sweep : sweeps)
    GetParam().width == 64 ? measure<double>(GetParam(), sweep) : measure<float>(GetParam(), sweep);
}

struct Hit {
  int order;
  double x;
  double expected;
};

const Hit hits[] = {
    {lgammaOrder, nan, nan},
    {lgammaOrder, inf, inf},
    {lgammaOrder, -inf, inf},
    {lgammaOrder, 0, inf},
    {lgammaOrder, -0.0, inf},
    {lgammaOrder, -1, inf},
    {lgammaOrder, -7, inf},
    {lgammaOrder, -1e30, inf},
    {lgammaOrder, -std::numeric_limits<double>::max(), inf},
    {lgammaOrder, 1, 0},
    {lgammaOrder, 2, 0},
    {lgammaOrder, 1e308, inf},
    {0, nan, nan},
    {0, inf, inf},
    {0, 0, nan},
    {0, -0.0, nan},
    {0, -1, nan},
    {0, -8, nan},
    {0, -1e30, nan},
    {1, nan, nan},
    {1, inf, 0},
    {1, 0, inf},
    {1, -0.0, inf},
    {1, -1, inf},
    {1, -9, inf},
    {2, nan, nan},
    {2, 0, nan},
    {2, -3, nan},
    {3, -3, inf},
    {3, 0, inf},
    {20, nan, nan},
};

template <typename T>
void checkHits(Place place, int order, int lanes) {
  std::vector<T> x(chunkSize, T(1)), z(chunkSize), y(chunkSize);
  for (size_t k = 0; k < std::size(hits); ++k)
    x[k] = T(hits[k].x);
  makeKernel(order, place.width, lanes, place.target)(x.data(), z.data(), y.data());
  for (size_t k = 0; k < std::size(hits); ++k)
    if (hits[k].order == order)
      EXPECT_TRUE(y[k] == T(hits[k].expected) || (std::isnan(y[k]) && std::isnan(hits[k].expected)))
          << "order " << order << " of " << hits[k].x << ": got " << y[k] << ", expected "
          << hits[k].expected;
}

TEST_P(SpecialFunctions, HitTheirSpecialValues) {
  for (int order : {lgammaOrder, 0, 1, 2, 3, 20})
    for (int lanes : {0, 8})
      GetParam().width == 64 ? checkHits<double>(GetParam(), order, lanes)
                             : checkHits<float>(GetParam(), order, lanes);
}

INSTANTIATE_TEST_SUITE_P(Math, SpecialFunctions, testing::ValuesIn(allPlaces()),
                         [](const testing::TestParamInfo<Place> &info) {
                           return nameOf(info.param);
                         });

} // namespace
