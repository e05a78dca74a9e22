// The rule of races against its definition: every pair of accesses compared.
#include "Races.h"

#include "gtest/gtest.h"

#include <random>
#include <vector>

using namespace keops::emulator;

namespace {

struct Access {
  int64_t block, thread, phase, begin, bytes;
  bool isWrite;
};

bool isRace(const Access &a, const Access &b) {
  bool overlaps = a.begin < b.begin + b.bytes && b.begin < a.begin + a.bytes;
  bool isOrdered = a.block == b.block && (a.thread == b.thread || a.phase != b.phase);
  return overlaps && (a.isWrite || b.isWrite) && !isOrdered;
}

/// Blocks and phases ascend; threads, places and sizes are free, mostly whole words.
std::vector<Access> makeAccesses(std::mt19937 &random) {
  auto draw = [&](int64_t below) { return int64_t(random() % uint32_t(below)); };
  std::vector<Access> accesses;
  int64_t writesOneIn = 1 + draw(8), bytesOneIn = 1 + draw(8);
  for (int64_t block = 0; block < 1 + draw(3); ++block)
    for (int64_t phase = 0; phase < 1 + draw(4); ++phase)
      for (int64_t k = draw(5); k > 0; --k) {
        int64_t unit = draw(bytesOneIn) == 0 ? 1 : 4;
        accesses.push_back(
            {block, draw(3), phase, draw(12) * unit, unit << draw(3), draw(writesOneIn) == 0});
      }
  return accesses;
}

} // namespace

TEST(Shadow, findsTheFirstAccessThatRacesWithAnEarlierOne) {
  std::mt19937 random(7);
  int races = 0, sequences = 20000;
  for (int sequence = 0; sequence < sequences; ++sequence) {
    Shadow shadow;
    std::vector<Access> accesses = makeAccesses(random);
    // Across the edge of a page.
    uintptr_t base = 0x10000 - random() % 6 * 4;
    for (size_t k = 0; k < accesses.size(); ++k) {
      const Access &now = accesses[k];
      bool expected = false;
      for (size_t before = 0; before < k; ++before)
        expected |= isRace(accesses[before], now);
      Conflict conflict;
      bool found = shadow.note({now.block, now.thread, now.phase}, base + uintptr_t(now.begin),
                               uintptr_t(now.bytes), now.isWrite, conflict);
      ASSERT_EQ(found, expected) << "sequence " << sequence << ", access " << k;
      races += found;
      if (found)
        break;
    }
  }
  // Neither all nor none.
  EXPECT_GT(races, sequences / 10);
  EXPECT_LT(races, sequences - sequences / 10);
}

TEST(Shadow, namesTheEarlierAccess) {
  Shadow shadow;
  Conflict conflict;
  EXPECT_FALSE(shadow.note({0, 5, 1}, 4100, 4, true, conflict));
  EXPECT_TRUE(shadow.note({2, 3, 0}, 4096, 8, false, conflict));
  EXPECT_EQ(conflict.address, 4100u);
  EXPECT_EQ(conflict.earlier.block(), 0);
  EXPECT_EQ(conflict.earlier.thread(), 5);
  EXPECT_TRUE(conflict.wasWrite);
}

TEST(Shadow, forgetsWhenItIsCleared) {
  Shadow shadow;
  Conflict conflict;
  EXPECT_FALSE(shadow.note({0, 5, 1}, 4096, 1, true, conflict));
  shadow.clear();
  EXPECT_FALSE(shadow.note({1, 3, 1}, 4096, 1, true, conflict));
}
