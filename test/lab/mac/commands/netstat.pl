#!/mnt/bin/perl -I/mnt/host/mac/perl
# netstat(1) for TCP, interfaces and routes, and route(8) get.
use strict;
use LabMac;

if ($LabMac::name eq 'route') { route() }
else {
  my $flags = join('', map { /^-([A-Za-z]+)$/ ? $1 : () } @ARGV);
  if (grep { /^--|^-[A-Za-z]*[teolu]{2,}/ } @ARGV) { record('gnu', 'netstat', @ARGV); fail(1, 'netstat: illegal option -- -') }
  if ($flags =~ /i/) { interfaces($flags) }
  elsif ($flags =~ /r/) { routes() }
  else { sockets($flags) }
}

sub interface { one('interface') }

sub sockets {
  my $flags = shift;
  print "Active Internet connections (including servers)\nProto Recv-Q Send-Q  Local Address          Foreign Address        (state)    \n";
  for my $version (4, 6) {
    for (split(/\n/, read_file("$LabMac::proc/net/tcp" . ($version == 6 ? '6' : '')) // '')) {
      my @field = split(' ');
      next if $field[0] !~ /^\d+:$/;
      my ($local, $remote) = map { address($_) } @field[1, 2];
      my $state = { '0A' => 'LISTEN', '01' => 'ESTABLISHED', '06' => 'TIME_WAIT', '08' => 'CLOSE_WAIT', '02' => 'SYN_SENT' }->{ $field[3] } // 'CLOSED';
      next if $state eq 'LISTEN' && $flags !~ /a/;
      my $kind = $version == 4 ? 'tcp4' : $local =~ /^\*/ ? 'tcp46' : 'tcp6';
      printf("%-5s %6d %6d  %-22s %-22s %-11s\n", $kind, 0, 0, $local, $remote, $state);
    }
  }
}

sub address {
  my ($hex, $port) = $_[0] =~ /^([0-9A-F]+):([0-9A-F]+)$/;
  my @bytes = map { reverse map { hex } /../g } $hex =~ /.{8}/g;
  my $at = hex $port || '*';
  return "*.$at" if !grep { $_ } @bytes;
  return join('.', @bytes) . ".$at" if @bytes == 4;
  return '::ffff:' . join('.', @bytes[12 .. 15]) . ".$at" if join('', map { chr } @bytes[0 .. 11]) eq "\0" x 10 . "\xff\xff";
  my $text = join(':', map { sprintf('%x', $bytes[2 * $_] * 256 + $bytes[2 * $_ + 1]) } 0 .. 7);
  $text =~ s/(^|:)0(:0)+(:|$)/::/;
  return "$text.$at";
}

sub interfaces {
  my $with_bytes = $_[0] =~ /b/;
  my ($rx, $rx_packets, $tx, $tx_packets) = (0, 0, 0, 0);
  for (split(/\n/, read_file("$LabMac::proc/net/dev") // '')) {
    my @field = /^\s*eth0:\s*(.*)$/ ? split(' ', $1) : next;
    ($rx, $rx_packets, $tx, $tx_packets) = @field[0, 1, 8, 9];
  }
  my @columns = $with_bytes ? qw(Ipkts Ierrs Ibytes Opkts Oerrs Obytes Coll) : qw(Ipkts Ierrs Opkts Oerrs Coll);
  print sprintf('%-10s %-5s %-13s %-17s', qw(Name Mtu Network Address)), (map { sprintf(' %10s', $_) } @columns), "\n";
  my $line = sub {
    my ($interface, $mtu, $network, $address, @counts) = @_;
    my %count; @count{qw(Ipkts Ierrs Ibytes Opkts Oerrs Obytes Coll)} = @counts;
    print sprintf('%-10s %-5s %-13s %-17s', $interface, $mtu, $network, $address), (map { sprintf(' %10s', $count{$_}) } @columns), "\n";
  };
  $line->('lo0', 16384, '<Link#1>', '', 883, 0, 95195, 883, 0, 95195, 0);
  my $number = 4;
  for (all('port')) {
    my ($device, $kind, $mac, $state) = parts($_);
    my @counts = $device eq interface() ? ($rx_packets, 0, $rx, $tx_packets, 0, $tx, 0) : (0) x 7;
    $line->($device . ($state eq 'active' ? '' : '*'), 1500, '<Link#' . $number++ . '>', $mac, @counts);
  }
}

sub gateway { one('address') =~ s/\.\d+$/.1/r }

sub routes {
  print "Routing tables\n\nInternet:\nDestination        Gateway            Flags               Netif Expire\n";
  printf("%-18s %-18s %-19s %s\n", 'default', gateway(), 'UGScg', interface());
  printf("%-18s %-18s %-19s %s\n", '127.0.0.1', '127.0.0.1', 'UH', 'lo0');
}

sub route {
  fail(64, "usage: route [-dnqtv] command [[modifiers] args]") if !grep { $_ eq 'get' } @ARGV;
  my ($gateway, $device) = (gateway(), interface());
  print "   route to: default\ndestination: default\n       mask: default\n    gateway: $gateway\n  interface: $device\n      flags: <UP,GATEWAY,DONE,STATIC,PRCLONING,GLOBAL>\n",
    " recvpipe  sendpipe  ssthresh  rtt,msec    rttvar  hopcount      mtu     expire\n       0         0         0         0         0         0      1500         0 \n";
}
