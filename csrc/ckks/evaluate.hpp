// Arithmetic on batches. Lengths, contexts and levels are the caller's to check.
#pragma once

#include "encrypt.hpp"

namespace heflow::ckks {

BatchPtr add(const Batch& a, const Batch& b);  // the first min(primes) primes
BatchPtr subtract(const Batch& a, const Batch& b);
BatchPtr negate(const Batch& a);
BatchPtr add_plain(const Batch& a, const Messages& messages);
// The constant polynomial w[item], the same number in all slots: no transform.
BatchPtr add_integer(const Batch& a, const std::vector<std::int64_t>& w);
// Divided by the last prime afterwards: one prime less.
BatchPtr multiply_plain(const Batch& a, const Messages& messages);
// By integers w, item by item, and divided by the last prime.
BatchPtr multiply_integer(const Batch& a, const std::vector<std::int64_t>& w);
// Relinearised and divided by the last prime: merged, one division by P q.
BatchPtr multiply(const Batch& a, const Batch& b, const SwitchKey& key);
BatchPtr rotate(const Batch& a, const std::shared_ptr<SwitchKey>& key);  // a Galois key
// a and its rotations, added up.
BatchPtr add_rotations(const Batch& a, const std::vector<std::shared_ptr<SwitchKey>>& keys);
BatchPtr drop(const Batch& a, std::size_t primes);  // the first primes alone
BatchPtr take(const Batch& a, const std::int64_t* items, std::size_t count);
BatchPtr concatenate(const std::vector<BatchPtr>& parts);  // of equal primes
BatchPtr sum_groups(const Batch& a, const std::int64_t* items, std::size_t rows, std::size_t each);
// out[r] = sum_c rows[r][c] * a[c] (slot by slot), divided by the last prime: messages hold rows of `a.size()`
// plaintexts for each of the `rows` results.
BatchPtr linear_map(const Batch& a, const Messages& messages, std::size_t rows);
// out[r] = sum_c w[r][c] a[c] for integers w, divided by the last prime.
BatchPtr weighted_sums(const Batch& a, const std::int64_t* w, std::size_t rows);
// c0 cut to the constant coefficient: only the sum of the slots can be read.
BatchPtr constant_only(const Batch& a);

}  // namespace heflow::ckks
