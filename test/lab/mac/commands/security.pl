#!/mnt/bin/perl -I/mnt/host/mac/perl
# fdesetup, csrutil, spctl, socketfilterfw, profiles, systemsetup, softwareupdate, defaults, plutil: what doctor asks of settings.
use strict;
use LabMac;

my %act = (
  fdesetup => sub { print 'FileVault is ', is('fileVault') ? 'On' : 'Off', ".\n" },
  csrutil => sub { print 'System Integrity Protection status: ', is('systemProtected') ? 'enabled' : 'disabled', ".\n" },
  spctl => sub { print 'assessments ', is('gatekeeper') ? 'enabled' : 'disabled', "\n" },
  socketfilterfw => \&firewall, profiles => \&profiles, systemsetup => \&system_setup, softwareupdate => \&software_update, defaults => \&defaults,
  plutil => \&plutil,
);
$act{$LabMac::name}->();

sub firewall {
  my ($asked) = @ARGV;
  my $on = is('firewall');
  if ($asked eq '--getglobalstate') { print $on ? "Firewall is enabled. (State = 1)\n" : "Firewall is disabled. (State = 0)\n" }
  elsif ($asked eq '--getstealthmode') { print 'Firewall stealth mode is ', is('stealth') ? 'on' : 'off', "\n" }
  elsif ($asked eq '--getblockall') { print 'Firewall has block all state set to ', is('blockAll') ? 'enabled' : 'disabled', ".\n" }
  elsif ($asked eq '--getallowsigned') { print "Automatically allow built-in signed software ENABLED.\nAutomatically allow downloaded signed software ENABLED.\n" }
  elsif ($asked eq '--getappblocked') { print is('firewallAllows') ? "Incoming connection to the application is permitted \n" : "The application is not part of the firewall\n" }
  elsif ($asked eq '--listapps') { print "Total number of apps = 0 \n" }
  else { fail(1, 'Must be root to change settings.') }
}

sub profiles {
  my $managed = is('managed');
  print 'Enrolled via DEP: ', is('enrolledByPurchase') ? 'Yes' : 'No', "\nMDM enrollment: ", $managed ? 'Yes (User Approved)' : 'No', "\n";
}

sub system_setup { fail(1, "You need administrator access to run this tool... exiting!") }

sub software_update {
  if (grep { $_ eq '--schedule' } @ARGV) { print 'Automatic checking for updates is turned ', is('updatesChecked') ? 'on' : 'off', "\n"; exit }
  print "Software Update Tool\n\nFinding available software\nNo new software available.\n";
}

sub defaults {
  my ($verb, $domain, $key) = @ARGV;
  fail(1, "defaults: the lab only reads") if $verb ne 'read';
  my $found = (map { my ($in, $name, $value) = parts($_); $in eq $domain && (!defined $key || $name eq $key) ? $value : () } all('default'))[0];
  if (!defined $found) { fail(1, "\nThe domain/default pair of ($domain, " . ($key // '') . ") does not exist") }
  print "$found\n";
}

# A preferences file as XML, of what defaults would say.
sub plutil {
  my $file = $ARGV[-1] // '';
  fail(1, 'plutil: the lab only prints XML') if "@ARGV[0 .. 3]" ne '-convert xml1 -o -';
  my @rows = grep { $_->[0] eq $file } map { [parts($_)] } all('default');
  fail(1, "$file: file does not exist or is not readable or is not a regular file") if !@rows;
  print qq(<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n<dict>\n);
  print "\t<key>$_->[1]</key>\n\t<", $_->[2] ? 'true' : 'false', "/>\n" for @rows;
  print "</dict>\n</plist>\n";
}
