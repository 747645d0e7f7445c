# The forker and, after each fork, the supervisor of one attempt. Core Perl only: every Mac has it, and on Debian perl-base
# suffices.
#
#   perl -e ALL_PARTS RUN_FOLDER BOOT_ID CLOCK_OFFSET_MS ARCHITECTURE
#
# The parts are one text to perl: linux.pl or darwin.pl, system.pl, supervisor.pl, on Linux linux-output.pl and linux-reuse.pl,
# and this.
#
# The forker takes the lock of the run folder, says `ready FIFO`, then reads requests from its standard input: a length
# (u32, big-endian) and fields ended by NUL each. It ends with its input. It forks a supervisor without an exec, as a
# fork is many times cheaper than a new interpreter. On Linux a supervisor that has done with its attempt takes another.
#
# The supervisor owns one attempt's process tree and survives everybody else. It talks by files in the attempt's folder
# and by lines on the run folder's FIFO, which nobody has to read. Before each stands the token the agent has given its forker:
#
#   S sequence pid start started_ms                        the record is on disk, the command is about to run
#   E sequence FIELDS OF STATUS                            the exit status is durable
#   W sequence stdout_bytes stderr_bytes strays            the process tree is gone
#   F sequence errno text                                  it could not start: the command never ran and will not
#   H sequence errno text                                  output is held up: the disk does not take it; told once
#   D sequence                                             by the forker, on Linux: its supervisor has ended, in whatever way
#
# What ran once does not run again: the right to run is the link of `record`, which only one process can make, and which
# fails when the agent has renamed the folder away.

# A POSIX lock, as forked supervisors do not inherit it: whoever holds it is the forker of the living agent.
sub take_lock {
  sysopen(my $lock, "$run_folder/lock", $RDWR | $CREAT, 0600) or die "open lock: $!\n";
  if (my $holder = lock_or_holder($lock)) {
    syswrite(STDOUT, "busy $holder\n");
    leave(3);
  }
  our $held = $lock;
  my $path = "$run_folder/fifo";
  -p $path or make_fifo($path) or die "make fifo: $!\n";
  # Opened for both, as opening a FIFO nobody reads fails; kept for writing only, so that without an agent lines vanish.
  resume_with_agent();
  my $both = open_file($path, $RDWR | $NONBLOCK | $CLOEXEC) // die "open fifo: $!\n";
  $fifo = open_file($path, $WRONLY | $NONBLOCK | $CLOEXEC) // die "open fifo: $!\n";
  close_file($both);
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
      elsif (substr($request, 0, 6) eq "token\0") { $token = substr($request, 6) }
      else { punch(split(/\0/, $request, -1)) }
    }
    await_request();
    my $count = sysread(STDIN, $rest, 65536, length $rest);
    next if !defined $count && $! == $EINTR;
    return if !$count;
  }
}

my $counted_at = 0;

sub sequence_of { (split(/\0/, $_[0], 3))[1] }

# The request is taken apart by the child: each page of memory the forker writes to after a fork is copied.
sub start {
  my ($request) = @_;
  if ($counted_at != time) { ($oom_kills, $counted_at) = (count_oom_kills(), time) }
  substr($request, 0, 3) = $oom_kills;    # in the place of "run"
  return if hand_over($request);
  my $pid = fork_supervisor($request);
  return if $pid;
  return report('F ', sequence_of($request), ' ', $! + 0, " fork: $!") if !defined $pid;
  become_supervisor();
  note_standing();
  while (defined $request) {
    my @fields = split(/\0/, $request, -1);
    my $ended = eval { supervise(@fields) };
    report("F $fields[1] 0 ", $@ =~ s/\n/ /gr) if $@;
    $request = $ended ? next_request($request) : undef;
  }
  leave(0);
}

# Gives a range of an output file back to the disk. Where the file system cannot, it stays.
sub punch {
  my (undef, $path, $offset, $length) = @_;
  my $file = open_file($path, $RDWR | $NONBLOCK | $CLOEXEC) // return;
  punch_hole($file, $offset, $length);
  close_file($file);
}

# Whatever the agent was started with: jobs inherit nothing.
sub close_inherited {
  opendir(my $open, '/dev/fd') or return;
  my @files = grep { /^\d+$/ && $_ > 2 } readdir $open;
  closedir $open;
  close_file($_ + 0) for @files;
}

# A supervisor is woken by these three. All other signals wait for ever, for the command they are as usual.
$SIG{USR1} = sub { $poked = 1 };
$SIG{ALRM} = $wake;
$SIG{CHLD} = 'IGNORE';
block_signals();
close_inherited();
take_lock();
serve();
leave(0);
