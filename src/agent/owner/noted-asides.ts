import { isDate, type OwnerReason } from "../../protocol/owner.ts"
import type { FoundAside } from "../../protocol/owner-wire.ts"

/** What is kept of an attempt, latest: more often than that nothing is stopped while a link is down. */
const MOST_ASIDES = 50

/** The times at which an attempt stepped aside for the people at its host, oldest first: told in each `hello`. */
export type NotedAsides = readonly FoundAside[]

/** It steps aside now. What is so already stays so as of then. @param at by the host's wall clock */
export function beginAside(asides: NotedAsides, at: number, why: OwnerReason): NotedAsides {
  if (openAside(asides) !== undefined) return asides
  const aside = { at: Math.round(at), endedAt: null, reactionMs: null, vacated: false, continuedMs: null, why }
  return [...asides, aside].slice(-MOST_ASIDES)
}

/** Nothing of the people at its host stops it any more. @param continuedMs for how long it was stopped in all, if it goes on; else `null` */
export function endAside(asides: NotedAsides, at: number, continuedMs: number | null): NotedAsides {
  return changeOpen(asides, (open) => ({
    endedAt: Math.max(open.at, Math.round(at)),
    continuedMs: continuedMs === null ? null : Math.round(continuedMs),
  }))
}

/** All of it is seen to be stopped. Nobody waited for that where it was stopped before for something else. */
export function measureAside(asides: NotedAsides, stoppedAt: number, reactionMs: number): NotedAsides {
  return changeOpen(asides, ({ at }) => (at === Math.round(stoppedAt) ? { reactionMs } : {}))
}

/** It is to leave. That is said once. */
export function vacateAside(asides: NotedAsides, at: number, why: OwnerReason, reactionMs: number): NotedAsides {
  if (leftAside(asides) !== undefined) return asides
  const left = { vacated: true, left: { why, reactionMs } }
  if (openAside(asides) === undefined) {
    const now = Math.round(at)
    const aside = { at: now, endedAt: now, reactionMs, continuedMs: null, why, ...left }
    return [...asides, aside].slice(-MOST_ASIDES)
  }
  return changeOpen(asides, (open) => ({ endedAt: Math.max(open.at, Math.round(at)), ...left }))
}

/** The one that holds now. */
export function openAside(asides: NotedAsides): FoundAside | undefined {
  const last = asides.at(-1)
  return last?.endedAt === null ? last : undefined
}

/** The one with which it was asked to leave. */
export function leftAside(asides: NotedAsides): FoundAside | undefined {
  return asides.findLast(({ vacated }) => vacated)
}

/** Those in a note, where jobs can write, too: none when it holds anything else, and none from an agent of an older release. */
export function asidesIn(value: unknown, wallMaxMs: number): NotedAsides {
  if (!Array.isArray(value) || value.length > MOST_ASIDES) return []
  const isWall = (at: unknown): at is number => isCount(at) && at <= wallMaxMs
  const asides: FoundAside[] = []
  for (const [index, each] of value.entries()) {
    if (typeof each !== "object" || each === null) return []
    const { at, endedAt, reactionMs, vacated, continuedMs, why, left } = each as FoundAside
    const isOpenLast = endedAt === null && !vacated && index === value.length - 1
    if (!isWall(at) || !(isOpenLast || (isWall(endedAt) && endedAt >= at))) return []
    if (!isCountOrNull(reactionMs) || !isCountOrNull(continuedMs) || typeof vacated !== "boolean") return []
    if (!isReason(why) || vacated !== (left !== undefined)) return []
    const aside = { at, endedAt, reactionMs, vacated, continuedMs, why: reasonOf(why) }
    if (left === undefined) asides.push(aside)
    else if (left === null || !isReason(left.why) || !isCount(left.reactionMs)) return []
    else asides.push({ ...aside, left: { why: reasonOf(left.why), reactionMs: left.reactionMs } })
  }
  return asides
}

function changeOpen(asides: NotedAsides, change: (open: FoundAside) => Partial<FoundAside>): NotedAsides {
  const open = openAside(asides)
  return open === undefined ? asides : [...asides.slice(0, -1), { ...open, ...change(open) }]
}

const MOST_TEXT = 1_000

function isReason(why: unknown): why is OwnerReason {
  if (typeof why !== "object" || why === null) return false
  const { code, text } = why as OwnerReason
  return typeof code === "string" && code.length <= MOST_TEXT && typeof text === "string" && text.length <= MOST_TEXT
}

function reasonOf({ code, text }: OwnerReason): OwnerReason {
  return { code, text }
}

function isCount(value: unknown): value is number {
  return isDate(value) && value >= 0 && Number.isSafeInteger(value)
}

function isCountOrNull(value: unknown): value is number | null {
  return value === null || isCount(value)
}
