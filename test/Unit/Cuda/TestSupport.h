// Shared by the tests on the emulated driver: arrays in device memory, numbers, programs.
#ifndef KEOPS_TEST_CUDA_TESTSUPPORT_H
#define KEOPS_TEST_CUDA_TESTSUPPORT_H

#include "EmulatedDriver.h"
#include "keops/keops.hpp"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>

namespace keops::test {

/// Numbers from -1 to 1 without a pattern.
inline std::vector<float> makeNumbers(int64_t count, int64_t seed) {
  std::vector<float> numbers;
  numbers.reserve(size_t(count));
  for (int64_t k = 0; k < count; ++k)
    numbers.push_back(float(std::sin(double(12 * k + seed) * 1.7)));
  return numbers;
}

inline int64_t countElements(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  for (int64_t length : shape)
    count *= length;
  return count;
}

/// An array in the memory of a device.
template <typename T = float>
class DeviceArray {
public:
  DeviceArray(std::vector<int64_t> shape, const std::vector<T> &values, int32_t device = 0)
      : shape(std::move(shape)), count(size_t(countElements(this->shape))),
        data(static_cast<T *>(emulated::allocate(device, std::max<size_t>(count, 1) * sizeof(T)))) {
    std::memcpy(data, values.data(), std::min(values.size(), count) * sizeof(T));
  }
  explicit DeviceArray(std::vector<int64_t> shape, int32_t device = 0)
      : DeviceArray(std::move(shape), {}, device) {}
  DeviceArray(DeviceArray &&other) noexcept
      : shape(std::move(other.shape)), count(other.count),
        data(std::exchange(other.data, nullptr)) {}
  ~DeviceArray() { emulated::release(data); }

  Tensor get() const { return Tensor(data, shape); }
  Tensor get(std::vector<int64_t> strides) const { return Tensor(data, shape, std::move(strides)); }
  std::vector<T> read() const { return std::vector<T>(data, data + count); }
  T *getData() const { return data; }

  std::vector<int64_t> shape;

private:
  size_t count;
  T *data;
};

inline Program compile(const std::string &formula, const std::vector<std::string> &aliases,
                       int32_t device = 0) {
  Options options;
  options.deviceType = KEOPS_CUDA;
  options.deviceId = device;
  return Program(formula, aliases, options);
}

inline const char *const gaussFormula = "Sum_Reduction(Exp(-SqDist(x,y))*b,0)";
inline const std::vector<std::string> gaussAliases = {"x=Vi(3)", "y=Vj(3)", "b=Vj(1)"};

/// sum over the j from `begin` to `end` of exp(-|x_i - y_j|^2) b_j.
inline double gauss(const float *x, const std::vector<float> &y, const std::vector<float> &b,
                    int64_t begin, int64_t end) {
  double sum = 0;
  for (int64_t j = begin; j < end; ++j) {
    double distance = 0;
    for (int64_t d = 0; d < 3; ++d)
      distance += std::pow(double(x[d]) - double(y[size_t(3 * j + d)]), 2);
    sum += std::exp(-distance) * double(b[size_t(j)]);
  }
  return sum;
}

/// The arrays of a Gaussian sum, on the host and on a device.
struct GaussCase {
  int64_t m, n;
  std::vector<float> xs = makeNumbers(3 * m, 1), ys = makeNumbers(3 * n, 2), bs = makeNumbers(n, 3);
  DeviceArray<> x, y, b, out;

  GaussCase(int64_t m, int64_t n, int32_t device = 0)
      : m(m), n(n), x({m, 3}, xs, device), y({n, 3}, ys, device), b({n, 1}, bs, device),
        out({m, 1}, device) {}
  std::vector<Tensor> inputs() const { return {x.get(), y.get(), b.get()}; }
  void run(const Program &program, keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT) const {
    program.run(inputs(), {out.get()}, options);
  }
  void check() const {
    std::vector<float> result = out.read();
    for (int64_t i = 0; i < m; ++i)
      ASSERT_NEAR(result[size_t(i)], gauss(&xs[size_t(3 * i)], ys, bs, 0, n),
                  1e-6 * double(n) + 1e-6)
          << m << " x " << n << ", row " << i;
  }
};

/// Whatever is wrong with a device.
inline void expectTheProcessorComputes() {
  static const auto *program = new Program("Sum_Reduction(x*y,0)", {"x=Vi(1)", "y=Vj(1)"});
  float x = 3, y = 4, out = 0;
  program->run({Tensor(&x, {1, 1}), Tensor(&y, {1, 1})}, {Tensor(&out, {1, 1})});
  EXPECT_EQ(out, 12);
}

/// What the one error of a call says. Afterwards the processor still computes.
template <typename Body>
std::string getMessage(Body body, keopsStatus expected = KEOPS_INVALID) {
  try {
    body();
  } catch (const Error &error) {
    EXPECT_EQ(error.getStatus(), expected) << error.what();
    std::string message = error.what();
    expectTheProcessorComputes();
    return message;
  }
  ADD_FAILURE() << "no error";
  return {};
}

} // namespace keops::test

#endif // KEOPS_TEST_CUDA_TESTSUPPORT_H
