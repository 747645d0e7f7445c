import type { DoctorFinding } from "../protocol/api.ts"
import type { HostLook, Told } from "./host-look.ts"

/** What is found of one item of the checklist. */
export type Judged = Pick<DoctorFinding, "level" | "text" | "fix">

/** What the server knows besides what the host printed. */
export interface Around {
  /** The server's clock when it asked, and when the host's first line had come: ms since 1970. */
  readonly askedAt: number
  readonly answeredAt: number
  /** The host has places with data of its own. */
  readonly hasPlaces: boolean
  /** The account jobs run as. */
  readonly user: string
}

/** An item of the checklist: probed, judged, explained. */
export interface Item {
  /** Stable, for scripts and for docs/doctor.md. */
  readonly code: string
  readonly platforms: readonly ("darwin" | "linux")[]
  /** Pure. `null` where it does not apply to this machine. */
  readonly judge: (look: HostLook, around: Around) => Judged | null
}

export function item(code: string, judge: Item["judge"], platforms: Item["platforms"] = ["darwin"]): Item {
  return { code, judge, platforms }
}

export const ok = (text: string): Judged => ({ level: "ok", text, fix: null })
export const warning = (text: string, fix: string): Judged => ({ level: "warning", text, fix })
export const problem = (text: string, fix: string): Judged => ({ level: "problem", text, fix })

/** What could not be found out. @param what as in "It is not known ..." */
export function notKnown(what: string, why: string, fix: string | null = null): Judged {
  return { level: "unknown", text: `it is not known ${what}: ${why}`, fix }
}

/** The first that is not known, of several that all must be. */
export function whyNot(...told: readonly Told<unknown>[]): string | null {
  for (const one of told) if (!one.known) return one.why
  return null
}
