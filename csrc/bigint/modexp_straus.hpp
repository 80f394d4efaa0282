// Products of powers by Straus' method: a table of small powers of every item, shared by all outputs.
// Time and memory addresses depend on the exponents: they are public or the evaluating party's own.
#pragma once

#include "modexp_multi.hpp"

namespace heflow::bigint {

struct StrausPlan {
  unsigned digit_bits;  // c: powers up to 2^(c-1) of items and of their inverses
  std::size_t windows;  // digits an exponent
  double cost;          // of everything, in products
};

// The best c for `outputs` products of `length` powers of `items` numbers, exponents of `bits` bits.
StrausPlan straus_plan(std::size_t bits, std::size_t items, std::size_t length, std::size_t outputs);

// As multi_power_vartime. Straus (1964), with signed digits. Cost per factor: b/c products for those of its digits
// that are not zero in all lanes; b squarings an output. So small numbers far apart in one exponent are cheap.
BatchPtr straus_power_vartime(const Batch& batch, const std::int64_t* vectors, std::size_t count, std::size_t length,
                              const SignedIntegers& weights, std::size_t rows, const StrausPlan& plan);

}  // namespace heflow::bigint
