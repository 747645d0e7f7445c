#!/mnt/bin/perl -I/mnt/host/mac/perl
# lsof(8): working folders and TCP sockets of the account's own processes; those of others are not told, as without root.
use strict;
use LabMac;
use LabProcesses;

my ($and, $fields, $only_pids, $port, $listening, $sockets, $folders, %users, %pids) = (0);
while (@ARGV) {
  my $word = shift;
  if ($word =~ /^-[anPwl]+$/) { $and = 1 if $word =~ /a/ }
  elsif ($word eq '-d') { $folders = shift eq 'cwd' }
  elsif ($word =~ /^-d(.*)/) { $folders = $1 eq 'cwd' }
  elsif ($word =~ /^-u(.*)/) { $users{$_} = 1 for split(/,/, $1 eq '' ? shift : $1) }
  elsif ($word =~ /^-p(.*)/) { $pids{$_} = 1 for split(/,/, $1 eq '' ? shift : $1) }
  elsif ($word =~ /^-F(.*)/) { $fields = $1 }
  elsif ($word =~ /^-i[46]*(?:TCP)?(?::(\d+))?$/i) { $sockets = 1; $port = $1 }
  elsif ($word =~ /^-sTCP:LISTEN$/i) { $listening = 1 }
  elsif ($word eq '-t') { $only_pids = 1 }
  elsif ($word =~ /^-nP$|^-Pn$/) { }
  else { record('gnu', 'lsof', $word); fail(1, "lsof: illegal option: $word") }
}

my %inode = $sockets || !$folders ? tcp_sockets() : ();
my $told = 0;
print_head() if !defined $fields && !$only_pids;
for my $row (processes()) {
  next if $row->{uid} != own_uid();
  next if %users && !$users{ $row->{uid} } && !$users{ user_name($row->{uid}) };
  next if %pids && !$pids{ $row->{pid} };
  my @files;
  if ($folders || !$sockets && !defined $folders) {
    my $path = readlink("$LabMac::proc/$row->{pid}/cwd");
    push @files, { fd => 'cwd', type => 'DIR', name => outer($path) } if defined $path;
  }
  push @files, sockets_of($row->{pid}) if !$folders;
  next if !@files;
  $told += @files;
  if ($only_pids) { print "$row->{pid}\n"; next }
  if (defined $fields) { print "p$row->{pid}\n"; print map { fields_of($_) } @files; next }
  print_file($row, $_) for @files;
}
exit($told ? 0 : 1);

# A path as its process sees it: what links lead to is told from this root already.
sub outer { $_[0] =~ s/ \(deleted\)$//r }

sub sockets_of {
  my $pid = shift;
  opendir(my $all, "$LabMac::proc/$pid/fd") or return;
  my @found;
  for my $fd (sort { $a <=> $b } grep { /^\d+$/ } readdir $all) {
    my $link = readlink("$LabMac::proc/$pid/fd/$fd") // next;
    my $socket = $link =~ /^socket:\[(\d+)\]$/ ? $inode{$1} : undef;
    next if !$socket || $listening && $socket->{state} ne 'LISTEN' || defined $port && $socket->{port} != $port && ($socket->{peerPort} // -1) != $port;
    push @found, { fd => "${fd}u", type => $socket->{type}, protocol => 'TCP', name => $socket->{name}, state => $socket->{state} };
  }
  return @found;
}

sub fields_of {
  my $file = shift;
  my $text = 'f' . ($file->{fd} =~ s/u$//r) . "\n";
  $text .= "t$file->{type}\n" if $fields =~ /t/;
  $text .= "P$file->{protocol}\n" if $fields =~ /P/ && $file->{protocol};
  $text .= "n$file->{name}\n" if $fields =~ /n/;
  $text .= "TST=$file->{state}\n" if $fields =~ /T/ && $file->{state};
  return $text;
}

sub print_head { print "COMMAND     PID   USER   FD   TYPE             DEVICE SIZE/OFF NODE NAME\n" }

sub print_file {
  my ($row, $file) = @_;
  my $user = user_name($row->{uid});
  if ($file->{protocol}) { printf("%-9s %5d %6s %4s   %s 0x%016x      0t0  TCP %s (%s)\n", substr($row->{name}, 0, 9), $row->{pid}, $user, $file->{fd}, $file->{type}, 0x25209d3086de0000 + $row->{pid}, $file->{name}, $file->{state}) }
  else { printf("%-9s %5d %6s %4s    DIR               1,18      640 1234 %s\n", substr($row->{name}, 0, 9), $row->{pid}, $user, $file->{fd}, $file->{name}) }
}

sub tcp_sockets {
  my %found;
  for my $version (4, 6) {
    for (split(/\n/, read_file("$LabMac::proc/net/tcp" . ($version == 6 ? '6' : '')) // '')) {
      my @field = split(' ');
      next if $field[0] !~ /^\d+:$/;
      my ($address, $at) = address($field[1]);
      my ($peer, $peer_port) = address($field[2]);
      my $state = { '0A' => 'LISTEN', '01' => 'ESTABLISHED', '08' => 'CLOSE_WAIT', '06' => 'TIME_WAIT' }->{ $field[3] } // 'CLOSED';
      $found{ $field[9] } = { type => "IPv$version", port => $at, peerPort => $state eq 'LISTEN' ? undef : $peer_port, state => $state, name => $state eq 'LISTEN' ? "$address:$at" : "$address:$at->$peer:$peer_port" };
    }
  }
  return %found;
}

# Words of four bytes, little end first.
sub address {
  my ($hex, $port) = $_[0] =~ /^([0-9A-F]+):([0-9A-F]+)$/;
  my @bytes = map { reverse map { hex } /../g } $hex =~ /.{8}/g;
  my $is_any = !grep { $_ } @bytes;
  my $text = $is_any ? '*' : @bytes == 4 ? join('.', @bytes) : '[' . v6_text(@bytes) . ']';
  return ($text, hex $port);
}

sub v6_text {
  my @bytes = @_;
  my $mapped = join('', map { chr } @bytes[0 .. 11]) eq "\0" x 10 . "\xff\xff";
  return '::ffff:' . join('.', @bytes[12 .. 15]) if $mapped;
  my $text = join(':', map { sprintf('%x', $bytes[2 * $_] * 256 + $bytes[2 * $_ + 1]) } 0 .. 7);
  $text =~ s/(^|:)0(:0)+(:|$)/::/;
  return $text;
}
