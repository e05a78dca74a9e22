// Translates between formula text, modules of the keops dialect and what they are compiled to.
#include "../CommandLine.h"
#include "Translations.h"

#include "mlir/Support/LogicalResult.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

int main(int argc, char **argv) {
  keops::registerVersionPrinter("keops-translate");
  keops::registerImportFormula();
  keops::registerExportFormula();
  keops::registerMachineCode();
  return mlir::failed(mlir::mlirTranslateMain(argc, argv,
                                              "keops-translate: formulas to modules of the keops "
                                              "dialect and back, modules to machine code"));
}
