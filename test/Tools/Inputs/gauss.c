/* Compares the Gaussian sum of keopsc with three plain loops, for several numbers of threads: what
 * is less than one is one, and every thread has memory of its own. */
#include "gauss.h"

#include <math.h>
#include <stdio.h>

enum { M = 637, N = 1053, D = 3 };

static double expected(const float *x, const float *y, const float *b) {
  double sum = 0;
  for (int j = 0; j < N; ++j) {
    double distance = 0;
    for (int k = 0; k < D; ++k)
      distance += pow((double)x[k] - y[j * D + k], 2);
    sum += exp(-distance) * b[j];
  }
  return sum;
}

int main(void) {
  static float x[M * D], y[N * D], b[N], out[M];
  for (int k = 0; k < M * D; ++k)
    x[k] = (float)sin(k);
  for (int k = 0; k < N * D; ++k)
    y[k] = (float)cos(k);
  for (int k = 0; k < N; ++k)
    b[k] = (float)(k % 5 - 1);
  double worst = 0;
  for (int threads = -1; threads < 40; ++threads) {
    if (gauss_call(M, N, x, y, b, out, threads))
      return 1;
    for (int i = 0; i < M; ++i)
      worst = fmax(worst, fabs(out[i] - expected(x + i * D, y, b)));
  }
  puts(worst < 1e-3 ? "agrees" : "differs");
  return 0;
}
