import type { Candidate } from "./victim-order.ts"

type Asked = Pick<Candidate, "mode" | "graceMs" | "losesWork">

/** How long it takes at most until they are gone: who is suspended needs no time to end in, if they can stay as is thought. */
export function goneInMs(victims: readonly Asked[]): number {
  return mostMs(victims.filter(({ mode, losesWork }) => mode !== "suspend" || losesWork))
}

/** The same if none of them can stay. */
export function goneAtLatestInMs(victims: readonly Asked[]): number {
  return mostMs(victims)
}

function mostMs(victims: readonly Asked[]): number {
  return victims.reduce((most, { graceMs }) => Math.max(most, graceMs), 0)
}

/** When there is room once the victims have made it, and which of them stay where they are, stopped. */
export interface Made {
  readonly startMs: number
  readonly staying: ReadonlySet<Candidate>
}
