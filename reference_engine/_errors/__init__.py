"""Every message of PyTorch's that the engine mirrors, each written once, one family a file.

The texts are PyTorch 2.13's, word for word: students search for them. What stands in braces is
filled in where the message is raised.
"""

# ruff: noqa: F403 - every text is offered here

from reference_engine._errors.autograd import *
from reference_engine._errors.coverage import *
from reference_engine._errors.functional import *
from reference_engine._errors.linear_algebra import *
from reference_engine._errors.networks import *
from reference_engine._errors.operations import *
from reference_engine._errors.shapes import *
from reference_engine._errors.tensors import *
