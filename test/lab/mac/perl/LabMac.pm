# What the commands of a simulated Mac share: its state, which the lab steers, and the real processes of the host. The state is a
# file of lines `key TAB value`, replaced by rename, so a command sees the whole of one moment. Its words: test/lab/mac/state.ts.
package LabMac;
use strict;
use Time::HiRes ();

our $folder = $ENV{LAB_MAC} // '/mnt/host/mac';
our $proc = $ENV{LAB_PROC} // '/mnt/proc';    # where jobs do not look; there is no /proc here
our ($name) = $0 =~ m{([^/]+?)(?:\.pl)?$};
my %state;

sub import {
  my $caller = caller;
  no strict 'refs';
  *{"${caller}::$_"} = \&$_ for qw(one all is now_ms idle_ms record read_file fail stamp mib sysctl_of parts);
  load();
  begin();
}

sub load {
  %state = ();
  open(my $file, '<', "$folder/state") or die "$name: the lab gave no state: $!\n";
  while (my $line = <$file>) {
    chomp $line;
    my ($key, $value) = split(/\t/, $line, 2);
    push @{ $state{$key} }, $value;
  }
}

# A command may be told to be slow, or to fail with a text.
sub begin {
  my $wait_ms = one("delay.$name");
  Time::HiRes::sleep($wait_ms / 1000) if $wait_ms;
  my ($code, $text) = split(/\t/, one("fail.$name"), 2);
  if (length($code // '')) { print STDERR "$text\n" if length($text // ''); exit $code }
}

sub all { @{ $state{ $_[0] } // [] } }
sub one { $state{ $_[0] }[0] // '' }
sub is { one($_[0]) eq '1' }
sub parts { split(/\t/, $_[0], -1) }
sub now_ms { int(Time::HiRes::time() * 1000) }
sub mib { sprintf('%.2fM', $_[0] / 1048576) }

# Since the last key or movement; the time a Mac sleeps is taken out by who wakes it.
sub idle_ms {
  return 120 if is('isTyping');
  my $ms = now_ms() - one('inputAtMs');
  return $ms < 0 ? 0 : $ms;
}

# 2026-08-16 14:02:11 +1000, in the zone of the caller.
sub stamp {
  return time_text('%Y-%m-%d %H:%M:%S %z', localtime(int($_[0] / 1000)));
}

# strftime(3). POSIX takes half as long again to load as all the rest of a command.
sub time_text {
  require POSIX;
  return POSIX::strftime(@_);
}

sub record {
  open(my $file, '>>', "$folder/record") or return;
  syswrite($file, join("\t", now_ms(), @_) . "\n");
}

sub fail {
  my ($code, $text) = @_;
  print STDERR "$text\n";
  exit $code;
}

sub read_file {
  open(my $file, '<', $_[0]) or return;
  local $/;
  return <$file>;
}

my %sysctl;

sub sysctl_of {
  if (!%sysctl) {
    for (all('sysctl')) { my ($key, $value) = parts($_); $sysctl{$key} = $value }
  }
  return $sysctl{ $_[0] };
}

1;
