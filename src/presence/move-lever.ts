import { type Lever, type PauseWord, VOICES, type Voice } from "../protocol/owner.ts"
import { type Pause, type Pauses, type Speaker, voiceOf, withoutPause, withPause } from "./pause.ts"
import { checkRuleName, keptRules } from "./policy-values.ts"

/** Who says something with the lever, and when. */
export interface Saying {
  readonly speaker: Speaker
  /** A user of Windfall, or an account of the Mac. */
  readonly by: string
  readonly wallMs: number
}

/** Stands for a voice where only the voice was kept. */
const SPEAKERS: Readonly<Record<Voice, Speaker>> = { owner: "owner", admin: "admin", job: "job" }

/** The pauses of a lever, also those that are over: {@link activePause} says which holds. */
export function pausesOf({ pauses }: Lever): Pauses {
  return VOICES.flatMap((voice): Pause[] => {
    const word = pauses[voice]
    if (word === undefined || word.pause === null) return []
    return [{ untilMs: word.pause.until, sinceMs: word.pause.since, by: word.by, speaker: SPEAKERS[voice] }]
  })
}

/**
 * The lever once somebody has paused. Whether they may is {@link leverRefusal}'s to say. A word that would change nothing (a job's that is
 * shorter than what a job said) leaves the lever as it is.
 */
export function paused(lever: Lever, saying: Saying, untilMs: number | null): Lever {
  const { speaker, by, wallMs } = saying
  const before = pausesOf(lever)
  const next: Pause = { untilMs, sinceMs: wallMs, by, speaker }
  if (!withPause(before, next).includes(next)) return lever
  return withWord(lever, voiceOf(speaker), saying, { until: untilMs, since: wallMs })
}

/**
 * The lever once somebody has resumed who may: their voice takes back what it may, pause by pause, and a pause of its own also where it is
 * not known here: the other end may have heard of one.
 */
export function resumed(lever: Lever, saying: Saying, hasOwner: boolean): Lever {
  const before = pausesOf(lever)
  const kept = withoutPause(before, saying.speaker, hasOwner)
  const voice = voiceOf(saying.speaker)
  const taken = new Set(before.filter((pause) => !kept.includes(pause)).map(({ speaker }) => voiceOf(speaker)))
  if (voice !== "job") taken.add(voice)
  return [...taken].reduce((next, each) => withWord(next, each, saying, null), lever)
}

/**
 * The lever once rules were said; `null` takes one back, so that the fleet's holds again.
 * @throws {WindfallError} `invalid_input` naming the rule and how to write it
 */
export function ruled(lever: Lever, { by, wallMs }: Saying, changes: Readonly<Record<string, string | null>>): Lever {
  // Also a rule that is taken back must be one.
  for (const name of Object.keys(changes)) checkRuleName(name)
  const before = Object.entries(lever.rules?.rules ?? {}).filter(([name]) => changes[name] === undefined)
  const said = Object.entries(changes).filter((each): each is [string, string] => each[1] !== null)
  const rules = { ...Object.fromEntries(before), ...keptRules(Object.fromEntries(said)) }
  const earlier = before.map(([name]) => [name, lever.rules?.saidBy?.[name] ?? lever.rules?.by ?? by] as const)
  const others = earlier.filter(([, who]) => who !== by)
  const saidBy = others.length === 0 ? {} : { saidBy: Object.fromEntries(others) }
  return { ...lever, rules: { at: after(lever.rules?.at, wallMs), by, rules, ...saidBy } }
}

function withWord(lever: Lever, voice: Voice, { by, wallMs }: Saying, pause: PauseWord["pause"]): Lever {
  const word: PauseWord = { at: after(lever.pauses[voice]?.at, wallMs), by, pause }
  return { ...lever, pauses: { ...lever.pauses, [voice]: word } }
}

/** Clocks differ: who says something knowing what was said before means it to be later. */
function after(beforeMs: number | undefined, wallMs: number): number {
  return beforeMs === undefined ? wallMs : Math.max(wallMs, beforeMs + 1)
}
