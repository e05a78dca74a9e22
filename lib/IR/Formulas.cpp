// The table of formula names, and the small builders that generated code and passes share.
#include "keops/IR/Keops.h"

#include <numeric>

using namespace mlir;
using namespace keops;

ArrayRef<FormulaInfo> keops::getFormulaTable() {
  static const FormulaInfo table[] = {
#define KEOPS_FORMULA(name, mnemonic, operands, names) {name, mnemonic, operands, names},
#include "keops/IR/KeopsFormulas.inc"
#undef KEOPS_FORMULA
  };
  return table;
}

bool keops::isZero(Value value) { return value.getDefiningOp<ZeroOp>() != nullptr; }

Value keops::createRational(OpBuilder &b, Location loc, Type elementType, int64_t numerator,
                            int64_t denominator) {
  Type type = ValueType::get(b.getContext(), 1, elementType, Placement::P);
  if (numerator == 0)
    return ZeroOp::create(b, loc, type);
  int64_t divisor = std::gcd(numerator, denominator) * (denominator < 0 ? -1 : 1);
  numerator /= divisor;
  denominator /= divisor;
  Attribute number = b.getI64IntegerAttr(numerator);
  if (denominator != 1)
    number = RationalAttr::get(b.getContext(), numerator, denominator);
  return ConstantOp::create(b, loc, type, number);
}

Value keops::createZero(OpBuilder &b, Location loc, Type elementType, int64_t dim) {
  return ZeroOp::create(b, loc, ValueType::get(b.getContext(), dim, elementType, Placement::P));
}
