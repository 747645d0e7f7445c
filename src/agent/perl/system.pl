# What forker and supervisor share, in the words of linux.pl or darwin.pl.

my ($run_folder, $boot_id) = @ARGV;
my ($fifo, $poked) = (undef, 0);
my $token = '';    # the agent's: it stands before each line, as jobs can write to the FIFO, too
my $wake = sub { };
$0 = 'windfall forker';

# To the agent, if one listens.
sub report {
  my $line = substr(join('', $token, ' ', @_), 0, 500) . "\n";
  for (1 .. 200) {
    return if defined write_some($fifo, $line);
    return if $! != $EAGAIN && $! != $EINTR;    # nobody listens: the next agent reads the files
    select(undef, undef, undef, 0.005);
  }
}

# The first so many bytes of a file; undef when it cannot be read.
sub read_file {
  my ($path, $most) = @_;
  my $file = open_file($path, $RDONLY | $NONBLOCK | $CLOEXEC) // return;
  my $text = read_some($file, $most // 1024);
  close_file($file);
  return $text;
}

sub write_file {
  my ($file, $text) = @_;
  while (length $text) { substr($text, 0, write_some($file, $text) // return, '') }
  return 1;
}

sub put_file {
  my ($name, $text) = @_;
  my $file = open_file($name, $WRONLY | $CREAT | $TRUNC | $CLOEXEC, 0600) // return;
  my $written = write_file($file, $text);
  my $failure = $! + 0;
  close_file($file);
  $! = $failure;
  return $written;
}

sub replace {
  my ($name, $text) = @_;
  put_file("$name.$$", $text) and rename("$name.$$", $name);
}

sub wake_in {
  my $ms = shift // return;
  alarm_in($ms < 1 ? 1 : $ms);
}
