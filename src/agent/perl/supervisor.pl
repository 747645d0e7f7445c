# The supervisor of one attempt: everything between the fork and the end of the process tree. Part of forker.pl's program.

my $LINGER_MS = 150;       # what a pipe's last reader gets to print after the command itself has ended
my $LEFTOVER_MS = 2_000;   # at most, from TERM to KILL, for what outlives a command that ended by itself
my $STRAY_MS = 5_000;      # after KILL: what is still there then cannot be ended
my ($KILL, $TERM) = (9, 15);

my $own_start;             # of this process, which is that of one attempt after the other

my ($oom_kills, $sequence, $folder, $ballast, $main, $started_ms, $status_file, %ended);
my ($stop_text, $stop_cause, $stop_signal, $sent_signal, $deadline_ms, $killing_since_ms);

sub become_supervisor {
  lead_session();
  adopt_orphans();
  $SIG{CHLD} = $wake;
}

# Returns true when all of the attempt is told and nothing is left of it: then this process can take another.
sub supervise {
  ($main, $stop_text, $stop_cause, $stop_signal, $sent_signal, $deadline_ms, $killing_since_ms) = (undef, '', undef, 0, 0);
  $poked = 0;
  %ended = ();
  forget_peak();
  my ($attempt, $job, $inode, $agent, $order, $secrets, $uptime_ms, $stdin_path, $work, $grace_ms, $terminal, $argc);
  ($oom_kills, $sequence, $attempt, $job, $folder, $inode, $agent, $order, $secrets, $uptime_ms) = splice(@_, 0, 10);
  ($ballast, $stdin_path, $work, $grace_ms, $terminal, $argc) = splice(@_, 0, 6);
  my @argv = splice(@_, 0, $argc);
  $0 = "windfall supervisor $attempt";

  if ($inode) {
    # The folder the request was made for, not a later one of the same name?
    chdir($folder) or return;
    return if (stat('.'))[1] != $inode;
  }
  else { make_folder($agent, $order, $secrets) or return }
  open_files($stdin_path) or return;
  open_pipes() or return if !$terminal;
  $started_ms = now_ms();
  $own_start //= own_start();
  my $record = make_record("windfall-record 1 $attempt $job $boot_id $$ $own_start $started_ms $uptime_ms") or return;
  report("S $sequence $$ $own_start $started_ms");
  hold_sleep_off();

  $poked = 1 if -e 'stop';
  if ($poked && read_stop()) { finish($stop_cause, undef, undef, 1); return }
  %ENV = map { split(/=/, $_, 2) } @_;    # here and not in the child, as there each page that changes is first copied
  $main = fork;
  if (!defined $main) { finish('start_failed', undef, undef, 1); return }
  run_command($work, @argv) if $main == 0;
  setpgrp($main, $main);
  write_some($record, "child $main\n");
  close_file($record);

  my $gone = wait_for_main() && drain();
  my $status = $ended{$main};
  my ($code, $signal) = $status & 127 ? (undef, $status & 127) : ($status >> 8, undef);
  my $starved = defined $signal && $signal == 9 && !defined $stop_cause && count_oom_kills() > $oom_kills;
  my $cause = $stop_cause // ($starved ? 'out_of_memory' : defined $signal ? 'signalled' : 'exited');
  # It lies there from before the build of its environment until that is done: the command never ran.
  if ($cause =~ /^(exited|signalled)$/ && -e 'building') { $cause = 'environment_failed'; $code = $signal = undef }
  my $all_gone = $adopts && $gone;
  my $told = finish($cause, $code, $signal, $all_gone);
  # What had a secret in its memory does not live on with the jobs of others.
  return ($all_gone || sweep($grace_ms)) && $told && !$terminal && !length $secrets;
}

