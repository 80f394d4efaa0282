// Encryption: (1 + m n) r^n mod n^2, with fresh randomizers at every call (Paillier 1999, section 4).
#pragma once

#include "plaintext.hpp"
#include "randomizer.hpp"

namespace heflow::paillier {

using bigint::Batch;
using bigint::BatchPtr;

// All throw Error(headroom) if some 2 |m| >= n, before anything is encrypted.
BatchPtr encrypt(const PublicKey& key, const Integers& messages);
BatchPtr encrypt_owner(const SecretKey& key, const Integers& messages);
// Textbook encryption with given r: rows of modulus words, for comparison with other programs.
BatchPtr encrypt_fixed(const PublicKey& key, const Integers& messages, const Word* r);
// Multiply by a fresh encryption of zero.
BatchPtr rerandomize(const PublicKey& key, const Batch& batch);
// ciphertext * (1 + m n)
BatchPtr add_plain(const PublicKey& key, const Batch& batch, const Integers& messages);

}  // namespace heflow::paillier
