#!/mnt/bin/perl -I/mnt/host/mac/perl
# vm_stat(1), memory_pressure(1).
use strict;
use LabMac;
use LabMemory;

my %pages = LabMemory::memory();
if ($LabMac::name eq 'memory_pressure') {
  my $size = sysctl_of('hw.memsize');
  printf("The system has %d (%d pages with a page size of %d).\n", $size, $size / $LabMemory::PAGE, $LabMemory::PAGE);
  if (!grep { $_ eq '-Q' } @ARGV) {
    print "\nStats: \nPages free: $pages{free} \nPages purgeable: $pages{purgeable} \nPages purged: 3232 \n";
    print "\nSwap I/O:\nSwapins: 7 \nSwapouts: 16 \n";
    print "\nPage Q counts:\nPages active: $pages{active} \nPages inactive: $pages{inactive} \nPages speculative: $pages{speculative} \n";
    print "Pages throttled: 0 \nPages wired down: $pages{wired} \n";
    print "\nCompressor Stats:\nPages used by compressor: $pages{occupied} \nPages decompressed: 123 \nPages compressed: 456 \n";
    print "\nFile I/O:\nPageins: 761171 \nPageouts: 2996 \n\n";
  }
  print "System-wide memory free percentage: $pages{percent}%\n";
  exit;
}

my @lines = (
  ['Pages free', 'free'], ['Pages active', 'active'], ['Pages inactive', 'inactive'], ['Pages speculative', 'speculative'],
  ['Pages throttled', 0], ['Pages wired down', 'wired'], ['Pages purgeable', 'purgeable'], ['"Translation faults"', 218850525],
  ['Pages copy-on-write', 11360665], ['Pages zero filled', 145853813], ['Pages reactivated', 7483439], ['Pages purged', 1540816],
  ['File-backed pages', 'file'], ['Anonymous pages', 'anonymous'], ['Pages stored in compressor', 'stored'],
  ['Pages occupied by compressor', 'occupied'], ['Decompressions', 4668445], ['Compressions', 6377731], ['Pageins', 5708256],
  ['Pageouts', 51709], ['Swapins', 0], ['Swapouts', 0],
);
print "Mach Virtual Memory Statistics: (page size of $LabMemory::PAGE bytes)\n";
for (@lines) {
  my ($label, $of) = @$_;
  printf("%-30s %17s.\n", "$label:", $pages{$of} // $of);
}
