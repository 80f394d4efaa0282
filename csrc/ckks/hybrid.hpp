// Key switching with several primes to a digit and several special primes (Han and Ki 2020): smaller keys and
// fewer transforms for long modulus chains. Where there are fewer ciphertexts than threads, all work on
// one, limb by limb.
#pragma once

#include "encrypt.hpp"

namespace heflow::ckks {

// Relinearised and divided by the last prime: one division by P q.
BatchPtr multiply_hybrid(const Batch& a, const Batch& b, const SwitchKey& key);
// The sum of the rotations of a, and of a itself if `keep`: one decomposition, one division by P.
BatchPtr rotations(const Batch& a, const std::vector<std::shared_ptr<SwitchKey>>& keys, bool keep);

}  // namespace heflow::ckks
