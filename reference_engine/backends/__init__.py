"""torch.backends: what PyTorch could compute with beside NumPy's one way, all of it absent."""

from reference_engine.backends import cuda, cudnn, mkl, mkldnn, mps, openmp
