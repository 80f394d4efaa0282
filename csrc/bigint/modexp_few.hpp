// Few products of powers, whose factors lie side by side in the lanes.
// Time and memory addresses depend on the exponents: they are public or the evaluating party's own.
#pragma once

#include "modexp_multi.hpp"

namespace heflow::bigint {

// Of everything, in products of lane groups one after the other.
double few_powers_cost(std::size_t bits, std::size_t length, std::size_t outputs, unsigned lanes);

// As multi_power_vartime, `bits` those of the widest weight: lane l takes every lanes-th factor of an output, squarings
// are shared (Straus), and the lanes are multiplied at the end. Inverses are made only where a weight is negative.
BatchPtr few_powers_vartime(const Batch& batch, const std::int64_t* vectors, std::size_t count, std::size_t length,
                            const SignedIntegers& weights, std::size_t rows, std::size_t bits);

// out = |integer|, both of `words` words; whether it is negative.
bool magnitude(Word* out, const std::int64_t* integer, std::size_t words);

}  // namespace heflow::bigint
