// An array on a GPU that is not PyTorch's: CuPy's, JAX's, Numba's, any that exports DLPack or the
// interface of arrays on CUDA devices. It says on which stream arrays are read, and its library
// makes results beside it (keops/numpy/_neighbours.py).
#ifndef KEOPS_PYTHON_NEIGHBOUR_H
#define KEOPS_PYTHON_NEIGHBOUR_H

#include "Buffer.h"

#include <nanobind/nanobind.h>

#include <cstdint>
#include <utility>

namespace keops::python {

namespace nb = nanobind;

class Neighbour {
public:
  Neighbour() = default;
  /// `wanted` is the number of the stream that the caller gave, or None.
  Neighbour(nb::handle array, nb::handle wanted)
      : array(nb::borrow(array)), wanted(nb::borrow(wanted)) {
    nb::object chosen = call("choose_stream");
    stream = nb::cast<int64_t>(chosen[0]);
    followed = nb::cast<bool>(chosen[1]);
  }

  explicit operator bool() const { return array.is_valid(); }
  /// A number of DLPack.
  int64_t getStream() const { return stream; }
  /// Whether the library goes on with that stream, so that nobody needs to wait.
  bool isFollowed() const { return followed; }
  /// Whether it is the caller who chose it.
  bool isWanted() const { return !wanted.is_none(); }
  nb::object makeEmpty(nb::handle shape, const char *dtype, int32_t device) const {
    return call("make_empty", shape, dtype, device);
  }
  nb::object makeArray(nb::handle value, const char *dtype, int32_t device) const {
    return call("make_array", value, dtype, device);
  }

private:
  template <typename... Arguments>
  nb::object call(const char *function, Arguments &&...arguments) const {
    nb::module_ module = nb::module_::import_("keops.numpy._neighbours");
    return module.attr(function)(array, wanted, std::forward<Arguments>(arguments)...);
  }

  nb::object array, wanted;
  int64_t stream = 0;
  bool followed = false;
};

} // namespace keops::python

#endif // KEOPS_PYTHON_NEIGHBOUR_H
