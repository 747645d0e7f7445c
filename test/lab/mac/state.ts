import { chownSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type MacModel, sysctlOf } from "./models.ts"
import { type LinkWish, networkOf } from "./network-state.ts"

/** Everything a simulated Mac's commands look up: what is steered, in the words the commands use. Times are since 1970. */
export interface MacState {
  model: MacModel
  /** Of the account that ssh comes in as: name, and number as the host's processes have it. */
  account: string
  accountUid: number
  hostName: string
  computerName: string
  serial: string
  platformUuid: string
  /** The lab's number of the host, for addresses. */
  number: number
  address: string
  bootId: string
  bootAtMs: number
  /** Who sits before the screen; "" for the login window. */
  consoleUser: string
  consoleUid: number
  consoleAtMs: number
  isLocked: boolean
  lockedAtMs: number
  inputAtMs: number
  isTyping: boolean
  /** People who are logged in but not shown. */
  otherSessions: { readonly user: string; readonly uid: number }[]
  logins: { user: string; tty: string; from: string; atMs: number; inputAtMs: number }[]
  power: "ac" | "battery" | "ups"
  percent: number
  lowPowerMode: boolean
  isDisplayOn: boolean
  displayAtMs: number
  isDarkWake: boolean
  assertions: { pid: number; process: string; kind: string; atMs: number; title: string }[]
  /** Processes that only the state has. */
  processes: { pid: number; uid: number; atMs: number; bytes: number; cpuS: number; command: string }[]
  accounts: { readonly user: string; readonly uid: number }[]
  /** 1, 2 or 4, at least; memory that runs out raises it by itself. */
  pressure: 1 | 2 | 4
  swapBytes: number
  /** Available as long as nothing runs here. */
  freeBytes: number
  gpuBusy: number
  gpuAllocBytes: number
  gpuRecoveries: number
  gpuClients: { pid: number; name: string; ns: number }[]
  thermal: 0 | 1 | 2 | 3 | 4
  link: LinkWish
  sleepAtMs: number
  wakeAtMs: number
  sleepEvents: { atMs: number; kind: "Sleep" | "Wake" | "DarkWake" }[]
  firewall: boolean
  /** It lets programs be reached that nobody known has signed. */
  firewallAllows: boolean
  stealth: boolean
  fileVault: boolean
  managed: boolean
  remoteLogin: boolean
  /** Members of the group that may come by ssh; `null`: everybody may. */
  remoteLoginUsers: string[] | null
  sleepMinutes: number
  displaySleepMinutes: number
  wakeOnLan: boolean
  restartsAfterPowerLoss: boolean
  updatesInstalled: boolean
  developerFolder: string
  clockOffsetMs: number
  bonjour: string[]
  /** More for `sysctl`, or other values. */
  sysctl: Record<string, string | number>
  /** How long commands take, and which fail with what, by name. */
  delaysMs: Record<string, number>
  failures: Record<string, { readonly exitCode: number; readonly text: string }>
}

/** Writes what the commands read, whole and at once. `owner`: the account that shall be able to read and replace it. */
export function writeState(folder: string, state: MacState, owner: number | null): void {
  const file = join(folder, "state")
  writeFileSync(`${file}.new`, stateText(state))
  if (owner !== null) chownSync(`${file}.new`, owner, owner)
  renameSync(`${file}.new`, file)
}

type Value = string | number | boolean

/** Lines `key TAB value`; several of one key where there are several things of a kind. */
export function stateText(state: MacState): string {
  const lines: string[] = []
  const say = (key: string, ...values: Value[]) => {
    const texts = values.map((value) => `${value === true ? 1 : value === false ? 0 : value}`.replace(/[\t\n]/g, " "))
    lines.push([key, ...texts].join("\t"))
  }
  for (const [key, value] of Object.entries(state)) {
    if (["string", "number", "boolean"].includes(typeof value)) say(key, value as Value)
  }
  const { model } = state
  say("version", model.version)
  say("build", model.build)
  say("machine", model.machine)
  say("soc", model.soc)
  say("gpuCores", model.gpuCores)
  say("gpuClass", model.gpuClass)
  say("title", model.title)
  say("isVirtual", model.isVirtual ?? false)
  say("isTranslated", model.isTranslated ?? false)
  say("coreCounts", model.cores.map(([, count]) => count).join(":"))
  say("hasBattery", model.form === "laptop")
  say("groups", (model.groups ?? []).join(" "))
  say("systemProtected", true)
  say("gatekeeper", true)
  say("sshGroup", (state.remoteLoginUsers ?? []).join(" "))
  say("mayLogInRemotely", state.remoteLoginUsers === null || state.remoteLoginUsers.includes(state.account))
  for (const one of Object.entries({ ...sysctlOf(model), ...state.sysctl })) say("sysctl", ...one)
  for (const { user, uid } of [{ user: state.account, uid: state.accountUid }, ...state.accounts])
    say("account", user, uid)
  for (const { user, uid } of state.otherSessions) say("otherSession", user, uid)
  for (const one of state.logins) say("login", one.user, one.tty, one.from, one.atMs, one.inputAtMs)
  for (const one of state.assertions) say("assertion", one.pid, one.process, one.kind, one.atMs, one.title)
  for (const one of state.processes) say("process", one.pid, one.uid, one.atMs, one.bytes, one.cpuS, one.command)
  for (const one of state.gpuClients) say("gpuClient", one.pid, one.name, one.ns)
  for (const one of state.sleepEvents) say("sleepEvent", one.atMs, one.kind)
  for (const name of state.bonjour) say("bonjour", name, name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-"), 22)
  for (const [name, ms] of Object.entries(state.delaysMs)) say(`delay.${name}`, ms)
  for (const [name, { exitCode, text }] of Object.entries(state.failures)) say(`fail.${name}`, exitCode, text)
  for (const one of updateSettings(state.updatesInstalled)) say("default", ...one)
  const network = networkOf(state)
  say("interface", network.interface)
  for (const port of network.ports) say("port", port.device, port.kind, port.mac, port.state, port.media, port.title)
  for (const { bus, model: peer, gbitPerS } of network.peers) say("thunderbolt", bus, peer, gbitPerS)
  if (network.wifiMbps !== null) say("wifiMbps", network.wifiMbps)
  return `${lines.join("\n")}\n`
}

const UPDATES = "/Library/Preferences/com.apple.SoftwareUpdate"

/** What System Settings writes for automatic updates. */
function updateSettings(isOn: boolean): [domain: string, key: string, value: number][] {
  const keys = [
    "AutomaticCheckEnabled",
    "AutomaticDownload",
    "AutomaticallyInstallMacOSUpdates",
    "CriticalUpdateInstall",
  ]
  return keys.flatMap((key) =>
    [UPDATES, `${UPDATES}.plist`].map((at) => [at, key, isOn ? 1 : 0] as [string, string, number]),
  )
}
