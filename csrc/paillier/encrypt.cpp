#include "encrypt.hpp"

#include <algorithm>
#include <string>

#include "../base/error.hpp"

namespace heflow::paillier {
namespace {

// Residues of all messages, words() words each: checked as a whole before any work.
Buffer residues(const Integers& messages, const Modulus& n) {
  Buffer rows(messages.count * n.words(), Content::secret);
  for (std::size_t i = 0; i < messages.count; ++i) {
    if (to_residue(rows.data() + i * n.words(), messages.at(i), messages.words_each, n) == 0) {
      throw Error(ErrorKind::headroom, "message " + std::to_string(i) + " is not below n/2 in size: the key of " +
                                           std::to_string(n.bits()) + " bits cannot hold it");
    }
  }
  return rows;
}

// x *= 1 + m n, that is x1 += m x0, for the lanes of group g.
void fold(Word* x, const Buffer& rows, std::size_t count, std::size_t g, Word* scratch, const Modulus& n) {
  const bigint::Kernels& k = n.kernels();
  const Word* lanes[bigint::kMaxLanes];
  for (unsigned l = 0; l < n.lanes(); ++l) lanes[l] = rows.data() + std::min(g * n.lanes() + l, count - 1) * n.words();
  k.load_words(scratch, n.limbs(), lanes, static_cast<unsigned>(n.words()));
  const bigint::LinearTerm term{scratch, n.limbs(), n.to_montgomery().data(), nullptr};
  k.linear(scratch, &term, 1, n.view());
  k.mont_mul(scratch, scratch, x, n.view());
  k.add(x + n.group_words(), x + n.group_words(), scratch, n.limbs());
}

// make(group, first_item, items) writes the randomizers of whole groups; the messages are folded in behind it.
template <class Make>
BatchPtr encrypt_tiles(const ModulusPtr& modulus, const Integers& messages, const Make& make) {
  const Modulus& n = *modulus;
  const Buffer rows = residues(messages, n);
  auto result = std::make_shared<Batch>(modulus, messages.count);
  bigint::for_each_tile(result->groups(), randomizer_tile(n, result->groups()), [&](std::size_t first, std::size_t last) {
    const std::size_t first_item = first * n.lanes();
    make(result->group(first), first_item, std::min(last * n.lanes(), messages.count) - first_item);
    Buffer scratch(n.group_words(), Content::secret);
    for (std::size_t g = first; g < last; ++g) fold(result->group(g), rows, messages.count, g, scratch.data(), n);
  });
  return result;
}

}  // namespace

BatchPtr encrypt(const PublicKey& key, const Integers& messages) {
  const Seed seed = Seed::fresh();
  if (!key.textbook() && messages.count > 0) key.table();  // made on all threads, not inside a tile
  return encrypt_tiles(key.modulus(), messages, [&](Word* groups, std::size_t first_item, std::size_t items) {
    public_randomizers(groups, key, seed, first_item, items);
  });
}

BatchPtr encrypt_owner(const SecretKey& key, const Integers& messages) {
  const Seed seed = Seed::fresh();
  if (messages.count > 0 && key.p().has_base()) key.p().table(), key.q().table();
  return encrypt_tiles(key.public_key().modulus(), messages, [&](Word* groups, std::size_t first_item, std::size_t items) {
    owner_randomizers(groups, key, seed, first_item, items);
  });
}

BatchPtr encrypt_fixed(const PublicKey& key, const Integers& messages, const Word* r) {
  const Modulus& n = *key.modulus();
  return encrypt_tiles(key.modulus(), messages, [&](Word* groups, std::size_t first_item, std::size_t items) {
    for (std::size_t i = 0; i < items; i += n.lanes()) {
      const Word* rows[bigint::kMaxLanes];
      for (unsigned l = 0; l < n.lanes(); ++l) rows[l] = r + std::min(first_item + i + l, messages.count - 1) * n.words();
      textbook_randomizer(groups + i / n.lanes() * n.dual_group_words(), rows, n);
    }
  });
}

BatchPtr rerandomize(const PublicKey& key, const Batch& batch) {
  const Modulus& n = batch.modulus();
  const Seed seed = Seed::fresh();
  if (!key.textbook() && batch.size() > 0) key.table();
  auto result = std::make_shared<Batch>(batch.modulus_ptr(), batch.size());
  bigint::for_each_tile(batch.groups(), randomizer_tile(n, batch.groups()), [&](std::size_t first, std::size_t last) {
    const std::size_t first_item = first * n.lanes();
    public_randomizers(result->group(first), key, seed, first_item, std::min(last * n.lanes(), batch.size()) - first_item);
    for (std::size_t g = first; g < last; ++g) {
      n.kernels().dual_mul(result->group(g), result->group(g), batch.group(g), n.view());
    }
  });
  return result;
}

BatchPtr add_plain(const PublicKey& key, const Batch& batch, const Integers& messages) {
  const Modulus& n = *key.modulus();
  const Buffer rows = residues(messages, n);
  auto result = std::make_shared<Batch>(batch.modulus_ptr(), batch.size());
  bigint::for_each_tile(batch.groups(), bigint::groups_per_tile(n, 64), [&](std::size_t first, std::size_t last) {
    Buffer scratch(n.group_words(), Content::secret);
    for (std::size_t g = first; g < last; ++g) {
      Word* x = result->group(g);
      std::copy(batch.group(g), batch.group(g) + n.group_words(), x);
      // x1 through the unit first: back below 2n, so that chains of additions stay in range.
      const bigint::LinearTerm unit{batch.group(g) + n.group_words(), n.limbs(), n.one().data(), nullptr};
      n.kernels().linear(x + n.group_words(), &unit, 1, n.view());
      fold(x, rows, batch.size(), g, scratch.data(), n);
    }
  });
  return result;
}

}  // namespace heflow::paillier
