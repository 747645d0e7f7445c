#!/mnt/bin/perl -I/mnt/host/mac/perl
# sysctl(8): keys of the model, and those that change.
use strict;
use LabMac;
use LabMemory;

my ($values_only, $quiet, $every) = (0, 0, 0);
while (@ARGV && $ARGV[0] =~ /^-([a-zA-Z]+)$/) {
  my $flags = $1;
  shift;
  $values_only = 1 if $flags =~ /n/;
  $quiet = 1 if $flags =~ /i/;
  $every = 1 if $flags =~ /a/;
  fail(1, 'sysctl: illegal option -- ' . substr($flags, 0, 1)) if $flags !~ /^[aineqhx]+$/;
}
my %memory;
my %live = (
  'kern.boottime' => sub { moment(one('bootAtMs')) },
  'kern.waketime' => sub { moment(one('wakeAtMs')) },
  'kern.sleeptime' => sub { moment(one('sleepAtMs')) },
  'kern.bootsessionuuid' => sub { one('bootId') },
  'kern.hostname' => sub { one('hostName') },
  'vm.loadavg' => sub { sprintf('{ %.2f %.2f %.2f }', (split(/ /, LabMac::read_file("$LabMac::proc/loadavg") // '0 0 0'))[0 .. 2]) },
  'vm.swapusage' => \&swap,
  'kern.memorystatus_vm_pressure_level' => sub { memory('level') },
  'kern.memorystatus_level' => sub { memory('percent') },
  'vm.page_free_count' => sub { memory('free') },
  'vm.page_speculative_count' => sub { memory('speculative') },
  'vm.page_purgeable_count' => sub { memory('purgeable') },
  'vm.page_pageable_internal_count' => sub { memory('anonymous') },
  'vm.page_pageable_external_count' => sub { memory('file') },
  'vm.pages' => sub { memory('total') },
  'vm.compressor_bytes_used' => sub { memory('occupied') * $LabMemory::PAGE },
);

my @known = map { (LabMac::parts($_))[0] } all('sysctl');
my $status = 0;
for my $asked ($every ? (@known, sort keys %live) : @ARGV) {
  my @keys = exists $live{$asked} || defined sysctl_of($asked) ? $asked : grep { index($_, "$asked.") == 0 } @known, sort keys %live;
  if (!@keys && !$quiet) { print STDERR "sysctl: unknown oid '$asked'\n"; $status = 1 }
  for my $key (@keys) {
    my $value = exists $live{$key} ? $live{$key}->() : sysctl_of($key);
    print $values_only ? "$value\n" : "$key: $value\n";
  }
}
exit $status;

sub memory { %memory = LabMemory::memory() if !%memory; $memory{ $_[0] } }

sub moment {
  my $ms = shift;
  my $text = $ms ? LabMac::time_text('%a %b %e %H:%M:%S %Y', localtime(int($ms / 1000))) : 'Thu Jan  1 00:00:00 1970';
  return sprintf('{ sec = %d, usec = %d } %s', int($ms / 1000), $ms % 1000 * 1000, $text);
}

sub swap {
  my $used = memory('swapBytes');
  my $total = $used == 0 ? 0 : (int($used / 1073741824) + 1) * 1073741824;
  return sprintf('total = %s  used = %s  free = %s  (encrypted)', map { mib($_) } $total, $used, $total - $used);
}
