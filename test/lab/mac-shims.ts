import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** What a simulated Mac says about itself. Values are invented; their form is macOS's. */
export interface MacAnswers {
  /** As `sw_vers` prints it. */
  readonly version: string
  readonly build: string
  /** As `sysctl` prints them: every key it knows; one that is missing is unknown to it. */
  readonly sysctl: Readonly<Record<string, string>>
  /** `uname -m` of the shell: "x86_64" on Intel and under Rosetta. */
  readonly machine: "arm64" | "x86_64"
  /** Groups of the account besides its own, and who is logged in at the screen (root: nobody). */
  readonly groups?: readonly string[]
  readonly console?: string
  /** Nanoseconds since the last input, for ioreg. */
  readonly idleNs: number
}

const STUDIO: MacAnswers = {
  version: "26.1",
  build: "25B71",
  machine: "arm64",
  idleNs: 5_400_000_000_000,
  sysctl: {
    "hw.model": "Mac15,14",
    "hw.memsize": "103079215104",
    "hw.ncpu": "28",
    "hw.physicalcpu": "28",
    "hw.nperflevels": "2",
    "hw.perflevel0.physicalcpu": "20",
    "hw.perflevel0.name": "Performance",
    "hw.perflevel1.physicalcpu": "8",
    "hw.perflevel1.name": "Efficiency",
    "machdep.cpu.brand_string": "Apple M3 Ultra",
    "hw.optional.arm64": "1",
    "kern.hv_vmm_present": "0",
    "sysctl.proc_translated": "0",
    "kern.osproductversion": "26.1",
    "kern.osversion": "25B71",
    "kern.bootsessionuuid": "0E2C5A9B-7F31-4E02-9D4C-6B1A2F3C4D5E",
    "kern.boottime": "{ sec = 1763900000, usec = 120034 } Sun Nov 23 12:13:20 2025",
  },
}

/** The Macs the join checks must tell apart. */
export const MACS = {
  studio: STUDIO,
  intel: {
    ...STUDIO,
    version: "15.6",
    machine: "x86_64",
    sysctl: {
      "hw.model": "Macmini8,1",
      "hw.memsize": "17179869184",
      "hw.ncpu": "12",
      "machdep.cpu.brand_string": "Intel(R) Core(TM) i7-8700B CPU @ 3.20GHz",
      "kern.hv_vmm_present": "0",
      "kern.osproductversion": "15.6",
    },
  },
  rosetta: { ...STUDIO, machine: "x86_64", sysctl: { ...STUDIO.sysctl, "sysctl.proc_translated": "1" } },
  virtual: {
    ...STUDIO,
    sysctl: {
      ...STUDIO.sysctl,
      "hw.model": "VirtualMac2,1",
      "kern.hv_vmm_present": "1",
      "machdep.cpu.brand_string": "Apple M2 (Virtual)",
    },
  },
  tooOld: { ...STUDIO, version: "13.4.1", sysctl: { ...STUDIO.sysctl, "kern.osproductversion": "13.4.1" } },
} as const satisfies Record<string, MacAnswers>

/** Linux commands a Mac does not have: whoever uses them finds out here. */
export const HIDDEN_ON_MAC = [
  ...["sha256sum", "md5sum", "timeout", "setsid", "flock", "nproc", "free", "lscpu", "stdbuf", "unshare", "nsenter"],
  ...["getent", "pidof", "systemctl", "loginctl", "apt-get", "dpkg", "ip", "ss"],
]

const ANSWERS = "/mnt/host/answers"

/** Apple's stubs for missing developer tools open a dialog on the owner's screen; here they leave a line. */
const stub = (name: string) =>
  `#!/bin/sh\necho ${name} >>"$HOME/.lab-dialogs"\necho 'xcode-select: note: No developer tools were found, requesting install.' >&2\nexit 1\n`

