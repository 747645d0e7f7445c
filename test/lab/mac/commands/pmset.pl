#!/mnt/bin/perl -I/mnt/host/mac/perl
# pmset(1); the forms are those of pmset.m in Apple's PowerManagement.
use strict;
use LabMac;
use LabProcesses;

my %SOURCE = (ac => 'AC Power', battery => 'Battery Power', ups => 'UPS Power');
my ($verb, $what) = @ARGV;
if (($verb // '') eq 'displaysleepnow') { record('pmset', 'displaysleepnow'); display_sleeps(); exit }
if (($verb // '') ne '-g') { fail(1, "'pmset' must be run as root...") }
$what //= '';
my %show = (
  '' => \&in_use, live => \&in_use, custom => \&custom, batt => \&battery, ps => \&battery, therm => \&therm, assertions => \&assertions,
  systemstate => \&system_state, sched => sub { }, log => \&history, cap => \&capabilities,
);
($show{$what} // sub { print "Usage: pmset <options>\n" })->();

sub display_sleeps {
  open(my $file, '>', "$LabMac::folder/display.new") or return;
  print $file LabMac::now_ms(), "\n";
  close $file;
  rename("$LabMac::folder/display.new", "$LabMac::folder/display-slept");
}

# Put to sleep here, unless somebody or something has woken it since.
sub is_lit {
  my $slept = LabMac::read_file("$LabMac::folder/display-slept") // 0;
  return is('isDisplayOn') && ($slept <= one('displayAtMs') || $slept <= one('inputAtMs'));
}

sub settings {
  my $source = shift;
  my $on_ac = $source eq 'ac';
  return (
    ['Sleep On Power Button', 1], ['standby', 1], ['ttyskeepawake', 1], ['hibernatemode', is('hasBattery') ? 3 : 0], ['powernap', 1],
    ['hibernatefile', '/var/vm/sleepimage'], ['displaysleep', one('displaySleepMinutes')], ['womp', $on_ac ? one('wakeOnLan') || 0 : 0], ['networkoversleep', 0],
    ['sleep', $on_ac ? one('sleepMinutes') : 1], ['tcpkeepalive', 1], ['disksleep', 10], ['autorestart', one('restartsAfterPowerLoss') || 0], ['lowpowermode', is('lowPowerMode') ? 1 : 0],
  );
}

sub line {
  my ($name, $value, $more) = @_;
  printf(" %-20s %s%s\n", $name, $value, $more // '');
}

sub in_use {
  print "System-wide power settings:\nCurrently in use:\n";
  my @holders = map { $_->{program} } grep { $_->{kind} =~ /SystemSleep/ } held();
  for (settings(one('power') eq 'battery' ? 'battery' : 'ac')) {
    line(@$_, $_->[0] eq 'sleep' && @holders ? ' (sleep prevented by ' . join(', ', @holders) . ')' : '');
  }
}

sub custom {
  for my $source (is('hasBattery') ? ('battery', 'ac') : ('ac')) {
    print "$SOURCE{$source}:\n";
    line(@$_) for settings($source);
  }
}

sub battery {
  my ($power, $percent) = (one('power'), one('percent'));
  print "Now drawing from '$SOURCE{$power}'\n";
  my $state = $power ne 'ac' ? sprintf('discharging; %d:%02d remaining', $percent * 6 / 60, $percent * 6 % 60) : $percent == 100 ? 'charged; 0:00 remaining' : sprintf('charging; %d:%02d remaining', (100 - $percent) * 2 / 60, (100 - $percent) * 2 % 60);
  print " -InternalBattery-0 (id=24576099)\t$percent%; $state present: true\n" if is('hasBattery');
  print " -Office UPS (id=4194304)\t$percent%; $state present: true\n" if $power eq 'ups' && !is('hasBattery');
}

# On Apple silicon it is always these three, cool or hot.
sub therm { print "Note: No thermal warning level has been recorded\nNote: No performance warning level has been recorded\nNote: No CPU power status has been recorded\n" }

sub system_state {
  my $lit = is_lit() && !is('isDarkWake');
  print 'Current System Capabilities are: CPU ', ($lit ? 'Graphics ' : ''), "Audio Network \nCurrent Power State: 4\n";
}

sub capabilities { print "Capabilities for AC Power:\n", map { " $_\n" } qw(displaysleep disksleep sleep womp autorestart standby powernap ttyskeepawake) }

# What is steered, and each caffeinate that runs here.
sub held {
  my @held = map { my ($pid, $program, $kind, $since_ms, $title) = parts($_); { pid => $pid, program => $program, kind => $kind, sinceMs => $since_ms, title => $title } } all('assertion');
  for my $row (processes()) {
    next if $row->{command} !~ m{^(?:/usr/bin/)?caffeinate(?: (.*))?$};
    my $words = $1 // '';
    my %flag;
    for (split(/ /, $words)) { last if !/^-/; $flag{$_} = 1 for /^-([disumtw]+)$/ ? split(//, $1) : () }
    my @kinds = map { $flag{ $_->[0] } ? $_->[1] : () } ['d', 'PreventUserIdleDisplaySleep'], ['s', 'PreventSystemSleep'], ['u', 'UserIsActive'], ['m', 'PreventDiskIdle'];
    push @kinds, 'PreventUserIdleSystemSleep' if $flag{i} || !@kinds;
    push @held, map { { pid => $row->{pid}, program => 'caffeinate', kind => $_, sinceMs => $row->{startS} * 1000, title => 'caffeinate command-line tool' } } @kinds;
  }
  push @held, { pid => 389, program => 'powerd', kind => 'PreventUserIdleSystemSleep', sinceMs => one('displayAtMs'), title => 'Powerd - Prevent sleep while display is on' } if is_lit();
  # Every touch moves the time on at which it is released.
  my $input_s = int((now_ms() - one('inputAtMs')) / 1000);
  $input_s = 0 if $input_s < 0 || is('isTyping');
  push @held, { pid => 143, program => 'powerd', kind => 'UserIsActive', sinceMs => one('inputAtMs'), title => 'com.apple.iohideventsystem.queue.tickle serviceID:1000003ac', timeoutS => 600 - $input_s } if $input_s < 600 && !is('isDarkWake');
  return @held;
}

sub assertions {
  my @held = held();
  my %level = map { $_->{kind} => 1 } @held;
  print stamp(now_ms()), " \nAssertion status system-wide:\n";
  for (qw(BackgroundTask ApplePushServiceTask UserIsActive PreventUserIdleDisplaySleep PreventSystemSleep ExternalMedia PreventUserIdleSystemSleep NetworkClientActive)) {
    printf("   %-30s %d\n", $_, $level{$_} // 0);
  }
  print "Listed by owning process:\n";
  my $id = 0x0000376000018000;
  for (@held) {
    my $s = int((now_ms() - $_->{sinceMs}) / 1000);
    $s = 0 if $s < 0;
    printf("   pid %d(%s): [0x%016x] %02d:%02d:%02d %s named: \"%s\" \n", $_->{pid}, $_->{program}, $id += 0x101, $s / 3600, $s / 60 % 60, $s % 60, $_->{kind}, $_->{title});
    printf("\tTimeout will fire in %d secs Action=TimeoutActionRelease\n", $_->{timeoutS}) if defined($_->{timeoutS});
  }
  print "Kernel Assertions: 0x100=MAGICWAKE\n   id=502  level=255 0x100=MAGICWAKE mod=11/01/26, 9:01 AM description=en0 owner=en0\n";
}

sub history {
  for (all('sleepEvent')) {
    my ($at_ms, $kind) = parts($_);
    my $text = $kind eq 'Sleep' ? "Entering Sleep state due to 'Maintenance Sleep':TCPKeepAlive=active Using AC (Charge:100%)" : $kind eq 'Wake' ? 'Wake from Deep Idle [CDNVA] : due to EC.LidOpen/Lid Open Using AC (Charge:100%)' : "DarkWake from Deep Idle [CDN] : due to NUB.SPMISw3IRQ/Maintenance Using AC (Charge:100%)";
    printf("%s %-20s\t%-75s\t%s\n", stamp($at_ms), $kind, $text, $kind eq 'Sleep' ? '5 secs' : '');
  }
}
