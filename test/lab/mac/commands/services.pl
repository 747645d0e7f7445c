#!/mnt/bin/perl -I/mnt/host/mac/perl
# launchctl, xcode-select, notifyutil, sntp, tmutil, caffeinate, taskpolicy, log.
use strict;
use LabMac;

my %act = (
  launchctl => \&launchctl, 'xcode-select' => \&tools, notifyutil => \&notify, sntp => \&clock, tmutil => \&backups, caffeinate => \&caffeinate,
  taskpolicy => \&policy, log => sub { fail(64, 'log: Could not open local log store: Operation not permitted') },
);
$act{$LabMac::name}->();

sub launchctl {
  my ($verb, $target) = @ARGV;
  if ($verb eq 'managername') { print "Background\n" }
  elsif ($verb eq 'limit') { print "\tmaxfiles    256            unlimited      \n" }
  elsif ($verb eq 'print-disabled') { print "\tdisabled services = {\n\t\t\"com.openssh.sshd\" => ", is('remoteLogin') ? 'enabled' : 'disabled', "\n\t\t\"com.apple.ftpd\" => disabled\n\t}\n\tlogin item associations = {\n\t}\n" }
  elsif ($verb eq 'list') { print "PID\tStatus\tLabel\n-\t0\tcom.apple.SafariHistoryServiceAgent\n389\t0\tcom.apple.powerd\n" }
  elsif ($verb eq 'print' && ($target // '') =~ m{^gui/(\d+)} && one('consoleUid') ne $1) { print STDERR "Bad request.\nCould not find domain for user gui: $1\n"; exit 112 }
  elsif ($verb eq 'print' && $target eq 'system/com.openssh.sshd') { print "system/com.openssh.sshd = {\n\tactive count = 1\n\tpath = /System/Library/LaunchDaemons/ssh.plist\n\ttype = LaunchDaemon\n\tstate = not running\n}\n" }
  elsif ($verb eq 'print') { print STDERR "Could not find service \"", $target =~ s{.*/}{}r, "\" in domain for ", $target =~ s{/[^/]*$}{}r, "\n"; exit 113 }
  elsif ($verb eq 'bootstrap') { print STDERR "Bootstrap failed: 125: Domain does not support specified action\n"; exit 125 }
  elsif ($verb eq 'bootout') { print STDERR "Boot-out failed: 3: No such process\n"; exit 3 }
  else { fail(64, 'Unrecognized subcommand: ' . ($verb // '')) }
}

sub tools {
  fail(64, 'xcode-select: error: the lab only prints') if ($ARGV[0] // '') !~ /^(-p|--print-path)$/;
  print one('developerFolder') eq '' ? fail(2, "xcode-select: error: unable to get active developer directory, use 'sudo xcode-select --switch path/to/Xcode.app' to set one (or see man xcode-select)") : one('developerFolder') . "\n";
}

sub notify {
  my ($verb, $key) = @ARGV;
  fail(1, 'usage: notifyutil [-q] [-v] [-t] [-z <int>] [<command>...]') if $verb ne '-g';
  print "$key ", $key eq 'com.apple.system.thermalpressurelevel' ? one('thermal') : 0, "\n";
}

sub clock { printf("%+.6f +/- 0.018311 %s 17.253.52.125\n", one('clockOffsetMs') / 1000, $ARGV[-1]) }

# Backups are told what to leave out; the lab keeps what was said, in the home of who said it.
sub backups {
  open(my $file, '>>', "$ENV{HOME}/.lab-tmutil") or return;
  print $file join(' ', @ARGV), "\n";
}

# With -p it changes processes that run.
sub policy {
  my $pids = grep { $_ eq '-p' } @ARGV;
  record('taskpolicy', @ARGV);
  while (@ARGV && $ARGV[0] =~ /^-/) { my $flag = shift(@ARGV); shift(@ARGV) if $flag =~ /^-[cdgjlmpstP]$/ }
  exit 0 if $pids;
  exec(@ARGV) or fail(127, "taskpolicy: $ARGV[0]: $!");
}

# It keeps the Mac awake as long as a command runs, a process lives or some seconds last; else until it is ended.
sub caffeinate {
  my ($pid, $seconds, $flags) = (undef, undef, '');
  my @words = @ARGV;
  while (@words && $words[0] =~ /^-([disumtw]+)(\d*)$/) {
    shift @words;
    my ($letters, $number) = ($1, $2);
    $flags .= $letters;
    if ($letters =~ /w$/) { $pid = length $number ? $number : shift @words }
    if ($letters =~ /t$/) { $seconds = length $number ? $number : shift @words }
  }
  fail(1, "caffeinate: illegal option") if @words && $words[0] =~ /^-/;
  record('caffeinate', @ARGV);
  if ($flags =~ /u/) { unlink("$LabMac::folder/display-slept") }
  if (@words) {
    my $child = fork // fail(1, 'caffeinate: fork failed');
    if (!$child) { exec(@words) or exit 127 }
    waitpid($child, 0);
    exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
  }
  my $until = defined $seconds ? now_ms() + 1000 * $seconds : undef;
  # The real one is told at once when the process goes; here it looks.
  while (!(defined $until && now_ms() >= $until)) {
    last if defined $pid && !-e "$LabMac::proc/$pid/stat";
    Time::HiRes::sleep(0.25);
  }
}
