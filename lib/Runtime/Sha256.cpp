// FIPS 180-4, written out here because the alternatives (OpenSSL and the like) would be the only
// dependency of libkeops.so, for eighty lines that never change and that the published test vectors
// check.
#include "keops/Runtime/Sha256.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace keops {

namespace {

constexpr uint32_t roundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t loadBigEndian(const uint8_t *bytes) {
  return uint32_t(bytes[0]) << 24 | uint32_t(bytes[1]) << 16 | uint32_t(bytes[2]) << 8 | bytes[3];
}

void expandSchedule(const uint8_t *block, uint32_t (&w)[64]) {
  for (int t = 0; t < 16; ++t)
    w[t] = loadBigEndian(block + 4 * t);
  for (int t = 16; t < 64; ++t) {
    uint32_t a = w[t - 15], b = w[t - 2];
    uint32_t s0 = std::rotr(a, 7) ^ std::rotr(a, 18) ^ (a >> 3);
    uint32_t s1 = std::rotr(b, 17) ^ std::rotr(b, 19) ^ (b >> 10);
    w[t] = w[t - 16] + s0 + w[t - 7] + s1;
  }
}

} // namespace

void Sha256::absorb(const uint8_t *block) {
  uint32_t w[64];
  expandSchedule(block, w);
  auto [a, b, c, d, e, f, g, h] = state;
  for (int t = 0; t < 64; ++t) {
    uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + roundConstants[t] + w[t];
    uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1;
    d = c, c = b, b = a, a = t1 + t2;
  }
  const uint32_t result[8] = {a, b, c, d, e, f, g, h};
  for (int k = 0; k < 8; ++k)
    state[k] += result[k];
}

Sha256 &Sha256::update(std::string_view bytes) {
  totalSize += bytes.size();
  while (!bytes.empty()) {
    size_t taken = std::min(bytes.size(), pending.size() - pendingSize);
    std::memcpy(pending.data() + pendingSize, bytes.data(), taken);
    bytes.remove_prefix(taken);
    pendingSize += taken;
    if (pendingSize == pending.size()) {
      absorb(pending.data());
      pendingSize = 0;
    }
  }
  return *this;
}

Digest Sha256::finish() {
  uint64_t bits = totalSize * 8;
  update(std::string_view("\x80", 1));
  while (pendingSize != 56)
    update(std::string_view("\0", 1));
  char length[8];
  for (int k = 0; k < 8; ++k)
    length[k] = static_cast<char>(bits >> (56 - 8 * k));
  update(std::string_view(length, 8));
  Digest digest;
  for (int k = 0; k < 32; ++k)
    digest[k] = static_cast<uint8_t>(state[k / 4] >> (24 - 8 * (k % 4)));
  return digest;
}

Digest getSha256(std::string_view bytes) { return Sha256().update(bytes).finish(); }

std::string toHex(const Digest &digest) {
  static const char digits[] = "0123456789abcdef";
  std::string text;
  for (uint8_t byte : digest) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

} // namespace keops
