// Memory that a run needs for its own time, kept between runs so that the steady state allocates
// nothing.
#ifndef KEOPS_RUNTIME_WORKSPACE_H
#define KEOPS_RUNTIME_WORKSPACE_H

#include <cstddef>
#include <cstdint>

namespace keops {

/// Borrows the buffer of this thread, aligned to 64 bytes. When a run starts inside another one (a
/// poll callback may do so), the inner run gets a buffer of its own.
class Workspace {
public:
  /// Throws a memory error when the system refuses.
  explicit Workspace(int64_t bytes);
  ~Workspace();
  Workspace(const Workspace &) = delete;
  Workspace &operator=(const Workspace &) = delete;

  char *getData() const { return data; }

private:
  char *data;
  size_t capacity;
};

} // namespace keops

#endif // KEOPS_RUNTIME_WORKSPACE_H
