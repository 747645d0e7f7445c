import { VOICES } from "./owner.ts"
import type { OwnerNews } from "./owner-wire.ts"
import { attempt, count, fail, list, moment, object, type Raw, text } from "./raw-check.ts"

const STATES: ReadonlySet<unknown> = new Set(["here", "away", "unknown", "unwatched"])
const VOICE_SET: ReadonlySet<string> = new Set(VOICES)
const MOST_OBSTACLES = 20

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
  const why = object(raw.why, type, "why")
  text(why, "code", type)
  text(why, "text", type)
}
