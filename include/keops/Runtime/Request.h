// What a caller asks to have compiled, and the key under which the result is kept. Computed with
// the lexer alone, so a cache hit in memory never touches the compiler library.
#ifndef KEOPS_RUNTIME_REQUEST_H
#define KEOPS_RUNTIME_REQUEST_H

#include <string>
#include <vector>

namespace keops {

struct Request {
  std::string formula; ///< the whole reduction, e.g. "Sum_Reduction(Exp(-SqDist(x,y))*b,0)"
  std::vector<std::string> aliases;
  std::string dtype = "f32";
  std::string precision = "default";
  std::string threads = "openmp";
  std::string target = "native";
  bool isForDevice = false; ///< kernels that a driver loads, not an object that is linked
  std::string schedule;
  std::string sumScheme = "auto";
  std::string accumulator = "auto";

  /// Throws a user error for what can be seen without parsing: lengths, counts and option names.
  void validate() const;

  /// The request with everything removed that does not change the program: whitespace and the names
  /// of the arguments. Two requests with one normal form have the same program. Empty when the text
  /// has an error that the lexer sees; such a request must go to the compiler, which says what is
  /// wrong.
  std::string getNormalForm() const;

  /// The name of each argument by position; empty for those without one.
  std::vector<std::string> getArgumentNames() const;
};

} // namespace keops

#endif // KEOPS_RUNTIME_REQUEST_H
