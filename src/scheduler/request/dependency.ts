import { closest } from "../../base/closest.ts"

/**
 * What a job waits for of another. after: that it started, or was cancelled; afterany: that it ended; afterok: with success; afternotok: without;
 * aftercorr: for each task of an array the task of the same index, with success.
 */
export const AFTER_KINDS = ["after", "afterany", "afternotok", "afterok", "aftercorr"] as const

export type AfterKind = (typeof AFTER_KINDS)[number]

/** A job, or one task of an array. */
export interface JobRef {
  readonly job: number
  /** `null`: the job, or all tasks of the array. */
  readonly task: number | null
}

export type DependencyTerm =
  | { readonly kind: AfterKind; readonly jobs: readonly DependencyJob[] }
  /** No other job of the same name and user that was sent before is left. */
  | { readonly kind: "singleton" }

export interface DependencyJob extends JobRef {
  /** Only for `after`: how long it must have been running. */
  readonly delayMinutes: number
}

export interface Dependency {
  /** Of the terms, and of the jobs within one: all must be met, or any will do. */
  readonly needs: "all" | "any"
  readonly terms: readonly DependencyTerm[]
}

/** Kinds that Slurm has and a pool of Macs has no use for. */
const FOREIGN = ["afterburstbuffer", "expand"]
const KINDS: readonly string[] = [...AFTER_KINDS, "singleton"]
/** The highest job number, and the longest delay, that Slurm reads. */
const MAX_NUMBER = 0xffff_fff0

/**
 * Reads what a job waits for, as Slurm documents it: `afterok:12:13`, `after:12+10` (ten minutes after its start), `aftercorr:20`,
 * `afterany:20_4` (one task), `singleton`; several with `,` for all of them or `?` for any, never both.
 * @throws {SyntaxError} naming the value, and the part of it that is wrong
 */
export function readDependency(text: string): Dependency {
  const refuse = (reason: string) => new SyntaxError(`"${text}" is no dependency: ${reason}`)
  if (text === "") throw refuse("it is empty")
  if (text.includes(",") && text.includes("?")) throw refuse('either "," for all of them or "?" for any, not both')
  const parts = text.split(/[,?]/)
  return { needs: text.includes("?") ? "any" : "all", terms: parts.map((part) => readTerm(part, refuse)) }
}

/** Writes it as {@link readDependency} reads it. */
export function dependencyText({ needs, terms }: Dependency): string {
  return terms.map(termText).join(needs === "any" ? "?" : ",")
}

/** `20`, or `20_4`. */
export function jobRefText({ job, task }: JobRef): string {
  return task === null ? `${job}` : `${job}_${task}`
}

function termText(term: DependencyTerm): string {
  if (term.kind === "singleton") return "singleton"
  const jobs = term.jobs.map((job) => jobRefText(job) + (job.delayMinutes === 0 ? "" : `+${job.delayMinutes}`))
  return [term.kind, ...jobs].join(":")
}

function readTerm(part: string, refuse: (reason: string) => SyntaxError): DependencyTerm {
  const [word = "", ...shown] = part.split(":")
  const kind = word.toLowerCase()
  if (part === "") throw refuse("a term is missing, before or after its separator")
  if (kind === "singleton") {
    if (shown.length > 0) throw refuse(`singleton takes no job: "${part}"`)
    return { kind }
  }
  const after = AFTER_KINDS.find((each) => each === kind)
  if (after === undefined) throw refuse(unknownKind(word))
  if (shown.length === 0) throw refuse(`"${part}" names no job, as in ${after}:12`)
  return { kind: after, jobs: shown.map((each) => readJob(each, part, after, refuse)) }
}

function unknownKind(word: string): string {
  if (FOREIGN.includes(word.toLowerCase())) return `"${word}" is for what there is none of here`
  if (/^\d/.test(word)) return `"${word}" says no kind: write afterok:${word}, or afterany:${word}`
  const near = closest(word, KINDS)
  return `"${word}" is none of ${KINDS.join(", ")}${near === undefined ? "" : `: did you mean ${near}?`}`
}

function readJob(text: string, part: string, kind: AfterKind, refuse: (reason: string) => SyntaxError): DependencyJob {
  const [, job, task, delay] = /^(\d+)(?:_(\d+))?(?:\+(\d+))?$/.exec(text) ?? []
  if (job === undefined || Number(job) === 0)
    throw refuse(`"${text}" in "${part}" is not a job's number, as 12 or 20_4`)
  if (delay !== undefined && kind !== "after") throw refuse(`only after takes minutes: "${part}"`)
  if (task !== undefined && kind === "aftercorr")
    throw refuse(`aftercorr takes an array, not one task of it: "${part}"`)
  for (const number of [job, task, delay]) {
    if (number !== undefined && Number(number) > MAX_NUMBER) throw refuse(`${number} is too large: "${part}"`)
  }
  return { job: Number(job), task: task === undefined ? null : Number(task), delayMinutes: Number(delay ?? 0) }
}
