import { type Division, divideLayers } from "./divide-layers.ts"
import { type LoadBearer, type ModelLoad, needOf } from "./model-load.ts"

/** Sums of the same numbers in another order differ in their last places. */
const SAME_TIME = 1 + 1e-9
/** What a share of a budget comes to again, at least, once it was reckoned from it. */
const ROUNDED = 1 + 1e-12
/** Each halves what is left between the fullest one and what all would have, were layers as fine as sand. */
const STEPS = 6

/**
 * The same layers, in the same time, spread more evenly over members that are as fast as each other: among these a token takes as long whoever has which layers, and what divides them takes the first
 * of such divisions, with one filled to the brim beside one half empty. How full a member is, is its share of its budget.
 */
export function evened(load: ModelLoad, members: readonly LoadBearer[], head: number, found: Division): Division {
  const most = found.tokenMs * SAME_TIME
  let best = found
  let fills = fillsOf(load, members, head, found)
  const kinds = alikeOf(members).map((places) => ({ places, share: fullest(fills, places) }))
  for (const kind of kinds) {
    if (kind.places.length === 1) continue
    let low = meanFill(members, kind.places, fills)
    for (let step = 0; step < STEPS && low < kind.share; step++) {
      const share = (low + kind.share) / 2
      const capped = [...members]
      // Nobody else becomes fuller by that.
      for (const one of kinds)
        for (const at of one.places) capped[at] = withShare(members[at] as LoadBearer, one === kind ? share : one.share)
      const division = divideLayers(load, capped, head)
      if (division === undefined || division.tokenMs > most) low = share
      else {
        best = division
        fills = fillsOf(load, members, head, division)
        kind.share = fullest(fills, kind.places)
      }
    }
  }
  return best
}

function withShare(member: LoadBearer, share: number): LoadBearer {
  return { ...member, budgetBytes: member.budgetBytes * Math.min(1, share * ROUNDED) }
}

function fullest(fills: readonly number[], places: readonly number[]): number {
  return Math.max(...places.map((at) => fills[at] ?? 0))
}

/** Members by place, those together that are as fast as each other. */
function alikeOf(members: readonly LoadBearer[]): readonly (readonly number[])[] {
  const bySpeed = Map.groupBy(members.keys(), (at) => `${members[at]?.msPerByte} ${members[at]?.msPerLayer}`)
  return [...bySpeed.values()]
}

function fillsOf(load: ModelLoad, members: readonly LoadBearer[], head: number, { counts }: Division): number[] {
  let from = 0
  return members.map(({ budgetBytes }, at) => {
    const to = from + (counts[at] ?? 0)
    const need = needOf(load, from, to, at === head)
    from = to
    return need / budgetBytes
  })
}

function meanFill(members: readonly LoadBearer[], places: readonly number[], fills: readonly number[]): number {
  const budgets = places.map((at) => members[at]?.budgetBytes ?? 0)
  const needs = places.map((at, place) => (fills[at] ?? 0) * (budgets[place] ?? 0))
  const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0)
  return sum(needs) / sum(budgets)
}
