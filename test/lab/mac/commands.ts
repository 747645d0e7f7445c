/** The commands of a simulated Mac: which file of commands/ answers, and where macOS has the command. Every entry of a Mac's. */
const FILES: Readonly<Record<string, { readonly bin?: string; readonly sbin?: string; readonly libexec?: string }>> = {
  "machine.pl": { bin: "uname arch sw_vers" },
  "sysctl.pl": { sbin: "sysctl" },
  "ioreg.pl": { sbin: "ioreg" },
  "memory.pl": { bin: "vm_stat memory_pressure" },
  "pmset.pl": { bin: "pmset" },
  "ps.pl": { bin: "ps" },
  "top.pl": { bin: "top footprint" },
  "lsof.pl": { sbin: "lsof" },
  "netstat.pl": { sbin: "netstat route" },
  "network.pl": { bin: "dns-sd", sbin: "ifconfig networksetup scutil" },
  "people.pl": { bin: "who w last uptime id dscl", sbin: "dseditgroup" },
  "security.pl": {
    bin: "fdesetup csrutil profiles defaults plutil",
    sbin: "spctl systemsetup softwareupdate",
    libexec: "ApplicationFirewall/socketfilterfw",
  },
  "services.pl": { bin: "launchctl xcode-select notifyutil sntp tmutil caffeinate log", sbin: "taskpolicy" },
  "profiler.pl": { sbin: "system_profiler" },
  "disk.pl": { bin: "df", sbin: "mount diskutil" },
  "stat.pl": { bin: "stat" },
  "perl.sh": { bin: "perl" },
  "bsd.sh": {
    bin: "ls cp mv rm ln date head tail wc du sed find xargs readlink mktemp base64 touch chmod mkdir cut sort tr",
  },
  "absent.sh": { bin: "setsid timeout flock nohup" },
  "stub.sh": { bin: "python3 pip3 git clang gcc cc make" },
}

/** Linux commands a Mac does not have: not even a word of theirs is found. */
export const HIDDEN_ON_MAC: readonly string[] = [
  ...["sha256sum", "md5sum", "nproc", "free", "lscpu", "stdbuf", "unshare", "nsenter", "setpriv", "prlimit", "chrt"],
  ...[
    "getent",
    "pidof",
    "systemctl",
    "loginctl",
    "apt-get",
    "dpkg",
    "ip",
    "ss",
    "chattr",
    "pkexec",
    "taskset",
    "ionice",
  ],
]

export interface MacCommand {
  readonly name: string
  /** In commands/. */
  readonly file: string
  /** Where it is found on the Mac: usr/sbin/ioreg. */
  readonly at: string
}

export const MAC_COMMANDS: readonly MacCommand[] = Object.entries(FILES).flatMap(([file, places]) =>
  Object.entries(places).flatMap(([place, names]) =>
    names.split(" ").map((name) => ({ name: name.replace(/^.*\//, ""), file, at: `usr/${place}/${name}` })),
  ),
)
