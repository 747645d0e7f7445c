import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { vmStatText } from "./vm-stat-text.ts"

/** How somebody's Mac is, as far as its commands tell. */
export interface MacState {
  /** When somebody last typed, by `Date.now()`. */
  readonly inputAt: number
  readonly locked: boolean
  /** The account at the console; `null`: the login window. */
  readonly console: string | null
  readonly display: "on" | "asleep"
  /** Rows of `pmset -g assertions`: `pid 500(zoom.us): ... PreventUserIdleDisplaySleep`. */
  readonly displayHolders: readonly { readonly pid: number; readonly process: string; readonly user: string }[]
  /** Logins from elsewhere; `typedAt` by `Date.now()`. */
  readonly logins: readonly { readonly user: string; readonly terminal: string; readonly typedAt: number }[]
  readonly power: "AC" | "Battery"
  readonly lowPower: boolean
  /** 1, 2 or 4. */
  readonly pressure: number
  readonly swapUsedMib: number
  readonly availableGib: number
}

const NOBODY: MacState = {
  inputAt: 0,
  locked: false,
  console: "anna",
  display: "on",
  displayHolders: [],
  logins: [],
  power: "AC",
  lowPower: false,
  pressure: 1,
  swapUsedMib: 0,
  availableGib: 48,
}
const PAGE_BYTES = 16_384
const MEMORY_PAGES = (64 * 1024 ** 3) / PAGE_BYTES

/**
 * The commands by which a Mac is looked at, as scripts below a folder: each prints a file, in the forms of macOS, so that an agent on this
 * machine can be told who is at its "Mac". Its processes are this machine's own.
 */
export class SteeredMac {
  readonly root: string
  #state: MacState

  constructor(root: string, state: Partial<MacState> = {}) {
    this.root = root
    // For two hours nobody has typed.
    this.#state = { ...NOBODY, inputAt: Date.now() - 7_200_000 }
    this.#script("/usr/sbin/ioreg", IOREG(root))
    this.#script("/usr/sbin/sysctl", `cat ${root}/sysctl`)
    this.#script("/usr/bin/pmset", `cat "${root}/pmset$(printf %s "$*" | tr ' ' _)"`)
    this.#script("/usr/bin/vm_stat", `cat ${root}/vm_stat`)
    this.#script("/usr/bin/who", `cat ${root}/who`)
    this.#script("/usr/bin/id", `echo anna`)
    this.#script("/bin/ps", `case "$*" in *user=*) cat ${root}/holders ;; esac`)
    this.#script("/usr/sbin/taskpolicy", `echo "$*" >>${root}/taskpolicy`)
    this.set(state)
  }

  get state(): MacState {
    return this.#state
  }

