// The one exception type of the library; bindings translate each kind to its Python class.
#pragma once

#include <stdexcept>
#include <string>

namespace heflow {

enum class ErrorKind {
  parameter,
  shape,
  key_mismatch,
  encoding,
  encoding_range,
  headroom,
  depth,
  unsupported,
  format,
  key_file,
  backend,
  entropy,
};

// The message says what was given, what was needed and what to do.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace heflow
