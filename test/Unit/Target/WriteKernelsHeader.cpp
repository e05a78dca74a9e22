// Writes the header of a program of two kernels to the file that is named, for KernelsHeader.c.
#include "keops/Target/Nvptx.h"

#include <fstream>

int main(int, char **argv) {
  const char *manifest = "keops-program 2\nsymbol gauss\ninput i 3 f32 x\ninput j 3 f16 y\n"
                         "input p 1 f64 k\noutput i f32 sum 1\noutput i i64 argmin 2 3\n"
                         "workspace 64 5 7 11 13 17 19\ncost 21\n"
                         "kernel gauss_0 128\nkernel gauss_1 256\n";
  std::ofstream(argv[1]) << keops::emitKernelsHeader(manifest, "Sum_Reduction(x*y,0)");
}
