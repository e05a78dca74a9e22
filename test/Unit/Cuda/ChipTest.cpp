// A driver that does not say what it runs gets PTX for its chips. The emulated one checks its
// version and looks for the kernels; binaries it refuses, as an older driver than the assembler
// may.
#include "Probing.h"

#include "gtest/gtest.h"

using namespace keops::test;

static const char *const formula = "'Sum_Reduction(x*y,0)'";

static void expectLine(const std::string &text, const std::string &line) {
  EXPECT_NE(("\n" + text).find("\n" + line + "\n"), std::string::npos) << text;
}

TEST(Chips, getTheNewestTargetThatTheyRun) {
  std::string text = probe("KEOPS_EMULATED_TARGET= KEOPS_EMULATED_DEVICES=4 "
                           "KEOPS_EMULATED_CAPABILITIES=7.5,8.6,9.0,13.0 "
                           "KEOPS_EMULATED_VERSION=13000",
                           formula);
  expectLine(text, "device 0: .target sm_75");
  expectLine(text, "device 1: .target sm_86");
  expectLine(text, "device 2: .target sm_90");
  expectLine(text, "device 3: .target sm_121");
  expectLine(text, "3 x 4 = 12");
}

TEST(Chips, areAllKnownToTheCompiler) {
  for (const char *list : {"8.0,8.7,8.8,8.9", "10.0,10.1,10.3,11.0", "12.0,12.1,12.9,99.0"}) {
    std::string text = probe(std::string("KEOPS_EMULATED_TARGET= KEOPS_EMULATED_DEVICES=4 "
                                         "KEOPS_EMULATED_VERSION=13000 "
                                         "KEOPS_EMULATED_CAPABILITIES=") +
                                 list,
                             formula);
    EXPECT_EQ(text.find("status 1 "), std::string::npos) << text;
    expectLine(text, "status 0 count 4");
    for (const char *device : {"0", "1", "2", "3"})
      EXPECT_NE(text.find(std::string("device ") + device + ": .target sm_"), std::string::npos)
          << text;
  }
}

TEST(Chips, mayBeTooOld) {
  std::string text = probe("KEOPS_EMULATED_TARGET= KEOPS_EMULATED_CAPABILITIES=7.0", formula);
  expectLine(text, "device 0: status 5 keopsProgramCreate: device 0 (Emulated GPU 0) has compute "
                   "capability 7.0, expected at least 7.5");
  expectLine(text, "3 x 4 = 12");
}

TEST(Chips, mayHaveADriverThatIsTooOld) {
  std::string text = probe("KEOPS_EMULATED_TARGET= KEOPS_EMULATED_VERSION=11040", formula);
  expectLine(text, "device 0: status 5 keopsProgramCreate: device 0 (Emulated GPU 0): the driver, "
                   "for CUDA 11.4, is too old for PTX 7.8 of this program; install a newer driver");
  expectLine(text, "3 x 4 = 12");
}
