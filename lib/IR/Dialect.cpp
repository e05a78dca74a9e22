// Registers the dialect's types, attributes and operations.
#include "keops/IR/Emitter.h"
#include "keops/IR/Keops.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace keops;

#include "keops/IR/KeopsDialect.cpp.inc"
#include "keops/IR/KeopsEnums.cpp.inc"
#include "keops/IR/KeopsInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "keops/IR/KeopsAttributes.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "keops/IR/KeopsTypes.cpp.inc"

// custom<Over>: the reduced index as a bare keyword, `over j`.
static ParseResult parseOver(OpAsmParser &parser, PlacementAttr &over) {
  StringRef word;
  SMLoc place = parser.getCurrentLocation();
  if (parser.parseKeyword(&word))
    return failure();
  std::optional<Placement> index = symbolizePlacement(word);
  if (!index)
    return parser.emitError(place, "expected an index p, i or j, got '") << word << "'";
  over = PlacementAttr::get(parser.getContext(), *index);
  return success();
}
static void printOver(OpAsmPrinter &printer, Operation *, PlacementAttr over) {
  printer << stringifyPlacement(over.getValue());
}

#define GET_OP_CLASSES
#include "keops/IR/KeopsOps.cpp.inc"

void KeopsDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "keops/IR/KeopsTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "keops/IR/KeopsAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "keops/IR/KeopsOps.cpp.inc"
      >();
}
