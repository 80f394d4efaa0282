// Modular inverses: one number by 2-adic divsteps, whole batches by Montgomery's trick around it.
#pragma once

#include "modulus.hpp"

namespace heflow::bigint {

// a^-1 mod n for odd n and a < n; false if gcd(a, n) != 1. Time depends on the values: public numbers only.
// Bernstein and Yang (2019), "Fast constant-time gcd computation and modular inversion", with 62 steps a round.
bool inverse_vartime(Natural& result, const Natural& a, const Natural& n);

// How the one inverse inside a batch is taken.
enum class InverseMethod {
  divsteps_vartime,  // public numbers
  fermat,            // n is prime: x^(n-2), constant time
};

// Invert `groups` lane groups modulo n in place (Montgomery form; groups lie `stride` words apart).
// Cost 3 products an element and one inverse. False, with the data destroyed, if some element is not a unit.
bool invert_groups(Word* data, std::size_t groups, std::size_t stride, const Modulus& modulus, InverseMethod method);

// Invert `groups` dual lane groups modulo n^2, out of place: 8 h^2 more products an element.
bool invert_dual_groups(Word* result, const Word* data, std::size_t groups, const Modulus& modulus, InverseMethod method);

}  // namespace heflow::bigint
