#!/mnt/bin/perl -I/mnt/host/mac/perl
# ifconfig(8), networksetup(8), scutil(8), dns-sd(1).
use strict;
use LabMac;

# Each: device, kind (ethernet, wifi, thunderbolt), address of the card, state, words for media.
my @ports = map { my ($device, $kind, $mac, $state, $media, $title) = parts($_); { device => $device, kind => $kind, mac => $mac, state => $state, media => $media, title => $title } } all('port');
my %act = (ifconfig => \&ifconfig, networksetup => \&networksetup, scutil => \&scutil, 'dns-sd' => \&dns_sd);
$act{$LabMac::name}->();

sub ifconfig {
  my ($only) = grep { !/^-/ } @ARGV;
  if (!defined $only || $only eq 'lo0') {
    print "lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384\n\toptions=1203<RXCSUM,TXCSUM,TXSTATUS,SW_TIMESTAMP>\n\tinet 127.0.0.1 netmask 0xff000000\n\tinet6 ::1 prefixlen 128 \n\tinet6 fe80::1%lo0 prefixlen 64 scopeid 0x1 \n\tnd6 options=201<PERFORMNUD,DAD>\n";
  }
  my $scope = 4;
  for my $port (@ports) {
    my $number = $scope++;
    next if defined $only && $port->{device} ne $only;
    print "$port->{device}: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500\n\toptions=400<CHANNEL_IO>\n\tether $port->{mac} \n";
    if ($port->{device} eq one('interface')) {
      my $address = one('address');
      printf("\tinet6 fe80::10d3:b1f0:b90c:%x%%%s prefixlen 64 secured scopeid 0x%x \n\tinet %s netmask 0xffffff00 broadcast %s\n", 0xea00 + $number, $port->{device}, $number, $address, $address =~ s/\.\d+$/.255/r);
    }
    elsif ($port->{kind} eq 'thunderbolt' && $port->{state} eq 'active') { printf("\tinet 169.254.%d.7 netmask 0xffff0000 broadcast 169.254.255.255\n", 20 + $number) }
    print "\tnd6 options=201<PERFORMNUD,DAD>\n\tmedia: $port->{media}\n\tstatus: $port->{state}\n";
  }
  fail(1, "ifconfig: interface $only does not exist") if defined $only && $only ne 'lo0' && !grep { $_->{device} eq $only } @ports;
}

sub networksetup {
  my ($verb, $of) = @ARGV;
  if ($verb eq '-listallhardwareports') {
    print "\nHardware Port: $_->{title}\nDevice: $_->{device}\nEthernet Address: $_->{mac}\n" for @ports;
    print "\nVLAN Configurations\n===================\n";
  }
  elsif ($verb eq '-listnetworkserviceorder') {
    print "An asterisk (*) denotes that a network service is disabled.\n";
    my $number = 1;
    print '(', $number++, ") $_->{title}\n(Hardware Port: $_->{title}, Device: $_->{device})\n\n" for @ports;
  }
  elsif ($verb eq '-listallnetworkservices') { print "An asterisk (*) denotes that a network service is disabled.\n", map { "$_->{title}\n" } @ports }
  elsif ($verb eq '-getairportnetwork') { print "You are not associated with an AirPort network.\n" }
  elsif ($verb eq '-getcomputername') { print one('computerName'), "\n" }
  else { fail(1, "** Error: Command requires admin privileges.") }
}

sub scutil {
  if (@ARGV && $ARGV[0] eq '--get') {
    my %value = (ComputerName => one('computerName'), LocalHostName => one('hostName'), HostName => one('hostName'));
    print $value{ $ARGV[1] } // fail(1, "$ARGV[1]: not set"), "\n";
    exit;
  }
  if (@ARGV && $ARGV[0] eq '--nwi') { print "Network information\n\nIPv4 network interface information\n     ", one('interface'), " : flags      : 0x5 (IPv4,DNS)\n"; exit }
  while (my $line = <STDIN>) {
    console() if $line =~ m{^\s*show State:/Users/ConsoleUser};
    print "  No such key\n" if $line =~ /^\s*show / && $line !~ m{State:/Users/ConsoleUser};
  }
}

sub console {
  my ($user, $uid) = (one('consoleUser'), one('consoleUid'));
  my @sessions = (($user ne '' ? [$user, $uid, 'TRUE'] : all('otherSession') ? ['loginwindow', 0, 'TRUE'] : ()), map { [(parts($_))[0, 1], 'FALSE'] } all('otherSession'));
  if (!@sessions) { print "  No such key\n"; return }
  print "<dictionary> {\n  GID : 20\n  Name : ", ($user eq '' ? 'loginwindow' : $user), "\n  SessionInfo : <array> {\n";
  my $number = 0;
  for (@sessions) {
    my ($name, $id, $shown) = @$_;
    my $locked = $shown eq 'TRUE' && is('isLocked') ? "      CGSSessionScreenIsLocked : TRUE\n" : '';
    print "    $number : <dictionary> {\n$locked      kCGSSessionAuditIDKey : ", 100100 + $number, "\n      kCGSSessionGroupIDKey : 20\n      kCGSSessionIDKey : ", 257 + $number, "\n      kCGSSessionLoginwindowSafeLogin : FALSE\n      kCGSSessionOnConsoleKey : $shown\n      kCGSSessionSystemSafeBoot : FALSE\n      kCGSSessionUserIDKey : $id\n      kCGSSessionUserNameKey : $name\n      kCGSessionLoginDoneKey : TRUE\n      kCGSessionLongUserNameKey : \u$name\n      kSCSecuritySessionID : ", 100100 + $number, "\n    }\n";
    $number++;
  }
  print "  }\n  UID : ", ($user eq '' ? 0 : $uid), "\n}\n";
}

# It goes on for ever; whoever asks must end it.
sub dns_sd {
  my ($verb, $type) = @ARGV;
  $| = 1;
  local $SIG{TERM} = 'DEFAULT';
  my $clock = sub { my $t = Time::HiRes::time(); LabMac::time_text('%H:%M:%S', localtime $t) . sprintf('.%03d', ($t - int $t) * 1000) };
  if ($verb eq '-B') {
    $type =~ s/\.?$/./;
    print 'Browsing for ', $type =~ s/\.$//r, "\nDATE: ---", LabMac::time_text('%a %d %b %Y', localtime), "---\n", $clock->(), "  ...STARTING...\nTimestamp     A/R    Flags  if Domain               Service Type         Instance Name\n";
    for (all('bonjour')) { my ($instance) = parts($_); printf("%s  Add        2   4 %-20s %-20s %s\n", $clock->(), 'local.', $type, $instance) }
  }
  elsif ($verb eq '-L') {
    my ($found) = grep { (parts($_))[0] eq $type } all('bonjour');
    print "Lookup $type.$ARGV[2].local\nDATE: ---", LabMac::time_text('%a %d %b %Y', localtime), "---\n", $clock->(), "  ...STARTING...\n";
    if (defined $found) { my ($instance, $host, $port) = parts($found); print $clock->(), "  $instance._ssh._tcp.local. can be reached at $host.local.:$port (interface 4)\n" }
  }
  sleep 3600 while 1;
}
