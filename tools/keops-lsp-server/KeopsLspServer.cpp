// Language server for .mlir files with keops operations: completion, hover, go to definition,
// diagnostics.
#include "../CommandLine.h"

#include "keops/IR/Keops.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  keops::registerVersionPrinter("keops-lsp-server");
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<keops::KeopsDialect>();
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
