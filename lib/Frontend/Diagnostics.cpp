// Rendering of diagnostics whose location is a range inside a formula text (see getFormulaLoc).
#include "keops/Frontend/Diagnostics.h"

#include "mlir/IR/Location.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace keops;

/// The range inside a formula that `loc` stands for. Places in files are single points, places in
/// formulas never.
static FileLineColRange findFormulaRange(Location loc) {
  FileLineColRange found;
  loc->walk([&](Location part) {
    auto range = dyn_cast<FileLineColRange>(part);
    if (!range || isStrictFileLineColLoc(part) || range.getStartLine() != 1)
      return WalkResult::advance();
    found = range;
    return WalkResult::interrupt();
  });
  return found;
}

/// The formula in one line, cut to a window around the range, and a caret line under it.
static void renderRange(FileLineColRange range, raw_ostream &os) {
  constexpr size_t window = 100, before = 40;
  StringRef text = range.getFilename();
  size_t begin = std::min<size_t>(range.getStartColumn() - 1, text.size());
  size_t end = std::max<size_t>(range.getEndColumn() - 1, begin + 1);
  size_t first = text.size() > window && begin > before ? begin - before : 0;
  StringRef head = first > 0 ? "..." : "", tail = text.size() > first + window ? "..." : "";
  std::string shown = text.substr(first, window).str();
  for (char &c : shown)
    if (static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > '~')
      c = ' ';
  size_t marked = std::min(end, first + std::max(shown.size(), begin - first + 1)) - begin;
  os << "  " << head << shown << tail << "\n";
  os.indent(2 + head.size() + begin - first) << "^" << std::string(marked - 1, '~') << "\n";
}

static StringRef getSeverityName(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error:
    return "error";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Note:
    return "note";
  case DiagnosticSeverity::Remark:
    return "remark";
  }
  llvm_unreachable("all severities have a name");
}

static void render(Diagnostic &diagnostic, raw_ostream &os) {
  FileLineColRange range = findFormulaRange(diagnostic.getLocation());
  bool inFile = !range && !isa<UnknownLoc>(diagnostic.getLocation());
  if (inFile)
    os << diagnostic.getLocation() << ": ";
  os << getSeverityName(diagnostic.getSeverity()) << ": " << diagnostic.str() << "\n";
  if (range)
    renderRange(range, os);
  for (Diagnostic &note : diagnostic.getNotes())
    render(note, os);
}

std::string keops::renderDiagnostic(Diagnostic &diagnostic) {
  std::string text;
  llvm::raw_string_ostream os(text);
  render(diagnostic, os);
  return text;
}

DiagnosticCollector::DiagnosticCollector(MLIRContext *context)
    : handler(context, [this](Diagnostic &diagnostic) { collect(diagnostic); }) {}

void DiagnosticCollector::collect(Diagnostic &diagnostic) {
  bool isError = diagnostic.getSeverity() == DiagnosticSeverity::Error;
  errors += isError;
  (isError ? errorText : warningText) += renderDiagnostic(diagnostic);
}
