/**
 * What a job's folder and data cost to bring to a host. Bytes that lie there already cost nothing; the rest costs time, by the
 * speed of the way from the server. Times are compared in steps of a factor of two and from some seconds on, so that a little to
 * move, or a little difference in speed, never outweighs that a job goes to the smallest Mac it fits on.
 */
import type { SchedulableHost, WaitingJob } from "./snapshot.ts"

type Moving = Pick<WaitingJob, "data" | "workspace">

/** Nobody minds waiting this long. */
export const NO_MATTER_MS = 5_000
/** Taken where nothing is known: most labs have it. */
const ASSUMED_MBPS = 1_000

/** How much of a job's data would have to come to the host. */
export function missingBytes(data: WaitingJob["data"], host: SchedulableHost): number {
  return data.reduce((sum, { root, bytes }) => sum + (root === null || host.data.has(root) ? 0 : bytes), 0)
}

/** The same with its folder, where that is large. */
export function bytesToMove({ data, workspace }: Moving, host: SchedulableHost): number {
  const isThere = workspace == null || host.network?.trees.has(workspace.root) === true
  return missingBytes(data, host) + (isThere ? 0 : workspace.bytes)
}

/** 0: it does not matter; then a step for each doubling of the time. */
export function moveStep(job: Moving, host: SchedulableHost): number {
  const ms = moveMs(bytesToMove(job, host), host.network?.mbps ?? null)
  return ms < NO_MATTER_MS ? 0 : 1 + Math.floor(Math.log2(ms / NO_MATTER_MS))
}

/** How long so many bytes take, in milliseconds. */
export function moveMs(bytes: number, mbps: number | null): number {
  return (bytes * 8) / 1e3 / (mbps ?? ASSUMED_MBPS)
}
