// The attribute `keops.storage`: set, read and verified.
#include "keops/IR/StorageTypes.h"

using namespace mlir;
using namespace keops;

static constexpr StringLiteral storageName = "keops.storage";

static bool isShort(Type type) { return type.isF16() || type.isBF16(); }

Type keops::getComputeType(Type storage) {
  return isShort(storage) ? Float32Type::get(storage.getContext()) : storage;
}

static Type getStorage(Attribute attribute, Type value) {
  return attribute ? cast<TypeAttr>(attribute).getValue() : cast<ValueType>(value).getElementType();
}

Type keops::getArgumentStorage(FunctionOpInterface function, unsigned argument) {
  return getStorage(function.getArgAttr(argument, storageName),
                    function.getArgumentTypes()[argument]);
}

Type keops::getResultStorage(FunctionOpInterface function, unsigned result) {
  return getStorage(function.getResultAttr(result, storageName), function.getResultTypes()[result]);
}

void keops::setStorage(FunctionOpInterface function, Type storage) {
  Type computed = getComputeType(storage);
  if (computed == storage)
    return;
  auto isComputed = [&](Type type) { return cast<ValueType>(type).getElementType() == computed; };
  auto attribute = TypeAttr::get(storage);
  for (unsigned k = 0; k < function.getNumArguments(); ++k)
    function.setArgAttr(k, storageName, attribute);
  for (auto [k, type] : llvm::enumerate(function.getResultTypes()))
    if (isComputed(type))
      function.setResultAttr(k, storageName, attribute);
}

//===-- Verification ------------------------------------------------------------------------===//

static LogicalResult verifyStorage(Operation *op, NamedAttribute attribute, Type type,
                                   StringRef what, unsigned number) {
  if (attribute.getName() != storageName)
    return success();
  auto storage = dyn_cast<TypeAttr>(attribute.getValue());
  if (!storage || !isShort(storage.getValue()))
    return op->emitError() << storageName << " of " << what << " " << number
                           << ": expected f16 or bf16, got " << attribute.getValue();
  auto value = dyn_cast_or_null<ValueType>(type);
  if (!value || value.getElementType() != getComputeType(storage.getValue()))
    return op->emitError() << storageName << " of " << what << " " << number
                           << ": expected a value of f32, got " << type;
  return success();
}

LogicalResult KeopsDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned argIndex,
                                                     NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  Type type = function ? function.getArgumentTypes()[argIndex] : Type();
  return verifyStorage(op, attribute, type, "argument", argIndex);
}

LogicalResult KeopsDialect::verifyRegionResultAttribute(Operation *op, unsigned,
                                                        unsigned resultIndex,
                                                        NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  Type type = function ? function.getResultTypes()[resultIndex] : Type();
  return verifyStorage(op, attribute, type, "result", resultIndex);
}
