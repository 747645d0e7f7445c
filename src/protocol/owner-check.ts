import { LAST_MS, VOICES } from "./owner.ts"
import type { FoundAside, OwnerNews } from "./owner-wire.ts"
import { attempt, count, countOrNull, fail, list, moment, object, type Raw, text } from "./raw-check.ts"

const STATES: ReadonlySet<unknown> = new Set(["here", "away", "unknown", "unwatched"])
const VOICE_SET: ReadonlySet<string> = new Set(VOICES)
const MOST_OBSTACLES = 20
const MOST_ASIDES = 100

/** Checks of what an agent tells of its host's owner: a part of agent-check.ts. */
export const OWNER_CHECKS: Readonly<Record<OwnerNews["type"], (raw: Raw, type: string) => void>> = {
  presence: (raw, type) => {
    const presence = object(raw.presence, type, "presence")
    for (const field of ["at", "since"]) moment(presence, field, type)
    if (presence.blindSince !== undefined) moment(presence, "blindSince", type)
    if (!STATES.has(presence.state)) fail(type, "state")
    text(presence, "text", type)
    const obstacles = list(presence, "obstacles", type)
    if (obstacles.length > MOST_OBSTACLES) fail(type, "obstacles")
    for (const each of obstacles) {
      const obstacle = object(each, type, "obstacles")
      text(obstacle, "code", type)
      text(obstacle, "text", type)
      if (obstacle.until !== null) moment(obstacle, "until", type)
    }
  },
  lever: (raw, type) => {
    const lever = object(raw.lever, type, "lever")
    for (const [voice, value] of Object.entries(object(lever.pauses, type, "pauses"))) {
      if (!VOICE_SET.has(voice)) fail(type, "pauses")
      const word = object(value, type, "pauses")
      checkWord(word, type)
      if (word.pause === null) continue
      const pause = object(word.pause, type, "pause")
      moment(pause, "since", type)
      if (pause.until !== null) moment(pause, "until", type)
    }
    if (lever.rules === null) return
    const word = object(lever.rules, type, "rules")
    checkWord(word, type)
    const rules = object(word.rules, type, "rules")
    for (const name of Object.keys(rules)) text(rules, name, type)
    if (word.saidBy === undefined) return
    const saidBy = object(word.saidBy, type, "rules")
    for (const name of Object.keys(saidBy)) text(saidBy, name, type)
  },
  "owner-taken": () => {},
  suspended: reaction,
  vacating: (raw, type) => {
    reaction(raw, type)
    count(raw, "reactionMs", type)
  },
  continued: (raw, type) => {
    attempt(raw, type)
    moment(raw, "at", type)
    count(raw, "suspendedMs", type)
  },
}

function checkWord(word: Raw, type: string): void {
  moment(word, "at", type)
  text(word, "by", type)
}

function reaction(raw: Raw, type: string): void {
  attempt(raw, type)
  moment(raw, "at", type)
  if (raw.reactionMs !== undefined) count(raw, "reactionMs", type)
  if (raw.asideAt !== undefined) count(raw, "asideAt", type, LAST_MS)
  checkWhy(raw, type)
}

/** Checks the `asides` of an attempt in `hello`. */
export function checkAsides(raw: Raw, type: string): void {
  const asides = list(raw, "asides", type)
  if (asides.length > MOST_ASIDES) fail(type, "asides")
  for (const each of asides) {
    const aside: Raw & Partial<Record<keyof FoundAside, unknown>> = object(each, type, "asides")
    count(aside, "at", type, LAST_MS)
    if (aside.endedAt !== null) count(aside, "endedAt", type, LAST_MS)
    for (const field of ["reactionMs", "continuedMs"]) countOrNull(aside, field, type)
    if (typeof aside.vacated !== "boolean" || aside.vacated !== (aside.left !== undefined)) fail(type, "vacated")
    if (aside.vacated && aside.endedAt === null) fail(type, "endedAt")
    checkWhy(aside, type)
    if (aside.left === undefined) continue
    const left = object(aside.left, type, "left")
    count(left, "reactionMs", type)
    checkWhy(left, type)
  }
}

function checkWhy(raw: Raw, type: string): void {
  const why = object(raw.why, type, "why")
  text(why, "code", type)
  text(why, "text", type)
}