/** The commands that answer like a Mac's, each a small script that replays a file of `answers/`. */
export const MAC_SHIMS: Readonly<Record<string, string>> = {
  uname: `#!/bin/sh
machine=$(cat ${ANSWERS}/machine); release=25.1.0
version="Darwin Kernel Version $release: Mon Oct 20 19:34:03 PDT 2025; root:xnu-12377.41.6~2/RELEASE_ARM64_T6031"
case \${1-} in
'' | -s) echo Darwin ;;
-m) echo "$machine" ;;
-r) echo $release ;;
-v) echo "$version" ;;
-n) /mnt/bin/uname -n ;;
-p) case $machine in arm64) echo arm ;; *) echo i386 ;; esac ;;
-sm) echo "Darwin $machine" ;;
*) echo "Darwin $(/mnt/bin/uname -n) $release $version $machine" ;;
esac
`,
  arch: `#!/bin/sh
case $(cat ${ANSWERS}/machine) in arm64) echo arm64 ;; *) echo i386 ;; esac
`,
  sw_vers: `#!/bin/sh
version=$(cat ${ANSWERS}/version) build=$(cat ${ANSWERS}/build)
case \${1-} in
-productVersion | --productVersion) echo "$version" ;;
-buildVersion | --buildVersion) echo "$build" ;;
-productName | --productName) echo macOS ;;
*) printf 'ProductName:\\t\\tmacOS\\nProductVersion:\\t\\t%s\\nBuildVersion:\\t\\t%s\\n' "$version" "$build" ;;
esac
`,
  sysctl: `#!/bin/sh
values_only=no quiet=no status=0
while :; do
  case \${1-} in
  -n) values_only=yes ;;
  -i) quiet=yes ;;
  -in | -ni) values_only=yes quiet=yes ;;
  *) break ;;
  esac
  shift
done
for key; do
  line=$(grep -F "$key: " ${ANSWERS}/sysctl | head -n 1)
  if [ -z "$line" ]; then
    [ $quiet = yes ] || { echo "sysctl: unknown oid '$key'" >&2; status=1; }
  elif [ $values_only = yes ]; then
    echo "\${line#"$key: "}"
  else
    echo "$line"
  fi
done
exit $status
`,
  id: `#!/bin/sh
[ "$*" = -Gn ] || exec /mnt/bin/id "$@"
echo "staff everyone $(cat ${ANSWERS}/groups)"
`,
  stat: `#!/bin/sh
[ "$*" = '-f %Su /dev/console' ] || exec /mnt/bin/stat "$@"
cat ${ANSWERS}/console
`,
  ioreg: `#!/bin/sh
case $* in
*IOHIDSystem*) printf '+-o IOHIDSystem  <class IOHIDSystem, id 0x100000a2b, registered, matched, active, busy 0 (0 ms), retain 25>\\n    {\\n      "HIDIdleTime" = %s\\n    }\\n' "$(cat ${ANSWERS}/idle)" ;;
*Root*) printf '+-o Root  <class IORegistryEntry, id 0x100000100, retain 35>\\n    {\\n      "IOConsoleLocked" = Yes\\n    }\\n' ;;
esac
`,
  pmset: `#!/bin/sh
case $* in
'-g batt') echo "Now drawing from 'AC Power'" ;;
'-g therm') printf 'Note: No thermal warning level has been recorded\\nNote: No performance warning level has been recorded\\nNote: No CPU power status has been recorded\\n' ;;
esac
`,
  tmutil: `#!/bin/sh
echo "$*" >>"$HOME/.lab-tmutil"
`,
  caffeinate: `#!/bin/sh
# Holds nothing, but lives as long as the real one would.
pid=
while [ $# -gt 0 ]; do
  case $1 in -w) pid=$2; shift 2 ;; -t) shift 2 ;; -*) shift ;; *) exec "$@" ;; esac
done
[ -n "$pid" ] || exec sleep 2147483
while kill -0 "$pid" 2>/dev/null; do sleep 1; done
`,
  python3: stub("python3"),
  git: stub("git"),
  clang: stub("clang"),
  make: stub("make"),
}

/** Writes what the shims replay; may be called again while the host runs. */
export function writeMacAnswers(folder: string, answers: MacAnswers): void {
  mkdirSync(folder, { recursive: true })
  const write = (name: string, text: string) => writeFileSync(join(folder, name), `${text}\n`)
  write("version", answers.version)
  write("build", answers.build)
  write("machine", answers.machine)
  write("groups", (answers.groups ?? []).join(" "))
  write("console", answers.console ?? "root")
  write("idle", `${answers.idleNs}`)
  write(
    "sysctl",
    Object.entries(answers.sysctl)
      .map(([key, value]) => `${key}: ${value}`)
      .join("\n"),
  )
}
