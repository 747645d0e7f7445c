import { METAL_CELLS } from "../../src/doctor/metal-item.ts"
import { OWN_PROBES } from "../../src/doctor/probes.ts"
import type { Examination, ExaminationHead, ProbeOutput } from "../../src/protocol/doctor-wire.ts"

/** What a healthy Mac prints. All values are invented; the grammar is that of the commands. Its owner is Ada Lovelace. */
const STUDIO: Readonly<Record<string, string>> = {
  sysctl: `hw.model: Mac15,14
hw.memsize: 103079215104
hw.pagesize: 16384
hw.ncpu: 28
hw.physicalcpu: 28
hw.logicalcpu: 28
hw.nperflevels: 2
hw.perflevel0.name: Performance
hw.perflevel0.physicalcpu: 20
hw.perflevel1.name: Efficiency
hw.perflevel1.physicalcpu: 8
hw.optional.arm64: 1
machdep.cpu.brand_string: Apple M3 Ultra
kern.hv_vmm_present: 0
sysctl.proc_translated: 0
kern.osproductversion: 26.1
kern.osversion: 25B71
kern.osrelease: 25.1.0
kern.boottime: { sec = 1795000000, usec = 120034 } Thu Nov 19 02:26:40 2026
iogpu.wired_limit_mb: 0
vm.swapusage: total = 0.00M  used = 0.00M  free = 0.00M  (encrypted)
vm.loadavg: { 1.20 1.10 1.05 }
kern.memorystatus_vm_pressure_level: 1
`,
  sw_vers: "ProductName:\t\tmacOS\nProductVersion:\t\t26.1\nBuildVersion:\t\t25B71\n",
  "uname-v": "Darwin Kernel Version 25.1.0: Mon Oct 20 19:34:03 PDT 2025; root:xnu-12377.41.6~2/RELEASE_ARM64_T6031\n",
  "launchctl-print-disabled": `\tdisabled services = {
\t\t"com.apple.ftpd" => disabled
\t\t"com.openssh.sshd" => enabled
\t}
`,
  "dscl-access_ssh": `AppleMetaNodeLocation: /Local/Default
GeneratedUID: 7F0B2C1D-9A4E-4B66-8C0D-1E2F3A4B5C6D
GroupMembers: 5A1C9E70-0000-4444-8888-0A1B2C3D4E5F
GroupMembership: wfjobs
NestedGroups: ABCDEFAB-CDEF-ABCD-EFAB-CDEF00000050
PrimaryGroupID: 101
RealName:
 Remote Login Group
RecordName: com.apple.access_ssh
RecordType: dsRecTypeStandard:Groups
`,
  "socketfilterfw-state": "Firewall is disabled. (State = 0)\n",
  "socketfilterfw-stealth": "Firewall stealth mode is off\n",
  "ls-protected": "TCC.db\n",
  "pmset-g-custom": `AC Power:
 Sleep On Power Button 1
 lowpowermode         0
 autorestart          1
 ttyskeepawake        1
 powernap             1
 displaysleep         10
 womp                 1
 networkoversleep     0
 sleep                0
 tcpkeepalive         1
 disksleep            10
`,
  "pmset-g-systemstate": "Current System Capabilities are: CPU Audio Network \nCurrent Power State: 4\n",
  fdesetup: "FileVault is Off.\n",
  "plutil-update": `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
\t<key>AutomaticCheckEnabled</key>
\t<true/>
\t<key>AutomaticallyInstallMacOSUpdates</key>
\t<false/>
\t<key>LastFullSuccessfulDate</key>
\t<date>2026-11-20T08:15:30Z</date>
</dict>
</plist>
`,
  df: `Filesystem     1024-blocks      Used Available Capacity iused      ifree %iused  Mounted on
/dev/disk3s5     971350180 380000000 560000000    41% 2500000 5600000000    0%   /System/Volumes/Data
`,
  "ifconfig-a": `lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
\toptions=1203<RXCSUM,TXCSUM,TXSTATUS,SW_TIMESTAMP>
\tinet 127.0.0.1 netmask 0xff000000
\tinet6 ::1 prefixlen 128
\tinet6 fe80::1%lo0 prefixlen 64 scopeid 0x1
en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\toptions=50b<RXCSUM,TXCSUM,VLAN_HWTAGGING,AV,CHANNEL_IO>
\tether d2:11:e5:18:aa:31
\tinet6 fe80::4c1:7bff:fe22:9d01%en0 prefixlen 64 secured scopeid 0xb
\tinet6 2a01:db9:77:1::42 prefixlen 64 autoconf secured
\tinet 10.42.7.31 netmask 0xffffff00 broadcast 10.42.7.255
\tmedia: autoselect (10Gbase-T <full-duplex>)
\tstatus: active
en1: flags=8822<BROADCAST,SMART,SIMPLEX,MULTICAST> mtu 1500
\tether d2:11:e5:1d:b9:b8
\tmedia: autoselect
\tstatus: inactive
`,
  "networksetup-ports": `
Hardware Port: Ethernet
Device: en0
Ethernet Address: d2:11:e5:18:aa:31

Hardware Port: Wi-Fi
Device: en1
Ethernet Address: d2:11:e5:1d:b9:b8

VLAN Configurations
===================
`,
  "route-n-get-default": `   route to: default
destination: default
       mask: default
    gateway: 10.42.7.1
  interface: en0
      flags: <UP,GATEWAY,DONE,STATIC,PRCLONING>
 recvpipe  sendpipe  ssthresh  rtt,msec    rttvar  hopcount      mtu     expire
       0         0         0         0         0         0      1500         0
`,
  SPHardware: `{
  "SPHardwareDataType" : [
    {
      "_name" : "hardware_overview",
      "chip_type" : "Apple M3 Ultra",
      "machine_model" : "Mac15,14",
      "machine_name" : "Mac Studio",
      "number_processors" : "proc 28:20:8:0",
      "physical_memory" : "96 GB",
      "platform_UUID" : "3B6E1D70-52AC-5E0F-9C11-0D4E7A55B3C2",
      "provisioning_UDID" : "00006031-001A2B3C4D5E6F70",
      "serial_number" : "J7Q2XW9KLM"
    }
  ]
}
`,
  SPDisplays: `{
  "SPDisplaysDataType" : [
    {
      "_name" : "Apple M3 Ultra",
      "spdisplays_mtlgpufamilysupport" : "spdisplays_metal4",
      "spdisplays_ndrvs" : [
        {
          "_name" : "Studio Display",
          "_spdisplays_pixels" : "5120 x 2880",
          "_spdisplays_display-serial-number" : "3fa90c11"
        }
      ],
      "sppci_cores" : "60",
      "sppci_model" : "Apple M3 Ultra"
    }
  ]
}
`,
}

