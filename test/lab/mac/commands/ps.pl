#!/mnt/bin/perl -I/mnt/host/mac/perl
# ps(1) of macOS: BSD options, its keywords, and nothing of GNU's.
use strict;
use LabMac;
use LabProcesses;

my (%flag, @columns, @pids, @ttys, @users);
my $usage = "usage: ps [-AaCcEefhjlMmrSTvwXx] [-O fmt | -o fmt] [-G gid[,gid...]]\n          [-g grp[,grp...]] [-u [uid,uid...]]\n          [-p pid[,pid...]] [-t tty[,tty...]] [-U user[,user...]]\n       ps [-L]";
# `ps aux`, without a dash, is of flags alone.
if (@ARGV && $ARGV[0] =~ /^[AaCcEefhjlMmrSTuvwXx]+$/) { $flag{$_} = 1 for split(//, shift) }
while (@ARGV) {
  my $word = shift;
  if ($word =~ /^-([AaCcEefhjlMmrSTvwXx]*)([oOptUuGg])(.*)$/) {
    my ($more, $option, $value) = ($1, $2, $3);
    $flag{$_} = 1 for split(//, $more);
    $value = shift // '' if $value eq '' && !($option eq 'u' && (!@ARGV || $ARGV[0] =~ /^-/));
    if ($option eq 'o' || $option eq 'O') { push @columns, columns_of($value) }
    elsif ($option eq 'p') { push @pids, split(/[, ]+/, $value); $flag{p} = 1 }
    elsif ($option eq 't') { push @ttys, map { s{^/dev/}{}r } split(/,/, $value) }
    elsif ($option eq 'U' || $option eq 'u' && $value ne '') { push @users, split(/,/, $value) }
    elsif ($option eq 'u') { $flag{u} = 1; $flag{$_} = 1 for split(//, $value) }
  }
  elsif ($word =~ /^-([AaCcEefhjlMmrSTvwXxu]+)$/) { $flag{$_} = 1 for split(//, $1) }
  elsif ($word =~ /^--/) { record('gnu', 'ps', $word); fail(1, "ps: illegal option -- -\n$usage") }
  elsif ($word =~ /^-(.)/) { record('gnu', 'ps', $word); fail(1, "ps: illegal option -- $1\n$usage") }
  elsif ($word =~ /^\d+(,\d+)*$/) { push @pids, split(/,/, $word); $flag{p} = 1 }
  else { fail(1, "ps: illegal argument: $word\n$usage") }
}

# A list of keywords; the last may have a head of its own after `=`, an empty one too.
sub columns_of {
  my @found;
  my @words = split(/[, ]+/, $_[0]);
  for my $i (0 .. $#words) {
    my ($key, $head) = $words[$i] =~ /^([^=]+)(?:=(.*))?$/ or next;
    push @found, [lc $key, $head];
  }
  return @found;
}

my $default = $flag{u} ? 'user,pid,pcpu,pmem,vsz,rss,tt,stat,start,time,command' : $flag{j} ? 'user,pid,ppid,pgid,sess,jobc,state,tt,time,command' : $flag{l} || $flag{f} ? 'uid,pid,ppid,pcpu,start,tt,time,command' : 'pid,tt,time,command';
@columns = columns_of($default) if !@columns;

my $now_s = Time::HiRes::time();
my %CELL = (
  pid => ['PID', 5, sub { $_->{pid} }], ppid => ['PPID', 5, sub { $_->{ppid} }], pgid => ['PGID', 5, sub { $_->{pgid} }], uid => ['UID', 5, sub { $_->{uid} }],
  sess => ['SESS', 6, sub { 0 }], ruid => ['RUID', 5, sub { $_->{uid} }], user => ['USER', -16, sub { user_name($_->{uid}) }], ruser => ['RUSER', -16, sub { user_name($_->{uid}) }],
  gid => ['GID', 5, sub { 20 }], stat => ['STAT', -4, \&state_text], state => ['STAT', -4, \&state_text], pcpu => ['%CPU', 5, \&percent_cpu], cpu => ['CPU', 3, sub { 0 }],
  pmem => ['%MEM', 4, sub { sprintf('%.1f', 100 * $_->{residentBytes} / sysctl_of('hw.memsize')) }], rss => ['RSS', 6, sub { int($_->{residentBytes} / 1024) }],
  vsz => ['VSZ', 9, sub { 410_000_000 + int($_->{residentBytes} / 1024) }], tt => ['TT', -4, sub { $_->{tty} =~ m{^pts/(\d+)$} ? sprintf('s%03d', $1) : $_->{tty} }], tty => ['TTY', -8, sub { $_->{tty} }],
  time => ['TIME', 9, sub { cpu_time($_->{cpuS}) }], etime => ['ELAPSED', 11, \&elapsed], start => ['STARTED', 9, \&started], nice => ['NI', 2, sub { 0 }], pri => ['PRI', 3, sub { 31 }],
  lstart => ['STARTED', -28, sub { LabMac::time_text('%a %b %e %H:%M:%S %Y', localtime(int($_->{startS} + 0.5))) }], jobc => ['JOBC', 4, sub { 0 }], flags => ['F', 8, sub { 4004 }],
  command => ['COMMAND', 0, \&command], args => ['ARGS', 0, \&command], comm => ['COMM', -16, \&program], ucomm => ['UCOMM', -16, sub { $_->{name} }], wchan => ['WCHAN', -6, sub { '-' }],
);
@CELL{qw(%cpu %mem tname pgrp ni ppgid logname usertime)} = (@CELL{qw(pcpu pmem tt pgid nice pgid user time)});
for (@columns) {
  next if $CELL{ $_->[0] };
  record('gnu', 'ps', $_->[0]);
  print STDERR "ps: $_->[0]: keyword not found\n";
  fail(1, 'ps: no valid keywords; valid keywords:') if @columns == 1;
}
@columns = grep { $CELL{ $_->[0] } } @columns;

my @rows = grep { wanted($_) } processes($flag{E} || $flag{e} && !$flag{A} && !$flag{x});
my @heads = map { defined $_->[1] ? $_->[1] : $CELL{ $_->[0] }[0] } @columns;
my @cells = map { local $_ = $_; my $row = $_; [map { my $column = $_; local $_ = $row; $CELL{ $column->[0] }[2]->() } @columns] } @rows;
my @width = map { my $i = $_; my $least = abs $CELL{ $columns[$i][0] }[1]; my $most = length $heads[$i]; for (@cells) { $most = length $_->[$i] if length $_->[$i] > $most } $most > $least ? $most : $least } 0 .. $#columns;
print_row(\@heads) if grep { length } @heads;
print_row($_) for @cells;
exit(@rows ? 0 : 1);

sub wanted {
  my $row = shift;
  return scalar grep { $_ eq $row->{pid} } @pids if $flag{p};
  if (@ttys) { return scalar grep { $_ eq $row->{tty} || "tty$_" eq $row->{tty} } @ttys }
  if (@users) { return scalar grep { $_ eq $row->{uid} || $_ eq user_name($row->{uid}) } @users }
  return 1 if $flag{A} || $flag{e} || $flag{f} && $flag{e};
  return 0 if !$flag{a} && $row->{uid} != own_uid();
  return $flag{x} || $row->{tty} ne '??';
}

sub print_row {
  my @row = @{ $_[0] };
  my @text = map { my ($i, $cell) = ($_, $row[$_]); my $to_left = $CELL{ $columns[$i][0] }[1] <= 0; $i == $#row && $to_left ? $cell : sprintf($to_left ? '%-*s' : '%*s', $width[$i], $cell) } 0 .. $#row;
  print join(' ', @text), "\n";
}

sub state_text { $_->{state} . ($_->{pid} == $_->{pgid} ? 's' : '') }
sub percent_cpu { my $s = $now_s - $_->{startS}; sprintf('%.1f', $s > 0 ? 100 * $_->{cpuS} / $s : 0) }
sub program { my ($path) = $_->{command} =~ /^(\S+)/; $path }
sub command { $flag{c} ? $_->{name} : length $_->{environment} ? "$_->{command} $_->{environment}" : $_->{command} }

sub cpu_time {
  my $s = shift;
  return sprintf('%d:%05.2f', $s / 60, $s - 60 * int($s / 60));
}

sub elapsed {
  my $s = int($now_s - $_->{startS});
  $s = 0 if $s < 0;
  my ($days, $hours, $minutes, $seconds) = (int($s / 86400), $s / 3600 % 24, $s / 60 % 60, $s % 60);
  return $days ? sprintf('%02d-%02d:%02d:%02d', $days, $hours, $minutes, $seconds) : $hours ? sprintf('%02d:%02d:%02d', $hours, $minutes, $seconds) : sprintf('%02d:%02d', $minutes, $seconds);
}

sub started {
  my $age_s = $now_s - $_->{startS};
  my @at = localtime($_->{startS});
  return $age_s > 7 * 86400 ? LabMac::time_text('%d%b%y', @at) : $age_s > 86400 ? LabMac::time_text('%a%I%p', @at) : LabMac::time_text('%l:%M%p', @at);
}
