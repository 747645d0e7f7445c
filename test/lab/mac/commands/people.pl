#!/mnt/bin/perl -I/mnt/host/mac/perl
# who(1), w(1), last(1), uptime(1), id(1), dscl(1), dseditgroup(8).
use strict;
use LabMac;
use LabProcesses;

my %act = (who => \&who, w => \&w, last => \&last_logins, uptime => \&uptime, id => \&id, dscl => \&dscl, dseditgroup => \&group);
$act{$LabMac::name}->();

# Each: user, terminal, where from, since when, idle since when. Who sits before the screen has the console.
sub logins {
  my @logins = map { [parts($_)] } all('login');
  unshift @logins, [one('consoleUser'), 'console', '', one('consoleAtMs'), one('inputAtMs')] if length one('consoleUser');
  return @logins;
}

sub who {
  for (logins()) {
    my ($user, $tty, $from, $since_ms) = @$_;
    printf("%-16s %-12s %s %s\n", $user, $tty, LabMac::time_text('%b %e %H:%M', localtime($since_ms / 1000)), $from eq '' ? '' : "($from)");
  }
}

sub uptime_line {
  my $minutes = int((now_ms() - one('bootAtMs')) / 60_000);
  my ($days, $hours) = (int($minutes / 1440), int($minutes / 60) % 24);
  my $up = ($days ? sprintf('%d day%s, ', $days, $days == 1 ? '' : 's') : '') . ($hours ? sprintf('%2d:%02d', $hours, $minutes % 60) : sprintf('%d mins', $minutes % 60));
  my @load = split(/ /, read_file("$LabMac::proc/loadavg") // '0 0 0');
  my $users = logins();
  return sprintf("%s  up %s, %d user%s, load averages: %s %s %s\n", LabMac::time_text('%k:%M', localtime) =~ s/^ //r, $up, $users, $users == 1 ? '' : 's', @load[0 .. 2]);
}
sub uptime { print uptime_line() }

sub w {
  print uptime_line();
  printf("%-16s %-8s %-17s %-8s %-5s %s\n", qw(USER TTY FROM), 'LOGIN@', 'IDLE', 'WHAT');
  for (logins()) {
    my ($user, $tty, $from, $since_ms, $input_ms) = @$_;
    my $idle = int((now_ms() - $input_ms) / 60_000);
    printf("%-16s %-8s %-17s %-8s %5s %s\n", $user, $tty =~ s/^ttys/s/r, $from eq '' ? '-' : $from, LabMac::time_text('%k:%M', localtime($since_ms / 1000)) =~ s/^ //r, $idle >= 60 ? sprintf('%d:%02d', $idle / 60, $idle % 60) : $idle || '-', $tty eq 'console' ? '-' : '-zsh');
  }
}

sub last_logins {
  for (logins()) {
    my ($user, $tty, $from, $since_ms) = @$_;
    printf("%-10s%-10s%-18s %s   still logged in\n", $user, $tty, $from, LabMac::time_text('%a %b %e %H:%M', localtime($since_ms / 1000)));
  }
  my $boot = LabMac::time_text('%a %b %e %H:%M', localtime(one('bootAtMs') / 1000));
  my $before = LabMac::time_text('%a %b %e %H:%M', localtime(one('bootAtMs') / 1000 - 9 * 3600));
  printf("%-10s%-10s%-18s %s\n", 'reboot', '~', '', $boot);
  printf("%-10s%-10s%-18s %s - 17:12  (08:20)\n", 'lena', 'console', '', $before);
  print "\nwtmp begins ", LabMac::time_text('%a %b %e %H:%M:%S %Z %Y', localtime(one('bootAtMs') / 1000)), "\n";
}

sub groups_of_account { ('staff', 'everyone', 'localaccounts', split(/ /, one('groups')), is('mayLogInRemotely') && length one('sshGroup') ? 'com.apple.access_ssh' : ()) }

sub id {
  my $flags = join('', @ARGV ? $ARGV[0] =~ /^-(.*)/ ? $1 : '' : '');
  my ($user) = grep { !/^-/ } @ARGV;
  if (($flags eq 'Gn' || $flags eq 'nG') && (!defined $user || $user eq one('account'))) { print join(' ', groups_of_account()), "\n"; exit }
  my @known = map { [parts($_)] } all('account');
  if (defined $user && $user ne one('account')) {
    # By name, or else by number.
    my ($found) = ((grep { $_->[0] eq $user } @known), (grep { $_->[1] eq $user } @known));
    fail(1, "id: $user: no such user") if !$found;
    my ($name, $uid) = @$found;
    print $flags =~ /u/ ? ($flags =~ /n/ ? "$name\n" : "$uid\n") : "uid=$uid($name) gid=20(staff) groups=20(staff)\n";
    exit;
  }
  exec('/mnt/bin/id', @ARGV);
}

sub dscl {
  my (undef, $verb, $path, @keys) = @ARGV;
  if ($verb =~ /^-?list$/) { print map { (parts($_))[0] . "\n" } all('account'); exit }
  access_group() if ($path // '') eq '/Groups/com.apple.access_ssh' && length one('sshGroup');
  my ($user) = ($path // '') =~ m{^/Users/(.+)$};
  my ($found) = map { [parts($_)] } grep { (parts($_))[0] eq ($user // '') } all('account');
  if (!$found) { print STDERR "<dscl_cmd> DS Error: -14136 (eDSRecordNotFound)\n"; exit 56 }
  my %value = (UniqueID => $found->[1], RealName => "\n \u$user", NFSHomeDirectory => "/Users/$user", UserShell => '/bin/zsh', PrimaryGroupID => 20);
  for (@keys) { print exists $value{$_} ? "$_: $value{$_}\n" : "No such key: $_\n" }
}

sub access_group {
  print "AppleMetaNodeLocation: /Local/Default\nGeneratedUID: 1AB00000-0000-4000-8000-000000000A55\nGroupMembership: ", one('sshGroup'), "\n";
  print "PrimaryGroupID: 399\nRealName:\n Remote Login Group\nRecordName: com.apple.access_ssh\nRecordType: dsRecTypeStandard:Groups\n";
  exit;
}

# The group that may come by Remote Login; where it is not there, all may.
sub group {
  my %option = @ARGV % 2 ? (@ARGV, '') : @ARGV;
  my $of = $ARGV[-1];
  fail(1, "Group not found.") if $of ne 'com.apple.access_ssh' || one('sshGroup') eq '';
  my @members = split(/ /, one('sshGroup'));
  if (grep { $_ eq 'checkmember' } @ARGV) {
    my $user = $option{-m} // one('account');
    my $is_in = grep { $_ eq $user } @members;
    print $is_in ? "yes $user is a member of $of\n" : "no $user is NOT a member of $of\n";
    exit($is_in ? 0 : 67);
  }
  print "dsAttrTypeStandard:GroupMembership -\n", (map { "\t\t$_\n" } @members), "dsAttrTypeStandard:RecordName -\n\t\t$of\n";
}
