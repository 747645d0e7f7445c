import {
  type Alias,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseAllDocuments,
  type YAMLMap,
} from "yaml"
import { formatBytes } from "../base/bytes.ts"
import { closest } from "../base/closest.ts"
import { WindfallError } from "./errors.ts"
import { type FileProblem, fileProblemsError } from "./file-problems.ts"
import { JOB_FIELD_KEYS, type JobFieldKey, type JobValues, jobField } from "./job-fields.ts"
import { jobNameProblem, readFieldText, readSignal, toJobSpec } from "./job-values.ts"
import { variableNameProblem } from "./job-variables.ts"
import { readWarning } from "./warning-signal.ts"
import { offsetOf, textOf } from "./yaml-node.ts"

/** One job as a file describes it: what `send` takes from its flags, and the command. */
export interface FileJob {
  readonly values: JobValues
  readonly command: readonly string[]
}

/** No job file is larger; what is belongs into the folder. */
export const MAX_JOB_FILE_BYTES = 1024 * 1024
const MAX_LIKELY_KEY = 60
const HINT = "What a job file can say is in docs/job-file.md; docs/windfall.schema.json tells it to editors"
const KEYS: readonly string[] = ["command", ...JOB_FIELD_KEYS]

type Environment = Readonly<Record<string, string | undefined>>

/** What does not matter when a job is only checked. */
const NOWHERE = { kind: "task", workspace: null, workingFolder: "", stdin: null, terminal: null, git: null } as const

/**
 * Reads a job file: one job, or several separated by lines of three dashes. All problems are found in one go; what is
 * returned can be sent.
 * @param environment the sender's, for variables that are given without a value
 * @throws {WindfallError} `invalid_input`, naming each problem with line and column (`details.problems`), or `too_large`
 */
export function readJobFile(text: string, name: string, environment: Environment): FileJob[] {
  if (text.length > MAX_JOB_FILE_BYTES) throw jobFileTooLarge(name)
  const lines = new LineCounter()
  const problems: FileProblem[] = []
  const report = (offset: number, problem: string) => {
    const { line, col } = lines.linePos(offset)
    problems.push({ line: Math.max(1, line), column: Math.max(1, col), text: problem })
  }
  // Whether keys are unique is looked at below: the parser compares each with all before it, which takes minutes for many.
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  const documents = Array.isArray(parsed) ? parsed : []
  const jobs: FileJob[] = []
  for (const document of documents) {
    const tooDeep = document.errors.find(({ code }) => code === "RESOURCE_EXHAUSTION")
    if (tooDeep !== undefined) report(tooDeep.pos[0], "it is nested too deeply: a job is lines of `key: value`")
    else for (const { pos, message } of [...document.errors, ...document.warnings]) report(pos[0], message)
    if (document.errors.length > 0) continue
    if (isMap(document.contents)) jobs.push(readJob(document.contents, environment, report))
    else if (document.contents !== null && !(isScalar(document.contents) && document.contents.value === null))
      report(document.contents.range[0], "here a job must be described, as `key: value` lines")
  }
  if (problems.length === 0 && jobs.length === 0) report(0, "it describes no job: it needs at least a command")
  if (problems.length > 0) throw fileProblemsError(name, problems, HINT)
  return jobs
}

export function jobFileTooLarge(name: string): WindfallError {
  return new WindfallError("too_large", `Cannot read ${name}: a job file may have ${formatBytes(MAX_JOB_FILE_BYTES)}`, {
    hint: "Put large values into files of the folder, or the jobs into several job files",
  })
}

type Report = (offset: number, problem: string) => void

function readJob(map: YAMLMap, environment: Environment, reportTo: Report): FileJob {
  let problems = 0
  const report: Report = (offset, problem) => {
    problems++
    reportTo(offset, problem)
  }
  reportTwice(map, report)
  const values: Record<string, unknown> = {}
  let command: readonly string[] | undefined
  for (const pair of map.items) {
    const at = offsetOf(pair.key)
    const key = isScalar(pair.key) ? String(pair.key.value) : ""
    const alias = findAlias(pair.value)
    if (!KEYS.includes(key)) {
      report(at, unknownKey(key))
    } else if (alias !== undefined) {
      report(offsetOf(alias), `a text that begins with * must be quoted: "*${alias.source}"`)
    } else if (key === "command") {
      command = readCommand(pair, report)
    } else {
      const value = readValue(key as JobFieldKey, pair, environment, report)
      if (value !== undefined) values[key] = value
    }
  }
  const [start] = map.range ?? [0]
  const hasCommandKey = map.items.some((pair) => isScalar(pair.key) && pair.key.value === "command")
  if (!hasCommandKey) report(start, "the command is missing: command: [python, train.py]")
  const job = { values: values as JobValues, command: command ?? [] }
  if (problems === 0) checkWhole(job, map, environment, report)
  return job
}

