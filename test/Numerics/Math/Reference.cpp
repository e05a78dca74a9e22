// The list of functions, the measure of error and the choice of arguments.
#include "Reference.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>

namespace keops::test {

namespace {

const Function functions[] = {
    {"math.exp",
     "%y = math.exp %x : $T",
     Pairing::None,
     [](long double x, long double) { return expl(x); },
     [](double x, double) { return exp(x); },
     {-106, -750},
     {90, 711}},
    {"math.exp2",
     "%y = math.exp2 %x : $T",
     Pairing::None,
     [](long double x, long double) { return exp2l(x); },
     [](double x, double) { return exp2(x); },
     {-152, -1080},
     {130, 1026}},
    {"math.log",
     "%y = math.log %x : $T",
     Pairing::None,
     [](long double x, long double) { return logl(x); },
     [](double x, double) { return log(x); },
     {0.25, 0.25},
     {4, 4}},
    {"math.sin",
     "%y = math.sin %x : $T",
     Pairing::None,
     [](long double x, long double) { return sinl(x); },
     [](double x, double) { return sin(x); },
     {-4000, -4000},
     {4000, 4000}},
    {"math.cos",
     "%y = math.cos %x : $T",
     Pairing::None,
     [](long double x, long double) { return cosl(x); },
     [](double x, double) { return cos(x); },
     {-4000, -4000},
     {4000, 4000}},
    {"math.rsqrt",
     "%y = math.rsqrt %x : $T",
     Pairing::None,
     [](long double x, long double) { return 1 / sqrtl(x); },
     [](double x, double) { return 1 / sqrt(x); },
     {0.5, 0.5},
     {4, 4}},
    {"arith.divf",
     "%one = arith.constant $C(1.0) : $T\n%y = arith.divf %one, %x : $T",
     Pairing::None,
     [](long double x, long double) { return 1 / x; },
     [](double x, double) { return 1 / x; },
     {-4, -4},
     {4, 4}},
    {"math.powf",
     "%y = math.powf %x, %z : $T",
     Pairing::Power,
     [](long double x, long double z) { return powl(x, z); },
     [](double x, double z) { return pow(x, z); },
     {-104, -745},
     {89, 710}},
    {"math.expm1",
     "%y = math.expm1 %x : $T",
     Pairing::None,
     [](long double x, long double) { return expm1l(x); },
     [](double x, double) { return expm1(x); },
     {-4, -4},
     {12, 12}},
    {"math.log1p",
     "%y = math.log1p %x : $T",
     Pairing::None,
     [](long double x, long double) { return log1pl(x); },
     [](double x, double) { return log1p(x); },
     {-1, -1},
     {4, 4}},
    {"math.sinh",
     "%y = math.sinh %x : $T",
     Pairing::None,
     [](long double x, long double) { return sinhl(x); },
     [](double x, double) { return sinh(x); },
     {-14, -14},
     {14, 14}},
    {"math.cosh",
     "%y = math.cosh %x : $T",
     Pairing::None,
     [](long double x, long double) { return coshl(x); },
     [](double x, double) { return cosh(x); },
     {-14, -14},
     {14, 14}},
    {"math.tanh",
     "%y = math.tanh %x : $T",
     Pairing::None,
     [](long double x, long double) { return tanhl(x); },
     [](double x, double) { return tanh(x); },
     {-6, -6},
     {6, 6}},
    {"math.erf",
     "%y = math.erf %x : $T",
     Pairing::None,
     [](long double x, long double) { return erfl(x); },
     [](double x, double) { return erf(x); },
     {-4, -6},
     {4, 6}},
    {"math.erfc",
     "%y = math.erfc %x : $T",
     Pairing::None,
     [](long double x, long double) { return erfcl(x); },
     [](double x, double) { return erfc(x); },
     {-2, -2},
     {10.2, 27}},
    {"math.asin",
     "%y = math.asin %x : $T",
     Pairing::None,
     [](long double x, long double) { return asinl(x); },
     [](double x, double) { return asin(x); },
     {-1, -1},
     {1, 1}},
    {"math.acos",
     "%y = math.acos %x : $T",
     Pairing::None,
     [](long double x, long double) { return acosl(x); },
     [](double x, double) { return acos(x); },
     {-1, -1},
     {1, 1}},
    {"math.atan",
     "%y = math.atan %x : $T",
     Pairing::None,
     [](long double x, long double) { return atanl(x); },
     [](double x, double) { return atan(x); },
     {-8, -8},
     {8, 8}},
    {"math.atan2",
     "%y = math.atan2 %x, %z : $T",
     Pairing::Plane,
     [](long double y, long double x) { return atan2l(y, x); },
     [](double y, double x) { return atan2(y, x); },
     {-8, -8},
     {8, 8}},
    {"math.floor",
     "%y = math.floor %x : $T",
     Pairing::None,
     [](long double x, long double) { return floorl(x); },
     [](double x, double) { return floor(x); },
     {-8, -8},
     {8, 8}},
    {"math.round",
     "%y = math.round %x : $T",
     Pairing::None,
     [](long double x, long double) { return roundl(x); },
     [](double x, double) { return round(x); },
     {-8, -8},
     {8, 8}},
    {"math.copysign",
     "%y = math.copysign %x, %z : $T",
     Pairing::Plane,
     [](long double x, long double z) { return copysignl(x, z); },
     [](double x, double z) { return copysign(x, z); },
     {-8, -8},
     {8, 8}},
};

template <typename T>
struct Format;
template <>
struct Format<float> {
  using Bits = uint32_t;
  static constexpr int which = 0;
};
template <>
struct Format<double> {
  using Bits = uint64_t;
  static constexpr int which = 1;
};

template <typename T>
T fromBits(typename Format<T>::Bits bits) {
  T value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

using Random = std::mt19937_64;

/// The k-th of `count` strata of all bit patterns, at a random place in it.
template <typename T>
T stratified(Random &random, size_t k, size_t count) {
  using Bits = typename Format<T>::Bits;
  Bits stride = std::numeric_limits<Bits>::max() / count;
  return fromBits<T>(Bits(k) * stride + Bits(random() % stride));
}

/// A pair with x^z = e^t: a positive base of any size, often near 1, or a negative base with an
/// integer exponent.
template <typename T>
void makePair(Random &random, size_t k, T t, T &x, T &z) {
  std::uniform_real_distribution<double> unit(-1, 1);
  if (k % 4 == 0)
    x = T(1 + unit(random) * std::ldexp(1.0, -int(random() % 23)));
  else
    x = std::fabs(fromBits<T>(typename Format<T>::Bits(random())));
  z = T(t / std::log((long double)x));
  if (k % 4 == 1)
    z = std::nearbyint(z);
  if (k % 4 == 1 && k % 8 == 1)
    x = -x;
}

/// A number of either sign whose size is within a few powers of two of that of y.
template <typename T>
T makePartner(Random &random, T y) {
  std::uniform_real_distribution<double> exponent(-6, 6);
  T partner = y * T(std::exp2(exponent(random)));
  return random() % 2 ? partner : -partner;
}

} // namespace

const Function &findFunction(const std::string &opName) {
  for (const Function &function : functions)
    if (opName == function.opName)
      return function;
  throw std::out_of_range("no reference for " + opName);
}

/// The distance between neighbours in T around a value of the given binary exponent.
template <typename T>
static Exact<T> unitAt(int exponent) {
  using Limits = std::numeric_limits<T>;
  return std::ldexp(Exact<T>(1), std::max(exponent + 1, Limits::min_exponent) - Limits::digits);
}

/// Built from bits, because the sweep over all floats spends its time here.
template <>
double unitAt<float>(int exponent) {
  return std::bit_cast<double>(uint64_t(std::max(exponent, -126) - 23 + 1023) << 52);
}

static int exponentOf(double value) {
  return int(std::bit_cast<uint64_t>(value) >> 52 & 0x7ff) - 1023;
}

static int exponentOf(long double value) { return value == 0 ? -100000 : std::ilogb(value); }

template <typename T>
double ulpError(T got, Exact<T> exact, bool mayFlush) {
  using Limits = std::numeric_limits<T>;
  if (std::isnan(exact) || std::isnan(got))
    return std::isnan(exact) && std::isnan(got) ? 0 : INFINITY;
  if (got == T(exact) && std::isinf(got))
    return 0;
  if (mayFlush && got == 0 && std::fabs(exact) < Limits::min())
    return 0;
  if (std::isinf(exact))
    return INFINITY;
  Exact<T> value = std::isinf(got)
                       ? std::copysign(std::ldexp(Exact<T>(1), Limits::max_exponent), got)
                       : Exact<T>(got);
  return double(std::fabs(value - exact) / unitAt<T>(exponentOf(exact)));
}

template double ulpError<float>(float, double, bool);
template double ulpError<double>(double, long double, bool);

template <typename T>
void makeSamples(const Function &function, size_t count, std::vector<T> &x, std::vector<T> &z) {
  Random random(20250701);
  std::uniform_real_distribution<double> range(function.low[Format<T>::which],
                                               function.high[Format<T>::which]);
  x.resize(count);
  z.assign(count, T(0));
  for (size_t k = 0; k < count; ++k) {
    bool uniform = k % 2;
    x[k] = uniform ? T(range(random)) : stratified<T>(random, k, count);
    if (function.pairing == Pairing::Power && uniform)
      makePair<T>(random, k / 2, x[k], x[k], z[k]);
    else if (function.pairing == Pairing::Plane && uniform)
      z[k] = makePartner<T>(random, x[k]);
    else if (function.pairing != Pairing::None)
      z[k] = fromBits<T>(typename Format<T>::Bits(random()));
  }
}

template void makeSamples<float>(const Function &, size_t, std::vector<float> &,
                                 std::vector<float> &);
template void makeSamples<double>(const Function &, size_t, std::vector<double> &,
                                  std::vector<double> &);

} // namespace keops::test
