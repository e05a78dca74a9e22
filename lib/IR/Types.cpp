// Text form and verification of !keops.value<3xf32, ij>.
#include "keops/IR/Keops.h"

using namespace mlir;
using namespace keops;

Type ValueType::parse(AsmParser &parser) {
  SmallVector<int64_t, 1> dims;
  Type element;
  StringRef word;
  SMLoc place;
  if (parser.parseLess() || parser.parseDimensionList(dims, /*allowDynamic=*/false) ||
      parser.parseType(element) || parser.parseComma())
    return {};
  place = parser.getCurrentLocation();
  if (parser.parseKeyword(&word) || parser.parseGreater())
    return {};
  std::optional<Placement> placement = symbolizePlacement(word);
  if (!placement) {
    parser.emitError(place, "expected a placement p, i, j or ij, got '") << word << "'";
    return {};
  }
  if (dims.size() != 1) {
    parser.emitError(place, "expected one dimension, got ") << dims.size();
    return {};
  }
  return parser.getChecked<ValueType>(parser.getContext(), dims.front(), element, *placement);
}

void ValueType::print(AsmPrinter &printer) const {
  printer << "<" << getDim() << "x" << getElementType() << ", "
          << stringifyPlacement(getPlacement()) << ">";
}

LogicalResult ValueType::verify(function_ref<InFlightDiagnostic()> emitError, int64_t dim,
                                Type elementType, Placement) {
  if (dim < 1)
    return emitError() << "expected a dimension of at least 1, got " << dim;
  if (!elementType.isF32() && !elementType.isF64() && !elementType.isInteger(64))
    return emitError() << "expected elements of type f32, f64 or i64, got " << elementType;
  return success();
}
