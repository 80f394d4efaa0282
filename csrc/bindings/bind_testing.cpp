// heflow._core.testing: parts below the public surface, for the tests and for `heflow doctor`.
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "../base/buffer.hpp"
#include "../base/error.hpp"
#include "../base/isa.hpp"
#include "../bigint/inverse.hpp"
#include "../random/entropy.hpp"
#include "../random/samplers.hpp"
#include "../threads/parallel_for.hpp"
#include "common.hpp"

namespace heflow {
namespace {

Seed seed_from(std::string_view bytes) {
  if (bytes.size() != Seed::kBytes) throw Error(ErrorKind::parameter, "a seed has 32 bytes");
  return Seed::from_bytes(reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

py::bytes stream(std::string_view seed, std::uint64_t substream, std::size_t bytes) {
  std::string out(bytes, '\0');
  const Seed from = seed_from(seed);
  Stream(from, substream).fill(reinterpret_cast<std::uint8_t*>(out.data()), bytes);
  return py::bytes(out);
}

bigint::Natural natural(std::string_view bytes) {
  return bigint::natural_from_bytes(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

py::bytes to_bytes(const bigint::Natural& x) { return py::bytes(reinterpret_cast<const char*>(x.data()), x.size() * 8); }

py::bytes below(std::string_view seed, std::uint64_t substream, std::string_view bound) {
  const Seed from = seed_from(seed);
  const bigint::Natural limit = natural(bound);
  if (bigint::is_zero(limit)) throw Error(ErrorKind::parameter, "the bound must be positive");
  bigint::Natural out(limit.size(), 0);
  Stream drawn(from, substream);
  uniform_below(drawn, out.data(), limit.data(), limit.size());
  return to_bytes(out);
}

py::object inverse(std::string_view a, std::string_view n) {
  bigint::Natural result;
  if (!bigint::inverse_vartime(result, natural(a), natural(n))) return py::none();
  return to_bytes(result);
}

// A loop of tiles that each sleep; one of them may throw. Returns the sum of the tiles' numbers.
std::uint64_t parallel_loop(std::size_t tiles, double milliseconds, std::int64_t failing_tile, bool nested) {
  py::gil_scoped_release release;
  std::atomic<std::uint64_t> sum{0};
  parallel_for(tiles, [&](std::size_t tile) {
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(milliseconds));
    if (static_cast<std::int64_t>(tile) == failing_tile)
      throw Error(ErrorKind::parameter, "tile " + std::to_string(tile) + " failed");
    if (nested) {
      parallel_for(3, [&](std::size_t inner) { sum += inner; });
    } else {
      sum += tile;
    }
  });
  return sum;
}

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "gcc " __VERSION__;
#else
  return "unknown";
#endif
}

}  // namespace

void bind_testing(py::module_& module) {
  module.def("stream", &stream, py::arg("seed"), py::arg("substream"), py::arg("nbytes"));
  module.def("uniform_below", &below, py::arg("seed"), py::arg("substream"), py::arg("bound"));
  module.def(
      "entropy",
      [](std::size_t bytes) {
        std::string out(bytes, '\0');
        fill_entropy(reinterpret_cast<std::uint8_t*>(out.data()), bytes);
        return py::bytes(out);
      },
      py::arg("nbytes"));
  module.def("inverse", &inverse, py::arg("a"), py::arg("n"));
  module.def("parallel_loop", &parallel_loop, py::arg("tiles"), py::arg("milliseconds"), py::arg("failing_tile") = -1,
             py::arg("nested") = false);
  module.def("pooled_bytes", &pooled_bytes);
  module.def("compiler", &compiler);
  module.def("cpu_name", &cpu_name);
  module.def("entropy_source", [] { return std::string(entropy_source()); });
}

}  // namespace heflow
