// The table of functions that every backend fills in: arithmetic on lane groups.
//
// A lane group holds `lanes` numbers side by side: limb i of lane l is word[i * lanes + l]. Limbs have
// `radix_bits` bits and are normalised (0 <= limb < 2^radix_bits) wherever one function hands them to
// another. With h limbs, R = 2^(radix_bits * h). Every modulus n satisfies 2^12 n <= R ("slack"), so
// chains of products need no conditional subtraction: results stay below 2n (docs/maths/paillier.md).
//
// A dual number is the pair (x0, x1) standing for x0 + x1 n modulo n^2, in 2h limbs: x0 first.
// Kernels own nothing, check nothing, never throw, and take no branch that depends on limbs. Unless said
// otherwise the result may alias any argument, and pointers are 64-byte aligned.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heflow::bigint {

using Word = std::uint64_t;

inline constexpr unsigned kMaxLimbs = 170;
inline constexpr unsigned kMaxLanes = 8;
inline constexpr unsigned kSlackBits = 12;

// What a kernel reads of a modulus, in its own radix; the arrays are shared by all lanes.
struct ModulusView {
  const Word* n;          // h limbs
  const Word* multiple;   // h + 1 limbs: the smallest multiple of n that is >= R
  Word negative_inverse;  // -1/n mod 2^radix_bits
  unsigned limbs;         // h, a multiple of Kernels::limb_multiple
};

// One summand chunk * c of a linear map; chunk is a lane group, c (the same for all lanes) has h limbs.
struct LinearTerm {
  const Word* chunk;
  unsigned chunk_limbs;  // <= h, a multiple of Kernels::limb_multiple
  const Word* c0;
  const Word* c1;  // second half of a dual constant; unused by `linear`
};

// Limbs [first, last) of a look-up in table[entry][width][lane], of 2 to 64 entries, a power of two; one index a lane.
struct LookupPart {
  Word* r;  // all `width` limbs
  const Word* table;
  unsigned entries, width;
  const Word* indices;
  unsigned first, last;
};

struct Kernels {
  const char* name;
  unsigned lanes;
  unsigned radix_bits;
  unsigned limb_multiple;
  unsigned fixed_base_window;  // bits, for tables read by select_rows

  // Modulo n; a, b < 4n, results < 2n. Cost 2 h^2 limb products.
  void (*mont_mul)(Word* r, const Word* a, const Word* b, const ModulusView& m) noexcept;  // a b / R
  void (*mont_sqr)(Word* r, const Word* a, const ModulusView& m) noexcept;
  // mont_sqr and part of a constant-time look-up beside it, for less than the sum of both. Null: nothing to gain.
  void (*mont_sqr_beside)(Word* r, const Word* a, const ModulusView& m, const LookupPart& part) noexcept;
  void (*linear)(Word* r, const LinearTerm* terms, std::size_t count, const ModulusView& m) noexcept;
  void (*reduce)(Word* r, const Word* x, const ModulusView& m) noexcept;  // x / R, canonical; any x < R

  // Modulo n^2 on dual numbers; both halves of the arguments < 16n, of the results < 2n.
  void (*dual_mul)(Word* r, const Word* x, const Word* y, const ModulusView& m) noexcept;  // 5 h^2
  // `groups` such products of operands that lie one behind the other; may fetch what lies behind the last.
  void (*dual_mul_groups)(Word* r, const Word* x, const Word* y, std::size_t groups, const ModulusView& m) noexcept;
  void (*dual_sqr)(Word* r, const Word* x, const ModulusView& m) noexcept;                                 // 3.5 h^2
  void (*dual_sqr_beside)(Word* r, const Word* x, const ModulusView& m, const LookupPart& part) noexcept;  // or null
  // x times the plain h-limb number t (a dual number with t1 = 0): 4 h^2
  void (*dual_mul_half)(Word* r, const Word* x, const Word* t, const ModulusView& m) noexcept;
  // sum chunk_k * c_k / R; at most 8 terms, results < 10n
  void (*dual_linear)(Word* r, const LinearTerm* terms, std::size_t count, const ModulusView& m) noexcept;
  void (*dual_reduce)(Word* r, const Word* x, const ModulusView& m) noexcept;   // x / R, both halves canonical
  void (*dual_compose)(Word* r, const Word* x, const ModulusView& m) noexcept;  // x0 + x1 n as 2h plain limbs

  // r = a + b with carries propagated; the sum must be below R.
  void (*add)(Word* r, const Word* a, const Word* b, unsigned limbs) noexcept;

  // Rows of 64-bit words (least significant first, one row a lane, any alignment) <-> limbs.
  // load_words reads `words` words of each row, zero above; store_words writes the low 64 * words bits.
  void (*load_words)(Word* r, unsigned limbs, const Word* const* rows, unsigned words) noexcept;
  void (*store_words)(Word* const* rows, unsigned words, const Word* x, unsigned limbs) noexcept;
  // Rows of raw limbs (`width` words each) <-> lane group.
  void (*load_rows)(Word* r, const Word* const* rows, unsigned width) noexcept;
  void (*store_rows)(Word* const* rows, const Word* x, unsigned width) noexcept;

  // Constant-time table look-ups: every entry is read whatever the index.
  // table[entry][width][lane]; one index a lane.
  void (*select_lanes)(Word* r, const Word* table, unsigned entries, unsigned width, const Word* indices) noexcept;
  // table[width][entries], shared by all lanes; one index a lane; entries a multiple of 8.
  void (*select_rows)(Word* r, const Word* table, unsigned entries, unsigned width, const Word* indices) noexcept;
};

extern const Kernels kPortableKernels;
#if defined(HEFLOW_HAVE_AVX2)
extern const Kernels kAvx2Kernels;
#endif
#if defined(HEFLOW_HAVE_AVX512IFMA)
extern const Kernels kAvx512IfmaKernels;
#endif

}  // namespace heflow::bigint
