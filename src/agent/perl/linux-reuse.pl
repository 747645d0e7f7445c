# A supervisor whose attempt has ended takes the next, on Linux: there it knows that nothing is left of the tree, and a fork of the
# forker costs more than half of what a tiny job does. Between two attempts it waits for its forker, on a line of its own: it
# writes a byte when it is free, and reads a length and a request. When the forker closes the line, or ends, it ends.

my $FREE_SECONDS = 1;            # how long supervisors are kept with nothing to do
my $LONGEST_REUSED = 65_536;     # what a longer request took of memory is given back by ending

# In the forker: its ends of the lines, by themselves (a key alone would be a text, which a system call takes for an address), and
# those whose supervisor is free. In a supervisor: its own end.
my (%line, %free, $own_line);

# Waits until the agent asks for something. Meanwhile supervisors become free, or end.
sub await_request {
  while (%line) {
    my $look = '';
    vec($look, $_, 1) = 1 for 0, values %line;
    my $found = select($look, undef, undef, %free ? $FREE_SECONDS : undef);
    if ($found == 0) { hang_up($_) for values %free }
    next if $found <= 0;
    for my $end (grep { vec($look, $_, 1) } values %line) {
      if (read_some($end, 1)) { $free{$end} = $end }
      else { hang_up($end) }
    }
    return if vec($look, 0, 1);
  }
}

sub hang_up {
  my ($end) = @_;
  close_file($end);
  delete $line{$end};
  delete $free{$end};
}

# Gives the request to a supervisor that is free; false where there is none. Never waits: one that does not take all of it at once
# is given up, and sees half a request and an end.
sub hand_over {
  my ($request) = @_;
  my $text = pack('N/a*', $request);
  while (defined(my $end = (values %free)[0])) {
    delete $free{$end};
    my $count = send_at_once($end, $text);
    return 1 if $count == length $text;
    hang_up($end);
  }
  return 0;
}

# As fork, with a line between the two. Without one the supervisor serves once.
sub fork_supervisor {
  my ($end, $its_end) = socket_pair();
  my $pid = fork;
  if (!defined $pid) {
    my $failure = $! + 0;
    if (defined $end) { close_file($_) for $end, $its_end }
    $! = $failure;
  }
  elsif ($pid) {
    return $pid if !defined $end;
    close_file($its_end);
    $line{$end} = $end;
  }
  else {
    $own_line = $its_end;
    if (defined $end) { close_file($_) for $end, values %line }
    %line = %free = ();
  }
  return $pid;
}

# In a supervisor: the next request, or nothing when it is to end.
sub next_request {
  my ($last) = @_;
  return if !defined $own_line || length $last > $LONGEST_REUSED || -e 'shells';
  close_file($_) for 0 .. 2, $status_file, @reading_end, @writing_end;
  @reading_end = @writing_end = ();
  chdir('/');
  $0 = 'windfall supervisor';
  write_some($own_line, my $free = '.') or return;
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
