"""The modules of torch.nn, one family a file."""

from reference_engine.nn.modules.activation import *  # noqa: F403
from reference_engine.nn.modules.batchnorm import *  # noqa: F403
from reference_engine.nn.modules.container import *  # noqa: F403
from reference_engine.nn.modules.conv import *  # noqa: F403
from reference_engine.nn.modules.distance import *  # noqa: F403
from reference_engine.nn.modules.dropout import *  # noqa: F403
from reference_engine.nn.modules.flatten import *  # noqa: F403
from reference_engine.nn.modules.fold import *  # noqa: F403
from reference_engine.nn.modules.linear import *  # noqa: F403
from reference_engine.nn.modules.loss import *  # noqa: F403
from reference_engine.nn.modules.module import *  # noqa: F403
from reference_engine.nn.modules.normalization import *  # noqa: F403
from reference_engine.nn.modules.padding import *  # noqa: F403
from reference_engine.nn.modules.pixelshuffle import *  # noqa: F403
from reference_engine.nn.modules.pooling import *  # noqa: F403
from reference_engine.nn.modules.rnn import *  # noqa: F403
from reference_engine.nn.modules.sparse import *  # noqa: F403
from reference_engine.nn.modules.upsampling import *  # noqa: F403
