// Signed integers <-> residues modulo n. Messages are secret: no branch or address depends on them.
#pragma once

#include "../bigint/modulus.hpp"

namespace heflow::paillier {

using bigint::Natural;
using bigint::Word;

// `count` signed integers as two's complement words, least significant first, `words_each` an integer.
struct Integers {
  const std::int64_t* words;
  std::size_t count;
  std::size_t words_each;
  const std::int64_t* at(std::size_t i) const { return words + i * words_each; }
};

// residue = m mod n in modulus.words() words; returns all ones if 2 |m| < n, else 0.
Word to_residue(Word* residue, const std::int64_t* m, std::size_t words_each, const bigint::Modulus& modulus);

// m = the residue taken in (-n/2, n/2); returns all ones if |m| <= limit, else 0.
Word from_residue(std::int64_t* m, std::size_t words_each, const Word* residue, const Natural& limit,
                  const bigint::Modulus& modulus);

// Words needed for any |m| <= limit and its sign.
std::size_t words_for(const Natural& limit);

}  // namespace heflow::paillier
