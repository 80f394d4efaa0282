// A batch: numbers modulo n^2 at rest, lane-sliced in dual Montgomery form, immutable once filled.
// Operations run over all threads; tiles depend on the size only.
#pragma once

#include <memory>
#include <vector>

#include "modulus.hpp"

namespace heflow::bigint {

class Batch {
 public:
  Batch(ModulusPtr modulus, std::size_t size)
      : modulus_(std::move(modulus)), size_(size), storage_(groups() * modulus_->dual_group_words()) {}

  const Modulus& modulus() const { return *modulus_; }
  const ModulusPtr& modulus_ptr() const { return modulus_; }
  std::size_t size() const { return size_; }
  std::size_t groups() const { return (size_ + modulus_->lanes() - 1) / modulus_->lanes(); }
  std::size_t bytes() const { return storage_.size() * sizeof(Word); }
  Word* group(std::size_t g) { return storage_.data() + g * modulus_->dual_group_words(); }
  const Word* group(std::size_t g) const { return storage_.data() + g * modulus_->dual_group_words(); }

 private:
  ModulusPtr modulus_;
  std::size_t size_;
  Buffer storage_;
};

using BatchPtr = std::shared_ptr<const Batch>;

// How many lane groups a tile of about `items` items has.
std::size_t groups_per_tile(const Modulus& modulus, std::size_t items);

// body(first_group, last_group) over tiles, on all threads.
template <class Body>
void for_each_tile(std::size_t groups, std::size_t tile, const Body& body);

// Items indices[0..lanes) of `batch` side by side; `scratch` holds one dual group. The result is either
// scratch or, where the items lie so already, the group itself.
const Word* gather(const Batch& batch, const std::int64_t* indices, Word* scratch);

// Item i of the batch = lane 0 of groups[i]; batches that are not empty.
void gather_rows(Batch& batch, const Word* groups);

BatchPtr multiply(const Batch& a, const Batch& b);  // item by item, equal sizes
BatchPtr take(const Batch& batch, const std::int64_t* indices, std::size_t count);
BatchPtr concatenate(const std::vector<BatchPtr>& batches);
// Item by item inverse; Error(format) if some item is not a unit.
BatchPtr invert_vartime(const Batch& batch);
// result[i] = product over j < count of batch[indices[i * count + j]]
BatchPtr multiply_groups(const Batch& batch, const std::int64_t* indices, std::size_t rows, std::size_t count);

// group = in every lane, the product of all its lanes; scratch: one dual group
void multiply_lanes(Word* group, Word* scratch, const Modulus& modulus);

// Canonical residues modulo n^2, little-endian, ceil(2 bits / 8) bytes each.
std::size_t residue_bytes(const Modulus& modulus);
BatchPtr import_residues(const ModulusPtr& modulus, const std::uint8_t* bytes, std::size_t count);  // all checked
void export_residues(std::uint8_t* bytes, const Batch& batch);

}  // namespace heflow::bigint

#include "../threads/parallel_for.hpp"

namespace heflow::bigint {

template <class Body>
void for_each_tile(std::size_t groups, std::size_t tile, const Body& body) {
  parallel_for((groups + tile - 1) / tile, [&](std::size_t t) {
    const std::size_t first = t * tile;
    body(first, first + tile < groups ? first + tile : groups);
  });
}

}  // namespace heflow::bigint
