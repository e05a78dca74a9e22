// The Gaussian sum through the C++ header, and a mistake that arrives as an exception.
#include "cloud.h"

#include <keops/keops.hpp>

#include <cstring>

int main() {
  fill_clouds();
  keops::Program gauss("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", {"x=Vi(3)", "y=Vj(3)", "b=Vj(1)"});
  gauss.run({{&x[0][0], {SIZE_I, DIM}}, {&y[0][0], {SIZE_J, DIM}}, {b, {SIZE_J, 1}}},
            {{result, {SIZE_I, 1}}});
  try {
    keops::Program broken("Sum_Reduction(Expp(x),0)", {"x=Vi(3)"});
    return 1;
  } catch (const keops::Error &error) {
    if (!std::strstr(error.what(), "Expp"))
      return 1;
  }
  return check_result();
}
