# How output comes into the files on Linux, after supervisor.pl. Whoever opens /dev/stderr opens anew what standard error is, and
# that would empty a plain file (`echo x > /dev/stderr`). So a command prints into pipes, and its supervisor passes on what comes
# through them.

my $ROOM_LOOK_NS = 200_000_000;    # how often a full disk is tried again
my $PIPE_BYTES = 65_536;            # a new pipe's room
my $MOST_PIECE_BYTES = 262_144;
my ($F_SETFL, $F_SETPIPE_SZ, $FIONREAD, $POLLIN) = (4, 1031, 0x541B, 1);

# What is read at once. Small for the many jobs that print little; where it was not enough it grows, and in the end the pipe with it.
my $piece = "\0" x 4096;

# By stream: 0 is standard output, 1 standard error. Both ends of a pipe stay open here, so that a command that closes its output
# is no end one would have to know of. Held is what the disk did not take.
my (@reading_end, @writing_end);
my (@held, $told_held);
my $two_numbers = pack('i2', 0, 0);

sub open_pipes {
  @held = ('', '');
  $told_held = 0;
  for my $stream (0, 1) {
    syscall($call{pipe2}, $two_numbers, $CLOEXEC) == 0 or return failed('make a pipe');
    ($reading_end[$stream], $writing_end[$stream]) = unpack('i2', $two_numbers);
    # A job may read from its own output, too: what was there a moment ago may be gone.
    syscall($call{fcntl}, $reading_end[$stream], $F_SETFL, $NONBLOCK);
  }
  return 1;
}

# In the command's process: the pipes take the place of the files.
sub print_into_pipes { syscall($call{dup3}, $writing_end[$_], $_ + 1, 0) for 0 .. $#writing_end }

# Sleeps until a signal comes, and passes on what is printed meanwhile. Signals are heard here and nowhere else.
sub rest {
  my $look = pack('(i s s)*', map { length $held[$_] ? -1 : $reading_end[$_], $POLLIN, 0 } 0 .. $#reading_end);
  my $timeout = length $held[0] || length $held[1] ? pack('q2', 0, $ROOM_LOOK_NS) : 0;
  return if syscall($call{ppoll}, $look, scalar @reading_end, $timeout, $but_waking, 8) < 0;
  for my $stream (0 .. $#reading_end) {
    defined pass_on($stream, length $piece) or tell_held();
  }
  # ppoll hears none as long as there is something to read.
  hear_signals($but_waking);
  block_signals();
}

sub tell_held { $told_held++ or report("H $sequence ", $! + 0, " $!") }

# Moves a piece from a pipe into its file and returns its size. Undef when the disk does not take it: the piece is held, the pipe
# fills up, and who prints waits. What is beyond the largest file this account may have would wait for ever: it is lost.
sub pass_on {
  my ($stream, $most) = @_;
  my $moved = 0;
  if (!length $held[$stream]) {
    my $count = syscall($call{read}, $reading_end[$stream], $piece, $most);
    return 0 if $count <= 0;
    $moved = syscall($call{write}, $stream + 1, $piece, $count);
    $moved = 0 if $moved < 0;
    $held[$stream] = substr($piece, $moved, $count - $moved) if $moved < $count;
    widen($stream) if $count == length $piece;
  }
  while (length $held[$stream]) {
    my $count = write_some($stream + 1, $held[$stream]);
    if (!defined $count) {
      return if $! != $EFBIG;
      tell_held();
      $count = length $held[$stream];
    }
    substr($held[$stream], 0, $count, '');
    $moved += $count;
  }
  return $moved;
}

sub widen {
  my ($stream) = @_;
  $piece x= 8 if length $piece < $MOST_PIECE_BYTES;
  syscall($call{fcntl}, $reading_end[$stream], $F_SETPIPE_SZ, length $piece) if length $piece > $PIPE_BYTES;
}

# Passes on what was printed until now, and no more. Such last words may have the ballast; the output of a job that runs may not,
# as it would be gone when the job is to be stopped. False when there is no room all the same.
sub drain {
  for my $stream (0 .. $#reading_end) {
    syscall($call{ioctl}, $reading_end[$stream], $FIONREAD, $two_numbers);
    my $left = length($held[$stream]) + unpack('i', $two_numbers);
    while ($left > 0) {
      my $moved = pass_on($stream, $left < length $piece ? $left : length $piece);
      if (defined $moved) { $left = $moved ? $left - $moved : 0 }
      else { unlink($ballast) or return 0 }
    }
  }
  return 1;
}

# When nobody is left who prints: waits until the files have it all. A stop ends that with its grace.
sub drain_patiently {
  until (drain()) {
    return if !-e 'record';    # the folder is gone: nobody waits for this any more
    if ($poked) { $poked = 0; read_stop() }
    return if length $stop_text && mono_ms() >= $deadline_ms;
    rest();
  }
}
