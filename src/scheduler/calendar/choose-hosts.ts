import type { HostSet } from "./host-set.ts"

/**
 * Which of the hosts that have room a job gets, as Slurm does it for whole hosts: one host is the first, the lightest before all; several come
 * from runs of neighbours, of each weight apart: the smallest run that is enough, else the largest and so on.
 * @param weights of all hosts by place: low ones are used first
 * @returns places in order, or `null` when there are too few
 */
export function chooseHosts(room: HostSet, count: number, weights: readonly number[]): readonly number[] | null {
  if (room.count() < count) return null
  const hosts = room.toArray()
  if (count === 1) return [hosts.reduce((best, host) => (weights[host]! < weights[best]! ? host : best))]
  let runs = runsOf(hosts, weights)
  const chosen: number[] = []
  while (chosen.length < count) {
    const missing = count - chosen.length
    const best = runs.reduce((first, run) => (isBetter(run, first, missing, weights) ? run : first))
    chosen.push(...best.slice(0, missing))
    runs = runs.filter((run) => run !== best)
  }
  return chosen.sort((a, b) => a - b)
}

function runsOf(hosts: readonly number[], weights: readonly number[]): number[][] {
  const runs: number[][] = []
  for (const host of hosts) {
    const run = runs.at(-1)
    if (run !== undefined && run.at(-1) === host - 1 && weights[host - 1] === weights[host]) run.push(host)
    else runs.push([host])
  }
  return runs
}

function isBetter(
  run: readonly number[],
  best: readonly number[],
  missing: number,
  weights: readonly number[],
): boolean {
  const [weight, bestWeight] = [weights[run[0]!]!, weights[best[0]!]!]
  if (weight !== bestWeight) return weight < bestWeight
  const [isEnough, bestIsEnough] = [run.length >= missing, best.length >= missing]
  if (isEnough !== bestIsEnough) return isEnough
  return isEnough ? run.length < best.length : run.length > best.length
}
