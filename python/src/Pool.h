// Objects that stay where they were made, the first few of them on the stack: a call on small
// arrays, which is what Reduction makes them for, asks the heap for nothing.
#ifndef KEOPS_PYTHON_POOL_H
#define KEOPS_PYTHON_POOL_H

#include <array>
#include <cstddef>
#include <list>
#include <optional>
#include <utility>

namespace keops::python {

template <typename T, size_t stackCount>
class Pool {
public:
  template <typename... Arguments>
  T &emplace(Arguments &&...arguments) {
    if (count < stackCount)
      return first[count++].emplace(std::forward<Arguments>(arguments)...);
    return others.emplace_back(std::forward<Arguments>(arguments)...);
  }

private:
  std::array<std::optional<T>, stackCount> first;
  size_t count = 0;
  std::list<T> others;
};

} // namespace keops::python

#endif // KEOPS_PYTHON_POOL_H
