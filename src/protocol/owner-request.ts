/**
 * What somebody at a Mac writes for its agent, without server, token or network: a small file in the owner's folder. Who wrote it is
 * the account that the file belongs to, as the system says; nothing in the file tells that.
 *
 *   FOLDER/.requests/ID.request   by the writer: whole from its first moment (written under a name that begins with a dot, then
 *                                 renamed), readable by everybody (0644), one link, at most {@link MOST_REQUEST_BYTES}
 *   FOLDER/.requests/ID.answer    by the agent, which takes the request away; beside it its text alone, as ID.said. Both are gone
 *                                 again after a minute
 *
 * Where no agent is there, as on a host without a job whose server is away, a request stays until one comes, and holds then.
 */
import { WindfallError } from "./errors.ts"
import type { MacView } from "./mac-view.ts"
import { type HostPresence, isDate, type Lever } from "./owner.ts"

/** For Finder, on every Mac that jobs run on. */
export const OWNER_FOLDER = "/Users/Shared/Windfall"
/** In the owner's folder. Everybody may put files there; only whoever wrote one, and the agent, may take it away. */
export const REQUEST_FOLDER = ".requests"
export const MOST_REQUEST_BYTES = 16 * 1024
/** How long an agent that is there may take to answer. */
export const ANSWER_WITHIN_MS = 3_000

/** What is asked for. A pause ends at `until` by the wall clock (`null`: when somebody resumes), or as `end` says: see readPauseEnd(). */
export type OwnerWish =
  | { readonly verb: "pause"; readonly until: number | null }
  | { readonly verb: "pause"; readonly end: string }
  | { readonly verb: "resume" }
  /** Rules by their names; `null` takes one back, so that the fleet's holds again. */
  | { readonly verb: "rules"; readonly rules: Readonly<Record<string, string | null>> }
  /** Windfall is to be removed from the Mac. */
  | { readonly verb: "leave" }
  /** How things are; anybody may ask. */
  | { readonly verb: "status" }

export type OwnerRequest = OwnerWish & {
  /** Never the same twice: the file's name without its ending. */
  readonly id: string
  /** When it was said, by the Mac's wall clock. Each account's requests are taken once each, and in this order. */
  readonly at: number
}

/** What the agent answers. `text` is whole lines for a person. */
export interface OwnerAnswer {
  readonly id: string
  readonly done: boolean
  /** A stable code where it was not done: invalid_input, not_allowed, ... */
  readonly code: string | null
  readonly text: string
  /** How things are now; `null` where the agent does not know yet. */
  readonly presence: HostPresence | null
  readonly lever: Lever
  /** All of it, once it is done; `null` where the agent does not know yet, absent from one of an earlier release. */
  readonly mac?: MacView | null | undefined
}

const ID = /^[0-9a-z][0-9a-z-]{0,63}$/
const REQUEST_NAME = /^([0-9a-z][0-9a-z-]{0,63})\.request$/

export function isRequestId(text: string): boolean {
  return ID.test(text)
}

export function requestName(id: string): string {
  return `${id}.request`
}

export function answerName(id: string): string {
  return `${id}.answer`
}

/** The answer's text alone, for scripts that read no JSON. */
export function saidName(id: string): string {
  return `${id}.said`
}

/** The id of a request's file; `null` for any other. */
export function requestIdOf(name: string): string | null {
  return REQUEST_NAME.exec(name)?.[1] ?? null
}

export function requestText(request: OwnerRequest): string {
  return `${JSON.stringify({ windfall: 1, ...request })}\n`
}

/** @throws {WindfallError} `invalid_input` for what is no request of this release, naming what is wrong */
export function readRequest(id: string, text: string): OwnerRequest {
  const fields = parsed(text)
  if (fields.windfall !== 1) throw wrong('it does not say "windfall": 1')
  if (fields.id !== id) throw wrong("its id is not its name")
  if (!isMoment(fields.at)) throw wrong("at is no time")
  return { id, at: fields.at, ...wishOf(fields) }
}

/** @returns `null` for what is no answer */
export function readAnswer(text: string): OwnerAnswer | null {
  try {
    const fields = parsed(text)
    const isAnswer =
      typeof fields.id === "string" && typeof fields.done === "boolean" && typeof fields.text === "string"
    return isAnswer ? (fields as unknown as OwnerAnswer) : null
  } catch {
    return null
  }
}

type Fields = Readonly<Record<string, unknown>>

function parsed(text: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw wrong("it is no JSON")
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong("it is no object")
  return value as Fields
}

function wishOf(fields: Fields): OwnerWish {
  switch (fields.verb) {
    case "pause": {
      const { until, end } = fields
      if (typeof end === "string" && end.length <= 100 && until === undefined) return { verb: "pause", end }
      if (end === undefined && (until === null || isMoment(until))) return { verb: "pause", until }
      throw wrong("a pause has either until or end")
    }
    case "rules":
      return { verb: "rules", rules: rulesOf(fields.rules) }
    case "resume":
    case "leave":
    case "status":
      return { verb: fields.verb }
    default:
      throw wrong("its verb is none of pause, resume, rules, leave, status")
  }
}

function rulesOf(value: unknown): Readonly<Record<string, string | null>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong("its rules are no object")
  const entries = Object.entries(value as Fields)
  if (entries.length === 0 || entries.length > 50) throw wrong("it has no rules, or too many")
  for (const [name, text] of entries) {
    if (text !== null && typeof text !== "string") throw wrong(`its rule ${name.slice(0, 40)} is no text`)
  }
  return Object.fromEntries(entries) as Record<string, string | null>
}

function isMoment(value: unknown): value is number {
  return isDate(value) && value >= 0
}

function wrong(what: string): WindfallError {
  return new WindfallError("invalid_input", `Cannot read the request: ${what}`)
}
