// Coefficients of the polynomials and constants of range reduction, written by coefficients.py
// beside this file: do not edit. Values for float are exactly representable in float.
// clang-format off
#ifndef KEOPS_LIB_CONVERSION_APPROXIMATEMATH_COEFFICIENTS_H
#define KEOPS_LIB_CONVERSION_APPROXIMATEMATH_COEFFICIENTS_H

#include <cstdint>

namespace keops::approx {

/// exp(r) for |r| <= log(2)/2, degree 5; error 2^-23.2.
inline constexpr double kExp5F32[] = {
    0x1.0000000000000p+0,
    0x1.0000000000000p+0,
    0x1.fffdfa0000000p-2,
    0x1.5557ac0000000p-3,
    0x1.572af60000000p-5,
    0x1.1064960000000p-7};

/// exp(r) for |r| <= log(2)/2, degree 6; error 2^-28.2.
inline constexpr double kExp6F32[] = {
    0x1.0000000000000p+0,
    0x1.0000000000000p+0,
    0x1.fffffc0000000p-2,
    0x1.5554920000000p-3,
    0x1.5558b40000000p-5,
    0x1.12399a0000000p-7,
    0x1.6a48ce0000000p-10};

/// exp(r) for |r| <= log(2)/2, degree 10; error 2^-51.6.
inline constexpr double kExp10F64[] = {
    0x1.0000000000000p+0,
    0x1.0000000000000p+0,
    0x1.ffffffffffecfp-2,
    0x1.5555555550727p-3,
    0x1.5555555589796p-5,
    0x1.11111125d36efp-7,
    0x1.6c16c0c72ccd7p-10,
    0x1.a0198ce1fb524p-13,
    0x1.a01b7de71895fp-16,
    0x1.72e9a2b813b0ap-19,
    0x1.270723eb4aeebp-22};

/// exp(r) for |r| <= log(2)/2, degree 11; error 2^-57.9.
inline constexpr double kExp11F64[] = {
    0x1.0000000000000p+0,
    0x1.0000000000000p+0,
    0x1.000000000000ap-1,
    0x1.5555555555508p-3,
    0x1.555555555074dp-5,
    0x1.11111111253d7p-7,
    0x1.6c16c18453889p-10,
    0x1.a01a01349858ep-13,
    0x1.a01999b6e7fb4p-16,
    0x1.71df1309a2e7ap-19,
    0x1.28adb7a3330ebp-22,
    0x1.ad9790c77cfc9p-26};

/// 2^r for 0 <= r <= 1, degree 5; error 2^-23.0.
inline constexpr double kExp2Floor5F32[] = {
    0x1.0000000000000p+0,
    0x1.62e4e20000000p-1,
    0x1.ebd5440000000p-3,
    0x1.c9682e0000000p-5,
    0x1.260b4e0000000p-7,
    0x1.ee34aa0000000p-10};

/// 2^r for 0 <= r <= 1, degree 10; error 2^-51.5.
inline constexpr double kExp2Floor10F64[] = {
    0x1.0000000000000p+0,
    0x1.62e42fefa383ap-1,
    0x1.ebfbdff84103dp-3,
    0x1.c6b08d6ae23e6p-5,
    0x1.3b2ab7aeb154ep-7,
    0x1.5d87e3e2aa674p-10,
    0x1.430b82b1c712ep-13,
    0x1.ff832768ee04dp-17,
    0x1.65754b156f72fp-20,
    0x1.9593c6415cd16p-24,
    0x1.573a213167555p-27};

/// 2^r for 0 <= r <= 1, degree 11; error 2^-57.6.
inline constexpr double kExp2Floor11F64[] = {
    0x1.0000000000000p+0,
    0x1.62e42fefa39f7p-1,
    0x1.ebfbdff82bed6p-3,
    0x1.c6b08d706bcbep-5,
    0x1.3b2ab6f65ebf1p-7,
    0x1.5d87ff6d90ba8p-10,
    0x1.4308f712f953cp-13,
    0x1.ffd023e6d8901p-17,
    0x1.628ba3ccd4e35p-20,
    0x1.b88a8eb767128p-24,
    0x1.c19c65f69d0a4p-28,
    0x1.5a0abd39f8dcap-31};

/// 2^r for |r| <= 1/2, degree 5; error 2^-23.3.
inline constexpr double kExp2Near5F32[] = {
    0x1.0000000000000p+0,
    0x1.62e42a0000000p-1,
    0x1.ebf9c00000000p-3,
    0x1.c6b6d80000000p-5,
    0x1.3ce9840000000p-7,
    0x1.5bdb7c0000000p-10};

/// 2^r for |r| <= 1/2, degree 7; error 2^-34.3.
inline constexpr double kExp2Near7F64[] = {
    0x1.0000000000000p+0,
    0x1.62e42ff0e438bp-1,
    0x1.ebfbe07849e9ep-3,
    0x1.c6b08abc30deep-5,
    0x1.3b29f2d64a228p-7,
    0x1.5d8a88a8844f8p-10,
    0x1.445d30e1a237fp-13,
    0x1.fde4f26f559b6p-17};

/// 2^r for |r| <= 1/2, degree 10; error 2^-52.0.
inline constexpr double kExp2Near10F64[] = {
    0x1.0000000000000p+0,
    0x1.62e42fefa3a12p-1,
    0x1.ebfbdff82c42ep-3,
    0x1.c6b08d703e0dfp-5,
    0x1.3b2ab6fbd73dap-7,
    0x1.5d87fe9bae444p-10,
    0x1.4309126afd2f2p-13,
    0x1.ffcb585807494p-17,
    0x1.62c1495bf6a44p-20,
    0x1.b672314dc614ep-24,
    0x1.e3a76278e21adp-28};

/// 2^r for |r| <= 1/2, degree 11; error 2^-57.8.
inline constexpr double kExp2Near11F64[] = {
    0x1.0000000000000p+0,
    0x1.62e42fefa39efp-1,
    0x1.ebfbdff82c59dp-3,
    0x1.c6b08d704a0ddp-5,
    0x1.3b2ab6fba100ap-7,
    0x1.5d87fe78b20b8p-10,
    0x1.4309130c542f4p-13,
    0x1.ffcbfc000b360p-17,
    0x1.62bfcd20ec4a6p-20,
    0x1.b525fff576d7cp-24,
    0x1.e612d602eecedp-28,
    0x1.e821eb26e2f36p-32};

/// (2^r - 1 - ln2 r) / r^2 for |r| <= 1/2, degree 6 in all; error 2^-28.2.
inline constexpr double kExp2Compensated6F32[] = {
    0x1.ebfbdc0000000p-3,
    0x1.c6af8a0000000p-5,
    0x1.3b2dec0000000p-7,
    0x1.5f032e0000000p-10,
    0x1.415ec80000000p-13};

/// (2^r - 1 - ln2 r) / r^2 for |r| <= 1/2, degree 11 in all; error 2^-57.9.
inline constexpr double kExp2Compensated11F64[] = {
    0x1.ebfbdff82c5a1p-3,
    0x1.c6b08d704a045p-5,
    0x1.3b2ab6fba0772p-7,
    0x1.5d87fe78c3a05p-10,
    0x1.4309130dd318fp-13,
    0x1.ffcbfbc7014adp-17,
    0x1.62bfc9c51e399p-20,
    0x1.b526541856668p-24,
    0x1.e6181bc752cd4p-28,
    0x1.e7c5c757fb35bp-32};

/// (log(1+f) - f + f^2/2) / f^3 for -1/4 <= f <= 1/2, 7 terms; error 2^-24.6.
inline constexpr double kLog7F32[] = {
    0x1.5555b20000000p-2,
    -0x1.ffecf00000000p-3,
    0x1.993cce0000000p-3,
    -0x1.57d53a0000000p-3,
    0x1.313e840000000p-3,
    -0x1.f0399c0000000p-4,
    0x1.c784540000000p-5};

/// (log(1+f) - f + f^2/2) / f^3 for -1/4 <= f <= 1/2, 8 terms; error 2^-27.6.
inline constexpr double kLog8F32[] = {
    0x1.5555a40000000p-2,
    -0x1.00004a0000000p-2,
    0x1.99699e0000000p-3,
    -0x1.54ed960000000p-3,
    0x1.28807c0000000p-3,
    -0x1.0d98f80000000p-3,
    0x1.acf4b20000000p-4,
    -0x1.71e3120000000p-5};

/// log2(1+f) / f for -1/4 <= f <= 1/2, enough for a float result; error 2^-43.7.
inline constexpr double kLog2F64[] = {
    0x1.71547652b8209p+0,
    -0x1.71547652afc9cp-1,
    0x1.ec709dc484ad8p-2,
    -0x1.7154766a5689dp-2,
    0x1.2776c49ccc994p-2,
    -0x1.ec7089f5ae384p-3,
    0x1.a61779fe2977ap-3,
    -0x1.71580e720aed7p-3,
    0x1.484ebd15ff3b4p-3,
    -0x1.2729d9f91d10bp-3,
    0x1.0bc91adf80963p-3,
    -0x1.f11a00461a338p-4,
    0x1.dfac8b01e0beep-4,
    -0x1.b6aac93e1693ap-4,
    0x1.2711b390ad665p-4,
    -0x1.83eae52f489ccp-6};

/// (log((1+s)/(1-s)) - 2s) / s^3 in z = s^2, |s| <= 1/5, 7 terms; error 2^-55.9.
inline constexpr double kLog7F64[] = {
    0x1.555555555577dp-1,
    0x1.99999998eec56p-2,
    0x1.249249b392373p-2,
    0x1.c71c0073dd5b4p-3,
    0x1.747509f803146p-3,
    0x1.384fb912ae2cfp-3,
    0x1.3ad6bb1b350b5p-3};

/// (log((1+s)/(1-s)) - 2s) / s^3 in z = s^2, |s| <= 1/5, 8 terms; error 2^-62.7.
inline constexpr double kLog8F64[] = {
    0x1.555555555554fp-1,
    0x1.999999999c17cp-2,
    0x1.24924921e40f2p-2,
    0x1.c71c7490032b4p-3,
    0x1.745c4ac8f639bp-3,
    0x1.3b35c387e0de1p-3,
    0x1.0dcb61ef4c941p-3,
    0x1.1b8317aa6931fp-3};

/// (log((1+s)/(1-s)) - 2s - 2/3 s^3) / s^5 in z = s^2, |s| <= 1/5; error 2^-75.6.
inline constexpr double kLogTailF64[] = {
    0x1.999999999999ap-2,
    0x1.2492492492357p-2,
    0x1.c71c71c74828ep-3,
    0x1.745d172d30527p-3,
    0x1.3b13b9496ff9ap-3,
    0x1.110f7205d1cedp-3,
    0x1.e24a0f851668ep-4,
    0x1.a73d4ac61b047p-4,
    0x1.da81650f11666p-4};

/// (sin(r) - r) / r^3 in z = r^2; error 2^-27.6.
inline constexpr double kSinF32[] = {
    -0x1.5555420000000p-3,
    0x1.1105fa0000000p-7,
    -0x1.98d73e0000000p-13};

/// (cos(r) - 1 + r^2/2) / r^4 in z = r^2; error 2^-32.5.
inline constexpr double kCosF32[] = {
    0x1.5555480000000p-5,
    -0x1.6c0aec0000000p-10,
    0x1.998d660000000p-16};

/// (sin(r) - r) / r^3 in z = r^2; error 2^-57.9.
inline constexpr double kSinF64[] = {
    -0x1.5555555555548p-3,
    0x1.111111110f730p-7,
    -0x1.a01a019be921ep-13,
    0x1.71de35552c082p-19,
    -0x1.ae5e4b84a689bp-26,
    0x1.5d8b55d8cfd37p-33};

/// (cos(r) - 1 + r^2/2) / r^4 in z = r^2; error 2^-63.9.
inline constexpr double kCosF64[] = {
    0x1.555555555554bp-5,
    -0x1.6c16c16c15013p-10,
    0x1.a01a019c8ed04p-16,
    -0x1.27e4f7f140c77p-22,
    0x1.1ee9db8dea216p-29,
    -0x1.8fa65e63fe6e8p-37};

/// (exp(r) - 1 - r) / r^2 for |r| <= log(2)/2, 6 terms; error 2^-31.1.
inline constexpr double kExpm1F32[] = {
    0x1.0000000000000p-1,
    0x1.5555540000000p-3,
    0x1.5554f80000000p-5,
    0x1.1112d60000000p-7,
    0x1.6d3a5a0000000p-10,
    0x1.9e78260000000p-13};

/// (exp(r) - 1 - r) / r^2 for |r| <= log(2)/2, 11 terms; error 2^-61.6.
inline constexpr double kExpm1F64[] = {
    0x1.0000000000000p-1,
    0x1.5555555555559p-3,
    0x1.5555555555558p-5,
    0x1.111111110f713p-7,
    0x1.6c16c16c174c5p-10,
    0x1.a01a01af9e7eep-13,
    0x1.a01a0199bcd01p-16,
    0x1.71ddf922f7b94p-19,
    0x1.27e502ab02521p-22,
    0x1.af5d45f9b6cbap-26,
    0x1.1f2a21c00ad32p-29};

/// (cosh(r) - 1) / r^2 in z = r^2, |r| <= log(2)/2; error 2^-33.2.
inline constexpr double kCoshF32[] = {
    0x1.0000000000000p-1,
    0x1.5554e60000000p-5,
    0x1.6d4f240000000p-10};

/// (sinh(r) - r) / r^3 in z = r^2, |r| <= log(2)/2; error 2^-34.3.
inline constexpr double kSinhF32[] = {
    0x1.5555560000000p-3,
    0x1.110fbe0000000p-7,
    0x1.a2e3080000000p-13};

/// (cosh(r) - 1) / r^2 in z = r^2, |r| <= log(2)/2; error 2^-58.0.
inline constexpr double kCoshF64[] = {
    0x1.000000000000cp-1,
    0x1.555555554fd67p-5,
    0x1.6c16c1863e191p-10,
    0x1.a01994ffcb3dbp-16,
    0x1.28b1bdab8b1d9p-22};

/// (sinh(r) - r) / r^3 in z = r^2, |r| <= log(2)/2; error 2^-61.7.
inline constexpr double kSinhF64[] = {
    0x1.5555555555559p-3,
    0x1.111111110f624p-7,
    0x1.a01a01b0250a6p-13,
    0x1.71ddf79e20593p-19,
    0x1.af601c5e54001p-26};

/// (asin(t) - t) / t^3 in z = t^2, |t| <= 1/2; error 2^-27.6.
inline constexpr double kAsinF32[] = {
    0x1.5555c80000000p-3,
    0x1.3302040000000p-4,
    0x1.747bb80000000p-5,
    0x1.8c3e500000000p-6,
    0x1.595c600000000p-5};

/// (atan(t) - t) / t^3 in z = t^2, |t| <= 1; error 2^-28.5.
inline constexpr double kAtanF32[] = {
    -0x1.55553e0000000p-2,
    0x1.9991e40000000p-3,
    -0x1.2420860000000p-3,
    0x1.c08c460000000p-4,
    -0x1.5808d60000000p-4,
    0x1.da28360000000p-5,
    -0x1.fd78180000000p-6,
    0x1.641b680000000p-7,
    -0x1.d3430c0000000p-10};

/// (asin(t) - t) / t^3 in z = t^2, |t| <= 1/2; error 2^-55.9.
inline constexpr double kAsinF64[] = {
    0x1.5555555555390p-3,
    0x1.333333336e83ap-4,
    0x1.6db6db4277adap-5,
    0x1.f1c72c3a05130p-6,
    0x1.6e89f423c5a68p-6,
    0x1.1c6be37ba16dcp-6,
    0x1.c6fd9ab57d951p-7,
    0x1.8ec40c625e813p-7,
    0x1.abc5b23edaf10p-8,
    0x1.3ffb942baf767p-6,
    -0x1.09de730d0f8c8p-6,
    0x1.05716f21c0f17p-5};

/// (atan(t) - t) / t^3 in z = t^2, |t| <= 1; error 2^-57.5.
inline constexpr double kAtanF64[] = {
    -0x1.5555555555526p-2,
    0x1.99999999955b4p-3,
    -0x1.249249237f138p-3,
    0x1.c71c717fa74adp-4,
    -0x1.745d11aa330d9p-4,
    0x1.3b13665d2afa2p-4,
    -0x1.110e4f0dc5a71p-4,
    0x1.e1bb8de90d7f3p-5,
    -0x1.ae5e101e1571cp-5,
    0x1.82d9c35870b9bp-5,
    -0x1.59a1f31114334p-5,
    0x1.2c2c0e7b0f945p-5,
    -0x1.e9f942c2e5264p-6,
    0x1.68444fa3c8e44p-6,
    -0x1.c7ae84d5cd9c4p-7,
    0x1.d7fc69a7580d4p-8,
    -0x1.7a97503d7af6ap-9,
    0x1.b4a15d6702ba1p-11,
    -0x1.3fe3afc2412aap-13,
    0x1.bd30d7baf941bp-17};

/// erf(t) / t - 1 in z = t^2, |t| <= 1; error 2^-29.4.
inline constexpr double kErfF32[] = {
    0x1.06eba80000000p-3,
    -0x1.81273e0000000p-2,
    0x1.ce2ce60000000p-4,
    -0x1.b7f71a0000000p-6,
    0x1.53f2240000000p-8,
    -0x1.a3515e0000000p-11,
    0x1.4771fc0000000p-14};

/// erf(t) / t - 1 in z = t^2, |t| <= 1; error 2^-56.0.
inline constexpr double kErfF64[] = {
    0x1.06eba8214db68p-3,
    -0x1.812746b03799dp-2,
    0x1.ce2f21a03f8b5p-4,
    -0x1.b82ce311a9598p-6,
    0x1.565bcceed2d63p-8,
    -0x1.c02daeb5784a8p-11,
    0x1.f9a29684a4755p-14,
    -0x1.f4c82b79585c4p-17,
    0x1.b96b2ded2967dp-20,
    -0x1.5b8b45db702c3p-23,
    0x1.d3d49b594329ep-27,
    -0x1.a21fc74549686p-31};

/// -log(erfc(1)) in two words.
inline constexpr double kErfFarHeadF32[] = {
    0x1.d97fc00000000p+0,
    -0x1.b0abac0000000p-25};

/// (-log(erfc(1 + y)) + log(erfc(1))) / y for -0.065 <= y <= 3.0; the error is that of erf; error 2^-29.2.
inline constexpr double kErfFarF32[] = {
    0x1.51c9b20000000p+1,
    0x1.afabc40000000p-1,
    0x1.5452160000000p-5,
    -0x1.465b820000000p-7,
    0x1.eb6a900000000p-10,
    -0x1.9e9bd00000000p-13};

/// -log(erfc(1)) in two words.
inline constexpr double kErfFarHeadF64[] = {
    0x1.d97fbf27aa2a1p+0,
    0x1.9b2f9379f1952p-57};

/// (-log(erfc(1 + y)) + log(erfc(1))) / y for -0.065 <= y <= 4.95; the error is that of erf; error 2^-56.1.
inline constexpr double kErfFarF64[] = {
    0x1.51c9b0006c239p+1,
    0x1.afabc11a28d53p-1,
    0x1.5477f09cd5c94p-5,
    -0x1.48c9d409b080ep-7,
    0x1.033f67b4d06a2p-9,
    -0x1.f1b3b3b9434e4p-13,
    -0x1.b8e459acc6b22p-16,
    0x1.c7c821bded0bep-16,
    -0x1.430dc69dfb6f9p-17,
    0x1.18620753fadf8p-19,
    -0x1.7576bc85bc214p-23,
    -0x1.3ed774cd39d7dp-24,
    0x1.5370e8b3523bep-25,
    -0x1.5c345a2eaa7f8p-27,
    0x1.b8121d2871c5dp-30,
    -0x1.4692638fda78bp-33,
    0x1.b5ace115d605ep-38};

/// (1 + 2x) exp(x^2) erfc(x) in t = (x-2)/(x+2), x >= 0.68; error 2^-27.2.
inline constexpr double kErfcF32[] = {
    0x1.46e80e0000000p+0,
    -0x1.7bf5ec0000000p-4,
    -0x1.54075c0000000p-3,
    0x1.4ff99a0000000p-3,
    -0x1.bc43960000000p-5,
    -0x1.0660e60000000p-7,
    0x1.1fae2c0000000p-7,
    0x1.1a0c900000000p-10,
    -0x1.88580a0000000p-10};

/// (1 + 2x) exp(x^2) erfc(x) in t = (x-3)/(x+3), x >= 0.68; error 2^-54.6.
inline constexpr double kErfcF64[] = {
    0x1.40c522d7e4987p+0,
    -0x1.15c084bb9e8f3p-3,
    -0x1.85a15c58a9a61p-5,
    0x1.098366a5b4613p-3,
    -0x1.e88b803a644b6p-4,
    0x1.17ca2877fd25ap-4,
    -0x1.8574c3ff507b4p-6,
    0x1.4b884e045238bp-9,
    0x1.ef1bd19204a73p-10,
    -0x1.98db3dc9d1e29p-11,
    -0x1.b90c2ab25e165p-14,
    0x1.06570ab2b3d45p-13,
    0x1.4a1b997db35cbp-18,
    -0x1.509dd3a55fc41p-16,
    -0x1.556c58a6ca218p-21,
    0x1.bf8bbac9c44e5p-19,
    0x1.92b5c4ab07768p-23,
    -0x1.4a9d770e83b2ap-22,
    -0x1.93113ff32be13p-27,
    -0x1.292b2fc0ea426p-22,
    0x1.3a0c2d4a6a16ap-24,
    0x1.894f16db849ddp-23,
    -0x1.7d4f018cf25a1p-24};

/// log(2), short enough that products with exponents are exact.
inline constexpr double kLn2HighF32 = 0x1.62e4000000000p-1;

/// log(2) minus the short part.
inline constexpr double kLn2LowF32 = 0x1.7f7d1c0000000p-20;

/// log(2), rounded.
inline constexpr double kLn2F32 = 0x1.62e4300000000p-1;

/// log(2) minus its rounded value.
inline constexpr double kLn2RestF32 = -0x1.05c6100000000p-29;

/// log2(e), rounded.
inline constexpr double kLog2EF32 = 0x1.7154760000000p+0;

/// 2/pi, rounded.
inline constexpr double kTwoOverPiF32 = 0x1.45f3060000000p-1;

/// log(2), short enough that products with exponents are exact.
inline constexpr double kLn2HighF64 = 0x1.62e42fefa3000p-1;

/// log(2) minus the short part.
inline constexpr double kLn2LowF64 = 0x1.3de6af278ece6p-42;

/// log(2), rounded.
inline constexpr double kLn2F64 = 0x1.62e42fefa39efp-1;

/// log(2) minus its rounded value.
inline constexpr double kLn2RestF64 = 0x1.abc9e3b39803fp-56;

/// log2(e), rounded.
inline constexpr double kLog2EF64 = 0x1.71547652b82fep+0;

/// 2/pi, rounded.
inline constexpr double kTwoOverPiF64 = 0x1.45f306dc9c883p-1;

/// pi/2 in parts, each truncated so that later parts are positive.
inline constexpr double kHalfPiF32[] = {
    0x1.921fb40000000p+0,
    0x1.4442d00000000p-24,
    0x1.84698a0000000p-48};

/// pi/2 in parts, each truncated so that later parts are positive.
inline constexpr double kHalfPiF64[] = {
    0x1.921fb54400000p+0,
    0x1.0b4611a600000p-34,
    0x1.3198a2e037073p-69,
    0x1.129024e088a68p-123};

/// pi/2 in two words.
inline constexpr double kQuarterTurnF32[] = {
    0x1.921fb60000000p+0,
    -0x1.777a5c0000000p-25};

/// pi/2 in two words.
inline constexpr double kQuarterTurnF64[] = {
    0x1.921fb54442d18p+0,
    0x1.1a62633145c07p-54};

/// 2/pi in words, behind 37 zeros.
inline constexpr uint64_t kTwoOverPiWords[] = {
    0x000000000517cc1b,
    0x727220a94fe13abe,
    0x8fa9a6ee06db14ac,
    0xc9e21c820ff28b1d,
    0x5ef5de2b0db92371,
    0xd2126e9700324977,
    0x504e8c90e7f0ef58,
    0xe5894d39f74411af,
    0xa975da24274ce381,
    0x35a2fbf209cc8eb1,
    0xcc1a99cfa4e422fc,
    0x5defc941d8ffc4bf,
    0xfef02cc07f79788c,
    0x5ad05368fb69b3f6,
    0x793e584dba7a31fb,
    0x34f2ff516ba93dd6,
    0x3f5f2f8bd9e839cf,
    0xbc529497535fdafd,
    0x88fc6ae842b01982};

/// 2/3 in two words.
inline constexpr double kTwoThirds[] = {
    0x1.5555555555555p-1,
    0x1.5555555555555p-55};


} // namespace keops::approx

#endif // KEOPS_LIB_CONVERSION_APPROXIMATEMATH_COEFFICIENTS_H
