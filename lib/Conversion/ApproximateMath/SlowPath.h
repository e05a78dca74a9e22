// The way out for arguments that a vector form does not cover: a branch taken when any lane needs
// it, into a function that sends those lanes through the C library.
#ifndef KEOPS_LIB_CONVERSION_APPROXIMATEMATH_SLOWPATH_H
#define KEOPS_LIB_CONVERSION_APPROXIMATEMATH_SLOWPATH_H

#include "Kit.h"

namespace keops::approx {

/// `fast` where |x| <= bound or x is NaN, and the library function of x in the other lanes. A
/// lane's value never depends on its neighbours.
Value emitSlowPath(Kit &kit, Value x, Value fast, double bound, llvm::StringRef library);

} // namespace keops::approx

#endif // KEOPS_LIB_CONVERSION_APPROXIMATEMATH_SLOWPATH_H
