#!/mnt/bin/perl -I/mnt/host/mac/perl
# stat(1) of macOS: -f FORMAT; what GNU's has under the same letters is refused.
use strict;
use LabMac;
use LabProcesses;

my ($format, $newline, $follow) = (undef, "\n", 0);
while (@ARGV && $ARGV[0] =~ /^-/) {
  my $word = shift;
  if ($word =~ /^-([nqLFlrsx]*)f(.*)$/) { $follow = 1 if $1 =~ /L/; $newline = '' if $1 =~ /n/; $format = length $2 ? $2 : shift }
  elsif ($word =~ /^-[nqLFlrsx]+$/) { $follow = 1 if $word =~ /L/; $newline = '' if $word =~ /n/ }
  else { record('gnu', 'stat', $word); fail(1, 'stat: illegal option -- ' . substr($word, 1, 1) . "\nusage: stat [-FLnq] [-f format | -l | -r | -s | -x] [-t timefmt] [file ...]") }
}
my $status = 0;
for my $path (@ARGV) {
  if ($path eq '/dev/console' && defined $format) { print $format =~ s/%Su/length one('consoleUser') ? one('consoleUser') : 'root'/er =~ s/%u/length one('consoleUser') ? one('consoleUid') : 0/er, $newline; next }
  my @stat = $follow ? stat $path : lstat $path;
  if (!@stat) { print STDERR "stat: $path: stat: $!\n"; $status = 1; next }
  my %value = (
    z => $stat[7], i => $stat[1], d => $stat[0], l => $stat[3], u => $stat[4], g => $stat[5], a => $stat[8], m => $stat[9], c => $stat[10], B => $stat[10], b => $stat[12], k => $stat[11],
    N => $path, n => "\n", Su => user_name($stat[4]), Sg => 'staff', p => sprintf('%o', $stat[2]), Lp => sprintf('%o', $stat[2] & 07777), A => $stat[8], HT => -d _ ? 'Directory' : -l _ ? 'Symbolic Link' : 'Regular File',
  );
  my $text = $format // '%d %i %p %l %u %g %z %N';
  $text =~ s/%(Su|Sg|Lp|HT|OLp|[zidlugamcBbkNnpA%])/$1 eq '%' ? '%' : $1 eq 'OLp' ? $value{Lp} : $value{$1}/ge;
  print $text, $newline;
}
exit $status;
