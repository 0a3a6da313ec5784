"""Hostile programs, one a rule or an attack: small, bounded, aimed only at what the test made.

Each defines `attack(world)`, which returns "done" only if it got what it is after.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Attack:
    """A program, and the least level at which it must come to nothing."""

    name: str
    least: str
    body: str

    @property
    def source(self):
        lines = "\n".join(f"    {line}" for line in self.body.strip().splitlines())
        return f"import os, sys\n\ndef attack(world):\n{lines}\n    return 'done'\n"


ATTACKS = [
    # -- files ------------------------------------------------------------------------------------
    Attack("read_the_solution", "kernel", "open(world['secret']).read()"),
    Attack("read_by_descriptor", "kernel", "os.read(os.open(world['secret'], os.O_RDONLY), 9)"),
    Attack("read_the_graders_code", "kernel", "open(world['package'] + '/comparison.py').read()"),
    Attack("list_the_results", "kernel", "os.listdir(world['results'])"),
    Attack(
        "write_a_result", "kernel", "open(world['results'] + '/results.json', 'w').write('100')"
    ),
    Attack("append_to_a_result", "kernel", "open(world['results'] + '/results.json', 'a').close()"),
    Attack("truncate_a_file", "kernel", "os.truncate(world['secret'], 0)"),
    Attack(
        "truncate_by_reading",
        "kernel",
        "os.open(world['secret'], os.O_RDONLY | os.O_TRUNC)",
    ),
    Attack("make_a_file_outside", "kernel", "open(world['results'] + '/new', 'x').close()"),
    Attack("make_a_folder_outside", "kernel", "os.mkdir(world['results'] + '/folder')"),
    Attack("remove_a_file", "kernel", "os.unlink(world['secret'])"),
    Attack("rename_a_file", "kernel", "os.rename(world['secret'], world['link'])"),
    Attack(
        "read_through_a_symlink",
        "kernel",
        "os.symlink(world['secret'], 'mine')\nopen('mine').read()\nos.unlink('mine')",
    ),
    Attack("make_a_symlink_outside", "kernel", "os.symlink('/etc/passwd', world['link'])"),
    Attack(
        "read_through_a_hard_link",
        "kernel",
        "os.link(world['secret'], world['link'])\nopen(world['link']).read()",
    ),
    Attack("climb_out_of_the_folder", "kernel", "os.chdir('..'); os.listdir('.')"),
    Attack(
        "change_a_mode",
        "kernel",
        "os.chmod(world['secret'], 0o640)\n"
        "assert os.stat(world['secret']).st_mode & 0o777 == 0o640",
    ),
    Attack(
        "change_a_time",
        "kernel",
        "os.utime(world['secret'], (1, 1))\nassert os.stat(world['secret']).st_mtime == 1",
    ),
    Attack("change_an_owner", "kernel", "os.chown(world['secret'], os.getuid(), os.getgid())"),
    Attack("read_the_users_of_the_machine", "kernel", "open('/etc/passwd').read()"),
    Attack(
        "use_shared_memory",
        "kernel",
        "open('/dev/shm/left-by-a-test', 'x').close()\nos.unlink('/dev/shm/left-by-a-test')",
    ),
    Attack(
        "import_the_grader",
        "kernel",
        "sys.path.insert(0, os.path.dirname(world['package']))\n"
        "from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder\n"
        "sys.meta_path[:] = [BuiltinImporter, FrozenImporter, PathFinder]\n"
        "import grader.comparison",
    ),
    # -- other processes --------------------------------------------------------------------------
    Attack("start_a_process", "kernel", "if os.fork() == 0: os._exit(0)\nos.wait()"),
    Attack("start_a_program", "kernel", "import subprocess\nsubprocess.run(['true'], check=True)"),
    Attack(
        "become_a_program",
        "kernel",
        "import ctypes\nr, w = os.pipe()\nos.posix_spawn('/bin/true', ['true'], {})",
    ),
    Attack("signal_another_process", "kernel", "os.kill(world['victim'], 0)"),
    Attack("end_another_process", "kernel", "os.kill(world['victim'], 9)"),
    Attack("look_at_the_grader", "kernel", "os.kill(world['grader'], 0)"),
    Attack(
        "signal_by_file",
        "kernel",
        "import fcntl\nr, w = os.pipe()\nfcntl.fcntl(r, fcntl.F_SETOWN, world['victim'])",
    ),
    Attack(
        "trace_another_process",
        "kernel",
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "assert libc.ptrace(0x4206, world['victim'], 0, 0) == 0\n"
        "assert libc.ptrace(17, world['victim'], 0, 0) in (0, -1)",
    ),
    Attack(
        "read_anothers_memory",
        "kernel",
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "assert libc.process_vm_readv(world['victim'], None, 0, None, 0, 0) == 0",
    ),
    Attack(
        "limit_another_process",
        "kernel",
        "import resource\nresource.prlimit(world['victim'], resource.RLIMIT_CORE)",
    ),
    Attack("hold_another_process", "kernel", "os.close(os.pidfd_open(world['victim']))"),
    Attack(
        "read_anothers_environment", "kernel", "open(f\"/proc/{world['grader']}/environ\").read()"
    ),
    Attack("read_anothers_command", "kernel", "open(f\"/proc/{world['victim']}/cmdline\").read()"),
    Attack("list_all_processes", "kernel", "assert any(n.isdigit() for n in os.listdir('/proc'))"),
    Attack("slow_the_others_down", "kernel", "os.setpriority(os.PRIO_PROCESS, world['victim'], 1)"),
    # -- network and kernel -----------------------------------------------------------------------
    Attack(
        "connect_to_a_port",
        "kernel",
        "import socket\nsocket.create_connection(('127.0.0.1', world['port']), 1).close()",
    ),
    Attack(
        "open_a_port", "kernel", "import socket\nsocket.create_server(('127.0.0.1', 0)).close()"
    ),
    Attack(
        "send_a_datagram",
        "kernel",
        "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "s.sendto(b'x', ('127.0.0.1', world['port']))",
    ),
    Attack("meet_at_a_local_socket", "kernel", "import _socket\n_socket.socketpair()[0].close()"),
    Attack("hide_a_file_in_memory", "kernel", "os.close(os.memfd_create('x'))"),
    Attack(
        "make_a_namespace",
        "kernel",
        "import ctypes\nlibc = ctypes.CDLL(None)\n"
        "if os.fork() == 0: os._exit(libc.unshare(0x10000000) != 0)\n"
        "assert os.wait()[1] == 0",
    ),
    Attack(
        "ask_for_io_uring",
        "kernel",
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "assert libc.syscall(425, 0, None) == -1\n"
        "assert ctypes.get_errno() not in (1, 38)",
    ),
    Attack(
        "ask_for_keys",
        "kernel",
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "assert libc.syscall(219 if os.uname().machine == 'aarch64' else 250, 0, -3, 0) != -1",
    ),
    Attack(
        "use_the_numbers_of_another_processor",
        "kernel",
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "assert libc.syscall(0x40000000 + 39) == -1",
    ),
    # -- what is taken ----------------------------------------------------------------------------
    Attack("read_the_environment", "limits", "assert 'COURSE_TOKEN' in os.environ"),
    Attack("fill_the_memory", "limits", "kept = bytearray(700 * 2**20)"),
    Attack(
        "fill_the_disk_with_one_file",
        "limits",
        "with open('big', 'wb') as f:\n    f.write(bytes(12 * 2**20))\nos.unlink('big')",
    ),
    Attack(
        "fill_the_disk_with_many_files",
        "limits",
        "import time\nfor i in range(6):\n    with open(f'part{i}', 'wb') as f:\n"
        "        f.write(bytes(4 * 2**20))\ntime.sleep(1)\n"
        "for i in range(6): os.unlink(f'part{i}')",
    ),
    Attack(
        "take_every_descriptor",
        "limits",
        "kept = [os.dup(1) for _ in range(100)]\nfor one in kept: os.close(one)",
    ),
    Attack("flood_the_output", "limits", "sys.stdout.write('x' * (6 * 2**20))"),
    Attack("take_more_time_than_others", "kernel", "os.setpriority(os.PRIO_PROCESS, 0, -5)"),
    Attack("join_other_groups", "kernel", "os.setgroups([1])"),
    Attack("hang", "limits", "import time\ntime.sleep(4)"),
    Attack(
        "hang_and_ignore_signals",
        "limits",
        "import signal, time\nfor n in (2, 14, 15): signal.signal(n, signal.SIG_IGN)\n"
        "time.sleep(4)",
    ),
    # -- how it is judged -------------------------------------------------------------------------
    Attack("leave_with_success", "limits", "print('done'); sys.stdout.flush(); os._exit(0)"),
    Attack("leave_politely", "limits", "print('done'); sys.exit(0)"),
    Attack("raise_past_everything", "limits", "print('done'); raise GeneratorExit"),
    Attack(
        "find_the_reference_in_memory",
        "limits",
        "import gc\nassert any('grader' == getattr(o, '__name__', '').partition('.')[0]\n"
        "           for o in [*gc.get_objects(), *sys.modules.values()]\n"
        "           if type(o) is type(sys) and 'comparison' in o.__name__)",
    ),
    Attack(
        "find_the_answer_in_the_frames",
        "limits",
        "frame, found = sys._getframe(), []\nwhile frame:\n"
        "    found += [n for n in frame.f_locals if n in "
        "('expected', 'reference', 'judgement')]\n"
        "    frame = frame.f_back\nassert found",
    ),
]

NEEDS_ROOT = frozenset(
    {
        "take_more_time_than_others", "join_other_groups", "open_a_library_for_writing",
        "open_a_setting_of_the_kernel", "make_a_device", "change_the_root", "mount", "become_root",
        "take_back_its_rights", "set_the_clock", "be_root_in_a_world_of_its_own",
        "keep_its_memory_from_others",
    }
)  # fmt: skip
"""Nobody else may do these anyway."""

NEEDS_X86_64 = frozenset(
    {"use_the_numbers_of_another_processor", "call_as_another_processor_would"}
)
"""Elsewhere a program has no other set of calls to use."""

NOT_ALONE = frozenset(
    {
        "leave_with_success", "leave_politely", "raise_past_everything",
        "find_the_reference_in_memory", "find_the_answer_in_the_frames", "find_the_next_case",
        "find_the_tolerance_among_all_objects",
    }
)  # fmt: skip
"""Aimed at a grader in the same process: the test stands in for one where there is no sandbox."""
