// Measures every promise of the table over sampled arguments, and over all floats with
// KEOPS_SLOW=1, and checks that scalars and vectors of every shape give the same bits.
#include "MathKernel.h"
#include "Reference.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <set>
#include <thread>

using namespace keops;
using namespace keops::test;

namespace {

constexpr MathPrecision levels[] = {MathPrecision::Fast, MathPrecision::Default,
                                    MathPrecision::High};

struct Case {
  std::string opName;
  unsigned width;
  MathTarget target;
};

const MathBound &boundFor(const Case &c, MathPrecision precision) {
  if (const MathBound *bound = findBound(c.opName, {c.width, c.target}, precision))
    return *bound;
  throw std::out_of_range("the table has no row for " + c.opName);
}

bool isBound(const std::string &opName, Place place) {
  return llvm::any_of(levels,
                      [&](MathPrecision precision) { return findBound(opName, place, precision); });
}

std::vector<Case> allCases() {
  std::vector<Case> cases;
  std::set<std::string> seen{"math.fpowi"};
  for (const MathBound &bound : getMathBounds()) {
    std::string opName = bound.opName.str();
    for (const Place &place : allPlaces())
      if (!seen.count(opName) && isBound(opName, place))
        cases.push_back({opName, place.width, place.target});
    seen.insert(opName);
  }
  return cases;
}

std::string withoutDialect(const std::string &opName) {
  return opName.substr(opName.find('.') + 1);
}

std::string caseName(const Case &c) {
  return withoutDialect(c.opName) + "_" + nameOf(Place{c.width, c.target});
}
// GoogleTest's name. NOLINTNEXTLINE(readability-identifier-naming)
void PrintTo(const Case &c, std::ostream *os) { *os << caseName(c); }

/// The largest error seen and the argument it was seen at.
template <typename T>
struct Worst {
  double ulp = 0;
  T x = 0, z = 0, got = 0;
  Exact<T> exact = 0;

  void merge(const Worst &other) {
    if (other.ulp > ulp)
      *this = other;
  }
};

KernelSpec specFor(const Case &c, MathPrecision precision, int lanes, int rows) {
  return {findFunction(c.opName).body, c.width, lanes, rows, c.target, precision};
}

/// Whether `got` could be further than `ulp` units from `exact`: never false where it is. For
/// floats without branches, because the sweep over all of them spends its time here.
bool maySurpass(float got, double exact, double ulp) {
  float below = float(std::fabs(exact) * (1 - 0x1p-23));
  float power = std::bit_cast<float>(std::bit_cast<uint32_t>(below) & 0x7f800000u);
  double unit = 0x1p-23 * std::clamp(power, 0x1p-126f, 0x1p127f);
  bool isNear = std::fabs(got - exact) <= ulp * unit;
  bool isSame = (got == float(exact) && ulp >= 0.5) || (got != got && exact != exact);
  return !(isNear | isSame);
}
bool maySurpass(double, long double, double) { return true; }

/// The error of a result; where subnormal numbers count as zero, of the better of the two readings.
template <typename T>
double errorOf(const Function &function, const MathBound &bound, T x, T z, T got, Exact<T> exact) {
  double ulp = ulpError<T>(got, exact, bound.mayFlush);
  if (!bound.mayFlush || !(std::fabs(x) < std::numeric_limits<T>::min()))
    return ulp;
  Exact<T> ofZero = exactValue<T>(function, std::copysign(T(0), x), z);
  return std::min(ulp, ulpError<T>(got, ofZero, true));
}

template <typename T>
void measureChunk(const Function &function, const MathKernel &kernel, const MathBound &bound,
                  const T *x, const T *z, const Exact<T> *exact, Worst<T> &worst) {
  std::vector<T> y(chunkSize);
  std::vector<uint8_t> suspects(chunkSize);
  kernel(x, z, y.data());
  double sofar = worst.ulp;
  for (size_t k = 0; k < chunkSize; ++k)
    suspects[k] = maySurpass(y[k], exact[k], sofar);
  for (auto at = suspects.begin(); (at = std::find(at, suspects.end(), 1)) != suspects.end();
       ++at) {
    size_t k = at - suspects.begin();
    double ulp = errorOf<T>(function, bound, x[k], z[k], y[k], exact[k]);
    if (ulp > worst.ulp)
      worst = {ulp, x[k], z[k], y[k], exact[k]};
  }
}

template <typename T>
void report(const MathBound &bound, const Worst<T> &worst) {
  llvm::outs() << llvm::formatv("{0,-11} f{1} {2,-7} {3,-8} max {4,8:F3} ULP  promised {5,4:F2}\n",
                                bound.opName, bound.width, nameOf(bound.target),
                                nameOf(bound.precision), worst.ulp, bound.maxUlp);
  llvm::outs().flush();
  EXPECT_LE(worst.ulp, bound.maxUlp)
      << std::hexfloat << "x = " << worst.x << ", z = " << worst.z << ", got " << worst.got
      << ", exact " << worst.exact << std::defaultfloat << " (x = " << worst.x << ")";
}

template <typename T>
std::vector<Exact<T>> exactValues(const Function &function, const T *x, const T *z, size_t count) {
  std::vector<Exact<T>> exact(count);
  for (size_t k = 0; k < count; ++k)
    exact[k] = exactValue<T>(function, x[k], z[k]);
  return exact;
}

template <typename T>
void sweepSamples(const Case &c) {
  const Function &function = findFunction(c.opName);
  std::vector<T> x, z;
  makeSamples<T>(function, chunkSize * 196, x, z);
  std::vector<Exact<T>> exact = exactValues(function, x.data(), z.data(), x.size());
  for (MathPrecision precision : levels) {
    if (repeatsLevelBelow(c.opName, {c.width, c.target}, precision))
      continue;
    const MathBound &bound = boundFor(c, precision);
    MathKernel kernel(specFor(c, precision, 512 / c.width, 2));
    Worst<T> worst;
    for (size_t at = 0; at < x.size(); at += chunkSize)
      measureChunk<T>(function, kernel, bound, &x[at], &z[at], &exact[at], worst);
    report(bound, worst);
  }
}

class Accuracy : public testing::TestWithParam<Case> {
protected:
  void SetUp() override {
    std::string reason = whyNotOnThisHost(GetParam().target);
    if (!reason.empty())
      GTEST_SKIP() << reason;
  }
};

TEST_P(Accuracy, StaysWithinTheTable) {
  return GetParam().width == 64 ? sweepSamples<double>(GetParam())
                                : sweepSamples<float>(GetParam());
}

/// Which NaN an operation on two of them gives is up to the order of its operands.
template <typename T>
bool isSame(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || memcmp(&a, &b, sizeof(T)) == 0;
}

template <typename T>
void compareShapes(const Case &c) {
  std::vector<T> x, z, expected(chunkSize), got(chunkSize);
  makeSamples<T>(findFunction(c.opName), chunkSize, x, z);
  for (MathPrecision precision : levels) {
    if (repeatsLevelBelow(c.opName, {c.width, c.target}, precision))
      continue;
    MathKernel(specFor(c, precision, 0, 0))(x.data(), z.data(), expected.data());
    for (auto [lanes, rows] : {std::pair(int(512 / c.width), 3), {8, 0}, {7, 0}, {24, 0}, {2, 2}}) {
      MathKernel(specFor(c, precision, lanes, rows))(x.data(), z.data(), got.data());
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(), got.begin(), isSame<T>))
          << rows << "x" << lanes << " differs from scalars at " << nameOf(precision).str();
    }
  }
}

