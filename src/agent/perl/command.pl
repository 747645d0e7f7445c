# How a job's command begins, or why it cannot. For the supervisor and for who builds an environment before it.

sub exec_command {
  my @argv = @_;
  my $name = $argv[0];
  { exec { $name } @argv }
  my ($missing, $refused, $words) = ($! == $ENOENT, $! == $EACCES, "$!");
  my ($found) = $name =~ m{/} ? $name : grep { -e } map { "$_/$name" } split(/:/, $ENV{PATH} // '');
  if ($missing && defined $found && -e $found) { complain("$found: the interpreter its first line names is not on this host"); leave(126) }
  if ($missing && $name =~ m{/}) { complain("$name: no such file in the workspace or on this host"); leave(127) }
  if ($missing) {
    complain("$name: command not found on this host (PATH=$ENV{PATH})");
    complain('there is a python3') if $name eq 'python' && $^O ne 'darwin' && grep { -x "$_/python3" } split(/:/, $ENV{PATH} // '');
    complain('to run in a Python environment: send it with --python 3.12, or put a requirements.txt into the folder') if $name =~ /^(python|pip)[\d.]*$/;
    leave(127);
  }
  # Without x nothing is found by PATH but the error is this one.
  my $hint = $refused && defined $found && -f $found && !-x $found ? ' (not executable: chmod +x)' : '';
  complain("$name: $words$hint");
  leave(126);
}

sub complain { syswrite(STDERR, "windfall: $_[0]\n") }
