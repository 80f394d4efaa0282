// The factor r^n (or h_s^a) that hides a message: one for each lane of each group.
#pragma once

#include "../random/stream.hpp"
#include "keys.hpp"

namespace heflow::paillier {

// Randomizers of the items [first_item, first_item + items), in whole groups: item i draws from substream i of the
// seed, so the result depends on neither tiles nor threads. Dual Montgomery form modulo n^2.
void public_randomizers(Word* result, const PublicKey& key, const Seed& seed, std::size_t first_item, std::size_t items);

// The same from the factors: full-length exponents modulo p^2 and q^2, distributed exactly as r^n.
void owner_randomizers(Word* result, const SecretKey& key, const Seed& seed, std::size_t first_item, std::size_t items);

// Textbook r^n for given r (rows of words below n, one a lane).
void textbook_randomizer(Word* result, const Word* const* r, const Modulus& n);

// Groups of a call that share one walk through the tables.
std::size_t randomizer_tile(const Modulus& n, std::size_t groups);

}  // namespace heflow::paillier
