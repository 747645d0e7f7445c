# A supervisor whose attempt has ended takes the next, on Linux: there it knows that nothing is left of the tree, and a fork of the
# forker costs more than a third of what a tiny job does. Between two attempts it waits for its forker, on a line of its own: it
# writes a byte when it is free, and reads a length and a request. When the forker closes the line, or ends, it ends.

my $FREE_SECONDS = 1;            # how long supervisors are kept with nothing to do
my $LONGEST_REUSED = 65_536;     # what a longer request took of memory is given back by ending

# In the forker, each line by its end: that end as a number (a key is a text, which a system call takes for an address), the
# supervisor's pid, and the sequence of the attempt it has; none when it is free.
my %line;
# In a supervisor: its end, and how it stood to the system before its first attempt.
my ($own_line, $first_standing);

# Waits until the agent asks for something. Meanwhile supervisors become free, or end: with an attempt, that is told.
sub await_request {
  while (%line) {
    my $look = '';
    vec($look, $_->[0], 1) = 1 for [0], values %line;
    my @free = free_lines();
    my $found = select($look, undef, undef, @free ? $FREE_SECONDS : undef);
    if ($found == 0) { dismiss($_) for @free }
    next if $found <= 0;
    for my $line (grep { vec($look, $_->[0], 1) } values %line) {
      if (length(read_some($line->[0], 1) // '')) { $line->[2] = undef; next }
      report("D $line->[2]") if defined $line->[2];
      hang_up($line);
    }
    return if vec($look, 0, 1);
  }
}

sub free_lines { grep { !defined $_->[2] } values %line }

sub hang_up {
  my ($line) = @_;
  close_file($line->[0]);
  delete $line{ $line->[0] };
}

# A job can stop a supervisor, they share the account: it would neither serve nor end.
sub dismiss {
  my ($line) = @_;
  hang_up($line);
  kill('CONT', $line->[1]);
}

# Gives the request to a supervisor that is free; false where there is none. Never waits: one that does not take all of it at once
# is given up, and sees half a request and an end.
sub hand_over {
  my ($request) = @_;
  my $text = pack('N/a*', $request);
  for my $line (free_lines()) {
    if (send_at_once($line->[0], $text) == length $text) {
      $line->[2] = sequence_of($request);
      kill('CONT', $line->[1]);
      return 1;
    }
    dismiss($line);
  }
  return 0;
}

# As fork for this request, with a line between the two. Without one the supervisor serves once.
sub fork_supervisor {
  my ($request) = @_;
  my ($end, $its_end) = socket_pair();
  my $pid = fork;
  return $pid if !defined $end;
  my $failure = $! + 0;
  if (!defined $pid) { close_file($_) for $end, $its_end }
  elsif ($pid) {
    close_file($its_end);
    $line{$end} = [$end, $pid, sequence_of($request)];
  }
  else {
    close_file($_) for $end, map { $_->[0] } values %line;
    %line = ();
    $own_line = $its_end;
  }
  $! = $failure;
  return $pid;
}

# Once it leads a session: that gives it an autogroup of its own, and so may change how it stands.
sub note_standing { $first_standing = standing() }

# What others of the account can change of a process from outside, and the next command would inherit.
sub standing {
  my $processors = "\0" x 128;
  syscall($call{sched_getaffinity}, 0, 128, $processors);
  my @files = map { read_file("/proc/self/$_", 4096) } qw(limits oom_score_adj coredump_filter timerslack_ns);
  push @files, (read_file('/proc/self/autogroup') // '') =~ /(nice .*)/;    # its name changes with the session
  my @by_call = (syscall($call{sched_getscheduler}, 0), syscall($call{ioprio_get}, 1, 0), getpriority(0, 0));
  return join("\n", @files, $processors, @by_call);
}

# In a supervisor: the next request, or nothing when it is to end.
sub next_request {
  my ($last) = @_;
  return if !defined $own_line || length $last > $LONGEST_REUSED || -e 'shells' || standing() ne $first_standing;
  close_file($_) for 0 .. 2, $status_file, @reading_end, @writing_end;
  @reading_end = @writing_end = ();
  chdir('/');
  write_some($own_line, my $free = '.') or return;
  $0 = 'windfall supervisor';    # not before the forker can know
  my $length = unpack('N', read_all($own_line, 4) // return);
  return read_all($own_line, $length);
}

sub read_all {
  my ($file, $length) = @_;
  my $text = '';
  while (length $text < $length) {
    my $piece = read_some($file, $length - length $text);
    return if !length($piece // '');
    $text .= $piece;
  }
  return $text;
}
