// Products of powers, prod_j x_j^(e_j), by Pippenger's buckets with signed digits.
// Time and memory addresses depend on the exponents: they are public or the evaluating party's own.
#pragma once

#include "batch.hpp"

namespace heflow::bigint {

// Signed integers as two's complement words, least significant first.
struct SignedIntegers {
  const std::int64_t* words;
  std::size_t words_each;
};

// result[v * rows + r] = prod_j batch[vectors[v * length + j]]^(weights[r * length + j]).
// Pippenger (1976) as in Bernstein, Doumen, Lange and Oosterwijk (2012), section 4; signed digits halve the
// buckets. Cost per factor: b/c products plus the buckets' share.
BatchPtr multi_power_vartime(const Batch& batch, const std::int64_t* vectors, std::size_t count, std::size_t length,
                             const SignedIntegers& weights, std::size_t rows);

// result[r] = prod_k batch[items[k]]^(weights[k]), k from starts[r] up to starts[r + 1]: a sparse matrix by rows.
BatchPtr sparse_power_vartime(const Batch& batch, const std::int64_t* starts, std::size_t rows, const std::int64_t* items,
                              const SignedIntegers& weights);

// result[f * bins + b] = product of the items i with bin_of[i * features + f] == b.
BatchPtr bucket_product_vartime(const Batch& batch, const std::int32_t* bin_of, std::size_t features, std::size_t bins);

// result[i] = batch[i]^(exponents[i])
BatchPtr power_each_vartime(const Batch& batch, const SignedIntegers& exponents);

}  // namespace heflow::bigint
