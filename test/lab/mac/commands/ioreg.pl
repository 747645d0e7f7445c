#!/mnt/bin/perl -I/mnt/host/mac/perl
# ioreg(8): the entries that Windfall asks for, as text or, with -a, as a property list. Without -r, `-c CLASS -d 1` prints nothing
# but what is at the root (reference: macOS 26.6).
use strict;
use LabMac;

my (%flag, $class, $node, $depth);
while (@ARGV) {
  my $word = shift;
  if ($word =~ /^-([rlaifbtx]+)$/) { $flag{$_} = 1 for split(//, $1) }
  elsif ($word =~ /^-(r?)d(\d+)$/) { $flag{r} = 1 if $1; $depth = $2 }
  elsif ($word =~ /^-(r?)d$/) { $flag{r} = 1 if $1; $depth = shift }
  elsif ($word =~ /^-[lr]*w(\d*)$/) { shift if $1 eq '' }
  elsif ($word =~ /^-([lr]*)c$/) { $flag{r} = 1 if $1 =~ /r/; $class = shift }
  elsif ($word =~ /^-([lr]*)n$/) { $flag{r} = 1 if $1 =~ /r/; $node = shift }
  elsif ($word =~ /^-([lr]*)k$/) { shift }
  else { fail(1, "ioreg: illegal option $word") }
}
my $asked = $class // $node // '';
my %entries = (
  IOHIDSystem => \&hid, Root => \&root, IOAccelerator => \&gpu, AGXAccelerator => \&gpu, AppleSmartBattery => \&battery,
  IOPlatformExpertDevice => \&platform, IOBlockStorageDriver => \&disk,
);
if ($asked eq 'Root' || $asked eq 'IORegistryEntry') { show(root()) }
elsif (!$flag{r} && ($depth // 9) < 2) { show(root()) if $asked eq '' }
else { show($entries{$asked}->()) if $entries{$asked} }

# [name, class, [key => value]...], a value in the form of the text output; XML is made from that.
sub hid { ['IOHIDSystem', 'IOHIDSystem', ['HIDIdleTime', idle_ms() * 1_000_000 + 4711], ['HIDParameters', '{"HIDClickTime"=500000000,"HIDScrollZoomModifierMask"=0}']] }

sub root {
  my @sessions;
  my ($user, $uid) = (one('consoleUser'), one('consoleUid'));
  if (length $user) {
    my $locked = is('isLocked') ? '"CGSSessionScreenIsLocked"=Yes,"CGSSessionScreenLockedTime"=' . int(one('lockedAtMs') / 1000) . ',' : '';
    push @sessions, qq({"kCGSSessionOnConsoleKey"=Yes,$locked"kCGSSessionUserNameKey"="$user","kCGSSessionUserIDKey"=$uid,"kCGSSessionLoginDoneKey"=Yes});
  }
  # With people logged in behind it the login window is a session, too: the system's.
  elsif (all('otherSession')) { push @sessions, '{"kCGSSessionOnConsoleKey"=Yes,"kCGSSessionUserIDKey"=0,"kCGSSessionLoginDoneKey"=No}' }
  for (all('otherSession')) {
    my ($name, $number) = parts($_);
    push @sessions, qq({"kCGSSessionOnConsoleKey"=No,"kCGSSessionUserNameKey"="$name","kCGSSessionUserIDKey"=$number,"kCGSSessionLoginDoneKey"=Yes});
  }
  return ['Root', 'IORegistryEntry', ['IOConsoleLocked', is('isLocked') || !length $user ? 'Yes' : 'No'], ['IOConsoleUsers', '(' . join(',', @sessions) . ')']];
}

sub gpu {
  return if !length one('gpuClass');
  my ($busy, $alloc) = (one('gpuBusy'), one('gpuAllocBytes'));
  my $soc = lc one('soc');
  my $statistics = sprintf('{"In use system memory (driver)"=0,"Alloc system memory"=%d,"Tiler Utilization %%"=%d,"recoveryCount"=%d,"lastRecoveryTime"=0,"Renderer Utilization %%"=%d,"TiledSceneBytes"=0,"Device Utilization %%"=%d,"SplitSceneCount"=0,"Allocated PB Size"=82444288,"In use system memory"=%d}',
    $alloc, int($busy / 10), one('gpuRecoveries') || 0, int($busy / 8), $busy, $busy > 5 ? int($alloc * 0.9) : int($alloc / 50));
  my @entries = [one('gpuClass'), one('gpuClass'),
    ['IOMatchedAtBoot', 'Yes'], ['AGCInfo', '{"fLastSubmissionPID"=835,"fSubmissionsSinceLastCheck"=0,"fBusyCount"=0}'], ['IONameMatched', qq("gpu,$soc")],
    ['PerformanceStatistics', $statistics], ['model', '"' . sysctl_of('machdep.cpu.brand_string') . '"'], ['gpu-core-count', one('gpuCores')],
    ['IOClass', '"' . one('gpuClass') . '"'], ['SurfaceList', '()']];
  return @entries if !$flag{l};
  for (all('gpuClient')) {
    my ($pid, $name, $ns) = parts($_);
    push @entries, ['AGXDeviceUserClient', 'AGXDeviceUserClient', ['IOUserClientCreator', qq("pid $pid, $name")], ['AppUsage', qq(({"API"="Metal","lastSubmittedTime"=0,"accumulatedGPUTime"=$ns}))]];
  }
  return @entries;
}

sub battery {
  return if !is('hasBattery');
  my ($percent, $on_ac) = (one('percent'), one('power') eq 'ac');
  my $charging = $on_ac && $percent < 100;
  my $minutes = $on_ac && !$charging ? 65535 : $charging ? (100 - $percent) * 2 : $percent * 6;
  return ['AppleSmartBattery', 'AppleSmartBattery',
    ['BatteryInstalled', 'Yes'], ['CurrentCapacity', $percent], ['MaxCapacity', 100], ['ExternalConnected', $on_ac ? 'Yes' : 'No'], ['IsCharging', $charging ? 'Yes' : 'No'],
    ['FullyCharged', $percent == 100 ? 'Yes' : 'No'], ['AvgTimeToEmpty', $on_ac ? 65535 : $minutes], ['TimeRemaining', $minutes], ['CycleCount', 87],
    ['DesignCapacity', 6249], ['AppleRawMaxCapacity', 6000], ['AppleRawCurrentCapacity', 60 * $percent], ['Temperature', 3011], ['Voltage', 12800],
    ['InstantAmperage', $on_ac ? 0 : 18446744073709550416], ['Serial', '"' . one('serial') . 'B"'],
    ['AdapterDetails', $on_ac ? '{"Watts"=94,"Description"="pd charger","AdapterVoltage"=20000}' : '{"FamilyCode"=0}'],
    ['PowerTelemetryData', '{"SystemPowerIn"=' . ($on_ac ? 14200 : 0) . ',"SystemLoad"=' . (6000 + 300 * one('gpuBusy')) . ',"BatteryPower"=0}']];
}

sub platform {
  my $model = sysctl_of('hw.model');
  return [$model, 'IOPlatformExpertDevice',
    ['IOPolledInterface', '"AppleARMWatchdogTimerHibernateHandler is not serializable"'], ['model', qq(<"$model">)], ['target-type', '<"Mac">'], ['manufacturer', '<"Apple Inc.">'],
    ['IOPlatformSerialNumber', '"' . one('serial') . '"'], ['IOPlatformUUID', '"' . one('platformUuid') . '"'], ['compatible', qq(<"$model","AppleARM">)]];
}

sub disk { ['IOBlockStorageDriver', 'IOBlockStorageDriver', ['Statistics', '{"Operations (Write)"=5100,"Latency Time (Write)"=0,"Bytes (Read)"=91234567168,"Errors (Read)"=0,"Bytes (Write)"=81234567168,"Operations (Read)"=7100}']] }

sub show {
  return show_xml(@_) if $flag{a};
  my $id = 0x100000100;
  for (@_) {
    my ($entry, $kind, @properties) = @$_;
    $id += 0x33;
    printf("+-o %s  <class %s, id 0x%x, registered, matched, active, busy 0 (12 ms), retain 25>\n", $entry, $kind, $id);
    print "    {\n", (map { qq(      "$_->[0]" = $_->[1]\n) } @properties), "    }\n\n";
  }
}

sub show_xml {
  print qq(<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n<array>\n);
  for (@_) {
    my ($entry, $kind, @properties) = @$_;
    print "\t<dict>\n\t\t<key>IOObjectClass</key>\n\t\t<string>$kind</string>\n\t\t<key>IORegistryEntryName</key>\n\t\t<string>$entry</string>\n";
    for (sort { $a->[0] cmp $b->[0] } @properties) {
      my $xml = xml_of($_->[1]);
      print "\t\t<key>$_->[0]</key>\n\t\t$xml\n" if defined $xml;
    }
    print "\t</dict>\n";
  }
  print "</array>\n</plist>\n";
}

# Numbers, truths, strings and data; dictionaries and lists of the text form are taken apart.
sub xml_of {
  my $text = shift;
  my ($xml, $rest) = xml_value($text);
  return $xml;
}

sub xml_value {
  local $_ = shift;
  return ($1 eq 'Yes' ? '<true/>' : '<false/>', $') if /^(Yes|No)\b/;
  return ("<integer>$1</integer>", $') if /^(\d+)/;
  return ("<string>$1</string>", $') if /^"((?:[^"\\]|\\.)*)"/;
  if (/^<("[^>]*")>/) { my ($texts, $rest) = ($1, $'); require MIME::Base64; my $bytes = join('', map { "$_\0" } $texts =~ /"([^"]*)"/g); return ('<data>' . MIME::Base64::encode_base64($bytes, '') . '</data>', $rest) }
  if (/^([{(])/) {
    my ($open, $rest) = ($1, $');
    my $out = $open eq '{' ? '<dict>' : '<array>';
    until ($rest =~ s/^[})]//) {
      $rest =~ s/^,//;
      if ($open eq '{') { $rest =~ s/^"([^"]*)"=// or last; $out .= "<key>$1</key>" }
      (my $value, $rest) = xml_value($rest);
      $out .= $value;
    }
    return ($out . ($open eq '{' ? '</dict>' : '</array>'), $rest);
  }
  return ('<string/>', '');
}
