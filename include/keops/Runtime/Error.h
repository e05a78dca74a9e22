// What the runtime throws. The C API turns it into a status and a message that starts with the
// public function's name.
#ifndef KEOPS_RUNTIME_ERROR_H
#define KEOPS_RUNTIME_ERROR_H

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace keops {

/// Whose fault it is: the caller's (recoverable, worded for the caller), ours (a bug to report), or
/// nobody's; the last is that of a GPU or its driver.
enum class ErrorKind : uint8_t { User, Internal, Cancelled, Memory, Device };

class Error : public std::runtime_error {
public:
  Error(ErrorKind kind, const std::string &message) : std::runtime_error(message), kind(kind) {}
  ErrorKind getKind() const { return kind; }

private:
  ErrorKind kind;
};

namespace detail {
inline void append(std::string &text, std::string_view piece) { text += piece; }
inline void append(std::string &text, char piece) { text += piece; }
template <typename T>
  requires std::is_arithmetic_v<T>
void append(std::string &text, T number) {
  text += std::to_string(number);
}
} // namespace detail

/// Strings and numbers one after another, as one message.
template <typename... Pieces>
std::string concat(const Pieces &...pieces) {
  std::string text;
  (detail::append(text, pieces), ...);
  return text;
}

template <typename... Pieces>
[[noreturn]] void raiseUserError(const Pieces &...pieces) {
  throw Error(ErrorKind::User, concat(pieces...));
}

template <typename... Pieces>
[[noreturn]] void raiseInternalError(const Pieces &...pieces) {
  throw Error(ErrorKind::Internal,
              concat("internal fault of keops, please report it: ", pieces...));
}

} // namespace keops

#endif // KEOPS_RUNTIME_ERROR_H
