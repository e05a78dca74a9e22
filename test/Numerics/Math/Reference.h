// Exact values to compare with: double precision for float, long double for double; and errors in
// units in the last place. On x86 long double has 64 bits of significand, so its error counts 2^-11
// of a unit of double.
#ifndef KEOPS_TEST_NUMERICS_MATH_REFERENCE_H
#define KEOPS_TEST_NUMERICS_MATH_REFERENCE_H

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace keops::test {

/// How the second argument is drawn: none, one with x^z in range, one near x in size.
enum class Pairing { None, Power, Plane };

/// A function under test: how it is spelt in IR, what it is, and where its values are interesting.
struct Function {
  const char *opName;
  const char *body;
  Pairing pairing;
  long double (*exact)(long double, long double);
  double (*exactForFloat)(double, double);
  /// Ranges of arguments that get as many samples as all bit patterns together; for float and
  /// double.
  double low[2];
  double high[2];
};

const Function &findFunction(const std::string &opName);

/// What exact values of results in T are kept in.
template <typename T>
using Exact = std::conditional_t<sizeof(T) == 4, double, long double>;

/// |got - exact| in units in the last place of `exact` in type T; infinite where one is NaN and the
/// other not.
template <typename T>
double ulpError(T got, Exact<T> exact, bool mayFlush);

extern template double ulpError<float>(float, double, bool);
extern template double ulpError<double>(double, long double, bool);

/// About `count` arguments: bit patterns in even strata, and uniform ones in the function's range.
template <typename T>
void makeSamples(const Function &function, size_t count, std::vector<T> &x, std::vector<T> &z);

extern template void makeSamples<float>(const Function &, size_t, std::vector<float> &,
                                        std::vector<float> &);
extern template void makeSamples<double>(const Function &, size_t, std::vector<double> &,
                                         std::vector<double> &);

template <typename T>
Exact<T> exactValue(const Function &function, T x, T z) {
  if constexpr (sizeof(T) == 4)
    return function.exactForFloat(x, z);
  else
    return function.exact(x, z);
}

} // namespace keops::test

#endif // KEOPS_TEST_NUMERICS_MATH_REFERENCE_H
