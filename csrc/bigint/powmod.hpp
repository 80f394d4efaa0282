// Batched modular exponentiation over plain words, modulo one odd number.
#pragma once

#include "modulus.hpp"

namespace heflow::bigint {

// result[i] = bases[i]^exponents[i] mod n. Rows of m.words() words for bases (below n) and results, which may
// lie where the bases are; exponents in rows of exponent_words words, or one row for all. Constant time in bases
// and exponents for given sizes.
void powmod(Word* results, const Word* bases, const Word* exponents, std::size_t count, std::size_t exponent_words,
            bool shared_exponent, const Modulus& modulus);

}  // namespace heflow::bigint
