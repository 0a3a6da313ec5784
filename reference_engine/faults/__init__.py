"""Wrong on purpose: which faults a computation makes possible, and the computation under one.

A fault is one mistake that a person makes with derivatives: a factor forgotten, a path left out, a
gradient not set to zero. It sits at a place of the computation, in every iteration alike, and is
injected through the observer seam alone. Nothing here knows of students or marks.
"""

from reference_engine.faults._fault import Exhausted as Exhausted
from reference_engine.faults._fault import Fault as Fault
from reference_engine.faults._injection import inject as inject
from reference_engine.faults._possible import enumerate_faults as enumerate_faults
from reference_engine.faults._survey import count_operations as count_operations
from reference_engine.faults._survey import forward_values as forward_values
