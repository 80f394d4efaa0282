#include "ntt.hpp"

#include "backend.hpp"

namespace heflow::ring::avx2 {

void forward(Word* a, const NttTable& table) noexcept {
  transform(a, Words{a, constants(table.modulus)}, Store<false>{a}, table);
}

void forward_lazy(Word* a, const NttTable& table) noexcept {
  transform(a, Words{a, constants(table.modulus)}, Store<true>{a}, table);
}

void inverse(Word* a, const NttTable& table) noexcept { transform_back(a, Words{a, constants(table.modulus)}, table); }

}  // namespace heflow::ring::avx2
