#include "ntt.hpp"

#include "backend.hpp"

namespace heflow::ring::avx512ifma {

void forward(Word* a, const NttTable& table) noexcept { transform(a, Memory{a}, Store<false>{a}, table); }

void forward_lazy(Word* a, const NttTable& table) noexcept { transform(a, Memory{a}, Store<true>{a}, table); }

void inverse(Word* a, const NttTable& table) noexcept { transform_back(a, Memory{a}, table); }

}  // namespace heflow::ring::avx512ifma
