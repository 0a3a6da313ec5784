"""torch.autograd.profiler: the profiler under its name of before."""

from reference_engine.profiler import Event, EventList, profile, record_function

__all__ = ["Event", "EventList", "profile", "record_function"]
