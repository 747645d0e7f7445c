# What forker and supervisor need of the system, and where macOS and Linux differ. First part of forker.pl's program.
use strict;
use warnings;
use POSIX ();
use Fcntl ();

my ($run_folder, $boot_id, $clock_offset_ms) = @ARGV;
@ARGV = ();
my $linux = $^O eq 'linux';
my $x64 = $linux && (POSIX::uname())[4] eq 'x86_64';
my %call = !$linux ? (getrusage => 117)
  : $x64 ? (fsync => 74, prctl => 157, gettimeofday => 96, clock_gettime => 228, setitimer => 38, getrusage => 98, fallocate => 285,
    pipe2 => 293, fcntl => 72, ioctl => 16, ppoll => 271)
  : (fsync => 82, prctl => 167, gettimeofday => 169, clock_gettime => 113, setitimer => 103, getrusage => 165, fallocate => 47,
    pipe2 => 59, fcntl => 25, ioctl => 29, ppoll => 73);
if (!$linux) { require Time::HiRes; require IO::Handle }    # what is not loaded need not be copied at each fork

my $fifo;
my $poked = 0;
my ($wake, $none) = (sub { }, POSIX::SigSet->new);
my $waking = POSIX::SigSet->new(POSIX::SIGCHLD(), POSIX::SIGUSR1(), POSIX::SIGALRM());
$SIG{PIPE} = 'IGNORE';
$SIG{USR1} = sub { $poked = 1 };
$SIG{$_} = 'IGNORE' for qw(CHLD TERM INT HUP QUIT USR2 XFSZ);
$0 = 'windfall forker';

# To the agent, if one listens.
sub report {
  my $line = substr(join('', @_), 0, 500) . "\n";
  for (1 .. 200) {
    return if defined syswrite($fifo, $line);
    return if !$!{EAGAIN} && !$!{EINTR};    # nobody listens: the next agent reads the files
    select(undef, undef, undef, 0.005);
  }
}

sub sync { $linux ? syscall($call{fsync}, fileno($_[0])) == 0 : IO::Handle::sync($_[0]) }

sub slurp {
  my $path = shift;
  open(my $file, '<', $path) or die "$path: $!\n";
  sysread($file, my $text, 65536) // die "$path: $!\n";
  return $text;
}

sub replace {
  my ($name, $text) = @_;
  put_file("$name.$$", $text) and rename("$name.$$", $name);
}

sub now_ms {
  return int(Time::HiRes::time() * 1000) + $clock_offset_ms if !$linux;
  my $time = pack('q2', 0, 0);
  syscall($call{gettimeofday}, $time, 0);
  my ($seconds, $micros) = unpack('q2', $time);
  return $seconds * 1000 + int($micros / 1000) + $clock_offset_ms;
}

sub mono_ms {
  return Time::HiRes::clock_gettime(Time::HiRes::CLOCK_MONOTONIC()) * 1000 if !$linux;
  my $time = pack('q2', 0, 0);
  syscall($call{clock_gettime}, 1, $time);
  my ($seconds, $nanos) = unpack('q2', $time);
  return $seconds * 1000 + $nanos / 1_000_000;
}

sub wake_in {
  my $ms = shift // return;
  $ms = 1 if $ms < 1;
  return Time::HiRes::ualarm(int($ms * 1000)) if !$linux && $ms < 1000;
  return Time::HiRes::alarm($ms / 1000) if !$linux;
  my $timer = pack('q4', 0, 0, int($ms / 1000), int(($ms - 1000 * int($ms / 1000)) * 1000) + 1);
  syscall($call{setitimer}, 0, $timer, 0);
}

# The most memory one process of the tree had: the agent's samples know better for whole trees.
sub peak_bytes {
  my $usage = "\0" x 256;
  return 0 if (eval { syscall($call{getrusage}, -1, $usage) } // -1) != 0;
  return unpack('x32 q', $usage) * ($linux ? 1024 : 1);
}

my ($oom_kills, $counted_at) = (0, 0);

sub count_oom_kills {
  return 0 if !$linux;
  open(my $file, '<', '/proc/vmstat') or return 0;
  sysread($file, my $text, 65536);
  return $text =~ /^oom_kill (\d+)/m ? $1 : 0;
}
