// The examples of FIPS 180-4, and block boundaries.
#include "keops/Runtime/Sha256.h"

#include "gtest/gtest.h"

using namespace keops;

TEST(Sha256, givesThePublishedDigests) {
  EXPECT_EQ(toHex(getSha256("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(toHex(getSha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(toHex(getSha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(toHex(getSha256(std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, doesNotDependOnThePieces) {
  std::string text;
  for (int k = 0; k < 200; ++k)
    text += char(k);
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    Digest pieces = Sha256().update(text.substr(0, cut)).update(text.substr(cut)).finish();
    EXPECT_EQ(pieces, getSha256(text)) << cut;
  }
}
