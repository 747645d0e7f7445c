/** The largest index that is ever read: Slurm's hard bound for MaxArraySize, less one. Policy sets a lower one. */
export const MAX_TASK_INDEX = 4_000_000

/** The tasks of an array: their indices, and how many may run at a time. */
export interface ArrayTasks {
  /** Runs of indices that follow each other, in order, with a gap between any two. */
  readonly runs: readonly TaskRun[]
  readonly count: number
  /** `null`: as many as there is room for. */
  readonly atOnce: number | null
}

export interface TaskRun {
  readonly first: number
  readonly last: number
}

export interface ArrayBounds {
  /** The highest index that is allowed. */
  readonly maxIndex?: number
  /** The most tasks that one array may have. */
  readonly maxTasks?: number
}

/**
 * Reads the tasks of an array as Slurm documents them: `0-31`, `1,3,5,7`, `1-7:2`, and any of these with `%4` for four at a time. An index
 * that stands twice is one task.
 * @throws {SyntaxError} naming the value, and the part of it that is wrong
 */
export function readArrayTasks(
  text: string,
  { maxIndex = MAX_TASK_INDEX, maxTasks = MAX_TASK_INDEX + 1 }: ArrayBounds = {},
): ArrayTasks {
  const refuse = (reason: string) => new SyntaxError(`"${text}" is no list of tasks: ${reason}`)
  const [list = "", shownAtOnce, ...more] = text.split("%")
  if (more.length > 0) throw refuse("% stands once, at the end")
  if (shownAtOnce !== undefined && !/^\d+$/.test(shownAtOnce)) {
    throw refuse(`"${shownAtOnce}" after % is not a number of tasks, as in 1-100%8`)
  }
  const atOnce = shownAtOnce === undefined ? null : Number(shownAtOnce)
  if (atOnce === 0) throw refuse("with %0 none would ever run: send it with --hold instead")
  if (atOnce !== null && !Number.isSafeInteger(atOnce)) throw refuse(`"${shownAtOnce}" after % is too large`)
  const steps = list.split(",").map((part) => readStep(part, maxIndex, refuse))
  const runs = runsOf(steps)
  const count = runs.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  if (count > maxTasks) throw refuse(`it has ${count} tasks, and an array may have ${maxTasks}`)
  return { runs, count, atOnce }
}

/**
 * Writes tasks in the form in which Slurm lists them: `0-2`, `1-2,6-8,11%9`; three or more that are the same distance apart as
 * `2-18:2`. {@link readArrayTasks} reads it as the same.
 * @param bufferCharacters as Slurm's SLURM_BITSTR_LEN: what would need more ends in `...` and is for people only
 */
export function arrayText(tasks: ArrayTasks, bufferCharacters = Number.POSITIVE_INFINITY): string {
  const list =
    stepText(tasks) ?? tasks.runs.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(",")
  const shown = list.length > bufferCharacters - 3 ? `${list.slice(0, bufferCharacters - 4)}...` : list
  return tasks.atOnce === null ? shown : `${shown}%${tasks.atOnce}`
}

/** The indices, in order. */
export function* taskIndices({ runs }: Pick<ArrayTasks, "runs">): Generator<number> {
  for (const { first, last } of runs) for (let index = first; index <= last; index++) yield index
}

export function hasTask({ runs }: Pick<ArrayTasks, "runs">, index: number): boolean {
  return runs.some(({ first, last }) => first <= index && index <= last)
}

/** @param indices each larger than the one before it */
export function tasksOfIndices(indices: readonly number[], atOnce: number | null): ArrayTasks {
  const runs: { first: number; last: number }[] = []
  for (const index of indices) {
    const run = runs.at(-1)
    if (run !== undefined && run.last === index - 1) run.last = index
    else runs.push({ first: index, last: index })
  }
  return { runs, count: indices.length, atOnce }
}

interface Step {
  readonly first: number
  readonly last: number
  readonly step: number
}

function readStep(part: string, maxIndex: number, refuse: (reason: string) => SyntaxError): Step {
  if (part === "") throw refuse("a task is missing, before or after a comma or altogether")
  const [, shownFirst, shownLast, shownStep = "1"] = /^(\d+)(?:-(\d+)(?::(\d+))?)?$/.exec(part) ?? []
  if (shownFirst === undefined) {
    throw refuse(/^-/.test(part) ? `"${part}" is below 0` : `"${part}" is neither N, FROM-TO nor FROM-TO:STEP`)
  }
  const [first, last, step] = [Number(shownFirst), Number(shownLast ?? shownFirst), Number(shownStep)]
  if (last < first) throw refuse(`"${part}" goes down`)
  if (step === 0) throw refuse(`"${part}" has a step of 0`)
  if (last > maxIndex) throw refuse(`${shownLast ?? shownFirst} is too large, ${maxIndex} is the highest`)
  return { first, last, step }
}

function runsOf(steps: readonly Step[]): TaskRun[] {
  const ends = steps.map(({ last }) => last)
  const isIn = new Uint8Array(ends.reduce((highest, last) => Math.max(highest, last), 0) + 2)
  for (const { first, last, step } of steps) for (let index = first; index <= last; index += step) isIn[index] = 1
  const runs: TaskRun[] = []
  for (let first = isIn.indexOf(1); first !== -1; ) {
    const after = isIn.indexOf(0, first)
    runs.push({ first, last: after - 1 })
    first = isIn.indexOf(1, after)
  }
  return runs
}

/** `2-18:2`, when all are one distance apart. */
function stepText({ runs }: ArrayTasks): string | undefined {
  const [first, second] = runs
  if (first === undefined || second === undefined || runs.length < 3) return undefined
  const step = second.first - first.first
  const isStep = runs.every((run, at) => run.first === run.last && run.first === first.first + at * step)
  return isStep ? `${first.first}-${runs.at(-1)!.last}:${step}` : undefined
}
