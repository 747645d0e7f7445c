import { readAccessGroup } from "./access-group.ts"
import { isDiskHead, isMountLine, readDf, readMount } from "./disk.ts"
import { explainErrorText, readErrorText } from "./error-text.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { isInterfaceHead, readIfconfig } from "./ifconfig.ts"
import { isRegistryLine, readRegistry } from "./ioreg.ts"
import { readLaunchctlLimit, readLaunchctlList, readLaunchctlPrint, readRsyncVersion } from "./launchd.ts"
import type { Line } from "./lines.ts"
import { isLastLine, isUptime, isWhoLine, readLast, readUptime, readW, readWho } from "./logins.ts"
import { readMemoryPressure } from "./memory-pressure.ts"
import { isCountersHead, readNetstatInterfaces } from "./network-counters.ts"
import { readDnsSd, readIbvDevices, readLsof } from "./network-names.ts"
import { isServiceLine, readHardwarePorts, readRoute, readRoutes, readServiceOrder } from "./network-setup.ts"
import { isOtherToolText, readOtherTool } from "./other-tools.ts"
import { readPmsetAssertions } from "./pmset-assertions.ts"
import { readPmsetBatt } from "./pmset-batt.ts"
import { isSettingsHead, readPmsetSettings } from "./pmset-settings.ts"
import { isPowerLogLine, readPmsetLog, readPmsetSched, readPmsetSystemState, readPmsetTherm } from "./pmset-state.ts"
import { readPowermetrics } from "./powermetrics.ts"
import { isProcessHead, isProcessRow, readProcesses } from "./processes.ts"
import { isProfilerTitle, readProfilerText } from "./profiler-text.ts"
import { readConsoleUser } from "./scutil.ts"
import { isStatusLine, readStatusLines } from "./status-lines.ts"
import { readSwVers } from "./sw-vers.ts"
import { isSysctlLine, readSysctl } from "./sysctl.ts"
import { isBareSysctl, readBareSysctl } from "./sysctl-bare.ts"
import { profilerTypeOf, readSystemProfiler } from "./system-profiler.ts"
import { isTopHead, readFootprint, readTop } from "./top.ts"
import { isKernelVersion, readUname } from "./uname.ts"
import { isUpdateSettings, readUpdateSettings } from "./update-settings.ts"
import { readVmStat } from "./vm-stat.ts"

/** One kind of output that is read. */
export interface OutputKind {
  /** As it is typed, without its options where they make no difference. */
  readonly command: string
  /** How names of files with its output begin. Of several that fit the longest counts. */
  readonly prefixes: readonly string[]
  /** Whether a text is of this kind, by what no other kind has. */
  readonly fits: (text: string, lines: readonly Line[]) => boolean
  readonly read: (sheet: FactSheet, lines: readonly Line[], text: string, hint: string) => void
}

type Fits = OutputKind["fits"]

/** True when some line is of this form. */
function some(test: RegExp | ((text: string) => boolean)): Fits {
  const fits = typeof test === "function" ? test : (text: string) => test.test(text)
  return (_, lines) => lines.some(({ text }) => fits(text))
}

/** True when most lines are of this form: for forms that occur by chance in others. */
function most(test: RegExp | ((text: string) => boolean)): Fits {
  const fits = typeof test === "function" ? test : (text: string) => test.test(text)
  return (_, lines) => lines.length > 0 && lines.filter(({ text }) => fits(text)).length * 2 > lines.length
}

function kind(command: string, prefixes: string, fits: Fits, read: OutputKind["read"]): OutputKind {
  return { command, prefixes: prefixes.split(" "), fits, read }
}

