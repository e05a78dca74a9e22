// SHA-256, for cache keys and checksums.
#ifndef KEOPS_RUNTIME_SHA256_H
#define KEOPS_RUNTIME_SHA256_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace keops {

using Digest = std::array<uint8_t, 32>;

class Sha256 {
public:
  Sha256 &update(std::string_view bytes);
  /// Ends the message; the object must not be used afterwards.
  Digest finish();

private:
  void absorb(const uint8_t *block);

  std::array<uint32_t, 8> state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<uint8_t, 64> pending{};
  size_t pendingSize = 0;
  uint64_t totalSize = 0;
};

Digest getSha256(std::string_view bytes);
std::string toHex(const Digest &digest);

} // namespace keops

#endif // KEOPS_RUNTIME_SHA256_H
