/** One command of macOS or Linux that an examination runs. */
export interface Probe {
  readonly name: string
  /** By absolute path, with its parameters. */
  readonly command: readonly [path: string, ...parameters: string[]]
  readonly timeoutMs: number
  /** True when it is only run for a record. */
  readonly isForRecord: boolean
  /** How its file in a record begins: src/facts tells by it what two commands print alike. */
  readonly file: string
}

const QUICK_MS = 5_000
/** `system_profiler` takes a second or two for most of its types, and some more for Wi-Fi. */
const SLOW_MS = 20_000

function probe(name: string, line: string, { file = name, timeoutMs = QUICK_MS, isForRecord = false } = {}): Probe {
  const [path = "", ...parameters] = line.split(" ")
  // What stands in a name for a blank, as a path of macOS has one.
  const command: Probe["command"] = [path, ...parameters.map((word) => word.replaceAll("%20", " "))]
  return { name, command, timeoutMs, isForRecord, file }
}

function more(name: string, line: string, options: { file?: string; timeoutMs?: number } = {}): Probe {
  return probe(name, line, { ...options, isForRecord: true })
}

const SYSCTL_KEYS =
  "hw.model hw.memsize hw.pagesize hw.ncpu hw.physicalcpu hw.logicalcpu hw.cpufamily hw.nperflevels hw.perflevel0.name hw.perflevel0.physicalcpu hw.perflevel1.name hw.perflevel1.physicalcpu hw.perflevel2.name hw.perflevel2.physicalcpu hw.optional.arm64 machdep.cpu.brand_string kern.hv_vmm_present sysctl.proc_translated kern.osproductversion kern.osversion kern.osrelease kern.boottime iogpu.wired_limit_mb vm.swapusage vm.loadavg kern.memorystatus_vm_pressure_level"

/**
 * What is asked of a Mac, and what a record of one has besides. None of them needs root, changes anything, asks the network or
 * opens a dialog: of what macOS guards only a folder is listed that is never asked about, but simply refused.
 * `softwareupdate -l` would ask Apple for minutes, so the preferences are read. Their forms: the manual pages of each.
 */
export const MAC_PROBES: readonly Probe[] = [
  probe("sysctl", `/usr/sbin/sysctl -i ${SYSCTL_KEYS}`),
  probe("sw_vers", "/usr/bin/sw_vers"),
  probe("uname-v", "/usr/bin/uname -v", { file: "uname" }),
  probe("launchctl-print-disabled", "/bin/launchctl print-disabled system"),
  probe("dscl-access_ssh", "/usr/bin/dscl . -read /Groups/com.apple.access_ssh", { file: "dscl-read" }),
  probe("socketfilterfw-state", "/usr/libexec/ApplicationFirewall/socketfilterfw --getglobalstate", {
    file: "socketfilterfw-getglobalstate",
  }),
  probe("socketfilterfw-stealth", "/usr/libexec/ApplicationFirewall/socketfilterfw --getstealthmode", {
    file: "socketfilterfw-getstealthmode",
  }),
  probe("ls-protected", "/bin/ls /Library/Application%20Support/com.apple.TCC", { file: "ls-protected" }),
  probe("pmset-g-custom", "/usr/bin/pmset -g custom"),
  probe("pmset-g-systemstate", "/usr/bin/pmset -g systemstate"),
  probe("fdesetup", "/usr/bin/fdesetup status"),
  probe("plutil-update", "/usr/bin/plutil -convert xml1 -o - /Library/Preferences/com.apple.SoftwareUpdate.plist", {
    file: "plutil-SoftwareUpdate",
  }),
  // Of one volume: without a name it asks all, also a share whose server is gone.
  probe("df", "/bin/df -k /System/Volumes/Data"),
  probe("ifconfig-a", "/sbin/ifconfig -a", { file: "ifconfig" }),
  probe("networksetup-ports", "/usr/sbin/networksetup -listallhardwareports", {
    file: "networksetup-listallhardwareports",
  }),
  probe("route-n-get-default", "/sbin/route -n get default", { file: "route" }),
  probe("SPHardware", "/usr/sbin/system_profiler SPHardwareDataType -json", {
    file: "system_profiler-SPHardware-json",
    timeoutMs: SLOW_MS,
  }),
  probe("SPDisplays", "/usr/sbin/system_profiler SPDisplaysDataType -json", {
    file: "system_profiler-SPDisplays-json",
    timeoutMs: SLOW_MS,
  }),
  more("pmset-g", "/usr/bin/pmset -g"),
  more("pmset-g-batt", "/usr/bin/pmset -g batt"),
  more("pmset-g-assertions", "/usr/bin/pmset -g assertions"),
  more("pmset-g-therm", "/usr/bin/pmset -g therm"),
  more("pmset-g-sched", "/usr/bin/pmset -g sched"),
  more("ioreg-IOAccelerator", "/usr/sbin/ioreg -r -d 1 -w 0 -c IOAccelerator"),
  more("ioreg-IOHIDSystem", "/usr/sbin/ioreg -r -d 1 -c IOHIDSystem"),
  more("ioreg-Root", "/usr/sbin/ioreg -n Root -d 1"),
  more("ioreg-AppleSmartBattery", "/usr/sbin/ioreg -r -n AppleSmartBattery -w 0"),
  more("df-all", "/bin/df -k"),
  more("vm_stat", "/usr/bin/vm_stat"),
  more("memory_pressure-Q", "/usr/bin/memory_pressure -Q"),
  more("top-l1", "/usr/bin/top -l 1 -n 0", { timeoutMs: SLOW_MS }),
  more("mount", "/sbin/mount"),
  more("netstat-ibn", "/usr/sbin/netstat -ibn"),
  more("networksetup-order", "/usr/sbin/networksetup -listnetworkserviceorder", {
    file: "networksetup-listnetworkserviceorder",
  }),
  more("uptime", "/usr/bin/uptime"),
  more("who", "/usr/bin/who"),
  more("launchctl-limit", "/bin/launchctl limit"),
  more("launchctl-managername", "/bin/launchctl managername"),
  more("csrutil", "/usr/bin/csrutil status"),
  more("profiles", "/usr/bin/profiles status -type enrollment"),
  more("SPThunderbolt", "/usr/sbin/system_profiler SPThunderboltDataType -json", {
    file: "system_profiler-SPThunderbolt-json",
    timeoutMs: SLOW_MS,
  }),
  more("SPPower", "/usr/sbin/system_profiler SPPowerDataType -json", {
    file: "system_profiler-SPPower-json",
    timeoutMs: SLOW_MS,
  }),
  more("SPAirPort", "/usr/sbin/system_profiler SPAirPortDataType -json", {
    file: "system_profiler-SPAirPort-json",
    timeoutMs: SLOW_MS,
  }),
]

/** What is asked of a Linux host: the rest of what applies there needs no command. */
export const LINUX_PROBES: readonly Probe[] = [probe("df", "/bin/df -kP")]

/** What the agent itself does and answers in JSON, besides commands: computing on the GPU, connecting, a look at the link. */
export const OWN_PROBES = { metal: "metal", reach: "reach", linuxLink: "linux-link" } as const

export function probesOf(platform: "darwin" | "linux", extent: "look" | "record"): readonly Probe[] {
  const all = platform === "darwin" ? MAC_PROBES : LINUX_PROBES
  return extent === "record" ? all : all.filter(({ isForRecord }) => !isForRecord)
}

/** As it is typed. */
export function commandLine({ command }: Probe): string {
  return command.map((word) => (/^[\w./=:,+-]+$/.test(word) ? word : `'${word}'`)).join(" ")
}
