import type { EngineName } from "../speed/host-speed.ts"

/** One way to serve a model on a fleet. */
export interface Candidate {
  readonly engine: EngineName
  /** pipeline: each member has a run of layers; tensor: each has a part of every layer. */
  readonly mode: "single" | "pipeline" | "tensor"
  /** Places in the ranking, in the order of the layers. */
  readonly members: readonly number[]
  /** Which of `members` the others report to. */
  readonly head: number
  /** Layers of each member; in `tensor` all of them, in part. */
  readonly counts: readonly number[]
  /** A token, at the start of a conversation. */
  readonly tokenMs: number
  /** Of it, what goes into the ways between members. */
  readonly hopsMs: number
  readonly usesWifi: boolean
}

/**
 * Whether `a` is better: not over Wi-Fi, then fewer members, then sooner with a token. Sums of the same numbers in another order differ
 * in their last places: what differs by less than a millionth is the same.
 */
export function isBetter(a: Candidate, b: Candidate | undefined): boolean {
  if (b === undefined) return true
  if (a.usesWifi !== b.usesWifi) return b.usesWifi
  if (a.members.length !== b.members.length) return a.members.length < b.members.length
  return a.tokenMs < b.tokenMs * (1 - 1e-6)
}

/** Whether both are as good, so that something else may decide. */
export function isAsGood(a: Candidate, b: Candidate): boolean {
  return !isBetter(a, b) && !isBetter(b, a)
}