/** What only a record has. */
const MORE: Readonly<Record<string, string>> = {
  "df-all": `Filesystem     1024-blocks      Used Available Capacity iused      ifree %iused  Mounted on
/dev/disk3s1s1   971350180  11000000 560000000     2%  400000 5600000000    0%   /
devfs                  200       200         0   100%     700          0  100%   /dev
/dev/disk3s5     971350180 380000000 560000000    41% 2500000 5600000000    0%   /System/Volumes/Data
`,
  "pmset-g-batt": "Now drawing from 'AC Power'\n",
  "pmset-g-assertions": `2026-11-27 09:15:00 +0000
Assertion status system-wide:
   BackgroundTask                 0
   PreventUserIdleDisplaySleep    1
Listed by owning process:
   pid 734(sharingd): [0x000037600001963a] 00:00:13 PreventUserIdleSystemSleep named: "com.apple.sharing.handoff"
   pid 901(QuickPlayer): [0x0000376000019641] 01:10:00 PreventUserIdleDisplaySleep named: "Ada's birthday at 10.42.7.9.mov"
`,
  "ioreg-Root": `+-o Root  <class IORegistryEntry, id 0x100000100, retain 37>
    {
      "IOConsoleLocked" = No
      "IOConsoleUsers" = ({"kCGSSessionOnConsoleKey"=Yes,"kCGSSessionUserNameKey"="adalove","kCGSSessionUserIDKey"=501})
    }
`,
  mount: `/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
//adalove@vault.lovelace.example/share on /Volumes/Lovelace Backup (smbfs, nodev, nosuid, mounted by adalove)
`,
  "netstat-ibn": `Name       Mtu   Network       Address            Ipkts Ierrs     Ibytes    Opkts Oerrs     Obytes  Coll
en0        1500  <Link#11>   d2:11:e5:18:aa:31    91000     0   81000000    50000     0    9000000     0
en0        1500  10.42.7/24    10.42.7.31         91000     -   81000000    50000     -    9000000     -
`,
  who: "adalove          console      Nov 27 08:01\nwfjobs           ttys000      Nov 27 09:12   (10.42.7.5)\n",
  SPAirPort: `{
  "SPAirPortDataType" : [
    {
      "spairport_airport_interfaces" : [
        {
          "_name" : "en1",
          "spairport_airport_other_local_wireless_networks" : [
            {
              "_name" : "Analytical Engine 5G",
              "spairport_network_channel" : "44 (5GHz, 80MHz)"
            }
          ],
          "spairport_status_information" : "spairport_status_connected"
        }
      ]
    }
  ]
}
`,
  SPThunderbolt: `{
  "SPThunderboltDataType" : [
    {
      "_name" : "thunderboltusb4_bus_1",
      "device_name_key" : "Mac Studio",
      "domain_uuid_key" : "8E2B9C44-11D7-4A0B-B7E5-6C1D2E3F4A5B",
      "receptacle_1_tag" : {
        "current_speed_key" : "Up to 120 Gb/s",
        "receptacle_id_key" : "2",
        "receptacle_status_key" : "receptacle_no_devices_connected"
      },
      "route_string_key" : "0",
      "switch_uid_key" : "0x05AC3C0DE1A2B3C4",
      "vendor_name_key" : "Apple Inc."
    }
  ]
}
`,
}

