"""More hostile programs, by raw system calls and by ways around, in the form of programs.py.

`# %%` begins one, with the least level at which it must come to nothing and its name. The C library
is at hand as `libc`; `arm` says which number a call has, where that depends on the processor.
"""

from .programs import Attack

PROGRAMS = r"""
# %% kernel read_through_proc_root
open('/proc/self/root' + world['secret']).read()
# %% kernel read_through_the_graders_root
open(f"/proc/{world['grader']}/root" + world['secret']).read()
# %% kernel list_the_graders_descriptors
os.listdir(f"/proc/{world['grader']}/fd")
# %% full learn_the_size_of_a_file
assert os.stat(world['secret']).st_size == 11
# %% full hold_a_file_without_opening_it
os.close(os.open(world['secret'], os.O_PATH))
# %% kernel open_by_resolution
how = struct.pack('QQQ', os.O_RDONLY, 0, 0)
f = libc.syscall(437, -100, world['secret'].encode(), how, 24)
assert os.read(f, 6) == b'ANSWER'
# %% kernel watch_the_results
f = libc.inotify_init1(0)
assert f >= 0
assert libc.inotify_add_watch(f, world['results'].encode(), 0xfff) >= 0
# %% kernel lock_the_results
import fcntl
f = os.open(world['results'], os.O_RDONLY)
fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
# %% kernel make_a_pipe_with_a_name
os.mkfifo('pipe')
os.unlink('pipe')
# %% kernel read_the_list_of_mounts
open('/proc/self/mountinfo').read()
# %% kernel open_a_library_for_writing
os.close(os.open(os.__file__, os.O_WRONLY))
# %% kernel open_a_setting_of_the_kernel
os.close(os.open('/proc/sys/kernel/hostname', os.O_WRONLY))
# %% kernel make_a_device
import stat
os.mknod('dev', stat.S_IFBLK | 0o600, os.makedev(7, 7))
os.unlink('dev')
# %% kernel change_the_root
os.chroot('.')
# %% kernel mount
assert libc.mount(b'tmpfs', os.getcwd().encode(), b'tmpfs', 0, None) == 0
libc.umount(os.getcwd().encode())
# %% kernel import_by_path
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
l = SourceFileLoader('m', world['package'] + '/outcomes.py')
l.get_data(l.path)
# %% kernel read_source_by_linecache
import linecache
assert linecache.getlines(world['secret'])
# %% kernel read_the_parents_memory
open(f'/proc/{os.getppid()}/maps').read()
# %% kernel choose_who_dies_of_memory
open(f"/proc/{world['victim']}/oom_score_adj", 'w').write('500')
# %% kernel signal_the_whole_group
os.killpg(os.getpgid(world['victim']), 0)
# %% kernel signal_everybody
os.kill(-1, 0)
# %% kernel queue_a_signal
info = struct.pack('iiii', 0, 0, -1, 0) + bytes(112)
assert libc.syscall(138 if arm else 129, world['victim'], 0, info) == 0
# %% kernel signal_a_thread
assert libc.syscall(130 if arm else 200, world['victim'], 0) == 0
# %% kernel pin_another_process
os.sched_setaffinity(world['victim'], os.sched_getaffinity(world['victim']))
# %% kernel slow_anothers_files
assert libc.syscall(30 if arm else 251, 1, world['victim'], 3 << 13) == 0
# %% kernel write_anothers_memory
assert libc.process_vm_writev(world['victim'], None, 0, None, 0, 0) == 0
# %% kernel fork_by_number
if libc.syscall(220 if arm else 56, 17, 0, 0, 0, 0) == 0: os._exit(0)
os.wait()
# %% kernel fork_by_a_newer_number
args = struct.pack('8Q', 0, 0, 0, 0, 17, 0, 0, 0)
p = libc.syscall(435, args, 64)
if p == 0: os._exit(0)
assert p > 0
os.waitpid(p, 0)
# %% kernel share_memory_by_key
assert libc.shmget(0x41747441, 4096, 0o1600) >= 0
libc.shmctl(libc.shmget(0x41747441, 0, 0), 0, None)
# %% kernel leave_a_message
q = libc.msgget(0x41747441, 0o1600)
assert q >= 0
assert libc.msgctl(q, 0, None) == 0
# %% kernel leave_a_posix_message
q = libc.mq_open(b'/left-by-a-test', 0o102, 0o600, None)
assert q >= 0
libc.mq_unlink(b'/left-by-a-test')
# %% kernel meet_under_an_abstract_name
import socket
s = socket.socket(socket.AF_UNIX)
s.bind('\0left-by-a-test')
s.close()
# %% kernel talk_to_the_kernel
import socket
socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()
# %% kernel filter_its_own_calls
prog = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0x7fff0000))
head = struct.pack('HxxxxxxQ', 1, ctypes.addressof(prog))
libc.prctl(38, 1, 0, 0, 0)
assert libc.syscall(277 if arm else 317, 1, 0, head) == 0
# %% kernel call_as_another_processor_would
import ctypes, mmap
m = mmap.mmap(-1, 4096, prot=7)
m.write(b'\xb8\x14\0\0\0\xcd\x80\xc3')
f = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))
assert f() > 0
# %% kernel be_traced
assert libc.prctl(4, 1, 0, 0, 0) == 0
# %% kernel outlive_the_grader
assert libc.prctl(1, 0, 0, 0, 0) == 0
# %% kernel lay_out_memory_as_it_likes
assert libc.syscall(92 if arm else 135, 0x0040000) >= 0
# %% kernel become_root
os.setuid(0)
# %% kernel take_back_its_rights
h = struct.pack('Ii', 0x20080522, 0)
d = struct.pack('6I', 1, 1, 0, 0, 0, 0)
assert libc.capset(h, d) == 0
# %% kernel set_the_clock
import time
time.clock_settime(time.CLOCK_REALTIME, time.time())
# %% limits raise_its_limits
import resource
n = resource.RLIMIT_AS
resource.setrlimit(n, (2**40, 2**40))
# %% limits write_more_than_a_file_may_hold
with open('big','wb') as f:
    f.truncate(12 * 2**20)
os.unlink('big')
# %% limits write_beyond_by_seeking
with open('big','wb') as f:
    f.seek(12 * 2**20); f.write(b'x')
os.unlink('big')
# %% limits reserve_the_disk
f = os.open('big', os.O_CREAT | os.O_RDWR)
os.posix_fallocate(f, 0, 12 * 2**20)
os.unlink('big')
# %% limits talk_while_filling_the_disk
import time
for i in range(40):
    with open(f'part{i}', 'wb') as f:
        f.write(bytes(2**20))
    print('.', flush=True)
    time.sleep(0.03)
for i in range(40): os.unlink(f'part{i}')
# %% limits map_memory_from_a_file
import mmap
m = mmap.mmap(-1, 700 * 2**20)
# %% limits flood_with_empty_frames
import sys
for i in range(20000):
    sys.stdout.write(' ')
    sys.stdout.flush()
# %% limits find_the_next_case
frame, found = sys._getframe(), []
while frame:
    found += [v for n, v in frame.f_locals.items() if n == 'cases']
    frame = frame.f_back
assert found
# %% limits find_the_tolerance_among_all_objects
import gc
assert any(type(o) is dict and 'tolerance' in o and 'expected' in o for o in gc.get_objects())
# %% kernel swap_a_file_for_its_own
open('mine', 'w').close()
swap = lambda: libc.syscall(276 if arm else 316, -100, b'mine', -100, world['secret'].encode(), 2)
assert swap() == 0 and swap() == 0
# %% kernel be_root_in_a_world_of_its_own
assert libc.unshare(0x10000000) == 0
# %% kernel adopt_orphans
assert libc.prctl(36, 1, 0, 0, 0) == 0
# %% kernel keep_its_memory_from_others
assert libc.mlockall(1) == 0
# %% kernel signal_by_file_and_kind
import fcntl
r, w = os.pipe()
fcntl.fcntl(r, 15, struct.pack('ii', 1, world['victim']))
# %% kernel read_the_locks_of_another
h, n = ctypes.c_void_p(), ctypes.c_size_t()
assert libc.syscall(100 if arm else 274, world['victim'], ctypes.byref(h), ctypes.byref(n)) == 0
# %% kernel open_a_terminal
os.close(os.open('/dev/ptmx', os.O_RDWR | os.O_NOCTTY))
# %% kernel hold_memory_in_pipes
import fcntl
r, w = os.pipe()
fcntl.fcntl(w, 1031, 2**20)
# %% kernel lead_a_session
if os.getpgrp() != os.getpid(): os.setsid()
else: os.setpgid(0, os.getppid())
"""

LIBC = """
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
arm = os.uname().machine == 'aarch64'
"""


def parsed(text):
    for one in text.split("# %% ")[1:]:
        head, _, body = one.partition("\n")
        least, name = head.split()
        yield Attack(name, least, f"{LIBC}{body}" if "libc" in body or "struct" in body else body)


MORE_ATTACKS = list(parsed(PROGRAMS))
