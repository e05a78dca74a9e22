// Says what of devices there is, then what a program for the processor computes: the tests start it
// with other drivers. Arguments: `run` computes on a device too; formulas are compiled for four
// devices, and not run.
#include "EmulatedDriver.h"
#include "keops/keops.hpp"

#include <cstdio>
#include <cstring>

static void probeDevices() {
  int32_t count = 0;
  keopsStatus status = keopsDeviceGetCount(KEOPS_CUDA, &count);
  std::printf("status %d count %d\n%s\n", int(status), count, keopsGetLastError());
}

static void probeProcessor() {
  keops::Program program("Sum_Reduction(x*y,0)", {"x=Vi(1)", "y=Vj(1)"});
  float x = 3, y = 4, out = 0;
  program.run({{&x, {1, 1}}, {&y, {1, 1}}}, {{&out, {1, 1}}});
  std::printf("3 x 4 = %g\n", double(out));
}

static void probeDevice() {
  keops::Options options;
  options.deviceType = KEOPS_CUDA;
  keops::Program program("Sum_Reduction(x*y,0)", {"x=Vi(1)", "y=Vj(1)"}, options);
  auto *numbers = static_cast<float *>(keops::emulated::allocate(0, 3 * sizeof(float)));
  numbers[0] = 5, numbers[1] = 6;
  program.run({{numbers, {1, 1}}, {numbers + 1, {1, 1}}}, {{numbers + 2, {1, 1}}});
  std::printf("5 x 6 = %g\n", double(numbers[2]));
}

/// For chips: says which one the PTX is for.
static void probeCompiler(const char *formula) {
  for (int32_t device = 0; device < 4; ++device) {
    keops::Options options;
    options.deviceType = KEOPS_CUDA;
    options.deviceId = device;
    try {
      keops::Program program(formula, {"x=Vi(1)", "y=Vj(1)"}, options);
      std::string ptx = keops::Program::dump(formula, {"x=Vi(1)", "y=Vj(1)"}, "asm", options);
      size_t begin = ptx.find(".target"), end = ptx.find('\n', begin);
      std::printf("device %d: %s\n", device, ptx.substr(begin, end - begin).c_str());
    } catch (const keops::Error &error) {
      std::printf("device %d: status %d %s\n", device, int(error.getStatus()), error.what());
    }
  }
}

int main(int argc, char **argv) {
  try {
    probeDevices();
    for (int k = 1; k < argc; ++k)
      if (std::strcmp(argv[k], "run") == 0)
        probeDevice();
      else
        probeCompiler(argv[k]);
    probeProcessor();
  } catch (const keops::Error &error) {
    std::printf("%s\n", error.what());
  }
}