export const MAC_NAMES = ["adalove", "Ada Lovelace", "wfjobs", "Ada\u2019s Mac Studio", "adas-mac-studio.local"]

const REACHED = { tries: [{ address: "10.42.7.5", attached: "connected", detached: "connected" }] }
const COMPUTED = { device: "Apple M3 Ultra", cells: METAL_CELLS, right: METAL_CELLS }
const OWN: Readonly<Record<string, string>> = {
  [OWN_PROBES.metal]: `${JSON.stringify(COMPUTED)}\n`,
  [OWN_PROBES.reach]: `${JSON.stringify(REACHED)}\n`,
}

export const MAC_HEAD: ExaminationHead = {
  platform: "darwin",
  agentVersion: "1.0.0",
  now: 1_795_770_000_000,
  uvVersions: ["0.9.0"],
  pythonVersions: ["3.12.7"],
  diskFreeBytes: 573_440_000_000,
  names: [],
}

export function ended(probe: string, stdout: string, more: Partial<ProbeOutput> = {}): ProbeOutput {
  return { probe, outcome: "ended", exitCode: 0, stdout, stderr: "", isCut: false, ...more }
}

/** An examination of that Mac; `changes` are outputs that are other ones, `null` for one that did not come. */
export function macExamination(
  changes: Readonly<Record<string, string | Partial<ProbeOutput> | null>> = {},
  { extent = "look", head = MAC_HEAD }: { extent?: "look" | "record"; head?: ExaminationHead } = {},
): Examination {
  const texts = extent === "look" ? { ...STUDIO, ...OWN } : { ...STUDIO, ...MORE }
  const outputs = Object.entries(texts).flatMap(([probe, text]) => {
    const change = changes[probe]
    if (change === null) return []
    if (change === undefined || typeof change === "string") return [ended(probe, change ?? text)]
    return [ended(probe, text, change)]
  })
  return { head: extent === "record" ? { ...head, names: MAC_NAMES } : head, outputs }
}

/** The text of one output with a part of it replaced. @throws when it has no such part */
export function macText(probe: string, part: string, other: string): string {
  const text = STUDIO[probe] ?? OWN[probe] ?? ""
  if (!text.includes(part)) throw new Error(`${probe} has no ${part}`)
  return text.replace(part, other)
}
