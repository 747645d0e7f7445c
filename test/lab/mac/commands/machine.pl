#!/mnt/bin/perl -I/mnt/host/mac/perl
# uname, arch, sw_vers, hostname: uname(1), arch(1), sw_vers(1).
use strict;
use LabMac;

my $machine = one('machine');
my %act = (uname => \&uname, arch => sub { print $machine eq 'arm64' ? 'arm64' : 'i386', "\n" }, sw_vers => \&sw_vers);
$act{$LabMac::name}->();

sub uname {
  my $node = one('hostName');
  my ($release) = sysctl_of('kern.osrelease');
  my %value = (s => 'Darwin', n => $node, r => $release, v => sysctl_of('kern.version'), m => $machine, p => $machine eq 'arm64' ? 'arm' : 'i386');
  my $flags = '';
  for (@ARGV) { /^-([asnrvmpo]+)$/ or fail(1, "uname: illegal option -- " . substr($_, 1, 1) . "\nusage: uname [-amnoprsv]"); $flags .= $1 }
  $flags =~ tr/o/s/;
  $flags = 'snrvm' if $flags =~ /a/;
  $flags = 's' if $flags eq '';
  print join(' ', map { $value{$_} } grep { $flags =~ $_ } qw(s n r v m p)), "\n";
}

sub sw_vers {
  my %value = (ProductName => 'macOS', ProductVersion => one('version'), BuildVersion => one('build'));
  my ($asked) = map { /^--?(product|build)(Name|Version)$/ ? ucfirst($1) . $2 : () } @ARGV;
  if (defined $asked) { print "$value{$asked}\n"; exit }
  print "$_:\t\t$value{$_}\n" for qw(ProductName ProductVersion BuildVersion);
}
