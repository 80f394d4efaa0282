// What every binding file shares.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>

#include "../base/error.hpp"

namespace py = pybind11;

namespace heflow {

// Signed integers, shape (count, words): two's complement, least significant word first.
using Words = py::array_t<std::int64_t, py::array::c_style>;

[[noreturn]] inline void refuse(ErrorKind kind, const std::string& message) { throw Error(kind, message); }

}  // namespace heflow
