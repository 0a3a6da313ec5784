"""How much a submission may take. What happens beyond is the session's business."""

from msgspec import Struct

from grader.sandbox.protocol.control import Kind

MIB = 2**20


class Limits(Struct, frozen=True):
    """Seconds of wall clock and bytes; the defaults serve ordinary coursework.

    `submission` is the time of all its cells and calls together, in whatever number of processes
    of a kind; each variable for which the cells run again has as much once more for all its runs.
    `answers` is what the answers in these processes may take together.
    `text` is what is kept of the text printed, `drained` how much may be printed at all;
    `file_size` is of one file, `files` of all.
    """

    call: float = 10.0
    cell: float = 30.0
    submission: float = 60.0
    memory: int = 1024 * MIB
    torch_memory: int = 3072 * MIB
    text: int = MIB
    drained: int = 64 * MIB
    answers: int = 128 * MIB
    file_size: int = 32 * MIB
    files: int = 64 * MIB
    descriptors: int = 64

    def memory_of(self, kind: Kind) -> int:
        """The bytes of address space that a process of this kind may have."""
        return self.torch_memory if kind == "real" else self.memory
