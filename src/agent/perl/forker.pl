# The forker and, after each fork, the supervisor of one attempt. Core Perl only: every Mac has it, and on Debian
# perl-base suffices (so no Time::HiRes on Linux, where a few system calls by number stand in for it).
#
#   perl -e ALL_PARTS RUN_FOLDER BOOT_ID CLOCK_OFFSET_MS
#
# The parts are one text to perl: system.pl, supervisor.pl, output.pl and this.
#
# The forker takes the lock of the run folder, says `ready FIFO`, then reads requests from its standard input: a length
# (u32, big-endian) and fields ended by NUL each. It ends with its input. It forks a supervisor without an exec, as a
# fork is many times cheaper than a new interpreter.
#
# The supervisor owns one attempt's process tree and survives everybody else. It talks by files in the attempt's folder
# and by lines on the run folder's FIFO, which nobody has to read:
#
#   S sequence pid start started_ms                        the record is on disk, the command is about to run
#   E sequence FIELDS OF STATUS                            the exit status is durable
#   W sequence stdout_bytes stderr_bytes strays            the process tree is gone
#   F sequence errno text                                  it could not start: the command never ran and will not
#   H sequence errno text                                  output is held up: the disk does not take it; told once
#
# What ran once does not run again: the right to run is the link of `record`, which only one process can make, and which
# fails when the agent has renamed the folder away.

# A POSIX lock, as forked supervisors do not inherit it: whoever holds it is the forker of the living agent.
sub take_lock {
  sysopen(my $lock, "$run_folder/lock", Fcntl::O_RDWR() | Fcntl::O_CREAT(), 0600) or die "open lock: $!\n";
  my $wanted = $linux ? pack('s s x4 q q i x4', Fcntl::F_WRLCK(), 0, 0, 0, 0) : pack('q q i s s', 0, 0, 0, Fcntl::F_WRLCK(), 0);
  if (!fcntl($lock, Fcntl::F_SETLK(), $wanted)) {
    fcntl($lock, Fcntl::F_GETLK(), $wanted);
    my $holder = (unpack($linux ? 's s x4 q q i' : 'q q i', $wanted))[$linux ? 4 : 2];
    syswrite(STDOUT, "busy $holder\n");
    POSIX::_exit(3);
  }
  our $held = $lock;
  my $path = "$run_folder/fifo";
  -p $path or POSIX::mkfifo($path, 0600) or die "make fifo: $!\n";
  # Opened for both, as opening a FIFO nobody reads fails; kept for writing only, so that without an agent lines vanish.
  sysopen(my $both, $path, Fcntl::O_RDWR() | Fcntl::O_NONBLOCK()) or die "open fifo: $!\n";
  sysopen($fifo, $path, Fcntl::O_WRONLY() | Fcntl::O_NONBLOCK()) or die "open fifo: $!\n";
  close $both;
  syswrite(STDOUT, "ready $path\n");
}

sub serve {
  my $rest = '';
  while (1) {
    while (length($rest) >= 4) {
      my $length = unpack('N', $rest);
      last if length($rest) < 4 + $length;
      my $request = substr($rest, 4, $length);
      substr($rest, 0, 4 + $length, '');
      if (substr($request, 0, 4) eq "run\0") { start($request) }
      else { punch(split(/\0/, $request, -1)) }
    }
    my $count = sysread(STDIN, $rest, 65536, length $rest);
    next if !defined $count && $!{EINTR};
    return if !$count;
  }
}

# The request is taken apart by the child: each page of memory the forker writes to after a fork is copied.
sub start {
  my ($request) = @_;
  if ($counted_at != time) { ($oom_kills, $counted_at) = (count_oom_kills(), time) }
  my $pid = fork;
  return if $pid;
  my $failure = $!;
  my (undef, @fields) = split(/\0/, $request, -1);
  return report("F $fields[0] ", ($failure + 0), " fork: $failure") if !defined $pid;
  $SIG{__WARN__} = sub { };    # standard error will be the job's
  eval { supervise(@fields); 1 } or report("F $fields[0] 0 ", $@ =~ s/\n/ /gr);
  POSIX::_exit(0);
}

# Gives a range of an output file back to the disk. Where the file system cannot, it stays.
sub punch {
  my (undef, $path, $offset, $length) = @_;
  sysopen(my $file, $path, Fcntl::O_RDWR()) or return;
  if ($linux) { syscall($call{fallocate}, fileno($file), 3, $offset + 0, $length + 0) }    # PUNCH_HOLE | KEEP_SIZE
  else { my $hole = pack('L L q q', 0, 0, $offset, $length); fcntl($file, 99, $hole) }     # F_PUNCHHOLE, sys/fcntl.h
}

POSIX::close($_) for 3 .. 1023;    # whatever the agent was started with: jobs inherit nothing
take_lock();
serve();
POSIX::_exit(0);
