import type { MacState } from "./state.ts"

export interface OwnerDetails {
  /** @default "lena"; of "switches" "marek" */
  readonly user?: string
  /** @default 501; of "switches" 502 */
  readonly uid?: number
  /** How long ago the last input was. @default 0; of "leaves" 42 minutes */
  readonly idleMs?: number
}

export type OwnerAct = "returns" | "works" | "types" | "leaves" | "locks" | "unlocks" | "switches" | "logsOut"

type Act = (state: Readonly<MacState>, nowMs: number, details: OwnerDetails) => Partial<MacState>

const here: Act = (
  state,
  nowMs,
  { user = state.consoleUser || "lena", uid = uidOf(state, user, 501), idleMs = 0 },
) => ({
  consoleUser: user,
  consoleUid: uid,
  consoleAtMs: state.consoleUser === user ? state.consoleAtMs : nowMs,
  inputAtMs: nowMs - idleMs,
  isTyping: false,
  isLocked: false,
  isDisplayOn: true,
  displayAtMs: nowMs,
  isDarkWake: false,
  processes: desktopOf(uid, nowMs),
  accounts: withAccount(state, user, uid),
})

/**
 * What people do before a Mac. returns: logs in or unlocks, and moves the mouse once; works: the same, and goes on typing;
 * types: one key, whatever the screen shows; leaves: goes away without a word, the screen stays as it is until it locks;
 * locks, unlocks; switches: another person takes the screen (fast user switching), the first stays logged in;
 * logsOut: the login window is shown.
 */
export const ownerActs: Readonly<Record<OwnerAct, Act>> = {
  returns: here,
  works: (state, nowMs, details) => ({ ...here(state, nowMs, details), isTyping: true }),
  types: (_state, nowMs, { idleMs = 0 }) => ({
    inputAtMs: nowMs - idleMs,
    isTyping: false,
    isDisplayOn: true,
    displayAtMs: nowMs,
  }),
  leaves: (_state, nowMs, { idleMs = 42 * 60_000 }) => ({ inputAtMs: nowMs - idleMs, isTyping: false }),
  locks: (_state, nowMs) => ({ isLocked: true, lockedAtMs: nowMs, isTyping: false }),
  unlocks: (_state, nowMs) => ({ isLocked: false, inputAtMs: nowMs, isDisplayOn: true, displayAtMs: nowMs }),
  switches: (state, nowMs, { user = "marek", uid = uidOf(state, user, 502), idleMs = 0 }) => ({
    ...here(state, nowMs, { user, uid, idleMs }),
    otherSessions: [
      ...state.otherSessions.filter((one) => one.user !== user),
      ...(state.consoleUser === "" || state.consoleUser === user
        ? []
        : [{ user: state.consoleUser, uid: state.consoleUid }]),
    ],
  }),
  logsOut: () => ({ consoleUser: "", consoleUid: -1, isLocked: true, isTyping: false, processes: [] }),
}

/** The number of an account; somebody new gets this one, or the next that is nobody's. */
function uidOf({ account, accountUid, accounts }: Readonly<MacState>, user: string, otherwise: number): number {
  if (user === account) return accountUid
  const taken = accounts.map(({ uid }) => uid)
  const known = accounts.find((one) => one.user === user)
  return known?.uid ?? (taken.includes(otherwise) ? Math.max(...taken) + 1 : otherwise)
}

/** Whoever comes has an account there. */
function withAccount({ account, accounts }: Readonly<MacState>, user: string, uid: number): MacState["accounts"] {
  return user === account || accounts.some((one) => one.user === user) ? accounts : [...accounts, { user, uid }]
}

/** What macOS runs for who is logged in at the screen. */
function desktopOf(uid: number, atMs: number): MacState["processes"] {
  const program = (pid: number, owner: number, megabytes: number, command: string) => ({
    pid,
    uid: owner,
    atMs,
    bytes: megabytes * 1024 ** 2,
    cpuS: 12,
    command,
  })
  return [
    program(446, 88, 320, "/System/Library/PrivateFrameworks/SkyLight.framework/Resources/WindowServer -daemon"),
    program(467, 0, 40, "/System/Library/CoreServices/loginwindow.app/Contents/MacOS/loginwindow console"),
    program(712, uid, 60, "/System/Library/CoreServices/Dock.app/Contents/MacOS/Dock"),
    program(715, uid, 90, "/System/Library/CoreServices/Finder.app/Contents/MacOS/Finder"),
  ]
}