/** What no single value is to blame for. */
function checkWhole({ values, command }: FileJob, map: YAMLMap, environment: Environment, report: Report): void {
  try {
    toJobSpec(values, { ...NOWHERE, command, environment })
  } catch (error) {
    if (!(error instanceof WindfallError)) throw error
    const field = error.details?.field ?? "command"
    const pair = map.items.find(({ key }) => isScalar(key) && key.value === field)
    report(offsetOf(pair?.key ?? map), error.message.replace(/^Cannot/, "cannot"))
  }
}

/** A text is a line for the shell; a list is run as it is, word by word. */
function readCommand(pair: Pair, report: Report): readonly string[] | undefined {
  if (isSeq(pair.value)) {
    const words = readList(pair, report, "the command's words must be text")
    if (words?.length === 0) report(offsetOf(pair.key), "the command is empty")
    return words
  }
  const text = textOf(pair.value)
  if (text !== undefined && text.trim() !== "") return ["/bin/sh", "-c", text]
  report(offsetOf(pair.value ?? pair.key), "the command must be a line for the shell, or a list of words")
  return undefined
}

function readValue(key: JobFieldKey, pair: Pair, environment: Environment, report: Report): unknown {
  const field = jobField(key)
  if (key === "env") return readVariables(pair, environment, report)
  if (field.kind === "list") {
    return isSeq(pair.value) ? readList(pair, report, `${key} must be a list of texts`) : readOne()
  }
  const value = readOne()
  return Array.isArray(value) ? value[0] : value

  function readOne(): readonly unknown[] | undefined {
    const text = textOf(pair.value)
    const at = offsetOf(pair.value ?? pair.key)
    if (text === undefined) {
      const many = isSeq(pair.value) || isMap(pair.value)
      report(
        at,
        many
          ? `${key} takes one value, for instance ${field.example}`
          : `${key} has no value: write for instance ${field.example}`,
      )
      return undefined
    }
    try {
      const value = readFieldText(field, text)
      const problem = key === "name" ? jobNameProblem(text) : null
      if (problem !== null) throw new SyntaxError(problem)
      if (key === "stop-signal") readSignal(text)
      if (key === "signal") readWarning(text)
      return [value]
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      report(at, `${key}: ${error.message}`)
      return undefined
    }
  }
}

/** Either `NAME: value` lines, where no value means the sender's own, or a list of `NAME` and `NAME=VALUE`. */
function readVariables(pair: Pair, environment: Environment, report: Report): readonly string[] | undefined {
  if (!isSeq(pair.value) && !isMap(pair.value)) {
    report(offsetOf(pair.value ?? pair.key), "env must be `NAME: value` lines, or a list of NAME and NAME=VALUE")
    return undefined
  }
  if (isMap(pair.value)) reportTwice(pair.value, report)
  const entries: string[] = []
  const add = (entry: string, at: number) => {
    const [name = ""] = entry.split("=", 1)
    const problem = variableNameProblem(name)
    if (problem !== null) report(at, `${JSON.stringify(name)} cannot be a variable: ${problem}`)
    else if (name === entry && environment[name] === undefined)
      report(at, `env: ${name} has no value, and is not set here either: give it one, or set it where you send from`)
    entries.push(entry)
  }
  for (const item of pair.value.items) {
    if (!isPair(item)) {
      const entry = textOf(item)
      if (entry === undefined) report(offsetOf(item ?? pair.key), "env must be a list of NAME or NAME=VALUE")
      else add(entry, offsetOf(item))
      continue
    }
    const name = textOf(item.key) ?? ""
    const empty = item.value === null || (isScalar(item.value) && item.value.value === null)
    const text = textOf(item.value)
    if (!empty && text === undefined) report(offsetOf(item.value), `the value of ${name} must be text`)
    else add(empty ? name : `${name}=${text}`, offsetOf(item.key))
  }
  return entries
}

function readList(pair: Pair, report: Report, problem: string): readonly string[] | undefined {
  if (!isSeq(pair.value)) return undefined
  const texts: string[] = []
  for (const item of pair.value.items) {
    const text = textOf(item)
    if (text === undefined) report(offsetOf(item ?? pair.key), problem)
    else texts.push(text)
  }
  return texts
}

/** An alias, at the top of a value or in its list: nearly always a glob that was not quoted. */
function findAlias(value: unknown): Alias | undefined {
  if (isAlias(value)) return value
  return isSeq(value) ? value.items.find((item) => isAlias(item)) : undefined
}

function reportTwice(map: YAMLMap, report: Report): void {
  const keys = new Set<string>()
  for (const { key } of map.items) {
    const text = textOf(key)
    if (text === undefined) continue
    if (keys.has(text)) report(offsetOf(key), "this key stands twice")
    keys.add(text)
  }
}

function unknownKey(key: string): string {
  const also = JOB_FIELD_KEYS.find((one) => jobField(one).flag === key || jobField(one).also?.includes(key))
  const near = also ?? closest(key.slice(0, MAX_LIKELY_KEY), KEYS)
  return near === undefined
    ? `unknown key ${JSON.stringify(key.slice(0, MAX_LIKELY_KEY))}; there are: ${KEYS.join(", ")}`
    : `unknown key ${JSON.stringify(key.slice(0, MAX_LIKELY_KEY))}: did you mean ${near}?`
}
