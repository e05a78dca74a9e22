// Arguments of a program as C declares them, with their shapes in words. Used by both kinds of
// header.
#include "HeaderText.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace keops;

/// C has no portable names for f16 and bf16: their bits are passed.
static StringRef cType(StringRef element) {
  return StringSwitch<StringRef>(element)
      .Case("f32", "float")
      .Case("f64", "double")
      .Cases({"f16", "bf16"}, "uint16_t")
      .Default("int64_t");
}

/// What the C type does not say about the elements.
static StringRef elementText(StringRef element) {
  return StringSwitch<StringRef>(element)
      .Case("f16", " bit patterns of float16 (IEEE 754 binary16)")
      .Case("bf16", " bit patterns of bfloat16")
      .Default("");
}

static std::string rowsOf(char placement) {
  return placement == 'i' ? "M x " : placement == 'j' ? "N x " : "";
}

static std::string shapeText(const ManifestOutput &output) {
  std::string text = rowsOf(output.placement);
  raw_string_ostream os(text);
  interleave(output.shape, os, " x ");
  return text;
}

/// Words of C and C++, and names that the headers themselves use.
static bool isTaken(StringRef name) {
  static const StringSet<> taken = {
      "M",        "N",        "threads",  "blocks",  "workspace", "tables",    "device_tables",
      "launch",   "sizes",    "k",        "and",     "asm",       "auto",      "bool",
      "break",    "case",     "catch",    "char",    "class",     "const",     "continue",
      "default",  "delete",   "do",       "double",  "else",      "enum",      "explicit",
      "export",   "extern",   "false",    "float",   "for",       "friend",    "goto",
      "if",       "inline",   "int",      "long",    "mutable",   "namespace", "new",
      "not",      "operator", "or",       "private", "protected", "public",    "register",
      "restrict", "return",   "short",    "signed",  "sizeof",    "static",    "struct",
      "switch",   "template", "this",     "throw",   "true",      "try",       "typedef",
      "typename", "union",    "unsigned", "using",   "virtual",   "void",      "volatile",
      "while",    "xor"};
  return taken.contains(name);
}

/// The formula's name, as far as C allows it, or a number where there is none.
static HeaderArgument getArgument(const ManifestInput &input, size_t number) {
  std::string name = input.name == "-"     ? ("in" + Twine(number)).str()
                     : isTaken(input.name) ? input.name + "_"
                                           : input.name;
  return {("const " + cType(input.element) + " *" + name).str(), name,
          (rowsOf(input.placement) + Twine(input.dim) + elementText(input.element)).str(),
          input.dim};
}

static HeaderArgument getArgument(const ManifestOutput &output, size_t number) {
  std::string name = "out_" + output.name + (number ? std::to_string(number) : "");
  return {(cType(output.element) + " *" + name).str(), name,
          (shapeText(output) + elementText(output.element)).str() + ", written",
          output.components()};
}

SmallVector<HeaderArgument> keops::getHeaderArguments(const Manifest &manifest) {
  SmallVector<HeaderArgument> arguments;
  for (auto [k, input] : enumerate(manifest.inputs))
    arguments.push_back(getArgument(input, k));
  for (auto [k, output] : enumerate(manifest.outputs))
    arguments.push_back(getArgument(output, k));
  return arguments;
}

std::string keops::wrapHeader(const Manifest &manifest, StringRef comment,
                              ArrayRef<StringRef> includes, StringRef declarations) {
  std::string guard = "KEOPS_PROGRAM_" + StringRef(manifest.symbol).upper() + "_H", out;
  raw_string_ostream os(out);
  os << comment << "#ifndef " << guard << "\n#define " << guard << "\n\n";
  for (StringRef include : includes)
    os << "#include <" << include << ">\n";
  os << "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
     << declarations << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
  return out;
}
