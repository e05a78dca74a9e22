// The table of formula names, and the small builders that generated code and passes share.
#include "keops/IR/Keops.h"

#include "llvm/ADT/StringMap.h"

#include <numeric>

using namespace mlir;
using namespace keops;

ArrayRef<FormulaInfo> keops::getFormulaTable() {
  static const FormulaInfo table[] = {
#define KEOPS_FORMULA(...) {__VA_ARGS__},
#include "keops/IR/KeopsFormulas.inc"
#undef KEOPS_FORMULA
  };
  return table;
}

const FormulaInfo *keops::getFormulaInfo(Operation *op) {
  static const llvm::StringMap<const FormulaInfo *> rows = [] {
    llvm::StringMap<const FormulaInfo *> map;
    for (const FormulaInfo &info : getFormulaTable())
      map[info.mnemonic] = &info;
    return map;
  }();
  return rows.lookup(op->getName().getStringRef());
}

void keops::refreshType(Operation *op) {
  auto inferring = dyn_cast<InferTypeOpInterface>(op);
  SmallVector<Type> types;
  if (!inferring || failed(inferring.inferReturnTypes(
                        op->getContext(), op->getLoc(), op->getOperands(), op->getAttrDictionary(),
                        op->getPropertiesStorage(), op->getRegions(), types)))
    return;
  for (auto [result, type] : llvm::zip(op->getResults(), types))
    result.setType(type);
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

Value keops::createReal(OpBuilder &b, Location loc, Type elementType, double number) {
  Type type = ValueType::get(b.getContext(), 1, elementType, Placement::P);
  return ConstantOp::create(b, loc, type, b.getF64FloatAttr(number));
}

Value keops::createZero(OpBuilder &b, Location loc, Type elementType, int64_t dim) {
  return ZeroOp::create(b, loc, ValueType::get(b.getContext(), dim, elementType, Placement::P));
}
