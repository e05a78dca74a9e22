// Two clouds at once, and blocks of pairs: shapes with a batch axis, and ranges.
#include <keops/keops.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

static const int64_t items = 2, m = 37, n = 53;

/// Rows of the first block see every term, those of the second two intervals, the last rows none.
static bool isKept(int64_t i, int64_t j) {
  return i < 20 || (i < 31 && (j < 5 || (j >= 40 && j < 52)));
}

int main() {
  std::vector<double> x(items * m), y(n), result(items * m, -1);
  for (int64_t k = 0; k < items * m; ++k)
    x[k] = std::sin(1.0 + k);
  for (int64_t j = 0; j < n; ++j)
    y[j] = std::cos(2.0 * j);
  keops::Options options;
  options.dtype = KEOPS_F64;
  keops::Program gauss("Sum_Reduction(Exp(-SqDist(x,y)),0)", {"x=Vi(1)", "y=Vj(1)"}, options);
  std::vector<keops::Tensor> inputs = {{x.data(), {items, m, 1}}, {y.data(), {n, 1}}};
  keops::Sizes sizes = gauss.inferSizes(inputs);
  std::vector<int64_t> shape = gauss.getOutputShape(0, sizes);
  if (sizes.i != m || sizes.j != n || shape != std::vector<int64_t>{items, m, 1})
    return 1;
  gauss.run(inputs, {{result.data(), shape}},
            keops::Ranges::overJ({{0, 20}, {20, 31}}, {1, 3}, {{0, n}, {0, 5}, {40, 52}}));
  double worst = 0;
  for (int64_t k = 0; k < items * m; ++k) {
    double sum = 0;
    for (int64_t j = 0; j < n; ++j)
      sum += isKept(k % m, j) ? std::exp(-(x[k] - y[j]) * (x[k] - y[j])) : 0;
    worst = std::max(worst, std::fabs(sum - result[k]));
  }
  std::printf("largest error %g\n", worst);
  return worst < 1e-12 ? 0 : 1;
}