  set(change: Partial<MacState>): void {
    const before = this.#state
    this.#state = { ...before, ...change }
    const {
      inputAt,
      locked,
      console,
      display,
      displayHolders,
      logins,
      power,
      lowPower,
      pressure,
      swapUsedMib,
      availableGib,
    } = this.#state
    rmSync(join(this.root, "typing"), { force: true })
    this.#write("/input", `${Math.round(inputAt)}000000`)
    const screen = locked ? `,"CGSSessionScreenIsLocked"=Yes` : ""
    const users =
      console === null
        ? ""
        : `{"kCGSSessionOnConsoleKey"=Yes,"kCGSSessionUserNameKey"="${console}","kCGSSessionUserIDKey"=501${screen}}`
    this.#write(
      "/console",
      `+-o Root  <class IORegistryEntry, id 0x100000100, retain 35>\n    {\n      "IOConsoleLocked" = ${locked ? "Yes" : "No"}\n      "IOConsoleUsers" = (${users})\n    }\n`,
    )
    const words = display === "on" ? "CPU Graphics Audio Network " : "CPU Audio Network "
    this.#write("/pmset-g_systemstate", `Current System Capabilities are: ${words}\nCurrent Power State: 4\n`)
    const rows = displayHolders.map(
      ({ pid, process }) =>
        `   pid ${pid}(${process}): [0x0000567800012345] 00:22:33 PreventUserIdleDisplaySleep named: "a call"\n`,
    )
    this.#write(
      "/pmset-g_assertions",
      `2026-11-27 12:00:00 +0000\nAssertion status system-wide:\n   PreventUserIdleDisplaySleep    ${rows.length > 0 ? 1 : 0}\n   PreventSystemSleep             0\nListed by owning process:\n${rows.join("")}`,
    )
    this.#write("/holders", displayHolders.map(({ pid, user }) => `${pid} ${user}\n`).join(""))
    this.#write(
      "/who",
      [
        ...(console === null ? [] : [`${console.padEnd(8)} console  Nov 27 09:00 \n`]),
        ...logins.map(({ user, terminal }) => `${user.padEnd(8)} ${terminal}  Nov 27 10:15   (10.0.0.7)\n`),
      ].join(""),
    )
    // The system writes it after each login, for `who` to read.
    if (JSON.stringify(logins) !== JSON.stringify(before.logins)) this.#write("/var/run/utmpx", JSON.stringify(logins))
    for (const { terminal, typedAt } of logins) {
      this.#write(`/dev/${terminal}`, "")
      utimesSync(join(this.root, "dev", terminal), typedAt / 1000, typedAt / 1000)
    }
    this.#write("/pmset-g_batt", `Now drawing from '${power} Power'\n${power === "AC" ? "" : BATTERY}`)
    this.#write(
      "/pmset-g",
      `System-wide power settings:\nCurrently in use:\n lowpowermode         ${lowPower ? 1 : 0}\n womp                 1\n`,
    )
    this.#write(
      "/sysctl",
      [
        `hw.memsize: ${MEMORY_PAGES * PAGE_BYTES}`,
        `hw.pagesize: ${PAGE_BYTES}`,
        "vm.page_free_count: 100000",
        "vm.page_speculative_count: 1000",
        "vm.page_purgeable_count: 1000",
        `vm.swapusage: total = 4096.00M  used = ${swapUsedMib.toFixed(2)}M  free = ${(4096 - swapUsedMib).toFixed(2)}M  (encrypted)`,
        `kern.memorystatus_vm_pressure_level: ${pressure}`,
        "vm.loadavg: { 1.28 1.18 1.13 }",
        "kern.waketime: { sec = 0, usec = 0 } Thu Jan  1 00:00:00 1970",
        "kern.boottime: { sec = 1763900000, usec = 120034 } Sun Nov 23 12:13:20 2025",
        "",
      ].join("\n"),
    )
    const free = Math.round((availableGib * 1024 ** 3) / PAGE_BYTES)
    this.#write("/vm_stat", vmStatText({ free, active: MEMORY_PAGES - free }))
  }

  /** Somebody types now, and until that is seen: a look on a busy machine may come late. */
  returns(): void {
    this.set({ inputAt: Date.now() })
    this.#write("/typing", "once\n")
  }

  /** Somebody types on, until the Mac is set otherwise. */
  stays(): void {
    this.set({ inputAt: Date.now() })
    this.#write("/typing", "on\n")
  }

  /** Nobody has typed for so long. */
  leaves(quietMs: number): void {
    this.set({ inputAt: Date.now() - quietMs })
  }

  /** Makes a command fail, hang or print nonsense: the rest of a script. */
  breaks(path: string, script: string): void {
    this.#script(path, script)
  }

  #script(path: string, script: string): void {
    this.#write(path, `#!/bin/sh\n${script}\n`)
  }

  #write(path: string, text: string): void {
    const file = join(this.root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(`${file}.new`, text)
    chmodSync(`${file}.new`, 0o755)
    renameSync(`${file}.new`, file)
  }
}

/**
 * The same for a Mac at which nothing ever changes, by commands that print and do nothing else: for what it costs to ask. Nobody has
 * typed there for two hours.
 */
export function writeQuietMac(root: string): void {
  const mac = new SteeredMac(root)
  const said = (path: string) => `printf '%s' '${readFileSync(join(root, path), "utf8").replaceAll("'", `'\\''`)}'`
  const idle =
    '+-o IOHIDSystem  <class IOHIDSystem, id 0x100000a2b, registered>\\n    {\\n      "HIDIdleTime" = 7200000000000\\n    }\\n'
  mac.breaks("/usr/sbin/ioreg", `case "$*" in *IOHIDSystem*) printf '${idle}' ;; *) ${said("console")} ;; esac`)
  mac.breaks("/usr/sbin/sysctl", said("sysctl"))
  mac.breaks("/usr/bin/vm_stat", said("vm_stat"))
  mac.breaks("/usr/bin/who", said("who"))
  const pmset = ["-g systemstate", "-g assertions", "-g batt", "-g"]
  const cases = pmset.map((words) => `'${words}') ${said(`pmset${words.replaceAll(" ", "_")}`)} ;;`)
  mac.breaks("/usr/bin/pmset", `case "$*" in ${cases.join("\n")} esac`)
}

const BATTERY = " -InternalBattery-0 (id=4653155)\t80%; discharging; 3:10 remaining present: true\n"

const IOREG = (root: string) => `case "$*" in
*IOHIDSystem*)
  if read -r typing <${root}/typing; then
    date +%s%N >${root}/input
    [ "$typing" = on ] || rm -f ${root}/typing
  fi 2>/dev/null
  idle=$(($(date +%s%N) - $(cat ${root}/input)))
  printf '+-o IOHIDSystem  <class IOHIDSystem, id 0x100000a2b, registered, matched, active, busy 0 (0 ms), retain 25>\\n    {\\n      "HIDIdleTime" = %s\\n    }\\n' "$idle" ;;
*Root*) cat ${root}/console ;;
esac`
