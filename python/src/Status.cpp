// Which exception a status is.
#include "Status.h"

#include <nanobind/nanobind.h>

namespace keops::python {

void raiseStatus(keopsStatus status) {
  // Set by a signal handler that ran during a poll.
  if (status == KEOPS_CANCELLED && PyErr_Occurred())
    throw nanobind::python_error();
  PyObject *type = status == KEOPS_INVALID     ? PyExc_ValueError
                   : status == KEOPS_NO_MEMORY ? PyExc_MemoryError
                                               : PyExc_RuntimeError;
  PyErr_SetString(type, keopsGetLastError());
  throw nanobind::python_error();
}

} // namespace keops::python
