// Without a driver, or with one that is of no use, the reason is said and the processor computes.
#include "Probing.h"

#include "gtest/gtest.h"

using namespace keops::test;

static void expectReason(const std::string &environment, const std::string &reason) {
  std::string text = probe(environment);
  EXPECT_EQ(text.find("status 5 count 0\nkeopsDeviceGetCount: no CUDA device: "), 0u) << text;
  EXPECT_NE(text.find(reason), std::string::npos) << text;
  EXPECT_NE(text.find("3 x 4 = 12\n"), std::string::npos) << text;
}

TEST(Absent, driverIsNotThere) {
  expectReason("KEOPS_CUDA_DRIVER=/nonexistent/libcuda.so.1",
               "NVIDIA's driver cannot be loaded: /nonexistent/libcuda.so.1");
}

TEST(Absent, fileIsNoDriver) {
  expectReason("KEOPS_CUDA_DRIVER=libm.so.6", "'libm.so.6' lacks the function cuInit");
}

TEST(Absent, driverIsAStub) {
  expectReason("KEOPS_EMULATED_INIT=34", "is the stub that comes with a CUDA toolkit");
}

TEST(Absent, thereIsNoDevice) {
  expectReason("KEOPS_EMULATED_DEVICES=0", "cuInit: CUDA_ERROR_NO_DEVICE");
}
