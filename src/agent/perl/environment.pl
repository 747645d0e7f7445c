# Builds a Python environment unless it is there, then becomes the job's command. It runs in the job's place, below its
# supervisor, so that output, stop and limits of a build are those of the job. Core Perl only, after command.pl.
#
#   perl -e BOTH_PARTS PLACE ATTEMPT PROJECT UV KIND FILE PYTHON PREFERRED MACHINE WITH_COUNT WITH... SETUP_COUNT SETUP... COMMAND...
#
# PLACE is the environment's folder: it is used when PLACE/ready is there, which is written last. Whoever holds the lock of
# PLACE.lock builds; uv inherits the lock, so that nobody clears away what an orphan of a killed build still writes to.
# ATTEMPT has `building` as long as the command has not begun; a build that fails writes there at which step, and uv's last words.
# Variables that begin with WINDFALL_BUILD_ are for the build alone, without that beginning.

my $TAIL_BYTES = 8192;

my ($place, $attempt, $project, $uv, $kind, $file, $python, $preferred, $machine) = splice(@ARGV, 0, 9);
my @with = splice(@ARGV, 0, shift @ARGV);
my @setup = splice(@ARGV, 0, shift @ARGV);
my $venv = "$place/venv";
my $said = '';
my %own = map { $_ => $ENV{$_} } grep { /^WINDFALL_BUILD_/ } keys %ENV;
delete $ENV{$_} for keys %own;
my %tools = (%ENV, map { substr($_, length 'WINDFALL_BUILD_') => $own{$_} } keys %own);
$0 = "windfall environment for job $ENV{WINDFALL_JOB}";

sub failed {
  my ($step) = @_;
  if (open(my $note, '>', "$attempt/building")) { syswrite($note, "$step\n$said"); close $note }
  leave(1);
}

# Runs a program of the build in the folder of the files that decide, and nothing else. Keeps its last words.
sub run {
  my ($quiet, @argv) = @_;
  pipe(my $from, my $to) or failed('start');
  my $pid = fork // failed('start');
  if (!$pid) {
    open(STDOUT, '>&', $to);
    open(STDERR, '>&', $to);
    begin(@argv);
  }
  close $to;
  while (sysread($from, my $piece, 65536)) {
    write_all($piece) if !$quiet;
    $said .= $piece;
    $said = substr($said, -$TAIL_BYTES) if length $said > $TAIL_BYTES;
  }
  waitpid($pid, 0);
  # What it had said so far tells nothing of why.
  if (my $signal = $? & 127) { $said = join(' ', @argv[0, 1]) =~ s{.*/}{}r; failed("ended $signal") }
  return $? == 0;
}

sub begin {
  open(STDIN, '<', '/dev/null');
  chdir($project) or leave(126);
  %ENV = %tools;
  exec_command(@_);
}

