// Decryption by CRT: m = sum over both primes of L(c^(p-1) mod p^2) weighted (Paillier 1999, section 7).
#pragma once

#include "encrypt.hpp"

namespace heflow::paillier {

// messages: batch.size() integers of words_for(limit) words. Constant time. Throws Error(headroom) if some
// |m| > limit and Error(format) if a ciphertext is not a unit; nothing is returned then.
void decrypt(std::int64_t* messages, const SecretKey& key, const Batch& batch, const Natural& limit);

}  // namespace heflow::paillier
