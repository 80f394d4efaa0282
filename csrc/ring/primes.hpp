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

// For each length the largest prime that is 1 modulo 2N and not taken before; but among the first `data` those of scale_bits or
// scale_bits + 1 bits are the nearest to S^2 / 2^scale_bits, from the last to the first, where S starts at 2^scale_bits and
// becomes S^2 / q: a scale that is squared at every level and divided by its primes stays where it began. Error(parameter) if
// there is none.
std::vector<Word> chain_primes(const std::vector<unsigned>& bits, unsigned log_degree, unsigned scale_bits, std::size_t data);

}  // namespace heflow::ring
