import type { MacModel } from "./models.ts"
import type { MacState } from "./state.ts"

/** What a new simulated Mac is: at the login window since an hour and a half, on mains power, its display asleep, wired. */
export function firstState(
  given: Pick<MacState, "account" | "accountUid" | "hostName" | "number" | "address" | "bootId" | "bootAtMs"> & {
    readonly model: MacModel
  },
): MacState {
  const { model, number, bootAtMs } = given
  const longAgoMs = bootAtMs - 90 * 60_000
  const hex = number.toString(16).toUpperCase().padStart(4, "0")
  return {
    ...given,
    computerName: `${model.title} ${number}`,
    serial: `LAB${hex}XYZ`,
    platformUuid: `1AB00000-0000-4000-8000-00000000${hex}`,
    ...consoleOf(given, longAgoMs),
    isLocked: true,
    lockedAtMs: longAgoMs,
    inputAtMs: longAgoMs,
    isTyping: false,
    otherSessions: [],
    logins: [],
    power: "ac",
    percent: 100,
    lowPowerMode: false,
    isDisplayOn: false,
    displayAtMs: longAgoMs,
    isDarkWake: false,
    assertions: [],
    processes: [],
    accounts: accountsOf(given),
    pressure: 1,
    swapBytes: 0,
    freeBytes: Math.round(model.memoryGib * 0.8) * 1024 ** 3,
    gpuBusy: 0,
    gpuAllocBytes: 400 * 1024 ** 2,
    gpuRecoveries: 0,
    gpuClients: [],
    thermal: 0,
    link: { kind: model.form === "laptop" ? "wifi" : "10gbe", thunderboltPeers: [] },
    sleepAtMs: 0,
    wakeAtMs: 0,
    sleepEvents: [],
    firewall: false,
    firewallAllows: false,
    stealth: false,
    fileVault: false,
    managed: false,
    remoteLogin: true,
    remoteLoginUsers: null,
    sleepMinutes: model.form === "laptop" ? 1 : 0,
    displaySleepMinutes: 10,
    wakeOnLan: true,
    restartsAfterPowerLoss: true,
    updatesInstalled: false,
    developerFolder: "",
    clockOffsetMs: 12,
    bonjour: [],
    sysctl: {},
    delaysMs: {},
    failures: {},
  }
}

/** Who else has an account there: whoever sits before the screen, and one more. */
function accountsOf({ model, account }: { readonly model: MacModel; readonly account: string }): MacState["accounts"] {
  const console = model.console ?? "root"
  return [
    { user: console === "root" || console === account ? "lena" : console, uid: 501 },
    { user: "marek", uid: 502 },
  ]
}

/** Who a model says sits before the screen. */
export function consoleOf(
  { model, account, accountUid }: { readonly model: MacModel; readonly account: string; readonly accountUid: number },
  atMs: number,
): Pick<MacState, "consoleUser" | "consoleUid" | "consoleAtMs"> {
  const user = model.console ?? "root"
  if (user === "root") return { consoleUser: "", consoleUid: -1, consoleAtMs: 0 }
  return { consoleUser: user, consoleUid: user === account ? accountUid : 501, consoleAtMs: atMs }
}
