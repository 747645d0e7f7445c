# What forker and supervisor need of Linux, all of it by system calls: perl-base lacks modules for them, and whatever is loaded is
# memory that two forks for each attempt have to copy. First part of the program there; darwin.pl has the same words for macOS.
use strict;

my $arm64 = $ARGV[3] eq 'arm64';
my %call = $arm64    # include/uapi/asm-generic/unistd.h
  ? (dup3 => 24, fcntl => 25, ioctl => 29, ioprio_get => 31, mknodat => 33, fallocate => 47, openat => 56, close => 57, pipe2 => 59,
    lseek => 62, read => 63, write => 64, ppoll => 73, fsync => 82, exit_group => 94, setitimer => 103, clock_gettime => 113,
    sched_getscheduler => 120, sched_getaffinity => 123, rt_sigprocmask => 135, setsid => 157, prctl => 167, gettimeofday => 169,
    socketpair => 199, sendto => 206, wait4 => 260)
  : (read => 0, write => 1, close => 3, lseek => 8, rt_sigprocmask => 14, ioctl => 16, setitimer => 38, sendto => 44, socketpair => 53,
    wait4 => 61, fcntl => 72, fsync => 74, gettimeofday => 96, setsid => 112, sched_getscheduler => 145, prctl => 157,
    sched_getaffinity => 204, clock_gettime => 228, exit_group => 231, ioprio_get => 252, openat => 257, mknodat => 259,
    ppoll => 271, fallocate => 285, dup3 => 292, pipe2 => 293);
my ($RDONLY, $WRONLY, $RDWR, $CREAT, $EXCL, $TRUNC, $APPEND, $NONBLOCK, $CLOEXEC) =
  (0, 1, 2, 0100, 0200, 01000, 02000, 04000, 02000000);
my ($ENOENT, $EINTR, $EIO, $EAGAIN, $EACCES, $EEXIST, $EFBIG, $ENOSPC, $EDQUOT) = (2, 4, 5, 11, 13, 17, 27, 28, 122);

# Processes that lose their parent come to the supervisor: when it has no child, the whole tree is gone.
my $adopts = 1;
sub adopt_orphans { syscall($call{prctl}, 36, 1, 0, 0, 0) }    # PR_SET_CHILD_SUBREAPER

# A job can stop the forker, they share the account. When its agent dies it goes on, sees the end of its input, and ends.
sub resume_with_agent { syscall($call{prctl}, 1, 18, 0, 0, 0) }    # PR_SET_PDEATHSIG, SIGCONT

