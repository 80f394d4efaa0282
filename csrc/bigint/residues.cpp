// Canonical residues in and out of a batch: the only place where ciphertexts meet plain words.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>

#include "../base/bytes.hpp"
#include "../base/error.hpp"
#include "batch.hpp"
#include "inverse.hpp"

namespace heflow::bigint {
namespace {

constexpr std::size_t kTileItems = 64;

struct Rows {
  Rows(const Modulus& m) : words(m.square_words()), storage(words * m.lanes()) {
    for (unsigned l = 0; l < m.lanes(); ++l) pointers[l] = storage.data() + l * words;
  }
  std::size_t words;
  Buffer storage;
  Word* pointers[kMaxLanes];
};

bool in_range(const Word* row, const Natural& limit) {
  bool zero = true;
  for (std::size_t i = 0; i < limit.size(); ++i) zero = zero && row[i] == 0;
  if (zero) return false;
  for (std::size_t i = limit.size(); i-- > 0;) {
    if (row[i] != limit[i]) return row[i] < limit[i];
  }
  return false;
}

void lower(std::atomic<std::size_t>& least, std::size_t candidate) {
  std::size_t seen = least.load();
  while (candidate < seen && !least.compare_exchange_weak(seen, candidate)) {}
}

// Whether every item is a unit: one inverse of the product of all.
bool all_units(const Batch& batch) {
  const Modulus& m = batch.modulus();
  const std::size_t words = m.group_words();
  const std::size_t tile = std::max(groups_per_tile(m, kTileItems), (batch.groups() + 15) / 16);
  std::vector<Buffer> products((batch.groups() + tile - 1) / tile);
  for_each_tile(batch.groups(), tile, [&](std::size_t first, std::size_t last) {
    Buffer product(words);
    std::memcpy(product.data(), batch.group(first), words * sizeof(Word));
    for (std::size_t g = first + 1; g < last; ++g)
      m.kernels().mont_mul(product.data(), product.data(), batch.group(g), m.view());
    products[first / tile] = std::move(product);
  });
  for (std::size_t t = 1; t < products.size(); ++t) {
    m.kernels().mont_mul(products[0].data(), products[0].data(), products[t].data(), m.view());
  }
  return products.empty() || invert_groups(products[0].data(), 1, words, m, InverseMethod::divsteps_vartime);
}

}  // namespace

std::size_t residue_bytes(const Modulus& modulus) { return (2 * modulus.bits() + 7) / 8; }

BatchPtr import_residues(const ModulusPtr& modulus, const std::uint8_t* bytes, std::size_t count) {
  const Modulus& m = *modulus;
  const std::size_t size = residue_bytes(m);
  auto result = std::make_shared<Batch>(modulus, count);
  std::atomic<std::size_t> bad{count};
  Natural limit = m.n_squared();
  limit.resize(m.square_words());
  for_each_tile(result->groups(), groups_per_tile(m, kTileItems), [&](std::size_t first, std::size_t last) {
    Rows rows(m);
    Buffer limbs(m.dual_group_words());
    for (std::size_t g = first; g < last; ++g) {
      for (unsigned l = 0; l < m.lanes(); ++l) {
        const std::size_t item = std::min(g * m.lanes() + l, count - 1);
        read_words(rows.pointers[l], rows.words, bytes + item * size, size);
        if (!in_range(rows.pointers[l], limit)) lower(bad, item);
      }
      m.kernels().load_words(limbs.data(), 2 * m.limbs(), rows.pointers, static_cast<unsigned>(rows.words));
      const LinearTerm terms[2] = {
          {limbs.data(), m.limbs(), m.import_low().c0.data(), m.import_low().c1.data()},
          {limbs.data() + m.group_words(), m.limbs(), m.import_high().c0.data(), m.import_high().c1.data()}};
      m.kernels().dual_linear(result->group(g), terms, 2, m.view());
    }
  });
  if (bad < count) {
    throw Error(ErrorKind::format,
                "ciphertext " + std::to_string(bad) + " is 0 or not below n^2: it does not belong to this key");
  }
  if (!all_units(*result)) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto index = static_cast<std::int64_t>(i);
      if (!all_units(*take(*result, &index, 1))) {
        throw Error(ErrorKind::format,
                    "ciphertext " + std::to_string(i) + " shares a factor with n: it was not made by encryption");
      }
    }
  }
  return result;
}

void export_residues(std::uint8_t* bytes, const Batch& batch) {
  const Modulus& m = batch.modulus();
  const std::size_t size = residue_bytes(m);
  for_each_tile(batch.groups(), groups_per_tile(m, kTileItems), [&](std::size_t first, std::size_t last) {
    Rows rows(m);
    Buffer limbs(m.dual_group_words());
    for (std::size_t g = first; g < last; ++g) {
      m.kernels().dual_reduce(limbs.data(), batch.group(g), m.view());
      m.kernels().dual_compose(limbs.data(), limbs.data(), m.view());
      m.kernels().store_words(rows.pointers, static_cast<unsigned>(rows.words), limbs.data(), 2 * m.limbs());
      for (unsigned l = 0; l < m.lanes() && g * m.lanes() + l < batch.size(); ++l) {
        write_words(bytes + (g * m.lanes() + l) * size, size, rows.pointers[l]);
      }
    }
  });
}

}  // namespace heflow::bigint
