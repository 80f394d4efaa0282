// What every binding file shares.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>

namespace py = pybind11;

namespace heflow {

// Signed integers, shape (count, words): two's complement, least significant word first.
using Words = py::array_t<std::int64_t, py::array::c_style>;

}  // namespace heflow
