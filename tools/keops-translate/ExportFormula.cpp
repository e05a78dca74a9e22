// --export-formula: a module becomes the file that --import-formula would read, so that a dtype
// other than its default is written too.
#include "Translations.h"

#include "keops/Frontend/Printer.h"
#include "keops/Target/Target.h"

#include "mlir/Tools/mlir-translate/Translation.h"

using namespace mlir;
using namespace keops;

void keops::registerExportFormula() {
  static TranslateFromMLIRRegistration registration(
      "export-formula", "write a module of the keops dialect as a formula and its aliases",
      [](ModuleOp module, raw_ostream &os) -> LogicalResult {
        FailureOr<FormulaText> text = printFormula(module);
        if (failed(text))
          return failure();
        if (text->dtype != "f32")
          os << "# dtype " << text->dtype << "\n";
        for (const std::string &alias : text->aliases)
          os << "# " << alias << "\n";
        os << text->formula << "\n";
        return success();
      },
      registerKeopsDialects);
}
