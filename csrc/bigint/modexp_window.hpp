// Fixed-window exponentiation of lane groups.
#pragma once

#include "modulus.hpp"

namespace heflow::bigint {

enum class Lookup {
  constant_time,  // every table entry is read: the exponent is secret
  direct_vartime  // the exponent is public
};

// r = x^exponent, one exponent of `bits` bits for all lanes. bits sqr + about bits/5 mul.
void power_shared(Word* r, const Word* x, const Natural& exponent, std::size_t bits, Ring ring, const Modulus& modulus,
                  Lookup lookup);

// r = x^exponent lane by lane, in constant time: exponents[l] points to ceil(bits/64) words.
void power_lanes(Word* r, const Word* x, const Word* const* exponents, std::size_t bits, Ring ring, const Modulus& modulus);

// r = the product of x[g]^exponents over `groups` groups, lane by lane, with the squarings of one power. r is not x.
void multi_power_lanes(Word* r, const Word* x, const Word* const* exponents, std::size_t groups, std::size_t bits, Ring ring,
                       const Modulus& modulus);

}  // namespace heflow::bigint
