/** What decides where a job stands in the queue. */
export interface Queued {
  /** Its number; of a task of an array the array's. */
  readonly job: number
  /** The index of a task that waits by itself, and stands before the rest of its array: mostly it has begun before. `null`: a job, or that rest. */
  readonly task: number | null
  /** Asked for to be first after it was requeued (Slurm's `--requeue=expedite`). */
  readonly expedited: boolean
  /** It runs in a reservation made beforehand. */
  readonly reserved: boolean
  /** Of its partition. */
  readonly tier: number
  /** 0 when held. */
  readonly priority: number
  readonly submittedMs: number
  /** Its QOS, or whatever decides whom it may preempt. */
  readonly preemptClass: string
}

/** Whether jobs of one class may preempt those of another. */
export type Preempts = (preemptor: string, other: string) => boolean

const NOBODY: Preempts = () => false

/** From so many on that is worth it. */
const MANY = 1000

/**
 * The queue: Slurm's documented order. Expedited jobs first; then who can preempt before whom it can preempt, jobs with a
 * reservation, by tier, priority, time of submission and number.
 *
 * Who can preempt whom need not be an order: of three classes the first may preempt the second and have nothing to do with the
 * third. So the rest decides first, and a job is then put off until all that can preempt it stand before it. Where the pairs agree with some
 * order this is that one; where they go in a circle the result is still the same for any order of `jobs`.
 */
export function queueOrder<T extends Queued>(jobs: Iterable<T>, preempts: Preempts = NOBODY): T[] {
  const sorted = sortedBy(jobs)
  if (preempts === NOBODY) return sorted
  const normal = sorted.findIndex(({ expedited }) => !expedited)
  if (normal === -1) return preemptorsFirst(sorted, preempts)
  return [...preemptorsFirst(sorted.slice(0, normal), preempts), ...preemptorsFirst(sorted.slice(normal), preempts)]
}

/** In the order of {@link compareQueued}. Of many the numbers are laid side by side first, as to look them up in each job again and again takes longer. */
function sortedBy<T extends Queued>(jobs: Iterable<T>): T[] {
  const all = [...jobs]
  if (all.length < MANY) return all.sort(compareQueued)
  const classes = new Float64Array(all.length)
  const tiers = new Float64Array(all.length)
  const priorities = new Float64Array(all.length)
  const submitted = new Float64Array(all.length)
  const numbers = new Float64Array(all.length)
  const tasks = new Float64Array(all.length)
  const order = new Uint32Array(all.length)
  for (let at = 0; at < all.length; at++) {
    const one = all[at]!
    order[at] = at
    classes[at] = classOf(one)
    tiers[at] = one.tier
    priorities[at] = one.priority
    submitted[at] = one.submittedMs
    numbers[at] = one.job
    tasks[at] = taskOf(one)
  }
  order.sort(
    (a, b) =>
      classes[a]! - classes[b]! ||
      tiers[b]! - tiers[a]! ||
      priorities[b]! - priorities[a]! ||
      submitted[a]! - submitted[b]! ||
      numbers[a]! - numbers[b]! ||
      tasks[a]! - tasks[b]!,
  )
  const sorted = new Array<T>(all.length)
  for (let at = 0; at < all.length; at++) sorted[at] = all[order[at]!]!
  return sorted
}

/** The queue of which neither can preempt the other, with some more in their places. @param ordered as it is without them */
export function putInOrder<T extends Queued>(ordered: readonly T[], more: readonly T[]): T[] {
  const all: T[] = []
  let from = 0
  for (const one of queueOrder(more)) {
    const at = placeAfter(one, ordered, from)
    for (; from < at; from++) all.push(ordered[from]!)
    all.push(one)
  }
  for (; from < ordered.length; from++) all.push(ordered[from]!)
  return all
}

/** Where it comes in the queue of which neither can preempt the other, after those like it. @param from not before */
export function placeAfter(one: Queued, ordered: readonly Queued[], from = 0): number {
  let [low, high] = [from, ordered.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareQueued(ordered[middle]!, one) <= 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The same for two jobs of which neither can preempt the other; below 0 when `a` is first. */
export function compareQueued(a: Queued, b: Queued): number {
  return (
    classOf(a) - classOf(b) ||
    b.tier - a.tier ||
    b.priority - a.priority ||
    a.submittedMs - b.submittedMs ||
    a.job - b.job ||
    taskOf(a) - taskOf(b)
  )
}

function classOf({ expedited, reserved }: Queued): number {
  return (expedited ? 0 : 2) + (reserved ? 0 : 1)
}

function taskOf({ task }: Queued): number {
  return task ?? Number.MAX_SAFE_INTEGER
}

interface Line<T> {
  readonly name: string
  readonly jobs: T[]
  next: number
}

function preemptorsFirst<T extends Queued>(sorted: T[], preempts: Preempts): T[] {
  const lines = new Map<string, Line<T>>()
  for (const job of sorted) {
    const line = lines.get(job.preemptClass) ?? { name: job.preemptClass, jobs: [], next: 0 }
    lines.set(job.preemptClass, line)
    line.jobs.push(job)
  }
  const all = [...lines.values()]
  if (!all.some(({ name }) => all.some((other) => preempts(name, other.name)))) return sorted
  const order: T[] = []
  while (order.length < sorted.length) {
    const waiting = all.filter(({ jobs, next }) => next < jobs.length)
    let line = firstOf(waiting)
    // Up to who can preempt it, and so on; each line once, should it be a circle.
    for (let above = waiting.filter((one) => one !== line); ; above = above.filter((one) => one !== line)) {
      const preemptors = above.filter(({ name }) => preempts(name, line.name))
      if (preemptors.length === 0) break
      line = firstOf(preemptors)
    }
    order.push(line.jobs[line.next++]!)
  }
  return order
}

function firstOf<T extends Queued>(lines: readonly Line<T>[]): Line<T> {
  return lines.reduce((first, line) =>
    compareQueued(line.jobs[line.next]!, first.jobs[first.next]!) < 0 ? line : first,
  )
}