# Files by descriptor, the lowest free one. Undef where it failed, with the reason in $!.
sub open_file {
  my ($path, $flags, $mode) = @_;
  my $file = syscall($call{openat}, -100, $path, $flags, $mode // 0);    # AT_FDCWD
  return $file < 0 ? undef : $file;
}

sub close_file { syscall($call{close}, $_[0]) }

sub read_some {
  my ($file, $most) = @_;
  my $text = "\0" x $most;
  my $count = syscall($call{read}, $file, $text, $most);
  return $count < 0 ? undef : substr($text, 0, $count);
}

sub write_some {
  my $count = syscall($call{write}, $_[0], $_[1], length $_[1]);
  return $count < 0 ? undef : $count;
}

# Two descriptors that are joined.
sub socket_pair {
  my $ends = pack('i2', 0, 0);
  return syscall($call{socketpair}, 1, 1 | $CLOEXEC, 0, $ends) == 0 ? unpack('i2', $ends) : ();    # AF_UNIX, SOCK_STREAM
}

# What a socket takes without waiting.
sub send_at_once { syscall($call{sendto}, $_[0], $_[1], length $_[1], 0x4040, 0, 0) }    # MSG_NOSIGNAL | MSG_DONTWAIT

sub rewind { syscall($call{lseek}, $_[0], 0, 0) == 0 }
sub size_of { syscall($call{lseek}, $_[0], 0, 2) }
sub sync_file { syscall($call{fsync}, $_[0]) == 0 }
sub make_fifo { syscall($call{mknodat}, -100, $_[0], 010600, 0) == 0 }    # S_IFIFO
sub punch_hole { syscall($call{fallocate}, $_[0], 3, $_[1] + 0, $_[2] + 0) }    # PUNCH_HOLE | KEEP_SIZE
sub leave { syscall($call{exit_group}, $_[0]) }
sub lead_session { syscall($call{setsid}) }
sub hold_sleep_off { }

# Takes the lock of an open file and returns 0, or the process that has it.
sub lock_or_holder {
  my $lock = pack('s s x4 q q i x4', 1, 0, 0, 0, 0);    # F_WRLCK
  return 0 if fcntl($_[0], 6, $lock);                   # F_SETLK
  fcntl($_[0], 5, $lock);                               # F_GETLK
  return (unpack('s s x4 q q i', $lock))[4];
}

# Signals 10, 14 and 17 (USR1, ALRM, CHLD) wake a supervisor; none is heard but while it rests.
my ($every_signal, $no_signal, $but_waking) = ("\xff" x 8, "\0" x 8, pack('Q<', ~(1 << 9 | 1 << 13 | 1 << 16)));
sub block_signals { syscall($call{rt_sigprocmask}, 2, $every_signal, 0, 8) }    # SIG_SETMASK
sub hear_signals { syscall($call{rt_sigprocmask}, 2, $_[0], 0, 8) }

sub now_ms {
  my $time = pack('q2', 0, 0);
  syscall($call{gettimeofday}, $time, 0);
  my ($seconds, $micros) = unpack('q2', $time);
  return $seconds * 1000 + int($micros / 1000) + $ARGV[2];
}

sub mono_ms {
  my $time = pack('q2', 0, 0);
  syscall($call{clock_gettime}, 1, $time);
  my ($seconds, $nanos) = unpack('q2', $time);
  return $seconds * 1000 + $nanos / 1_000_000;
}

sub alarm_in {
  my $ms = shift;
  my $seconds = int($ms / 1000);
  my $timer = pack('q4', 0, 0, $seconds, int(($ms - 1000 * $seconds) * 1000) + 1);
  syscall($call{setitimer}, 0, $timer, 0);
}

# Reaps one child that has ended: its number (0 where none has, -1 where there is no child) and its status. Notes the most memory
# one process of the tree had: the agent's samples know better for whole trees.
my $peak_kilobytes = 0;

sub reap_one {
  my ($status, $usage) = (pack('i', 0), "\0" x 144);
  my $pid = syscall($call{wait4}, -1, $status, 1, $usage);    # WNOHANG
  return $pid if $pid <= 0;
  my $held = unpack('x32 q', $usage);                         # ru_maxrss
  $peak_kilobytes = $held if $held > $peak_kilobytes;
  return ($pid, unpack('i', $status));
}

sub forget_peak { $peak_kilobytes = 0 }
sub peak_bytes { 1024 * $peak_kilobytes }

sub count_oom_kills {
  my $file = open_file('/proc/vmstat', $RDONLY | $CLOEXEC) // return 0;
  my $text = '';
  while (length(my $piece = read_some($file, 8192) // '')) { $text .= $piece }    # a page at a time is what it gives
  close_file($file);
  return $text =~ /^oom_kill (\d+)/m ? $1 : 0;
}

# When this process was started, in the system's own ticks.
sub own_start { (read_file('/proc/self/stat') =~ /.*\) (?:\S+ ){19}(\d+)/s)[0] }

# All processes that are not zombies: number, parent, group.
sub process_table {
  opendir(my $proc, '/proc') or return;
  my @rows;
  for my $pid (grep { /^\d+$/ } readdir $proc) {
    my $stat = read_file("/proc/$pid/stat") // next;
    push @rows, [$pid, $2, $3] if $stat =~ /.*\) (\S) (\d+) (\d+)/s && $1 ne 'Z';
  }
  return @rows;
}
