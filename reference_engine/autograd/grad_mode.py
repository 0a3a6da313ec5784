"""torch.autograd.grad_mode: the modes that decide whether operations are recorded."""

from reference_engine._modes import enable_grad, inference_mode, no_grad, set_grad_enabled

__all__ = ["enable_grad", "inference_mode", "no_grad", "set_grad_enabled"]
