"""The compiled module: one stub for each of its submodules."""

from . import backend as backend
from . import bigint as bigint
from . import paillier as paillier
from . import testing as testing
from . import threads as threads
from . import wire as wire
