import { type LoadBearer, type ModelLoad, needOf, runMs } from "./model-load.ts"

export interface Division {
  /** Layers of each member, in the order of the members. */
  readonly counts: readonly number[]
  readonly tokenMs: number
}

/**
 * Divides the layers among members in this order, each at least one, so that a token takes the least time and nobody gets more than its
 * budget. Exact: the cost of a run is a difference of sums, so that each stage is the minimum over a window that only moves on.
 *
 * @param head which of the members is the head
 * @returns `undefined` where it does not fit
 */
export function divideLayers(load: ModelLoad, members: readonly LoadBearer[], head: number): Division | undefined {
  const { layerCount } = load
  const count = members.length
  const [first] = members
  if (first === undefined || count > layerCount) return undefined
  if (count === 1) {
    if (needOf(load, 0, layerCount, true) > first.budgetBytes) return undefined
    return { counts: [layerCount], tokenMs: runMs(load, first, 0, layerCount) }
  }
  let before = new Float64Array(layerCount + 1).fill(Number.POSITIVE_INFINITY)
  for (let to = 1; to < layerCount && needOf(load, 0, to, head === 0) <= first.budgetBytes; to++)
    before[to] = runMs(load, first, 0, to)
  const chosen: Int32Array[] = []
  for (let at = 1; at < count - 1; at++) {
    const member = members[at] as LoadBearer
    const [costs, choice] = nextStage(load, member, head === at, before)
    before = costs
    chosen.push(choice)
  }
  const last = members[count - 1] as LoadBearer
  let best = Number.POSITIVE_INFINITY
  let cut = -1
  for (let from = layerCount - 1; from > 0; from--) {
    if (needOf(load, from, layerCount, head === count - 1) > last.budgetBytes) break
    const tokenMs = (before[from] ?? Number.POSITIVE_INFINITY) + runMs(load, last, from, layerCount)
    if (tokenMs < best) {
      best = tokenMs
      cut = from
    }
  }
  if (cut < 0 || best === Number.POSITIVE_INFINITY) return undefined
  const counts = [layerCount - cut]
  for (let stage = chosen.length - 1; stage >= 0; stage--) {
    const from = chosen[stage]?.[cut] ?? 0
    counts.unshift(cut - from)
    cut = from
  }
  counts.unshift(cut)
  return { counts, tokenMs: best }
}

/** The least cost of the first `to` layers with one member more, and where its run begins. */
function nextStage(
  load: ModelLoad,
  member: LoadBearer,
  isHead: boolean,
  before: Float64Array,
): [costs: Float64Array<ArrayBuffer>, choice: Int32Array] {
  const { layerCount } = load
  const costs = new Float64Array(layerCount + 1).fill(Number.POSITIVE_INFINITY)
  const choice = new Int32Array(layerCount + 1)
  /** Cost of beginning at a place, without what the run's end adds. */
  const start = (from: number) => (before[from] ?? Number.POSITIVE_INFINITY) - runMs(load, member, 0, from)
  const queue = new Int32Array(layerCount + 1)
  let [front, end] = [0, 0]
  for (let to = 2; to < layerCount; to++) {
    const value = start(to - 1)
    if (value < Number.POSITIVE_INFINITY) {
      while (end > front && start(queue[end - 1] ?? 0) >= value) end--
      queue[end++] = to - 1
    }
    while (front < end && needOf(load, queue[front] ?? 0, to, isHead) > member.budgetBytes) front++
    if (front === end) continue
    const from = queue[front] ?? 0
    costs[to] = start(from) + runMs(load, member, 0, to)
    choice[to] = from
  }
  return [costs, choice]
}
