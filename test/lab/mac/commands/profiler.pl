#!/mnt/bin/perl -I/mnt/host/mac/perl
# system_profiler(8) -json: the sections Windfall asks for. It is as slow as the lab says.
use strict;
use LabMac;

my %section = (
  SPHardwareDataType => \&hardware, SPDisplaysDataType => \&displays, SPNetworkDataType => \&network, SPThunderboltDataType => \&thunderbolt,
  SPAirPortDataType => \&airport, SPPowerDataType => \&power, SPSoftwareDataType => \&software,
);
my @asked = grep { !/^-/ && /DataType$/ } @ARGV;
fail(1, 'system_profiler: the lab prints JSON only') if !grep { $_ eq '-json' } @ARGV;
my @parts = map { my $type = $_; $section{$type} ? qq(  "$type" : ) . json([$section{$type}->()], 1) : () } @asked;
print "{\n", join(",\n", @parts), "\n}\n";

# Hashes by name, with the blank before each colon that system_profiler has.
sub json {
  my ($value, $depth) = @_;
  my ($in, $out) = ('  ' x ($depth + 1), '  ' x $depth);
  return '[' . (@$value ? "\n" . join(",\n", map { $in . json($_, $depth + 1) } @$value) . "\n$out" : "\n\n$out") . ']' if ref $value eq 'ARRAY';
  return "{\n" . join(",\n", map { qq($in"$_" : ) . json($value->{$_}, $depth + 1) } sort keys %$value) . "\n$out}" if ref $value eq 'HASH';
  return $$value if ref $value eq 'SCALAR';
  return '"' . $value =~ s/(["\\])/\\$1/gr . '"';
}
sub number { my $n = shift; \$n }

sub is_apples { defined sysctl_of('hw.optional.arm64') }

sub hardware {
  my %facts = (
    _name => 'hardware_overview', machine_model => sysctl_of('hw.model'), machine_name => one('title'), physical_memory => sysctl_of('hw.memsize') / 1073741824 . ' GB',
    serial_number => one('serial'), platform_UUID => one('platformUuid'), provisioning_UDID => one('platformUuid'), boot_rom_version => '13822.41.1', os_loader_version => '13822.41.1',
    model_number => 'Z1CD0001LLA', activation_lock_status => 'activation_lock_disabled',
  );
  my @counts = split(/:/, one('coreCounts'));
  my $total = 0; $total += $_ for @counts;
  if (is('isTranslated')) { $facts{cpu_type} = 'Unknown'; $facts{number_processors} = number($total) }
  elsif (is_apples()) { $facts{chip_type} = sysctl_of('machdep.cpu.brand_string'); $facts{number_processors} = is('isVirtual') ? number($total) : one('version') >= 26 ? "proc $total:" . (sysctl_of('hw.perflevel0.name') eq 'Super' ? "$counts[0]:0:$counts[1]" : "$counts[0]:$counts[1]:0") : "proc $total:$counts[0]:$counts[1]" }
  else { $facts{cpu_type} = '6-Core Intel Core i7'; $facts{number_processors} = number(1) }
  return \%facts;
}

sub displays {
  return { _name => 'Intel UHD Graphics 630', sppci_model => 'Intel UHD Graphics 630', sppci_device_type => 'spdisplays_gpu', spdisplays_vendor => 'Intel' } if !is_apples();
  my $chip = sysctl_of('machdep.cpu.brand_string');
  return { _name => 'Apple Paravirtual device', sppci_model => 'Apple Paravirtual device', sppci_device_type => 'spdisplays_gpu' } if is('isVirtual');
  my %gpu = (
    _name => $chip, sppci_model => $chip, sppci_cores => one('gpuCores'), sppci_device_type => 'spdisplays_gpu', sppci_bus => 'spdisplays_builtin', spdisplays_vendor => 'sppci_vendor_Apple',
    spdisplays_mtlgpufamilysupport => one('version') >= 26 ? 'spdisplays_metal4' : 'spdisplays_metal3',
  );
  $gpu{spdisplays_ndrvs} = [{ _name => 'Color LCD', _spdisplays_pixels => '3456 x 2234', spdisplays_main => 'spdisplays_yes', spdisplays_online => 'spdisplays_yes' }] if is('hasBattery') || is('isDisplayOn');
  return \%gpu;
}

sub network {
  return map {
    my ($device, $kind, $mac, $state, undef, $title) = parts($_);
    { _name => $title, interface => $device, hardware => $kind eq 'wifi' ? 'AirPort' : 'Ethernet', type => $kind eq 'wifi' ? 'AirPort' : 'Ethernet', Ethernet => { 'MAC Address' => $mac } }
  } all('port');
}

sub thunderbolt {
  my %peer = map { my ($bus, $model, $speed) = parts($_); $bus => [$model, $speed] } all('thunderbolt');
  return map {
    my $bus = $_;
    my $found = $peer{$bus};
    my %item = (
      _name => "thunderboltusb4_bus_$bus", device_name_key => one('title'), domain_uuid_key => "1AB00000-0000-4000-8000-0000000000B$bus", route_string_key => '0', vendor_name_key => 'Apple Inc.', switch_uid_key => "0x05AC00000000000$bus",
      receptacle_1_tag => { current_speed_key => $found ? "$found->[1] Gb/s" : 'Up to 80 Gb/s', link_status_key => $found ? '0x2' : '0x100', receptacle_id_key => $bus + 1 . '', receptacle_status_key => $found ? 'receptacle_connected' : 'receptacle_no_devices_connected' },
    );
    $item{_items} = [{ _name => $found->[0], device_name_key => $found->[0], domain_uuid_key => "1AB00000-0000-4000-8000-0000000000C$bus", route_string_key => '1', vendor_name_key => 'Apple Inc.', switch_uid_key => "0x05AC00000000001$bus" }] if $found;
    \%item;
  } 0 .. 2;
}

sub airport {
  my ($wifi) = map { [parts($_)] } grep { (parts($_))[1] eq 'wifi' } all('port');
  my %port = (_name => $wifi->[0], spairport_status_information => $wifi->[3] eq 'active' ? 'spairport_status_connected' : 'spairport_status_off');
  $port{spairport_current_network_information} = {
    _name => '<redacted>', spairport_network_channel => '100 (5GHz, 80MHz)', spairport_network_phymode => '802.11ax', spairport_network_mcs => number(9), spairport_network_rate => number(one('wifiMbps')),
    spairport_network_type => 'spairport_network_type_station', spairport_security_mode => 'spairport_security_mode_wpa2_personal', spairport_signal_noise => '-52 dBm / -90 dBm',
  } if $wifi->[3] eq 'active';
  return { spairport_airport_interfaces => [\%port] };
}

sub power {
  my ($on_ac, $percent) = (one('power') eq 'ac', one('percent'));
  my $settings = sub { my ($is_now, $minutes) = @_; my %all = ('Disk Sleep Timer' => number(10), 'Display Sleep Timer' => number(one('displaySleepMinutes')), 'System Sleep Timer' => number($minutes), LowPowerMode => is('lowPowerMode') ? 'Yes' : 'No'); $all{'Current Power Source'} = 'TRUE' if $is_now; \%all };
  my %information = (_name => 'sppower_information', 'AC Power' => $settings->($on_ac, one('sleepMinutes')));
  $information{'Battery Power'} = $settings->(!$on_ac, 1) if is('hasBattery');
  my @all = (\%information, { _name => 'sppower_hwconfig_information', sppower_ups_installed => one('power') eq 'ups' ? 'TRUE' : 'FALSE' });
  return @all if !is('hasBattery');
  my $charging = $on_ac && $percent < 100 ? 'TRUE' : 'FALSE';
  unshift @all, {
    _name => 'spbattery_information',
    sppower_battery_charge_info => { sppower_battery_is_charging => $charging, sppower_battery_fully_charged => $percent == 100 ? 'TRUE' : 'FALSE', sppower_battery_state_of_charge => number($percent) },
    sppower_battery_health_info => { sppower_battery_cycle_count => number(87), sppower_battery_health => 'Good' },
  };
  push @all, { _name => 'sppower_ac_charger_information', sppower_battery_charger_connected => $on_ac ? 'TRUE' : 'FALSE', sppower_battery_is_charging => $charging };
  return @all;
}

sub software { { _name => 'os_overview', os_version => 'macOS ' . one('version') . ' (' . one('build') . ')', kernel_version => 'Darwin ' . sysctl_of('kern.osrelease'), uptime => 'up 0:1:2:3', system_integrity => 'integrity_enabled', boot_mode => 'normal_boot' } }