TEST_P(Accuracy, ShapesAgreeBitForBit) {
  const Case &c = GetParam();
  return c.width == 64 ? compareShapes<double>(c) : compareShapes<float>(c);
}

INSTANTIATE_TEST_SUITE_P(Math, Accuracy, testing::ValuesIn(allCases()),
                         [](const testing::TestParamInfo<Case> &info) {
                           return caseName(info.param);
                         });

/// A promise with the code that must keep it, for the sweep over all floats.
struct Contender {
  const MathBound *bound;
  MathKernel kernel;
};

std::vector<Contender> contendersFor(const std::string &opName) {
  std::vector<Contender> contenders;
  for (Place place : allPlaces())
    for (MathPrecision precision : levels) {
      Case c{opName, place.width, place.target};
      if (place.width == 32 && whyNotOnThisHost(place.target).empty() && isBound(opName, place) &&
          !repeatsLevelBelow(c.opName, {c.width, c.target}, precision))
        contenders.push_back({&boundFor(c, precision), MathKernel(specFor(c, precision, 16, 2))});
    }
  return contenders;
}

/// The floats from bit pattern `first` on, one chunk of every `stride` patterns.
std::vector<Worst<float>> sweepStripe(const Function &function,
                                      const std::vector<Contender> &contenders, uint64_t first,
                                      uint64_t stride) {
  std::vector<Worst<float>> worst(contenders.size());
  std::vector<float> x(chunkSize), z(chunkSize);
  for (uint64_t at = first; at < (uint64_t(1) << 32); at += stride) {
    for (size_t k = 0; k < chunkSize; ++k)
      x[k] = std::bit_cast<float>(uint32_t(at + k));
    std::vector<double> exact = exactValues(function, x.data(), z.data(), chunkSize);
    for (size_t c = 0; c < contenders.size(); ++c)
      measureChunk<float>(function, contenders[c].kernel, *contenders[c].bound, x.data(), z.data(),
                          exact.data(), worst[c]);
  }
  return worst;
}

class EveryFloat : public testing::TestWithParam<const char *> {};

TEST_P(EveryFloat, StaysWithinTheTable) {
  const char *slow = std::getenv("KEOPS_SLOW");
  if (!slow || !*slow || *slow == '0')
    GTEST_SKIP() << "a sweep over all 2^32 floats runs with KEOPS_SLOW=1";
  std::vector<Contender> contenders = contendersFor(GetParam());
  const Function &function = findFunction(GetParam());
  unsigned count = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::vector<Worst<float>>> found(count);
  std::vector<std::thread> threads;
  threads.reserve(count);
  for (unsigned t = 0; t < count; ++t)
    threads.emplace_back(
        [&, t] { found[t] = sweepStripe(function, contenders, t * chunkSize, count * chunkSize); });
  for (std::thread &thread : threads)
    thread.join();
  for (size_t c = 0; c < contenders.size(); ++c) {
    for (unsigned t = 1; t < count; ++t)
      found[0][c].merge(found[t][c]);
    report(*contenders[c].bound, found[0][c]);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Math, EveryFloat,
    testing::Values("arith.divf", "math.exp", "math.exp2", "math.log", "math.sin", "math.cos",
                    "math.rsqrt", "math.expm1", "math.log1p", "math.sinh", "math.cosh", "math.tanh",
                    "math.erf", "math.erfc", "math.asin", "math.acos", "math.atan"),
    [](const testing::TestParamInfo<const char *> &info) { return withoutDialect(info.param); });

} // namespace
