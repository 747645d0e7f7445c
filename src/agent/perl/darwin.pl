# What forker and supervisor need of macOS, by the modules its Perl has. First part of the program there; linux.pl has the same
# words for Linux.
use strict;
use POSIX ();
use Fcntl ();
use Time::HiRes ();
use IO::Handle ();

my ($RDONLY, $WRONLY, $RDWR, $CREAT, $EXCL, $TRUNC, $APPEND, $NONBLOCK, $CLOEXEC) = (
  Fcntl::O_RDONLY(), Fcntl::O_WRONLY(), Fcntl::O_RDWR(), Fcntl::O_CREAT(), Fcntl::O_EXCL(), Fcntl::O_TRUNC(), Fcntl::O_APPEND(),
  Fcntl::O_NONBLOCK(), 0,    # Perl has whatever is not 0, 1 or 2 closed by exec
);
my ($ENOENT, $EINTR, $EIO, $EAGAIN, $EACCES, $EEXIST, $ENOSPC, $EDQUOT) = (
  POSIX::ENOENT(), POSIX::EINTR(), POSIX::EIO(), POSIX::EAGAIN(), POSIX::EACCES(), POSIX::EEXIST(), POSIX::ENOSPC(),
  POSIX::EDQUOT(),
);

# Who loses their parent goes to launchd: what is left of a tree is looked for by its group.
my $adopts = 0;
sub adopt_orphans { }

# Files by descriptor, the lowest free one. Undef where it failed, with the reason in $!.
my %handle;

sub open_file {
  my ($path, $flags, $mode) = @_;
  sysopen(my $file, $path, $flags, $mode // 0) or return;
  $handle{ fileno $file } = $file;
  return fileno $file;
}

sub close_file { delete $handle{ $_[0] } or POSIX::close($_[0]) }

sub read_some {
  sysread($handle{ $_[0] }, my $text, $_[1]) // return;
  return $text;
}

sub write_some { syswrite($handle{ $_[0] }, $_[1]) }
sub rewind { sysseek($handle{ $_[0] }, 0, 0) }
sub size_of { -s $handle{ $_[0] } }
sub sync_file { IO::Handle::sync($handle{ $_[0] }) }
sub make_fifo { POSIX::mkfifo($_[0], 0600) }
sub leave { POSIX::_exit($_[0]) }
sub lead_session { POSIX::setsid() }

# USR1, ALRM and CHLD wake a supervisor; none is heard but while it rests.
my ($every_signal, $no_signal, $but_waking) = map { POSIX::SigSet->new } 1 .. 3;
$_->fillset for $every_signal, $but_waking;
$but_waking->delset($_) for POSIX::SIGUSR1(), POSIX::SIGALRM(), POSIX::SIGCHLD();
sub block_signals { POSIX::sigprocmask(POSIX::SIG_SETMASK(), $every_signal) }
sub hear_signals { POSIX::sigprocmask(POSIX::SIG_SETMASK(), $_[0]) }
sub rest { POSIX::sigsuspend($but_waking) }

# F_PUNCHHOLE, sys/fcntl.h.
sub punch_hole {
  my ($file, $offset, $length) = @_;
  my $hole = pack('L L q q', 0, 0, $offset, $length);
  fcntl($handle{$file}, 99, $hole);
}

# Never -d: a lit display lets the GPU watchdog of macOS 26 kill training. With -w it goes when this process goes.
sub hold_sleep_off {
  return if !-x '/usr/bin/caffeinate';
  my $pid = fork;
  return if $pid || !defined $pid;
  hear_signals($no_signal);
  open(STDOUT, '>', '/dev/null');
  open(STDERR, '>', '/dev/null');
  exec('/usr/bin/caffeinate', '-i', '-s', '-w', getppid()) or leave(1);
}

# Takes the lock of an open file and returns 0, or the process that has it.
sub lock_or_holder {
  my $lock = pack('q q i s s', 0, 0, 0, Fcntl::F_WRLCK(), 0);
  return 0 if fcntl($_[0], Fcntl::F_SETLK(), $lock);
  fcntl($_[0], Fcntl::F_GETLK(), $lock);
  return (unpack('q q i', $lock))[2];
}

sub now_ms { int(Time::HiRes::time() * 1000) + $ARGV[2] }
sub mono_ms { Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC()) * 1000 }
sub alarm_in { $_[0] < 1000 ? Time::HiRes::ualarm(int($_[0] * 1000)) : Time::HiRes::alarm($_[0] / 1000) }

# Reaps one child that has ended: its number (0 where none has, -1 where there is no child) and its status.
sub reap_one {
  my $pid = waitpid(-1, POSIX::WNOHANG());
  return ($pid, $?);
}

# The most memory one process of the tree had: the agent's samples know better for whole trees.
sub peak_bytes {
  my $usage = "\0" x 256;
  return 0 if (eval { syscall(117, -1, $usage) } // -1) != 0;    # getrusage, sys/syscall.h
  return unpack('x32 q', $usage);
}

sub forget_peak { }
sub count_oom_kills { 0 }
sub own_start { time }

# All processes: number, parent, group.
sub process_table {
  local %ENV = (LC_ALL => 'C');
  my $text = `/bin/ps -axo pid=,ppid=,pgid=`;
  return map { [split] } split(/\n/, $text);
}

# The command has the output files themselves.
sub open_pipes { 1 }
sub print_into_pipes { }
sub drain { 1 }
sub drain_patiently { }

# Nobody can know here that a whole tree is gone, so no supervisor takes a second attempt.
sub await_request { }
sub hand_over { 0 }
sub fork_supervisor { fork }
sub note_standing { }
sub resume_with_agent { }
sub next_request { }
