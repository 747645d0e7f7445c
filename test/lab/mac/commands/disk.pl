#!/mnt/bin/perl -I/mnt/host/mac/perl
# df(1), mount(8), diskutil(8): BSD forms; sizes are of the real disk below.
use strict;
use LabMac;

my %act = (df => \&df, mount => \&mounts, diskutil => \&diskutil);
$act{$LabMac::name}->();

sub df {
  my ($block, $portable, @paths) = (512, 0);
  for (@ARGV) {
    if (/^--/ || /^-.*[BT]/) { record('gnu', 'df', $_); fail(64, "df: illegal option -- " . substr($_, 1, 1) . "\nusage: df [-b | -g | -H | -h | -k | -m | -P] [-acIilntY,] [-T type] [file | filesystem ...]") }
    elsif (/^-([a-zA-Z]+)$/) { $block = 1024 if /k/; $block = 1048576 if /m/; $portable = 1 if /P/ }
    else { push @paths, $_ }
  }
  my $shown = $block == 512 ? '512-blocks' : $block == 1024 ? '1024-blocks' : '1M-blocks';
  my @rows;
  for my $path (@paths ? @paths : '/') {
    my $real = -d '/mnt/bin' ? $path =~ s{^/System/Volumes/Data(/|$)}{/}r : $path;
    my $df = -x '/mnt/bin/df' ? '/mnt/bin/df' : '/bin/df';
    open(my $from, '-|', $df, '-Pk', '--', $real =~ m{^/?$} && -d '/mnt/host' ? '/mnt/host' : $real) or next;
    my (undef, $line) = <$from>;
    if (!defined $line) { print STDERR "df: $path: No such file or directory\n"; exit 1 }
    my (undef, $size, $used, $free) = split(' ', $line);
    my $at = $path eq '/' ? '/' : '/System/Volumes/Data';
    push @rows, [$path eq '/' ? '/dev/disk3s1s1' : '/dev/disk3s5', (map { int($_ * 1024 / $block) } $size, $used, $free), $used + $free ? int(100 * $used / ($used + $free) + 0.5) : 0, $at];
  }
  if ($portable) {
    printf("%-16s %12s %10s %10s %8s %s\n", 'Filesystem', $shown, 'Used', 'Available', 'Capacity', 'Mounted on');
    printf("%-16s %12d %10d %10d %7d%%  %s\n", @$_) for @rows;
    return;
  }
  printf("%-16s %12s %10s %10s %8s %s %s %s  %s\n", 'Filesystem', $shown, 'Used', 'Available', 'Capacity', 'iused', 'ifree', '%iused', 'Mounted on');
  printf("%-16s %12d %10d %10d %7d%%  453019 4291520 %5d%%   %s\n", @$_[0 .. 4], 1, $_->[5]) for @rows;
}

sub mounts {
  print "/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)\ndevfs on /dev (devfs, local, nobrowse)\n/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse, protect, root data)\n";
}

sub diskutil {
  my ($verb) = @ARGV;
  fail(1, 'diskutil: did not recognize verb "' . ($verb // '') . '"; type "diskutil" for a list') if ($verb // '') !~ /^(info|list|apfs)$/;
  if ($verb eq 'apfs') { print "FileVault:                 ", is('fileVault') ? 'Yes (Unlocked)' : 'No', "\n"; exit }
  print "   Device Identifier:         disk3s5\n   Device Node:               /dev/disk3s5\n   Volume Name:               Data\n   Mounted:                   Yes\n   Mount Point:               /System/Volumes/Data\n   File System Personality:   APFS\n   FileVault:                 ", is('fileVault') ? 'Yes' : 'No', "\n   Solid State:               Yes\n";
}
