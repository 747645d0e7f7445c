# The processes of the simulated host, as its own process namespace numbers them, and those that only the state has (what
# belongs to macOS and to whoever sits before the screen).
package LabProcesses;
use strict;
use LabMac;

sub import {
  my $caller = caller;
  no strict 'refs';
  *{"${caller}::$_"} = \&$_ for qw(processes own_uid held_bytes user_name);
}

my ($uptime_s, $now_s, %names);

sub own_uid { $< }

# Hashes: pid ppid pgid uid tty state startS cpuS anonBytes residentBytes command environment name.
sub processes {
  my ($with_environment) = @_;
  ($uptime_s) = split(/ /, read_file("$LabMac::proc/uptime") // '0');
  $now_s = Time::HiRes::time();
  opendir(my $all, $LabMac::proc) or return;
  my @rows = map { row_of($_, $with_environment) // () } sort { $a <=> $b } grep { /^\d+$/ } readdir $all;
  return (@rows, map { row_of_state($_) } all('process'));
}

sub row_of {
  my ($pid, $with_environment) = @_;
  my $stat = read_file("$LabMac::proc/$pid/stat") // return;
  my ($short, $rest) = $stat =~ /^\d+ \((.*)\) (.*)/s or return;
  my ($state, $ppid, $pgid, $session, $tty, @more) = split(/ /, $rest);
  my $status = read_file("$LabMac::proc/$pid/status") // return;
  my ($uid) = $status =~ /^Uid:\s+(\d+)/m;
  my $kilobytes = 0;
  $kilobytes += $1 while $status =~ /^(?:RssAnon|RssShmem|VmSwap):\s+(\d+) kB/mg;
  my ($resident) = $status =~ /^VmRSS:\s+(\d+) kB/m;
  return {
    pid => $pid, ppid => $ppid, pgid => $pgid, uid => $uid, tty => $tty ? tty_name($tty) : '??',
    state => { S => 'S', D => 'U', R => 'R', T => 'T', t => 'T', Z => 'Z', I => 'I' }->{$state} // 'S',
    startS => $now_s - $uptime_s + $more[14] / 100, cpuS => ($more[6] + $more[7]) / 100,
    anonBytes => $kilobytes * 1024, residentBytes => ($resident // 0) * 1024,
    command => command_of($pid, $short, $state), name => substr($short, 0, 16),
    environment => $with_environment ? environment_of($pid) : '',
  };
}

# A zombie has no arguments any more: its name stands in brackets.
sub command_of {
  my ($pid, $short, $state) = @_;
  return '/sbin/launchd' if $pid == 1;
  return "($short)" if $state eq 'Z';
  my $text = read_file("$LabMac::proc/$pid/cmdline") // '';
  $text =~ s/\0+$//;
  $text =~ s/\0/ /g;
  $text =~ s{^/mnt/bin/perl -I/mnt/host/mac/perl (?:-MLabDarwin )?(?=/)}{};          # one of our commands: its script is what was typed
  $text =~ s{^/mnt/bin/perl -I/mnt/host/mac/perl -MLabDarwin ?}{/usr/bin/perl };
  $text =~ s{^/mnt/s?bin/}{};
  $text =~ s/[\n\t]/ /g;
  $text =~ s/\s+$//;
  return length $text ? $text : "($short)";
}

sub environment_of {
  my $text = read_file("$LabMac::proc/$_[0]/environ") // '';
  $text =~ s/[\0\n]/ /g;
  return $text;
}

# Character devices 136 to 143 are the slaves of pseudo-terminals.
sub tty_name {
  my $number = shift;
  my ($major, $minor) = (($number >> 8) & 0xfff, ($number & 0xff) | (($number >> 12) & 0xfff00));
  return $major >= 136 && $major <= 143 ? 'pts/' . (($major - 136) * 256 + $minor) : '??';
}

sub row_of_state {
  my ($pid, $uid, $start_ms, $bytes, $cpu_s, $command) = parts($_[0]);
  my ($short) = $command =~ m{([^/]+)$};
  return {
    pid => $pid, ppid => 1, pgid => $pid, uid => $uid, tty => '??', state => 'S', startS => $start_ms / 1000, cpuS => $cpu_s,
    anonBytes => $bytes, residentBytes => $bytes, command => $command, name => substr($short, 0, 16), environment => '',
  };
}

# What the processes hold that really run here.
sub held_bytes {
  my $bytes = 0;
  opendir(my $all, $LabMac::proc) or return 0;
  for my $pid (grep { /^\d+$/ } readdir $all) {
    my $status = read_file("$LabMac::proc/$pid/status") // next;
    $bytes += $1 * 1024 while $status =~ /^(?:RssAnon|RssShmem|VmSwap):\s+(\d+) kB/mg;
  }
  return $bytes;
}

sub user_name {
  if (!%names) {
    %names = (0 => 'root', 88 => '_windowserver');
    for (split(/\n/, read_file('/etc/passwd') // '')) { my @field = split(/:/); $names{ $field[2] } //= $field[0] }
    for (all('account')) { my ($user, $uid) = parts($_); $names{$uid} //= $user }
  }
  return $names{ $_[0] } // $_[0];
}

1;
