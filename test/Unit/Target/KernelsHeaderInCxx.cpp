// The header of kernels is C++ too. KernelsHeader.c tests what it says.
#include "gauss.h"

static_assert(gauss_kernel_count == 2, "as the manifest says");