sub write_all {
  my ($text) = @_;
  while (length $text) { substr($text, 0, syswrite(STDERR, $text) // return, '') }
}

sub is_ready { -e "$place/ready" && -x "$venv/bin/python" }

# Takes the lock; says for whom it waits. Returns nothing when another has built meanwhile.
sub take_turn {
  sysopen(my $lock, "$place.lock", Fcntl::O_RDWR() | Fcntl::O_CREAT(), 0600) or do { $said = "$place.lock: $!"; failed('start') };
  fcntl($lock, Fcntl::F_SETFD(), 0);
  # What a setup line has left running has the lock, too: an environment that is ready is not waited for.
  local $SIG{ALRM} = sub { };
  if (!flock($lock, Fcntl::LOCK_EX() | Fcntl::LOCK_NB())) {
    sysread($lock, my $text, 64);
    my $holder = ($text // '') =~ /^(\d+)\n/ ? "job $1" : 'another job';
    complain("$holder builds the same environment: waiting for it");
    do { return if is_ready(); alarm(1) } until flock($lock, Fcntl::LOCK_EX());
    alarm(0);
  }
  truncate($lock, 0);
  sysseek($lock, 0, 0);
  syswrite($lock, "$ENV{WINDFALL_JOB}\n");
  return $lock;
}

sub build {
  clear();
  mkdir($place, 0700) or do { $said = "$place: $!"; failed('start') };
  my $began = time;
  complain('building the Python environment' . (length $file ? " from $file" : '') . (@with ? ' with ' . join(', ', @with) : ''));
  make_venv();
  install();
  for my $line (@setup) {
    local $tools{PATH} = $ENV{PATH};
    my $pid = fork // failed('start');
    if (!$pid) { open(STDOUT, '>&', \*STDERR); begin('/bin/sh', '-c', $line) }
    waitpid($pid, 0);
    if ($?) { $said = $line; failed('setup ' . ($? & 127 ? 128 + ($? & 127) : $? >> 8)) }
  }
  seal();
  complain('the environment is ready after ' . (time - $began) . ' s');
}

# What a build that was killed has left. A ready one made itself read-only.
sub clear {
  return if !-e $place;
  system('/bin/chmod', '-R', 'u+w', $place);
  system('/bin/rm', '-rf', $place);
}

# A Python of uv's own where it can be downloaded, else one that is on the host.
sub make_venv {
  my @venv = ($uv, 'venv', '--quiet', '--no-project', '--no-python-downloads');
  my $managed = do {
    local $tools{UV_HTTP_RETRIES} = 1;
    run(1, $uv, 'python', 'install', '--no-bin', $preferred);
  };
  my $could_not = $said;
  if ($managed) { $said = ''; run(0, @venv, '--managed-python', '--python', $preferred, $venv) or failed('python') }
  else {
    $said = '';
    my @any = length $python ? ('--python', $python) : ();
    if (!run(0, @venv, @any, $venv)) { write_all($could_not); $said .= $could_not; failed('python') }
  }
  open(my $answer, '-|', "$venv/bin/python", '-I', '-c', 'import platform as p; print(p.python_version(), p.machine())') or failed('python');
  my ($version, $found) = split(/\s+/, <$answer> // '');
  close $answer;
  complain('Python ' . ($version // 'of unknown version') . ($managed ? '' : ', as the host has it'));
  if (length $machine && ($found // '') ne $machine) { $said = $found // ''; failed('machine') }
}

sub install {
  return if $kind eq 'packages' && !@with;
  my @python = ('--python', "$venv/bin/python");
  my @pip = ($uv, 'pip', 'install', @python);
  if ($kind eq 'uv.lock') {
    my $fits = is_dynamic() ? '--frozen' : '--locked';
    local $tools{UV_PROJECT_ENVIRONMENT} = $venv;
    run(0, $uv, 'sync', @python, $fits, '--no-install-local', '--all-packages') or failed('lock');
    return if !@with || run(0, @pip, '--', @with);
  }
  else {
    my @files = length $file ? ('-r', $file) : ();
    push @files, '--group', 'dev' if $kind eq 'pyproject.toml' && has_dev_group();
    return if run(0, @pip, @files, '--', @with);
  }
  failed('packages');
}

sub project_text {
  local ($/, @ARGV) = (undef, @_);
  return join("\n", @_ ? <> : ());
}

# Whether a lock fits can be told only by building such a project, and there is nothing of it here.
sub is_dynamic {
  my @all = split(/\0/, `/usr/bin/find '$project' -name pyproject.toml -print0`);
  return project_text(@all) =~ /^\s*dynamic\s*=/m;
}
sub has_dev_group { project_text("$project/pyproject.toml") =~ /^\[dependency-groups\][^\[]*^\s*["']?dev["']?\s*=/m }

# Shared by jobs: what one of them installs or edits would be every other's. Synced, so that a power cut leaves it whole or not
# ready.
sub seal {
  system('/bin/chmod', '-R', 'a-w', $venv);
  my ($kilobytes) = `/usr/bin/du -sk '$venv'` =~ /^(\d+)/;
  system('/bin/sync');
  open(my $ready, '>', "$place/ready.new") or do { $said = "$place: $!"; failed('start') };
  # The size, and a moment after which nothing in it was made (environment-seal.ts).
  syswrite($ready, ($kilobytes // 0) * 1024 . ' ' . (time + 1) . "\n");
  IO::Handle::sync($ready);
  close $ready;
  rename("$place/ready.new", "$place/ready") or do { $said = "$place: $!"; failed('start') };
}

if (!is_ready()) {
  my $lock = take_turn();
  build() if !is_ready();
  close $lock if defined $lock;
}
unlink("$attempt/building");
exec_command(@ARGV);
