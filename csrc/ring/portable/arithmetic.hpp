// One residue at a time, without branches: R = 2^64.
#pragma once

#include "../kernels.hpp"

namespace heflow::ring::portable {
namespace {

using Wide = unsigned __int128;

inline Word high_product(Word a, Word b) { return static_cast<Word>((static_cast<Wide>(a) * b) >> 64); }

// x - bound where that is not negative: x < 2 bound < 2^63
inline Word correct(Word x, Word bound) {
  const Word d = x - bound;
  return d + (bound & (0 - (d >> 63)));
}

inline Word difference(Word a, Word b, Word p) {
  const Word d = a - b;
  return d + (p & (0 - (d >> 63)));
}

// w y mod p, below 2p; any y
inline Word times(Word y, const Factor& w, Word p) { return w.value * y - high_product(w.quotient, y) * p; }

// Any x to below p.
inline Word canonical(Word x, const Modulus& m) { return correct(x - high_product(m.quotient, x) * m.p, m.p); }

// x / 2^64 mod p, below p; x < 2^64 p
inline Word montgomery(Wide x, const Modulus& m) {
  const Word q = static_cast<Word>(x) * m.inverse;
  return difference(static_cast<Word>(x >> 64), high_product(q, m.p), m.p);
}

inline Word product(Word a, Word b, const Modulus& m) { return montgomery(static_cast<Wide>(a) * b, m); }

}  // namespace
}  // namespace heflow::ring::portable
