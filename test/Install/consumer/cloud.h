/* Two small clouds and the Gaussian sum in plain C, shared by the programs of this project. */
#ifndef CLOUD_H
#define CLOUD_H

#include <math.h>
#include <stdio.h>

#define SIZE_I 37
#define SIZE_J 53
#define DIM 3

static float x[SIZE_I][DIM], y[SIZE_J][DIM], b[SIZE_J], result[SIZE_I];

static void fill_clouds(void) {
  int i, k;
  for (i = 0; i < SIZE_I; ++i)
    for (k = 0; k < DIM; ++k)
      x[i][k] = (float)sin(1.0 + i + 10 * k);
  for (i = 0; i < SIZE_J; ++i) {
    b[i] = (float)cos(3.0 * i);
    for (k = 0; k < DIM; ++k)
      y[i][k] = (float)cos(2.0 * i + k);
  }
}

/* 0 when `result` holds the Gaussian sum; prints what it found. */
static int check_result(void) {
  double worst = 0;
  int i, j, k;
  for (i = 0; i < SIZE_I; ++i) {
    double sum = 0, error;
    for (j = 0; j < SIZE_J; ++j) {
      double distance = 0;
      for (k = 0; k < DIM; ++k)
        distance += ((double)x[i][k] - y[j][k]) * ((double)x[i][k] - y[j][k]);
      sum += exp(-distance) * b[j];
    }
    error = fabs(sum - result[i]);
    if (!(error <= worst))
      worst = error;
  }
  printf("largest error %g\n", worst);
  return worst < 1e-5 ? 0 : 1;
}

#endif
