// The way out for arguments that a vector form does not cover: a branch taken when any lane needs
// it, into a function that computes those lanes one by one.
#ifndef KEOPS_LIB_CONVERSION_APPROXIMATEMATH_SLOWPATH_H
#define KEOPS_LIB_CONVERSION_APPROXIMATEMATH_SLOWPATH_H

#include "Forms.h"

namespace keops::approx {

struct SlowPath {
  /// Of the function, in symbols.
  llvm::StringRef name;
  /// For one double; floats are computed by it too.
  Form form;
  /// Where |x| surpasses this the path is taken.
  double bound;
};

/// `fast` where |x| <= bound or x is NaN, and the path's form of x in the other lanes. A lane's
/// value never depends on its neighbours.
Value emitSlowPath(Kit &kit, Value x, Value fast, const SlowPath &path);

} // namespace keops::approx

#endif // KEOPS_LIB_CONVERSION_APPROXIMATEMATH_SLOWPATH_H
