#!/mnt/bin/perl -I/mnt/host/mac/perl
# top(1) with -l, and footprint(1): memory as macOS counts it, which here is what is anonymous, in files in memory, or swapped.
use strict;
use LabMac;
use LabProcesses;
use LabMemory;

$LabMac::name eq 'footprint' ? footprint() : top();

sub amount {
  my $bytes = shift;
  return sprintf('%dB', $bytes) if $bytes < 1024;
  return sprintf('%dK', $bytes / 1024) if $bytes < 10_000 * 1024;
  return sprintf('%dM', $bytes / 1048576) if $bytes < 10_000 * 1048576;
  return sprintf('%dG', $bytes / 1073741824);
}

sub top {
  my ($samples, $count, $pause_s, @stats, @pids) = (undef, undef, 1);
  while (@ARGV) {
    my $word = shift @ARGV;
    if ($word eq '-l') { $samples = shift @ARGV }
    elsif ($word eq '-n') { $count = shift @ARGV }
    elsif ($word eq '-s') { $pause_s = shift @ARGV }
    elsif ($word eq '-stats') { @stats = split(/,/, shift @ARGV) }
    elsif ($word eq '-pid') { push @pids, shift @ARGV }
    elsif ($word =~ /^-[oOic]$/) { shift @ARGV }
    elsif ($word =~ /^-[dareXFSRu]+$/) { }
    else { record('gnu', 'top', $word); fail(1, "invalid option or syntax: $word") }
  }
  fail(1, 'Error opening terminal: unknown.') if !defined $samples;
  @stats = qw(pid command cpu time th pgrp ppid state mem purg cmprs uid) if !@stats;
  for my $sample (1 .. $samples) {
    Time::HiRes::sleep($pause_s) if $sample > 1;
    my @rows = processes();
    @rows = grep { my $row = $_; grep { $_ == $row->{pid} } @pids } @rows if @pids;
    head(scalar @rows);
    next if defined $count && $count == 0;
    my %cell = (
      pid => ['PID', sub { $_->{pid} }], command => ['COMMAND', sub { $_->{name} }], cpu => ['%CPU', sub { '0.0' }], time => ['TIME', sub { cpu_time($_->{cpuS}) }],
      th => ['#TH', sub { 4 }], pgrp => ['PGRP', sub { $_->{pgid} }], ppid => ['PPID', sub { $_->{ppid} }], state => ['STATE', sub { 'sleeping' }],
      mem => ['MEM', sub { amount($_->{anonBytes}) . ($sample > 1 ? '+' : '') }], purg => ['PURG', sub { '0B' }], cmprs => ['CMPRS', sub { '0B' }], uid => ['UID', sub { $_->{uid} }],
      rsize => ['RSIZE', sub { amount($_->{residentBytes}) }],
    );
    for (@stats) { fail(1, "invalid argument for -stats: $_") if !$cell{$_} }
    @rows = sort { $b->{pid} <=> $a->{pid} } @rows;
    splice(@rows, $count) if defined $count && @rows > $count;
    print join(' ', map { sprintf('%-7s', $cell{$_}[0]) } @stats), "\n";
    for my $row (@rows) {
      print join(' ', map { my $stat = $_; local $_ = $row; sprintf('%-7s', $cell{$stat}[1]->()) } @stats), "\n";
    }
  }
}

sub cpu_time {
  my $s = shift;
  return $s < 3600 ? sprintf('%02d:%05.2f', $s / 60, $s - 60 * int($s / 60)) : $s < 360_000 ? sprintf('%02d:%02d:%02d', $s / 3600, $s / 60 % 60, $s % 60) : sprintf('%d hrs', $s / 3600);
}

sub head {
  my $count = shift;
  my %pages = LabMemory::memory();
  my $size = sub { amount($_[0] * $LabMemory::PAGE) };
  my @load = split(/ /, read_file("$LabMac::proc/loadavg") // '0 0 0');
  my $busy = one('cpuBusy') || 5;
  my $used = $pages{total} - $pages{free} - $pages{speculative};
  printf("Processes: %d total, 2 running, %d sleeping, %d threads \n", $count, $count - 2, $count * 4);
  print LabMac::time_text('%Y/%m/%d %H:%M:%S', localtime), "\n";
  printf("Load Avg: %s, %s, %s \n", @load[0 .. 2]);
  printf("CPU usage: %.2f%% user, %.2f%% sys, %.2f%% idle \n", $busy * 0.75, $busy * 0.25, 100 - $busy);
  print "SharedLibs: 967M resident, 151M data, 136M linkedit.\nMemRegions: 157455 total, 6183M resident, 630M private, 1452M shared.\n";
  printf("PhysMem: %s used (%s wired, %s compressor), %s unused.\n", $size->($used), $size->($pages{wired}), $size->($pages{occupied}), $size->($pages{free} + $pages{speculative}));
  print "VM: 229T vsize, 5703M framework vsize, 7(0) swapins, 16(0) swapouts.\nNetworks: packets: 855927/101G in, 745754/74G out.\nDisks: 1158377/2106G read, 634150/3105G written.\n\n";
}

sub footprint {
  my ($children, $bytes, @pids) = (0, 0);
  while (@ARGV) {
    my $word = shift @ARGV;
    if ($word eq '-p' || $word eq '--pid') { push @pids, shift @ARGV }
    elsif ($word eq '-t' || $word eq '--targetChildren') { $children = 1 }
    elsif ($word eq '-f' || $word eq '--format') { $bytes = shift(@ARGV) eq 'bytes' }
    elsif ($word =~ /^\d+$/) { push @pids, $word }
  }
  my %row = map { $_->{pid} => $_ } processes();
  if ($children) { for (1 .. 20) { my %known = map { $_ => 1 } @pids; push @pids, grep { !$known{$_} && $known{ $row{$_}{ppid} } } keys %row } }
  my $status = 0;
  for my $pid (@pids) {
    my $row = $row{$pid};
    if (!$row) { print STDERR "footprint: no process found for pid $pid\n"; $status = 1; next }
    if ($row->{uid} != own_uid()) { print STDERR "footprint: unable to access process $pid: needs root\n"; $status = 1; next }
    my $size = $bytes ? "$row->{anonBytes} B" : int($row->{anonBytes} / 1024) . ' KB';
    print '=' x 70, "\n$row->{name} [$pid]: 64-bit    Footprint: $size (16384 bytes per page)\n", '=' x 70, "\n\n";
  }
  exit $status;
}
