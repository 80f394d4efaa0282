// heflow._core.ckks: batches and the verbs on them. Everything is checked here; below, nothing is.
#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "../ckks/evaluate.hpp"
#include "../ckks/wire.hpp"
#include "common.hpp"

namespace heflow {
namespace {

using ckks::Batch;
using ckks::BatchPtr;
using ckks::Context;
using ckks::Messages;
using ckks::polynomial_bytes;
using ckks::PublicKey;
using ckks::read_limb;
using ckks::SecretKey;
using ckks::SeedBytes;
using ckks::SwitchKey;
using ckks::write_limb;
using ring::Word;

using Reals = py::array_t<double, py::array::c_style>;
using Indices = py::array_t<std::int64_t, py::array::c_style>;
using ContextRef = std::shared_ptr<Context>;

std::shared_ptr<Batch> shared(const BatchPtr& batch) { return std::const_pointer_cast<Batch>(batch); }

template <class Verb>
std::shared_ptr<Batch> without_gil(const Verb& verb) {
  py::gil_scoped_release release;
  return shared(verb());
}

void require_same(const Context& a, const Context& b) {
  if (!a.same_as(b)) refuse(ErrorKind::key_mismatch, "the batch belongs to another key, parameter set or backend");
}

Messages messages(const Reals& values, const Context& context, double scale, bool wide, std::size_t count) {
  if (values.ndim() != 2 || static_cast<std::size_t>(values.shape(1)) != context.slots() ||
      static_cast<std::size_t>(values.shape(0)) != count) {
    refuse(ErrorKind::shape,
           "values must have the shape (" + std::to_string(count) + ", " + std::to_string(context.slots()) + ")");
  }
  return {values.data(), count, scale, wide};
}

void require_level(const Batch& batch) {
  if (batch.primes() < 2) refuse(ErrorKind::depth, "the ciphertexts have one prime left and a product takes one");
}

std::vector<std::int64_t> one_each(const Batch& batch, const Indices& w) {
  if (static_cast<std::size_t>(w.size()) != batch.size()) refuse(ErrorKind::shape, "one integer is needed for each ciphertext");
  return {w.data(), w.data() + w.size()};
}

std::shared_ptr<Batch> add_integer(const Batch& a, const Indices& w) {
  return without_gil([&, terms = one_each(a, w)] { return ckks::add_integer(a, terms); });
}

std::shared_ptr<Batch> multiply_integer(const Batch& a, const Indices& w) {
  require_level(a);
  return without_gil([&, factors = one_each(a, w)] { return ckks::multiply_integer(a, factors); });
}

void require_rotations(const std::vector<std::shared_ptr<SwitchKey>>& keys, const Batch& batch) {
  bool rotate = !keys.empty();
  for (const auto& key : keys) rotate &= key->positions.size() == batch.context().degree();
  if (!rotate) refuse(ErrorKind::parameter, "rotations are needed, and keys that rotate");
}

// The ciphertexts behind the bytes `before`: joined here, they are copied once less.
py::bytes batch_to_bytes(const Batch& batch, std::string_view before) {
  const Context& context = batch.context();
  const std::size_t parts = batch.seed ? 1 : 2, each = polynomial_bytes(context, batch.primes());
  const std::size_t head = batch.seed ? Seed::kBytes : 0;
  py::bytes data(nullptr, before.size() + head + batch.size() * parts * each);
  auto* out = reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(data.ptr()));
  out = std::copy(before.begin(), before.end(), out);
  py::gil_scoped_release release;
  if (batch.seed) std::memcpy(out, batch.seed->data(), head), out += head;
  for (std::size_t item = 0; item < batch.size(); ++item) {
    for (std::size_t part = 0; part < parts; ++part)
      for (std::size_t i = 0; i < batch.primes(); ++i) write_limb(out, batch.limb(item, part, i), context, i);
  }
  return data;
}

std::shared_ptr<Batch> batch_from_bytes(const ContextRef& context, const py::buffer& data, std::size_t count,
                                        std::size_t primes, bool seeded) {
  const py::buffer_info info = data.request();
  if (primes < 1 || primes > context->data_primes()) refuse(ErrorKind::format, "the number of primes is not one of this key");
  const std::size_t parts = seeded ? 1 : 2, head = seeded ? Seed::kBytes : 0, each = polynomial_bytes(*context, primes);
  const auto size = static_cast<std::size_t>(info.size * info.itemsize);
  if (info.ndim != 1 || size < head || (size - head) / (parts * each) != count || (size - head) % (parts * each) != 0)
    refuse(ErrorKind::format, std::to_string(size) + " bytes do not hold " + std::to_string(count) + " ciphertexts");
  const auto* in = static_cast<const std::uint8_t*>(info.ptr);
  return without_gil([&]() -> BatchPtr {
    auto batch = std::make_shared<Batch>(context, count, primes);
    if (seeded) {
      SeedBytes seed;
      std::memcpy(seed.data(), in, seed.size());
      batch->seed = seed, in += seed.size();
    }
    for (std::size_t item = 0; item < count; ++item) {
      for (std::size_t part = 0; part < parts; ++part)
        for (std::size_t i = 0; i < primes; ++i) read_limb(batch->limb(item, part, i), in, *context, i);
    }
    if (seeded) ckks::expand_seed(*batch);
    for (std::size_t item = 0; item < count; ++item) {
      for (std::size_t i = 0; i < primes; ++i) {
        Word any = 0;
        for (std::size_t k = 0; k < context->degree(); ++k) any |= batch->limb(item, 1, i)[k];
        if (any == 0)
          refuse(ErrorKind::format,
                 "ciphertext " + std::to_string(item) + " is transparent: it hides nothing (its c1 is zero)");
      }
    }
    return batch;
  });
}

std::pair<Reals, double> decrypt(const SecretKey& key, const Batch& batch, std::size_t primes, double scale, bool total) {
  require_same(*key.context(), batch.context());
  if (primes < 1 || primes > 2 || primes > batch.primes()) refuse(ErrorKind::parameter, "one or two primes decrypt");
  const auto count = static_cast<py::ssize_t>(batch.size());
  const auto width = total ? py::ssize_t{1} : static_cast<py::ssize_t>(batch.context().slots());
  Reals values({count, width});
  double* out = values.mutable_data();
  py::gil_scoped_release release;
  const double largest = ckks::decrypt(out, key, batch, primes, scale, total);
  return {std::move(values), largest};
}

void require_items(const Indices& items, const Batch& batch) {
  for (py::ssize_t i = 0; i < items.size(); ++i) {
    if (items.data()[i] < 0 || static_cast<std::size_t>(items.data()[i]) >= batch.size())
      refuse(ErrorKind::shape, "an index lies outside the batch");
  }
}

void require_pair(const Batch& a, const Batch& b) {
  require_same(a.context(), b.context());
  if (a.size() != b.size()) refuse(ErrorKind::shape, "batches of different lengths met");
}

void bind_encryption(py::module_& m) {
  using py::arg;
  m.def(
      "encrypt_public",
      [](const PublicKey& key, const Reals& values, std::size_t primes, double scale, bool wide) {
        const Messages in = messages(values, *key.context, scale, wide, static_cast<std::size_t>(values.shape(0)));
        return without_gil([&] { return ckks::encrypt_public(key, in, primes); });
      },
      arg("key"), arg("values"), arg("primes"), arg("scale"), arg("wide"));
  m.def(
      "encrypt_symmetric",
      [](const SecretKey& key, const Reals& values, std::size_t primes, double scale, bool wide) {
        const Messages in = messages(values, *key.context(), scale, wide, static_cast<std::size_t>(values.shape(0)));
        return without_gil([&] { return ckks::encrypt_symmetric(key, in, primes); });
      },
      arg("key"), arg("values"), arg("primes"), arg("scale"), arg("wide"));
  m.def("decrypt", &decrypt, arg("key"), arg("batch"), arg("primes"), arg("scale"), arg("total"));
  m.def("to_bytes", &batch_to_bytes, arg("a"), arg("before") = "");
  m.def("from_bytes", &batch_from_bytes, arg("context"), arg("data"), arg("count"), arg("primes"), arg("seeded"));
}

void bind_sums_and_products(py::module_& m) {
  using py::arg;
  for (const auto& [name, verb] : {std::pair{"add", &ckks::add}, std::pair{"subtract", &ckks::subtract}}) {
    const auto pairwise = [verb = verb](const Batch& a, const Batch& b) {
      return require_pair(a, b), without_gil([&] { return verb(a, b); });
    };
    m.def(name, pairwise, arg("a"), arg("b"));
  }
  m.def("negate", [](const Batch& a) { return without_gil([&] { return ckks::negate(a); }); }, arg("a"));
  m.def(
      "add_plain",
      [](const Batch& a, const Reals& values, double scale, bool wide) {
        const Messages in = messages(values, a.context(), scale, wide, a.size());
        return without_gil([&] { return ckks::add_plain(a, in); });
      },
      arg("a"), arg("values"), arg("scale"), arg("wide"));
  m.def(
      "multiply_plain",
      [](const Batch& a, const Reals& values, double scale, bool wide) {
        require_level(a);
        const Messages in = messages(values, a.context(), scale, wide, a.size());
        return without_gil([&] { return ckks::multiply_plain(a, in); });
      },
      arg("a"), arg("values"), arg("scale"), arg("wide"));
  m.def("add_integer", &add_integer, arg("a"), arg("w"));
  m.def("multiply_integer", &multiply_integer, arg("a"), arg("w"));
  const auto multiply = [](const Batch& a, const Batch& b, const SwitchKey& key) {
    require_pair(a, b), require_level(a), require_level(b);
    return without_gil([&] { return ckks::multiply(a, b, key); });
  };
  m.def("multiply", multiply, arg("a"), arg("b"), arg("key"));
  const auto rotate = [](const Batch& a, const std::shared_ptr<SwitchKey>& key) {
    return require_rotations({key}, a), without_gil([&] { return ckks::rotate(a, key); });
  };
  m.def("rotate", rotate, arg("a"), arg("key"));
  const auto add_rotations = [](const Batch& a, const std::vector<std::shared_ptr<SwitchKey>>& keys) {
    return require_rotations(keys, a), without_gil([&] { return ckks::add_rotations(a, keys); });
  };
  m.def("add_rotations", add_rotations, arg("a"), arg("keys"));
}

void bind_selection(py::module_& m) {
  using py::arg;
  m.def(
      "drop",
      [](const Batch& a, std::size_t primes) {
        if (primes < 1 || primes > a.primes()) refuse(ErrorKind::parameter, "primes can only be dropped");
        return without_gil([&] { return ckks::drop(a, primes); });
      },
      arg("a"), arg("primes"));
  m.def(
      "take",
      [](const Batch& a, const Indices& items) {
        require_items(items, a);
        return without_gil([&] { return ckks::take(a, items.data(), static_cast<std::size_t>(items.size())); });
      },
      arg("a"), arg("items"));
  m.def(
      "concatenate",
      [](const std::vector<std::shared_ptr<Batch>>& parts) {
        if (parts.empty()) refuse(ErrorKind::shape, "nothing to concatenate");
        for (const auto& part : parts) {
          require_same(part->context(), parts.front()->context());
          if (part->primes() != parts.front()->primes()) refuse(ErrorKind::shape, "batches of different levels met");
        }
        const std::vector<BatchPtr> all(parts.begin(), parts.end());
        return without_gil([&] { return ckks::concatenate(all); });
      },
      arg("parts"));
  m.def("constant_only", [](const Batch& a) { return without_gil([&] { return ckks::constant_only(a); }); }, arg("a"));
}

void bind_linear_maps(py::module_& m) {
  using py::arg;
  m.def(
      "sum_groups",
      [](const Batch& a, const Indices& items) {
        if (items.ndim() != 2 || items.shape(1) < 1) refuse(ErrorKind::shape, "groups have the shape (n, k), k >= 1");
        require_items(items, a);
        return without_gil([&] {
          return ckks::sum_groups(a, items.data(), static_cast<std::size_t>(items.shape(0)),
                                  static_cast<std::size_t>(items.shape(1)));
        });
      },
      arg("a"), arg("items"));
  m.def(
      "linear_map",
      [](const Batch& a, const Reals& values, double scale, bool wide, std::size_t rows) {
        require_level(a);
        if (a.size() == 0) refuse(ErrorKind::shape, "a linear map needs ciphertexts");
        const Messages in = messages(values, a.context(), scale, wide, rows * a.size());
        return without_gil([&] { return ckks::linear_map(a, in, rows); });
      },
      arg("a"), arg("values"), arg("scale"), arg("wide"), arg("rows"));
  m.def(
      "weighted_sums",
      [](const Batch& a, const Indices& w) {
        require_level(a);
        if (w.ndim() != 2 || static_cast<std::size_t>(w.shape(1)) != a.size())
          refuse(ErrorKind::shape, "weights have a row for each result and a column for each ciphertext");
        return without_gil([&] { return ckks::weighted_sums(a, w.data(), static_cast<std::size_t>(w.shape(0))); });
      },
      arg("a"), arg("w"));
}

}  // namespace

void bind_ckks_keys(py::module_& module);  // bind_ckks_keys.cpp

void bind_ckks(py::module_& module) {
  bind_ckks_keys(module);
  py::class_<Batch, std::shared_ptr<Batch>>(module, "Batch")
      .def("__len__", &Batch::size)
      .def("alike", &Batch::alike, py::arg("other"))
      .def_property_readonly("primes", &Batch::primes)
      .def_property_readonly("nbytes", &Batch::bytes)
      .def_property_readonly("seeded", [](const Batch& batch) { return batch.seed.has_value(); });
  bind_encryption(module);
  bind_sums_and_products(module);
  bind_selection(module);
  bind_linear_maps(module);
}

}  // namespace heflow
