// An array on a GPU that is not PyTorch's: CuPy's, JAX's, any that exports DLPack. It says on which
// stream arrays are read, and its library makes results beside it (keops/numpy/_neighbours.py).
#ifndef KEOPS_PYTHON_NEIGHBOUR_H
#define KEOPS_PYTHON_NEIGHBOUR_H

#include <nanobind/nanobind.h>

#include <cstdint>
#include <utility>

namespace keops::python {

namespace nb = nanobind;

class Neighbour {
public:
  Neighbour() = default;
  explicit Neighbour(nb::handle array) : array(nb::borrow(array)) {
    nb::object found = call("find_stream");
    if (!found.is_none())
      stream = nb::cast<int64_t>(found);
  }

  explicit operator bool() const { return array.is_valid(); }
  /// A number of DLPack.
  int64_t getStream() const { return stream == unknown ? legacy : stream; }
  /// Whether the library goes on with that stream, so that nobody needs to wait.
  bool isStreamKnown() const { return stream != unknown; }
  /// As the driver takes it.
  void *getHandle() const {
    return getStream() == legacy ? nullptr : reinterpret_cast<void *>(stream);
  }
  nb::object makeEmpty(nb::handle shape, const char *dtype) const {
    return call("make_empty", shape, dtype);
  }
  nb::object makeArray(nb::handle value, const char *dtype) const {
    return call("make_array", value, dtype);
  }

private:
  template <typename... Arguments>
  nb::object call(const char *function, Arguments &&...arguments) const {
    nb::module_ module = nb::module_::import_("keops.numpy._neighbours");
    return module.attr(function)(array, std::forward<Arguments>(arguments)...);
  }

  static constexpr int64_t unknown = 0, legacy = 1;
  nb::object array;
  int64_t stream = unknown;
};

} // namespace keops::python

#endif // KEOPS_PYTHON_NEIGHBOUR_H
