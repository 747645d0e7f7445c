# Memory of the simulated Mac: a steered amount is available as long as nothing runs, and what the host's processes really hold is
# taken from it. When that is more than there is, the rest is in swap and the pressure rises, as the kernel would tell.
package LabMemory;
use strict;
use LabMac;
use LabProcesses;

our $PAGE = 16384;

# A hash of numbers of pages by the words of vm_stat, with swapBytes and level.
sub memory {
  my $total = int(sysctl_of('hw.memsize') * 0.985 / $PAGE);
  my $left = one('freeBytes') - held_bytes();
  my $available = int(($left > 0 ? $left : 0) / $PAGE);
  my $swap_bytes = one('swapBytes') + ($left < 0 ? -$left : 0);
  my $share = $available / $total;
  my $level = $share < 0.01 ? 4 : $share < 0.03 ? 2 : 1;
  $level = one('pressure') if one('pressure') > $level;

  # Of what is available some is on the queues; the more there is, the more is plainly free.
  my $spare = $available < $total * 0.02 ? $available : int($total * 0.02);
  my %pages = (speculative => int($spare * 0.2), purgeable => int($spare * 0.2), inactive => 2 * int($spare * 0.2));
  $pages{free} = $available - $pages{speculative} - $pages{purgeable} - $pages{inactive} / 2;
  $pages{wired} = int($total * 0.08);
  $pages{occupied} = int($total * 0.005) + int($swap_bytes / $PAGE / 50);
  $pages{stored} = 2 * $pages{occupied};
  $pages{active} = $total;
  $pages{active} -= $pages{$_} for qw(free speculative inactive wired occupied);
  my $room = $pages{active} > 0 ? 0 : $pages{active} - 1000;
  $pages{active} -= $room;
  $pages{free} += $room;
  my $queues = $pages{active} + $pages{inactive} + $pages{speculative};
  $pages{file} = int($total * 0.03) < $queues ? int($total * 0.03) : $queues;
  $pages{anonymous} = $queues - $pages{file};
  return (%pages, total => $total, swapBytes => $swap_bytes, level => $level, percent => int(100 * $share + 0.5));
}

1;
