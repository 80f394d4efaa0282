// The functions behind the AVX2 table; contracts in ../kernels.hpp.
#pragma once

#include "../kernels.hpp"

namespace heflow::bigint::avx2 {

void mont_mul(Word* r, const Word* a, const Word* b, const ModulusView& m) noexcept;
void mont_sqr(Word* r, const Word* a, const ModulusView& m) noexcept;
void linear(Word* r, const LinearTerm* terms, std::size_t count, const ModulusView& m) noexcept;
void reduce(Word* r, const Word* x, const ModulusView& m) noexcept;
void dual_mul(Word* r, const Word* x, const Word* y, const ModulusView& m) noexcept;
void dual_mul_groups(Word* r, const Word* x, const Word* y, std::size_t groups, const ModulusView& m) noexcept;
void dual_sqr(Word* r, const Word* x, const ModulusView& m) noexcept;
void dual_mul_half(Word* r, const Word* x, const Word* t, const ModulusView& m) noexcept;
void dual_linear(Word* r, const LinearTerm* terms, std::size_t count, const ModulusView& m) noexcept;
void dual_reduce(Word* r, const Word* x, const ModulusView& m) noexcept;
void dual_compose(Word* r, const Word* x, const ModulusView& m) noexcept;
void add(Word* r, const Word* a, const Word* b, unsigned limbs) noexcept;
void load_words(Word* r, unsigned limbs, const Word* const* rows, unsigned words) noexcept;
void store_words(Word* const* rows, unsigned words, const Word* x, unsigned limbs) noexcept;
void load_rows(Word* r, const Word* const* rows, unsigned width) noexcept;
void store_rows(Word* const* rows, const Word* x, unsigned width) noexcept;
void select_lanes(Word* r, const Word* table, unsigned entries, unsigned width, const Word* indices) noexcept;
void select_rows(Word* r, const Word* table, unsigned entries, unsigned width, const Word* indices) noexcept;

}  // namespace heflow::bigint::avx2
