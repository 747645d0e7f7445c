import { parseDuration } from "../../../src/base/duration.ts"
import type { LabMac } from "./lab-mac.ts"
import { MACS } from "./models.ts"
import { type OwnerAct, ownerActs } from "./owner-act.ts"
import { ownerSays, wishOf } from "./owner-says.ts"

interface MacWord {
  /** What comes behind the host, for HELP. */
  readonly usage: string
  readonly act: (mac: LabMac, words: readonly string[]) => unknown
}

const ON: Readonly<Record<string, boolean>> = { on: true, off: false }

/** What is typed to steer a simulated Mac, by its first word. An answer that is not `undefined` is shown. */
export const MAC_WORDS: Readonly<Record<string, MacWord>> = {
  owner: {
    usage: `${Object.keys(ownerActs).join("|")} [IDLE]   (leaves 42m; another name for "switches": owner HOST switches NAME)`,
    act: (mac, [act = "", detail]) => {
      choose(act, Object.keys(ownerActs))
      const isSwitch = act === "switches" || act === "returns"
      const user = isSwitch && detail !== undefined ? { user: detail } : {}
      mac.owner(act as OwnerAct, {
        ...user,
        ...(isSwitch || detail === undefined ? {} : { idleMs: parseDuration(detail) }),
      })
    },
  },
  says: {
    usage: "USER status|pause [2h|until 18:00|today]|resume|rules RULE=VALUE...|leave   (at the Mac, without a server)",
    act: async (mac, [user = "", ...words]) => (await ownerSays(mac, user, wishOf(words))).text.trimEnd().split("\n"),
  },
  power: {
    usage: "ac|battery|ups [PERCENT]",
    act: (mac, [source = "", percent]) =>
      mac.power(choose(source, ["ac", "battery", "ups"]), percent === undefined ? undefined : whole(percent, 0, 100)),
  },
  lowpower: { usage: "on|off", act: (mac, [state = ""]) => mac.lowPowerMode(isOn(state)) },
  display: { usage: "on|asleep", act: (mac, [state = ""]) => mac.display(choose(state, ["on", "asleep"])) },
  darkwake: { usage: "[on|off]", act: (mac, [state = "on"]) => mac.darkWake(isOn(state)) },
  call: {
    usage: "PROGRAM|off   (a video call)",
    act: (mac, [program = "zoom.us"]) => {
      if (program === "off") mac.set({ assertions: [] })
      else mac.assertion({ process: program })
    },
  },
  login: {
    usage: "USER|off [FROM]   (over ssh)",
    act: (mac, [user = "lena", from]) => {
      if (user === "off") mac.set({ logins: [] })
      else mac.login({ user, ...(from === undefined ? {} : { from }) })
    },
  },
  memory: {
    usage: "FREE_GIB [SWAP_GIB] [1|2|4]   (the last is the pressure)",
    act: (mac, [free = "", swap = "0", pressure = "1"]) =>
      mac.memory({
        freeBytes: whole(free, 0, 4096) * 1024 ** 3,
        swapBytes: whole(swap, 0, 4096) * 1024 ** 3,
        pressure: Number(choose(pressure, ["1", "2", "4"])) as 1 | 2 | 4,
      }),
  },
  gpu: { usage: "PERCENT", act: (mac, [percent = ""]) => mac.gpuBusy(whole(percent, 0, 100)) },
  thermal: {
    usage: "nominal|moderate|serious|trapping",
    act: (mac, [level = ""]) => mac.thermal(choose(level, ["nominal", "moderate", "serious", "trapping"])),
  },
  link: {
    usage: "wifi|10gbe|1gbe|thunderbolt [MODEL]",
    act: (mac, [kind = "", peer]) => mac.link(choose(kind, ["wifi", "10gbe", "1gbe", "thunderbolt"]), peer),
  },
  firewall: {
    usage: "on|off [stealth] [allows]   (allows: what nobody known has signed, too)",
    act: (mac, [state = "", ...more]) => mac.firewall(isOn(state), more.includes("stealth"), more.includes("allows")),
  },
  remotelogin: {
    usage: "on|off [USER,...]",
    act: (mac, [state = "", users]) => mac.remoteLogin(isOn(state), users?.split(",") ?? null),
  },
  model: {
    usage: Object.keys(MACS).join("|"),
    act: (mac, [name = ""]) => mac.model(MACS[choose(name, Object.keys(MACS) as (keyof typeof MACS)[])]),
  },
  slow: { usage: "COMMAND TIME", act: (mac, [command = "", time = ""]) => mac.slow(command, parseDuration(time)) },
  panic: { usage: "", act: (mac) => mac.panic() },
  records: {
    usage: "",
    act: (mac) =>
      mac.records().map(({ atMs, kind, words }) => [new Date(atMs).toISOString(), kind, ...words].join(" ")),
  },
}

function choose<Word extends string>(word: string, words: readonly Word[]): Word {
  const found = words.find((one) => one === word)
  if (found === undefined) throw new Error(`It can be ${words.join(", ")}, not "${word}"`)
  return found
}

function isOn(word: string): boolean {
  return ON[choose(word, ["on", "off"])] === true
}

function whole(text: string, least: number, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new Error(`It can be ${least} to ${most}, not "${text}"`)
  return value
}
