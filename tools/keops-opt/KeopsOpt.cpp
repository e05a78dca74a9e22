// Runs passes on modules: mlir-opt with the keops dialect, its passes and its pipelines.
#include "../CommandLine.h"

#include "keops/IR/Keops.h"
#include "keops/Pipelines/Pipelines.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  keops::registerVersionPrinter("keops-opt");
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<keops::KeopsDialect>();
  mlir::registerAllPasses();
  keops::registerKeopsPasses();
  keops::registerKeopsPipelines();
  return mlir::asMainReturnCode(mlir::MlirOptMain(
      argc, argv, "keops-opt: passes on formulas and on what they become", registry));
}
