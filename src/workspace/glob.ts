import { ANY_CHARACTER, type CharacterSet, readCharacterSet } from "./character-set.ts"

const SLASH = "/".charCodeAt(0)

/**
 * One step through a path: a UTF-16 unit, one of a set, `*`; "folders" is none or more whole folders with their slashes, and
 * the "folder" that follows it is the inside of one of them.
 */
type Step = number | CharacterSet | "star" | "folders" | "folder"

/** The way through a folder's path: where in the glob it leads to, and the ends on it. */
interface Passed {
  /** With a slash at its end. */
  readonly path: string
  readonly now: readonly number[]
  readonly ends: readonly number[]
}

/**
 * A glob with the rules of .gitignore, case sensitive. Globs come from any user and are matched where all jobs of a host are
 * looked after. So a path is gone through once, at all places in the glob where it may be at the same time: the time is at
 * most the length of the glob times that of the path, whatever they are.
 */
export class Glob {
  /** Whether it begins with `!`: what it matches is taken out again. */
  readonly negated: boolean
  readonly #steps: readonly Step[] | undefined
  /** The place in the path at which a step was last come to. */
  readonly #reached: Int32Array
  /** Of the folder asked about last: what lies in one is mostly asked about in a row, and the way down to it is gone once. */
  #folder: Passed | undefined

  constructor(glob: string) {
    this.negated = glob.startsWith("!")
    this.#steps = glob.startsWith("#") ? undefined : readSteps(withoutEnd(this.negated ? glob.slice(1) : glob))
    this.#reached = new Int32Array((this.#steps?.length ?? 0) + 1)
  }

  /** How long the parts of `path` are that this glob matches, the shortest first: folders above it, or all of it. */
  ends(path: string): number[] {
    const steps = this.#steps
    if (steps === undefined) return []
    const reached = this.#reached.fill(-1)
    const known = this.#folder !== undefined && path.startsWith(this.#folder.path) ? this.#folder : undefined
    const ends = [...(known?.ends ?? [])]
    let now: readonly number[] = known?.now ?? enter(steps, reached, 0, 0, [])
    const folderEnd = path.lastIndexOf("/") + 1
    for (let at = known?.path.length ?? 0; at < path.length && now.length > 0; at++) {
      const code = path.charCodeAt(at)
      const next: number[] = []
      for (const index of now) {
        const to = advance(steps, index, code)
        if (to !== undefined) enter(steps, reached, to, at + 1, next)
      }
      if (at + 1 === folderEnd) this.#folder = { path: path.slice(0, folderEnd), now: next, ends: [...ends] }
      const isEnd = at + 1 === path.length || path.charCodeAt(at + 1) === SLASH
      if (isEnd && reached[steps.length] === at + 1) ends.push(at + 1)
      now = next
    }
    return ends
  }
}

/** Where a unit of the path leads to from a step, if anywhere. */
function advance(steps: readonly Step[], index: number, code: number): number | undefined {
  const step = steps[index]
  if (typeof step === "number") return step === code ? index + 1 : undefined
  if (typeof step === "object") return step.has(code) ? index + 1 : undefined
  if (code === SLASH) return step === "folder" ? index - 1 : undefined
  if (step === "folders") return index + 1
  return step === undefined ? undefined : index
}

/** Comes to a step, and to those after it as long as it may stand for nothing. */
function enter(steps: readonly Step[], reached: Int32Array, index: number, at: number, into: number[]): number[] {
  let i = index
  while (reached[i] !== at) {
    reached[i] = at
    into.push(i)
    if (steps[i] === "star") i += 1
    else if (steps[i] === "folders") i += 2
  }
  return into
}

/** Without spaces at the end, but for one after a backslash; and without a slash there, as folders are not told from files. */
function withoutEnd(glob: string): string {
  let end = glob.length
  while (glob[end - 1] === " ") end--
  if (end < glob.length && endsInBackslash(glob.slice(0, end))) end++
  return glob.slice(0, glob[end - 1] === "/" ? end - 1 : end)
}

/** Whether it ends in a backslash that no other takes its meaning from. */
function endsInBackslash(text: string): boolean {
  let end = text.length
  while (text[end - 1] === "\\") end--
  return (text.length - end) % 2 === 1
}

/** `undefined` for a glob that matches nothing. */
function readSteps(glob: string): Step[] | undefined {
  const parts = readParts(glob.startsWith("/") ? glob.slice(1) : glob)
  if (parts === undefined) return undefined
  const steps: Step[] = glob.includes("/") ? [] : ["folders", "folder"]
  for (const [i, part] of parts.entries()) {
    const isLast = i === parts.length - 1
    const isFolders = part.length >= 2 && part.every((step) => step === "star")
    if (isFolders) steps.push("folders", "folder")
    if (isFolders && isLast) steps.push("star")
    if (isFolders) continue
    for (const [j, step] of part.entries()) {
      if (step !== "star" || part[j - 1] !== "star") steps.push(step)
    }
    if (!isLast) steps.push(SLASH)
  }
  return steps
}

/** What stands between the slashes. */
function readParts(glob: string): Step[][] | undefined {
  if (glob === "" || endsInBackslash(glob)) return undefined
  let part: Step[] = []
  const parts = [part]
  for (let at = 0; at < glob.length; at++) {
    const isEscaped = glob[at] === "\\"
    if (isEscaped) at++
    if (glob[at] === "/") {
      part = []
      parts.push(part)
    } else if (isEscaped) part.push(glob.charCodeAt(at))
    else if (glob[at] === "*") part.push("star")
    else if (glob[at] === "?") part.push(ANY_CHARACTER)
    else if (glob[at] === "[") {
      const found = readCharacterSet(glob, at)
      if (found === undefined) return undefined
      part.push(found.set)
      at = found.end - 1
    } else part.push(glob.charCodeAt(at))
  }
  return parts
}
