// The table that drives ApproximateMath: which form computes which function, on which target and
// level, and what error it promises. The patterns and the published bounds both come from it.
#ifndef KEOPS_LIB_CONVERSION_APPROXIMATEMATH_TABLE_H
#define KEOPS_LIB_CONVERSION_APPROXIMATEMATH_TABLE_H

#include "Forms.h"

namespace keops::approx {

struct Row {
  const char *opName;
  unsigned widths;
  unsigned levels;
  unsigned targets;
  Form form;
  /// Error in units in the last place, for float and for double.
  double ulpFloat;
  double ulpDouble;
  bool mayFlush;
  double fastDomain;
  const char *method;
};

llvm::ArrayRef<Row> getRows();

/// Whether an operation is already marked as one that the hardware computes by itself.
bool isHardwareFunction(mlir::Operation *op);

/// The first row that covers the combination, or null.
const Row *findRow(llvm::StringRef opName, unsigned width, MathPrecision precision,
                   MathTarget target);

} // namespace keops::approx

#endif // KEOPS_LIB_CONVERSION_APPROXIMATEMATH_TABLE_H
