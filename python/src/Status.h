// What the C API returns, as exceptions of Python.
#ifndef KEOPS_PYTHON_STATUS_H
#define KEOPS_PYTHON_STATUS_H

#include "keops-c/keops.h"

namespace keops::python {

/// Turns a failed status into the Python exception for it.
[[noreturn]] void raiseStatus(keopsStatus status);
inline void check(keopsStatus status) {
  if (status != KEOPS_OK)
    raiseStatus(status);
}

} // namespace keops::python

#endif // KEOPS_PYTHON_STATUS_H
