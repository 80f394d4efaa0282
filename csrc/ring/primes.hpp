// Numbers modulo one word-sized prime, for tables and constants; not for secrets.
#pragma once

#include <vector>

#include "kernels.hpp"

namespace heflow::ring {

Word multiply_mod(Word a, Word b, Word p);
Word power_mod_vartime(Word base, Word exponent, Word p);
Word inverse_mod_vartime(Word a, Word p);  // p prime, a != 0
bool is_prime_vartime(Word n);             // deterministic Miller-Rabin for 64 bits

// The largest `count` primes below 2^bits that are 1 modulo 2N, none of them in `taken`, in falling order.
// Error(parameter) if there are not enough with exactly `bits` bits.
std::vector<Word> ntt_primes(unsigned bits, unsigned log_degree, std::size_t count, const std::vector<Word>& taken = {});

// The prime of exactly `bits` bits that is 1 modulo 2N, not in `taken`, and nearest to `target`; 0 if there is none.
Word nearest_ntt_prime(long double target, unsigned bits, unsigned log_degree, const std::vector<Word>& taken);

}  // namespace heflow::ring
