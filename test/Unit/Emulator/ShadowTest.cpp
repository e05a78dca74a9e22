// The rule of races against its definition: every pair of accesses compared.
#include "Races.h"

#include "gtest/gtest.h"

#include <random>
#include <vector>

using namespace keops::emulator;

namespace {

/// An access, or an atomic operation.
struct Event {
  int64_t block, thread, phase;
  uintptr_t begin, bytes;
  bool isWrite, isAtomic;
};

/// Whether a program orders two events by itself: the second is the later one.
bool isDirectlyOrdered(const Event &a, const Event &b) {
  if (a.block == b.block && (a.thread == b.thread || a.phase != b.phase))
    return true;
  return a.isAtomic && b.isAtomic && a.begin == b.begin;
}

bool isRace(const Event &a, const Event &b) {
  bool overlaps = a.begin < b.begin + b.bytes && b.begin < a.begin + a.bytes;
  return !a.isAtomic && !b.isAtomic && overlaps && (a.isWrite || b.isWrite);
}

/// By definition: what races with nothing before it, over all chains of what orders events.
class Reference {
public:
  bool addAndAsk(const Event &now) {
    std::vector<bool> before(events.size());
    for (size_t k = events.size(); k-- > 0;)
      for (size_t next = k; next < events.size() && !before[k]; ++next)
        before[k] = next == k ? isDirectlyOrdered(events[k], now) : before[next] && past[next][k];
    bool found = false;
    for (size_t k = 0; k < events.size(); ++k)
      found |= !before[k] && isRace(events[k], now);
    events.push_back(now);
    past.push_back(before);
    return found;
  }

private:
  std::vector<Event> events;
  /// past[b][a]: a is ordered before b.
  std::vector<std::vector<bool>> past;
};

/// Blocks and phases ascend; threads, places and sizes are free, mostly whole words.
std::vector<Event> makeEvents(std::mt19937 &random) {
  auto draw = [&](int64_t below) { return int64_t(random() % uint32_t(below)); };
  std::vector<Event> events;
  int64_t writesOneIn = 1 + draw(8), bytesOneIn = 1 + draw(8), atomicsOneIn = 1 + draw(8);
  // The detector keeps two readers of a block; with atomic operations only two threads are exact.
  int64_t threads = draw(2) ? 2 : 3;
  for (int64_t block = 0; block < 3; ++block)
    for (int64_t phase = 0; phase < 3; ++phase)
      for (int64_t k = draw(5); k > 0; --k) {
        bool isAtomic = threads == 2 && draw(atomicsOneIn) == 0;
        int64_t unit = draw(bytesOneIn) == 0 ? 1 : 4;
        uintptr_t begin = isAtomic ? 0x20000 + uintptr_t(draw(2)) : uintptr_t(draw(6) * unit);
        events.push_back({block, draw(threads), phase, begin, uintptr_t(unit << draw(3)),
                          draw(writesOneIn) == 0, isAtomic});
      }
  return events;
}

/// The same question to what is tested.
class Tested {
public:
  explicit Tested(uintptr_t base) : base(base) {}
  bool addAndAsk(const Event &now) {
    for (; block < now.block; ++block, phase = 0)
      order.beginBlock(block + 1);
    for (; phase < now.phase; ++phase)
      order.passBarrier();
    Conflict conflict;
    if (!now.isAtomic)
      return shadow.note(order, order.now(now.thread), base + now.begin, now.bytes, now.isWrite,
                         conflict);
    order.synchronise(now.thread, {-1, now.begin});
    return false;
  }

private:
  uintptr_t base;
  int64_t block = -1, phase = 0;
  Order order;
  Shadow shadow;
};

} // namespace

TEST(Shadow, findsTheFirstAccessThatRacesWithAnEarlierOne) {
  std::mt19937 random(7);
  int races = 0, sequences = 20000;
  for (int sequence = 0; sequence < sequences; ++sequence) {
    Reference reference;
    // Across the edge of a page.
    Tested tested(0x10000 - random() % 6 * 4);
    for (const Event &event : makeEvents(random)) {
      bool expected = reference.addAndAsk(event);
      ASSERT_EQ(tested.addAndAsk(event), expected) << "sequence " << sequence;
      races += expected;
      if (expected)
        break;
    }
  }
  // Neither all nor none.
  EXPECT_GT(races, sequences / 10);
  EXPECT_LT(races, sequences - sequences / 10);
}

TEST(Shadow, namesTheEarlierAccess) {
  Order order;
  Shadow shadow;
  Conflict conflict;
  order.beginBlock(0);
  EXPECT_FALSE(shadow.note(order, order.now(5), 4100, 4, true, conflict));
  order.beginBlock(2);
  EXPECT_TRUE(shadow.note(order, order.now(3), 4096, 8, false, conflict));
  EXPECT_EQ(conflict.address, 4100u);
  EXPECT_EQ(conflict.earlier.block(), 0);
  EXPECT_EQ(conflict.earlier.thread(), 5);
  EXPECT_TRUE(conflict.wasWrite);
}

TEST(Shadow, forgetsWhenItIsCleared) {
  Order order;
  Shadow shadow;
  Conflict conflict;
  order.beginBlock(0);
  EXPECT_FALSE(shadow.note(order, order.now(5), 4096, 1, true, conflict));
  shadow.clear();
  EXPECT_FALSE(shadow.note(order, order.now(3), 4096, 1, true, conflict));
}
