// What is ordered before what: by barriers within a block, by atomic operations between all.
// Races.h asks before it calls two accesses a race.
#ifndef KEOPS_LIB_EMULATOR_ORDER_H
#define KEOPS_LIB_EMULATOR_ORDER_H

#include <cstdint>
#include <map>
#include <utility>

namespace keops::emulator {

/// A thread of a block at a moment.
class Actor {
public:
  Actor() = default;
  Actor(int64_t block, int64_t thread, uint32_t time)
      : bits(uint64_t(block + 1) << 48 | uint64_t(thread) << 32 | time) {}
  bool isSet() const { return bits != 0; }
  int64_t block() const { return int64_t(bits >> 48) - 1; }
  int64_t thread() const { return int64_t(bits >> 32 & 0xffff); }
  uint32_t time() const { return uint32_t(bits); }
  bool isSameBlock(const Actor &other) const { return (bits ^ other.bits) >> 48 == 0; }
  bool isSameThread(const Actor &other) const { return (bits ^ other.bits) >> 32 == 0; }
  bool operator==(const Actor &other) const { return bits == other.bits; }

private:
  uint64_t bits = 0;
};

/// The blocks of one launch, which run one after another. Time passes with barriers and with atomic
/// operations.
class Order {
public:
  /// The block whose memory it is, or -1, and the address.
  using Place = std::pair<int64_t, uintptr_t>;

  void beginBlock(int64_t block);
  void passBarrier();
  /// An atomic operation: comes after all earlier ones at its place.
  void synchronise(int64_t thread, const Place &place);

  Actor now(int64_t thread) const { return {block, thread, time}; }
  /// Whether no barrier has passed since.
  bool isInPhase(const Actor &earlier) const {
    return earlier.block() == block && earlier.time() >= phaseBegin;
  }
  /// Whether `earlier` is not ordered before what a thread of this block does now.
  bool isConcurrent(const Actor &earlier, const Actor &now) const {
    bool isOrdered = !earlier.isSet() || earlier.isSameThread(now) ||
                     (earlier.isSameBlock(now) && !isInPhase(earlier));
    return !isOrdered && !isKnown(earlier, now);
  }

private:
  /// Whether a chain of atomic operations leads to now.
  bool isKnown(const Actor &earlier, const Actor &now) const;

  /// Until when the actions of others are known to be past: of all threads of a block, which pass
  /// barriers, and of single threads.
  struct Clock {
    std::map<int64_t, uint32_t> blocks;
    std::map<std::pair<int64_t, int64_t>, uint32_t> threads;
    void join(const Clock &other);
    bool covers(const Actor &earlier) const;
  };

  int64_t block = 0;
  uint32_t time = 0, phaseBegin = 0;
  /// What all threads of the block know, and what single ones have learnt since the last barrier.
  Clock known;
  std::map<int64_t, Clock> acquired;
  std::map<Place, Clock> released;
};

} // namespace keops::emulator

#endif // KEOPS_LIB_EMULATOR_ORDER_H
