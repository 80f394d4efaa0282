// `FusedKernels` of any backend: its own, or put together from the rest of its table. All give the same residues.
#pragma once

#include "kernels.hpp"

namespace heflow::ring {

void forward_int8(const Kernels& kernels, Word* r, const std::int8_t* a, const NttTable& table);
void forward_terms(const Kernels& kernels, Word* r, const Term* terms, std::size_t count, const NttTable& table);
void forward_join(const Kernels& kernels, Word* r, const double* a, const Factor& w, const double* c, bool wide, const Word* u,
                  const Word* prepared, const NttTable& table);
void forward_divide(const Kernels& kernels, Word* r, const Word* a, const Word* d, const Division& division,
                    const NttTable& table);
void inverse_product(const Kernels& kernels, Word* r, const Word* a, const Word* prepared, const Word* c,
                     const NttTable& table);
void remainders(const Kernels& kernels, double* r, const Word* a, const std::int8_t* e, std::size_t n, const Modulus& m);
void round_scaled(const Kernels& kernels, double* r, const double* a, double scale, const std::int8_t* e, std::size_t n);

}  // namespace heflow::ring
