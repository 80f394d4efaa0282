// The negacyclic transform in doubles, between a source, which the first pass reads, and a sink, to which the last one hands
// its results; in between a limb holds doubles. Passes of four and eight rows, and one kernel for the last six stages
// of each 64 values. Ranges and order: docs/maths/ntt.md.
#pragma once

#include "vector.hpp"

namespace heflow::ring::avx2 {
namespace {

constexpr std::size_t kBlock = 64, kTailWords = 7 * 16;
constexpr int kColumns = 2;

// Rows of the pass over `length` values: eight where three stages at a time end at blocks, else four.
HEFLOW_INLINE std::size_t rows_of(std::size_t length) {
  return static_cast<unsigned>(__builtin_ctzll(length / kBlock)) % 3 == 0 ? 8 : 4;
}

// Where the roots of a stage with `groups` blocks come from: the tree below a node, the same for all lanes, ...
struct TreeRoots {
  const Factor* tree;
  std::size_t node;
  __attribute__((always_inline)) Root operator()(int groups, int g) const {
    const Factor& w = tree[static_cast<std::size_t>(groups) * node + static_cast<std::size_t>(g)];
    return {broadcast_bits(w.value), broadcast_bits(w.quotient)};
  }
};

// ... or the tail, one a lane.
struct TailRoots {
  const Word* tail;
  __attribute__((always_inline)) Root operator()(int groups, int g) const {
    const Word* w = tail + 16 * (groups - 1 + g);
    return {load_bits(w), load_bits(w + 8)};
  }
};

// Rows of two vectors, `stride` words apart. The columns are independent of each other, which hides the latency of
// butterflies; that there are more values than registers costs less.
template <int Rows>
HEFLOW_INLINE void load_rows(Reals (*v)[Rows], const Word* a, std::size_t stride) {
  HEFLOW_UNROLL
  for (std::size_t r = 0; r < Rows; ++r) v[0][r] = load_bits(a + r * stride), v[1][r] = load_bits(a + r * stride + kLanes);
}

// source(i): four values from number i on, at most p in size.
template <int Rows, class Source>
HEFLOW_INLINE void load_from(Reals (*v)[Rows], const Source& source, std::size_t first, std::size_t stride) {
  HEFLOW_UNROLL
  for (std::size_t r = 0; r < Rows; ++r) {
    v[0][r] = source(first + r * stride);
    v[1][r] = source(first + r * stride + kLanes);
  }
}

template <int Rows>
HEFLOW_INLINE void store_rows(const Reals (*v)[Rows], Word* a, std::size_t stride) {
  HEFLOW_UNROLL
  for (std::size_t r = 0; r < Rows; ++r) store_bits(a + r * stride, v[0][r]), store_bits(a + r * stride + kLanes, v[1][r]);
}

// Eight rows of eight to their columns.
HEFLOW_INLINE void turn(Reals (*v)[8]) {
  transpose(v[0]), transpose(v[0] + 4), transpose(v[1]), transpose(v[1] + 4);
  HEFLOW_UNROLL
  for (int r = 0; r < 4; ++r) {
    const Reals t = v[0][4 + r];
    v[0][4 + r] = v[1][r], v[1][r] = t;
  }
}

// Words below 2p.
struct Words {
  const Word* a;
  Constants c;
  __attribute__((always_inline)) Reals operator()(std::size_t i) const { return minus(load_reals(a + i, c), c.p); }
};

// Of at most 10p < 2^51 in size.
HEFLOW_INLINE Vec to_lazy_words(Reals x, const Constants& c) {
  const Reals shift = plus(c.unit, _mm256_mul_pd(c.p, _mm256_set1_pd(10)));
  return _mm256_xor_si256(_mm256_castpd_si256(plus(x, shift)), _mm256_castpd_si256(c.unit));
}

// Free: results are at most 10p in size, otherwise 2.4p.
template <bool Lazy>
struct Store {
  Word* r;
  template <bool Free>
  __attribute__((always_inline)) void put(std::size_t i, Reals x, const Constants& c) const {
    store(r + i, Lazy && Free ? to_lazy_words(x, c) : to_words(reduce(x, c), c));
  }
};

// Stages of Groups, 2 Groups, ..., Rows / 2 blocks over rows of two vectors: (x, y) -> (x + w y, x - w y). Free: no
// value on the way exceeds 2^52; otherwise the first x are reduced. Two independent columns hide the latency of the
// butterflies.
template <bool Free, int Rows, int Groups = 1, class Roots>
HEFLOW_INLINE void forward_stages(Reals (*v)[Rows], const Roots* roots, const Constants& c) {
  if constexpr (Groups < Rows) {
    constexpr int kHalf = Rows / (2 * Groups);
    HEFLOW_UNROLL
    for (int g = 0; g < Groups; ++g) {
      HEFLOW_UNROLL
      for (int column = 0; column < kColumns; ++column) {
        const Root w = roots[column](Groups, g);
        HEFLOW_UNROLL
        for (int j = g * 2 * kHalf; j < g * 2 * kHalf + kHalf; ++j) {
          Reals &x = v[column][j], &y = v[column][j + kHalf];
          const Reals t = times(y, w, c), u = !Free && Groups == 1 ? reduce(x, c) : x;
          x = plus(u, t), y = minus(u, t);
        }
      }
    }
    forward_stages<Free, Rows, 2 * Groups>(v, roots, c);
  }
}

template <bool Free, int Rows>
void forward_pass(Word* a, std::size_t length, const NttTable& table, std::size_t node, const Constants& c) {
  const std::size_t stride = length / Rows;
  const TreeRoots roots[kColumns] = {{table.forward, node}, {table.forward, node}};
  for (std::size_t j = 0; j < stride; j += kColumns * kLanes) {
    Reals v[kColumns][Rows];
    load_rows(v, a + j, stride);
    forward_stages<Free, Rows>(v, roots, c);
    store_rows(v, a + j, stride);
  }
}

template <bool Free, int Rows, class Source>
void forward_first(Word* a, const Source& given, std::size_t degree, const NttTable& table, const Constants& c) {
  const Source source = given;  // a copy, which stores to `a` cannot change
  const std::size_t stride = degree / Rows;
  const TreeRoots roots[kColumns] = {{table.forward, 1}, {table.forward, 1}};
  for (std::size_t j = 0; j < stride; j += kColumns * kLanes) {
    Reals v[kColumns][Rows];
    load_from(v, source, j, stride);
    forward_stages<Free, Rows>(v, roots, c);
    store_rows(v, a + j, stride);
  }
}

// Eight rows of eight: three stages across the rows, then three along them.
template <bool Free, class Sink>
void forward_block(const Word* a, const Sink& sink, const NttTable& table, std::size_t node, const Constants& c) {
  const std::size_t block = node - (std::size_t{1} << table.log_degree) / kBlock;
  const Word* tail = table.forward_tail + block * kTailWords;
  const TreeRoots roots[kColumns] = {{table.forward, node}, {table.forward, node}};
  const TailRoots tails[kColumns] = {{tail}, {tail + kLanes}};
  Reals v[kColumns][8];
  load_rows(v, a, 8);
  forward_stages<Free, 8>(v, roots, c);
  turn(v);
  forward_stages<Free, 8>(v, tails, c);
  HEFLOW_UNROLL
  for (std::size_t r = 0; r < 8; ++r) {
    sink.template put<Free>(kBlock * block + 8 * r, v[0][r], c);
    sink.template put<Free>(kBlock * block + 8 * r + kLanes, v[1][r], c);
  }
}

// The sub-tree of `length` values below a node, part by part, so that what fits a cache is finished in it.
template <bool Free, class Sink>
void forward_tree(Word* a, std::size_t length, const Sink& sink, const NttTable& table, std::size_t node, const Constants& c) {
  if (length == kBlock) return forward_block<Free>(a, sink, table, node, c);
  const std::size_t rows = rows_of(length), part = length / rows;
  rows == 8 ? forward_pass<Free, 8>(a, length, table, node, c) : forward_pass<Free, 4>(a, length, table, node, c);
  for (std::size_t i = 0; i < rows; ++i) forward_tree<Free>(a + i * part, part, sink, table, rows * node + i, c);
}

template <bool Free, class Source, class Sink>
void forward_all(Word* r, const Source& source, const Sink& sink, const NttTable& table, const Constants& c) {
  const std::size_t degree = std::size_t{1} << table.log_degree, rows = rows_of(degree), part = degree / rows;
  rows == 8 ? forward_first<Free, 8>(r, source, degree, table, c) : forward_first<Free, 4>(r, source, degree, table, c);
  for (std::size_t i = 0; i < rows; ++i) forward_tree<Free>(r + i * part, part, sink, table, rows + i, c);
}

// r holds what lies between; a sink may store there what it is handed.
template <class Source, class Sink>
HEFLOW_INLINE void transform(Word* r, const Source& source, const Sink& sink, const NttTable& table) {
  const Constants c = constants(table.modulus);
  table.uncorrected ? forward_all<true>(r, source, sink, table, c) : forward_all<false>(r, source, sink, table, c);
}

// Bounds of rows, in units of p, on their way through the stages of an inverse pass: which of them must be reduced
// before a stage, so that every factor stays below 2^52, and which at the end.
template <bool Free, int Rows>
struct Growth {
  static constexpr double kLimit = Free ? 32 : 4, kSlope = Free ? 0x1p-7 : 0x1p-4, kStart = Free ? 2.25 : 1.4375;
  static constexpr double kHalf = 0.5 + 0x1p-20;
  bool before[3][Rows] = {}, after[Rows] = {};
  bool holds = true;
  constexpr Growth() {
    double bound[Rows] = {};
    for (int r = 0; r < Rows; ++r) bound[r] = kStart;
    for (int half = 1, stage = 0; half < Rows; half *= 2, ++stage) {
      for (int r = 0; r < Rows; ++r) {
        if ((r & half) != 0) continue;
        before[stage][r] = bound[r] + bound[r + half] > kLimit;
        const double sum = (before[stage][r] ? kHalf : bound[r]) + bound[r + half];
        holds = holds && sum <= kLimit;
        bound[r] = sum, bound[r + half] = kHalf + kSlope * sum;
      }
    }
    for (int r = 0; r < Rows; ++r) after[r] = bound[r] > kStart;
  }
};

// Stages of Groups, Groups / 2, ..., 1 blocks: (x, y) -> (x + y, w (x - y)).
template <bool Free, int Rows, int Groups = Rows / 2, int Stage = 0, class Roots>
HEFLOW_INLINE void inverse_stages(Reals (*v)[Rows], const Roots* roots, const Constants& c) {
  constexpr Growth<Free, Rows> growth;
  static_assert(growth.holds, "a factor may reach 2^52");
  if constexpr (Groups >= 1) {
    constexpr int kHalf = Rows / (2 * Groups);
    HEFLOW_UNROLL
    for (int g = 0; g < Groups; ++g) {
      HEFLOW_UNROLL
      for (int column = 0; column < kColumns; ++column) {
        const Root w = roots[column](Groups, g);
        HEFLOW_UNROLL
        for (int r = g * 2 * kHalf; r < g * 2 * kHalf + kHalf; ++r) {
          const Reals x = growth.before[Stage][r] ? reduce(v[column][r], c) : v[column][r], y = v[column][r + kHalf];
          v[column][r] = plus(x, y), v[column][r + kHalf] = times(minus(x, y), w, c);
        }
      }
    }
    inverse_stages<Free, Rows, Groups / 2, Stage + 1>(v, roots, c);
  }
}

template <bool Free, int Rows>
HEFLOW_INLINE void settle(Reals (*v)[Rows], const Constants& c) {
  constexpr Growth<Free, Rows> growth;
  HEFLOW_UNROLL
  for (int r = 0; r < Rows; ++r) {
    HEFLOW_UNROLL
    for (int column = 0; column < kColumns; ++column) v[column][r] = growth.after[r] ? reduce(v[column][r], c) : v[column][r];
  }
}

// The roots of the top pass: those of its last stage carry 1/N.
struct TopRoots {
  TreeRoots tree;
  Root last;
  __attribute__((always_inline)) Root operator()(int groups, int g) const { return groups == 1 ? last : tree(groups, g); }
};

// Last: the top of the tree, where results become canonical words.
template <bool Free, int Rows, bool Last>
void inverse_pass(Word* a, std::size_t length, const NttTable& table, std::size_t node, const Constants& c) {
  const std::size_t stride = length / Rows;
  const Root scale = broadcast(table.degree_inverse, table.modulus), last = broadcast(table.last, table.modulus);
  const TreeRoots roots[kColumns] = {{table.inverse, node}, {table.inverse, node}};
  const TopRoots top[kColumns] = {{roots[0], last}, {roots[1], last}};
  for (std::size_t j = 0; j < stride; j += kColumns * kLanes) {
    Reals v[kColumns][Rows];
    load_rows(v, a + j, stride);
    if constexpr (Last) {
      inverse_stages<Free, Rows>(v, top, c);
    } else {
      inverse_stages<Free, Rows>(v, roots, c);
      settle<Free, Rows>(v, c);
    }
    if (!Last) {
      store_rows(v, a + j, stride);
      continue;
    }
    HEFLOW_UNROLL
    for (int r = 0; r < Rows; ++r) {
      HEFLOW_UNROLL
      for (int column = 0; column < kColumns; ++column) {
        const Reals x = r < Rows / 2 ? times(v[column][r], scale, c) : v[column][r];
        store(a + static_cast<std::size_t>(r) * stride + j + kLanes * column, to_words(x, c));
      }
    }
  }
}

template <bool Free, class Source>
void inverse_block(Word* a, const Source& source, const NttTable& table, std::size_t node, const Constants& c) {
  const std::size_t block = node - (std::size_t{1} << table.log_degree) / kBlock;
  const Word* tail = table.inverse_tail + block * kTailWords;
  const TailRoots tails[kColumns] = {{tail}, {tail + kLanes}};
  const TreeRoots roots[kColumns] = {{table.inverse, node}, {table.inverse, node}};
  Reals v[kColumns][8];
  load_from(v, source, kBlock * block, 8);
  inverse_stages<Free, 8>(v, tails, c);
  settle<Free, 8>(v, c);
  turn(v);
  inverse_stages<Free, 8>(v, roots, c);
  settle<Free, 8>(v, c);
  store_rows(v, a, 8);
}

template <bool Free, int Rows>
void inverse_rows(Word* a, std::size_t length, const NttTable& table, std::size_t node, const Constants& c) {
  if (node == 1) return inverse_pass<Free, Rows, true>(a, length, table, node, c);
  inverse_pass<Free, Rows, false>(a, length, table, node, c);
}

template <bool Free, class Source>
void inverse_tree(Word* a, std::size_t length, const Source& source, const NttTable& table, std::size_t node,
                  const Constants& c) {
  if (length == kBlock) return inverse_block<Free>(a, source, table, node, c);
  const std::size_t rows = rows_of(length), part = length / rows;
  for (std::size_t i = 0; i < rows; ++i) inverse_tree<Free>(a + i * part, part, source, table, rows * node + i, c);
  rows == 8 ? inverse_rows<Free, 8>(a, length, table, node, c) : inverse_rows<Free, 4>(a, length, table, node, c);
}

// Canonical. A source may read from r.
template <class Source>
HEFLOW_INLINE void transform_back(Word* r, const Source& source, const NttTable& table) {
  const Constants c = constants(table.modulus);
  const std::size_t degree = std::size_t{1} << table.log_degree;
  table.uncorrected ? inverse_tree<true>(r, degree, source, table, 1, c) : inverse_tree<false>(r, degree, source, table, 1, c);
}

}  // namespace
}  // namespace heflow::ring::avx2