# Makes the attempt's folder where the agent has nothing to put into it first. A new agent replaces its file and then looks
# which folders there are: so either it sees this one, or the file here is another. Who made it before was as late as we are.
sub make_folder {
  my ($agent, $order, $secrets) = @_;
  make_private($folder) or $! == $EEXIST or return failed('make the folder');
  if (((stat("$run_folder/agent"))[1] // 0) != $agent) { rmdir($folder); return }
  chdir($folder) or return failed('enter the folder');
  mkdir($_, 0700) or $! == $EEXIST or return failed('make the folder') for qw(work tmp);
  put_file('order.json', $order) or return failed('write the order');
  put_file('secrets', $secrets) or return failed('write the secrets') if length $secrets;
  return 1;
}

# A job has the same account: it can have closed the folders above, or removed them.
sub make_private {
  my $path = shift // return;
  return 1 if mkdir($path, 0700);
  if ($! == $EACCES) { open_up($path) }
  elsif ($! == $ENOENT) { make_private($path =~ m{(.+)/}) or return }
  else { return }
  return mkdir($path, 0700);
}

sub open_files {
  my ($stdin_path) = @_;
  my $append = $WRONLY | $APPEND | $CREAT;
  # In this order: each takes the lowest free descriptor, 0, 1 and 2, and so passes through exec.
  close_file($_) for 0 .. 2;
  open_file($stdin_path, $RDONLY) // return failed("open $stdin_path");
  open_file('stdout', $append, 0600) // return failed('create stdout');
  open_file('stderr', $append, 0600) // return failed('create stderr');
  # Room for the status is taken now, so that a disk filled by the job cannot keep its end from being written.
  $status_file = open_file("status.$$", $RDWR | $CREAT | $CLOEXEC, 0600) // return failed('create status');
  return write_file($status_file, (' ' x 255) . "\n") || failed('write status');
}

# Absolute paths: once the folder was renamed away, the link fails and nothing runs. Synced before the link: after a
# power cut a `record.PID` tells that the command may have run.
sub make_record {
  my ($text) = @_;
  my $name = "record.$$";
  my $record = open_file($name, $WRONLY | $CREAT | $EXCL | $CLOEXEC, 0600) // return failed('create record');
  write_file($record, "$text .\n") && sync_file($record) or return failed('write record');
  return $record if link("$folder/$name", "$folder/record");
  unlink($name, "status.$$");
  return;    # another supervisor has it, or the agent took the folder away: nothing to tell
}

sub failed {
  my ($what) = @_;
  my ($number, $words) = ($! + 0, "$!");
  unlink("record.$$", "status.$$");
  report("F $sequence $number $what: $words");
  return;
}

sub run_command {
  my ($work, @argv) = @_;
  setpgrp(0, 0);
  print_into_pipes();
  $SIG{USR1} = 'DEFAULT';    # a stop by it may come before the exec that does the same
  hear_signals($no_signal);
  if (!chdir($work)) { complain("cannot enter the working folder: $!"); leave(126) }
  exec_command(@argv);
}

# Waits until the command itself has ended, carrying out stops. Returns whether nothing of its tree is left.
sub wait_for_main {
  while (1) {
    my $gone = reap();
    return $gone if exists $ended{$main};
    if ($poked) { $poked = 0; ask_tree() if read_stop() }
    if (kill_when_due()) { next if reap() || exists $ended{$main} }
    rest();
  }
}

# What the command left behind. Totals are told when all is gone, as its last words count too.
sub sweep {
  my ($grace_ms) = @_;
  my $asked = defined $stop_cause;
  my $ask_ms = mono_ms() + $LINGER_MS;
  my $strays = '';
  while (1) {
    my $childless = reap();
    last if $adopts ? $childless : !kill(0, -$main);
    # A stop that comes only now gives what was left behind no longer than it has anyway.
    if ($poked) { $poked = 0; ask_tree() if read_stop() }
    if (!$asked && mono_ms() >= $ask_ms) {
      $asked = 1;
      my $until = mono_ms() + ($grace_ms < $LEFTOVER_MS ? $grace_ms : $LEFTOVER_MS);
      $deadline_ms = $until if !defined $deadline_ms || $until < $deadline_ms;
      send_signal($TERM);
    }
    if (kill_when_due() && mono_ms() - $killing_since_ms > $STRAY_MS) { $strays = join(',', tree()); last }
    wake_in($asked ? due_in_ms() : $ask_ms - mono_ms());
    rest();
  }
  drain_patiently();
  my ($out, $err) = (size_of(1), size_of(2));
  my $text = "windfall-swept 1 $out $err " . ($strays || '-') . " .\n";
  my $written = replace('swept', $text);
  if (!$written) {
    unlink($ballast);
    clear_way('swept');
    $written = replace('swept', $text);
  }
  report("W $sequence $out $err ", $strays || '-');
  return $written && !$strays;
}

# Reaps what has ended. True when there is no child at all: with the subreaper bit that means the whole tree is gone.
sub reap {
  while (1) {
    my ($pid, $status) = reap_one();
    return $pid < 0 if $pid <= 0;
    $ended{$pid} = $status if defined $main && $pid == $main;
  }
}

# The file `stop`, written durably by the agent before it pokes: SIGNAL GRACE_MS CAUSE. True when it is news.
sub read_stop {
  my $text = read_file('stop') // return 0;
  return 0 if $text eq $stop_text || $text !~ /^(\d+) (\d+) ([a-z_]+) \.\n/;
  $stop_text = $text;
  ($stop_signal, my $grace_ms) = ($1, $2);
  $stop_cause = $3 if !(defined $main && exists $ended{$main});
  my $until = mono_ms() + $grace_ms;
  $deadline_ms = $until if !defined $deadline_ms || $until < $deadline_ms;
  return 1;
}

sub ask_tree {
  send_signal($sent_signal = $stop_signal) if mono_ms() < $deadline_ms && $stop_signal != $sent_signal;
  wake_in(due_in_ms());
}

# To the command's group in one go, as long as its leader is not reaped (later the number may be another's), and to whatever
# is outside of it one by one. CONT, as a stopped process hears nothing.
sub send_signal {
  my ($signal) = @_;
  my $led = !exists $ended{$main};
  my @targets = ($led ? -$main : (), tree($led));
  kill($signal, $_) for @targets;
  if ($signal != $KILL) { kill('CONT', $_) for @targets }
}

sub due_in_ms {
  my $left = ($deadline_ms // return) - mono_ms();
  return $left > 0 ? $left : 20;    # killing: look again soon, as a kill can race with a fork
}

sub kill_when_due {
  return 0 if !defined $deadline_ms || mono_ms() < $deadline_ms;
  $killing_since_ms //= mono_ms();
  send_signal($KILL);
  wake_in(20);
  return 1;
}

# Living descendants, nearest first; with a true argument only those outside the command's group. macOS loses track of who
# has lost their parent, so there the group's members belong to it too.
sub tree {
  my $outside = shift;
  my (%children, %group);
  for my $row (process_table()) {
    push @{ $children{ $row->[1] } }, $row->[0];
    $group{ $row->[0] } = $row->[2];
  }
  my @next = (@{ $children{$$} || [] }, $adopts ? () : grep { $group{$_} == $main } keys %group);
  my (%found, @found);
  while (@next) {
    my $pid = shift @next;
    next if $found{$pid}++ || !$adopts && $group{$pid} == $$;    # on macOS caffeinate is in the supervisor's own group
    push @next, @{ $children{$pid} || [] };
    push @found, $pid if !$outside || $group{$pid} != $main;
  }
  return @found;
}

# Writes the exit status, durably and once, then tells. Sizes are -1 while processes are left that may still print.
sub finish {
  my ($cause, $code, $signal, $gone) = @_;
  my ($out, $err) = $gone ? (size_of(1), size_of(2)) : (-1, -1);
  my $began_ms = defined $main ? $started_ms : 0;
  my $fields = join(' ', $cause, $code // '-', $signal // '-', $began_ms, now_ms(), peak_bytes(), $out, $err);
  my $text = "windfall-status 1 $fields .\n";
  my $cleared = 0;
  until (rewind($status_file) && write_file($status_file, $text) && sync_file($status_file)
      && rename("$folder/status.$$", "$folder/status")) {
    if ($! == $ENOSPC || $! == $EDQUOT || $! == $EIO) {
      return if !-e "status.$$";         # the folder is gone: nobody waits for this any more
      unlink($ballast) or select(undef, undef, undef, 1);
    }
    # What cannot be cleared would be in the way for ever: the agent finds `status.PID`, or that there is none.
    elsif ($cleared++) { return }
    elsif ($! == $ENOENT) { renew_status() or return }
    else { clear_way('status') }
  }
  report("E $sequence $fields");
  return 1;
}

# A job can empty its folder, but not keep its end from being told as long as the folder is there.
sub renew_status {
  my $file = open_file("status.$$", $RDWR | $CREAT | $CLOEXEC, 0600) // return 0;
  close_file($status_file);
  $status_file = $file;
  return 1;
}

# A job has the same account: it can close our folders, and put one of its own where a file of ours is to be.
sub clear_way {
  my ($name) = @_;
  open_up($folder);
  rename("$folder/$name", "$folder/$name.in-the-way.$$") if -d "$folder/$name";
}

sub open_up {
  my ($path) = @_;
  chmod(0700, $path =~ m{(.*)/}, $path);
}