/** All kinds. The order matters only where two fit and the file's name tells nothing: the first is taken. */
export const OUTPUT_KINDS: readonly OutputKind[] = [
  kind(
    "system_profiler -json or -xml",
    "system_profiler",
    (text) => profilerTypeOf(text) !== null,
    (sheet, _, text, hint) => readSystemProfiler(sheet, text, hint),
  ),
  kind("plutil of com.apple.SoftwareUpdate", "plutil-SoftwareUpdate", isUpdateSettings, (sheet, _, text) =>
    readUpdateSettings(sheet, text),
  ),
  kind("mactop or gpustack", "mactop gpustack", isOtherToolText, (sheet, _, text) => readOtherTool(sheet, text)),
  kind("ioreg", "ioreg", some(isRegistryLine), readRegistry),
  kind("scutil", "scutil", some(/^<dictionary> \{$|^\s+kCGSSession\w+ : |^\s*No such key$/), readConsoleUser),
  kind("vm_stat", "vm_stat", some(/^Mach Virtual Memory Statistics: |^(File-backed|Anonymous) pages: +\d/), readVmStat),
  kind(
    "memory_pressure",
    "memory_pressure",
    some(/^The system has \d+|^System-wide memory free percentage/),
    readMemoryPressure,
  ),
  kind("pmset -g batt", "pmset-g-batt pmset-g-ps", some(/^Now drawing from '|^ -InternalBattery-\d/), readPmsetBatt),
  kind(
    "pmset -g assertions",
    "pmset-g-assertions",
    some(/^Assertion status system-wide:|^Listed by owning process:|^ {3}pid \d+\([^)]*\): \[0x/),
    readPmsetAssertions,
  ),
  kind("pmset -g systemstate", "pmset-g-systemstate", some(/^Current System Capabilities are:/), readPmsetSystemState),
  kind(
    "pmset -g therm",
    "pmset-g-therm pmset-g-thermlog",
    some(
      /^Note: No (thermal|performance|CPU)|^\t?CPU_(Speed|Scheduler)_Limit|^\t?(Thermal|Performance) Warning Level\s+=/,
    ),
    readPmsetTherm,
  ),
  kind(
    "pmset -g sched",
    "pmset-g-sched",
    some(/^(Scheduled|Repeating) power events:|^ {1,2}\[\d\] {1,2}\w+ at \d\d\/\d\d\//),
    readPmsetSched,
  ),
  kind("pmset -g log", "pmset-g-log", some(isPowerLogLine), readPmsetLog),
  kind(
    "pmset -g",
    "pmset-g pmset-g-custom",
    some((text) => isSettingsHead(text) || /^ (hibernatemode|displaysleep|ttyskeepawake|tcpkeepalive) +\d/.test(text)),
    readPmsetSettings,
  ),
  kind(
    "powermetrics",
    "powermetrics",
    some(/^\*\*\* Sampled system activity|^Combined Power \(CPU|^GPU HW active residency:|^[EPS]\d?-Cluster HW active/),
    readPowermetrics,
  ),
  kind("top", "top", some(isTopHead), readTop),
  kind("footprint", "footprint", some(/\]: (64|32)-bit +Footprint: /), readFootprint),
  kind("sw_vers", "sw_vers", some(/^(ProductName|ProductVersion|BuildVersion):\t/), readSwVers),
  kind("uname -v", "uname", most(isKernelVersion), readUname),
  kind("ifconfig", "ifconfig", some(isInterfaceHead), readIfconfig),
  kind(
    "netstat -i",
    "netstat-i netstat-ib netstat-ibn",
    some((text) => isCountersHead(text) || /^\w+\*? +\d+ +<Link#\d+>/.test(text)),
    readNetstatInterfaces,
  ),
  kind(
    "netstat -rn",
    "netstat-r netstat-rn netstat-rnl",
    some(/^Destination +Gateway +Flags|^Routing tables$/),
    readRoutes,
  ),
  kind("route get", "route", some(/^ +route to: |^ +gateway: [\d.a-f:]+$|^ recvpipe /), readRoute),
  kind(
    "networksetup -listnetworkserviceorder",
    "networksetup-listnetworkserviceorder",
    some(/^\(Hardware Port: .*, Device: |^An asterisk \(\*\) denotes/),
    readServiceOrder,
  ),
  kind(
    "networksetup -listallhardwareports",
    "networksetup-listallhardwareports",
    some((text) => !text.startsWith("(") && isServiceLine(text)),
    readHardwarePorts,
  ),
  kind("dns-sd -B", "dns-sd", some(/^Browsing for _|^ ?\d+:\d\d:\d\d\.\d{3} {2}(Add|Rmv) /), readDnsSd),
  kind("ibv_devices", "ibv_devices", some(/^\s+device\s+node GUID|^\s+rdma_en\d+\s+[0-9a-f]{16}/), readIbvDevices),
  kind("df", "df", some(isDiskHead), readDf),
  kind("mount", "mount", most(isMountLine), readMount),
  kind("w", "w", some(/^USER +TTY +FROM +LOGIN@/), readW),
  kind("uptime", "uptime", most(isUptime), readUptime),
  kind("who", "who", most(isWhoLine), readWho),
  kind("last", "last", most(isLastLine), readLast),
  kind("lsof -i", "lsof", some(/^COMMAND +PID +USER +FD +TYPE/), readLsof),
  kind(
    "ps",
    "ps",
    (text, lines) => lines.some((line) => isProcessHead(line.text)) || most(isProcessRow)(text, lines),
    readProcesses,
  ),
  kind("launchctl limit", "launchctl-limit", some(/^\tmaxfiles +(\d+|unlimited)/), readLaunchctlLimit),
  kind(
    "launchctl list",
    "launchctl-list",
    some(/^PID\tStatus\tLabel$|^(-|\d+)\t-?\d+\tcom\.apple\./),
    readLaunchctlList,
  ),
  kind("launchctl print", "launchctl-print", some(/^\t(path|type|program|runs) = /), readLaunchctlPrint),
  kind("dscl -read", "dscl-read", some(/^RecordName: com\.apple\.access_ssh$/), readAccessGroup),
  kind("rsync --version", "rsync", some(/^openrsync: protocol|^rsync {1,2}version /), readRsyncVersion),
  kind("system_profiler", "system_profiler", some(isProfilerTitle), readProfilerText),
  kind(
    "sysctl",
    "sysctl",
    most((text) => text === "" || isSysctlLine(text)),
    readSysctl,
  ),
  kind(
    "sysctl -n",
    "sysctl-n",
    (_, lines) => isBareSysctl(lines),
    (sheet, lines, _, hint) => readBareSysctl(sheet, lines, hint),
  ),
  kind(
    "a status line",
    "fdesetup csrutil socketfilterfw profiles xcode-select notifyutil launchctl-managername launchctl-print-disabled systemsetup-getremotelogin ls-protected",
    (_, lines) => lines.some(({ text }) => isStatusLine(text)),
    readStatusLines,
  ),
  kind("error text", "stderr", (_, lines) => lines.length <= 20 && explainErrorText(lines) !== null, readErrorText),
]
